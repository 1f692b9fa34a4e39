-- A session that planned while the tables of marks were empty reads, leaves and clears marks at a cost that grows with the
-- marks, not with their square: of 200 subjects with six marks each, no statement reads more than 60 rows per subject.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8,
    PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO dim_assets SELECT id, 'A' || id, true FROM generate_series(1001, 1300) AS id;
-- Day n of assets and candle n of as many symbols; and by statements for so many of them.
CREATE FUNCTION load(first int, last int, n int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', n, timestamptz '2024-12-31 23:59:59+00' + n * interval '1 day', 50
        FROM generate_series(first, last) AS id;
    INSERT INTO candles SELECT 'S' || id, '1h', timestamptz '2024-01-01' + n * interval '1 hour', 1, 2, 1, 1, 1
        FROM generate_series(first, last) AS id $$;
CREATE PROCEDURE load(first int, last int, of_load int, n int) LANGUAGE sql AS $$
    SELECT load(i, least(i + of_load - 1, last), n) FROM generate_series(first, last, of_load) AS i $$;
-- The rows of tables of marks and states that this transaction has read.
CREATE FUNCTION rows_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname ~ '_(dirty|dirty_many|dirty_done|state)$' $$;
CREATE TABLE taken (n int GENERATED ALWAYS AS IDENTITY, what text, rows_read bigint);
CREATE PROCEDURE take(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE before bigint := rows_read();
BEGIN
    EXECUTE statement;
    INSERT INTO taken (what, rows_read) VALUES (what, rows_read() - before);
END $$;
-- Marks of statements that touch all subjects (array rows) and up to 20 (a row each); what reads and what clears them.
CREATE PROCEDURE take_all(first int, last int) LANGUAGE plpgsql AS $$
DECLARE
    range text := format('%s, %s', first, last);
    what text;
    statement text;
BEGIN
    FOR what, statement IN VALUES
        ('leave marks', format('CALL load(%1$s, 1000, 1); CALL load(%1$s, 1000, 2)', range)),
        ('refresh new', 'SELECT refresh_cmc_regimes(); SELECT refresh_market_regimes(); SELECT refresh_market_states()'),
        ('leave marks', format('CALL load(%1$s, 1000, 3); CALL load(%1$s, 20, 4); CALL load(%1$s, 1000, 5); CALL load(%1$s, 20, 6)', range)),
        ('leave marks row by row', format('SET LOCAL session_replication_role = replica; CALL load(%1$s, 1, 7); CALL load(%1$s, 1, 8)', range)),
        ('cmc_regime_marks', 'TABLE cmc_regime_marks'),
        ('market_regime_marks', 'TABLE market_regime_marks'),
        ('regime_status', 'SELECT regime_status()'),
        ('regime_latest', 'SELECT regime_latest()'),
        ('regime_health', 'SELECT regime_health_details()'),
        ('get_market_regimes', 'SELECT get_market_regimes(symbol, ''1h'') FROM (SELECT DISTINCT symbol FROM candles) AS s'),
        ('get_market_states', 'SELECT get_market_states(symbol, ''1h'') FROM (SELECT DISTINCT symbol FROM candles) AS s'),
        ('market_state_latest', 'SELECT market_states_latest()'),
        ('refresh_cmc_regimes', 'SELECT refresh_cmc_regimes(only_dirty => true)'),
        ('refresh_market_regimes', 'SELECT refresh_market_regimes()'),
        ('refresh_market_states', 'SELECT refresh_market_states()'),
        ('refresh again', 'SELECT refresh_cmc_regimes(); SELECT refresh_market_regimes(); SELECT refresh_market_states()')
    LOOP
        CALL take(what, statement);
        COMMIT;
    END LOOP;
END $$;
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
-- Statistics of empty tables, which stay.
SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', oid::regclass), format('VACUUM ANALYZE %s', oid::regclass)
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'regime_work'::regnamespace AND relname ~ '_(dirty|dirty_many|dirty_done|state)$' ORDER BY 1, 2 \g /dev/null
\gexec
SELECT format('CALL take_all(%1$s, %1$s)', id) FROM generate_series(1001, 1008) AS id \gexec
TRUNCATE taken;
CALL take_all(1101, 1300);
SELECT what, CASE WHEN rows_read > 200 * 60 THEN rows_read END AS too_many FROM taken ORDER BY n;
SELECT count(*) FROM cmc_regime_marks;
SELECT count(*) FROM market_regime_marks;
