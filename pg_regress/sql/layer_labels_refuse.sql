-- Errors of relations of labels, each with a hint that runs.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE FUNCTION tried(statement text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\x on
-- What the map refuses.
SELECT code, message FROM tried($$INSERT INTO regime_source (cal_scheme, layer, bars_table) VALUES ('iso', 'L4', 'x')$$);
SELECT code, message FROM tried($$UPDATE regime_source SET label_column = 'x' WHERE cal_scheme = 'iso' AND layer = 'L2'$$);
SELECT code, message FROM tried($$UPDATE regime_source SET known_at_column = 'x' WHERE cal_scheme = 'iso' AND layer = 'L2'$$);
SELECT code, message FROM tried($$INSERT INTO regime_source (cal_scheme, layer, bars_table, label_column, label_hold) VALUES ('iso', 'L4', 'x', 'y', -1)$$);
-- Relations and columns.
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column) VALUES ('iso', 'L4', 'macro', 'ts', 'state');
SELECT * FROM tried('SELECT FROM refresh_cmc_regimes(2)');
CREATE TABLE macro (ts timestamptz, state float8, regime text, id int, "when" bigint);
SELECT * FROM tried('SELECT FROM refresh_cmc_regimes(2)');
UPDATE regime_source SET label_column = 'regimes' WHERE layer = 'L4';
SELECT * FROM tried('SELECT FROM refresh_cmc_regimes(2)');
UPDATE regime_source SET label_column = 'regime', known_at_column = 'when' WHERE layer = 'L4';
SELECT * FROM tried('SELECT FROM refresh_cmc_regimes(2)');
UPDATE regime_source SET known_at_column = NULL, label_id_column = 'asset' WHERE layer = 'L4';
SELECT * FROM tried('SELECT FROM refresh_cmc_regimes(2)');
UPDATE regime_source SET label_id_column = 'id' WHERE layer = 'L4';
-- Labels.
INSERT INTO macro VALUES ('2024-10-01', 1, 'a', 2), ('2024-10-01', 1, 'b', 2);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT * FROM tried('SELECT FROM regime_compute(2)');
UPDATE macro SET ts = '2024-10-02', regime = repeat('b', 201) WHERE regime = 'b';
SELECT * FROM tried('SELECT FROM regime_compute(2)');
UPDATE macro SET regime = 'b' WHERE regime <> 'a';
SELECT status FROM refresh_cmc_regimes(2);
\x off
-- A layer that is not known.
SELECT * FROM regime_transition_matrix(2, 'L5');
\echo :LAST_ERROR_SQLSTATE
-- What regime_check_inputs says of a relation of labels.
UPDATE regime_source SET label_id_column = NULL, known_at_column = 'known' WHERE layer = 'L4';
SELECT severity, layer, problem, n, command, advice FROM regime_check_inputs_details('{1}') WHERE layer = 'L4';
ALTER TABLE macro ADD known timestamptz;
TRUNCATE macro;
SELECT severity, layer, problem, n, first_ts, command FROM regime_check_inputs_details('{1}') WHERE layer = 'L4';
INSERT INTO macro (ts, regime, known) VALUES ('2024-01-01', 'a', '2024-01-02'), ('2024-01-01', 'b', '2024-01-02'), ('2024-01-01', 'b', '2024-01-03'),
    (NULL, 'a', '2024-01-02'), ('2024-02-01', NULL, '2024-02-02'), ('2024-03-01', '', '2024-03-02'), ('2024-04-01', 'a', NULL),
    ('2024-05-01', 'a', '2024-04-01'), ('2024-06-01', repeat('x', 201), '2024-06-01'), ('infinity', 'a', 'infinity');
SELECT severity, layer, problem, n, first_ts, command FROM regime_check_inputs_details('{1}') WHERE layer = 'L4';
-- One relation for bars and, by other columns, for labels; what selects rows of bars; row-level security of labels and of symbols.
DELETE FROM regime_source WHERE layer = 'L4';
TRUNCATE macro;
ALTER TABLE cmc_price_bars_multi_tf ADD state text;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, bars_filter) VALUES ('iso', 'L4', 'cmc_price_bars_multi_tf', 'time_close', 'state', '{"id": 1, "tf": "1D"}');
\x on
SELECT code, message, detail, hint FROM tried('SELECT FROM refresh_cmc_regimes(2)');
SELECT hint FROM tried('SELECT FROM refresh_cmc_regimes(2)') \gset
:hint
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT code, message FROM tried($$UPDATE regime_source SET tf = '1D' WHERE layer = 'L4'$$);
SELECT code, message FROM tried($$UPDATE regime_source SET bars_id_column = 'asset' WHERE layer = 'L4'$$);
-- By the columns of the bars themselves there is one kind of mark.
UPDATE regime_source SET bars_table = 'cmc_price_bars_multi_tf', label_id_column = 'id', bars_filter = '{"tf": "1D"}' WHERE layer = 'L4';
SELECT code, message FROM tried('SELECT FROM refresh_cmc_regimes(2)');
UPDATE regime_source SET bars_table = 'macro', bars_ts_column = 'ts', label_column = 'regime', label_id_column = NULL, bars_filter = '{}' WHERE layer = 'L4';
CREATE TABLE sectors (ts date, sector text, symbol text, published date);
INSERT INTO sectors SELECT '2024-11-01', 'Off', symbol, '2024-12-05' FROM dim_assets;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, label_id_column, known_at_column) VALUES ('iso', 'L3', 'sectors', 'ts', 'sector', 'symbol', 'published');
-- What was known on a day is known when the day ends.
SELECT max(ts) FILTER (WHERE l3_label IS NULL) AS last_without, min(ts) FILTER (WHERE l3_label IS NOT NULL) AS first_with FROM regime_compute(2);
UPDATE cmc_price_bars_multi_tf SET time_close = time_close + interval '1 second' WHERE id = 2 AND time_close = '2024-12-05 23:59:59+00';
SELECT min(ts) FILTER (WHERE l3_label IS NOT NULL) AS first_with FROM regime_compute(2);
UPDATE cmc_price_bars_multi_tf SET time_close = time_close - interval '1 second' WHERE id = 2 AND time_close = '2024-12-06 00:00:00+00';
SELECT id, status FROM refresh_cmc_regimes(2);
CREATE ROLE regress_desk;
GRANT USAGE ON SCHEMA public, regime_work TO regress_desk;
GRANT ALL ON ALL TABLES IN SCHEMA public, regime_work TO regress_desk;
GRANT ALL ON ALL SEQUENCES IN SCHEMA regime_work TO regress_desk;
ALTER TABLE macro ENABLE ROW LEVEL SECURITY;
SET ROLE regress_desk;
SELECT code, message, hint FROM tried('SELECT FROM refresh_cmc_regimes(2)');
-- A label that is given is read from no relation.
SELECT code, message FROM tried('SELECT FROM refresh_cmc_regimes(2, l4_label => ''RiskOff'', dry_run => true)');
RESET ROLE;
ALTER TABLE macro DISABLE ROW LEVEL SECURITY;
ALTER TABLE dim_assets ENABLE ROW LEVEL SECURITY;
SET ROLE regress_desk;
SELECT code, message, hint FROM tried('SELECT FROM refresh_cmc_regimes(2)');
RESET ROLE;
DROP OWNED BY regress_desk;
DROP ROLE regress_desk;
