-- Statements of a call are analysed under a search_path that offers nothing of users'; what belongs to users runs under
-- the caller's.
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (1, 2);
SELECT FROM refresh_cmc_regimes();
SELECT FROM refresh_market_regimes();
SELECT FROM regime_track();
-- Operators that fit better than those of PostgreSQL.
CREATE SCHEMA traps;
CREATE FUNCTION traps.trap(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION traps.trap(int2, int4) RETURNS int4 LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION traps.trap(varchar, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR traps.= (FUNCTION = traps.trap, LEFTARG = oid, RIGHTARG = regclass);
CREATE OPERATOR traps.& (FUNCTION = traps.trap, LEFTARG = int2, RIGHTARG = int4);
CREATE OPERATOR traps.= (FUNCTION = traps.trap, LEFTARG = varchar, RIGHTARG = text);
CREATE FUNCTION traps.obj_description(regclass, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION traps.hashtext(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SET search_path = traps, public;
SELECT true FROM pg_class WHERE oid = 'pg_class'::regclass;
SELECT FROM regime_health();
SELECT FROM regime_health_details();
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT relation FROM regime_track() WHERE action <> 'tracked';
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1;
SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1;
SELECT count(*) FROM regime_build_inputs();
SELECT count(*) FROM cmc_regime_status;
CALL refresh_all_cmc_regimes();
-- An error leaves the path as it was.
SELECT FROM refresh_cmc_regimes(min_hold_bars => -1);
SHOW search_path;
BEGIN;
SAVEPOINT a;
SELECT FROM refresh_cmc_regimes(min_hold_bars => -1);
ROLLBACK TO a;
SHOW search_path;
SET LOCAL search_path = public;
SELECT count(*) FROM refresh_cmc_regimes();
SHOW search_path;
COMMIT;
SHOW search_path;
-- A trigger on an output table finds what it names without a schema, as it does for a statement of the caller.
SET search_path = app, public;
CREATE SCHEMA app;
CREATE TABLE app.audit (what text, path text);
CREATE FUNCTION app.log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (TG_ARGV[0], current_setting('search_path'));
    RETURN NEW;
END $$;
CREATE TRIGGER audit_before BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION log_row('before');
CREATE TRIGGER audit_after AFTER INSERT OR UPDATE ON cmc_regimes FOR EACH STATEMENT EXECUTE FUNCTION log_row('after');
CREATE CONSTRAINT TRIGGER audit_deferred AFTER INSERT OR UPDATE ON cmc_regimes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION log_row('deferred');
SELECT status, message FROM refresh_cmc_regimes(ARRAY[1], min_hold_bars => 5);
CALL refresh_all_cmc_regimes(min_hold_bars => 4);
SELECT what, path, count(*) > 0 FROM audit GROUP BY 1, 2 ORDER BY 1;
DROP TRIGGER audit_before ON cmc_regimes; DROP TRIGGER audit_after ON cmc_regimes; DROP TRIGGER audit_deferred ON cmc_regimes;
-- So does a function of a view that is a source.
CREATE TABLE app.factor (f float8);
INSERT INTO app.factor VALUES (1);
CREATE FUNCTION app.scaled(x float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN x * (SELECT f FROM factor); END $$;
ALTER TABLE public.cmc_ema_multi_tf_u RENAME TO scaled_emas;
CREATE VIEW public.cmc_ema_multi_tf_u AS SELECT id, ts, tf, period, scaled(ema::float8) AS ema, alignment_source FROM scaled_emas;
SELECT status, rows_written, message FROM refresh_cmc_regimes(ARRAY[1], min_hold_bars => 4);
-- And a refresh called by a trigger of a user, whose statements are ours again.
CREATE TABLE app.asked (id int);
CREATE FUNCTION app.refresh_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM refresh_cmc_regimes(NEW.id);
    INSERT INTO audit VALUES ('asked', current_setting('search_path'));
    RETURN NEW;
END $$;
CREATE TRIGGER ask AFTER INSERT ON asked FOR EACH ROW EXECUTE FUNCTION refresh_asked();
SET search_path = traps, app, public;
INSERT INTO asked VALUES (1);
SELECT what, path FROM audit WHERE what = 'asked';
-- So does a trigger of a partition alone, and of a table whose rows go with rows of an output.
SET search_path = app, public;
CREATE SCHEMA parts;
CREATE TABLE parts.cmc_regimes (LIKE public.cmc_regimes INCLUDING ALL) PARTITION BY RANGE (ts);
CREATE TABLE parts.every PARTITION OF parts.cmc_regimes DEFAULT;
CREATE TRIGGER part AFTER INSERT ON parts.every FOR EACH ROW EXECUTE FUNCTION log_row('partition');
SET pg_regime.target_schema = 'parts';
SELECT status FROM refresh_cmc_regimes(ARRAY[1]);
RESET pg_regime.target_schema;
CREATE TABLE notes (symbol text, timeframe text, open_time timestamptz,
    FOREIGN KEY (symbol, timeframe, open_time) REFERENCES public.market_regimes ON DELETE CASCADE);
INSERT INTO notes SELECT symbol, timeframe, max(open_time) FROM market_regimes GROUP BY 1, 2;
CREATE TRIGGER note AFTER DELETE ON notes FOR EACH ROW EXECUTE FUNCTION log_row('cascade');
SELECT delete_market_regimes(symbol, timeframe) > 0 FROM notes LIMIT 1;
SELECT what, path, count(*) > 0 FROM audit WHERE what IN ('partition', 'cascade') GROUP BY 1, 2 ORDER BY 1;
