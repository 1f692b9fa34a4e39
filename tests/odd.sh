# shellcheck shell=bash
# shellcheck disable=SC2154 # work, sql and specs are those of regress.sh
# The tests under odd settings; to be sourced by regress.sh --odd.
#
# Most settings change what a test's own statements print, or how their text is read. These hold inside the functions of
# pg_regime only: whenever the extension is created, an event trigger of template1 gives each of its functions a SET
# clause. Procedures could not commit with such a clause, and regime_track would not know its trigger functions again:
# both run under the settings of the session here, and under all of them in tests/settings.sh.

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
# In the session.
session=(transform_null_equals=on plan_cache_mode=force_generic_plan)
# Tests with jit_above_cost = 0: to compile every statement of the whole suite takes several times as long.
compiled=(refresh_tables market_read states_read)
# Tests that show messages of PostgreSQL's own do without lc_messages.
shown="permission denied for (table|schema|sequence) [a-z_]+ *([|]|$)|must be owner of|violates (check|foreign|unique)|division by zero"
shown+="|canceling statement due|value too long|index row requires|no partition of relation|(relation|column) \"[^\"]*\" does not exist"
# What a test does without, and why. SETTINGS is a list of names separated by commas; * stands for all of `within`.
without=(
    "objects_functions * prints the settings of functions"
    "attacks quote_all_identifiers a trigger of the test sets search_path, which is shown"
    "install_schema quote_all_identifiers PostgreSQL names columns in the DETAIL of an error"
    "install_hostile array_nulls the test's own table has an array in a column of text"
    "market_history DateStyle a trigger of the test shows a date"
    "refresh_own_tables DateStyle,TimeZone,quote_all_identifiers,search_path PostgreSQL shows the key of a row in the DETAIL of an error; triggers of the test name tables along the path"
    "retention DateStyle,TimeZone,quote_all_identifiers PostgreSQL shows the key of a row in the DETAIL of an error"
    "search_path search_path triggers of the test name tables along the path"
    "swallowed search_path,TimeZone triggers of the test name tables along the path, and compare with a time that has no zone"
    "swallowed_after search_path triggers of the test name tables along the path"
    "settings parallel a library that a parallel worker loads takes over no setting made before (PostgreSQL warns)"
)

LOCPATH=$work/locale cluster_start
q postgres "GRANT SET ON PARAMETER lc_messages TO PUBLIC"
parallel=debug_parallel_query
[ "$(q postgres "SELECT count(*) FROM pg_settings WHERE name = '$parallel'")" = 1 ] || parallel=force_parallel_mode

# A setting that a function of pg_regime has already is its own.
q template1 "
CREATE FUNCTION pg_catalog.odd_settings() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS \$\$
DECLARE
    without text[] := string_to_array(current_setting('odd.without', true), ',');
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER FUNCTION %s SET %s', p.oid::regprocedure, setting)
        FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid JOIN pg_proc p ON d.objid = p.oid,
            unnest(\$settings\$$(printf '{'; printf '"%s",' "${within[@]}" | sed 's/,$//'; printf '}')\$settings\$::text[]) AS setting,
            LATERAL split_part(setting, ' ', 1) AS name
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND e.extname = 'pg_regime'
            AND p.prokind = 'f' AND ('{*}' && without OR ARRAY[name] && without) IS NOT TRUE
            AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS own WHERE starts_with(own, name || '='))
    LOOP
        EXECUTE statement;
    END LOOP;
END \$\$;
CREATE EVENT TRIGGER odd_settings ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION odd_settings()"

q postgres "CREATE DATABASE odd"
q odd "CREATE EXTENSION pg_regime"
is "each function has the odd settings" "$(q odd "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
    JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pg_regime'
    WHERE prokind = 'f' AND (SELECT count(*) FROM unnest(proconfig)) IS DISTINCT FROM ${#within[@]}")" ""
[ $messages != C ] && [[ $(q odd "SET lc_messages = '$messages'; SELECT 1/0" || true) == *FEHLER* ]] ||
    echo "odd: without German messages, which need localedef, the sources of locales and $("$PG_CONFIG" --localedir)/de"

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
    [[ " ${compiled[*]} " != *" $name "* ]] || printf -- '-c jit=on -c jit_above_cost=0 -c jit_inline_above_cost=-1 -c jit_optimize_above_cost=-1 '
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
