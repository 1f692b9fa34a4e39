-- Which assets a refresh takes.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Ids are sorted, each is taken once.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3, 1, 3, 1, 1]);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 1]);
-- A NULL is a mistake, found before anything is done.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, NULL]);
\echo :LAST_ERROR_SQLSTATE
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 1, NULL]);
SELECT count(*) FROM cmc_regimes WHERE id = 2;
SELECT id, status FROM refresh_cmc_regimes(NULL::int);
\echo :LAST_ERROR_SQLSTATE
-- Unknown ids are empty, as is no list.
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[0, -7, 2147483647, -2147483648, 2]);
SELECT id, status FROM refresh_cmc_regimes('{}'::int[]);
SELECT id, status FROM refresh_cmc_regimes('{{3,1},{2,1}}'::int[]);

-- No list: every active asset of dim_assets, with or without bars.
INSERT INTO dim_assets VALUES (5, 'COMING', true);
SELECT id, status FROM refresh_cmc_regimes();
SELECT id, status FROM refresh_cmc_regimes(NULL::int[]);
SELECT id, status FROM refresh_cmc_regimes(assets => NULL);
-- NULL in is_active is not active.
ALTER TABLE dim_assets ALTER is_active DROP NOT NULL;
UPDATE dim_assets SET is_active = NULL WHERE id = 1;
SELECT id, status FROM refresh_cmc_regimes();
UPDATE dim_assets SET is_active = false;
SELECT id, status FROM refresh_cmc_regimes();
-- Without is_active, or without dim_assets: every id with daily bars.
ALTER TABLE dim_assets DROP is_active;
SELECT id, status FROM refresh_cmc_regimes();
DROP TABLE dim_assets;
INSERT INTO cmc_price_bars_multi_tf SELECT 6, '4H', 1, now(), 1; -- no daily bar
INSERT INTO cmc_price_bars_multi_tf VALUES (-3, '1D', 1, '2024-01-01', 1);
SELECT id, status FROM refresh_cmc_regimes();
-- An asset whose bars are all gone, and that nothing lists, has no rows any more; but those of another source are not looked at.
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT id, status FROM refresh_cmc_regimes(cal_scheme => 'us');
SELECT id, status, rows_written > 0 AS written FROM refresh_cmc_regimes();
SELECT DISTINCT id FROM cmc_regimes ORDER BY id;
SELECT id, status FROM refresh_cmc_regimes();
DELETE FROM cmc_price_bars_multi_tf WHERE id = 4 AND tf = '1D';
CALL refresh_all_cmc_regimes();
SELECT DISTINCT id FROM cmc_regimes ORDER BY id;
-- An id of another integer type is an id.
CREATE TABLE dim_assets (id bigint, is_active boolean);
INSERT INTO dim_assets VALUES (2, true), (3, false);
SELECT id, status FROM refresh_cmc_regimes();
-- A view will do.
DROP TABLE dim_assets;
CREATE VIEW dim_assets AS SELECT 2 AS id, true AS is_active;
SELECT id, status FROM refresh_cmc_regimes();
-- No bars at all.
DROP VIEW dim_assets;
TRUNCATE cmc_price_bars_multi_tf;
SELECT id, status FROM refresh_cmc_regimes();
