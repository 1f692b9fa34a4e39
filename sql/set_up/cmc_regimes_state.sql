-- What refresh keeps beside the outputs: the state of each asset, marks of what changed, the run log, and the
-- work shared by sessions. They belong to whoever runs regime_setup, like the outputs.
-- {schema} is the target schema. Statements are separated by a line that holds only "--;".

CREATE TABLE {schema}.cmc_regime_state (
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
    tracking text,
    proxy text,
    memory bytea NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf)
)
--;
ALTER TABLE {schema}.cmc_regime_state ALTER COLUMN memory SET STORAGE EXTERNAL
--;
COMMENT ON TABLE {schema}.cmc_regime_state IS 'Where the computation of an asset stands after its newest row, so that a refresh computes only what is new; written by refresh_cmc_regimes. Rows may be deleted: the next refresh computes such an asset in full'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.id IS 'Asset'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.tf IS 'Timeframe of the rows, always 1D'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.ts IS 'Newest row; bars that closed until then are in the state'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.regime_key IS 'Regime of the newest row'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.feature_tier IS 'full or lite; where it changes, all rows are computed again'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.layers IS 'Layers with enough bars; where they change, all rows are computed again'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.bars IS 'Bars by layer, L0 to L3; NULL for one without a source'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.accepted IS 'Label in force by layer, L0 to L3'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.pending IS 'Label that waits by layer, L0 to L3'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.pending_rows IS 'Consecutive rows that the waiting label has been seen on, by layer'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.regime_version_hash IS 'What the rows were computed with'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.policy_hash IS 'The part of it that is the policy'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.sources IS 'Fingerprint of the source map that was read'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.tracking IS 'Fingerprint of the triggers that have marked changes since, and of the output tables; NULL: not tracked'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.proxy IS 'Fingerprint of the market proxy up to the newest row, for assets that depend on it'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.memory IS 'What further rows take from the bars before them, encoded'
--;
COMMENT ON COLUMN {schema}.cmc_regime_state.computed_at IS 'When the state last changed'
--;
CREATE TABLE {schema}.cmc_regime_inputs (
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
)
--;
COMMENT ON TABLE {schema}.cmc_regime_inputs IS 'Fingerprints of the bars and EMAs that rows were computed from, 64 bars each, by which late and corrected ones are found; written by refresh_cmc_regimes'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.id IS 'Asset'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.tf IS 'Timeframe of the rows, always 1D'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.layer IS 'Layer of the bars'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.block IS 'Counted from 0'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.first_ts IS 'Close of the first bar'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.bars IS 'Bars in the block'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.print IS 'SipHash-1-3 of all that is read of the bars and their EMAs'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.emas IS 'L2: fast, mid and slow EMA bar by bar, for the comovement'
--;
COMMENT ON COLUMN {schema}.cmc_regime_inputs.updated_at IS 'When the row last changed'
--;
CREATE TABLE {schema}.cmc_regime_dirty (
    id int NOT NULL,
    mark bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    since timestamptz NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    of_many uuid,
    PRIMARY KEY (id, mark)
)
--;
COMMENT ON TABLE {schema}.cmc_regime_dirty IS 'Assets whose bars or EMAs changed since their last refresh; written by the triggers of regime_track, cleared by refresh_cmc_regimes'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.id IS 'Asset'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.mark IS 'Number of the mark'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.source IS 'The source table'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.since IS 'Earliest bar that was inserted, changed or deleted; -infinity after a TRUNCATE'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.marked_at IS 'When the transaction of the change began'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty.of_many IS 'The mark of many assets that this is left of'
--;
CREATE TABLE {schema}.cmc_regime_dirty_many (
    mark uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    ids int[] NOT NULL,
    sinces timestamptz[] NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    number int GENERATED ALWAYS AS (cardinality(ids)) STORED,
    first int GENERATED ALWAYS AS (ids[1]) STORED,
    last int GENERATED ALWAYS AS (ids[cardinality(ids)]) STORED
)
--;
ALTER TABLE {schema}.cmc_regime_dirty_many ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN sinces SET STORAGE EXTERNAL
--;
COMMENT ON TABLE {schema}.cmc_regime_dirty_many IS 'The same for statements that touched many assets: one row for up to 1,000 of them; gone when all were refreshed, and when it is a day old what is left of it is in cmc_regime_dirty'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.mark IS 'Name of the mark, of which there is no other ever'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.source IS 'The source table'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.ids IS 'Assets, in ascending order'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.sinces IS 'For each, the earliest bar that was inserted, changed or deleted; -infinity after a TRUNCATE'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.marked_at IS 'When the transaction of the change began'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.number IS 'How many assets'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.first IS 'Lowest of the assets'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_many.last IS 'Highest of the assets'
--;
CREATE TABLE {schema}.cmc_regime_dirty_done (
    mark uuid NOT NULL,
    id int NOT NULL,
    PRIMARY KEY (mark, id)
)
--;
COMMENT ON TABLE {schema}.cmc_regime_dirty_done IS 'Which assets of a mark of many have been refreshed since; written by refresh_cmc_regimes'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_done.mark IS 'The mark in cmc_regime_dirty_many'
--;
COMMENT ON COLUMN {schema}.cmc_regime_dirty_done.id IS 'Asset'
--;
CREATE VIEW {schema}.cmc_regime_marks AS
SELECT d.id, d.source, d.since, d.marked_at FROM {schema}.cmc_regime_dirty AS d
WHERE NOT EXISTS (SELECT FROM {schema}.cmc_regime_dirty_done AS x WHERE x.mark = d.of_many AND x.id = d.id)
UNION ALL
SELECT u.id, m.source, u.since, m.marked_at FROM {schema}.cmc_regime_dirty_many AS m
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(m.ids), pg_catalog.unnest(m.sinces)) AS u (id, since)
WHERE NOT EXISTS (SELECT FROM {schema}.cmc_regime_dirty_done AS x WHERE x.mark = m.mark AND x.id = u.id)
--;
COMMENT ON VIEW {schema}.cmc_regime_marks IS 'Assets whose bars or EMAs changed since their last refresh, mark by mark: those of cmc_regime_dirty and of cmc_regime_dirty_many'
--;
CREATE TABLE {schema}.cmc_regime_run_log (
    run bigint GENERATED BY DEFAULT AS IDENTITY,
    system text NOT NULL DEFAULT 'cmc_regimes',
    id int,
    subject text,
    started timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    status text NOT NULL,
    mode text,
    reason text,
    rows_read bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    deleted bigint NOT NULL,
    elapsed_ms float8 NOT NULL,
    sqlstate text,
    message text,
    hint text,
    regime_version_hash text NOT NULL,
    run_by text NOT NULL
)
--;
CREATE INDEX ON {schema}.cmc_regime_run_log (id, run)
--;
CREATE INDEX ON {schema}.cmc_regime_run_log (system, subject, run) WHERE subject IS NOT NULL
--;
CREATE INDEX ON {schema}.cmc_regime_run_log USING brin (finished)
--;
COMMENT ON TABLE {schema}.cmc_regime_run_log IS 'Each refresh: a row for the call, with id and subject NULL, and one for each asset, series or batch; kept for pg_regime.run_log_days'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.run IS 'Number of the call'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.system IS 'What was refreshed: cmc_regimes, market_regimes, market_regime_history'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.id IS 'Asset; NULL for the call itself and where the subject has a name'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.subject IS 'Symbol and timeframe, or symbol and first day of a batch; NULL for the call itself and for assets'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.started IS 'When it began'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.finished IS 'When it ended'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.status IS 'ok, unchanged, empty or failed, as in the result of the refresh'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.mode IS 'full: all rows were computed; incremental: the new ones; none: there were none'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.reason IS 'Why all rows were computed'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.rows_read IS 'Rows of the sources that were read'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.inserted IS 'Rows inserted into the output tables'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.updated IS 'Rows updated'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.deleted IS 'Rows deleted'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.elapsed_ms IS 'Milliseconds, without the commit'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.sqlstate IS 'Code of the error'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.message IS 'Message, of the error where there was one'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.hint IS 'What to do about the error'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.regime_version_hash IS 'What was computed with'
--;
COMMENT ON COLUMN {schema}.cmc_regime_run_log.run_by IS 'Role that called'
--;
CREATE TABLE {schema}.cmc_regime_work (
    round bigint GENERATED BY DEFAULT AS IDENTITY,
    id int NOT NULL,
    place int NOT NULL,
    task text NOT NULL,
    began timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'ok', 'unchanged', 'empty', 'failed')),
    worker int,
    finished timestamptz,
    sqlstate text,
    message text,
    PRIMARY KEY (round, id)
)
--;
CREATE INDEX ON {schema}.cmc_regime_work (round, place) WHERE status = 'waiting'
--;
COMMENT ON TABLE {schema}.cmc_regime_work IS 'The assets of each round of refresh_all_cmc_regimes, by which sessions share the work and go on after a crash; rounds that are over go when the next begins'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.round IS 'Number of the round'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.id IS 'Asset'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.place IS 'Place in the order of work: assets refreshed longest ago come first'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.task IS 'What the round is for: version hash and whether only changed assets are refreshed; sessions with the same task share a round'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.began IS 'When the round began'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.status IS 'waiting, or what became of the asset'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.worker IS 'Process id of the session that refreshed it'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.finished IS 'When it was refreshed'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.sqlstate IS 'Code of the error'
--;
COMMENT ON COLUMN {schema}.cmc_regime_work.message IS 'Message of the error'
--;
CREATE VIEW {schema}.cmc_regime_progress AS
SELECT round, task, pg_catalog.min(began) AS began, pg_catalog.max(finished) AS last_finished, pg_catalog.count(*) AS assets,
       pg_catalog.count(*) FILTER (WHERE status <> 'waiting') AS done, pg_catalog.count(*) FILTER (WHERE status = 'failed') AS failed,
       pg_catalog.count(*) FILTER (WHERE status = 'waiting') AS waiting, pg_catalog.count(DISTINCT worker) AS workers
FROM {schema}.cmc_regime_work GROUP BY round, task
--;
COMMENT ON VIEW {schema}.cmc_regime_progress IS 'How far each round of refresh_all_cmc_regimes is, batch by batch'
