# shellcheck shell=bash
# What every test script shares; to be sourced. A check prints one line, `ok - …` or `not ok - …`; a script
# with a failed check ends with status 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
export LC_ALL=C.UTF-8 # what psql prints is compared
failed=0
work=$(mktemp -d)
# What the test wants undone, even if it is interrupted; a test may define its own.
cleanup() { :; }
finish() {
    local rc=$?
    # broken off by a statement that should have worked
    [ $rc = 0 ] || [ ! -s "$work/error" ] || cat "$work/error"
    cleanup
    cluster_remove
    rm -rf "$work"
    [ $rc != 0 ] || rc=$failed
    exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT TERM

ok() { echo "ok - $1"; }
not_ok() {
    echo "not ok - $1"
    [ $# = 1 ] || printf '%s\n' "${@:2}" | sed 's/^/    /'
    failed=1
}

# is DESCRIPTION GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got:    $2" "wanted: $3"; fi; }

# succeeds DESCRIPTION COMMAND…: passes if the command does; its output is shown only if not
succeeds() {
    local out
    if out=$("${@:2}" 2>&1); then ok "$1"; else not_ok "$1" "$out"; fi
}

# q DB SQL: one statement or several, unaligned, stops at the first error; notices are not shown. An error's text is
# part of the output, since in `is … "$(q …)" …` the status is lost; and it is kept for `finish` to show.
q() {
    local out rc=0
    out=$(PGOPTIONS='-c client_min_messages=error' psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2" 2>&1) || rc=$?
    [ -z "$out" ] || printf '%s\n' "$out"
    [ $rc = 0 ] || printf '%s\n' "$out" >"$work/error"
    return $rc
}

# same DESCRIPTION DB A B: queries A and B give the same rows, duplicates counted
same() {
    is "$1" "$(q "$2" "SELECT 'missing', a::text FROM (($3) EXCEPT ALL ($4)) a UNION ALL SELECT 'extra', b::text FROM (($4) EXCEPT ALL ($3)) b LIMIT 5")" ""
}

# demo_db NAME [ASSETS DAYS [SCHEMA]]: a database with the extension and invented prices
demo_db() {
    local schema=${4:-public}
    q postgres "CREATE DATABASE $1"
    q "$1" "CREATE SCHEMA IF NOT EXISTS $schema; CREATE EXTENSION pg_regime SCHEMA $schema;
            SELECT FROM $schema.regime_demo(n_assets => ${2:-5}, days => ${3:-1500})"
}

# new_bar [CONDITION [EMAS]]: SQL that adds the day after the last, with its EMAs in table EMAS, to every asset or to
# those that meet the condition
new_bar() {
    local emas=${2:-cmc_ema_multi_tf_u}
    cat <<SQL
INSERT INTO cmc_price_bars_multi_tf
SELECT (jsonb_populate_record(NULL::cmc_price_bars_multi_tf, to_jsonb(b) || jsonb_build_object('time_close', time_close + interval '1 day', 'bar_seq', bar_seq + 1, 'close', close * 0.97))).*
FROM cmc_price_bars_multi_tf b JOIN (SELECT id, max(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND ${1:-true} GROUP BY id) newest (id, time_close) USING (id, time_close) WHERE tf = '1D';
INSERT INTO $emas
SELECT (jsonb_populate_record(NULL::$emas, to_jsonb(e) || jsonb_build_object('ts', ts + interval '1 day', 'ema', ema * 0.999))).*
FROM $emas e JOIN (SELECT id, max(ts) FROM $emas WHERE tf = '1D' AND ${1:-true} GROUP BY id) newest (id, ts) USING (id, ts) WHERE tf = '1D';
SQL
}

# needs_package NAME FILE: the extension whose control file is FILE; Debian ships it as postgresql-MAJOR-NAME, which is
# installed if missing. Where that cannot be done the script fails: what was not tested has not passed.
needs_package() {
    local extensions
    extensions=$("$PG_CONFIG" --sharedir)/extension
    [ ! -f "$extensions/$2" ] || return 0
    # another PostgreSQL than Debian's would not find what the package brings
    if ! [[ $PG_CONFIG =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]]; then
        not_ok "$2 is in $extensions" "PG_CONFIG=$PG_CONFIG is not Debian's: install its $1 by hand"
        exit 1
    fi
    apt_install "postgresql-${BASH_REMATCH[1]}-$1"
}

# apt_install PACKAGE: installs a package of Debian; where that cannot be done the script fails
apt_install() {
    tools/apt.sh "$1" 2>"$work/apt" || { not_ok "$1 is installed" "$(cat "$work/apt")"; exit 1; }
}

# The tables that a refresh writes, and their columns that say what was computed, not when.
declare -rA outputs=(
    [cmc_regimes]="id, ts, tf, l0_label, l1_label, l2_label, l3_label, l4_label, regime_key, size_mult, stop_mult, orders, gross_cap, pyramids, setups, feature_tier, l0_enabled, l1_enabled, l2_enabled, regime_version_hash"
    [cmc_regime_flips]="id, ts, tf, layer, old_regime, new_regime, duration_bars"
    [cmc_regime_stats]="id, tf, regime_key, n_bars, pct_of_history, avg_ret_1d, std_ret_1d"
    [cmc_regime_comovement]="id, tf, ema_a, ema_b, correlation, sign_agree_rate, best_lead_lag, best_lead_lag_corr, n_obs"
)

# stored DB: the rows of all tables that a session made, not the extension, and what is edited of its own: outputs, states, marks, rounds,
# backfills, the run log
stored() {
    local table
    for table in regime_source regime_policy regime_eras $(q "$1" "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'regime_work') AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e') ORDER BY 1"); do
        q "$1" "COPY (SELECT '$table', t FROM $table t ORDER BY t::text COLLATE \"C\") TO STDOUT"
    done
}

# Query: per asset one digest of all four tables. An asset with mixed old and new rows has neither's digest.
digests() {
    local table all=
    for table in "${!outputs[@]}"; do
        all+="${all:+ UNION ALL }SELECT id, '$table' || o::text AS line FROM (SELECT ${outputs[$table]} FROM $table) o"
    done
    echo "SELECT id, md5(string_agg(line, ' ' ORDER BY line)) AS digest FROM ($all) rows GROUP BY id"
}
