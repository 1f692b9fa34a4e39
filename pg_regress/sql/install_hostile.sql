\set VERBOSITY default
\set SHOW_CONTEXT never
-- Whoever may create in a schema can put functions there that would be found before those of pg_catalog. None of them is
-- called: neither by the installation, which runs as a superuser, nor by a refresh.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pg_regime CASCADE;
DROP SCHEMA IF EXISTS hostile, hostile_regime_work CASCADE;
DROP SCHEMA IF EXISTS public, regime_work CASCADE;
CREATE SCHEMA public;
RESET client_min_messages;
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.trap() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$;
DO $$
DECLARE signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['unnest(text[]) RETURNS SETOF text', 'unnest(int[]) RETURNS SETOF int',
        'unnest(float8[]) RETURNS SETOF float8', 'unnest(bool[]) RETURNS SETOF bool',
        'unnest(timestamptz[]) RETURNS SETOF timestamptz', 'array_length(int[], int) RETURNS int',
        'array_position(int[], int) RETURNS int', 'array_agg(text) RETURNS text[]', 'now() RETURNS timestamptz',
        'hashtextextended(text, int) RETURNS bigint', 'concat_ws(text, oid, oid, xid) RETURNS text', 'count(oid) RETURNS bigint',
        'repeated(int, interval) RETURNS interval', 'later(timestamptz, interval) RETURNS timestamptz', 'min(timestamptz) RETURNS timestamptz', 'lag(text) RETURNS text']
    LOOP
        EXECUTE format('CREATE FUNCTION hostile.%s LANGUAGE plpgsql AS $f$ BEGIN PERFORM hostile.trap(); END $f$', signature);
    END LOOP;
END $$;
CREATE FUNCTION hostile.at_least(float8, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM hostile.trap(); RETURN true; END $$;
CREATE OPERATOR hostile.>= (LEFTARG = float8, RIGHTARG = int, FUNCTION = hostile.at_least);
CREATE OPERATOR hostile.> (LEFTARG = float8, RIGHTARG = int, FUNCTION = hostile.at_least);
CREATE OPERATOR hostile.<= (LEFTARG = float8, RIGHTARG = int, FUNCTION = hostile.at_least);
CREATE OPERATOR hostile.* (LEFTARG = int, RIGHTARG = interval, FUNCTION = hostile.repeated);
CREATE OPERATOR hostile.+ (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = hostile.later);
SET search_path = hostile, public;
CREATE EXTENSION pg_regime SCHEMA hostile;
SELECT count(*) FROM regime_setup('hostile');
SET pg_regime.target_schema = 'hostile';
SELECT count(*) > 0 AS made FROM regime_demo(2, 60);
SELECT id, status, regime_rows FROM refresh_cmc_regimes();
SELECT symbol, timeframe, status, regime_rows FROM refresh_market_regimes();
SELECT symbol, timeframe, count(*) FROM get_market_regimes('MARKET', '1d') GROUP BY 1, 2;
SELECT count(*) > 0 AS some FROM market_regimes_flips('MARKET', '4h');
SELECT delete_market_regimes('MARKET', '1d');
UPDATE cmc_price_bars_multi_tf SET close = close * 1.5 WHERE bar_seq > 30;
SELECT id, status FROM refresh_cmc_regimes();
SELECT count(*) FROM cmc_regime_run_log WHERE id = 1;
SELECT DISTINCT action FROM regime_track();
UPDATE cmc_price_bars_multi_tf SET close = close * 1.5 WHERE bar_seq > 40;
SELECT id, status FROM refresh_cmc_regimes(only_dirty => true);
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '1 hour');
SELECT done, waiting FROM cmc_regime_progress;
SELECT DISTINCT action FROM regime_track(false);

-- A table of the caller's that only looks like an output table: its columns are of other types, and none of them is read as
-- what it is not.
CREATE TEMP TABLE cmc_regimes (id int, ts timestamptz, tf text, l0_label text, l1_label text, l2_label text, l3_label text,
    l4_label text, regime_key text, size_mult bigint, stop_mult float8, orders text, gross_cap float8, pyramids bool, setups text,
    feature_tier text, l0_enabled bool, l1_enabled bool, l2_enabled bool, regime_version_hash text, updated_at timestamptz);
INSERT INTO cmc_regimes VALUES (1, '2020-01-01', '1D', 'a', 'a', 'a', 'a', 'a', 'a', 1, 1, 'mixed', 1, true, '{NULL,x}', 'x', true, true, true, 'h', '2020-01-01');
SELECT nspname AS temporary FROM pg_namespace WHERE oid = pg_my_temp_schema() \gset
SET pg_regime.target_schema = :'temporary';
SELECT size_mult, setups FROM regime_at(1, '2020-01-02');
CREATE DOMAIN pg_temp.float8 AS bigint;
SELECT size_mult, setups FROM regime_at(1, '2020-01-02');
DROP DOMAIN pg_temp.float8;
DROP TABLE pg_temp.cmc_regimes;
RESET pg_regime.target_schema;
-- Texts that are longer than any real one are refused before anything is done with them.
SELECT * FROM resolve_policy(l4 => repeat('a', 201));
SELECT * FROM resolve_policy(rules => jsonb_build_array(jsonb_build_object('match', repeat('a', 201))));
SELECT id, status FROM refresh_cmc_regimes(1, l4_label => repeat('a', 201));
RESET search_path;
SET client_min_messages = warning;
DROP EXTENSION pg_regime;
DROP SCHEMA hostile, hostile_regime_work CASCADE;
