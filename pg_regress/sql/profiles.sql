-- Profiles: how an asset is computed is kept with the asset. US-week stocks and an ISO-week coin side by side.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT FROM regime_demo(5, 420);
SELECT id, symbol FROM dim_assets ORDER BY id;
SELECT FROM regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
-- The rows of an asset that differ from those computed with explicit arguments; the lines are alike for every asset.
CREATE FUNCTION differing(asset int, VARIADIC arguments text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((SELECT ts, to_jsonb(r) - ''updated_at'' AS r FROM cmc_regimes r WHERE id = %1$s EXCEPT SELECT ts, to_jsonb(c) - ''updated_at'' FROM regime_compute(%1$s%2$s) c)
        UNION ALL (SELECT ts, to_jsonb(c) - ''updated_at'' FROM regime_compute(%1$s%2$s) c EXCEPT SELECT ts, to_jsonb(r) - ''updated_at'' FROM cmc_regimes r WHERE id = %1$s)) d',
        asset, (SELECT string_agg(', ' || a, '') FROM unnest(arguments) a)) INTO n;
    RETURN n;
END $$;
-- Without profiles all assets are alike.
SELECT count(DISTINCT regime_version_hash) FROM refresh_cmc_regimes();
INSERT INTO regime_profile (profile, cal_scheme, policy, min_hold_bars) VALUES ('stocks', 'us', 'desk', 5), ('coins', NULL, NULL, NULL);
UPDATE regime_profile SET hysteresis = false WHERE profile = 'coins';
INSERT INTO regime_profile_asset (profile, id, symbol, pattern) VALUES
    ('stocks', NULL, NULL, 'S%'), ('coins', 3, NULL, NULL), ('coins', NULL, (SELECT symbol FROM dim_assets WHERE id = 4), NULL);
\pset null -
SELECT id, status, mode, reason, regime_version_hash = regime_version_hash() AS of_default,
    regime_version_hash = regime_version_hash('desk', 'us', min_hold_bars => 5) AS of_stocks, regime_version_hash = regime_version_hash(hysteresis => false) AS of_coins
FROM refresh_cmc_regimes();
SELECT id, status FROM refresh_cmc_regimes();
