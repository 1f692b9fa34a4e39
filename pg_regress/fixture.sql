\set ECHO none
-- What a test starts from: the extension in an otherwise empty schema public, and bars of four assets, the
-- last of all being that of 2024-12-31:
--   1  2200 days: every layer is enabled, tier full; the market proxy
--   2   400 days: too few months for L0, tier lite
--   3    40 days: no layer is enabled
--   4   200 days: too few weeks for L1; not active
-- Prices are integer arithmetic and "EMAs" are trailing means of integers, so all machines have the same.
\i :abs_srcdir/empty.sql

CREATE TABLE dim_assets (id int PRIMARY KEY, symbol text, is_active boolean NOT NULL DEFAULT true);
CREATE TABLE cmc_price_bars_multi_tf (id int, tf text, bar_seq int, time_close timestamptz NOT NULL, close float8,
    PRIMARY KEY (id, tf, bar_seq));
CREATE TABLE cmc_price_bars_multi_tf_cal_iso (LIKE cmc_price_bars_multi_tf INCLUDING ALL);
CREATE TABLE cmc_price_bars_multi_tf_cal_us (LIKE cmc_price_bars_multi_tf INCLUDING ALL);
CREATE TABLE cmc_ema_multi_tf_u (id int, ts timestamptz, tf text, period int, ema float8, alignment_source text,
    PRIMARY KEY (id, ts, tf, period));
CREATE TABLE cmc_ema_multi_tf_cal_iso (id int, tf text, ts timestamptz, period int, roll boolean, ema float8,
    PRIMARY KEY (id, tf, ts, period));
CREATE TABLE cmc_ema_multi_tf_cal_us (LIKE cmc_ema_multi_tf_cal_iso INCLUDING ALL);

INSERT INTO dim_assets VALUES (1, 'PROXY', true), (2, 'YOUNG', true), (3, 'NEW', true), (4, 'GONE', false);

-- Bar d of an asset, in cents: a triangular wave of 300 days and a zigzag that is three times as wild in
-- one third of the time as in another.
CREATE FUNCTION cents(asset int, d int) RETURNS int IMMUTABLE LANGUAGE sql AS
    'SELECT 4000 + 40 * abs((d + 70 * asset) % 300 - 150) + (1 + d / 80 % 3 * 2) * (d * (31 + asset) % 13 - 6) * 9';

CREATE TEMP TABLE bar AS
    SELECT id, d, timestamptz '2018-12-23 23:59:59+00' + d * interval '1 day' AS ts, cents(id, d) AS cents
    FROM (VALUES (1, 2200), (2, 400), (3, 40), (4, 200)) AS a (id, days), generate_series(2201 - days, 2200) AS d;

INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', row_number() OVER (PARTITION BY id ORDER BY ts), ts, cents / 100.0
    FROM bar;
INSERT INTO cmc_price_bars_multi_tf_cal_iso
    SELECT id, '1W', row_number() OVER (PARTITION BY id ORDER BY ts), ts, cents / 100.0 FROM bar
        WHERE extract(isodow FROM ts) = 7;
INSERT INTO cmc_price_bars_multi_tf_cal_us
    SELECT id, '1W', row_number() OVER (PARTITION BY id ORDER BY ts), ts, cents / 100.0 FROM bar
        WHERE extract(isodow FROM ts) = 6;
INSERT INTO cmc_price_bars_multi_tf_cal_iso
    SELECT id, '1M', row_number() OVER (PARTITION BY id ORDER BY ts), ts, cents / 100.0 FROM bar
        WHERE extract(day FROM ts + interval '1 day') = 1;
INSERT INTO cmc_price_bars_multi_tf_cal_us SELECT * FROM cmc_price_bars_multi_tf_cal_iso WHERE tf = '1M';

-- The mean of the last `period` closes, from the bar on that has so many.
CREATE FUNCTION means(bars regclass, timeframe text, periods int[])
RETURNS TABLE (id int, ts timestamptz, period int, ema float8) LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
    FOREACH n IN ARRAY periods LOOP
        RETURN QUERY EXECUTE format(
            'SELECT id, time_close, %1$s, mean::float8 / 100 FROM (SELECT *, avg((close * 100)::int) OVER '
            '(PARTITION BY id ORDER BY time_close ROWS %1$s - 1 PRECEDING) AS mean FROM %2$s WHERE tf = $1) b WHERE bar_seq >= %1$s',
            n, bars) USING timeframe;
    END LOOP;
END $$;
INSERT INTO cmc_ema_multi_tf_u SELECT id, ts, '1D', period, ema, 'multi_tf'
    FROM means('cmc_price_bars_multi_tf', '1D', '{20,50,100}');
