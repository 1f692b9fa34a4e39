-- The regime beside each signal of a table.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
CREATE TABLE dim_signals (signal_id int PRIMARY KEY, name text, regime_enabled boolean NOT NULL DEFAULT true);
CREATE TABLE signals (id int, ts timestamptz, signal_id int, direction text, entry_price float8);
INSERT INTO signals VALUES
    (1, '2024-06-15 23:59:59+00', 1, 'long', 1), -- at the close of a row: known from then on
    (1, '2024-06-15 23:59:58.999999+00', 1, 'long', 1), -- the row before
    (2, '2024-12-31 12:00+00', 1, 'long', 1),
    (1, '2018-01-01', 1, 'long', 1), (99, '2024-01-01', 1, 'long', 1), (NULL, '2024-01-01', 1, 'long', 1), (1, NULL, 1, 'long', 1),
    (1, 'infinity', 1, 'long', 1), (1, '-infinity', 1, 'long', 1);
-- The column is made; again there is nothing to do.
SELECT regime_tag_signals('signals');
SELECT id, ts, regime_key FROM signals ORDER BY id, ts;
SELECT regime_tag_signals('signals');
-- It is what regime_at says.
SELECT count(*) FROM signals s, regime_at(coalesce(s.id, -1), coalesce(s.ts, '-infinity')) r WHERE s.regime_key <> r.regime_key;
-- Only what is not there is filled, also after rows have changed.
UPDATE signals SET regime_key = 'mine' WHERE id = 2;
UPDATE signals SET regime_key = NULL WHERE id = 1 AND ts = 'infinity';
INSERT INTO signals VALUES (2, '2024-12-31 12:00+00', 2, 'short', 1);
SELECT regime_tag_signals('signals');
SELECT id, ts, regime_key FROM signals WHERE id = 2 OR ts = 'infinity' ORDER BY id, ts, signal_id;
-- Never a row that is later than the signal: as if it were not there yet.
CREATE TABLE every AS SELECT 1 AS id, t AS ts FROM generate_series(timestamptz '2019-01-01', '2024-12-31', '17 hours') AS t;
SELECT regime_tag_signals('every');
SELECT count(*) AS differ FROM every s WHERE regime_key <> coalesce((SELECT regime_key FROM cmc_regimes r WHERE r.id = 1
    AND r.ts = (SELECT max(m.ts) FROM cmc_regimes m WHERE m.id = 1 AND m.ts <= s.ts)), 'Unknown');
-- An old regime is none, as the setting says.
SET pg_regime.max_age = '1 h';
ALTER TABLE signals ADD recent text;
SELECT regime_tag_signals('signals', key_column => 'recent');
SELECT id, ts, recent FROM signals ORDER BY id, ts, signal_id;
RESET pg_regime.max_age;

