-- The functions of market_states that judge stored rows by what followed, and the rolling percentile. As those of
-- market_states.sql, they write their rows straight into the tuplestore of their caller.

CREATE FUNCTION market_escalation_events(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    atr_multiple float8 DEFAULT 10,
    lookback int DEFAULT 60,
    fall float8 DEFAULT NULL
) RETURNS TABLE (
    direction text,
    starts timestamptz,
    ends timestamptz,
    bars int,
    anchors int,
    extreme_at timestamptz,
    move float8,
    move_atr float8,
    complete boolean,
    warned boolean,
    first_high timestamptz,
    lead_bars int,
    high_bars int
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_events_wrapper';

CREATE FUNCTION market_escalation_lead_time(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    atr_multiple float8 DEFAULT 10,
    lookback int DEFAULT 60,
    fall float8 DEFAULT NULL
) RETURNS TABLE (
    direction text,
    events int,
    judged int,
    hits int,
    hit_rate float8,
    hit_rate_low float8,
    hit_rate_high float8,
    base_rate float8,
    lift float8,
    median_lead float8,
    mean_lead float8,
    alarms int,
    late_alarms int,
    false_alarms int,
    false_alarm_rate float8,
    high_share float8,
    high_followed float8,
    any_followed float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_lead_time_wrapper';

CREATE FUNCTION market_escalation_outcomes(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    thresholds float8[] DEFAULT '{-0.05,-0.10,-0.20}',
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS TABLE (
    bucket text,
    threshold float8,
    n bigint,
    n_independent bigint,
    mean_return float8,
    median_return float8,
    worst_return float8,
    mean_drawdown float8,
    worst_drawdown float8,
    tail_n bigint,
    tail_share float8,
    tail_low float8,
    tail_high float8,
    ratio_to_low float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_outcomes_wrapper';

CREATE FUNCTION market_escalation_concentration(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    threshold float8 DEFAULT -0.10
) RETURNS TABLE (
    sample text,
    high_n bigint,
    high_share float8,
    high_from float8,
    high_to float8,
    low_n bigint,
    low_share float8,
    low_from float8,
    low_to float8,
    difference float8,
    ratio float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_concentration_wrapper';

CREATE FUNCTION market_event_labels(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20
) RETURNS TABLE (
    open_time timestamptz,
    forward_move float8,
    forward_percentile float8,
    is_event boolean,
    severity text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_event_labels_wrapper';

CREATE FUNCTION market_escalation_percentile(
    symbol text,
    timeframe text,
    window_bars int
) RETURNS TABLE (
    open_time timestamptz,
    escalation float8,
    percentile float8
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_percentile_wrapper';
