-- What holds where no row is in force, or only an old one: the tightest policy, never none.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT action FROM regime_setup() LIMIT 1;
-- No rows at all.
\x on
SELECT * FROM regime_at(1, '2024-12-31');
\x off
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
\set policy 'regime_key, size_mult, stop_mult, orders, gross_cap, pyramids, setups, is_stale'
-- At the close of the first row, a microsecond before, and for an asset that has none.
SELECT min(ts) AS first FROM cmc_regimes WHERE id = 1 \gset
SELECT ts, age, :policy FROM regime_at(1, :'first');
SELECT ts, age, :policy FROM regime_at(1, timestamptz :'first' - interval '1 microsecond');
SELECT ts, age, :policy FROM regime_at(99, :'first');
-- Exactly as old as allowed, and a microsecond older. What was in force is said, and nothing of it used.
SELECT ts, age, :policy FROM regime_at(2, '2025-01-02 23:59:59+00', '2 days');
SELECT ts, age, :policy FROM regime_at(2, '2025-01-02 23:59:59.000001+00', '2 days');
SELECT num_nonnulls(l0_label, l1_label, l2_label, l3_label, l4_label, feature_tier, l0_enabled, l1_enabled, l2_enabled,
    regime_version_hash, updated_at) AS known FROM regime_at(2, '2025-01-03', '1 day');
-- 0 is only a row of that very moment; a month is 30 days, as where intervals are compared.
SELECT is_stale, age FROM regime_at(2, '2024-12-31 23:59:59+00', '0');
SELECT is_stale, age FROM regime_at(2, '2025-01-01', '0');
SELECT is_stale, age FROM regime_at(2, '2025-01-30 23:59:59+00', '1 month');
SELECT is_stale, age FROM regime_at(2, '2025-01-31 00:00+00', '1 month');
SELECT is_stale, age FROM regime_at(2, '2025-01-31 00:00+00', '170000000 years');
SELECT regime_at(2, now(), '-1 second');
\echo :LAST_ERROR_SQLSTATE
-- The setting says it for all; the argument for one call.
SET pg_regime.max_age = '2 d';
SELECT is_stale FROM regime_at(2, '2025-01-02 23:59:59+00');
SELECT is_stale FROM regime_at(2, '2025-01-03 00:00+00');
SELECT is_stale FROM regime_at(2, '2025-01-03 00:00+00', '3 days');
SELECT is_stale, age FROM regime_at(2, 'infinity');
SET pg_regime.max_age = 0;
SELECT is_stale FROM regime_at(2, '2024-12-31 23:59:59+00');
SELECT is_stale FROM regime_at(2, '2025-01-01 00:00+00');
\set VERBOSITY sqlstate
SET pg_regime.max_age = -2;
\set VERBOSITY default
SET pg_regime.max_age = 'yesterday';
RESET pg_regime.max_age;
SHOW pg_regime.max_age;
SELECT is_stale, age FROM regime_at(2, 'infinity');
-- It does not depend on the time zone, nor on daylight saving.
SET timezone = 'America/New_York';
SELECT is_stale FROM regime_at(1, '2024-03-10 23:59:59+00', '1 day');
SELECT is_stale, age FROM regime_at(1, '2024-03-11 23:59:58+00', '23:59:59');
SET timezone = 'UTC';

-- Tighter than any row could be, whichever policy it was made with.
SELECT regime_load_policy('desk', '[{"match": "Down-High-", "size_mult": 0.3, "gross_cap": 0.5}, {"match": "*-RiskOff-*", "stop_mult": 4}]');
SELECT :policy FROM regime_at(99, '2024-01-01');
SELECT regime_load_policy('zero', '[{"match": "Up-", "size_mult": 0}]');
SELECT :policy FROM regime_at(99, '2024-01-01');
SELECT regime_drop_policy('desk'), regime_drop_policy('zero');
SELECT :policy FROM regime_at(99, '2024-01-01');
SELECT count(*) AS looser FROM regime_at(99, '2024-01-01') u JOIN cmc_regimes r ON u.size_mult > r.size_mult
    OR u.stop_mult < r.stop_mult OR r.orders = 'passive' AND u.orders <> 'passive' OR u.gross_cap > r.gross_cap
    OR u.pyramids > r.pyramids;
-- What was loaded by other means and cannot be used is an error, which names it.
INSERT INTO regime_policy VALUES ('broken', '[{"match": "Up-", "size": 1}]');
SELECT size_mult FROM regime_at(99, '2024-01-01');
SELECT size_mult FROM regime_at(1, '2024-01-01');
DELETE FROM regime_policy;

-- A row that another tool made and that says nothing, or nothing that makes sense, is not used.
ALTER TABLE cmc_regimes ALTER size_mult DROP NOT NULL, ALTER regime_key DROP NOT NULL, DROP CONSTRAINT cmc_regimes_orders_check;
CREATE FUNCTION changed(change text) RETURNS TABLE (regime_key text, size_mult float8, stale boolean, age interval) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE cmc_regimes SET ' || change || ' WHERE id = 2 AND ts = ''2024-12-31 23:59:59+00''';
    RETURN QUERY SELECT r.regime_key, r.size_mult, r.is_stale, r.age FROM regime_at(2, '2025-01-01') r;
    RAISE EXCEPTION USING errcode = 'PT000';
EXCEPTION WHEN SQLSTATE 'PT000' THEN RETURN;
END $$;
SELECT * FROM changed('size_mult = NULL');
SELECT * FROM changed('size_mult = ''NaN''');
SELECT * FROM changed('gross_cap = ''infinity''');
SELECT * FROM changed('regime_key = NULL');
SELECT * FROM changed('orders = ''market''');
SELECT * FROM changed('setups = NULL');

-- The newest row of each asset.
SELECT id, ts, newest_bar, is_stale, age = now() - ts AS since_close FROM cmc_regime_latest ORDER BY id;
-- A new bar, a row without its bar, a mark, age.
SELECT append_bar(2, 50);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3 AND time_close > '2024-12-31';
SELECT id, ts, newest_bar, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
SELECT count(*) AS tracked FROM regime_track() WHERE action = 'now tracked';
UPDATE cmc_price_bars_multi_tf SET close = close WHERE id = 1 AND time_close < '2020-01-01' AND tf = '1D';
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1]);
SET pg_regime.max_age = '1 d';
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
RESET pg_regime.max_age;
-- Where the source cannot be asked the rows are still there, and whether they are stale is unknown, not false.
ALTER TABLE cmc_price_bars_multi_tf RENAME TO moved;
SELECT id, regime_key, newest_bar, is_stale FROM cmc_regime_latest ORDER BY id;
SET pg_regime.max_age = '1 d';
SELECT id, newest_bar, is_stale FROM cmc_regime_latest ORDER BY id;