-- Columns of other names and types; a time without a zone is UTC.
SET timezone = 'Asia/Tokyo';
CREATE TABLE "My ""Signals" ("Asset; DROP TABLE x" bigint, "when'" timestamp, day date, small smallint, n int);
INSERT INTO "My ""Signals" VALUES (1, '2024-06-15 23:59:59', '2024-06-16', 1, 1), (1, '2024-06-15 23:59:58', '2024-06-15', 1, 1);
SELECT regime_tag_signals('"My ""Signals"', 'Asset; DROP TABLE x', 'when''', '"key" = NULL --');
SELECT regime_tag_signals('"My ""Signals"', asset_column => 'small', ts_column => 'day', key_column => 'by day');
SET timezone = 'UTC';
SELECT s."when'", s.day, s."""key"" = NULL --" = r.regime_key AS by_time, s."by day" = d.regime_key AS by_day, r.ts, d.ts
    FROM "My ""Signals" s, regime_at(1, "when'" AT TIME ZONE 'UTC') r, regime_at(1, day::timestamp AT TIME ZONE 'UTC') d;
-- A partitioned table, a temporary one, one in another schema.
CREATE TABLE parted (id int, ts timestamptz, n int) PARTITION BY RANGE (ts);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE parted_new PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
INSERT INTO parted VALUES (1, '2023-06-01', 1), (1, '2024-06-01', 2), (9, '2024-06-01', 3);
SELECT regime_tag_signals('parted');
SELECT tableoid::regclass, id, ts, regime_key FROM parted ORDER BY n;
SELECT regime_tag_signals('parted_old', key_column => 'regime_key');
CREATE TEMP TABLE signals AS SELECT 1 AS id, timestamptz '2024-06-01' AS ts;
SELECT regime_tag_signals('pg_temp.signals');
CREATE SCHEMA desk;
CREATE TABLE desk.s AS SELECT 1 AS id, timestamptz '2024-06-01' AS ts, NULL::varchar AS regime_key;
SELECT regime_tag_signals('desk.s');
TABLE desk.s;
DROP TABLE pg_temp.signals;

-- What cannot be.
SELECT regime_tag_signals('signals', asset_column => 'asset');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_tag_signals('signals', ts_column => 'TS');
SELECT regime_tag_signals('signals', asset_column => 'entry_price');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_tag_signals('signals', ts_column => 'signal_id');
SELECT regime_tag_signals('signals', key_column => 'signal_id');
SELECT regime_tag_signals('signals', key_column => '');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_tag_signals('signals', key_column => repeat('k', 64));
SELECT regime_tag_signals('signals', key_column => 'ctid');
CREATE TABLE generated (id int, ts timestamptz, a text, regime_key text GENERATED ALWAYS AS (upper(a)) STORED);
SELECT regime_tag_signals('generated');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW seen AS SELECT * FROM signals;
SELECT regime_tag_signals('seen');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_tag_signals(4294967295);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_tag_signals('nothing');
SELECT regime_tag_signals(NULL);
SELECT regime_tag_signals('signals', NULL);
BEGIN READ ONLY;
SELECT regime_tag_signals('signals');
ROLLBACK;
-- Privileges: of the caller, no others. Each hint is enough.
CREATE ROLE regress_tagger;
CREATE FUNCTION typed(statement text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..10 LOOP
        BEGIN
            SET ROLE regress_tagger;
            EXECUTE statement;
            RESET ROLE;
            state := '00000'; message := 'done'; hint := NULL;
            RETURN NEXT;
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            RETURN NEXT;
            EXECUTE split_part(hint, ';', 1);
        END;
    END LOOP;
END $$;
CREATE TABLE theirs AS SELECT 1 AS id, timestamptz '2024-06-01' AS ts, 'secret' AS note;
SELECT * FROM typed($$SELECT regime_tag_signals('theirs')$$);
SELECT id, ts, regime_key FROM theirs;
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA desk CASCADE;
DROP OWNED BY regress_tagger;
DROP ROLE regress_tagger;
-- Assets by symbols, in whatever type of text; no asset, and a symbol of two assets, have no regime.
RESET client_min_messages;
CREATE TABLE by_name (symbol varchar(20), padded char(12), ts timestamptz, n int);
INSERT INTO by_name SELECT d.symbol, d.symbol, t, d.id FROM public.dim_assets d, generate_series(timestamptz '2024-10-01', '2024-12-31', '19 hours') t WHERE d.id <= 2;
INSERT INTO by_name VALUES ('NOBODY', 'NOBODY', '2024-12-01', 9), (NULL, NULL, '2024-12-01', 9), ('TWICE', 'TWICE', '2024-12-01', 9);
INSERT INTO public.dim_assets VALUES (21, 'TWICE'), (22, 'TWICE');
SELECT regime_tag_signals('by_name', 'symbol');
SELECT regime_tag_signals('by_name', asset_column => 'padded', key_column => 'again');
SELECT count(*) > 200 AS many, count(*) FILTER (WHERE s.regime_key IS DISTINCT FROM r.regime_key OR s.again IS DISTINCT FROM r.regime_key) AS differ
FROM by_name s, regime_at(s.n, s.ts) r;
ALTER TABLE public.dim_assets RENAME symbol TO ticker;
SELECT regime_tag_signals('by_name', 'symbol', key_column => 'third');
