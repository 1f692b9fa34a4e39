#!/usr/bin/env bash
# What pg_regime tells users to type, runs as it stands and helps: each block of tests/hints.sql provokes an error, a
# WARNING or findings of regime_health, regime_check_inputs and regime_check_candles, in a new database where the
# extension is in a schema of an odd name; then every statement of a HINT, DETAIL or command is typed with an empty
# search_path. A command of these functions is a statement as a whole.
#
# A statement that runs a function of pg_regime or changes anything must help: typed again, what gave the hint does not give
# the same error. Not so where the hint gives a statement to be run in its place; its block has the words (in place). Of
# two roles, the superuser types what grants, creates and alters. A text with … is to be filled in; it only has to name
# the schema.
. "$(dirname "$0")/lib.sh"

keywords='SELECT|CALL|ALTER|GRANT|SET|CREATE|UPDATE|INSERT|DROP|ROLLBACK|DELETE|VACUUM|BEGIN'
# as ROLE DB: runs stdin; messages and what \warn says go to stdout, rows nowhere
as() { PGOPTIONS='-c search_path=' psql -XAtq -v o='"Odd Schema"' -U "$1" -d "$2" 2>&1 >/dev/null | sed 's/^psql:<stdin>:[0-9]*: //'; }
# the statements in each line of stdin
statements() { grep -vF '…' | grep -oP "(?:^|(?<=[ (:]))(As role [a-z]+: )?($keywords) .*;" || true; }
# the statements in hints and details of the messages on stdin, each after its message and a tab
told() {
    local line message=
    while read -r line; do
        case $line in
            ERROR:* | WARNING:* | NOTICE:*) message=${line#*:  } ;;
            HINT:* | DETAIL:*) statements <<<"${line#*:  }" | sed "s/^/$(sed 's/[\\&\/]/\\&/g' <<<"$message")\t/" ;;
        esac
    done | sort -u
}
# the first message on stdin that matters
complaint() { grep -m1 -oP '^(ERROR|WARNING|NOTICE):  \K.*' || true; }

