#!/usr/bin/env bash
# docs.sh [--write] [FILE…]: run the SQL of the manual, README.md and docs/, or of the pages named, and compare what
# psql prints with what the pages show. --write puts what it prints into the pages. docs/engines.md is left to
# tests/shards.sh, which runs it on two servers.
#
#   ```sql        is run; an error fails unless the text block shows it
#   ```sql fresh  first connects to a new, empty database
#   ```sql skip   is not run
#   ```text       right after an sql block: what psql prints
#
# Each page is one psql session in a database of its own: a copy of one demo market whose daily bars were refreshed
# once. So no page depends on another one.
#
# Without FILE the pages are also checked as a whole: nothing of the extension goes unnamed; each function has a
# heading that names it on one page, an example on that page, and a line in README.md that links to that heading;
# each relative link and anchor exists; and the messages of docs/faq.md are those of pg_regime.
. "$(dirname "$0")/lib.sh"
write=no
if [ "${1:-}" = --write ]; then write=yes; shift; fi
whole=no pages=("$@")
if [ $# = 0 ]; then
    whole=yes pages=(README.md)
    for page in docs/*.md; do [ "$page" = docs/engines.md ] || pages+=("$page"); done
fi

# cut PAGE DIR: NUMBER.sql, NUMBER.text where output is shown, NUMBER.line for messages, NUMBER.fresh; count; stray
cut_up() {
    awk -v dir="$2" '
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
    ' "$1"
}

# run DIR DATABASE: the blocks in one session, in a copy of the demo; NUMBER.out is what each printed
run() {
    local dir=$1 db=$2 n mark="==== block" fresh=()
    for ((n = 1; n <= $(cat "$dir/count"); n++)); do
        if [ -e "$dir/$n.fresh" ]; then
            fresh+=("${db}_$n")
            printf '\\echo %s 0\nCREATE DATABASE %s;\n\\connect %s\n' "$mark" "${db}_$n" "${db}_$n"
        fi
        printf '\\echo %s %s\n' "$mark" "$n"
        cat "$dir/$n.sql"
    done >"$dir/session.sql"
    q postgres "CREATE DATABASE $db TEMPLATE demo"
    psql -X -d "$db" <"$dir/session.sql" >"$dir/session.out" 2>&1 || true
    for db in "$db" "${fresh[@]}"; do q postgres "DROP DATABASE IF EXISTS $db WITH (FORCE)"; done
    # trailing blanks and the empty line after each table are not shown
    awk -v dir="$dir" -v mark="$mark" '
        index($0, mark " ") == 1 { if (out) close(out); out = dir "/" $NF ".out"; printf "" > out; blank = 0; next }
        { sub(/[ \t]+$/, "") }
        $0 == "" { blank++; next }
        { for (; blank > 0; blank--) print "" > out; print > out }
    ' "$dir/session.out"
}

# compare PAGE DIR
compare() {
    local page=$1 dir=$2 n place
    for ((n = 1; n <= $(cat "$dir/count"); n++)); do
        place="$page:$(cat "$dir/$n.line")"
        if [ ! -e "$dir/$n.out" ]; then
            not_ok "$place: was not reached" "$(tail -n 5 "$dir/session.out")"
            touch "$dir/broken"
        elif [ ! -e "$dir/$n.text" ]; then
            if grep -Eq '^(ERROR|FATAL|PANIC|psql: error|invalid command)' "$dir/$n.out"; then
                not_ok "$place: fails" "$(cat "$dir/$n.out")"
            else
                ok "$place: runs"
            fi
        elif [ $write = yes ] || sed 's/[ \t]*$//' "$dir/$n.text" | diff -u --label shown --label printed - "$dir/$n.out" >"$dir/diff"; then
            ok "$place: prints what is shown"
        else
            not_ok "$place: prints something else" "$(tail -n +3 "$dir/diff")"
        fi
    done
}

# written PAGE DIR: the page with what its blocks printed
written() {
    awk -v dir="$2" '
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
    ' "$1"
}

cluster_start
demo_db demo 5 3000
q demo "SELECT FROM refresh_cmc_regimes()"

mkdir "$work/pages"
for page in "${pages[@]}"; do
    [ -f "$page" ] || { not_ok "there is no $page"; continue; }
    name=$(basename "$page" .md) name=page_${name,,} name=${name//[^a-z0-9_]/_}
    dir=$work/pages/$name
    mkdir "$dir"
    cut_up "$page" "$dir"
    [ ! -e "$dir/stray" ] || not_ok "$page: text blocks that no SQL block precedes" "line $(cat "$dir/stray")"
    [ "$(cat "$dir/count")" != 0 ] || continue
    run "$dir" "$name"
    compare "$page" "$dir"
    [ $write = no ] || [ -e "$dir/broken" ] || {
        written "$page" "$dir" >"$work/page"
        cmp -s "$work/page" "$page" || { cat "$work/page" >"$page"; echo "$page: output written; read the diff"; }
    }
done
[ $whole = yes ] || exit 0

# The headings of a page, `anchor<TAB>text`, with the anchors that GitHub makes of them.
headings() {
    awk '/^```/ { fenced = !fenced; next } !fenced && /^#+ / { sub(/^#+ +/, ""); print }' "$1" |
        sed -E 's/\[([^]]*)\]\([^)]*\)/\1/g; h; s/[^[:alnum:]_ -]//g; s/ /-/g; s/.*/\L&/; G; s/\n/\t/' |
        awk -F'\t' '{ n = seen[$1]++; print $1 (n ? "-" n : "") "\t" $2 }'
}
# The relative links of a page, one a line.
links() {
    # shellcheck disable=SC2016 # backticks of Markdown
    awk '/^```/ { fenced = !fenced; next } !fenced' "$1" | sed -E 's/`[^`]*`//g' |
        { grep -oE '\]\([^)]+\)' || true; } | sed -E 's/^\]\(//; s/\)$//' | { grep -Ev '^[a-z]+:' || true; }
}
mkdir "$work/anchors"
# anchors FILE: the file that lists the anchors of a page
anchors() {
    local list="$work/anchors/${1//\//_}"
    [ -e "$list" ] || headings "$1" | cut -f1 >"$list"
    echo "$list"
}
broken=$(
    for page in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md; do
        for link in $(links "$page"); do
            target=${link%%#*} anchor=''
            [ "$target" = "$link" ] || anchor=${link#*#}
            if [ -z "$target" ]; then target=$page; else target=$(realpath -m --relative-to=. "$(dirname "$page")/$target"); fi
            if [ ! -e "$target" ]; then
                echo "$page: $link: there is no such file"
            elif [ -n "$anchor" ] && ! grep -qxF -- "$anchor" "$(anchors "$target")"; then
                echo "$page: $link: there is no such heading"
            fi
        done
    done
)
is "each link of the pages leads somewhere" "$broken" ""

# What there is: the functions and relations of the extension, the output tables and their views.
q postgres "CREATE DATABASE things TEMPLATE demo"
q things "SELECT FROM regime_setup()"
functions=$(q things "SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                      WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_regime') AND p.prorettype <> 'trigger'::regtype AND p.proname !~ '^regime_asset_ref_|^regime_source_rows$' ORDER BY 1")
relations=$(q things "SELECT c.relname FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                      WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_regime') AND c.relkind IN ('r', 'v')
                      UNION SELECT relname FROM pg_class WHERE relkind = 'v' AND relname ~ 'regime' AND relnamespace = 'public'::regnamespace
                      UNION SELECT split_part(unnest(tables), '.', 2) FROM regime_systems()")
is "the pages name every function, procedure, table and view" \
    "$(for name in $functions $relations; do grep -qw -- "$name" "${pages[@]}" docs/engines.md || echo "$name"; done)" ""

mkdir "$work/pages/page_engines"
cut_up docs/engines.md "$work/pages/page_engines"
for page in docs/*.md; do headings "$page" | sed "s|^|$page\t|"; done >"$work/headings"
is "each function has a page that documents it, an example there, and a line in README.md" "$(
    for name in $functions; do
        mapfile -t found < <(awk -F'\t' -v name="$name" '(" " $3 " ") ~ "[^a-z_]" name "[^a-z_]" { print $1 "#" $2 }' "$work/headings")
        if [ ${#found[@]} != 1 ]; then
            echo "$name: ${#found[@]} headings name it: ${found[*]}"
        else
            page=${found[0]%%#*}
            grep -qw -- "$name" "$work/pages/page_$(basename "$page" .md)"/[0-9]*.sql || echo "$name: no example in $page"
            grep -w -- "$name" README.md >"$work/lines" || true
            grep -qF "](${found[0]})" "$work/lines" || echo "$name: README.md has no link to ${found[0]}"
        fi
    done
)" ""

# Each message in the first column: what stands between its `…` is in the source, or in what a regression test prints.
# shellcheck disable=SC2016 # backticks of Markdown
is "the messages of docs/faq.md are those of pg_regime" "$(
    find src sql pg_regress/expected \( -name '*.rs' -o -name '*.sql' -o -name '*.out' \) -exec sed 's/\\"/"/g' {} + >"$work/texts"
    sed -n '/^## Messages of pg_regime$/,/^## /p' docs/faq.md | sed -nE 's/^\| (`[^|]*`[^|]*) \| .*/\1/p' | grep -oE '`[^`]+`' | tr -d '`' |
        sed 's/…/\n/g' | sed -E 's/^[^[:alpha:]]+//; s/[^[:alpha:]]+$//' | awk 'length > 3' | sort -u |
        while read -r words; do grep -qF -- "$words" "$work/texts" || echo "$words"; done
)" ""
