-- resolve_policy: from labels to what they allow, the examples of the specification.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- Each built-in rule alone, as L2. Resolving starts at size 1.0 and stop 1.5, and only tightens: the 1.10 and the stops of
-- 1.25 of the rules never get through.
SELECT l2, p.* FROM unnest(ARRAY['Up-Normal-Normal', 'Up-Low-Normal', 'Up-Low-Easy', 'Up-High-Normal', 'Sideways-Low-Normal',
    'Sideways-High-Normal', 'Down-Low-Easy', 'Down-High-Normal',
    'Sideways-Normal-Normal', 'Up-Normal-Easy', 'Unknown', 'anything']) WITH ORDINALITY AS l(l2, n),
        resolve_policy(l2 => l2) AS p ORDER BY n;
-- Rules match by place: Up-Normal-Normal is not found inside Up-High-Normal, and case counts.
SELECT l2, size_mult FROM unnest(ARRAY['Up-High-Normal', 'up-normal-normal', 'Up-Normal-Normal-', 'Upper-Low-Normal',
    'Normal-Up-Low', 'Down', 'Downish-Low-Normal']) WITH ORDINALITY AS l(l2, n), resolve_policy(l2 => l2) ORDER BY n;
-- A stressed market tightens on top of the rule of its trend, or of the fallback. Its setups are those of that rule.
SELECT l2, p.* FROM unnest(ARRAY['Up-Low-Stressed', 'Up-Normal-Stressed', 'Up-High-Stressed', 'Sideways-High-Stressed',
    'Down-Low-Stressed']) WITH ORDINALITY AS l(l2, n), resolve_policy(l2 => l2) AS p ORDER BY n;
-- Stressed in any place of any label makes orders passive.
SELECT orders FROM resolve_policy(l2 => 'Up-Low-Normal', l4 => 'Stressed-Calm');
SELECT orders FROM resolve_policy(l2 => 'Up-Low-Normal', l4 => 'NotStressed-Calm');

-- No label is no full size: the fallback.
SELECT * FROM resolve_policy();
SELECT * FROM resolve_policy(NULL, NULL, NULL, NULL, NULL);
-- Several labels: the least size, the widest stop, the strictest orders; setups of L2, else L1, L0, L3, L4; stand_down of any.
SELECT * FROM resolve_policy(l0 => 'Up-High-Normal', l1 => 'Down-Low-Normal', l2 => 'Up-Low-Normal');
SELECT * FROM resolve_policy(l1 => 'Sideways-High-Normal', l2 => 'Up-Low-Normal');
SELECT * FROM resolve_policy(l0 => 'Up-Low-Normal', l1 => 'Sideways-Low-Normal');
SELECT * FROM resolve_policy(l0 => 'Sideways-Low-Normal', l3 => 'Up-Low-Normal');
SELECT * FROM resolve_policy(l3 => 'Up-High-Normal', l4 => 'Down-');
SELECT * FROM resolve_policy(l4 => 'Hiking-Contracting-RiskOff-Unwind');
-- Which layer a label is in decides its setups only.
SELECT count(DISTINCT (size_mult, stop_mult, orders, gross_cap, pyramids)) AS policies, count(*)
    FROM unnest(ARRAY['Up-High-Normal', 'Sideways-Low-Stressed', 'Down-Low-Easy']) AS a,
    unnest(ARRAY['Up-High-Normal', 'Sideways-Low-Stressed', 'Down-Low-Easy']) AS b,
        unnest(ARRAY['Up-High-Normal', 'Sideways-Low-Stressed', 'Down-Low-Easy']) AS c, resolve_policy(a, b, c)
        WHERE a <> b AND b <> c AND a <> c;
-- Adding a label tightens, for every pair of the 27 labels.
CREATE TABLE l AS SELECT concat_ws('-', t, v, q) AS label FROM unnest('{Up,Sideways,Down}'::text[]) t,
    unnest('{Low,Normal,High}'::text[]) v, unnest('{Easy,Normal,Stressed}'::text[]) q;
SELECT count(*), count(*) FILTER (WHERE b.size_mult > a.size_mult OR b.stop_mult < a.stop_mult OR b.gross_cap > a.gross_cap
    OR b.pyramids > a.pyramids
    OR array_position('{mixed,conservative,passive}', b.orders) < array_position('{mixed,conservative,passive}',
        a.orders)) AS looser
FROM l AS x, resolve_policy(l2 => x.label) AS a, l AS y, resolve_policy(l2 => x.label, l1 => y.label) AS b;

-- rules: what if these rules were laid over the policy. A rule replaces that with the same match whole: what it does not
-- give leaves the policy as it is.
SELECT * FROM resolve_policy(l2 => 'Down-Low-Normal',
    rules => '{"rules": [{"match": "Down-", "size_mult": 0.25, "gross_cap": 0.5, "pyramids": false}]}');
SELECT * FROM resolve_policy(l2 => 'Down-Low-Normal', rules => '[{"match": "Down-", "stop_mult": 3}]');
SELECT * FROM resolve_policy(rules => '[{"match": "Unknown", "size_mult": 0}]');
SELECT * FROM resolve_policy(l2 => 'Up-Low-Easy',
    rules => '[{"match": "--Easy", "setups": ["fade"], "size_mult": 0.9}, {"match": "-Easy", "setups": ["stand_down"], "gross_cap": 0.9}]');
SELECT * FROM resolve_policy(l2 => 'Up-Low-Normal', l4 => 'Hiking-RiskOff-Unwind',
    rules => '[{"match": "*-RiskOff-*", "gross_cap": 0.3, "setups": []}]');
SELECT l4, size_mult FROM unnest(ARRAY['aXc', 'abc', 'a-c', 'ac', 'abcd']) AS l4,
    resolve_policy(l4 => l4, rules => '[{"match": "a[!b-]c", "size_mult": 0.1}, {"match": "a?c", "size_mult": 0.2}]');
SELECT * FROM resolve_policy(l2 => 'Down-Low-Normal', rules => '[]') EXCEPT SELECT *
    FROM resolve_policy(l2 => 'Down-Low-Normal');
SELECT * FROM resolve_policy(l2 => 'Down-Low-Normal', rules => NULL) EXCEPT SELECT *
    FROM resolve_policy(l2 => 'Down-Low-Normal');
-- A policy that is not there, and rules that are none.
SELECT * FROM resolve_policy(policy => 'none');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM resolve_policy(policy => '');
SELECT size_mult FROM resolve_policy(policy => NULL);
SELECT * FROM resolve_policy(rules => '"Down-"');
\echo :LAST_ERROR_SQLSTATE
