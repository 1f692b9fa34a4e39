-- The eras of market states, and their functions that write rows straight into the tuplestore of their caller.

CREATE TABLE @extschema@.regime_eras (
    timeframe text,
    starts timestamptz NOT NULL,
    note text,
    UNIQUE NULLS NOT DISTINCT (timeframe, starts)
);
COMMENT ON TABLE @extschema@.regime_eras IS 'Starts of eras, at which the escalation percentile of market_states begins anew; empty at first. Edit it, then refresh';
COMMENT ON COLUMN @extschema@.regime_eras.timeframe IS 'Timeframe that the era is of; NULL: all timeframes without rows of their own';
COMMENT ON COLUMN @extschema@.regime_eras.starts IS 'The first moment of the era; -infinity makes one era of all history';
COMMENT ON COLUMN @extschema@.regime_eras.note IS 'Why markets changed then';
-- It has no key that could identify rows: a timeframe may be NULL.
ALTER TABLE @extschema@.regime_eras REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_eras', '');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON @extschema@.regime_eras TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON @extschema@.regime_eras TO PUBLIC;

CREATE FUNCTION market_state_labels(
    open float8[],
    high float8[],
    low float8[],
    close float8[],
    volume float8[] DEFAULT NULL,
    timeframe text DEFAULT '1d'
) RETURNS TABLE (
    bar int,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean
)
IMMUTABLE PARALLEL SAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'market_state_labels_wrapper';

CREATE FUNCTION market_states_compute(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_compute_wrapper';

CREATE FUNCTION get_market_states(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'get_market_states_wrapper';

CREATE FUNCTION market_states_stats(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS TABLE (
    state_label text,
    classifier_version text,
    n bigint,
    share float8,
    first_ts timestamptz,
    last_ts timestamptz,
    mean_confidence float8,
    high_share float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_stats_wrapper';

CREATE FUNCTION market_states_flips(
    symbol text,
    timeframe text,
    min_confidence float8 DEFAULT 0,
    n int DEFAULT NULL
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    from_regime text,
    to_regime text,
    confidence float8,
    return_since float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_flips_wrapper';

CREATE FUNCTION market_states_at(
    symbol text,
    timeframe text,
    at timestamptz
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz,
    age interval
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_at_wrapper';

CREATE FUNCTION market_states_transition_matrix(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS TABLE (
    from_regime text,
    to_regime text,
    n bigint,
    probability float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_transition_matrix_wrapper';

CREATE FUNCTION market_states_latest() RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz,
    hazard_score float8,
    cross_timeframe_consensus float8,
    consensus_timeframes int,
    age interval,
    newest_bar timestamptz,
    is_stale boolean,
    stale_because text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_latest_wrapper';

CREATE VIEW @extschema@.market_state_latest AS SELECT * FROM @extschema@.market_states_latest();
COMMENT ON VIEW @extschema@.market_state_latest IS 'The newest row of each series in market_states, its age, and whether it may still be trusted';
COMMENT ON COLUMN @extschema@.market_state_latest.hazard_score IS 'The escalation percentile in percent';
COMMENT ON COLUMN @extschema@.market_state_latest.cross_timeframe_consensus IS 'Mean escalation percentile of the newest rows of the symbol, over the timeframes that have one';
COMMENT ON COLUMN @extschema@.market_state_latest.consensus_timeframes IS 'Number of these timeframes';
COMMENT ON COLUMN @extschema@.market_state_latest.age IS 'Time since the row''s candle opened';
COMMENT ON COLUMN @extschema@.market_state_latest.newest_bar IS 'When the newest candle opened; NULL also where the source may not be read';
COMMENT ON COLUMN @extschema@.market_state_latest.is_stale IS 'Whether the row is not that of the newest candle, changes of the series, its eras or the source map are not refreshed yet, the next candle is late by the rhythm of the series, or the row is older than pg_regime.max_age; NULL where this cannot be known';
COMMENT ON COLUMN @extschema@.market_state_latest.stale_because IS 'Why, the first that holds: rows behind bars, changes not refreshed, feed silent, older than max_age; NULL where none is known to hold';
GRANT SELECT ON @extschema@.market_state_latest TO PUBLIC;
