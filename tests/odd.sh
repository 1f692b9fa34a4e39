# shellcheck shell=bash
# shellcheck disable=SC2154 # work, sql, specs and jit are those of regress.sh
# The tests under odd settings; to be sourced by regress.sh --odd.
#
# Most settings change what a test's own statements print, or how their text is read. These hold inside pg_regime only.
# Whenever the extension is created, an event trigger of template1 gives each of its functions a SET clause. With such a
# clause a procedure could not commit: procedures call odd_on() at their beginning and after each COMMIT, and odd_off() before
# RETURN.
# The functions of regime_track may not be altered, or nothing counts as tracked: triggers that fire before and after those of
# regime_track call odd_on() and odd_off().

# PostgreSQL's messages are German where a German locale can be made, and PostgreSQL has its catalog; the words before them
# are put back by what runs psql.
chmod a+x "$work"
mkdir "$work/locale"
messages=C
! localedef -i de_DE -f UTF-8 "$work/locale/de_DE.UTF-8" >/dev/null 2>&1 || messages=de_DE.UTF-8
cat >"$work/english" <<'SH'
#!/bin/bash
set -o pipefail
"$@" 2>&1 | sed -E 's/(^|: )FEHLER:/\1ERROR:/; s/(^|: )WARNUNG:/\1WARNING:/; s/(^|: )HINWEIS:/\1NOTICE:/; s/^TIP:/HINT:/'
SH
chmod +x "$work/english"

# Inside functions.
within=(
    "DateStyle = 'German, DMY'"
    "IntervalStyle = iso_8601"
    "TimeZone = 'Pacific/Kiritimati'"
    "extra_float_digits = -15"
    "bytea_output = escape"
    "xmloption = document"
    "array_nulls = off"
    "standard_conforming_strings = off"
    "escape_string_warning = off"
    "quote_all_identifiers = on"
    "search_path = ''"
    "lc_messages = '$messages'"
)
# In the session. With --jit every statement is compiled, at the least cost of compiling, which takes four times as long.
session=(transform_null_equals=on plan_cache_mode=force_generic_plan)
compiled=(jit=on jit_above_cost=0 jit_inline_above_cost=-1 jit_optimize_above_cost=-1 jit_tuple_deforming=off)
[ $jit = yes ] || compiled=(jit=off)
# Tests that show messages of PostgreSQL's own do without lc_messages.
shown="permission denied for (table|schema|sequence) [a-z_]+ *([|]|$)|must be owner of|violates (check|foreign|unique|row-level)|division by zero"
shown+="|other objects depend on it|canceling statement due|value too long|index row requires|no partition of relation|(relation|column) \"[^\"]*\" does not exist"
# What a test does without, and why. SETTINGS is a list of names separated by commas; * stands for all of `within`.
without=(
    "objects_functions * prints the settings of functions"
    "attacks quote_all_identifiers a trigger of the test sets search_path, which is shown"
    "attacks_connect search_path a trigger of the test names a function along the path"
    "install_schema quote_all_identifiers PostgreSQL names columns in the DETAIL of an error"
    "install_hostile array_nulls the test's own table has an array in a column of text"
    "market_history DateStyle a trigger of the test shows a date"
    "refresh_own_tables DateStyle,TimeZone,quote_all_identifiers,search_path PostgreSQL shows the key of a row in the DETAIL of an error; triggers of the test name tables along the path"
    "retention DateStyle,TimeZone,quote_all_identifiers PostgreSQL shows the key of a row in the DETAIL of an error"
    "search_path search_path triggers of the test name tables along the path"
    "source_shapes IntervalStyle PostgreSQL shows a row in the DETAIL of an error"
    "swallowed search_path,TimeZone triggers of the test name tables along the path, and compare with a time that has no zone"
    "swallowed_after search_path triggers of the test name tables along the path"
    "tracking_function triggers the test looks for the function of a trigger"
    "tracking_track triggers the test counts the triggers of a table"
    "concurrent_rounds jit a session waits for a lock shorter than it takes to compile the statements of the other one"
    "tracking_types bytea_output a symbol of type bytea is marked as the session that loads spells it"
    "tracking_plans jit,parallel,triggers thousands of statements run by themselves, and rows that a worker reads are counted elsewhere"
    "settings parallel a library that a parallel worker loads takes over no setting made before (PostgreSQL warns)"
)

