-- Tables that another tool made are adopted: with their rows, with columns missing or added, without a key.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- As the Python pipeline makes them: other order, varchar, bigint counts, no checks, no keys, no setups, a column of its own.
CREATE TABLE cmc_regimes (id int NOT NULL, ts timestamptz NOT NULL, tf varchar(8) NOT NULL, l0_label text, l1_label text,
    l2_label text, l3_label text, l4_label text, regime_key text NOT NULL, size_mult float8, stop_mult float8, orders text,
    gross_cap float8,
    pyramids boolean, feature_tier text, l0_enabled boolean, l1_enabled boolean, l2_enabled boolean,
        regime_version_hash varchar(16), updated_at timestamptz DEFAULT now(), comment text);
CREATE TABLE cmc_regime_flips (ts timestamptz, id int, tf text, layer text, old_regime text, new_regime text,
    duration_bars bigint, updated_at timestamptz, PRIMARY KEY (tf, layer, id, ts));
CREATE TABLE cmc_regime_stats (id int, tf text, regime_key text, n_bars bigint, pct_of_history float8, avg_ret_1d float8,
    std_ret_1d float8, computed_at timestamptz, UNIQUE (id, tf, regime_key));
CREATE TABLE cmc_regime_comovement (id int, tf text, ema_a text, ema_b text, correlation float8, sign_agree_rate float8,
    best_lead_lag int, best_lead_lag_corr float8, n_obs int, computed_at timestamptz NOT NULL,
    PRIMARY KEY (id, tf, ema_a, ema_b, computed_at));
-- Rows of a refresh of theirs, and of an asset that we never refresh.
INSERT INTO cmc_regimes (id, ts, tf, regime_key, size_mult, updated_at, comment)
    SELECT id, time_close, '1D', 'Up-Low-Normal', 1, '2020-01-01', 'theirs' FROM cmc_price_bars_multi_tf WHERE id IN (2, 4);
INSERT INTO cmc_regime_flips VALUES ('2024-01-01', 2, '1D', 'composite', NULL, 'Up-Low-Normal', NULL, '2020-01-01');
INSERT INTO cmc_regime_stats VALUES (2, '1D', 'Up-Low-Normal', 400, 1, NULL, NULL, '2020-01-01'),
    (4, '1D', 'Up-Low-Normal', 200, 1, NULL, NULL, '2020-01-01');
-- Two snapshots of comovement.
INSERT INTO cmc_regime_comovement SELECT 2, '1D', 'close_ema_20', 'close_ema_50', 1, 1, 0, 1, 1, t
    FROM unnest('{2020-01-01,2020-01-02}'::timestamptz[]) t;
SELECT * FROM regime_setup();
SELECT * FROM regime_setup();
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE (SELECT relname FROM pg_class c WHERE c.oid = conrelid) LIKE 'cmc\_regime%' AND contype IN ('p', 'u') ORDER BY conrelid::regclass::text, contype;
-- Nothing was lost, no row was touched.
SELECT id, count(*), min(updated_at) = max(updated_at) AND min(updated_at) = '2020-01-01' AS old FROM cmc_regimes GROUP BY 1
    ORDER BY 1;
SELECT id, regime_key FROM cmc_regime_latest ORDER BY id;
-- An old row that lacks what was not there then is a row all the same.
SELECT id, regime_key, size_mult FROM regime_at(4, '2025-01-01');
-- A refresh puts its asset right, where it is, and leaves the others alone.
SELECT id, status, regime_rows, flip_rows, stat_rows, comovement_rows FROM refresh_cmc_regimes(2);
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
SELECT count(*) AS differ FROM (SELECT to_jsonb(c) - 'updated_at' FROM regime_compute(2) c
    EXCEPT SELECT to_jsonb(r) - 'updated_at' - 'comment' FROM cmc_regimes r) x;
SELECT id, count(*), count(*) FILTER (WHERE comment = 'theirs') AS theirs,
    count(*) FILTER (WHERE updated_at = '2020-01-01') AS old FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT count(*), count(DISTINCT computed_at), min(computed_at) > '2020-01-02' AS new FROM cmc_regime_comovement;

-- A unique index serves as the key, unless it is of some rows only or of an expression; one column more is no key.
DROP TABLE cmc_regime_stats CASCADE;
CREATE TABLE cmc_regime_stats (id int, tf text, regime_key text, n_bars int, pct_of_history float8, avg_ret_1d float8,
    std_ret_1d float8, computed_at timestamptz);
CREATE UNIQUE INDEX ON cmc_regime_stats (id, tf, regime_key) WHERE id > 0;
CREATE UNIQUE INDEX ON cmc_regime_stats (id, tf, lower(regime_key));
CREATE UNIQUE INDEX ON cmc_regime_stats (id, tf, regime_key, n_bars);
SELECT * FROM regime_setup() WHERE relation LIKE '%stats';
ALTER TABLE cmc_regime_stats DROP CONSTRAINT cmc_regime_stats_id_tf_regime_key_key;
CREATE UNIQUE INDEX ON cmc_regime_stats (regime_key, tf, id) INCLUDE (n_bars);
SELECT * FROM regime_setup() WHERE relation LIKE '%stats';
-- A missing stamp is added; so are key columns to an empty table.
ALTER TABLE cmc_regime_flips DROP updated_at;
TRUNCATE cmc_regime_stats;
ALTER TABLE cmc_regime_stats DROP tf;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
