-- Loading, replacing, using and dropping a policy.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- Both shapes of the document; the number of rules is returned.
SELECT regime_load_policy('desk',
    '{"rules": [{"match": "Down-", "size_mult": 0.25}, {"match": "Up-High-", "orders": "passive", "setups": ["b", "a", "b"]}]}');
SELECT regime_load_policy('bare',
    '[{"match": "Down-", "size_mult": 0.25}, {"match": "Up-High-", "orders": "passive", "setups": ["b", "a", "b"]}]');
SELECT regime_version_hash('desk') = regime_version_hash('bare') AS same;
SELECT policy, rules, loaded_at = now() AS now, loaded_by = current_user AS by_me FROM regime_policy ORDER BY 1;
SELECT * FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT * FROM resolve_policy(l2 => 'Up-High-Normal', policy => 'desk');
SELECT * FROM resolve_policy(l2 => 'Up-Low-Normal', policy => 'desk');
-- The default stays what it was.
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal');
-- rules => lies over the policy.
SELECT size_mult, stop_mult, orders FROM resolve_policy(l2 => 'Up-High-Normal', l1 => 'Down-Low-Normal', policy => 'desk',
    rules => '[{"match": "Up-High-", "stop_mult": 4}]');
-- Blanks around a match are no part of it; whoever means to lift a limit says so.
SELECT l2, size_mult, gross_cap FROM unnest(ARRAY['Down-Low-Normal', 'Sideways-High-Easy', 'Up-High-Normal']) AS l2,
    resolve_policy(l2 => l2, rules => '[{"match": " Down- ", "gross_cap": 0.5}, {"match": "Sideways-High-\t", "size_mult": 1}, {"match": "\n *-High-* ", "size_mult": 0.1}]');
SELECT rule, match, origin FROM regime_policy_rules('desk') WHERE origin = 'overlay';
-- Loading again replaces the policy whole: the rule for Up-High- is the built-in one again.
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
SELECT l2, size_mult, orders, setups FROM unnest(ARRAY['Down-Low-Normal', 'Up-High-Normal']) AS l2,
    resolve_policy(l2 => l2, policy => 'desk');
SELECT regime_load_policy('desk', '[]');
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
-- A load that fails stores nothing: the policy is as before.
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.1}, {"match": "Up-", "size_mult": 11}]');
\echo :LAST_ERROR_SQLSTATE
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
-- Every field, at its limits.
SELECT regime_load_policy('limits',
    '[{"match": "a", "size_mult": 0, "stop_mult": 100, "orders": "mixed", "setups": [], "gross_cap": 10, "pyramids": true}, {"match": "b", "size_mult": 10, "stop_mult": 1e-9, "gross_cap": 0}, {"match": "c*", "size_mult": 1, "gross_cap": 1}]');
-- Names are compared exactly, and any name will do.
SELECT regime_load_policy('O''Neil "the desk"', '[{"match": "Down-", "size_mult": 0}]');
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'O''Neil "the desk"');
SELECT * FROM resolve_policy(policy => 'Desk');
SELECT hint_of($$SELECT * FROM resolve_policy(policy => 'O''Neil')$$) AS hint \gset
\echo :hint

-- A refresh uses it, and its hash says so.
SELECT status FROM refresh_cmc_regimes(2);
SELECT status FROM refresh_cmc_regimes(2, policy => 'desk');
SELECT count(*) > 0 AS half FROM cmc_regimes WHERE id = 2 AND size_mult = 0.5;
SELECT DISTINCT regime_version_hash = regime_version_hash('desk') AS same FROM cmc_regimes WHERE id = 2;
SELECT * FROM refresh_cmc_regimes(2, policy => 'none');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_compute(2, policy => 'none');

