-- Filters and timeframes choose the rows that are read.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2]);
CREATE TABLE before AS :content;
-- One table of bars for all timeframes and venues, one of EMAs, as a vendor delivers them.
CREATE TABLE bars AS SELECT b.*, venue, NULL::text AS deleted FROM (SELECT * FROM cmc_price_bars_multi_tf UNION ALL SELECT *
    FROM cmc_price_bars_multi_tf_cal_iso) b, unnest(ARRAY['X', 'Y']) AS venue;
UPDATE bars SET close = 1 WHERE venue = 'Y';
INSERT INTO bars SELECT id, tf, bar_seq, time_close, 2, 'X', 'yes' FROM bars WHERE venue = 'X';
CREATE TABLE emas AS SELECT id, tf, ts, period, ema, 1 AS version, 0.5::real AS q, true AS final FROM cmc_ema_multi_tf_u
    UNION ALL SELECT id, tf, ts, period, ema, 1, 0.5, true FROM cmc_ema_multi_tf_cal_iso;
INSERT INTO emas SELECT id, tf, ts, period, 0, 2, 0.5, true FROM emas;
INSERT INTO emas SELECT id, tf, ts, period, 0, 1, 0.25, true FROM emas WHERE version = 1;
INSERT INTO emas SELECT id, tf, ts, period, 0, 1, 0.5, false FROM emas WHERE version = 1 AND q = 0.5;
UPDATE regime_source SET bars_table = 'bars', bars_filter = '{"venue": "X", "deleted": null}', ema_table = 'emas',
    ema_filter = '{"version": 1, "q": 0.5, "final": true}' WHERE cal_scheme = 'iso';
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
-- A value of another kind than its column is compared with the text of the column.
UPDATE regime_source SET ema_filter = '{"version": "1", "q": "0.5", "final": "true"}' WHERE cal_scheme = 'iso';
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
-- A filter that matches nothing leaves no bars, and no EMAs.
UPDATE regime_source SET ema_filter = '{"version": 3}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT DISTINCT trend FROM regime_label_daily(2);
UPDATE regime_source SET bars_filter = '{"venue": "x"}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status FROM refresh_cmc_regimes(2, dry_run => true);
-- No filter where one is needed is found by the rows that come twice.
UPDATE regime_source SET bars_filter = '{}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status, message FROM refresh_cmc_regimes(2);
UPDATE regime_source SET bars_filter = '{"venue": "X", "deleted": null}', ema_filter = '{"version": 1}'
    WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status, message FROM refresh_cmc_regimes(2);

-- tf NULL reads a table whole, also one without such a column.
CREATE VIEW days AS SELECT id, time_close, close FROM cmc_price_bars_multi_tf;
CREATE VIEW day_emas AS SELECT id, ts, period, ema FROM cmc_ema_multi_tf_u;
UPDATE regime_source SET tf = NULL, bars_table = 'days', bars_filter = '{}', ema_table = 'day_emas', ema_filter = '{}'
    WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
-- What is told to type runs as it stands: without a timeframe, and with a filter that has a parameter's name in a value.
CREATE FUNCTION typed(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    RETURN 'runs';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END $$;
BEGIN;
UPDATE dim_assets SET symbol = 'EMPTY' WHERE id = 4;
DELETE FROM cmc_price_bars_multi_tf WHERE id IN (3, 4);
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 10;
DELETE FROM cmc_ema_multi_tf_u WHERE id = 1 AND ts > '2024-12-20';
SELECT id, problem, command, typed(command) FROM regime_check_inputs_details('{1,2,4}') WHERE layer = 'L2' AND severity <> 'info';
SELECT detail_of('SELECT * FROM regime_explain(99)') AS detail \gset
\echo :detail
SELECT typed(replace(rtrim(:'detail', '.'), 'Daily bars are read from', 'SELECT * FROM'));
UPDATE regime_source SET tf = '1D', bars_table = 'bars', bars_filter = '{"venue": "a $1 b"}', ema_table = 'emas' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, problem, command, typed(command) FROM regime_check_inputs_details('{1}') WHERE layer = 'L2' AND problem = 'no daily bars';
ROLLBACK;
DROP TABLE dim_assets;
SELECT id, status FROM refresh_cmc_regimes(dry_run => true);
-- Another timeframe of the daily layer is still written as 1D.
UPDATE bars SET tf = 'D1' WHERE tf = '1D';
UPDATE emas SET tf = 'D1' WHERE tf = '1D';
UPDATE regime_source SET tf = 'D1', bars_table = 'bars', bars_filter = '{"venue": "X", "deleted": null}', ema_table = 'emas',
    ema_filter = '{"version": 1, "q": 0.5, "final": true}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
SELECT DISTINCT tf FROM cmc_regimes;
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;

-- A calendar of one's own.
INSERT INTO regime_source SELECT (jsonb_populate_record(s, '{"cal_scheme": "desk", "origin": "user"}')).* FROM regime_source s
    WHERE cal_scheme = 'us' AND layer <> 'L0';
SELECT id, status FROM refresh_cmc_regimes(2, cal_scheme => 'desk');
SELECT DISTINCT l0_enabled, l1_enabled, regime_version_hash = regime_version_hash(cal_scheme => 'desk') AS hash FROM cmc_regimes
    WHERE id = 2;
-- Rows stand on daily bars: a calendar that maps none is an error, not an asset without bars.
DELETE FROM regime_source WHERE cal_scheme = 'desk' AND layer = 'L2';
SELECT id, status, message FROM refresh_cmc_regimes(2, cal_scheme => 'desk');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_compute(2, cal_scheme => 'desk');
SELECT count(*) FROM cmc_regimes;
