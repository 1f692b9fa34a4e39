-- A table of the columns of cmc_regimes beside the stored rows: changes of each known kind are planted into a copy, and
-- explained by their numbers.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SET pg_regime.point_in_time = off;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]);
CREATE SCHEMA "Old Desk";
CREATE TABLE "Old Desk"."Regimes" AS SELECT * FROM cmc_regimes;
CREATE TABLE "Old Desk".flips AS SELECT * FROM cmc_regime_flips;
CREATE TABLE "Old Desk".stats AS SELECT * FROM cmc_regime_stats;
CREATE TABLE "Old Desk".comovement AS SELECT * FROM cmc_regime_comovement;
-- Nothing differs: a line of the keys and a line of each column, in the order of the table.
SELECT * FROM regime_compare('"Old Desk"."Regimes"', assets => '{2}');
SELECT count(*), sum(n_differ) AS differ, sum(n_only_theirs + n_only_ours) AS missing FROM regime_compare('"Old Desk"."Regimes"');

-- What differs, without the columns that agree.
CREATE VIEW differing AS SELECT id, column_name, n, n_agree, n_differ, n_only_theirs AS theirs_only, n_only_ours AS ours_only, first_ts::date AS first, first_key, theirs, ours, difference
FROM regime_compare('"Old Desk"."Regimes"') WHERE n_differ > 0 OR n_only_theirs + n_only_ours > 0;
-- Puts the copy back as it was.
CREATE PROCEDURE again() LANGUAGE sql AS $$
    TRUNCATE "Old Desk"."Regimes";
    INSERT INTO "Old Desk"."Regimes" TABLE cmc_regimes;
$$;

-- Keys, and values that no known difference explains. Numbers agree to 1e-9; setups are a set.
DELETE FROM "Old Desk"."Regimes" WHERE id = 1 AND ts > '2024-12-25';
INSERT INTO "Old Desk"."Regimes" SELECT (jsonb_populate_record(r, '{"ts": "2025-03-01T00:00:00Z"}')).* FROM cmc_regimes r WHERE id = 1 AND ts = (SELECT max(ts) FROM cmc_regimes);
UPDATE "Old Desk"."Regimes" SET size_mult = size_mult * (1 + 1e-10), setups = '{stand_down,pullback}' WHERE id = 1 AND setups = '{pullback,stand_down}';
UPDATE "Old Desk"."Regimes" SET stop_mult = 1.9, pyramids = NULL, l1_label = 'Up' WHERE id = 2 AND ts BETWEEN '2024-12-20' AND '2024-12-23';
SELECT * FROM differing;
CALL again();

-- 1. The first bar is Up, and its label stands until another is accepted; the key follows. A label of later rows is not of this kind.
UPDATE "Old Desk"."Regimes" SET l2_label = regexp_replace(l2_label, '^[^-]+', 'Up'), regime_key = regexp_replace(regime_key, '^[^-]+', 'Up')
WHERE id = 1 AND (ts < '2018-12-28' OR ts = (SELECT min(ts) FROM cmc_regimes WHERE id = 1 AND ts > '2019-02-01' AND l2_label LIKE 'Down-%'));
SELECT * FROM differing;
CALL again();

-- 2. By words, the rule of Up-Normal-Normal catches Up-High-Normal.
UPDATE "Old Desk"."Regimes" AS o SET size_mult = p.size_mult, stop_mult = p.stop_mult, orders = p.orders, setups = p.setups
FROM resolve_policy(l2 => 'Up-Normal-Normal', l1 => 'Sideways-Normal-Normal', l0 => 'Sideways-Normal-Normal') AS p
WHERE id = 1 AND (l2_label, l1_label, l0_label) = ('Up-High-Normal', 'Sideways-Normal-Normal', 'Sideways-Normal-Normal');
SELECT * FROM differing;
CALL again();

-- 3. Orders are those of one layer alone, and setups those of all layers.
UPDATE "Old Desk"."Regimes" AS o SET orders = p.orders FROM resolve_policy(l2 => 'Up-High-Normal') AS p
WHERE id = 1 AND l2_label = 'Up-High-Normal' AND l1_label = 'Sideways-High-Normal';
UPDATE "Old Desk"."Regimes" AS o SET setups = (SELECT array_agg(DISTINCT s) FROM (VALUES (l2_label), (l1_label), (l0_label)) AS v (label), resolve_policy(l2 => label) AS p, unnest(p.setups) AS s WHERE label IS NOT NULL)
WHERE id = 1 AND l2_label LIKE 'Down-%' AND l1_label LIKE 'Sideways-%';
SELECT * FROM differing;
CALL again();

-- 4. The caps of today on all of history.
UPDATE "Old Desk"."Regimes" SET gross_cap = 0.7, size_mult = least(size_mult, 0.7) WHERE id = 4;
SELECT * FROM differing;
CALL again();

