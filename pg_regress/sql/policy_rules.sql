-- regime_policy_rules: the rules in force, in order, and those that can never act.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT rule, match, size_mult, stop_mult, orders, setups, gross_cap, pyramids, aligned, origin, shadowed_by
    FROM regime_policy_rules();
-- Resolving starts at size 1.0 and stop 1.5 and only tightens: a larger size or a narrower stop never acts, and a note says so.
SELECT match, size_mult, stop_mult, note IS NOT NULL AS noted FROM regime_policy_rules() WHERE match IS NOT NULL ORDER BY rule;
-- An overlay replaces a rule with the same match in its place, whole, and appends the others in their order.
SELECT regime_load_policy('desk',
    '[{"match": "Unknown", "size_mult": 0}, {"match": "Down-", "pyramids": false}, {"match": "*-RiskOff-*", "gross_cap": 0.5, "orders": "conservative", "setups": ["hedge"]}]');
SELECT rule, match, size_mult, orders, setups, gross_cap, pyramids, aligned, origin FROM regime_policy_rules('desk')
    WHERE origin = 'overlay' OR rule IN (6, 7, 8) ORDER BY rule;
SELECT count(*) FROM regime_policy_rules('desk');
-- Whoever loads a rule that an earlier one always shadows is told so at once, and may look it up.
SELECT regime_load_policy('shadowed',
    '[{"match": "Up-Low-Normal", "size_mult": 0.5}, {"match": "Down-High-", "size_mult": 0.1}, {"match": "Down", "size_mult": 0.1}, {"match": "Up-Normal-", "size_mult": 0.9},
    {"match": "", "size_mult": 0.2}, {"match": "*", "size_mult": 0.3}, {"match": "Unknown", "size_mult": 0},
        {"match": "-Normal", "gross_cap": 0.9}]');
SELECT rule, match, shadowed_by, note FROM regime_policy_rules('shadowed') WHERE origin = 'overlay' ORDER BY rule;
-- What is reported as shadowed makes no difference.
SELECT l2, size_mult FROM unnest(ARRAY['Up-Low-Normal', 'Down-High-Normal', 'Up-Normal-Normal', 'Up-Normal-Easy', 'Unknown',
    'Sideways-Normal-Easy']) WITH ORDINALITY AS l(l2, n), resolve_policy(l2 => l2, policy => 'shadowed') ORDER BY n;
-- A rule that no label can match, such as a misspelt one, is reported too.
SELECT regime_load_policy('misspelt',
    '[{"match": "UP-Low-", "size_mult": 1}, {"match": "-Stresed", "size_mult": 1}, {"match": "Up-Low-Normal-Normal", "size_mult": 1}, {"match": "Low-Up-", "size_mult": 1}, {"match": "Easing-RiskOn", "size_mult": 1}]');
SELECT rule, match, shadowed_by, note FROM regime_policy_rules('misspelt') WHERE origin = 'overlay' ORDER BY rule;
-- The hint can be typed.
SELECT regime_load_policy('it''s', '[{"match": "UP-", "size_mult": 1}]');
SELECT * FROM regime_policy_rules('none');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_policy_rules(NULL);
