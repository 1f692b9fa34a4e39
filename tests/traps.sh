#!/usr/bin/env bash
# Nothing that a search_path offers is run by pg_regime. In a schema of the path, which is also that of the extension, lie
# traps for every operator, and for every function, type and relation that statements of pg_regime can name; then the
# whole SQL surface is used, by a superuser with two paths, and by an ordinary role with the second, which has more traps:
#
#   traps, public              PostgreSQL's own is found first, and only what fits better is a trap
#   traps, pg_catalog, public  whatever a statement names without a schema is a trap
#
# The names of functions are the words of the sources, and the calls are made from the catalog: a new function is called,
# or fails the test if an argument of it is none that tests/traps.sql has a value for.
. "$(dirname "$0")/lib.sh"

# as ROLE DB PATH: runs stdin; an error is shown, and does not end it
as() { PGOPTIONS="-c client_min_messages=error -c search_path=${3// /}" psql -XAtq -v VERBOSITY=terse -U "$1" -d "$2" 2>&1 | { grep -v '^$' || true; }; }
# lay DB SQL: as superuser, beside the traps
lay() { as postgres "$1" '' <<<"$2"; }

# sprung FROM: the traps that the log names after line FROM, and the statement that found them
sprung() {
    tail -n +$(($1 + 1)) "$cluster_dir/log" | awk '
        function done() { if (trap != "") print trap (statement == "" ? "" : ": " substr(statement, 1, 160)); trap = statement = "" }
        /^[0-9-]+ [0-9:.]+ [A-Z]+ \[/ && !/ (CONTEXT|STATEMENT|DETAIL|HINT): / {
            done()
            if (match($0, /trap sprung: /)) trap = substr($0, RSTART + RLENGTH)
        }
        trap != "" && statement == "" && match($0, /(SQL statement|SQL expression|STATEMENT: ) /) { statement = substr($0, RSTART) }
        END { done() }
    ' | sort | uniq -c | sort -rn
}

# changes N: statements on source tables that are tracked, by few keys and by many; other ones for each N
changes() {
    local table
    for table in cmc_price_bars_multi_tf{,_cal_iso} cmc_ema_multi_tf_{u,cal_iso} candles; do
        echo "WITH gone AS (DELETE FROM public.$table RETURNING *) INSERT INTO public.$table SELECT * FROM gone;"
    done
    cat <<SQL
UPDATE public.cmc_price_bars_multi_tf SET close = close OPERATOR(pg_catalog.*) 2::real WHERE time_close OPERATOR(pg_catalog.>) '2018-06-10'::pg_catalog.timestamptz;
UPDATE public.candles SET close = low WHERE open_time OPERATOR(pg_catalog.>) '2018-06-01'::pg_catalog.timestamptz;
INSERT INTO public.cmc_price_bars_multi_tf (id, tf, tf_days, bar_seq, time_close, open, high, low, close)
SELECT n, '1D', 1, 1, '2018-06-01', 1, 1, 1, 1 FROM pg_catalog.generate_series(${1}01, ${1}50) AS n;
INSERT INTO public.candles SELECT pg_catalog.concat('S', n), '1d', '2018-06-01', 1, 1, 1, 1, 1 FROM pg_catalog.generate_series(${1}01, ${1}50) AS n;
TRUNCATE public.cmc_price_bars_multi_tf_cal_us;
SQL
}

# surface ROLE PATH DATABASE
surface() {
    local role=$1 path=$2 db=$3 from errors calls
    from=$(wc -l <"$cluster_dir/log")
    q postgres "CREATE DATABASE $db TEMPLATE traps"
    q "$db" "GRANT CREATE ON DATABASE $db TO refresher; GRANT CREATE ON SCHEMA public TO refresher;
             GRANT ALL ON traps.regime_source, traps.regime_source_user, traps.regime_source_built_in, traps.regime_policy, traps.regime_profile,
             traps.regime_profile_asset, traps.regime_connection, traps.regime_eras TO refresher"
    # The superuser's changes are also those that logical replication would apply.
    {
        echo "SELECT FROM traps.regime_health();"
        lay "$db" "SELECT lay.calls(true)" | grep regime_demo
        cat <<'SQL'
SELECT FROM traps.regime_health();
INSERT INTO traps.regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter)
VALUES ('iso', 'L3', '1D', '{20,50,100}', 'cmc_price_bars_multi_tf', 'cmc_ema_multi_tf_u', '{"alignment_source": "multi_tf"}');
UPDATE traps.regime_source SET bars_filter = '{"tf_days": 1}' WHERE layer OPERATOR(pg_catalog.=) 'L2';
INSERT INTO traps.regime_profile (profile, min_hold_bars) VALUES ('slow', 5), ('default', NULL);
INSERT INTO traps.regime_profile_asset (profile, id, symbol, pattern) VALUES ('slow', 2, NULL, NULL), ('slow', NULL, 'DEMO3', NULL), ('slow', NULL, NULL, 'M%');
CREATE TABLE public.signals (id int, ts pg_catalog.timestamptz);
INSERT INTO public.signals VALUES (1, '2018-06-01');
CREATE TABLE public.market_returns AS SELECT open_time::pg_catalog.date AS date, 0.01::pg_catalog.float8 AS daily_return FROM public.candles
WHERE symbol OPERATOR(pg_catalog.=) 'MARKET' AND timeframe OPERATOR(pg_catalog.=) '1d';
SQL
        cat <<'SQL'
CREATE SCHEMA shop;
CREATE TABLE shop.prices (ticker pg_catalog.text, "interval" pg_catalog.text, opened bigint, high pg_catalog.text, low pg_catalog.text, close pg_catalog.text, adj_close numeric, venue pg_catalog.text);
INSERT INTO shop.prices SELECT pg_catalog.concat('T', a), '1d', 1500000000000::bigint OPERATOR(pg_catalog.+) (86400000::bigint OPERATOR(pg_catalog.*) d), '20', '10', '15', 15, 'X'
FROM pg_catalog.generate_series(1, 2) AS a, pg_catalog.generate_series(1, 400) AS d;
SELECT FROM traps.regime_connect('shop.prices', ts => 'opened', bars_filter => '{"venue": "X"}', zone => 'Europe/Zurich', dry_run => true);
SELECT FROM traps.regime_connect('shop.prices', ts => 'opened', bars_filter => '{"venue": "X"}', candles => true);
SELECT FROM traps.refresh_cmc_regimes();
SELECT FROM traps.regime_connect('shop.prices', ts => 'opened', bars_filter => '{"venue": "X"}');
CREATE TABLE shop.closes (id int, ts pg_catalog.timestamptz, price real);
INSERT INTO shop.closes SELECT 77, '2018-01-01 23:59:59+00'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) (d OPERATOR(pg_catalog.*) '1 day'::pg_catalog."interval"), 10 FROM pg_catalog.generate_series(1, 90) AS d;
SELECT FROM traps.regime_connect('shop.closes', cal_scheme => 'us');
SELECT FROM traps.regime_disconnect('shop.closes');
SQL
        lay "$db" "SELECT lay.calls(false)"
        # from here on, columns of other types than ours
        cat <<'SQL'
ALTER TABLE public.dim_assets ALTER symbol TYPE varchar(20);
ALTER TABLE public.candles ALTER symbol TYPE varchar, ALTER timeframe TYPE varchar, ALTER close TYPE numeric;
ALTER TABLE public.cmc_price_bars_multi_tf ALTER id TYPE bigint, ALTER tf TYPE varchar, ALTER close TYPE real;
ALTER TABLE public.cmc_ema_multi_tf_u ALTER id TYPE smallint, ALTER tf TYPE varchar, ALTER period TYPE smallint, ALTER ema TYPE numeric;
SQL
        changes 1
        if [ "$role" = postgres ]; then
            echo "SET session_replication_role = replica;"
            changes 2
            echo "RESET session_replication_role;"
        fi
        cat <<'SQL'
INSERT INTO traps.regime_eras (timeframe, starts) VALUES ('1d', '2018-01-01');
SET pg_regime.notify_flips = on;
SELECT FROM traps.regime_health();
SELECT FROM traps.refresh_cmc_regimes(only_dirty => true);
SELECT FROM traps.refresh_market_regimes();
SELECT FROM traps.refresh_market_states();
CALL traps.refresh_all_cmc_regimes();
SQL
    } >"$work/first"
    # What is for Citus says so elsewhere.
    local elsewhere='/^ERROR:  Citus is not in this database$/d'
    errors=$(as "$role" "$db" "$path" <"$work/first" | sed "$elsewhere")
    errors+=$(lay "$db" "SELECT lay.own_functions(); SELECT lay.relations()")
    {
        lay "$db" "SELECT lay.calls(true)" | grep -v regime_demo
        lay "$db" "SELECT format('SELECT FROM traps.regime_grant(''pg_monitor''::pg_catalog.text, %L::pg_catalog.text, true);', p) FROM unnest('{reader,monitor,refresher,loader}'::text[]) AS p"
        lay "$db" "SELECT format(call, s) FROM unnest('{market_regimes,market_regime_history,market_states}'::text[]) AS s, unnest(ARRAY[
            'SELECT FROM traps.regime_now(NULL::traps.regime_asset_ref, %L::pg_catalog.text);', 'SELECT FROM traps.regime_rows(%L::pg_catalog.text);',
            'SELECT FROM traps.regime_breadth(NULL::pg_catalog.date, NULL::pg_catalog.date, %L::pg_catalog.text, NULL::pg_catalog.text);']) AS call"
        lay "$db" "SELECT format('SELECT FROM traps.regime_asset_ref(%L::pg_catalog.%s);', '1', t) FROM unnest('{int2,int4,int8,bpchar,name}'::text[]) AS t"
        cat <<'SQL'