-- 5. A change that waits does not tighten yet: of rows that a refresh with arguments of its own has stored.
SELECT regime_load_policy('wide', jsonb_agg(jsonb_build_object('match', match, 'size_mult', size, 'stop_mult', stop))) FROM (VALUES
    ('Up-Normal-Normal', 0.9, 3), ('Up-Low-', 0.9, 3), ('Up-High-', 0.9, 3),
    ('Sideways-Low-', 0.5, 1.5), ('Sideways-High-', 0.5, 1.5), ('Sideways-', 0.5, 1.5)) AS r (match, size, stop);
SELECT status FROM refresh_cmc_regimes(1, policy => 'wide', min_bars_l0 => 9999, min_bars_l1 => 9999);
CALL again();
UPDATE "Old Desk"."Regimes" AS o SET size_mult = p.size_mult, stop_mult = p.stop_mult FROM cmc_regimes AS r, resolve_policy(l2 => r.l2_label, policy => 'wide') AS p
WHERE (r.id, r.ts) = (o.id, o.ts) AND o.id = 1;
SELECT * FROM differing;
SELECT status FROM refresh_cmc_regimes(1);
CALL again();

-- 6. Without a label, full size. 9. Hashes of another implementation.
UPDATE "Old Desk"."Regimes" SET size_mult = 1, gross_cap = 1, regime_version_hash = 'v1' WHERE id = 3;
SELECT * FROM differing;
CALL again();

-- 7. No flips but those of composite. Where they have flips of layers, missing ones are not explained.
DELETE FROM "Old Desk".flips WHERE layer <> 'composite' AND id <> 2 OR layer = 'L1' AND id = 2;
UPDATE "Old Desk".flips SET duration_bars = duration_bars + 1 WHERE id = 2 AND ts = (SELECT max(ts) FROM cmc_regime_flips WHERE id = 2);
SELECT id, column_name, n, n_differ, n_only_theirs AS theirs_only, n_only_ours AS ours_only, first_ts, first_key, theirs, ours, difference, explanation
FROM regime_compare('"Old Desk".flips') WHERE n_differ > 0 OR n_only_theirs + n_only_ours > 0;

-- 8. No returns; numbers of bars are not of this kind. Of comovements, the newest snapshot counts.
UPDATE "Old Desk".stats SET avg_ret_1d = NULL, std_ret_1d = NULL, n_bars = n_bars + 1;
SELECT id, column_name, n, n_differ, first_key, theirs, ours, difference FROM regime_compare('"Old Desk".stats') WHERE n_differ > 0 AND id = 2;
INSERT INTO "Old Desk".comovement SELECT id, tf, ema_a, ema_b, 0.5, 0.5, 1, 0.5, 7, computed_at - interval '1 day' FROM cmc_regime_comovement;
UPDATE "Old Desk".comovement SET n_obs = 8 WHERE id = 2 AND n_obs <> 7 AND ema_b = 'close_ema_100' AND ema_a = 'close_ema_50';
SELECT id, column_name, n, n_differ, first_key, theirs, ours, difference FROM regime_compare('"Old Desk".comovement') WHERE n_differ > 0;

-- 10. Everything by the budget of the whole history, of which rows are stored anew with the budget of each row; 1 beside it.
UPDATE "Old Desk"."Regimes" SET l2_label = regexp_replace(l2_label, '^[^-]+', 'Up') WHERE id = 1 AND ts < '2018-12-27';
TRUNCATE "Old Desk".flips, "Old Desk".stats;
INSERT INTO "Old Desk".flips TABLE cmc_regime_flips;
INSERT INTO "Old Desk".stats TABLE cmc_regime_stats;
SET pg_regime.point_in_time = on;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]);
SELECT column_name, difference, count(*) AS assets, sum(n_differ) AS differ FROM regime_compare('"Old Desk"."Regimes"') WHERE n_differ > 0 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT column_name, difference, sum(n_differ) AS differ, sum(n_only_theirs) AS theirs_only, sum(n_only_ours) AS ours_only FROM regime_compare('"Old Desk".flips')
WHERE n_differ > 0 OR n_only_theirs + n_only_ours > 0 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT column_name, difference, sum(n_differ) AS differ, sum(n_only_theirs) AS theirs_only, sum(n_only_ours) AS ours_only FROM regime_compare('"Old Desk".stats')
WHERE n_differ > 0 OR n_only_theirs + n_only_ours > 0 GROUP BY 1, 2 ORDER BY 1, 2;

-- The count of a column is that of all its lines.
SELECT count(*) AS wrong FROM (SELECT id, column_name FROM regime_compare('"Old Desk"."Regimes"') WHERE column_name IS NOT NULL GROUP BY 1, 2 HAVING min(n) <> min(n_agree) + sum(n_differ)) AS x;

-- Where an asset cannot be computed anew, it is said, and what only that could tell is not explained.
ALTER TABLE cmc_ema_multi_tf_u RENAME TO emas;
SELECT column_name, n_differ > 0 AS differs, difference FROM regime_compare('"Old Desk"."Regimes"', assets => '{2}') WHERE n_differ > 0 AND column_name ~ 'l[12]_enabled|hash' ORDER BY 1;
