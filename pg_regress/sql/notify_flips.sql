-- pg_regime.notify_flips: one notification per transaction, a JSON list of the assets whose newest regime changed. psql prints it
-- with a process id, which goes.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\set open '\\o |sed "s/ received from server process with PID [0-9]*//"'
\set close '\\o'
LISTEN pg_regime_flips;
:open
-- Off, as it is by default.
SELECT id, status FROM refresh_cmc_regimes(3);
SET pg_regime.notify_flips = on;
-- The first regimes of an asset are news; what was there is none, nor are rows without a flip or a dry run.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT id, status FROM refresh_cmc_regimes();
SELECT count(*) AS bars FROM append_bar(2, 60);
SELECT id, status FROM refresh_cmc_regimes(2, dry_run => true);
SELECT id, status, mode FROM refresh_cmc_regimes(2);
:close
:open
-- A flip; bars that go; all of them.
SELECT count(*) AS bars FROM generate_series(1, 2) n, append_bar(2, 20);
SELECT id, status, mode FROM refresh_cmc_regimes(2);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND time_close > '2025-01-01 23:59:59+00';
SELECT id, status, mode FROM refresh_cmc_regimes(2);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT id, status, mode FROM refresh_cmc_regimes(3);
:close
-- Whatever was called in a transaction is told at its end, and there and back is no change.
:open
BEGIN;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[4]);
SELECT count(*) AS bars FROM generate_series(1, 2) n, append_bar(2, 20);
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(1, min_bars_l2 => 3000);
SELECT id, status FROM refresh_cmc_regimes(1);
COMMIT;
:close
-- Nothing of what is rolled back, whole or to a savepoint or in a function, or of an asset that fails.
:open
BEGIN;
SELECT id, status FROM refresh_cmc_regimes(2, min_bars_l2 => 3000);
ROLLBACK;
BEGIN;
SAVEPOINT a;
SELECT id, status FROM refresh_cmc_regimes(2, min_bars_l2 => 3000);
SAVEPOINT b;
SELECT id, status FROM refresh_cmc_regimes(4, min_bars_l2 => 3000);
RELEASE b;
ROLLBACK TO a;
COMMIT;
DO $$ BEGIN PERFORM refresh_cmc_regimes(2, min_bars_l2 => 3000); RAISE 'never mind'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
SET client_min_messages = error;
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 4 AND bar_seq = 1;
SELECT id, status FROM refresh_cmc_regimes(4, min_bars_l2 => 3000);
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 4 AND bar_seq = 1;
RESET client_min_messages;
:close
-- But of what is not.
:open
BEGIN;
SAVEPOINT a;
SELECT id, status FROM refresh_cmc_regimes(1, min_bars_l2 => 3000);
RELEASE a;
SAVEPOINT b;
SELECT id, status FROM refresh_cmc_regimes(2, min_bars_l2 => 3000);
ROLLBACK TO b;
COMMIT;
:close
-- A batch is a transaction.
UPDATE dim_assets SET is_active = id IN (2, 4);
:open
CALL refresh_all_cmc_regimes(batch_size => 1, min_bars_l1 => 3000, min_bars_l2 => 3000);
:close
-- Where a list is longer than PostgreSQL lets it be, it is one of ids, and if that is too long, of as many as fit.
INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 1, '2024-01-01', 1 FROM generate_series(101, 400) id;
INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 1, '2024-01-01', 1 FROM generate_series(2000000001, 2000000800) id;
\o |sed "s/ received from server process with PID [0-9]*//; s/\\(payload .\\{30\\}\\).*\\(.\\{30\\}\\)$/\1 ... \2/"
SELECT count(*) FROM refresh_cmc_regimes(ARRAY(SELECT generate_series(101, 400)));
SELECT count(*) FROM refresh_cmc_regimes(ARRAY(SELECT generate_series(2000000001, 2000000800)));
:close
-- Off again.
SET pg_regime.notify_flips = off;
:open
SELECT id, status FROM refresh_cmc_regimes(1, min_bars_l1 => 3000);
:close
