-- A refresh is part of the transaction it is called in.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Rolled back, nothing is there: neither rows nor tables.
BEGIN;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT count(*) FROM cmc_regimes;
ROLLBACK;
SELECT to_regclass('cmc_regimes');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
CREATE TABLE before AS :content;
BEGIN;
SELECT append_bar(2, 50);
SELECT id, status, regime_rows FROM refresh_cmc_regimes(2);
SAVEPOINT s;
SELECT id, status, regime_rows FROM refresh_cmc_regimes(2, hysteresis => false);
ROLLBACK TO s;
-- It sees what the transaction did before.
SELECT count(*) FROM cmc_regimes WHERE id = 2;
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
ROLLBACK;
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
-- updated_at is the time of the transaction.
BEGIN;
SELECT append_bar(2, 50);
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT count(*) FROM cmc_regimes WHERE updated_at = now();
ROLLBACK;
-- An asset that failed leaves the transaction usable; an error leaves it as errors do.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = NULL WHERE id = 3 AND bar_seq = 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT count(*) FROM cmc_regimes;
SELECT status FROM refresh_cmc_regimes(2, policy => 'none');
SELECT 1;
ROLLBACK;
-- In functions, with exception blocks.
CREATE FUNCTION nightly(asset int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE s text;
BEGIN
    SELECT status INTO s FROM refresh_cmc_regimes(asset);
    RETURN s;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT nightly(2), nightly(NULL);
CREATE PROCEDURE all_of_them() LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..4 LOOP
        PERFORM refresh_cmc_regimes(n);
        COMMIT;
    END LOOP;
END $$;
CALL all_of_them();
SELECT id, count(*) FROM cmc_regimes GROUP BY 1 ORDER BY 1;

-- Read-only: a clear error, which says what can be done; what only reads goes on working.
BEGIN READ ONLY;
SELECT id, status FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT id, status FROM refresh_cmc_regimes();
ROLLBACK;
BEGIN READ ONLY;
SELECT regime_setup();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET default_transaction_read_only = on;
SELECT id, status FROM refresh_cmc_regimes('{}'::int[]);
SELECT id, status, message FROM refresh_cmc_regimes(2, dry_run => true);
SELECT count(*) FROM regime_compute(2);
SELECT count(*) FROM regime_label_daily(2);
SELECT regime_key FROM regime_at(2, '2025-01-01');
SELECT size_mult FROM resolve_policy('Down-');
SELECT count(*) FROM regime_policy_rules();
SELECT length(regime_version_hash());
RESET default_transaction_read_only;

-- Serializable and repeatable read: the snapshot is the transaction's.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM cmc_regimes WHERE id = 2;
SELECT status, rows_written FROM refresh_cmc_regimes(2, hysteresis => false);
SELECT status, rows_written FROM refresh_cmc_regimes(2, hysteresis => false);
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT status, rows_written FROM refresh_cmc_regimes(2);
COMMIT;
SELECT status, rows_written FROM refresh_cmc_regimes(2);
-- As a cursor: rows are fetched, the work was done once.
BEGIN;
DECLARE c CURSOR FOR SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3], hysteresis => false);
FETCH 1 FROM c;
FETCH ALL FROM c;
CLOSE c;
COMMIT;
