-- The functions of market_regimes that write their rows straight into the tuplestore of their caller.
-- pgrx cannot derive their declarations from Rust. A function whose columns are not those that the library returns raises
-- an error.

CREATE FUNCTION market_regime_labels(
    high float8[],
    low float8[],
    close float8[],
    config jsonb DEFAULT NULL
) RETURNS TABLE (
    bar int,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    warmup boolean
)
IMMUTABLE PARALLEL SAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_labels_wrapper';

CREATE FUNCTION market_regimes_compute(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL,
    config jsonb DEFAULT NULL
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_compute_wrapper';

CREATE FUNCTION get_market_regimes(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'get_market_regimes_wrapper';

CREATE FUNCTION market_regimes_stats(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS TABLE (
    simplified_regime text,
    classifier_version text,
    n bigint,
    share float8,
    first_ts timestamptz,
    last_ts timestamptz,
    mean_confidence float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_stats_wrapper';

CREATE FUNCTION market_regimes_flips(
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
AS 'MODULE_PATHNAME', 'market_regimes_flips_wrapper';

CREATE FUNCTION market_regimes_at(
    symbol text,
    timeframe text,
    at timestamptz
) RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz,
    age interval
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_at_wrapper';

CREATE FUNCTION market_regimes_latest() RETURNS TABLE (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz,
    age interval,
    newest_bar timestamptz,
    is_stale boolean,
    stale_because text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_latest_wrapper';

CREATE FUNCTION market_regimes_transition_matrix(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS TABLE (
    from_regime text,
    to_regime text,
    n bigint,
    probability float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_transition_matrix_wrapper';
