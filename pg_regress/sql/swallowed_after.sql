-- What a trigger undoes after a row was written is not reported as done either; a trigger that only looks on is right.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id = 3;
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM cmc_regimes WHERE id = NEW.id AND ts = NEW.ts; RETURN NULL; END $$;
CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN UPDATE cmc_regimes SET size_mult = 9 WHERE id = NEW.id AND ts = NEW.ts; END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION undo_all() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM market_regimes; RETURN NULL; END';
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT count(*) > 0 AS set_up FROM regime_setup();
CREATE TRIGGER undo AFTER INSERT ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION undo();
SELECT id, status, message ~ 'not written' AS told FROM refresh_cmc_regimes(2);
SELECT hint FROM cmc_regime_run_log WHERE hint <> '' ORDER BY run DESC LIMIT 1 \gset
\echo :hint
:hint
DROP TRIGGER undo ON cmc_regimes;
DELETE FROM cmc_regimes WHERE id = 2;
CREATE TRIGGER rewrite AFTER INSERT OR UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION rewrite();
SELECT id, status, message ~ 'not written' AS told FROM refresh_cmc_regimes(2);
DROP TRIGGER rewrite ON cmc_regimes;
CREATE TRIGGER undo_all AFTER INSERT ON market_regimes FOR EACH STATEMENT EXECUTE FUNCTION undo_all();
SELECT symbol, status, message ~ 'not written' AS told FROM refresh_market_regimes();
DROP TRIGGER undo_all ON market_regimes;
DELETE FROM cmc_regimes WHERE id = 2;
CREATE TRIGGER look AFTER INSERT OR UPDATE OR DELETE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION look();
SELECT id, status, rows_written > 0 AS written FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(2);
