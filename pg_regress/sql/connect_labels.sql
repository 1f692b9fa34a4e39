-- Labels that were mapped for connected prices: a scheme of the connection's own goes with them, those of a built-in scheme stay.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
CREATE TABLE prices AS SELECT 'S' || a AS symbol, date '2020-01-01' + d AS date, (40 + abs(d % 300 - 150) + d * (31 + a) % 13)::float8 AS close
    FROM generate_series(1, 2) AS a, generate_series(1, 900) AS d;
CREATE TABLE other AS SELECT 'T' || symbol AS symbol, date, close FROM prices;
CREATE TABLE macro AS SELECT timestamptz '2021-01-01' AS ts, 'RiskOff' AS state;
\set ECHO all
SELECT item, detail FROM regime_connect('prices') WHERE item = 'profile';
SELECT item FROM regime_connect('other') WHERE step = 'made';
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column)
    VALUES ('iso', 'L4', 'macro', 'ts', 'state'), ('public.other', 'L3', 'macro', 'ts', 'state'), ('public.other', 'L4', 'macro', 'ts', 'state');
SELECT id, status FROM refresh_cmc_regimes();
SELECT * FROM regime_disconnect('other');
SELECT cal_scheme, layer, bars_table FROM regime_source_user ORDER BY 1, 2;
SELECT id, status FROM refresh_cmc_regimes();
SELECT * FROM regime_disconnect('prices');
SELECT cal_scheme, layer, bars_table FROM regime_source_user ORDER BY 1, 2;
SELECT detail FROM regime_health_details() WHERE detail ~ '\.\.';
