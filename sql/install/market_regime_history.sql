-- The functions of market_regime_history that write their rows straight into the tuplestore of their caller.
-- pgrx cannot derive their declarations from Rust. A function whose columns are not those that the library returns raises
-- an error.

CREATE FUNCTION market_regime_history_latest(
    symbol text DEFAULT '^GSPC'
) RETURNS TABLE (
    market_symbol text,
    date date,
    regime text,
    confidence float8,
    volatility_percentile float8,
    trend_strength float8,
    momentum_score float8,
    drawdown_severity float8,
    volume_anomaly float8,
    description text,
    created_at timestamptz,
    newest_bar date,
    lag_bars int,
    is_stale boolean,
    stale_because text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_latest_wrapper';

CREATE FUNCTION market_regime_history_compute(
    symbol text DEFAULT '^GSPC',
    from_date date DEFAULT NULL,
    to_date date DEFAULT NULL
) RETURNS TABLE (
    market_symbol text,
    date date,
    regime text,
    confidence float8,
    volatility_percentile float8,
    trend_strength float8,
    momentum_score float8,
    drawdown_severity float8,
    volume_anomaly float8,
    description text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_compute_wrapper';

CREATE FUNCTION market_regime_history_stats(
    symbol text DEFAULT '^GSPC'
) RETURNS TABLE (
    regime text,
    n bigint,
    share float8,
    first_ts date,
    last_ts date,
    mean_confidence float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_stats_wrapper';

CREATE FUNCTION market_regime_performance(
    returns regclass,
    symbol text DEFAULT '^GSPC',
    date_column text DEFAULT 'date',
    return_column text DEFAULT 'daily_return',
    lag_days int DEFAULT 0
) RETURNS TABLE (
    regime text,
    n bigint,
    total_return float8,
    mean_return float8,
    volatility float8,
    sharpe float8,
    max_drawdown float8,
    win_rate float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_performance_wrapper';

CREATE FUNCTION market_regime_history_at(
    symbol text DEFAULT '^GSPC',
    at date DEFAULT CURRENT_DATE
) RETURNS TABLE (
    market_symbol text,
    date date,
    regime text,
    confidence float8,
    volatility_percentile float8,
    trend_strength float8,
    momentum_score float8,
    drawdown_severity float8,
    volume_anomaly float8,
    description text,
    created_at timestamptz
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_at_wrapper';

CREATE FUNCTION market_regime_history_flips(
    symbol text DEFAULT '^GSPC',
    n int DEFAULT NULL
) RETURNS TABLE (
    date date,
    from_regime text,
    to_regime text,
    duration_bars int,
    confidence float8,
    return_since float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_flips_wrapper';

CREATE FUNCTION market_regime_history_transition_matrix(
    symbol text DEFAULT '^GSPC'
) RETURNS TABLE (
    from_regime text,
    to_regime text,
    n bigint,
    probability float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_transition_matrix_wrapper';
