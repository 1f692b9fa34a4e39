-- regime_track puts triggers on every table that the source map names, in whichever calendar, and takes them away again.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE VIEW triggers AS SELECT tgrelid::regclass AS relation, string_agg(tgname, ', ' ORDER BY tgname) AS triggers,
    string_agg(DISTINCT tgenabled::text, ',') AS enabled FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE tgname LIKE 'pg\_regime\_%' GROUP BY tgrelid, relname ORDER BY relname;
CREATE VIEW functions AS SELECT count(*) FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark\_%';
-- The tables of marks are made where they are missing.
SELECT * FROM regime_track();
TABLE triggers;
TABLE functions;
-- Again, as often as one likes.
SELECT * FROM regime_track();
SELECT * FROM regime_track(NULL);
-- A trigger that is missing or of another definition is put back; a table that has come to be mapped gets its own.
DROP TRIGGER pg_regime_update ON cmc_ema_multi_tf_u;
ALTER TABLE cmc_price_bars_multi_tf RENAME time_close TO closed;
UPDATE regime_source SET bars_ts_column = 'closed' WHERE layer = 'L2';
CREATE TABLE hourly (LIKE cmc_price_bars_multi_tf_cal_iso);
CREATE TABLE "Hourly EMAs" (LIKE cmc_ema_multi_tf_cal_iso);
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table)
    VALUES ('iso', 'L3', '1H', '{1,2,3}', 'hourly', 'Hourly EMAs');
SELECT * FROM regime_track();
TABLE functions;
INSERT INTO hourly VALUES (7, '1H', 1, '2024-01-01', 1);
INSERT INTO "Hourly EMAs" VALUES (8, '1H', '2024-01-02', 1, false, 1);
SELECT id, source, since FROM regime_work.cmc_regime_dirty ORDER BY mark;
-- Off: no trigger is left behind. Marks of earlier changes stay until the next refresh.
SELECT * FROM regime_track(enable => false);
TABLE triggers;
TABLE functions;
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
SELECT action, count(*) FROM regime_track(false) GROUP BY 1;
-- A table that takes no such triggers keeps no other from being tracked.
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '% on public.cmc_price_bars_multi_tf') THEN
        RAISE 'triggers with transition tables are not supported' USING ERRCODE = 'feature_not_supported';
    END IF;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION refuse();
SELECT * FROM regime_track();
SELECT count(*) AS marked_by FROM pg_trigger WHERE tgrelid = 'cmc_price_bars_multi_tf'::regclass;
DROP EVENT TRIGGER refuse;
SELECT count(*) FROM regime_track(false) AS dropped;
-- A table that is not there cannot be tracked, and need not be: other calendars may be missing.
DROP TABLE cmc_price_bars_multi_tf_cal_us;
SELECT action, count(*) FROM regime_track() GROUP BY 1;
-- Off means off also for tables that were renamed, are not mapped any more or have lost the table beside them.
ALTER TABLE cmc_ema_multi_tf_u RENAME TO cmc_emas;
DELETE FROM regime_source WHERE layer = 'L3';
DROP TABLE cmc_ema_multi_tf_cal_iso;
SELECT count(*) >= 0 AS done FROM regime_track(false);
TABLE triggers;
TABLE functions;
-- In a read-only transaction.
BEGIN READ ONLY;
SELECT * FROM regime_track();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
