-- regime_check_inputs: what is wrong with bars and EMAs, each in a row of its own; one bad asset does not hide another.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
\set what 'severity, id, layer, problem, n, first_ts'
-- Nothing is wrong with assets 1 to 3 but that two of them are young; asset 4 is not active.
SELECT * FROM regime_check_inputs_details();
SELECT * FROM regime_check_inputs_details(ARRAY[1]);
SELECT :what FROM regime_check_inputs_details(ARRAY[4, 1, 1], cal_scheme => 'us');
-- The command can be typed.
SELECT substring(command FROM 'SELECT [^;]*') AS command FROM regime_check_inputs_details(ARRAY[2]) WHERE layer = 'L0' \gset
SELECT count(*), count(l0_label) > 0 AS has_l0 FROM (:command) r;

-- How many rows a command gives.
CREATE FUNCTION found(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE rows bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END $$;
-- What a refresh refuses: each kind of bad bar, in two assets at once.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 1 AND tf = '1D' AND bar_seq IN (10, 11);
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 1 AND tf = '1D' AND bar_seq = 20;
UPDATE cmc_price_bars_multi_tf SET close = '-Infinity' WHERE id = 2 AND tf = '1D' AND bar_seq = 30;
UPDATE cmc_price_bars_multi_tf SET close = NULL WHERE id = 2 AND tf = '1D' AND bar_seq = 31;
UPDATE cmc_price_bars_multi_tf SET time_close = '2024-12-30 23:59:59+00' WHERE id = 3 AND tf = '1D' AND bar_seq = 40;
UPDATE cmc_price_bars_multi_tf SET time_close = 'infinity' WHERE id = 3 AND tf = '1D' AND bar_seq = 38;
SELECT :what FROM regime_check_inputs_details() WHERE severity = 'error';
SELECT id, problem, command, advice FROM regime_check_inputs_details() WHERE severity = 'error';
-- What is an error here is what a refresh fails with, and each command finds as many bars as it says.
SET client_min_messages = error;
SELECT id, status, message FROM refresh_cmc_regimes();
RESET client_min_messages;
SELECT id, problem, n, found(command) FROM regime_check_inputs_details() WHERE severity = 'error';
ROLLBACK;

-- Two EMAs of one bar and period.
BEGIN;
ALTER TABLE cmc_ema_multi_tf_cal_iso DROP CONSTRAINT cmc_ema_multi_tf_cal_iso_pkey;
INSERT INTO cmc_ema_multi_tf_cal_iso SELECT id, tf, ts, period, true, ema + 1 FROM cmc_ema_multi_tf_cal_iso
    WHERE id = 1 AND tf = '1W' AND period = 50 AND ts >= '2024-12-01';
SELECT :what FROM regime_check_inputs_details(ARRAY[1]);
UPDATE regime_source SET ema_filter = '{}' WHERE cal_scheme = 'iso' AND layer = 'L1';
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[1]);
SELECT status, message FROM refresh_cmc_regimes(1);
-- The market proxy's weekly bars: those who depend on it fail as well.
SELECT :what FROM regime_check_inputs_details(ARRAY[2, 3]) WHERE severity = 'error';
ROLLBACK;

-- EMAs that are missing, late, unknown, at another time. Before its period is full no bar needs one.
BEGIN;
DELETE FROM cmc_ema_multi_tf_u WHERE id = 1 AND ts BETWEEN '2020-01-01' AND '2020-01-06';
UPDATE cmc_ema_multi_tf_u SET ema = 'NaN' WHERE id = 1 AND period = 20 AND ts >= '2024-12-30';
DELETE FROM cmc_ema_multi_tf_u WHERE id = 2 AND period = 100;
UPDATE cmc_ema_multi_tf_cal_iso SET ts = ts + interval '1 second' WHERE id = 1 AND tf = '1M' AND ts >= '2024-11-01';
SELECT :what FROM regime_check_inputs_details() WHERE severity <> 'info';
SELECT id, layer, problem, n, found(command) FROM regime_check_inputs_details() WHERE problem LIKE '%bar%without%';
SELECT command FROM regime_check_inputs_details(ARRAY[1]) WHERE problem = 'newest bar without EMA of period 20';
ROLLBACK;

-- Highs and lows, where the bars have them; a close that touches them is between them.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf ADD high float8, ADD low float8;
UPDATE cmc_price_bars_multi_tf SET high = close, low = close * 0.99;
SELECT :what FROM regime_check_inputs_details(ARRAY[1]);
UPDATE cmc_price_bars_multi_tf SET high = low - 1 WHERE id = 1 AND bar_seq IN (70, 71);
UPDATE cmc_price_bars_multi_tf SET low = close + 1, high = close + 2 WHERE id = 1 AND bar_seq = 80;
UPDATE cmc_price_bars_multi_tf SET high = 'NaN', low = NULL WHERE id = 1 AND bar_seq = 90;
SELECT :what, found(command), command FROM regime_check_inputs_details(ARRAY[1]);
ALTER TABLE cmc_price_bars_multi_tf ALTER high TYPE text;
SELECT :what FROM regime_check_inputs_details(ARRAY[1]);
ROLLBACK;

-- Gaps: nine missing days are one, two are none; weekends are none in a market of weekdays.
BEGIN;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 1 AND time_close::date BETWEEN '2021-03-01' AND '2021-03-09';
DELETE FROM cmc_price_bars_multi_tf WHERE id = 1 AND time_close::date IN ('2022-03-01', '2022-03-02');
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND extract(isodow FROM time_close) >= 6;
SELECT :what FROM regime_check_inputs_details(ARRAY[1, 2]) WHERE problem LIKE 'gap%';
ROLLBACK;

