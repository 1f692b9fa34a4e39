-- What regime_explain cannot explain, and what it says then.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
SELECT * FROM regime_explain(NULL);
\echo :LAST_ERROR_SQLSTATE
-- An asset that there is not, one without bars, and a moment before the first bar.
SELECT * FROM regime_explain(99);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO dim_assets VALUES (5, 'EMPTY', true);
SELECT * FROM regime_explain(5, '2024-01-01');
SELECT * FROM regime_explain(1, '2018-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_explain(1, '-infinity');
SELECT value, detail FROM regime_explain(1, 'infinity') WHERE step = 1;
-- The hint can be typed.
SELECT rtrim(hint_of('SELECT * FROM regime_explain(3, ''2024-11-01'')'), ';') AS typed \gset
SELECT count(*) > 0 AS explained FROM (:typed) AS e;
-- Other arguments are checked as those of a refresh.
SELECT * FROM regime_explain(1, policy => 'none');
SELECT * FROM regime_explain(1, cal_scheme => 'none');
SELECT * FROM regime_explain(1, min_hold_bars => -1);
-- Bars that cannot be used.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 1 AND tf = '1D' AND bar_seq IN (10, 11);
SELECT * FROM regime_explain(1);
ROLLBACK;
-- Of the market proxy, too.
BEGIN;
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 'NaN' WHERE id = 1 AND tf = '1W' AND bar_seq = 10;
SELECT * FROM regime_explain(3);
ROLLBACK;