CREATE TABLE shop.regimes AS SELECT id, ts, tf, l2_label, regime_key, 0.77::numeric AS size_mult, setups, orders FROM public.cmc_regimes;
SELECT FROM traps.regime_compare('shop.regimes'::pg_catalog.regclass, 'cmc_regimes'::pg_catalog.text, '{1,2,3}'::int[]);
CREATE VIEW shop.flips AS SELECT f.id::bigint, ts OPERATOR(pg_catalog.+) '1 day'::pg_catalog."interval" AS ts, tf, layer, new_regime FROM public.cmc_regime_flips AS f;
SELECT FROM traps.regime_compare('shop.flips'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
CREATE TABLE shop.stats AS SELECT s.symbol, 7::smallint AS n_bars, regime_key, tf FROM public.cmc_regime_stats JOIN public.dim_assets AS s ON s.id OPERATOR(pg_catalog.=) cmc_regime_stats.id;
SELECT FROM traps.regime_compare('shop.stats'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
CREATE TABLE shop.moves AS SELECT id, tf, ema_a, ema_b, computed_at::pg_catalog."timestamp", 1::real AS correlation FROM public.cmc_regime_comovement;
SELECT FROM traps.regime_compare('shop.moves'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
CREATE TABLE shop.candle_regimes AS SELECT symbol::pg_catalog."varchar", timeframe, open_time::pg_catalog."timestamp", pg_catalog.concat(full_regime, 'MOM') AS full_regime FROM public.market_regimes;
SELECT FROM traps.regime_compare('shop.candle_regimes'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
CREATE TABLE shop.days AS SELECT 1 AS id, date, regime, confidence FROM public.market_regime_history;
SELECT FROM traps.regime_compare('shop.days'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
CREATE TABLE shop.states AS SELECT symbol, timeframe, open_time, state_label, supports::numeric[], warmup FROM public.market_states;
SELECT FROM traps.regime_compare('shop.states'::pg_catalog.regclass, NULL::pg_catalog.text, NULL::traps.regime_asset_ref[]);
SQL
        lay "$db" "SELECT format('SELECT FROM %s;', c.oid::regclass) FROM pg_class c
                   WHERE relkind IN ('r', 'v') AND relnamespace IN ('public'::regnamespace, 'regime_work'::regnamespace)
                   OR oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_class'::regclass)"
        # Traps of the types of views hold these views.
        echo "SELECT FROM traps.regime_disconnect('shop.prices');"
        echo "CREATE SCHEMA moved; SELECT FROM traps.regime_move('moved'); SET pg_regime.target_schema = 'moved'; SELECT FROM traps.regime_teardown(true);"
    } >"$work/second"
    elsewhere+='; /^ERROR:  cannot drop view .* because other objects depend on it$/d'
    errors+=$(as "$role" "$db" "$path" <"$work/second" | sed "$elsewhere")
    calls=$(cat "$work/first" "$work/second" | grep -c ";$")
    is "$role, path $path: $calls statements run without error" "$errors" ""
    is "$role, path $path: no trap is sprung" "$(sprung "$from" | head -n 40)" ""
    is "$role, path $path: no stored definition holds a trap" "$(lay "$db" "SELECT what FROM lay.caught")" ""
}

cluster_start
q postgres "CREATE ROLE refresher LOGIN"
q postgres "CREATE DATABASE traps"
# So that what looks for silent feeds runs.
q postgres "ALTER DATABASE traps SET pg_regime.feed_grace = 0"
words=$(grep -rhoE '[a-z_][a-z_0-9]*' src sql --include='*.rs' --include='*.sql' | sort -u | paste -sd,)
errors=$(as postgres traps '' <tests/traps.sql)
errors+=$(lay traps "SELECT lay.operators(); SELECT lay.functions('{$words}'); SELECT lay.types(); SELECT lay.relations()")
is "there are traps: $(lay traps "SELECT count(*) FROM pg_proc WHERE pronamespace = 'traps'::regnamespace")" "$errors" ""
from=$(wc -l <"$cluster_dir/log")
as postgres traps traps <<<"CREATE EXTENSION pg_regime SCHEMA traps" >/dev/null
is "CREATE EXTENSION in the schema of the traps springs none" "$(sprung "$from")" ""
surface postgres "traps, public" a
surface postgres "traps, pg_catalog, public" b
surface refresher "traps, pg_catalog, public" c

# Can the test fail? The traps of statements that were once in pg_regime, and one of each other kind, must show.
from=$(wc -l <"$cluster_dir/log")
as postgres traps "traps, public" >/dev/null <<'SQL'
SELECT true FROM pg_class WHERE oid = 'pg_class'::regclass;
SELECT tgtype & 1 FROM pg_trigger;
SELECT true FROM pg_class WHERE relname ~ relname;
SELECT current_user::varchar = current_user::text;
SELECT obj_description('pg_class'::regclass, 'pg_class');
SQL
is "traps that fit better are sprung" "$(sprung "$from" | sed 's/^ *[0-9]* //; s/: STATEMENT.*//' | sort | paste -sd';')" \
    "& of smallint, integer;= of character varying, text;= of oid, regclass;obj_description of regclass, text;~ of name, name"
from=$(wc -l <"$cluster_dir/log")
as postgres traps "traps, pg_catalog" >/dev/null <<<"SELECT count(oid) FROM pg_class; SELECT '1'::text"
is "traps under the names of PostgreSQL are sprung" "$(sprung "$from" | sed 's/^ *[0-9]* //; s/: STATEMENT.*//' | sort | paste -sd';')" \
    "count;count of oid;relation pg_class;type text"
