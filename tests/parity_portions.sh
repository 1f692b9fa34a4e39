#!/usr/bin/env bash
# The same results as tests/parity.sh compares, from real bars that come in portions: oldest first, each refreshed
# incrementally, with tracking and without. Needs ../shared beside the tree.
. "$(dirname "$0")/lib.sh"
data=../shared/data golden=../shared/golden
if [ ! -d $data ] || [ ! -d $golden ]; then
    echo "   no ../shared here: nothing to compare with"
    exit
fi
# What each portion ends with, as shares of the time from the first daily bar to the last.
portions=(0.4 0.6 0.8 0.97 1)
# The reference has the data budget of the whole history, but for the variant pit.
whole="point_in_time => false"
declare -rA variants=([default]="$whole" [symmetric]="$whole, hysteresis_mode => 'symmetric'" [us_hold5]="$whole, cal_scheme => 'us', min_hold_bars => 5"
    [budget]="$whole, min_bars_l0 => 30, min_bars_l1 => 20, min_bars_l2 => 60" [pit]="")
# Of the outputs: the key, and the other columns of the reference's rows, numbers apart.
declare -rA keys=([cmc_regimes]="id, ts, tf" [cmc_regime_flips]="id, ts, tf, layer" [cmc_regime_stats]="id, tf, regime_key" [cmc_regime_comovement]="id, tf, ema_a, ema_b")
declare -rA exact=([cmc_regimes]="l0_label l1_label l2_label regime_key orders pyramids setups feature_tier l0_enabled l1_enabled l2_enabled"
    [cmc_regime_flips]="old_regime new_regime duration_bars" [cmc_regime_stats]="n_bars" [cmc_regime_comovement]="best_lead_lag n_obs")
declare -rA close=([cmc_regimes]="size_mult stop_mult gross_cap" [cmc_regime_flips]="" [cmc_regime_stats]="pct_of_history avg_ret_1d std_ret_1d"
    [cmc_regime_comovement]="correlation sign_agree_rate best_lead_lag_corr")

# copy DB TABLE COLUMNS FILE: from a gzipped CSV with a header
copy() { gzip -dc "$4" | psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c "COPY $2 ($3) FROM STDIN CSV HEADER"; }
# header FILE: its columns; bars have their time in ts there
header() { gzip -dc "$1" | sed -n "1p" | case $1 in */bars_*) sed 's/,ts,/,time_close,/' ;; *) cat ;; esac }

cluster_start
# All bars lie in the schema arriving; whose time it is move on to public.
q postgres "CREATE DATABASE arrivals"
q arrivals "$(cat ../shared/check/source_tables.sql)"
declare -A arriving=([cmc_price_bars_multi_tf]=bars_1d [cmc_ema_multi_tf_u]=ema_1d)
for scheme in iso us; do arriving[cmc_price_bars_multi_tf_cal_$scheme]=bars_cal_$scheme arriving[cmc_ema_multi_tf_cal_$scheme]=ema_cal_$scheme; done
q arrivals "CREATE SCHEMA arriving"
for table in "${!arriving[@]}"; do
    file=$data/${arriving[$table]}.csv.gz
    q arrivals "CREATE TABLE arriving.$table (LIKE $table INCLUDING DEFAULTS)"
    copy arrivals "arriving.$table" "$(header "$file")" "$file"
done
q arrivals "UPDATE arriving.cmc_ema_multi_tf_u SET alignment_source = 'multi_tf';
            INSERT INTO dim_assets (id, symbol) SELECT DISTINCT id, 'S' || id FROM arriving.cmc_price_bars_multi_tf;
            CREATE EXTENSION pg_regime;
            CREATE TABLE refreshed (portion int, id int, status text, mode text, reason text)"
moment() { q arrivals "SELECT min(time_close) + (max(time_close) - min(time_close)) * $1 FROM arriving.cmc_price_bars_multi_tf"; }
moments=()
for portion in "${portions[@]}"; do moments+=("$(moment "$portion")"); done

# arrive DB MOMENT
arrive() {
    local table ts all=
    for table in "${!arriving[@]}"; do
        case $table in *bars*) ts=time_close ;; *) ts=ts ;; esac
        all+="WITH come AS (DELETE FROM arriving.$table WHERE $ts <= '$2' RETURNING *) INSERT INTO $table TABLE come;"
    done
    q "$1" "$all"
}

# compare DB VARIANT TABLE: rows of the reference, of ours, and that differ
compare() {
    local file=$golden/$2/$3.csv.gz column differ="g.id IS NULL OR o.id IS NULL"
    for column in ${exact[$3]}; do differ+=" OR g.$column IS DISTINCT FROM o.$column"; done
    for column in ${close[$3]}; do differ+=" OR (g.$column IS NULL) <> (o.$column IS NULL) OR abs(g.$column - o.$column) > 1e-9 * greatest(1, abs(g.$column))"; done
    q "$1" "DROP TABLE IF EXISTS golden; CREATE TABLE golden (LIKE $3)" >/dev/null
    q "$1" "$(q "$1" "SELECT format('ALTER TABLE golden ALTER %I DROP NOT NULL', attname) FROM pg_attribute WHERE attrelid = 'golden'::regclass AND attnum > 0 AND attnotnull" | sed 's/$/;/')"
    copy "$1" golden "$(header "$file")" "$file"
    q "$1" "SELECT count(g.id), count(o.id), count(*) FILTER (WHERE $differ) FROM golden g FULL JOIN $3 o USING (${keys[$3]})"
}

for how in untracked tracked; do
    for variant in default symmetric us_hold5 budget pit; do
        db=${how}_$variant arguments=${variants[$variant]}
        q postgres "CREATE DATABASE $db TEMPLATE arrivals"
        if [ $how = tracked ]; then
            q "$db" "SELECT FROM regime_track()"
            arguments+="${arguments:+, }only_dirty => true"
        fi
        for portion in "${!moments[@]}"; do
            arrive "$db" "${moments[portion]}"
            q "$db" "INSERT INTO refreshed SELECT $portion + 1, id, status, mode, reason FROM refresh_cmc_regimes($arguments)"
        done
        is "$how, $variant: all bars have come" "$(for table in "${!arriving[@]}"; do q "$db" "SELECT '$table' FROM arriving.$table LIMIT 1"; done)" ""
        is "$how, $variant: assets are computed in full only if they are new or have come to another tier or layer" \
            "$(q "$db" "SELECT * FROM refreshed WHERE mode = 'full' AND status <> 'empty' AND reason !~ '^(first refresh|tier|layers)'")" ""
        echo "   $how, $variant, by portion: $(q "$db" "SELECT string_agg(format('%s: %s full, %s incremental', portion, f, i), '; ' ORDER BY portion) FROM (
            SELECT portion, count(*) FILTER (WHERE mode = 'full') AS f, count(*) FILTER (WHERE mode = 'incremental') AS i FROM refreshed WHERE status <> 'empty' GROUP BY portion) a")"
        is "$how, $variant: most of the last portion was done incrementally" "$(q "$db" "SELECT count(*) >= 5 FROM refreshed WHERE portion = ${#portions[@]} AND mode = 'incremental'")" t
        for table in cmc_regimes cmc_regime_flips cmc_regime_stats cmc_regime_comovement; do
            compared=$(compare "$db" "$variant" "$table")
            is "$how, $variant: $table, ${compared%%|*} rows: those of the reference, and none differs" "${compared#*|}" "${compared%%|*}|0"
        done
        q postgres "DROP DATABASE $db"
    done
done
