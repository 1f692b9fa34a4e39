-- The owner of a tracked source renames the triggers, or makes one: in a trigger without transition tables, the names of these
-- are not those of temporary views, which the function would read as the role that tracks.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE ROLE regress_mallory;
-- What a rollback does not undo.
CREATE SEQUENCE sprung;
GRANT USAGE ON SCHEMA public TO regress_mallory;
CREATE TABLE candles AS SELECT 'PROXY'::text AS symbol, '1d'::text AS timeframe, date_trunc('day', time_close) AS open_time, close AS open, close, close * 1.01 AS high, close * 0.99 AS low, 1::float8 AS volume
FROM cmc_price_bars_multi_tf WHERE id = 1;
ALTER TABLE candles ADD PRIMARY KEY (symbol, timeframe, open_time);
ALTER TABLE cmc_price_bars_multi_tf OWNER TO regress_mallory;
ALTER TABLE candles OWNER TO regress_mallory;
SELECT DISTINCT status FROM refresh_cmc_regimes();
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT DISTINCT status FROM refresh_market_states();
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE confrelid = 'candles'::regclass \gexec
CREATE SCHEMA m AUTHORIZATION regress_mallory;
SET ROLE regress_mallory;
CREATE FUNCTION m.spring() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    IF current_user <> 'regress_mallory' THEN PERFORM nextval('public.sprung'); END IF;
    RETURN true;
END $$;
-- Each trigger in turn gets the name of each other one, and fires whatever the role of the session.
CREATE FUNCTION m.swap(of_table regclass, work text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    swapped bigint := 0;
    a name;
    b name;
    statement text;
BEGIN
    FOR a, b IN SELECT t.tgname, u.tgname FROM pg_trigger t, pg_trigger u WHERE t.tgrelid = of_table AND u.tgrelid = of_table AND t.tgname ~ '^pg_regime' AND u.tgname ~ '^pg_regime' AND t.tgname <> u.tgname LOOP
        BEGIN
            EXECUTE format('ALTER TRIGGER %I ON %s RENAME TO aside', b, of_table);
            EXECUTE format('ALTER TRIGGER %I ON %s RENAME TO %I', a, of_table, b);
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', of_table, b);
            FOREACH statement IN ARRAY work LOOP
                EXECUTE statement;
            END LOOP;
            swapped := swapped + 1;
            RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ001';
        EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
            NULL;
        END;
    END LOOP;
    RETURN swapped;
END $$;
CREATE TEMP VIEW pg_ts_parser AS SELECT b.* FROM public.cmc_price_bars_multi_tf AS b WHERE m.spring();
CREATE TEMP VIEW pg_ts_template AS TABLE pg_temp.pg_ts_parser;
CREATE TEMP VIEW new_rows AS TABLE pg_temp.pg_ts_parser;
CREATE TEMP VIEW old_rows AS TABLE pg_temp.pg_ts_parser;
SELECT m.swap('public.cmc_price_bars_multi_tf', ARRAY[$$INSERT INTO public.cmc_price_bars_multi_tf VALUES (2, '1D', 401, '2025-01-01', 57)$$,
    'UPDATE public.cmc_price_bars_multi_tf SET close = 58 WHERE id = 2 AND bar_seq = 401', 'DELETE FROM public.cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 401',
    'TRUNCATE public.cmc_price_bars_multi_tf']) AS swapped;
DROP VIEW pg_temp.pg_ts_parser CASCADE;
CREATE TEMP VIEW pg_ts_parser AS SELECT c.* FROM public.candles AS c WHERE m.spring();
CREATE TEMP VIEW pg_ts_template AS TABLE pg_temp.pg_ts_parser;
CREATE TEMP VIEW new_rows AS TABLE pg_temp.pg_ts_parser;
CREATE TEMP VIEW old_rows AS TABLE pg_temp.pg_ts_parser;
SELECT m.swap('public.candles', ARRAY[$$INSERT INTO public.candles VALUES ('PROXY', '1d', '2030-01-01', 57, 57, 58, 56, 1)$$,
    $$UPDATE public.candles SET close = 58 WHERE open_time = '2030-01-01'$$, $$DELETE FROM public.candles WHERE open_time = '2030-01-01'$$,
    'TRUNCATE public.candles']) AS swapped;
-- A trigger of the owner's own, where the role that tracks lets everybody call functions.
RESET ROLE;
DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT DISTINCT tgfoid::regprocedure FROM pg_trigger WHERE tgname ~ '^pg_regime' LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', f); END LOOP;
END $$;
GRANT USAGE ON SCHEMA regime_work TO PUBLIC;
SET ROLE regress_mallory;
DO $$
DECLARE
    t record;
    work text;
BEGIN
    FOR t IN SELECT tgname, tgfoid::regproc AS f, upper(substring(tgname FROM '_(insert|update|delete)$')) AS event FROM pg_trigger WHERE tgrelid = 'public.candles'::regclass AND tgname ~ '_(insert|update|delete)$' LOOP
        EXECUTE format('DROP TRIGGER %I ON public.candles', t.tgname);
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON public.candles FOR EACH STATEMENT EXECUTE FUNCTION %s()', t.tgname, t.event, t.f);
    END LOOP;
    FOREACH work IN ARRAY ARRAY[$_$INSERT INTO public.candles VALUES ('PROXY', '1d', '2030-01-01', 57, 57, 58, 56, 1)$_$, 'UPDATE public.candles SET close = 58', 'DELETE FROM public.candles'] LOOP
        BEGIN
            EXECUTE work;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
END $$;
RESET ROLE;
SELECT is_called AS code_of_mallory_ran FROM sprung;
-- A row under a renamed trigger leaves its mark all the same.
ALTER TRIGGER pg_regime_insert ON cmc_price_bars_multi_tf RENAME TO pg_regime_own_name;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 401, '2025-01-01 23:59:59+00', 57);
SELECT id, since FROM cmc_regime_marks;
