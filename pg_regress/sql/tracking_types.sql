-- A load never fails because a column of a tracked source has another type by now: what the load changes is marked, or everything
-- is, and regime_health says what to do.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8);
INSERT INTO candles SELECT 'AAA', '1d', time_close, close, close * 1.02, close * 0.99, close * 1.01, 1000 FROM cmc_price_bars_multi_tf WHERE id = 3 AND tf = '1D';
ALTER TABLE cmc_price_bars_multi_tf DROP CONSTRAINT cmc_price_bars_multi_tf_pkey;
ALTER TABLE cmc_ema_multi_tf_u DROP CONSTRAINT cmc_ema_multi_tf_u_pkey;
CREATE TYPE word AS ENUM ('1d', 'AAA');
CREATE DOMAIN small AS int CHECK (value < 1000);
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT DISTINCT status FROM refresh_cmc_regimes('{2,3}'::int[]);
SELECT DISTINCT r.status FROM refresh_market_regimes() r, refresh_market_states();
CREATE TABLE change (n serial, relation text, name text, kind text, value text);
INSERT INTO change (relation, name, kind, value) VALUES
    ('cmc_price_bars_multi_tf', 'id', 'text', '%s::text'), ('cmc_price_bars_multi_tf', 'id', 'uuid', 'lpad(%s::text, 32, ''0'')::uuid'),
    ('cmc_price_bars_multi_tf', 'id', 'numeric', '%s + 0.5'), ('cmc_price_bars_multi_tf', 'id', 'small', '%s'), ('cmc_price_bars_multi_tf', 'time_close', 'text', '%s::text'),
    ('cmc_price_bars_multi_tf', 'time_close', 'bigint', 'extract(epoch FROM %s)::bigint'), ('cmc_price_bars_multi_tf', 'tf', 'int', '1'),
    ('cmc_ema_multi_tf_u', 'id', 'jsonb', 'to_jsonb(%s)'), ('cmc_ema_multi_tf_u', 'ts', 'tstzrange', 'tstzrange(%s, NULL)'), ('cmc_ema_multi_tf_u', 'ts', 'json', 'to_json(%s)'),
    ('candles', 'symbol', 'word', '%s::word'), ('candles', 'symbol', 'bytea', '%s::bytea'), ('candles', 'timeframe', 'int', '1'), ('candles', 'open_time', 'text', '%s::text'),
    ('candles', 'open_time', 'timestamp', '%s::timestamp');
CREATE TABLE seen (n int, event text, load text, marked bool, told text);
-- Each statement, and a row of logical replication, in a subtransaction that is rolled back.
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE c record; s seen; e record; alter text; other text;
BEGIN
    FOR c IN SELECT * FROM change ORDER BY n LOOP
        alter := format('CREATE TEMP TABLE copied AS TABLE %1$s; ALTER TABLE %1$s ALTER %2$s TYPE %3$s USING %4$s; ALTER TABLE copied ALTER %2$s TYPE %3$s USING %4$s', c.relation, c.name, c.kind, format(c.value, c.name));
        other := CASE c.relation WHEN 'candles' THEN 'close' WHEN 'cmc_ema_multi_tf_u' THEN 'ema' ELSE 'bar_seq' END;
        FOR e IN SELECT * FROM (VALUES ('UPDATE', 'UPDATE %1$s SET %2$s = 1'), ('DELETE', 'DELETE FROM %s'), ('INSERT', 'INSERT INTO %s TABLE copied'), ('TRUNCATE', 'TRUNCATE %s CASCADE'),
            ('row', 'SET LOCAL session_replication_role = replica; INSERT INTO %s TABLE copied LIMIT 3')) AS e (name, sql) LOOP
            s := ROW (c.n, e.name);
            BEGIN
                EXECUTE alter;
                BEGIN
                    EXECUTE format(e.sql, c.relation, other);
                    s.load := 'done';
                EXCEPTION WHEN OTHERS THEN
                    s.load := sqlerrm;
                END;
                SELECT count(*) > 0 INTO s.marked FROM (SELECT FROM cmc_regime_marks UNION ALL SELECT FROM market_regime_marks) m;
                IF e.name = 'UPDATE' THEN
                    SELECT string_agg(DISTINCT what || ': ' || command, '; ') INTO s.told FROM regime_health_details() WHERE what IN ('source map', 'untracked source');
                END IF;
                RAISE SQLSTATE 'ZZ001';
            EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
                INSERT INTO seen VALUES (s.*);
            END;
        END LOOP;
    END LOOP;
END $$;
CALL try();
SELECT relation, name, kind, string_agg(DISTINCT load, ', ') AS load, bool_and(marked) AS marked, max(told) AS told FROM change JOIN seen USING (n) GROUP BY n, 1, 2, 3 ORDER BY n;
ALTER TABLE candles ALTER symbol TYPE bytea USING symbol::bytea;
COPY candles (symbol, timeframe, open_time, close) FROM stdin;
\x42	1d	2024-06-01	1
\.
SELECT DISTINCT symbol, timeframe FROM market_regime_marks;