-- Dropping.
SELECT regime_drop_policy('bare');
SELECT regime_drop_policy('bare');
\echo :LAST_ERROR_SQLSTATE
SELECT policy FROM regime_policy ORDER BY 1;
-- 'default' is the built-in rules, for good.
SELECT regime_load_policy('default', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_drop_policy('default');
\set VERBOSITY terse
INSERT INTO regime_policy VALUES ('default', '[]');
\set VERBOSITY default
SELECT regime_load_policy('', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy(NULL, '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy('desk', NULL);
SELECT regime_drop_policy(NULL);
-- In a transaction that is rolled back, nothing was loaded; in one that is read-only, nothing can be.
BEGIN;
SELECT regime_load_policy('gone', '[]');
ROLLBACK;
SELECT size_mult FROM resolve_policy(policy => 'gone');
BEGIN READ ONLY;
SELECT regime_load_policy('gone', '[]');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT regime_drop_policy('desk');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- Rules that were put in by hand are checked when they are used.
INSERT INTO regime_policy VALUES ('hand', '[{"match": "Up-", "size_mult": "much"}]');
SELECT * FROM resolve_policy(policy => 'hand');
-- A text, as a file has it: YAML, or JSON. Numbers keep their digits, and errors name the line where there are several.
\pset null -
SELECT regime_load_policy('desk', E'# limits\nrules:\n  - match: Down-\n    size_mult: 0.123456789012345678\n    setups: &few [hedge]\n  - {match: "*-RiskOff-*", gross_cap: .5, pyramids: False, setups: *few}\n');
SELECT rules FROM regime_policy WHERE policy = 'desk';
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n');
SELECT regime_load_policy('desk', '[{match: Down-, size_mult: 0.5},]');
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]'::text), regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]'::jsonb);
SELECT rules FROM regime_policy WHERE policy = 'desk';
\set VERBOSITY default
SELECT regime_load_policy('desk', E'rules:\n  - match: Down-\n    size_mult: 0.5\n  - match: Up-\n    size: 0.5\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n- match: Up-\n  pyramids: yes\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n-\n  size_mult: 0.25\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n- match: Up-\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n\n- size_mult: 1\n  match: Down-\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  orders: passive\n- Up-\n');
SELECT regime_load_policy('desk', E'[\n  {"match": "Down-",\n   "stop_mult": 0}\n]');
SELECT regime_load_policy('desk', E'[\n  {"match": "Down-",\n   "stop_mult" 2}\n]');
SELECT regime_load_policy('desk', E'rule:\n- match: Down-\n  size_mult: 0.5\n');
SELECT regime_load_policy('desk', E'- match: *-RiskOff-*\n  size_mult: 0.5\n');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy('desk', E'- match: Down-\n  match: Up-\n  size_mult: 0.5\n');
SELECT regime_load_policy('desk', E'- match: Down-\n\tsize_mult: 0.5\n');
SELECT regime_load_policy('desk', E'- match: !!str Down-\n  size_mult: 0.5\n');
SELECT regime_load_policy('desk', E'- match: Down-\n  size_mult: 0.5\n---\n- match: Up-\n');
SELECT regime_load_policy('desk', '');
SELECT regime_load_policy('desk', repeat('- ', 1000));
SELECT regime_load_policy('desk', repeat('x', 1000000) || E': 1\n' || repeat('x', 1000000) || ': 1');
SELECT rules FROM regime_policy WHERE policy = 'desk';
-- What would take more memory or time than any policy is worth, and what PostgreSQL cannot store.
SELECT regime_load_policy('desk', '- {match: Up-, setups: [&a ' || repeat('x', 10000) || repeat(',*a', 30000) || ']}');
SELECT regime_load_policy('desk', '? ' || repeat('k', 10000) || E'\n: [' || repeat('1,', 90000) || ']');
SELECT regime_load_policy('desk', repeat(E'\n', 2000000));
SELECT regime_load_policy('desk', '[' || repeat('[],', 500000) || ']');
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5, "size_mult": 0.6}]');
SELECT regime_load_policy('desk', E'- match: Up-\n  setups: ["a\\u0000b"]');
SELECT regime_load_policy('desk', E'- match: "Up-\\u0000"\n  size_mult: 1');
SELECT regime_load_policy('desk', E'- match: Up-\n  size_mult: 1e-99999');
SELECT regime_load_policy('desk', E'- match: Up-\n  size_mult: 0.' || repeat('9', 1000));
SELECT rules FROM regime_policy WHERE policy = 'desk';
