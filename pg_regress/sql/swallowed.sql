-- What a policy, a trigger or a rule keeps from being written is not reported as done: the asset, the series or the batch
-- has failed, with what to type. A trigger that stores rows in another table is right, though it reports no row.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = warning;
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (2, 3);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT DISTINCT status FROM refresh_market_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-20', symbol => 'YOUNG');
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
CREATE ROLE "regress tenant";
GRANT USAGE ON SCHEMA regime_work TO "regress tenant";
GRANT ALL ON ALL TABLES IN SCHEMA public, regime_work TO "regress tenant";
GRANT ALL ON ALL SEQUENCES IN SCHEMA regime_work TO "regress tenant";
CREATE FUNCTION correct(asset int, every int DEFAULT 7) RETURNS void LANGUAGE sql AS $$
    UPDATE cmc_price_bars_multi_tf SET close = close * 1.4 WHERE id = asset AND bar_seq % every < 3;
    UPDATE candles SET close = close * 1.4, high = high * 1.4, low = low * 1.4 WHERE symbol = 'YOUNG' AND extract(day FROM open_time)::int % 7 < 3; $$;
CREATE FUNCTION differing(asset int) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM ((SELECT to_jsonb(c) - 'updated_at' FROM regime_compute(asset) c
        EXCEPT SELECT to_jsonb(r) - 'updated_at' - 'touched' FROM cmc_regimes r)) x $$;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION as_it_was() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
-- Policies that let no row be updated. The hint is typed.
ALTER TABLE cmc_regimes ENABLE ROW LEVEL SECURITY;
ALTER TABLE cmc_regime_flips ENABLE ROW LEVEL SECURITY;
ALTER TABLE cmc_regime_stats ENABLE ROW LEVEL SECURITY;
ALTER TABLE cmc_regime_comovement ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON cmc_regimes FOR SELECT USING (true);
CREATE POLICY inserts ON cmc_regimes FOR INSERT WITH CHECK (true);
CREATE POLICY everything ON cmc_regime_flips USING (true);
CREATE POLICY everything ON cmc_regime_stats USING (true);
CREATE POLICY everything ON cmc_regime_comovement USING (true);
SELECT correct(2);
SET ROLE "regress tenant";
SELECT id, status, rows_written, message FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
SELECT hint FROM cmc_regime_run_log ORDER BY run DESC, id LIMIT 1 \gset
\echo :hint
:hint
SET ROLE "regress tenant";
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
SELECT differing(2);
-- Rows hidden from SELECT, and from DELETE.
DROP POLICY pg_regime ON cmc_regimes;
ALTER POLICY reads ON cmc_regimes USING (ts > '2024-12-01');
SET ROLE "regress tenant";
SELECT id, status FROM refresh_cmc_regimes(2, full_refresh => true);
RESET ROLE;
ALTER POLICY reads ON cmc_regimes USING (true);
CREATE POLICY updates ON cmc_regimes FOR UPDATE USING (true);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3 AND time_close >= '2024-12-30';
DELETE FROM cmc_ema_multi_tf_u WHERE id = 3 AND ts >= '2024-12-30';
SET ROLE "regress tenant";
SELECT id, status, message FROM refresh_cmc_regimes(3);
RESET ROLE;
-- A restrictive policy: another one does not help.
CREATE POLICY never ON cmc_regimes AS RESTRICTIVE FOR DELETE USING (false);
SET ROLE "regress tenant";
SELECT id, status, message FROM refresh_cmc_regimes(3);
RESET ROLE;
ALTER TABLE cmc_regimes DISABLE ROW LEVEL SECURITY;
SELECT id, status, rows_written FROM refresh_cmc_regimes(3);
-- Triggers: one that leaves rows out, one that leaves them as they were although they count as updated.
CREATE TRIGGER keep BEFORE INSERT ON cmc_regime_flips FOR EACH ROW EXECUTE FUNCTION keep();
DELETE FROM cmc_regime_flips WHERE id = 2;
SELECT id, status, message FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT hint FROM cmc_regime_run_log ORDER BY run DESC, id LIMIT 1 \gset
:hint
SELECT id, status FROM refresh_cmc_regimes(2, full_refresh => true);
CREATE TRIGGER as_it_was BEFORE UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION as_it_was();
SELECT correct(2);
SELECT id, status, message FROM refresh_cmc_regimes(2);
DROP TRIGGER as_it_was ON cmc_regimes;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT differing(2);
-- A trigger that changes nothing of ours does no harm.
ALTER TABLE cmc_regimes ADD touched int;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := 1; RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION touch();
SELECT correct(2, 5);
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT differing(2), count(touched) > 0 AS touched FROM cmc_regimes WHERE id = 2;
DROP TRIGGER touch ON cmc_regimes;
-- Rules.
CREATE RULE nothing AS ON UPDATE TO cmc_regimes DO INSTEAD NOTHING;
SELECT correct(2, 4);
SELECT id, status, message FROM refresh_cmc_regimes(2);
SELECT hint FROM cmc_regime_run_log ORDER BY run DESC, id LIMIT 1 \gset
:hint
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT differing(2);
-- Regimes of candles, and of days.
CREATE TRIGGER keep BEFORE UPDATE ON market_regimes FOR EACH ROW EXECUTE FUNCTION keep();
SELECT symbol, status, message FROM refresh_market_regimes('YOUNG');
DROP TRIGGER keep ON market_regimes;
SELECT symbol, status FROM refresh_market_regimes('YOUNG');
CREATE TRIGGER keep BEFORE INSERT ON market_regime_history FOR EACH ROW EXECUTE FUNCTION keep();
CALL backfill_market_regime_history('2024-12-10', '2024-12-31', symbol => 'YOUNG');
SELECT status FROM market_regime_progress ORDER BY backfill DESC LIMIT 1;
SELECT hint FROM cmc_regime_run_log WHERE hint <> '' ORDER BY run DESC LIMIT 1 \gset
:hint
CREATE TRIGGER as_it_was BEFORE UPDATE ON market_regime_history FOR EACH ROW EXECUTE FUNCTION as_it_was();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
DROP TRIGGER as_it_was ON market_regime_history;
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
SELECT count(*) FROM (SELECT to_jsonb(c) - 'created_at' FROM market_regime_history_compute('YOUNG', '2024-11-01', '2024-12-31') c
    EXCEPT SELECT to_jsonb(h) - 'created_at' FROM market_regime_history h) x;
