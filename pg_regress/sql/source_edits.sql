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
