#!/usr/bin/env bash
# Every statement of dashboards/grafana.json, with Grafana's macros as Grafana replaces them, on the demo market.
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db desk 5 3000
q desk "SELECT FROM refresh_cmc_regimes()"

# Number, what, and the statement with its line ends as spaces: the panels first, then the variables.
read_statements() {
    psql -XAtq -F $'\t' -d desk --set=dashboard="$(cat dashboards/grafana.json)" <<'SQL'
WITH statement AS (
    SELECT 1 AS kind, n, p ->> 'title' AS title, t ->> 'rawSql' AS sql
    FROM jsonb_array_elements(:'dashboard'::jsonb -> 'panels') WITH ORDINALITY AS panel (p, n), jsonb_array_elements(p -> 'targets') AS t
    UNION ALL
    SELECT 2, n, 'variable ' || (v ->> 'name'), v ->> 'query'
    FROM jsonb_array_elements(:'dashboard'::jsonb #> '{templating,list}') WITH ORDINALITY AS variable (v, n))
SELECT title, translate(regexp_replace(replace(replace(replace(sql,
    '$__timeFrom()', '''2016-01-01T00:00:00Z'''), '$__timeTo()', '''2100-01-01T00:00:00Z'''), '${asset:sqlstring}', '''MARKET'''),
    '\$__timeFilter\(([^)]*)\)', '\1 BETWEEN ''2016-01-01T00:00:00Z'' AND ''2100-01-01T00:00:00Z''', 'g'), E'\n', ' ')
FROM statement ORDER BY kind, n;
SQL
}
n=0
while IFS=$'\t' read -r title statement; do
    n=$((n + 1))
    rows=$(q desk "SELECT count(*) FROM ($statement) AS rows" || true)
    case $title in
        # Nothing is wrong with the demo market.
        Health) is "$title: runs" "$([[ $rows =~ ^[0-9]+$ ]] && echo yes || echo "$rows")" yes ;;
        *) is "$title: has rows" "$([[ $rows =~ ^[1-9][0-9]*$ ]] && echo yes || echo "$rows")" yes ;;
    esac
done < <(read_statements)
is "every panel and variable was run" "$n" "$(grep -c '"rawSql"\|"query": "SELECT' dashboards/grafana.json)"