LOCPATH=$work/locale cluster_start
q postgres "GRANT SET ON PARAMETER lc_messages TO PUBLIC"
parallel=debug_parallel_query
[ "$(q postgres "SELECT count(*) FROM pg_settings WHERE name = '$parallel'")" = 1 ] || parallel=force_parallel_mode

# A setting that a function of pg_regime has already is its own.
q template1 "
CREATE FUNCTION pg_catalog.odd_within() RETURNS TABLE (setting text, name text) LANGUAGE sql
SET search_path = pg_catalog SET jit = off AS \$\$
    SELECT setting, name FROM unnest(\$settings\$$(printf '{'; printf '"%s",' "${within[@]}" | sed 's/,$//'; printf '}')\$settings\$::text[])
        AS setting, LATERAL split_part(setting, ' ', 1) AS name, string_to_array(current_setting('odd.without', true), ',') AS without
    WHERE ('{*}' && without OR ARRAY[name] && without) IS NOT TRUE \$\$;
CREATE FUNCTION pg_catalog.odd_depth() RETURNS int LANGUAGE sql SET search_path = pg_catalog SET jit = off AS \$\$
    SELECT coalesce(nullif(current_setting('odd.depth', true), ''), '0')::int \$\$;
CREATE FUNCTION pg_catalog.odd_current() RETURNS json LANGUAGE sql SET jit = off AS \$\$
    SELECT pg_catalog.json_object_agg(name, pg_catalog.current_setting(name)) FROM pg_catalog.odd_within() \$\$;
CREATE FUNCTION pg_catalog.odd_on() RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE depth pg_catalog.int4 := pg_catalog.odd_depth(); s pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('odd.depth', pg_catalog.format('%s', pg_catalog.int4pl(depth, 1)), true);
    IF pg_catalog.int4eq(depth, 0) THEN
        PERFORM pg_catalog.set_config('odd.saved', pg_catalog.format('%s', pg_catalog.odd_current()), true);
        FOR s IN SELECT w.setting FROM pg_catalog.odd_within() AS w LOOP
            EXECUTE pg_catalog.format('SET LOCAL %s', s);
        END LOOP;
    END IF;
END \$\$;
CREATE FUNCTION pg_catalog.odd_saved() RETURNS TABLE (name text, setting text) LANGUAGE sql
SET search_path = pg_catalog SET jit = off AS \$\$
    SELECT * FROM json_each_text(nullif(current_setting('odd.saved'), '')::json) \$\$;
CREATE FUNCTION pg_catalog.odd_off() RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE depth pg_catalog.int4 := pg_catalog.odd_depth();
BEGIN
    PERFORM pg_catalog.set_config('odd.depth', pg_catalog.format('%s', pg_catalog.int4mi(depth, 1)), true);
    IF pg_catalog.int4eq(depth, 1) THEN
        PERFORM pg_catalog.set_config(w.name, w.setting, true) FROM pg_catalog.odd_saved() AS w;
    END IF;
END \$\$;
CREATE FUNCTION pg_catalog.odd_before() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.odd_on(); RETURN NULL; END';
CREATE FUNCTION pg_catalog.odd_after() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.odd_off(); RETURN NULL; END';
CREATE FUNCTION pg_catalog.odd_triggers() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET jit = off AS \$\$
DECLARE name text; at text; event text; relation regclass;
BEGIN
    FOR event, relation IN
        SELECT e.event, t.tgrelid::regclass
        FROM pg_event_trigger_ddl_commands() AS c JOIN pg_trigger AS t ON t.oid = c.objid AND c.classid = 'pg_trigger'::regclass
            JOIN (VALUES (4, 'insert'), (16, 'update'), (8, 'delete'), (32, 'truncate')) AS e (bit, event)
                ON t.tgtype & (1 | e.bit) = e.bit
        WHERE t.tgname ~ '^pg_regime_'
            AND ('{*,triggers}' && string_to_array(current_setting('odd.without', true), ',')) IS NOT TRUE
    LOOP
        FOR name, at IN VALUES ('pg_odd_', 'before'), ('pg_regimf_', 'after') LOOP
            EXECUTE format('CREATE OR REPLACE TRIGGER %s AFTER %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION odd_%s()',
                name || event, event, relation, at);
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %s', relation, name || event);
        END LOOP;
    END LOOP;
