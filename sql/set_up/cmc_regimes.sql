-- The output tables and the working tables of the layered regimes. They belong to the role that runs regime_setup, not
-- to the extension, so that dumps, replication, partitioning and DROP EXTENSION treat them like any other table.
-- {schema} is the target schema, {work} the working schema.

--; {schema}.cmc_regimes
CREATE TABLE {schema}.cmc_regimes (
    id int NOT NULL,
    ts timestamptz NOT NULL,
    tf text NOT NULL,
    l0_label text,
    l1_label text,
    l2_label text,
    l3_label text,
    l4_label text,
    regime_key text NOT NULL,
    size_mult float8 NOT NULL CHECK (size_mult >= 0::float8),
    stop_mult float8 NOT NULL CHECK (stop_mult > 0::float8),
    orders text NOT NULL CHECK (orders IN ('mixed', 'conservative', 'passive')),
    gross_cap float8 NOT NULL CHECK (gross_cap >= 0::float8),
    pyramids boolean NOT NULL,
    setups text[],
    feature_tier text NOT NULL CHECK (feature_tier IN ('full', 'lite')),
    l0_enabled boolean NOT NULL,
    l1_enabled boolean NOT NULL,
    l2_enabled boolean NOT NULL,
    regime_version_hash text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, ts, tf)
);
CREATE INDEX ON {schema}.cmc_regimes (regime_key, ts);
COMMENT ON TABLE {schema}.cmc_regimes IS 'Market regime and risk policy of each daily bar; written by refresh_cmc_regimes';
COMMENT ON COLUMN {schema}.cmc_regimes.id IS 'Asset';
COMMENT ON COLUMN {schema}.cmc_regimes.ts IS 'Close of the daily bar';
COMMENT ON COLUMN {schema}.cmc_regimes.tf IS 'Timeframe of the row, always 1D';
COMMENT ON COLUMN {schema}.cmc_regimes.l0_label IS 'Monthly label in force (trend-volatility-liquidity); NULL before the first or where there are too few bars';
COMMENT ON COLUMN {schema}.cmc_regimes.l1_label IS 'Weekly label in force';
COMMENT ON COLUMN {schema}.cmc_regimes.l2_label IS 'Daily label in force';
COMMENT ON COLUMN {schema}.cmc_regimes.l3_label IS 'Intraday label in force, or the one from elsewhere, where a source is mapped';
COMMENT ON COLUMN {schema}.cmc_regimes.l4_label IS 'Label passed by the caller, or the one from elsewhere in force, where a source is mapped';
COMMENT ON COLUMN {schema}.cmc_regimes.regime_key IS 'Key of the row: the daily label in force, else the weekly, else the monthly, else Unknown';
COMMENT ON COLUMN {schema}.cmc_regimes.size_mult IS 'Position size as a multiple of the base size';
COMMENT ON COLUMN {schema}.cmc_regimes.stop_mult IS 'Stop distance as a multiple of the base distance';
COMMENT ON COLUMN {schema}.cmc_regimes.orders IS 'How orders may be placed: mixed, conservative, passive';
COMMENT ON COLUMN {schema}.cmc_regimes.gross_cap IS 'Gross exposure as a multiple of equity';
COMMENT ON COLUMN {schema}.cmc_regimes.pyramids IS 'Whether positions may be added to';
COMMENT ON COLUMN {schema}.cmc_regimes.setups IS 'Allowed setups, sorted; NULL: unrestricted';
COMMENT ON COLUMN {schema}.cmc_regimes.feature_tier IS 'full: volatility ranked against its own history; lite: against fixed cut-offs';
COMMENT ON COLUMN {schema}.cmc_regimes.l0_enabled IS 'Whether there are enough monthly bars';
COMMENT ON COLUMN {schema}.cmc_regimes.l1_enabled IS 'Whether there are enough weekly bars';
COMMENT ON COLUMN {schema}.cmc_regimes.l2_enabled IS 'Whether there are enough daily bars';
COMMENT ON COLUMN {schema}.cmc_regimes.regime_version_hash IS 'Hash of code version, policy and parameters: same inputs and same hash, same labels';
COMMENT ON COLUMN {schema}.cmc_regimes.updated_at IS 'When the row last changed';

