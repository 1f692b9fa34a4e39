-- A call of regime_setup or regime_track that finds nothing to do is not done again until something changes. Whatever changes is
-- seen by the next call of the same session: tables, the source map, a setting, triggers, the role, and what was rolled back.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
SELECT count(*) > 0 AS created FROM regime_setup() WHERE action = 'created';
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT * FROM regime_track();
SELECT * FROM regime_track();
SELECT count(*) > 0 AS set_up FROM regime_setup() WHERE action = 'unchanged';

-- A key, a view and a working table.
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
DROP VIEW market_regime_marks;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
DROP TABLE regime_work.market_state_dirty_done CASCADE;
SELECT relation FROM regime_setup() WHERE action <> 'unchanged' ORDER BY relation COLLATE "C";
SELECT * FROM regime_track() WHERE action <> 'tracked';

-- A change that is rolled back, and one that is made in a transaction which keeps its snapshot.
BEGIN;
DROP VIEW market_regime_marks;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
ROLLBACK;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
DROP VIEW market_regime_marks;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
COMMIT;

-- The setting, and the map.
SET pg_regime.candle_key = off;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
RESET pg_regime.candle_key;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
CREATE TABLE others (LIKE candles INCLUDING ALL);
UPDATE regime_source SET bars_table = 'others' WHERE layer = 'candles';
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT * FROM regime_track();
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
SELECT * FROM regime_track();
SELECT * FROM regime_setup() WHERE action <> 'unchanged';

-- Triggers, and the function behind them.
ALTER TABLE candles DISABLE TRIGGER USER;
SELECT * FROM regime_track();
SELECT * FROM regime_track();
BEGIN;
SELECT * FROM regime_track(false);
ROLLBACK;
SELECT * FROM regime_track();
SELECT * FROM regime_track(false);
SELECT * FROM regime_track();

-- Another role does not get the answer of the owner.
CREATE ROLE regress_reader;
SET ROLE regress_reader;
SELECT * FROM regime_track();
RESET ROLE;
DROP ROLE regress_reader;