-- Stamped at their open: at midnight on all days of the week nothing tells; without weekends the days do.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET time_close = date_trunc('day', time_close) WHERE id IN (1, 2) AND tf = '1D';
UPDATE cmc_ema_multi_tf_u SET ts = date_trunc('day', ts) WHERE id IN (1, 2);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND extract(isodow FROM time_close) >= 6;
UPDATE cmc_price_bars_multi_tf SET time_close = date_trunc('day', time_close) WHERE id = 3 AND bar_seq = 7;
SELECT :what FROM regime_check_inputs_details() WHERE severity = 'warning' AND problem NOT LIKE 'EMA%';
SELECT command FROM regime_check_inputs_details(ARRAY[2]) WHERE problem LIKE 'stamped%';
ROLLBACK;
-- Weeks stamped with their Monday hold the close of a Sunday to come.
BEGIN;
UPDATE cmc_price_bars_multi_tf_cal_iso SET time_close = time_close - interval '6 days' WHERE id = 1 AND tf = '1W';
UPDATE cmc_ema_multi_tf_cal_iso SET ts = ts - interval '6 days' WHERE id = 1 AND tf = '1W';
SELECT severity, id, layer, problem, n > 250 AS most, first_ts FROM regime_check_inputs_details(ARRAY[1]);
ROLLBACK;
-- A week that is not over; weeks that ended long ago; a close that is none of the days'; a bar to come.
BEGIN;
INSERT INTO cmc_price_bars_multi_tf_cal_iso VALUES (1, '1W', 10000, '2025-01-05 23:59:59+00', 42);
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 2 AND tf = '1W' AND time_close > '2024-12-01';
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = close + 0.001 WHERE id = 2 AND tf = '1M' AND bar_seq = 5;
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 4 AND tf = '1M';
UPDATE cmc_price_bars_multi_tf SET time_close = '2999-01-01 12:00+00' WHERE id = 4 AND tf = '1D' AND bar_seq = 200;
INSERT INTO cmc_price_bars_multi_tf VALUES (4, '1D', 201, '2024-12-30 12:00+00', 42);
SELECT :what FROM regime_check_inputs_details(ARRAY[1, 2, 4]) WHERE problem !~ '(EMA|layer is off|tier)';
ROLLBACK;
-- The ends of time.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET time_close = '4713-01-01 00:00:00+00 BC' WHERE id = 3 AND tf = '1D' AND bar_seq = 1;
UPDATE cmc_price_bars_multi_tf_cal_iso SET time_close = '294276-12-31 23:59:59+00' WHERE id = 3 AND tf = '1W' AND bar_seq = 6;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 4 AND tf = '1D' AND bar_seq > 1;
UPDATE cmc_price_bars_multi_tf SET time_close = '4713-01-01 00:00:00+00 BC' WHERE id = 4 AND tf = '1D';
UPDATE cmc_price_bars_multi_tf_cal_iso SET time_close = '294276-12-31 23:59:59+00' WHERE id = 4 AND tf = '1W' AND bar_seq = 29;
SELECT :what FROM regime_check_inputs_details(ARRAY[3, 4]) WHERE severity = 'warning' AND problem NOT LIKE '%EMA%';
ROLLBACK;
-- An ATR that ends; before its first value it need not be known.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf ADD atr float8;
UPDATE cmc_price_bars_multi_tf SET atr = 1 WHERE bar_seq > 14 AND NOT (id = 1 AND bar_seq > 2190);
UPDATE regime_source SET atr_column = 'atr' WHERE layer = 'L2';
SELECT :what FROM regime_check_inputs_details(ARRAY[1]);
ROLLBACK;

-- No bars at all, and no proxy.
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[77]);
SET pg_regime.market_proxy_id = 77;
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[2, 3]) WHERE severity <> 'info';
SET pg_regime.market_proxy_id = 1;
BEGIN;
DELETE FROM cmc_ema_multi_tf_cal_iso WHERE id = 1 AND tf = '1W' AND period = 200 AND ts > '2024-12-01';
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[2, 3]) WHERE severity <> 'info';
ROLLBACK;

-- A map that does not fit is a row, and the other layers are looked at all the same.
BEGIN;
UPDATE regime_source SET bars_table = 'weeks' WHERE cal_scheme = 'iso' AND layer = 'L1';
UPDATE regime_source SET close_column = 'price' WHERE cal_scheme = 'iso' AND layer = 'L0';
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND tf = '1D' AND bar_seq IN (10, 11);
SELECT :what, command, advice FROM regime_check_inputs_details();
UPDATE regime_source SET bars_table = 'days' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :what FROM regime_check_inputs_details();
DELETE FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[1]) WHERE layer = 'L2';
ROLLBACK;
-- Times without a zone.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf ALTER time_close TYPE timestamp USING time_close AT TIME ZONE 'UTC';
SELECT :what, command, advice FROM regime_check_inputs_details(ARRAY[1]);
ROLLBACK;

-- What is no question of inputs is an error.
SELECT * FROM regime_check_inputs_details(cal_scheme => 'lunar');
SELECT * FROM regime_check_inputs_details(ARRAY[1, NULL]);
SELECT count(*) FROM regime_check_inputs_details('{}');
-- It only reads.
BEGIN READ ONLY;
SELECT count(*) FROM regime_check_inputs_details();
ROLLBACK;
