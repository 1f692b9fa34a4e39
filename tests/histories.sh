#!/usr/bin/env bash
# histories.sh [SEED…]: after any sequence of appended, late, corrected and deleted bars and EMAs, policy changes and
# tier crossings, the output tables equal a full refresh into empty tables. Plays histories of random changes that
# follow from their seeds (tests/histories.sql) and compares after each round. Without seeds: the kept cases of
# tests/histories.seeds and more than 1,000 fresh ones; with seeds: those, in all modes, saying what happened.
. "$(dirname "$0")/lib.sh"
rounds=12
# Each mode plays in a database of its own: without tracking; tracked; tracked and refreshed with only_dirty; tracking
# switched on and off; and with ATR, ADX, spread, slippage and an intraday layer, whose windows are their own.
modes=(untracked tracked dirty alternating columns)
declare -A fresh=([untracked]="50 299" [tracked]="300 549" [dirty]="550 799" [alternating]="800 949" [columns]="950 1099")
given=("$@")

# seeds_of MODE: its proxies are the first two of each 25
seeds_of() {
    if [ ${#given[@]} != 0 ]; then
        printf '%s\n' "${given[@]}"
    else
        # shellcheck disable=SC2086 # first and last
        seq ${fresh[$1]}
        sed -n "s/^$1 \\([0-9]\\+\\).*/\\1/p" tests/histories.seeds
    fi | paste -sd,
}

# play MODE: all rounds, in a session that is left now and then; what is printed is an error
play() {
    local round
    {
        echo "\\set ON_ERROR_STOP 1"
        echo "CALL set_up('$1', $rounds, '{$(seeds_of "$1")}');"
        for ((round = 0; round <= rounds; round++)); do
            echo "SELECT script($round) \\gexec"
            [ $round != 0 ] || echo "VACUUM ANALYZE;"
            [ $((round % 3)) != 2 ] || echo "\\c -"
        done
    } | PGOPTIONS='-c client_min_messages=error' psql -XAtq -d "$1" >"$work/$1" 2>&1 || echo "psql: status $?" >>"$work/$1"
}

cluster_start
for setting in "autovacuum = off" "jit = off" "work_mem = '64MB'"; do q postgres "ALTER SYSTEM SET $setting"; done
q postgres "SELECT FROM pg_reload_conf()"
q postgres "CREATE DATABASE base"
q base "CREATE EXTENSION pg_regime" && q base "$(cat tests/histories.sql)"
for table in "${!outputs[@]}"; do q base "INSERT INTO outputs VALUES ('$table', '${outputs[$table]}')"; done
q base "$(cat <<'SQL'
-- The statements of a round: sometimes all in one transaction, sometimes with the full refresh before the other.
CREATE FUNCTION script(r int) RETURNS SETOF text STABLE LANGUAGE sql AS $$
    WITH draw AS (SELECT noise('transaction', hashtext(mode), r) < 0.3 AS in_one, noise('order', hashtext(mode), r) < 0.3 AS fully_first FROM play)
    SELECT statement FROM draw CROSS JOIN LATERAL (
        SELECT 1, 0, NULL, 'BEGIN' WHERE in_one
        UNION ALL SELECT 2, 0, NULL, format('CALL change(%s)', r)
        UNION ALL SELECT 3, market, part, format('CALL refresh(%s, %s, ''public'', %L)', market, r, part) FROM (SELECT DISTINCT market FROM assets) m
            CROSS JOIN LATERAL (SELECT 'all' WHERE form_of(market, r) <> 3 UNION ALL SELECT unnest('{proxy,rest}'::text[]) WHERE form_of(market, r) = 3) p (part)
        UNION ALL SELECT CASE WHEN fully_first THEN 2 ELSE 4 END, 1, NULL, format('CALL refresh_fully(%s)', r)
        UNION ALL SELECT 5, 0, NULL, 'COMMIT' WHERE in_one
        UNION ALL SELECT 6, 0, NULL, format('CALL compare(%s)', r)) s (a, b, c, statement)
    ORDER BY a, b, c $$;

-- What must hold after a round. An asset whose full refresh fails has nothing to compare with: it keeps what it had.
CREATE PROCEDURE compare(r int) LANGUAGE plpgsql AS $$
DECLARE name text; columns text;
BEGIN
    CREATE TEMP TABLE failing AS SELECT id, result->>'message' AS message FROM results WHERE round = r AND target = 'fresh' AND result->>'status' = 'failed';
    INSERT INTO failures SELECT r, id, 'fails though its bars are good: ' || message FROM failing JOIN assets USING (id)
        WHERE id NOT IN (TABLE spoiled) AND proxy_of(market, r) NOT IN (TABLE spoiled);
    INSERT INTO failures SELECT r, a.id, format('is returned %s times', count(x.id)) FROM assets a LEFT JOIN results x ON x.round = r AND x.target = 'public' AND x.id = a.id
        GROUP BY a.id, a.market HAVING count(x.id) > 1 OR count(x.id) = 0 AND NOT only_dirty(a.market, r);
    INSERT INTO failures SELECT r, id, format('is %s: %s', result->>'status', result->>'message') FROM results WHERE round = r AND target = 'public'
        AND (result->>'status' = 'failed') <> (id IN (SELECT id FROM failing));
    INSERT INTO failures SELECT r, id, 'did not keep its rows while its bars are bad' FROM failing LEFT JOIN kept k USING (id)
        LEFT JOIN digests((SELECT array_agg(id) FROM failing)) d USING (id) WHERE d.digest IS DISTINCT FROM k.digest;
    FOR name, columns IN SELECT * FROM outputs LOOP
        EXECUTE format($sql$
            INSERT INTO failures SELECT %1$s, id, format('%2$s: %%s rows, the first %%s', count(*), min(line)) FROM (
                SELECT id, 'extra ' || o::text FROM (SELECT %3$s FROM %2$I EXCEPT ALL SELECT %3$s FROM fresh.%2$I) o
                UNION ALL SELECT id, 'missing ' || o::text FROM (SELECT %3$s FROM fresh.%2$I EXCEPT ALL SELECT %3$s FROM %2$I) o) x (id, line)
            WHERE id NOT IN (SELECT id FROM failing) GROUP BY id$sql$, r, name, columns);
    END LOOP;
    DROP TABLE failing;
    -- What is wrong was told; from here on it is right, so that a later failure is one of its own.
    FOR name IN SELECT DISTINCT market FROM failures JOIN assets USING (id) WHERE round = r LOOP
        FOR columns IN SELECT o.name FROM outputs o WHERE NOT takes('full_refresh') LOOP
            EXECUTE format('DELETE FROM %I WHERE id IN (SELECT id FROM assets WHERE market = %s)', columns, name);
        END LOOP;
        PERFORM put_profile(name::int, r, 'healed'), set_config('pg_regime.target_schema', 'public', true), set_config('pg_regime.market_proxy_id', proxy_of(name::int, r)::text, true),
            call_refresh(name::int, r, 'healed', array_agg(id)::text, args_of(name::int, r) || CASE WHEN takes('full_refresh') THEN ', full_refresh => true' ELSE '' END)
        FROM assets WHERE market = name::int;
    END LOOP;
END $$;

-- What happened to assets.
CREATE FUNCTION story(ids int[]) RETURNS SETOF text STABLE LANGUAGE sql AS $$
    SELECT format('%s round %s: ', a.id, r) || concat_ws('; ',
        coalesce((SELECT string_agg(DISTINCT CASE WHEN slot IN (0, 9) THEN op WHEN slot = 8 THEN op || ' ' || layer ELSE format('%s %s n=%s place=%s', op, layer, n, round(place::numeric, 2)) END, ', ')
                  FROM steps s WHERE s.id = a.id AND s.round = r), 'nothing'),
        (SELECT string_agg(DISTINCT what, ', ') FROM notes n WHERE n.round = r AND coalesce(n.market, a.market) = a.market),
        (SELECT string_agg(concat_ws(' ', target, result->>'status', result->>'mode', result->>'feature_tier', result->>'message'), '; ' ORDER BY target DESC) FROM results x WHERE x.round = r AND x.id = a.id))
    FROM assets a CROSS JOIN generate_series(0, (SELECT rounds FROM play)) r WHERE a.id = ANY (ids) ORDER BY a.id, r $$;
-- How failures came about, each beginning with its line for tests/histories.seeds: those of assets whose stored rows
-- were taken away before that refresh, or of the others.
CREATE FUNCTION report(of_lost boolean, most int) RETURNS SETOF text STABLE LANGUAGE sql AS $$
    WITH fail AS (SELECT id, round, string_agg(what, '; ') AS what, row_number() OVER (ORDER BY bool_or(what ~ '^the call') DESC, round, id) AS n
        FROM failures f WHERE of_lost = (at_once(round) ~ '^(truncate|drop)' OR EXISTS (SELECT FROM steps s WHERE s.round = f.round AND s.id = f.id AND op ~ '^lose')) GROUP BY id, round)
    SELECT format(E'%s %s # round %s: %s\n    %s', mode, abs(id), round, what, (SELECT string_agg(story, E'\n    ') FROM story(ARRAY[id]) WHERE story ~ format('round (%s|%s):', round - 1, round)))
    FROM fail, play WHERE n <= most
    UNION ALL SELECT format('and %s more: %s', count(*), string_agg(id || '@' || round, ' ' ORDER BY round, id)) FROM fail WHERE n > most HAVING count(*) > 0 $$;
-- How often what was done.
CREATE FUNCTION tally() RETURNS SETOF text STABLE LANGUAGE sql AS $$
    SELECT format('%s refreshed: %s', sum(n), string_agg(n || ' ' || how, ', ' ORDER BY n DESC)) FROM (
        SELECT count(*) AS n, concat_ws(' ', result->>'status', result->>'mode', CASE WHEN result->>'status' <> 'failed' THEN regexp_replace(result->>'message', '[0-9][-+0-9: .]*', '… ', 'g') END) AS how
        FROM results WHERE target = 'public' GROUP BY 2) t
    UNION ALL SELECT format('among them %s with another tier than before, %s with other parameters', count(*) FILTER (WHERE tier <> tier_before), count(*) FILTER (WHERE hash <> hash_before))
    FROM (SELECT result->>'feature_tier' AS tier, result->>'regime_version_hash' AS hash, lag(result->>'feature_tier') OVER w AS tier_before, lag(result->>'regime_version_hash') OVER w AS hash_before
        FROM results WHERE target = 'fresh' WINDOW w AS (PARTITION BY id ORDER BY round)) t $$;
SQL
)"
[ "$(q base "SELECT can_track()")" = t ] || echo "   there is no regime_track: all modes play untracked"

for mode in "${modes[@]}"; do
    q postgres "CREATE DATABASE $mode TEMPLATE base"
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
    play "$mode" &
done
while [ -n "$(jobs -rp)" ]; do wait -n || true; done

for mode in "${modes[@]}"; do
    if [ -s "$work/$mode" ]; then
        not_ok "$mode: played to the end" "$(head -n 20 "$work/$mode")"
        continue
    fi
    [ ${#given[@]} = 0 ] || q "$mode" "SELECT '   $mode ' || line FROM story('{$(seeds_of "$mode")}') line"
    histories="$(q "$mode" "SELECT count(*) FROM assets WHERE id > 0") histories"
    failures=$(q "$mode" "SELECT * FROM report(false, 20)")
    description="$mode: after each of $rounds rounds the tables of $histories equal a full refresh"
    if [ -z "$failures" ]; then ok "$description"; else not_ok "$description" "$failures"; fi
    failures=$(q "$mode" "SELECT * FROM report(true, 10)")
    description="$mode: output rows that were taken away are back after an ordinary refresh"
    if [ -z "$failures" ]; then ok "$description"; else not_ok "$description" "$failures"; fi
    q "$mode" "SELECT '   $mode: ' || line FROM tally() line"
    if [ ${#given[@]} = 0 ] && [[ $mode =~ ^(tracked|dirty)$ ]]; then
        is "$mode: statements marked many assets at once, and no mark is left" \
            "$(q "$mode" "SELECT pg_stat_get_tuples_inserted('regime_work.cmc_regime_dirty_many'::regclass) > 100, count(*) FILTER (WHERE id NOT IN (TABLE spoiled)) FROM cmc_regime_marks")" "t|0"
    fi
    # where there is a run log, it says why all rows were computed
    [ -z "$(q "$mode" "SELECT to_regclass('cmc_regime_run_log')")" ] || q "$mode" "
        SELECT '   $mode: all rows computed for ' || string_agg(n || ' ' || reason, ', ' ORDER BY n DESC)
        FROM (SELECT count(*) AS n, regexp_replace(reason, '[0-9]{4}-.*', '…') AS reason FROM cmc_regime_run_log WHERE reason <> 'full_refresh' GROUP BY 2) t"
done
