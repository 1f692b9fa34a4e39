#!/usr/bin/env bash
# readme.sh [--write] [FILE]: run the SQL of README.md, block after block in one psql session, and compare what
# psql prints with what the README shows. --write puts what it prints into the README.
#
#   ```sql        is run, in a database made as by `make demo`; an error fails unless the text block shows it
#   ```sql fresh  first connects to a new, empty database
#   ```sql skip   is not run
#   ```text       right after an sql block: what psql prints
. "$(dirname "$0")/lib.sh"
write=no
if [ "${1:-}" = --write ]; then write=yes; shift; fi
readme=${1:-README.md}
[ -f "$readme" ] || { not_ok "there is no $readme"; exit; }

# Cut it up: NUMBER.sql, NUMBER.text where output is shown, NUMBER.line for messages, NUMBER.fresh.
awk -v dir="$work" '
    /^```/ && fence == "" {
        fence = $0; sub(/^```[ ]*/, "", fence)
        after_sql = (fence == "text" && last_sql)
        last_sql = 0
        if (fence == "sql" || fence == "sql fresh") {
            out = dir "/" ++n ".sql"; printf "" > out
            print NR > (dir "/" n ".line")
            if (fence == "sql fresh") printf "" > (dir "/" n ".fresh")
        } else if (after_sql) { out = dir "/" n ".text"; printf "" > out }
        else if (fence == "text") { out = ""; print NR > (dir "/stray") }
        else out = ""
        if (fence == "") fence = "plain"
        next
    }
    /^```[ ]*$/ { if (out != "") close(out); last_sql = (fence == "sql" || fence == "sql fresh"); fence = ""; next }
    fence != "" { if (out != "") print > out; next }
    NF { last_sql = 0 }
    END { print n + 0 > (dir "/count") }
' "$readme"
count=$(cat "$work/count")
[ "$count" -gt 0 ] || { not_ok "$readme has no SQL to run"; exit; }

[ ! -e "$work/stray" ] || not_ok "$readme: text blocks that no SQL block precedes" "line $(cat "$work/stray")"

cluster_start
demo_db readme 5 3000
q readme "SELECT FROM refresh_cmc_regimes()"

# The manual of all there is: each function, procedure and relation of the extension, and each output relation.
[ "$readme" != README.md ] || {
    q readme "SELECT FROM regime_setup()"
    names=$(q readme "SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                      WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_regime') AND p.prorettype <> 'trigger'::regtype
                      UNION SELECT relname FROM pg_class WHERE relkind IN ('r', 'v') AND relname ~ 'regime' AND relnamespace = 'public'::regnamespace")
    is "$readme names every function, procedure, table and view" "$(for name in $names; do grep -qw "$name" "$readme" || echo "$name"; done)" ""
}

# One session; what it prints is cut up again at the marks.
mark="==== readme block"
for ((n = 1; n <= count; n++)); do
    [ ! -e "$work/$n.fresh" ] || printf '\\echo %s 0\nCREATE DATABASE fresh_%s;\n\\connect fresh_%s\n' "$mark" "$n" "$n"
    printf '\\echo %s %s\n' "$mark" "$n"
    cat "$work/$n.sql"
done >"$work/session.sql"
psql -X -d readme <"$work/session.sql" >"$work/session.out" 2>&1 || true
# trailing blanks and the empty line after each table are not shown
awk -v dir="$work" -v mark="$mark" '
    index($0, mark " ") == 1 { if (out) close(out); out = dir "/" $NF ".out"; printf "" > out; blank = 0; next }
    { sub(/[ \t]+$/, "") }
    $0 == "" { blank++; next }
    { for (; blank > 0; blank--) print "" > out; print > out }
' "$work/session.out"

for ((n = 1; n <= count; n++)); do
    place="$readme:$(cat "$work/$n.line")"
    if [ ! -e "$work/$n.out" ]; then
        not_ok "$place: was not reached" "$(tail -n 5 "$work/session.out")"
    elif [ ! -e "$work/$n.text" ]; then
        if grep -Eq '^(ERROR|FATAL|PANIC|psql: error|invalid command)' "$work/$n.out"; then
            not_ok "$place: fails" "$(cat "$work/$n.out")"
        else
            ok "$place: runs"
        fi
    elif [ $write = yes ] || sed 's/[ \t]*$//' "$work/$n.text" | diff -u --label shown --label printed - "$work/$n.out" >"$work/diff"; then
        ok "$place: prints what is shown"
    else
        not_ok "$place: prints something else" "$(tail -n +3 "$work/diff")"
    fi
done

[ $write = no ] || {
    awk -v dir="$work" '
        /^```/ && fence == "" {
            fence = $0; sub(/^```[ ]*/, "", fence)
            shown = (fence == "text" && last_sql)
            last_sql = 0
            if (fence == "sql" || fence == "sql fresh") n++
            if (fence == "") fence = "plain"
            print
            if (shown) while ((getline line < (dir "/" n ".out")) > 0) print line
            next
        }
        /^```[ ]*$/ { last_sql = (fence == "sql" || fence == "sql fresh"); fence = ""; shown = 0; print; next }
        fence == "" && NF { last_sql = 0 }
        !shown { print }
    ' "$readme" >"$work/readme"
    cat "$work/readme" >"$readme"
    echo "$readme: output written; read the diff"
}
