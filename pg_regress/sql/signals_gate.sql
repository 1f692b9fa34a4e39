-- One signal: whether it may be entered, how large, and why.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT ts, regime_key, size_mult, setups FROM regime_at(1, '2024-12-31 23:59:59+00');
SELECT ts, regime_key, size_mult, setups FROM regime_at(2, '2024-12-31 23:59:59+00');
\set at '\'2025-01-01 12:00+00\''
-- Allowed, not listed, not checked; a setup is a text like any other.
SELECT * FROM regime_gate(1, :at, 'hedge', 10);
SELECT * FROM regime_gate(1, :at, 'breakout', 10);
SELECT * FROM regime_gate(1, :at, NULL, 10);
SELECT allowed, size, reason FROM regime_gate(1, :at, 'Hedge', 10);
SELECT allowed, size, reason FROM regime_gate(1, :at, '', 10);
SELECT allowed, size, reason FROM regime_gate(1, :at, $$'; DROP TABLE x --$$, 10);
-- Who stands down enters nothing, whatever else is listed.
SELECT * FROM regime_gate(2, :at, 'breakout', 10);
SELECT allowed, size, reason FROM regime_gate(2, :at, 'stand_down', 10);
SELECT allowed, size, reason FROM regime_gate(2, :at, NULL, 10);
-- No regime, or an old one.
SELECT * FROM regime_gate(99, :at, 'hedge', 10);
SELECT allowed, size, reason FROM regime_gate(1, '2018-12-24 23:59:58.999999+00', NULL, 10);
SELECT allowed, size, reason FROM regime_gate(1, '2025-01-03 23:59:59+00', 'hedge', 10, max_age => '1 day');
SELECT allowed, size, reason FROM regime_gate(1, '2025-01-01 02:30:00.5+00', 'hedge', 10, max_age => '1 hour');
SELECT allowed, size, reason FROM regime_gate(1, '2025-01-01', 'hedge', 10, max_age => '0');
SET pg_regime.max_age = '12 h';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10);
SELECT allowed, size, reason FROM regime_gate(1, 'infinity', 'hedge', 10);
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10, max_age => '1 day');
RESET pg_regime.max_age;
-- A signal without a regime passes as it came; of which nothing is said, does not.
SELECT * FROM regime_gate(99, :at, 'breakout', 10, regime_enabled => false);
SELECT allowed, size, reason FROM regime_gate(99, :at, 'breakout', 10, NULL);
-- Sizes.
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 0);
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 1e308);
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 5e-324);
SELECT regime_gate(1, :at, 'hedge', -1);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_gate(1, :at, 'hedge', 'NaN', false);
SELECT regime_gate(1, :at, 'hedge', 'infinity');
SELECT regime_gate(1, :at, 'hedge', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_gate(NULL, :at, 'hedge', 1);
SELECT regime_gate(1, NULL, 'hedge', 1, false);
SELECT regime_gate(1, :at, 'hedge', 1, max_age => '-1 day');
-- Rows that forbid: an empty list, a size of 0; and one that forbids nothing.
UPDATE cmc_regimes SET setups = '{}' WHERE id = 1 AND ts > '2024-12-31';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10);
-- NULL setups are missing, unless a policy gives none.
SELECT allowed, reason FROM regime_gate(1, :at, 'hedge', 10);
BEGIN;
UPDATE cmc_regimes SET setups = NULL WHERE id = 1 AND ts > '2024-12-31';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10);
SELECT allowed, size, reason FROM regime_gate(1, :at, NULL, 10);
ROLLBACK;
SELECT regime_load_policy('open', '[{"match": "Down-", "size_mult": 1}, {"match": "Mine*", "size_mult": 1}]');
UPDATE cmc_regimes SET setups = NULL, size_mult = 0 WHERE id = 1 AND ts > '2024-12-31';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10);
UPDATE cmc_regimes SET setups = NULL, size_mult = 0.5 WHERE id = 1 AND ts > '2024-12-31';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'anything', 10);
UPDATE cmc_regimes SET size_mult = 'NaN' WHERE id = 1 AND ts > '2024-12-31';
SELECT allowed, size, reason FROM regime_gate(1, :at, 'hedge', 10);
-- For each row of a query: the policy is that of regime_at, and what is not allowed has no size.
SELECT count(*) AS signals, count(*) FILTER (WHERE allowed) AS allowed, count(*) FILTER (WHERE g.size <> 0 AND NOT allowed
    OR g.size <> 2 * r.size_mult AND allowed OR (g.stop_mult, g.orders, g.gross_cap, g.pyramids, g.regime_key)
    IS DISTINCT FROM (r.stop_mult, r.orders, r.gross_cap, r.pyramids, r.regime_key)
    OR allowed IS DISTINCT FROM (NOT r.is_stale AND NOT 'stand_down' = ANY (r.setups) AND 'pullback' = ANY (r.setups))) AS wrong
FROM generate_series(timestamptz '2018-12-01', '2024-12-31', '5 days 7 hours') AS t, (VALUES (1), (2)) AS a (id),
    regime_gate(a.id, t, 'pullback', 2, max_age => '30 hours') g, regime_at(a.id, t, '30 hours') r;
-- One that sees the change of this statement's transaction, in the schema that is set now.
BEGIN;
UPDATE cmc_regimes SET size_mult = 0.25 WHERE id = 1 AND ts > '2024-12-31';
SELECT size FROM regime_gate(1, :at, NULL, 1);
ROLLBACK;
CREATE SCHEMA other;
SELECT action FROM regime_setup('other') LIMIT 1;
SET pg_regime.target_schema = 'other';
SELECT allowed, reason FROM regime_gate(1, :at, NULL, 1);
INSERT INTO cmc_regimes SELECT 7, timestamptz '2020-01-01', '1D', NULL, NULL, NULL, NULL, NULL, 'Mine', 0.5, 1, 'mixed', 1, true, NULL,
    'full', true, true, true, 'x';
SELECT allowed, reason FROM regime_gate(7, :at, NULL, 1);
SET pg_regime.target_schema = 'public';
SELECT allowed, size, regime_key FROM regime_gate(7, :at, NULL, 1);
ALTER TABLE cmc_regimes RENAME TO away;
SELECT allowed FROM regime_gate(7, :at, NULL, 1);
\echo :LAST_ERROR_SQLSTATE