--; {schema}.cmc_regime_flips
CREATE TABLE {schema}.cmc_regime_flips (
    id int NOT NULL,
    ts timestamptz NOT NULL,
    tf text NOT NULL,
    layer text NOT NULL CHECK (layer IN ('L0', 'L1', 'L2', 'L3', 'L4', 'composite')),
    old_regime text,
    new_regime text NOT NULL,
    duration_bars int CHECK (duration_bars > 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, ts, tf, layer)
);
COMMENT ON TABLE {schema}.cmc_regime_flips IS 'Changes of the label in force, per layer and for the key; written by refresh_cmc_regimes';
COMMENT ON COLUMN {schema}.cmc_regime_flips.id IS 'Asset';
COMMENT ON COLUMN {schema}.cmc_regime_flips.ts IS 'First daily row with the new label';
COMMENT ON COLUMN {schema}.cmc_regime_flips.tf IS 'Timeframe of the rows, always 1D';
COMMENT ON COLUMN {schema}.cmc_regime_flips.layer IS 'L0 monthly, L1 weekly, L2 daily, L3 intraday or labels from elsewhere, L4 labels from elsewhere, composite: regime_key';
COMMENT ON COLUMN {schema}.cmc_regime_flips.old_regime IS 'Label before the change; NULL for the first label';
COMMENT ON COLUMN {schema}.cmc_regime_flips.new_regime IS 'Label from this row on';
COMMENT ON COLUMN {schema}.cmc_regime_flips.duration_bars IS 'Daily rows that the old label lasted; NULL for the first label';
COMMENT ON COLUMN {schema}.cmc_regime_flips.updated_at IS 'When the row last changed';

--; {schema}.cmc_regime_stats
CREATE TABLE {schema}.cmc_regime_stats (
    id int NOT NULL,
    tf text NOT NULL,
    regime_key text NOT NULL,
    n_bars int NOT NULL CHECK (n_bars > 0),
    pct_of_history float8 NOT NULL CHECK (pct_of_history > 0::float8 AND pct_of_history <= 1::float8),
    avg_ret_1d float8,
    std_ret_1d float8 CHECK (std_ret_1d >= 0::float8),
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, regime_key)
);
COMMENT ON TABLE {schema}.cmc_regime_stats IS 'Share of history and next-day returns per regime; written by refresh_cmc_regimes';
COMMENT ON COLUMN {schema}.cmc_regime_stats.id IS 'Asset';
COMMENT ON COLUMN {schema}.cmc_regime_stats.tf IS 'Timeframe of the rows, always 1D';
COMMENT ON COLUMN {schema}.cmc_regime_stats.regime_key IS 'Regime';
COMMENT ON COLUMN {schema}.cmc_regime_stats.n_bars IS 'Daily rows in the regime';
COMMENT ON COLUMN {schema}.cmc_regime_stats.pct_of_history IS 'Share of all daily rows, 0 to 1';
COMMENT ON COLUMN {schema}.cmc_regime_stats.avg_ret_1d IS 'Mean return to the next close';
COMMENT ON COLUMN {schema}.cmc_regime_stats.std_ret_1d IS 'Sample standard deviation of that return; NULL for fewer than two returns';
COMMENT ON COLUMN {schema}.cmc_regime_stats.computed_at IS 'When the row last changed';

--; {schema}.cmc_regime_comovement
CREATE TABLE {schema}.cmc_regime_comovement (
    id int NOT NULL,
    tf text NOT NULL,
    ema_a text NOT NULL,
    ema_b text NOT NULL,
    correlation float8,
    sign_agree_rate float8,
    best_lead_lag int,
    best_lead_lag_corr float8,
    n_obs int NOT NULL CHECK (n_obs > 0),
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, ema_a, ema_b, computed_at)
);
COMMENT ON TABLE {schema}.cmc_regime_comovement IS 'How the daily EMAs of an asset move together: one snapshot per asset, replaced as a whole when it changes; written by refresh_cmc_regimes';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.id IS 'Asset';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.tf IS 'Timeframe of the EMAs, always 1D';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.ema_a IS 'Faster EMA of the pair';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.ema_b IS 'Slower EMA of the pair';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.correlation IS 'Spearman correlation; NULL where an EMA does not vary';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.sign_agree_rate IS 'Share of days on which both rose, both fell or both stood still';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.best_lead_lag IS 'Lag in days, -10 to 10, with the largest absolute correlation; positive: ema_b leads';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.best_lead_lag_corr IS 'Pearson correlation at that lag';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.n_obs IS 'Days on which both EMAs are known';
COMMENT ON COLUMN {schema}.cmc_regime_comovement.computed_at IS 'When the snapshot was taken';