tried=0
# ONLY=PATTERN: only blocks of such a name
# try WHAT ROLE DB STATEMENTS FILE COMPLAINT IN_PLACE: types the statements, and FILE again
try() {
    local what=$1 role=$2 db=$3 statements=$4 again=$5 before=$6 in_place=$7 out typist=$2
    tried=$((tried + 1))
    # words before a statement that another role is to type
    if [[ $statements =~ ^'As role '([a-z]+)': '(.*)$ ]]; then typist=${BASH_REMATCH[1]} statements=${BASH_REMATCH[2]}; fi
    [[ ! $statements =~ ^(GRANT|ALTER|CREATE|DROP|VACUUM|UPDATE|INSERT)' ' ]] || typist=postgres
    if [ "$typist" = "$role" ]; then
        out=$({ echo "$statements"; echo "\\warn --8<--"; cat "$again"; } | as "$role" "$db")
    else
        out=$(as "$typist" "$db" <<<"$statements"; echo "--8<--"; as "$role" "$db" <"$again")
    fi
    if sed '/^--8<--$/,$d' <<<"$out" | grep -q '^ERROR:'; then
        not_ok "$what: the statement runs" "$statements" "$(sed '/^--8<--$/,$d' <<<"$out" | grep -A3 '^ERROR:')"
        return
    fi
    [ -z "$in_place" ] && [ -n "$before" ] && ! is_question "$statements" || return 0
    if sed '1,/^--8<--$/d' <<<"$out" | grep -qF -- "$before"; then not_ok "$what: the statement helps" "$statements" "$before"; fi
}
# is_question STATEMENTS: whether it only shows what is stored
is_question() { [[ $1 =~ ^SELECT && ! $1 =~ '"Odd Schema".'[a-z_]+\( ]]; }

# block NAME ROLE SETUP FILE
block() {
    local name=$1 role=$2 setup=$3 again=$4 out before in_place="" line db=hint failed_before=$failed tried_before=$tried finding message foreign
    [[ $name != *'(in place)'* ]] || in_place=yes
    # Statements that were typed may have given roles more rights than those of the block.
    fresh() {
        q postgres "ALTER ROLE reader NOBYPASSRLS; ALTER ROLE owner NOBYPASSRLS"
        q postgres "DROP DATABASE IF EXISTS $db WITH (FORCE)" && q postgres "CREATE DATABASE $db TEMPLATE hints" && as postgres "$db" <"$setup" | { grep -A2 '^ERROR:' || true; }
    }
    out=$(fresh)
    [ -z "$out" ] || not_ok "$name: set up" "$out"
    out=$(as "$role" "$db" <"$again")
    before=$(complaint <<<"$out")
    [ -n "$before" ] || not_ok "$name: there is a message" "$out"
    if grep -P '^(HINT|DETAIL):' <<<"$out" | grep -P "(?<![\\w.\"])($functions)\(" >"$work/bare"; then not_ok "$name: names have their schema" "$(cat "$work/bare")"; fi
    if [ "$german" = yes ] && [[ $name == *' as '* ]]; then
        fresh >/dev/null
        q "$db" "ALTER DATABASE $db SET lc_messages = 'de_DE.UTF-8'"
        is "$name: the hint where messages are German" "$(as "$role" "$db" <"$again" | grep '^HINT:')" "$(grep '^HINT:' <<<"$out")"
    fi
    while IFS=$'\t' read -r message line; do
        [ -n "$line" ] || continue
        fresh >/dev/null
        as "$role" "$db" <"$again" >/dev/null
        try "$name" "$role" "$db" "$line" "$again" "$message" "$in_place"
    done < <(told <<<"$out")
    # what is wrong with the same database, and its commands
    fresh >/dev/null
    as "$role" "$db" <"$again" >/dev/null
    q "$db" "SELECT what || E'\t' || command FROM (
            SELECT what, command FROM \"Odd Schema\".regime_health() UNION SELECT what, command FROM \"Odd Schema\".regime_health_details()
            UNION SELECT problem, command FROM \"Odd Schema\".regime_check_inputs() UNION SELECT problem, command FROM \"Odd Schema\".regime_check_inputs_details()
            UNION SELECT problem, command FROM \"Odd Schema\".regime_check_candles() UNION SELECT problem, command FROM \"Odd Schema\".regime_check_candles_details()) AS told
        WHERE command IS NOT NULL" >"$work/findings" || not_ok "$name: findings" "$(cat "$work/findings")"
    foreign=$(grep -c '^foreign owner' "$work/findings" || true)
    line=$(cut -f 2- "$work/findings" | grep -vP '^[A-Z]+ .*;$' || true)$(cut -f 2- "$work/findings" | grep -F '…' || true)
    [ -z "$line" ] || not_ok "$name: each command is a statement" "$line"
    while IFS=$'\t' read -r finding line; do
        tried=$((tried + 1))
        out=$(as postgres "$db" <<<"BEGIN; $line ROLLBACK;" | { grep -v 'VACUUM cannot run' || true; } | { grep -A3 '^ERROR:' || true; })
        # a CALL needs a transaction of its own; what is wrong with the bars or the owner is a finding of its own
        [ -z "$out" ] || [[ $line == CALL* ]] || { [ "$foreign" != 0 ] && [[ $out == *' belongs to role '* ]]; } ||
            [[ -n $(complaint <<<"$out") && $before == *"$(complaint <<<"$out")"* ]] || not_ok "$name: the command of \"$finding\" runs" "$line" "$out"
    done <"$work/findings"
    [ "$failed" != "$failed_before" ] || ok "$name: $((tried - tried_before)) statements run and help${before:+: ${before:0:70}}"
}

# A locale of our own, which the server finds by LOCPATH: its messages are German where PostgreSQL has its catalogs.
chmod a+x "$work"
mkdir "$work/locale"
localedef -i de_DE -f UTF-8 "$work/locale/de_DE.UTF-8" >/dev/null 2>&1 || true
LOCPATH=$work/locale cluster_start
q postgres "CREATE DATABASE hints"
q postgres "CREATE ROLE reader LOGIN; CREATE ROLE owner LOGIN; CREATE ROLE member LOGIN NOINHERIT; GRANT owner TO member"
q hints 'CREATE SCHEMA "Odd Schema"; CREATE EXTENSION pg_regime SCHEMA "Odd Schema"; GRANT USAGE ON SCHEMA "Odd Schema" TO PUBLIC;
         SELECT FROM "Odd Schema".regime_demo(3, 1000); GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader, owner'
functions=$(q hints "SELECT string_agg(DISTINCT proname, '|') FROM pg_proc WHERE pronamespace = '\"Odd Schema\"'::regnamespace")

# Where a text of the sources has a function or table to type, its schema is before it.
names="${functions/|regime_version_hash/}|regime_source|regime_policy|regime_profile|regime_profile_asset|regime_connection|regime_status"
is "no text of the sources names a function or table without its schema" "$(grep -rnP "(SELECT( \*)? FROM|SELECT|CALL|INTO|UPDATE|JOIN) ($names)\b|\"[^\"]*(?<![\w.:])($names)\((?![)\"])" src sql/set_up sql/read --include='*.rs' --include='*.sql' |
    grep -vP '^[^:]+:[0-9]+:\s*(//|--|fn |pub fn |\.map|let )' | grep -v '^src/core')" ""

german=no
if [[ $(q hints "SET lc_messages = 'de_DE.UTF-8'; SELECT 1/0" || true) == *FEHLER* ]]; then german=yes; else
    echo "hints: without German messages, which need localedef, the sources of locales and $("$PG_CONFIG" --localedir)/de"
fi

awk -v dir="$work" '
    /^-- then$/ { out = dir "/" n ".again"; printf "" >out; next }
    /^-- / && blank { n++; out = dir "/" n ".setup"; print substr($0, 4) >(dir "/" n ".name"); printf "" >out; blank = 0; next }
    { blank = /^$/; if (out != "") print >out }' tests/hints.sql
for ((n = 1; ; n++)); do
    [ -f "$work/$n.name" ] || break
    name=$(cat "$work/$n.name") role=postgres
    if [[ $name =~ ^(.*)' as '([a-z]+)$ ]]; then role=${BASH_REMATCH[2]}; fi
    [[ $name =~ ${ONLY:-} ]] || continue
    block "$name" "$role" "$work/$n.setup" "$work/$n.again"
done
[ -n "${ONLY:-}" ] || is "many statements were typed" "$((tried > 60))" 1
