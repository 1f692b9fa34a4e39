-- What cannot be adopted is refused with what stands in the way and how to move it, and nothing is changed by halves.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT status FROM refresh_cmc_regimes(2);
CREATE TABLE before AS :content;
-- A type that would not hold what a refresh writes. The hint is typed.
ALTER TABLE cmc_regimes ALTER size_mult TYPE real;
SELECT * FROM regime_setup();
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of('SELECT regime_setup()') AS hint \gset
\echo :hint
:hint
SELECT relation, action FROM regime_setup() WHERE relation LIKE '%regimes';
CREATE FUNCTION refused(change text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    PERFORM regime_setup();
    RAISE 'no error'; -- so that the change is undone
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\x on
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ALTER ts TYPE timestamp') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ALTER gross_cap TYPE numeric') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ALTER id TYPE text') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ALTER setups TYPE text USING array_to_string(setups, '','')') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ALTER l0_enabled TYPE text') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regime_stats ALTER n_bars TYPE float8') r;
-- A column of theirs that nobody would fill.
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ADD "Source" text NOT NULL DEFAULT ''x''; ALTER TABLE cmc_regimes ALTER "Source" DROP DEFAULT') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ADD source text NOT NULL DEFAULT ''x''') r;
SELECT r.* FROM refused('ALTER TABLE cmc_regimes ADD n bigint GENERATED ALWAYS AS IDENTITY') r;
-- A column of ours that may not be empty where ours is.
SELECT r.* FROM refused('UPDATE cmc_regimes SET l0_label = ''''; ALTER TABLE cmc_regimes ALTER l0_label SET NOT NULL') r;
SELECT r.* FROM refused('UPDATE cmc_regime_flips SET old_regime = ''''; ALTER TABLE cmc_regime_flips ALTER old_regime SET NOT NULL') r;
-- No key, and rows that come twice.
SELECT r.* FROM refused('ALTER TABLE cmc_regimes DROP CONSTRAINT cmc_regimes_pkey; INSERT INTO cmc_regimes SELECT * FROM cmc_regimes WHERE ts < ''2023-12-01''') r;
-- Something else of that name.
SELECT r.* FROM refused('DROP TABLE cmc_regimes; CREATE VIEW cmc_regimes AS SELECT 1 AS id') r;
SELECT r.* FROM refused('DROP TABLE cmc_regime_stats; CREATE SEQUENCE cmc_regime_stats') r;
-- A table that only refresh writes, and that another version made.
SELECT r.* FROM refused('ALTER TABLE regime_work.cmc_regime_state DROP memory') r;
SELECT r.* FROM refused('ALTER TABLE regime_work.cmc_regime_inputs DROP emas') r;
SELECT r.* FROM refused('DROP VIEW cmc_regime_progress; ALTER TABLE regime_work.cmc_regime_work DROP task') r;
SELECT r.* FROM refused('DROP TABLE regime_work.cmc_regime_dirty CASCADE; CREATE VIEW regime_work.cmc_regime_dirty AS SELECT 1 AS id') r;
SELECT r.* FROM refused('DROP VIEW cmc_regime_progress; CREATE TABLE cmc_regime_progress (id int)') r;
SELECT r.* FROM refused('DROP VIEW cmc_regime_marks; CREATE VIEW cmc_regime_marks AS SELECT 1 AS id') r;
\x off
\pset format aligned
-- The hint is typed here too, and the table put aside may go later.
DROP VIEW cmc_regime_run_log;
ALTER TABLE regime_work.cmc_regime_run_log DROP reason;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT split_part(hint_of('SELECT regime_setup()'), ';', 1) AS hint \gset
\echo :hint
:hint;
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
DROP TABLE regime_work.cmc_regime_run_log_old;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status FROM cmc_regime_run_log ORDER BY id;
-- All or nothing: the missing table before the one in the way was not made either.
DROP TABLE cmc_regime_flips;
TRUNCATE regime_work.cmc_regime_state;
ALTER TABLE cmc_regime_stats ALTER computed_at TYPE timestamp;
SELECT relation, action FROM regime_setup();
SELECT to_regclass('cmc_regime_flips');
-- A refresh that has to set up first meets the same.
SELECT id, status FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE cmc_regime_stats ALTER computed_at TYPE timestamptz;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