INSERT INTO cmc_ema_multi_tf_cal_iso SELECT id, '1W', ts, period, false, ema
    FROM means('cmc_price_bars_multi_tf_cal_iso', '1W', '{20,50,200}');
INSERT INTO cmc_ema_multi_tf_cal_iso SELECT id, '1M', ts, period, false, ema
    FROM means('cmc_price_bars_multi_tf_cal_iso', '1M', '{12,24,48}');
INSERT INTO cmc_ema_multi_tf_cal_us SELECT id, '1W', ts, period, false, ema
    FROM means('cmc_price_bars_multi_tf_cal_us', '1W', '{20,50,200}');
INSERT INTO cmc_ema_multi_tf_cal_us SELECT id, '1M', ts, period, false, ema
    FROM means('cmc_price_bars_multi_tf_cal_us', '1M', '{12,24,48}');
DROP TABLE bar;

-- One more daily bar, a day after an asset's last, with EMAs.
CREATE FUNCTION append_bar(asset int, price float8) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf
        SELECT id, tf, bar_seq + 1, time_close + interval '1 day', price FROM cmc_price_bars_multi_tf
        WHERE id = asset AND tf = '1D' ORDER BY time_close DESC LIMIT 1;
    INSERT INTO cmc_ema_multi_tf_u
        SELECT id, ts + interval '1 day', tf, period, ema + (price - ema) * 2 / (period + 1), alignment_source
            FROM cmc_ema_multi_tf_u
        WHERE id = asset AND ts = (SELECT max(ts) FROM cmc_ema_multi_tf_u WHERE id = asset)
$$;

-- The hint of the error that a statement ends with.
CREATE FUNCTION hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END $$;

-- How many rows of the four output tables differ from those of a full refresh into empty tables of another schema, with the
-- same arguments.
CREATE FUNCTION differ(ids int[], arguments text DEFAULT '') RETURNS bigint LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
    content text := 'SELECT 1 AS output, to_jsonb(r) - ''updated_at'' AS line FROM %1$s.cmc_regimes r WHERE id = ANY ($1)
        UNION ALL SELECT 2, to_jsonb(f) - ''updated_at'' FROM %1$s.cmc_regime_flips f WHERE id = ANY ($1)
        UNION ALL SELECT 3, to_jsonb(s) - ''computed_at'' FROM %1$s.cmc_regime_stats s WHERE id = ANY ($1)
        UNION ALL SELECT 4, to_jsonb(c) - ''computed_at'' FROM %1$s.cmc_regime_comovement c WHERE id = ANY ($1)';
    here text := format(content, 'public');
    there text := format(content, 'whole');
    filled regclass;
    rows bigint;
BEGIN
    CREATE SCHEMA IF NOT EXISTS whole;
    FOR filled IN SELECT oid FROM pg_class WHERE relnamespace IN (to_regnamespace('whole'), to_regnamespace('whole_regime_work')) AND relkind = 'r' LOOP
        EXECUTE format('DELETE FROM %s', filled);
    END LOOP;
    PERFORM set_config('pg_regime.target_schema', 'whole', true);
    EXECUTE concat_ws(', ', 'SELECT FROM refresh_cmc_regimes($1', nullif(arguments, '')) || ')' USING ids;
    PERFORM set_config('pg_regime.target_schema', 'public', true);
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) d',
        '(' || here || ')', '(' || there || ')') INTO rows USING ids;
    RETURN rows;
END $$;

-- What a refresh says, without how long it took and the hash of the version.
\set summary 'id, status, regime_rows, flip_rows, stat_rows, comovement_rows, rows_written, feature_tier, message'
-- How it came to that.
\set how 'id, status, mode, reason, rows_written'
-- The tables that a refresh writes, the outputs first.
\set outputs 'cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement'
\set tables :outputs ', regime_work.cmc_regime_state, regime_work.cmc_regime_inputs, regime_work.cmc_regime_dirty, regime_work.cmc_regime_dirty_many, regime_work.cmc_regime_dirty_done, regime_work.cmc_regime_run_log, regime_work.cmc_regime_work'
-- All that the four output tables hold, without when it was written. To compare: EXCEPT ALL, both ways.
\set content 'SELECT ''regimes'' AS output, id, to_jsonb(r) - ''updated_at'' AS line FROM cmc_regimes r UNION ALL SELECT ''flips'', id, to_jsonb(f) - ''updated_at'' FROM cmc_regime_flips f UNION ALL SELECT ''stats'', id, to_jsonb(s) - ''computed_at'' FROM cmc_regime_stats s UNION ALL SELECT ''comovement'', id, to_jsonb(c) - ''computed_at'' FROM cmc_regime_comovement c'
RESET client_min_messages;
\set ECHO all
