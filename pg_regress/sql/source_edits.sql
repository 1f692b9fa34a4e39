-- Every statement sees the source map as it is then: edits of the own transaction, edits that are rolled back, and rows that
-- take the place of others in the table.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE FUNCTION periods(p text) RETURNS text LANGUAGE sql AS $$
    UPDATE regime_source SET periods = p::int[] WHERE cal_scheme = 'iso' AND layer = 'L2'; SELECT p $$;
-- The periods that are read, by their hash.
CREATE TABLE hashes (p text, hash text);
CREATE FUNCTION read() RETURNS text LANGUAGE sql AS $$ SELECT p FROM hashes WHERE hash = regime_version_hash() $$;
SELECT regime_version_hash() AS built_in \gset
INSERT INTO hashes VALUES ('built in', :'built_in');
BEGIN;
SELECT periods('{1,2,3}');
INSERT INTO hashes SELECT '{1,2,3}', regime_version_hash();
SAVEPOINT a;
SELECT periods('{2,3,4}');
INSERT INTO hashes SELECT '{2,3,4}', regime_version_hash();
SELECT read();
SELECT count(DISTINCT hash) FROM hashes;
ROLLBACK TO a;
SELECT read();
SELECT periods('{2,3,4}');
SELECT read() IS NULL AS is_another;
ROLLBACK;
SELECT read();
-- In the place of the row before, by the same transaction.
BEGIN;
TRUNCATE regime_source_user;
SELECT periods('{1,2,3}');
INSERT INTO hashes SELECT '{1,2,3}', regime_version_hash();
SELECT ctid FROM regime_source_user;
TRUNCATE regime_source_user;
SELECT read();
SELECT periods('{2,3,4}');
SELECT ctid FROM regime_source_user;
SELECT read() IS NULL AS is_another;
SELECT count(DISTINCT hash) FROM (TABLE hashes UNION ALL SELECT '', regime_version_hash()) h;
COMMIT;
SELECT read() IS NULL AS is_another;
DELETE FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT read();
-- A deleted built-in row stays away, and may be inserted again; nothing but the view tells of it.
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L1';
SELECT count(*) FROM regime_source WHERE cal_scheme = 'us';
SELECT origin FROM regime_source_user WHERE cal_scheme = 'us';
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L1';
UPDATE regime_source SET tf = '7D' WHERE cal_scheme = 'us' AND layer = 'L1';
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table) VALUES ('us', 'L1', '7D', '{1,2,3}', 'bars', 'emas');
SELECT layer, tf, origin FROM regime_source WHERE cal_scheme = 'us' ORDER BY layer;
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L1';
UPDATE regime_source SET cal_scheme = 'moved' WHERE cal_scheme = 'us' AND layer = 'L0';
UPDATE regime_source SET layer = 'L1' WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT cal_scheme, layer, tf, origin FROM regime_source WHERE cal_scheme IN ('us', 'moved') ORDER BY 1, 2;
SELECT cal_scheme, layer, origin FROM regime_source_user WHERE cal_scheme = 'us' ORDER BY 1, 2;
SELECT count(*) FROM regime_source_built_in;
