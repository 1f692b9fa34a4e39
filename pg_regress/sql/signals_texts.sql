-- Signals that name their assets by texts: each as an argument names one, by symbol first, then by id.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, symbol, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
CREATE TABLE signals AS SELECT asset, timestamptz '2024-12-31 23:59:59+00' AS ts FROM unnest('{NEW,new,2,3,young,77,99999999999,NOBODY,"",NULL}'::text[]) AS asset;
CREATE FUNCTION id_of(asset text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN regime_asset(asset);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
SELECT regime_tag_signals('signals', asset_column => 'asset');
SELECT asset, s.regime_key = coalesce(CASE WHEN id_of(s.asset) IS NOT NULL THEN (SELECT regime_key FROM regime_at(id_of(s.asset), s.ts)) END, 'Unknown') AS as_an_argument, s.regime_key = 'Unknown' AS unknown FROM signals s ORDER BY asset COLLATE "C";
-- A symbol that looks like an id is a symbol.
UPDATE dim_assets SET symbol = '3' WHERE id = 2;
UPDATE signals SET regime_key = NULL;
SELECT regime_tag_signals('signals', asset_column => 'asset');
SELECT s.asset, s.regime_key = (SELECT regime_key FROM regime_at(2, s.ts)) AS of_2 FROM signals s WHERE asset = '3';
-- Without symbols, texts are ids.
ALTER TABLE dim_assets RENAME TO names;
UPDATE signals SET regime_key = NULL;
SELECT regime_tag_signals('signals', asset_column => 'asset');
SELECT asset FROM signals WHERE regime_key <> 'Unknown' ORDER BY asset COLLATE "C";
DELETE FROM signals WHERE asset ~ '^\d$';
UPDATE signals SET regime_key = NULL;
SELECT regime_tag_signals('signals', asset_column => 'asset');
