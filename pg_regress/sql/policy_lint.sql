-- regime_policy_lint: what a policy says that its author can hardly mean.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- The built-in rules: values that resolving never lets through, and labels without a rule.
SELECT * FROM regime_policy_lint();
-- The user's rules come first. Nothing need be loaded.
SELECT severity, rule, match, problem, detail FROM regime_policy_lint(rules => '[
    {"match": "Up-Low-Normal", "size_mult": 0.5},
    {"match": "UP-High-", "size_mult": 0.5},
    {"match": "Sideways-Normal-", "size_mult": 0.5},
    {"match": "Sideways-", "size_mult": 0.4},
    {"match": "Unknown", "size_mult": 0.8, "setups": ["pullback"]},
    {"match": "-Easy", "gross_cap": 2},
    {"match": "-Stressed", "size_mult": 0.3, "orders": "conservative", "setups": ["hedge"]},
    {"match": "Down-", "size_mult": 1.5, "stop_mult": 1, "setups": ["hedge", "stand_down"]},
    {"match": "*-RiskOff-*", "size_mult": 0, "setups": ["hedge"]},
    {"match": "Up-High-", "setups": []}]') WHERE severity = 'warning';
-- Its numbers are those of regime_policy_rules, and a loaded policy is looked at the same way.
SET client_min_messages = error;
SELECT regime_load_policy('desk', '[{"match": "Down-High-", "size_mult": 0.1}, {"match": "Down-", "size_mult": 0.3, "stop_mult": 1.6}]');
RESET client_min_messages;
SELECT l.severity, l.problem, l.rule, r.match = l.match AS same, r.shadowed_by FROM regime_policy_lint('desk') l
    JOIN regime_policy_rules('desk') r USING (rule) WHERE l.severity = 'warning';
SELECT count(*) FROM regime_policy_lint('desk', '[{"match": "Down-", "size_mult": 2}]') WHERE problem = 'size never let through';
-- What fills a hole is its match.
SELECT l2, size_mult FROM regime_policy_lint() h, unnest('{Up-Normal-Stressed,Sideways-Normal-Normal,Unknown}'::text[]) AS l2,
    resolve_policy(l2 => l2, rules => jsonb_build_array(jsonb_build_object('match', h.match, 'size_mult', 0.123)))
    WHERE h.problem = 'falls to the fallback' AND size_mult = 0.123 ORDER BY l2;
SELECT match FROM regime_policy_lint(rules => '[{"match": "Up-Normal-", "size_mult": 1}, {"match": "Sideways-Normal-", "size_mult": 1}, {"match": "Unknown", "size_mult": 1}]')
    WHERE problem = 'falls to the fallback';
-- Errors.
SELECT * FROM regime_policy_lint('none');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_policy_lint('default', '[{"match": "Down-", "size": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_policy_lint(NULL, NULL);
