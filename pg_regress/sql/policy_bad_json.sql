-- A document that is no list of rules is refused with the rule, the field and the value, and nothing is stored.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT regime_load_policy('p', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy('p', 'null');
SELECT regime_load_policy('p', '"[]"');
SELECT regime_load_policy('p', '{}');
SELECT regime_load_policy('p', '{"rules": {"match": "Up-"}}');
SELECT regime_load_policy('p', '{"rules": [], "name": "desk"}');
SELECT regime_load_policy('p', '["Up-"]');
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": 1}, [1]]');
-- match
SELECT regime_load_policy('p', '[{"size_mult": 1}]');
SELECT regime_load_policy('p', '[{"match": 7}]');
SELECT regime_load_policy('p', '[{"match": null}]');
SELECT regime_load_policy('p', '[{"match": "Up-[ab"}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": 1}, {"match": "Down-", "size_mult": 1}, {"match": "Up-", "size_mult": 1}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": 1}, {"match": "\tUp- ", "size_mult": 1}]');
-- A match alone would replace a built-in rule by nothing; also where rules are only tried, and where they were put in by hand.
SELECT regime_load_policy('p', '[{"match": "Down-Low-", "size_mult": 0.5}, {"match": "Down-"}]');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy('p', '{"rules": [{"match": " -Stressed"}]}');
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', rules => '[{"match": "Down-"}]');
SELECT count(*) FROM regime_policy_lint(rules => '[{"match": "*"}]');
BEGIN;
INSERT INTO regime_policy VALUES ('hand', '[{"match": "Down-"}]');
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'hand');
ROLLBACK;
-- A field that no rule has, often a misspelt one.
SELECT regime_load_policy('p', '[{"match": "Up-", "size": 0.5}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "Size_mult": 0.5}]');
-- Types.
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": "0.5"}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "stop_mult": null}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "gross_cap": [1]}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "pyramids": "yes"}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "pyramids": 0}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "orders": true}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "setups": "pullback"}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "setups": ["pullback", 1]}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "setups": [""]}]');
-- Ranges.
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": -0.1}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": 10.001}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "stop_mult": 0}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "stop_mult": 100.1}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "stop_mult": -1}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "orders": "Passive"}]');
\echo :LAST_ERROR_SQLSTATE
-- What jsonb holds and float8 does not, and more nesting than anybody needs. The message has all digits, so they are cut.
CREATE FUNCTION refused(rules jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regime_load_policy('p', rules);
    RETURN 'loaded';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || replace(SQLERRM, rpad('1', 401, '0'), '1e400');
END $$;
SELECT refused('[{"match": "Up-", "gross_cap": 1e400}]');
SELECT left(refused((repeat('[', 500) || repeat(']', 500))::jsonb), 5) AS sqlstate;
-- A glob may loosen nothing, not even on paper.
SELECT regime_load_policy('p', '[{"match": "Down-", "size_mult": 0.5}, {"match": "*-RiskOn-*", "size_mult": 1.1}]');
SELECT regime_load_policy('p', '[{"match": "U?-", "gross_cap": 2}]');
SELECT regime_load_policy('p', '[{"match": "[DU]*", "gross_cap": 1.0000001}]');
-- No JSON at all; of a value of jsonb, that is PostgreSQL's to say.
SELECT regime_load_policy('p', '[{"match": "Up-"');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": NaN}]');
SELECT regime_load_policy('p', '[{"match": "Up-", "size_mult": NaN}]'::jsonb);
-- The same where rules are only tried.
SELECT * FROM resolve_policy(rules => '[{"match": "Up-", "size": 0.5}]');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_compute(2, rules => '[{"match": "Up-", "stop_mult": 0}]');
SELECT count(*) FROM regime_policy;
