-- With an empty search_path everything works when called with its schema: no function finds by accident what it needs.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT set_config('search_path', '', false);
SELECT relation, action FROM public.regime_setup();
SELECT id, status, message FROM public.refresh_cmc_regimes();
SELECT id, status FROM public.refresh_cmc_regimes(ARRAY[2, 3], cal_scheme => 'us', hysteresis => false);
SELECT count(*) FROM public.regime_compute(2, as_of => '2024-06-30');
SELECT regime_key FROM public.regime_at(2, '2024-12-31');
SELECT id, regime_key FROM public.cmc_regime_latest ORDER BY id;
SELECT count(*), min(label) FROM public.regime_label_weekly(1);
SELECT public.regime_label_weekly('{1}', '{1}', '{1}', '{1}');
SELECT public.regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0}]');
SELECT size_mult FROM public.resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT count(*) FROM public.regime_policy_rules('desk');
SELECT length(public.regime_version_hash('desk'));
SELECT public.regime_drop_policy('desk');
SELECT DISTINCT action FROM public.regime_track();
UPDATE public.cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 300;
CALL public.refresh_all_cmc_regimes(only_dirty => true);
SELECT done FROM public.cmc_regime_progress;
SELECT count(*) FROM public.cmc_regime_status;
INSERT INTO public.regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table)
    VALUES ('us', 'L0', '1M', '{1,2,3}', 'b', 'e');
UPDATE public.regime_source SET tf = '1d' WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT layer, tf, bars_table, origin FROM public.regime_source WHERE cal_scheme = 'us' ORDER BY 1;

-- Lookalikes in the search_path are not taken for what they look like.
CREATE SCHEMA evil;
CREATE TABLE evil.regime_source (LIKE public.regime_source);
CREATE TABLE evil.regime_policy (LIKE public.regime_policy);
CREATE TABLE evil.cmc_regimes (LIKE public.cmc_regimes);
CREATE TABLE evil.cmc_price_bars_multi_tf (LIKE public.cmc_price_bars_multi_tf);
CREATE TABLE evil.dim_assets (LIKE public.dim_assets);
CREATE TABLE evil.cmc_regime_dirty (LIKE regime_work.cmc_regime_dirty);
CREATE TABLE evil.cmc_regime_work (LIKE regime_work.cmc_regime_work);
CREATE TABLE evil.cmc_regime_run_log (LIKE regime_work.cmc_regime_run_log);
CREATE FUNCTION evil.regime_round_begin(boolean, text, text, boolean, text, int, int, int, int, text) RETURNS bigint LANGUAGE sql
    AS 'SELECT 7::bigint';
CREATE FUNCTION evil.regime_source_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the wrong function'; END $$;
SELECT set_config('search_path', 'evil', false);
CREATE TEMP TABLE cmc_regimes (LIKE public.cmc_regimes);
SELECT id, status, message FROM public.refresh_cmc_regimes();
SELECT relation, action FROM public.regime_setup();
SELECT regime_key FROM public.regime_at(2, '2024-12-31');
UPDATE public.cmc_price_bars_multi_tf SET close = 42 WHERE id = 2 AND bar_seq = 300;
CALL public.refresh_all_cmc_regimes(only_dirty => true);
SELECT count(*) FROM public.regime_compute(2);
SELECT public.regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0}]');
SELECT size_mult FROM public.resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT public.regime_drop_policy('desk');
UPDATE public.regime_source SET tf = '1D' WHERE cal_scheme = 'us' AND layer = 'L2';
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA evil CASCADE;