--; {work}.cmc_regime_state
CREATE TABLE {work}.cmc_regime_state (
    id int NOT NULL,
    tf text NOT NULL,
    ts timestamptz NOT NULL,
    regime_key text NOT NULL,
    feature_tier text NOT NULL,
    layers text[] NOT NULL,
    bars int[] NOT NULL,
    accepted text[] NOT NULL,
    pending text[] NOT NULL,
    pending_rows int[] NOT NULL,
    regime_version_hash text NOT NULL,
    policy_hash text NOT NULL,
    sources text NOT NULL,
    arguments text NOT NULL,
    tracking text,
    proxy text,
    memory bytea NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf)
);
ALTER TABLE {work}.cmc_regime_state ALTER COLUMN memory SET STORAGE EXTERNAL;
COMMENT ON TABLE {work}.cmc_regime_state IS 'Where the computation of an asset stands after its newest row, so that a refresh computes only what is new; written by refresh_cmc_regimes. A row may be deleted: the next refresh then computes the asset in full';
COMMENT ON COLUMN {work}.cmc_regime_state.id IS 'Asset';
COMMENT ON COLUMN {work}.cmc_regime_state.tf IS 'Timeframe of the rows, always 1D';
COMMENT ON COLUMN {work}.cmc_regime_state.ts IS 'Time of the newest row; the state covers the bars that closed up to this time';
COMMENT ON COLUMN {work}.cmc_regime_state.regime_key IS 'Regime of the newest row';
COMMENT ON COLUMN {work}.cmc_regime_state.feature_tier IS 'full or lite; a change makes the next refresh compute all rows';
COMMENT ON COLUMN {work}.cmc_regime_state.layers IS 'Layers with enough bars; a change makes the next refresh compute all rows';
COMMENT ON COLUMN {work}.cmc_regime_state.bars IS 'Number of bars by layer, L0 to L3; NULL for a layer without a source';
COMMENT ON COLUMN {work}.cmc_regime_state.accepted IS 'Label in force, by layer, L0 to L3';
COMMENT ON COLUMN {work}.cmc_regime_state.pending IS 'Label that waits to be accepted, by layer, L0 to L3';
COMMENT ON COLUMN {work}.cmc_regime_state.pending_rows IS 'Consecutive rows that the waiting label has been seen on, by layer';
COMMENT ON COLUMN {work}.cmc_regime_state.regime_version_hash IS 'Version that the rows were computed with';
COMMENT ON COLUMN {work}.cmc_regime_state.policy_hash IS 'Hash of the policy alone';
COMMENT ON COLUMN {work}.cmc_regime_state.sources IS 'Fingerprint of the source map that was read';
COMMENT ON COLUMN {work}.cmc_regime_state.arguments IS 'Parameters of the last refresh, as JSON; those that are left out had their defaults';
COMMENT ON COLUMN {work}.cmc_regime_state.tracking IS 'Fingerprint of the triggers that have marked changes since, and of the output tables; NULL where changes are not tracked';
COMMENT ON COLUMN {work}.cmc_regime_state.proxy IS 'Fingerprint of the market proxy up to the newest row, for assets that depend on it';
COMMENT ON COLUMN {work}.cmc_regime_state.memory IS 'What further rows need from the bars before them, encoded';
COMMENT ON COLUMN {work}.cmc_regime_state.computed_at IS 'When the state last changed';

