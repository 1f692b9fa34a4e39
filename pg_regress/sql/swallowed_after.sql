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
-- Rules beside the write, of an output and of a working table.
DELETE FROM cmc_regimes WHERE id = 2;
CREATE RULE undo AS ON INSERT TO cmc_regimes DO ALSO DELETE FROM cmc_regimes WHERE id = NEW.id AND ts = NEW.ts;
SELECT id, status, message ~ 'not written' AS told FROM refresh_cmc_regimes(2);
SELECT hint FROM cmc_regime_run_log WHERE hint <> '' ORDER BY run DESC LIMIT 1;
DROP RULE undo ON cmc_regimes;
CREATE RULE undo AS ON INSERT TO regime_work.cmc_regime_state DO ALSO DELETE FROM regime_work.cmc_regime_state WHERE id = NEW.id;
SELECT id, status, message ~ 'not written' AS told FROM refresh_cmc_regimes(2, full_refresh => true);
DROP RULE undo ON regime_work.cmc_regime_state;
SELECT id, status FROM refresh_cmc_regimes(2);
-- The other systems' outputs.
CREATE FUNCTION undo_own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('DELETE FROM %s AS t WHERE t = $1', TG_RELID::regclass) USING NEW; RETURN NULL; END $$;
CREATE FUNCTION rewrite_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN EXECUTE format('UPDATE %s AS t SET confidence = 0.5 WHERE t = $1', TG_RELID::regclass) USING NEW; END IF;
    RETURN NULL;
END $$;
ALTER TABLE candles ADD open float8, ADD volume float8;
UPDATE candles SET open = close, volume = 1000;
CREATE TRIGGER undo AFTER INSERT ON market_states FOR EACH ROW EXECUTE FUNCTION undo_own();
SELECT symbol, status, message ~ 'not written' AS told FROM refresh_market_states();
DROP TRIGGER undo ON market_states;
CREATE TRIGGER rewrite AFTER INSERT OR UPDATE ON market_states FOR EACH ROW EXECUTE FUNCTION rewrite_own();
SELECT symbol, status, message ~ 'not written' AS told FROM refresh_market_states();
DROP TRIGGER rewrite ON market_states;
SELECT symbol, status FROM refresh_market_states();
INSERT INTO candles SELECT 'YOUNG', '1d', time_close, close * 1.01, close * 0.99, close, close, 1000 FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND id = 2;
CREATE TRIGGER undo AFTER INSERT ON market_regime_history FOR EACH ROW EXECUTE FUNCTION undo_own();
CALL backfill_market_regime_history('2024-12-10', '2024-12-31', symbol => 'YOUNG');
SELECT status, days_failed > 0 AS failed FROM market_regime_progress ORDER BY backfill DESC LIMIT 1;
SELECT message ~ 'not written' AS told, hint FROM cmc_regime_run_log WHERE hint <> '' AND system = 'market_regime_history' ORDER BY run DESC LIMIT 1;
DROP TRIGGER undo ON market_regime_history;
CREATE TRIGGER rewrite AFTER INSERT OR UPDATE ON market_regime_history FOR EACH ROW EXECUTE FUNCTION rewrite_own();
CALL backfill_market_regime_history('2024-12-10', '2024-12-31', symbol => 'YOUNG');
SELECT status, days_failed > 0 AS failed FROM market_regime_progress ORDER BY backfill DESC LIMIT 1;
DROP TRIGGER rewrite ON market_regime_history;
CALL backfill_market_regime_history('2024-12-10', '2024-12-31', symbol => 'YOUNG');
SELECT status, days_failed > 0 AS failed FROM market_regime_progress ORDER BY backfill DESC LIMIT 1;
SELECT count(*) FROM (SELECT to_jsonb(c) - 'created_at' FROM market_regime_history_compute('YOUNG', '2024-12-10', '2024-12-31') c
    EXCEPT SELECT to_jsonb(h) - 'created_at' FROM market_regime_history h) x;
