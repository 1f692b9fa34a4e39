-- Tables and columns of any name, in any schema, are read once regime_source names them; names and values are never SQL.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
CREATE TABLE before AS :content;
-- The same bars under odd names.
CREATE SCHEMA "Data ""x; DROP TABLE cmc_regimes; --";
CREATE VIEW "Data ""x; DROP TABLE cmc_regimes; --"."Bar s""x" AS SELECT id AS "Asset Id", tf AS "time'frame",
    time_close AS "select", close AS "close) OR (true" FROM cmc_price_bars_multi_tf;
CREATE TABLE "Data ""x; DROP TABLE cmc_regimes; --"."EMA's" ("ID" int, "TF" text, "table" timestamptz, "$1" int, "é" float8,
    ema_alt float8, "where ""id""" text, "Quote'd" text);
INSERT INTO "Data ""x; DROP TABLE cmc_regimes; --"."EMA's" SELECT id, tf, ts, period, ema, 0, 'a''b"c\d', 'x'
    FROM cmc_ema_multi_tf_u;
INSERT INTO "Data ""x; DROP TABLE cmc_regimes; --"."EMA's" SELECT id, tf, ts, period, 0, 0, 'a''b"c\d', 'y'
    FROM cmc_ema_multi_tf_u;
INSERT INTO "Data ""x; DROP TABLE cmc_regimes; --"."EMA's" SELECT id, tf, ts, period, 0, 0, 'other', 'x'
    FROM cmc_ema_multi_tf_u;
UPDATE regime_source SET bars_schema = 'Data "x; DROP TABLE cmc_regimes; --', bars_table = 'Bar s"x',
    bars_id_column = 'Asset Id', bars_tf_column = 'time''frame', bars_ts_column = 'select', close_column = 'close) OR (true',
    ema_schema = 'Data "x; DROP TABLE cmc_regimes; --', ema_table = 'EMA''s', ema_id_column = 'ID', ema_tf_column = 'TF',
        ema_ts_column = 'table', ema_period_column = '$1', ema_column = 'é',
    ema_filter = '{"where \"id\"": "a''b\"c\\d", "Quote''d": "x"}' WHERE cal_scheme = 'iso' AND layer = 'L2';
DROP TABLE dim_assets, cmc_ema_multi_tf_u;
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT count(*) FROM regime_label_daily(1);
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x WHERE id <= 3;

-- Injection through a filter: in its value, in its column, with standard strings off, with a backslash or a dollar quote.
CREATE TABLE canary AS SELECT 1 AS alive;
CREATE FUNCTION with_filter(filter jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE regime_source SET ema_filter = filter WHERE cal_scheme = 'iso' AND layer = 'L2';
    PERFORM regime_compute(3);
    RETURN 'read';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT with_filter('{"Quote''d": "x'' OR true; DROP TABLE canary; --"}');
SELECT with_filter('{"Quote''d": "\\''; DROP TABLE canary; --"}');
SELECT with_filter('{"Quote''d": "$$; DROP TABLE canary; --"}');
SELECT with_filter('{"Quote''d": "x\u0027; DROP TABLE canary; --"}');
SELECT with_filter('{"x\" IS NULL; DROP TABLE canary; --": 1}');
SELECT with_filter('{"Quote''d": null}');
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT with_filter('{"Quote''d": "\\\\''; DROP TABLE canary; --"}');
SELECT with_filter('{"Quote''d": "\\\\"}');
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT with_filter('{}');
-- The timeframe, the scheme, the policy and the L4 label are parameters.
UPDATE regime_source SET ema_filter = '{"Quote''d": "x", "where \"id\"": "other"}', tf = '1D''; DROP TABLE canary; --'
    WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT status FROM refresh_cmc_regimes(3);
SELECT status FROM refresh_cmc_regimes(3, cal_scheme => 'iso''; DROP TABLE canary; --');
SELECT status FROM refresh_cmc_regimes(3, policy => '''; DROP TABLE canary; --');
UPDATE regime_source SET tf = '1D' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT status FROM refresh_cmc_regimes(3, l4_label => '''; DROP TABLE canary; --');
SELECT DISTINCT l4_label FROM cmc_regimes WHERE id = 3;
-- So is the target schema.
SET pg_regime.target_schema = 'public; DROP TABLE canary; --';
SELECT status FROM refresh_cmc_regimes(3);
SELECT * FROM regime_setup('"; DROP TABLE canary; --');
RESET pg_regime.target_schema;
TABLE canary;
DROP SCHEMA "Data ""x; DROP TABLE cmc_regimes; --" CASCADE;