--; {work}.cmc_regime_inputs
CREATE TABLE {work}.cmc_regime_inputs (
    id int NOT NULL,
    tf text NOT NULL,
    layer text NOT NULL CHECK (layer IN ('L0', 'L1', 'L2', 'L3')),
    block int NOT NULL,
    first_ts timestamptz NOT NULL,
    bars int NOT NULL CHECK (bars > 0),
    print bytea NOT NULL,
    emas bytea,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, layer, block)
);
COMMENT ON TABLE {work}.cmc_regime_inputs IS 'Fingerprints of the bars and EMAs that rows were computed from, 64 bars each, by which late and corrected bars are found; written by refresh_cmc_regimes';
COMMENT ON COLUMN {work}.cmc_regime_inputs.id IS 'Asset';
COMMENT ON COLUMN {work}.cmc_regime_inputs.tf IS 'Timeframe of the rows, always 1D';
COMMENT ON COLUMN {work}.cmc_regime_inputs.layer IS 'Layer of the bars';
COMMENT ON COLUMN {work}.cmc_regime_inputs.block IS 'Number of the block, counted from 0';
COMMENT ON COLUMN {work}.cmc_regime_inputs.first_ts IS 'Close of the first bar of the block';
COMMENT ON COLUMN {work}.cmc_regime_inputs.bars IS 'Bars in the block';
COMMENT ON COLUMN {work}.cmc_regime_inputs.print IS 'SipHash-1-3 of all that is read of the bars and their EMAs';
COMMENT ON COLUMN {work}.cmc_regime_inputs.emas IS 'L2: fast, mid and slow EMA bar by bar, for the comovement';
COMMENT ON COLUMN {work}.cmc_regime_inputs.updated_at IS 'When the row last changed';

--; {work}.cmc_regime_work
CREATE TABLE {work}.cmc_regime_work (
    round bigint GENERATED BY DEFAULT AS IDENTITY,
    id int NOT NULL,
    place int NOT NULL,
    task text NOT NULL,
    started_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'ok', 'unchanged', 'empty', 'failed')),
    worker int,
    finished_at timestamptz,
    sqlstate text,
    message text,
    PRIMARY KEY (round, id)
);
CREATE INDEX ON {work}.cmc_regime_work (round, place) WHERE status = 'waiting';
COMMENT ON TABLE {work}.cmc_regime_work IS 'The assets of each round of refresh_all_cmc_regimes, by which sessions share the work and resume it after a crash; the next round removes the finished ones';
COMMENT ON COLUMN {work}.cmc_regime_work.round IS 'Number of the round';
COMMENT ON COLUMN {work}.cmc_regime_work.id IS 'Asset';
COMMENT ON COLUMN {work}.cmc_regime_work.place IS 'Place in the order of work: assets refreshed longest ago come first';
COMMENT ON COLUMN {work}.cmc_regime_work.task IS 'What the round refreshes: version hash, and whether only changed assets; sessions with the same task share a round';
COMMENT ON COLUMN {work}.cmc_regime_work.started_at IS 'When the round began';
COMMENT ON COLUMN {work}.cmc_regime_work.status IS 'waiting, or how the refresh of the asset ended';
COMMENT ON COLUMN {work}.cmc_regime_work.worker IS 'Process id of the session that refreshed it';
COMMENT ON COLUMN {work}.cmc_regime_work.finished_at IS 'When the asset was refreshed';
COMMENT ON COLUMN {work}.cmc_regime_work.sqlstate IS 'SQLSTATE of the error';
COMMENT ON COLUMN {work}.cmc_regime_work.message IS 'Message of the error';

--; {schema}.cmc_regime_progress
CREATE OR REPLACE VIEW {schema}.cmc_regime_progress AS
SELECT round, task, pg_catalog.min(started_at) AS started_at, pg_catalog.max(finished_at) AS finished_at, pg_catalog.count(*) AS assets,
       pg_catalog.count(*) FILTER (WHERE status <> 'waiting') AS done, pg_catalog.count(*) FILTER (WHERE status = 'failed') AS failed,
       pg_catalog.count(*) FILTER (WHERE status = 'waiting') AS waiting, pg_catalog.count(DISTINCT worker) AS workers
FROM {work}.cmc_regime_work GROUP BY round, task;
COMMENT ON VIEW {schema}.cmc_regime_progress IS 'Progress of each round of refresh_all_cmc_regimes, batch by batch';