END \$\$;
CREATE EVENT TRIGGER odd_triggers ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION odd_triggers();
CREATE FUNCTION pg_catalog.odd_settings() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET jit = off AS \$\$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT CASE p.prokind WHEN 'p'
            THEN replace(regexp_replace(
                regexp_replace(pg_get_functiondef(p.oid), '\nBEGIN\n', E'\\\\&PERFORM pg_catalog.odd_on();\n'),
                '(COMMIT;[[:space:]]+SET TRANSACTION[^;]+;)', E'\\\\1 PERFORM pg_catalog.odd_on();', 'g'),
                'RETURN;', 'PERFORM pg_catalog.odd_off(); RETURN;')
            ELSE format('ALTER FUNCTION %s SET %s', p.oid::regprocedure, w.setting) END
        FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid JOIN pg_proc p ON d.objid = p.oid
            LEFT JOIN odd_within() AS w ON p.prokind = 'f'
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
            AND e.extname = 'pg_regime'
            AND (p.prokind = 'p' OR w.name IS NOT NULL
                AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS own WHERE starts_with(own, w.name || '=')))
    LOOP
        EXECUTE statement;
    END LOOP;
END \$\$;
CREATE EVENT TRIGGER odd_settings ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION odd_settings()"

q postgres "CREATE DATABASE odd"
q odd "CREATE EXTENSION pg_regime"
is "each function and procedure has the odd settings" "$(q odd "SELECT p.oid::regprocedure
    FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'pg_regime'
    WHERE prokind = 'f' AND (SELECT count(*) FROM unnest(proconfig)) IS DISTINCT FROM ${#within[@]}
        OR prokind = 'p' AND cardinality(string_to_array(prosrc, 'odd_on')) <> 1 + cardinality(string_to_array(prosrc, 'COMMIT;'))")" ""
[ $messages != C ] && [[ $(q odd "SET lc_messages = '$messages'; SELECT 1/0" || true) == *FEHLER* ]] ||
    echo "odd: without German messages, which need localedef, the sources of locales and $("$PG_CONFIG" --localedir)/de"
# A server that was built with LLVM compiles, or the check fails; any other says so.
how=$(printf -- '-c %s ' "${compiled[@]}")
if [ $jit = no ]; then
    :
elif [[ $("$PG_CONFIG" --configure) == *--with-llvm* || $(PGOPTIONS=$how psql -XAtq -d odd -c "SELECT pg_jit_available()") = t ]]; then
    is "statements are compiled" "$(PGOPTIONS=$how psql -XAtq -d odd -c "EXPLAIN ANALYZE SELECT sum(n + 1) FROM generate_series(1, 9) AS n" | grep -c '^JIT:')" 1
else
    echo "odd: without JIT, which needs PostgreSQL built with LLVM, and llvmjit in $("$PG_CONFIG" --pkglibdir)"
fi

# session_of NAME: the settings with which the sessions of a test begin, as options of a server
session_of() {
    local name=$1 line settings='' setting
    for line in "${without[@]}"; do
        [ "${line%% *}" != "$name" ] || { settings=${line#* }; settings=${settings%% *}; }
    done
    ! grep -qE "$shown" "pg_regress/expected/$name.out" || settings+=,lc_messages
    for setting in "${session[@]}"; do printf -- '-c %s ' "$setting"; done
    [[ ,$settings, = *,parallel,* ]] || printf -- '-c %s=regress ' "$parallel"
    # tests with a backslash in a literal of their own keep it in the session
    [ ! -e "pg_regress/sql/$name.sql" ] || grep -qE "'[^']*\\\\[^']*'" "pg_regress/sql/$name.sql" ||
        printf -- '-c standard_conforming_strings=off -c escape_string_warning=off '
    [[ ,$settings, = *,jit,* ]] || printf -- '-c %s ' "${compiled[@]}"
    printf -- '-c odd.without=%s\n' "$settings"
}

# tests whose sessions begin alike run one after another in one database
declare -A alike=()
for name in "${sql[@]}" "${specs[@]}"; do alike[$(session_of "$name")]+=" $name"; done
number=0
for options in "${!alike[@]}"; do
    number=$((number + 1)) of_sql=() of_specs=()
    for name in ${alike[$options]}; do
        if [ -e "pg_regress/sql/$name.sql" ]; then of_sql+=("$name"); else of_specs+=("$name"); fi
    done
    export PGOPTIONS=$options
    run_tests "sql$number" regress/pg_regress "${of_sql[@]}"
    run_tests "specs$number" isolation/pg_isolation_regress "${of_specs[@]}"
done