-- Working tables: a round and a backfill whose progress is swallowed would not end.
CREATE TRIGGER keep BEFORE UPDATE ON regime_work.cmc_regime_work FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER keep BEFORE UPDATE ON regime_work.market_regime_backfills FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER keep BEFORE UPDATE ON regime_work.cmc_regime_state FOR EACH ROW EXECUTE FUNCTION keep();
CALL refresh_all_cmc_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
SELECT correct(2);
SELECT id, status, message FROM refresh_cmc_regimes(2);
CREATE TRIGGER keep_new BEFORE INSERT ON regime_work.cmc_regime_work FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER keep_new BEFORE INSERT ON regime_work.market_regime_backfills FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER keep BEFORE INSERT ON regime_policy FOR EACH ROW EXECUTE FUNCTION keep();
DELETE FROM regime_work.cmc_regime_work;
CALL refresh_all_cmc_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
-- A trigger that routes rows to a child of the table.
DROP TRIGGER keep ON regime_work.cmc_regime_state;
CREATE TABLE old_regimes (CHECK (ts < '2024-06-01'), PRIMARY KEY (id, ts, tf)) INHERITS (cmc_regimes);
CREATE TABLE new_regimes (CHECK (ts >= '2024-06-01'), PRIMARY KEY (id, ts, tf)) INHERITS (cmc_regimes);
CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ts < '2024-06-01' THEN INSERT INTO old_regimes VALUES (NEW.*); ELSE INSERT INTO new_regimes VALUES (NEW.*); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER route BEFORE INSERT ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION route();
DELETE FROM cmc_regimes;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT tableoid::regclass, count(*) FROM cmc_regimes GROUP BY 1 ORDER BY min(tableoid::regclass::text);
SELECT append_bar(2, 60);
SELECT id, status, rows_written > 0 AS written, mode FROM refresh_cmc_regimes(2);
SELECT differing(2);
DROP OWNED BY "regress tenant";
DROP ROLE "regress tenant";
