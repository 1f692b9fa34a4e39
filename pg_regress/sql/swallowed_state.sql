-- Working tables: what a trigger keeps from being stored, or undoes afterwards, is never taken for stored. Either the refresh
-- fails, or the rows of later refreshes are right.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8,
    PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT 'YOUNG', '1d', time_close, close, close * 1.02, close * 0.99, close * 1.01, 1000 + bar_seq % 7
    FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D';
SELECT count(*) > 0 AS set_up FROM regime_setup();
-- What a trigger makes of a row: nothing, what the row was before, what the row was before but only afterwards, no row.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION as_it_was() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('DELETE FROM %s AS t WHERE t = $1', TG_RELID::regclass) USING NEW; RETURN NULL; END $$;
CREATE FUNCTION revert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE columns text;
BEGIN
    IF pg_trigger_depth() = 1 THEN
        SELECT string_agg(format('%1$I = ($1).%1$I', attname), ', ') INTO columns FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0;
        EXECUTE format('UPDATE %s AS t SET %s WHERE t = $2', TG_RELID::regclass, columns) USING OLD, NEW;
    END IF;
    RETURN NULL;
END $$;
-- A correction of bars and candles, or the end of it: the state changes, the newest row does not. Then a new bar and candle.
CREATE TABLE corrected (factor float8);
INSERT INTO corrected VALUES (0.5);
CREATE FUNCTION correct() RETURNS void LANGUAGE sql AS $$
    UPDATE corrected SET factor = 1 / factor;
    UPDATE cmc_price_bars_multi_tf SET close = close * factor FROM corrected WHERE id = 2 AND tf = '1D' AND bar_seq BETWEEN 360 AND 395;
    UPDATE candles SET open = open * factor, high = high * factor, low = low * factor, close = close * factor FROM corrected
        WHERE open_time BETWEEN '2024-11-20' AND '2024-12-27' AND extract(day FROM open_time)::int % 9 < 4 $$;
CREATE FUNCTION append() RETURNS void LANGUAGE sql AS $$
    SELECT append_bar(2, 50);
    INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 day', close, close * 1.1, close * 0.98, close * 1.04, volume FROM candles ORDER BY open_time DESC LIMIT 1 $$;
CREATE FUNCTION refresh(full_refresh bool DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT r.status FROM refresh_cmc_regimes(2, full_refresh => $1) r), (SELECT r.status FROM refresh_market_regimes('YOUNG', full_refresh => $1) r),
        (SELECT r.status FROM refresh_market_states('YOUNG', full_refresh => $1) r)) $$;
CREATE FUNCTION wrong() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', differ('{2}'),
        (SELECT count(*) FROM (SELECT to_jsonb(c) FROM market_regimes_compute('YOUNG', '1d') c EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_regimes m) x),
        (SELECT count(*) FROM (SELECT to_jsonb(c) FROM market_states_compute('YOUNG', '1d') c EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_states m) x)) $$;
CREATE TABLE try (n serial, name regclass, event text, does text, takes_back bool);
CREATE TABLE seen (n serial, name regclass, trigger text, changed text, back text, next text, wrong text);
INSERT INTO try (name, event, does, takes_back) SELECT 'regime_work.' || name, event, does, back
    FROM (VALUES ('cmc_regime_state', false), ('market_regime_state', false), ('market_state_series', false), ('cmc_regime_inputs', true)) AS t (name, back),
    (VALUES ('BEFORE UPDATE', 'keep'), ('BEFORE UPDATE', 'as_it_was'), ('AFTER UPDATE', 'revert'), ('AFTER INSERT', 'undo')) AS e (event, does);
INSERT INTO try (name, event, does) VALUES ('regime_work.market_state_ranks', 'BEFORE UPDATE', 'as_it_was'), ('regime_work.market_state_ranks', 'AFTER UPDATE', 'revert');
-- Under each trigger a correction, which is taken back while there is the trigger, or is not; then a new bar.
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE t record; s seen;
BEGIN
    FOR t IN SELECT * FROM try ORDER BY n LOOP
        PERFORM regime_track();
        PERFORM refresh(true);
        PERFORM refresh();
        s := ROW (nextval('seen_n_seq'), t.name, t.event || ' ' || t.does);
        IF t.event ~ 'INSERT' THEN EXECUTE format('DELETE FROM %s', t.name); END IF;
        EXECUTE format('CREATE TRIGGER t %s ON %s FOR EACH ROW EXECUTE FUNCTION %s()', t.event, t.name, t.does);
        COMMIT;
        PERFORM correct();
        s.changed := refresh();
        COMMIT;
        EXECUTE format('DROP TRIGGER t ON %s', t.name);
        IF t.takes_back THEN
            PERFORM correct();
            s.back := refresh();
        END IF;
        PERFORM append();
        s.next := refresh();
        s.wrong := wrong();
        INSERT INTO seen VALUES (s.*);
        COMMIT;
    END LOOP;
END $$;
SELECT count(*) > 0 AS tracked FROM regime_track();
CALL try();
SELECT name, trigger, changed, back, next, wrong FROM seen ORDER BY n;
-- Deletions that are kept: of states, when the bars have gone, of fingerprints and of ranks, when there are fewer bars, and of
-- marks. The bars come back.
CREATE TABLE kept AS SELECT * FROM cmc_price_bars_multi_tf WHERE id = 2;
CREATE TABLE kept_candles AS SELECT * FROM candles;
CREATE PROCEDURE keep_all(does text) LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'regime_work'::regnamespace AND relkind = 'r' AND relname ~ '_(state|inputs|series|ranks|dirty.*)$' LOOP
        EXECUTE format(does, name);
    END LOOP;
END $$;
CALL keep_all('CREATE TRIGGER keep BEFORE DELETE ON regime_work.%I FOR EACH ROW EXECUTE FUNCTION keep()');
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq > 100;
DELETE FROM candles WHERE open_time > '2024-03-01';
SELECT refresh() AS refreshed \gset
SELECT :'refreshed' AS refreshed, wrong();
SELECT refresh() AS refreshed \gset
SELECT :'refreshed' AS refreshed, wrong();
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2;
DELETE FROM candles;
INSERT INTO candles VALUES ('OTHER', '1d', '2024-01-01', 1, 1, 1, 1, 1);
SELECT refresh();
SELECT count(*) FROM cmc_regimes WHERE id = 2;
INSERT INTO cmc_price_bars_multi_tf TABLE kept;
INSERT INTO candles SELECT * FROM kept_candles ON CONFLICT DO NOTHING;
SELECT refresh() AS refreshed \gset
SELECT :'refreshed' AS refreshed, wrong();
CALL keep_all('DROP TRIGGER keep ON regime_work.%I');
SELECT append();
SELECT refresh() AS refreshed \gset
SELECT :'refreshed' AS refreshed, wrong();
-- Rounds and backfills whose progress is taken back do not go on for ever; nor is a policy loaded that is as it was.
CREATE TRIGGER t BEFORE UPDATE ON regime_work.cmc_regime_work FOR EACH ROW EXECUTE FUNCTION as_it_was();
CREATE TRIGGER t BEFORE UPDATE ON regime_work.market_regime_backfills FOR EACH ROW EXECUTE FUNCTION as_it_was();
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
CREATE TRIGGER t BEFORE UPDATE ON regime_policy FOR EACH ROW EXECUTE FUNCTION as_it_was();
SET statement_timeout = '60s';
CALL refresh_all_cmc_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.25}]');
