-- A refresh writes what changed and nothing else: updated_at moves on those rows only.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
-- What a statement did to the rows of an asset. Statements are transactions, so every stamp of before is older.
CREATE TABLE before AS SELECT id, ts, updated_at, to_jsonb(r) - 'updated_at' AS line FROM cmc_regimes r;
CREATE VIEW changed AS SELECT count(*) FILTER (WHERE b.id IS NULL) AS inserted, count(*) FILTER (WHERE r.id IS NULL) AS deleted,
    count(*) FILTER (WHERE b.line <> to_jsonb(r) - 'updated_at') AS updated,
        count(*) FILTER (WHERE b.line = to_jsonb(r) - 'updated_at') AS same,
    count(*) FILTER (WHERE (b.updated_at <> r.updated_at) <> (b.line <> to_jsonb(r) - 'updated_at')) AS wrong_stamp,
        min(ts) FILTER (WHERE b.updated_at IS DISTINCT FROM r.updated_at) AS since
    FROM before b FULL JOIN cmc_regimes r USING (id, ts) WHERE id = 2;
CREATE VIEW stamps AS SELECT (SELECT count(DISTINCT updated_at) FROM cmc_regime_flips WHERE id = 2) AS flips,
    (SELECT count(DISTINCT computed_at) FROM cmc_regime_stats WHERE id = 2) AS stats,
    (SELECT count(DISTINCT computed_at) FROM cmc_regime_comovement WHERE id = 2) AS comovement;
-- Nothing changed.
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
TABLE changed;
TABLE stamps;
-- A bar is appended: one row; the shares of history of all keys, and the comovement as a whole.
SELECT append_bar(2, 58);
SELECT id, status, regime_rows, flip_rows, rows_written FROM refresh_cmc_regimes(2);
TABLE changed;
TABLE stamps;
-- A bar in the middle is corrected: rows from there on may change, and only those.
DELETE FROM before;
INSERT INTO before SELECT id, ts, updated_at, to_jsonb(r) - 'updated_at' FROM cmc_regimes r;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.5 WHERE id = 2 AND bar_seq = 250;
SELECT id, status, regime_rows, flip_rows, rows_written FROM refresh_cmc_regimes(2);
SELECT *, since >= (SELECT time_close FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 250) AS from_there_on
    FROM changed;
-- Put right, everything is as before.
UPDATE cmc_price_bars_multi_tf SET close = close / 1.5 WHERE id = 2 AND bar_seq = 250;
SELECT id, status, regime_rows, flip_rows FROM refresh_cmc_regimes(2);
SELECT inserted, deleted, updated FROM changed;
-- A bar is deleted. Its EMAs, which now have no bar, are ignored.
DELETE FROM before;
INSERT INTO before SELECT id, ts, updated_at, to_jsonb(r) - 'updated_at' FROM cmc_regimes r;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 401;
SELECT id, status, regime_rows, flip_rows, rows_written FROM refresh_cmc_regimes(2);
TABLE changed;
-- A parameter that changes no label changes the hash of every row all the same.
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(2, min_bars_l2 => 121);
SELECT inserted, deleted, updated, same FROM changed;
SELECT DISTINCT regime_version_hash = regime_version_hash(min_bars_l2 => 121) AS hash FROM cmc_regimes WHERE id = 2;
-- Rows of one's own under another tf are left alone; a row that does not belong under 1D goes.
INSERT INTO cmc_regimes SELECT (jsonb_populate_record(r, '{"tf": "4H"}')).* FROM cmc_regimes r WHERE id = 2 ORDER BY ts LIMIT 1;
INSERT INTO cmc_regimes SELECT (jsonb_populate_record(r, '{"ts": "2001-01-01"}')).* FROM cmc_regimes r
    WHERE id = 2 AND tf = '1D' ORDER BY ts LIMIT 1;
UPDATE cmc_regimes SET size_mult = 9 WHERE id = 2 AND ts = (SELECT max(ts) FROM cmc_regimes WHERE id = 2);
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(2, min_bars_l2 => 121);
SELECT tf, count(*), max(size_mult) FROM cmc_regimes WHERE id = 2 GROUP BY 1 ORDER BY 1;
-- Another asset was never touched.
SELECT count(*) FROM before b JOIN cmc_regimes r USING (id, ts) WHERE id = 1 AND b.updated_at <> r.updated_at;
-- Two of one asset in one transaction.
BEGIN;
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT append_bar(2, 57);
SELECT status, regime_rows FROM refresh_cmc_regimes(2);
COMMIT;
