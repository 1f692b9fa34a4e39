-- Labels of every asset are read once a call; only what is needed is looked at; types of labels; what pg_regime writes as labels.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE macro (ts timestamptz, state text);
INSERT INTO macro VALUES ('2024-02-01', 'Calm-RiskOn'), ('2024-05-01', 'Tight-RiskOff'), ('2024-12-10', 'Calm-RiskOn');
SELECT regime_load_policy('macro', '[{"match": "*-RiskOff", "size_mult": 0.3}, {"match": "Calm-RiskOn", "size_mult": 1}]') IS NOT NULL AS loaded;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column) VALUES ('iso', 'L4', 'macro', 'ts', 'state');
-- One read for three assets, without tracking and with it.
CREATE FUNCTION scans() RETURNS bigint LANGUAGE sql AS $$ SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'macro' $$;
SELECT status FROM refresh_cmc_regimes(1, policy => 'macro');
BEGIN;
SELECT scans() AS before \gset
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'macro');
SELECT scans() - :before AS scans;
COMMIT;
SELECT relation, action FROM regime_track() WHERE action <> 'unchanged' AND relation LIKE '%macro%';
BEGIN;
SELECT scans() AS before \gset
SELECT id, mode FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'macro');
SELECT scans() - :before AS scans;
COMMIT;
INSERT INTO macro VALUES ('2024-12-20', 'Tight-RiskOff');
BEGIN;
SELECT scans() AS before \gset
SELECT id, mode, reason FROM refresh_cmc_regimes(policy => 'macro', only_dirty => true);
SELECT scans() - :before AS scans;
COMMIT;
SELECT differ('{1, 2, 3}', 'policy => ''macro''');
-- regime_repaint_check compares the labels, too: nothing repaints until a label changes that was known before.
SELECT column_name, n, n_differ FROM regime_repaint_check(2, policy => 'macro') WHERE column_name ~ 'l[34]_label';
UPDATE macro SET state = 'Calm-RiskOn' WHERE ts = '2024-05-01';
SELECT column_name, n_differ > 0 AS differ, first_ts::date, stored, knowable FROM regime_repaint_check(2, policy => 'macro') WHERE column_name ~ 'l[34]_label';
SELECT status FROM refresh_cmc_regimes(3, l4_label => 'Tight-RiskOff');
SELECT column_name, n, n_differ FROM regime_repaint_check(3, l4_label => 'Tight-RiskOff') WHERE column_name ~ 'l[34]_label';
-- Of labels that name their assets, only those of the asset are read.
CREATE TABLE states (id bigint, at timestamptz, state text, PRIMARY KEY (id, at));
INSERT INTO states SELECT i, '2024-12-01', 'Tight-RiskOff' FROM generate_series(1, 20000) AS i;
ANALYZE states;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, label_id_column) VALUES ('iso', 'L3', 'states', 'at', 'state', 'id');
BEGIN;
SELECT seq_scan AS before FROM pg_stat_xact_user_tables WHERE relname = 'states' \gset
SELECT count(*) FROM regime_compute(2, policy => 'macro');
SELECT seq_scan - :before AS scans, idx_scan > 0 AS by_index FROM pg_stat_xact_user_tables WHERE relname = 'states';
COMMIT;
DELETE FROM regime_source WHERE layer = 'L3';
-- What needs no labels does not look at their relation, and what needs them names it.
SELECT count(*) AS daily FROM regime_label_daily(2) \gset
ALTER TABLE macro RENAME TO elsewhere;
SELECT count(*) = :daily AS same FROM regime_label_daily(2);
SELECT count(*) > 0 AS computed FROM regime_compute(2, l4_label => 'Calm-RiskOn');
SELECT status FROM refresh_cmc_regimes(2, l4_label => 'Calm-RiskOn', dry_run => true);
SELECT count(*) FROM regime_latest();
SELECT id, is_stale FROM regime_status() ORDER BY id;
SELECT count(*) FROM regime_compute(2);
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE elsewhere RENAME TO macro;
-- Enums, domains, and types of users: by their output, whatever casts there are.
CREATE TYPE mood AS ENUM ('Calm-RiskOn', 'Tight-RiskOff');
CREATE FUNCTION lies(mood) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'of a cast' $$;
CREATE CAST (mood AS text) WITH FUNCTION lies(mood) AS IMPLICIT;
CREATE DOMAIN calm AS mood;
CREATE DOMAIN short AS varchar(20) CHECK (VALUE <> '');
CREATE DOMAIN shorter AS short;
CREATE DOMAIN number AS int;
ALTER TABLE macro ADD of_enum mood, ADD of_enums calm, ADD of_domain short, ADD of_domains shorter, ADD of_number number, ADD of_truth boolean, ADD of_bytes bytea, ADD of_name name, ADD of_float float8;
UPDATE macro SET of_enum = state::mood, of_enums = state::mood, of_domain = state, of_domains = state, of_number = 7, of_truth = true, of_name = state;
CREATE FUNCTION labels_of(label text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text; hint text;
BEGIN
    UPDATE regime_source SET label_column = label WHERE layer = 'L4';
    SELECT string_agg(DISTINCT l4_label, ', ' ORDER BY l4_label) INTO found FROM regime_compute(2);
    RETURN found;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS found = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, found, hint);
END $$;
SELECT label, labels_of(label) FROM unnest('{of_enum,of_enums,of_domain,of_domains,of_number,of_truth,of_bytes,of_name,of_float}'::text[]) AS label;
UPDATE regime_source SET label_column = 'of_enum' WHERE layer = 'L4';
INSERT INTO macro VALUES ('2024-12-01', ''), ('2024-12-02', NULL);
SELECT severity, layer, problem, n FROM regime_check_inputs_details('{2}') WHERE layer = 'L4';
SELECT status FROM refresh_cmc_regimes(2, policy => 'macro');
-- Rows that depend on the labels are none, through a view either; those of other systems are.
CREATE VIEW of_flips AS SELECT ts, new_regime AS label FROM cmc_regime_flips WHERE id = 1 AND layer = 'L2';
CREATE VIEW of_view AS SELECT * FROM of_flips;
CREATE FUNCTION read_from(relation text, label text, at text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text; hint text;
BEGIN
    UPDATE regime_source SET bars_table = relation, label_column = label, bars_ts_column = at WHERE layer = 'L4';
    PERFORM FROM regime_compute(2);
    RETURN 'read';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS found = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, found, hint);
END $$;
SELECT read_from('cmc_regimes', 'l2_label', 'ts');
SELECT read_from('cmc_regime_flips', 'new_regime', 'ts');
SELECT read_from('cmc_regime_stats', 'regime_key', 'computed_at');
SELECT read_from('of_flips', 'label', 'ts');
SELECT read_from('of_view', 'label', 'ts');
SELECT read_from('cmc_regime_marks', 'source', 'since');
UPDATE regime_source SET bars_schema = 'regime_work' WHERE layer = 'L4';
SELECT read_from('cmc_regime_state', 'feature_tier', 'ts');
UPDATE regime_source SET bars_table = 'cmc_regime_state' WHERE layer = 'L4';
SELECT severity, layer, problem FROM regime_check_inputs_details('{2}') WHERE layer = 'L4';
DELETE FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L4';
SELECT status FROM refresh_cmc_regimes(2);
