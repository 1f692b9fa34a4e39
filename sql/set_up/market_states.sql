-- The output table and the working tables of market states. They belong to the role that runs regime_setup.
-- {schema} is the target schema, {work} the working schema.

--; {schema}.market_states
CREATE TABLE {schema}.market_states (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    open_time timestamptz NOT NULL,
    state_label text NOT NULL CHECK (state_label IN ('SHOCK', 'PANIC_RISK', 'TRENDING_BULL', 'TRENDING_BEAR', 'CHOP_RISK', 'TRANSITION_BREAKOUT_SETUP', 'TRANSITION')),
    confidence float8 NOT NULL CHECK (confidence >= 0::float8 AND confidence <= 1::float8),
    bias text NOT NULL CHECK (bias IN ('BULLISH', 'BEARISH', 'NEUTRAL')),
    risk_posture text NOT NULL CHECK (risk_posture IN ('RISK_OFF', 'DEFENSIVE', 'CAUTIOUS', 'NEUTRAL', 'RISK_ON')),
    market_bias float8 NOT NULL CHECK (market_bias >= -1::float8 AND market_bias <= 1::float8),
    risk_level float8 NOT NULL CHECK (risk_level >= 0::float8 AND risk_level <= 1::float8),
    volatility_score float8 NOT NULL CHECK (volatility_score >= 0::float8 AND volatility_score <= 1::float8),
    volatility_label text NOT NULL CHECK (volatility_label IN ('CALM', 'NORMAL', 'ELEVATED', 'STRESSED')),
    volatility_trend text NOT NULL CHECK (volatility_trend IN ('RISING', 'FLAT', 'FALLING')),
    breakout_up float8 NOT NULL CHECK (breakout_up >= 0::float8 AND breakout_up <= 1::float8),
    breakout_down float8 NOT NULL CHECK (breakout_down >= 0::float8 AND breakout_down <= 1::float8),
    downside_shock_risk float8 NOT NULL CHECK (downside_shock_risk >= 0::float8 AND downside_shock_risk <= 1::float8),
    efficiency_ratio float8 NOT NULL CHECK (efficiency_ratio >= 0::float8 AND efficiency_ratio <= 1::float8),
    structural_score float8 NOT NULL CHECK (structural_score >= -1::float8 AND structural_score <= 1::float8),
    momentum_score float8 NOT NULL CHECK (momentum_score >= -1::float8 AND momentum_score <= 1::float8),
    impulse_intensity float8 NOT NULL CHECK (impulse_intensity >= 0::float8 AND impulse_intensity <= 1::float8),
    momentum_state text NOT NULL CHECK (momentum_state IN ('STRONG_UP_IMPULSE', 'WEAK_UP_DRIFT', 'NEUTRAL_RANGE', 'WEAK_DOWN_DRIFT', 'STRONG_DOWN_IMPULSE')),
    liquidity_score float8 NOT NULL CHECK (liquidity_score >= 0::float8 AND liquidity_score <= 1::float8),
    liquidity_label text NOT NULL CHECK (liquidity_label IN ('DEEP', 'NORMAL', 'THIN')),
    liquidity_trend text NOT NULL CHECK (liquidity_trend IN ('IMPROVING', 'STABLE', 'DETERIORATING')),
    instability_index float8 NOT NULL CHECK (instability_index >= 0::float8 AND instability_index <= 1::float8),
    asymmetry float8 NOT NULL CHECK (asymmetry >= -1::float8 AND asymmetry <= 1::float8),
    supports float8[] NOT NULL CHECK (pg_catalog.cardinality(supports) <= 3),
    support_strengths float8[] NOT NULL CHECK (pg_catalog.cardinality(support_strengths) = pg_catalog.cardinality(supports) AND 0.35::float8 <= ALL (support_strengths) AND 1::float8 >= ALL (support_strengths)),
    resistances float8[] NOT NULL CHECK (pg_catalog.cardinality(resistances) <= 3),
    resistance_strengths float8[] NOT NULL CHECK (pg_catalog.cardinality(resistance_strengths) = pg_catalog.cardinality(resistances) AND 0.35::float8 <= ALL (resistance_strengths) AND 1::float8 >= ALL (resistance_strengths)),
    escalation float8 CHECK (escalation >= 0::float8 AND escalation <= 1::float8),
    era_start timestamptz,
    era_confidence float8 CHECK (era_confidence > 0::float8 AND era_confidence <= 1::float8),
    escalation_percentile float8 CHECK (escalation_percentile >= 0::float8 AND escalation_percentile <= 1::float8),
    escalation_bucket text CHECK (escalation_bucket IN ('LOW', 'MED', 'HIGH')),
    escalation_action text CHECK (escalation_action IN ('NORMAL_SIZE', 'REDUCE_40', 'HEDGE_OR_CASH')),
    warmup boolean NOT NULL,
    classifier_version text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((era_start IS NULL) OPERATOR(pg_catalog.=) (era_confidence IS NULL)),
    CHECK (escalation IS NOT NULL OR escalation_percentile IS NULL),
    CHECK ((escalation_percentile IS NULL) OPERATOR(pg_catalog.=) (escalation_bucket IS NULL)),
    CHECK (escalation_action IS NOT DISTINCT FROM CASE escalation_bucket WHEN 'LOW' THEN 'NORMAL_SIZE' WHEN 'MED' THEN 'REDUCE_40' WHEN 'HIGH' THEN 'HEDGE_OR_CASH' END),
    PRIMARY KEY (symbol, timeframe, open_time)
);
CREATE INDEX ON {schema}.market_states (state_label, open_time DESC);
CREATE INDEX ON {schema}.market_states (symbol, timeframe, open_time) WHERE escalation_bucket = 'HIGH';
COMMENT ON TABLE {schema}.market_states IS 'Metrics, price levels, state and escalation of each bar; written by refresh_market_states';
COMMENT ON COLUMN {schema}.market_states.symbol IS 'Symbol of the candle';
COMMENT ON COLUMN {schema}.market_states.timeframe IS 'Timeframe of the candle';
COMMENT ON COLUMN {schema}.market_states.open_time IS 'When the candle opened; the row is known when it has closed';
COMMENT ON COLUMN {schema}.market_states.state_label IS 'SHOCK, PANIC_RISK, TRENDING_BULL, TRENDING_BEAR, CHOP_RISK, TRANSITION_BREAKOUT_SETUP or TRANSITION';
COMMENT ON COLUMN {schema}.market_states.confidence IS 'How far the metrics agree, from 0 to 1; high in the first bars, where most metrics are not yet known';
COMMENT ON COLUMN {schema}.market_states.bias IS 'BULLISH, BEARISH or NEUTRAL: market_bias and structural_score';
COMMENT ON COLUMN {schema}.market_states.risk_posture IS 'RISK_OFF, DEFENSIVE, CAUTIOUS, NEUTRAL or RISK_ON';
COMMENT ON COLUMN {schema}.market_states.market_bias IS 'Close and fast mean against the slow mean, in units of ATR, from -1 to 1';
COMMENT ON COLUMN {schema}.market_states.risk_level IS 'Volatility, distance below the slow mean and below the highest close of 252 bars, gap, from 0 to 1; 0 in the first 257 bars';
COMMENT ON COLUMN {schema}.market_states.volatility_score IS 'Volatility against its own longer mean, from 0 to 1; 0 in the first 104 bars';
COMMENT ON COLUMN {schema}.market_states.volatility_label IS 'CALM, NORMAL, ELEVATED or STRESSED: the score in words';
COMMENT ON COLUMN {schema}.market_states.volatility_trend IS 'RISING, FLAT or FALLING: the score against the bar before';
COMMENT ON COLUMN {schema}.market_states.breakout_up IS 'Readiness to break the strongest resistance, from 0 to 1';
COMMENT ON COLUMN {schema}.market_states.breakout_down IS 'Readiness to break the strongest support, from 0 to 1';
COMMENT ON COLUMN {schema}.market_states.downside_shock_risk IS 'Large falls, asymmetry of returns, gap down, from 0 to 1; 0 in the first 104 bars';
COMMENT ON COLUMN {schema}.market_states.efficiency_ratio IS 'Change of 20 bars over the length of its path, from 0 to 1';
COMMENT ON COLUMN {schema}.market_states.structural_score IS 'market_bias weighted by efficiency and risk, and the strongest levels, from -1 to 1';
COMMENT ON COLUMN {schema}.market_states.momentum_score IS 'market_bias, the change of 20 bars and structure, from -1 to 1';
COMMENT ON COLUMN {schema}.market_states.impulse_intensity IS 'How much of the momentum is an impulse, from 0 to 1';
COMMENT ON COLUMN {schema}.market_states.momentum_state IS 'STRONG_UP_IMPULSE, WEAK_UP_DRIFT, NEUTRAL_RANGE, WEAK_DOWN_DRIFT or STRONG_DOWN_IMPULSE';
COMMENT ON COLUMN {schema}.market_states.liquidity_score IS 'Traded value against its mean of 20 bars, volatility, gap, efficiency, from 0 to 1; 0.5 in the first 24 bars';
COMMENT ON COLUMN {schema}.market_states.liquidity_label IS 'DEEP, NORMAL or THIN: the score in words';
COMMENT ON COLUMN {schema}.market_states.liquidity_trend IS 'IMPROVING, STABLE or DETERIORATING: the score against up to five bars before';
COMMENT ON COLUMN {schema}.market_states.instability_index IS 'Volatility, risk, lack of liquidity and of direction, from 0 to 1';
COMMENT ON COLUMN {schema}.market_states.asymmetry IS 'Whether moves up or down are likelier to be large, from -1 to 1';
COMMENT ON COLUMN {schema}.market_states.supports IS 'Up to three price levels below the close, the strongest first';
COMMENT ON COLUMN {schema}.market_states.support_strengths IS 'Their strengths, from 0.35 to 1';
COMMENT ON COLUMN {schema}.market_states.resistances IS 'Up to three price levels above the close, the strongest first';
COMMENT ON COLUMN {schema}.market_states.resistance_strengths IS 'Their strengths, from 0.35 to 1';
COMMENT ON COLUMN {schema}.market_states.escalation IS 'Mean rank of five measures of stress among all their earlier values, from 0 to 1; NULL in the first 272 bars';
COMMENT ON COLUMN {schema}.market_states.era_start IS 'Start of the era of the bar, by regime_eras; NULL before the first and without eras';
COMMENT ON COLUMN {schema}.market_states.era_confidence IS 'Bars of the era so far over the bars of a year, at most 1';
COMMENT ON COLUMN {schema}.market_states.escalation_percentile IS 'Rank of escalation among all its values so far, or among those of the era, drawn towards 0.5 while the era is younger than a year; NULL until there are enough';
COMMENT ON COLUMN {schema}.market_states.escalation_bucket IS 'LOW, MED (percentile of 0.60 or more) or HIGH (0.85 or more); NULL without a percentile';
COMMENT ON COLUMN {schema}.market_states.escalation_action IS 'NORMAL_SIZE, REDUCE_40 or HEDGE_OR_CASH for LOW, MED, HIGH; NULL without a bucket: no evidence is not a size';
COMMENT ON COLUMN {schema}.market_states.warmup IS 'Whether the bar is one of the first 272, where most metrics are not yet what they will be';
COMMENT ON COLUMN {schema}.market_states.classifier_version IS 'Version of the classifier: same bars, eras and version give the same row';
COMMENT ON COLUMN {schema}.market_states.created_at IS 'When the row last changed';

-- A state without its ranks lies in its row: a new bar rewrites it in place.

--; {work}.market_state_series
CREATE TABLE {work}.market_state_series (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    newest timestamptz NOT NULL,
    candles bigint NOT NULL,
    classifier_version text NOT NULL,
    eras text NOT NULL,
    sources text NOT NULL,
    tracking text,
    memory bytea NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, timeframe)
) WITH (fillfactor = 50, toast_tuple_target = 8160);
ALTER TABLE {work}.market_state_series ALTER COLUMN memory SET STORAGE EXTERNAL;
COMMENT ON TABLE {work}.market_state_series IS 'Where the computation of a series stands after its newest row, so that a refresh computes only what is new; written by refresh_market_states. A row may be deleted: the next refresh then computes the series in full';
COMMENT ON COLUMN {work}.market_state_series.symbol IS 'Symbol';
COMMENT ON COLUMN {work}.market_state_series.timeframe IS 'Timeframe';
COMMENT ON COLUMN {work}.market_state_series.newest IS 'Time of the newest row; the state covers the candles up to this time';
COMMENT ON COLUMN {work}.market_state_series.candles IS 'Number of candles that the state covers';
COMMENT ON COLUMN {work}.market_state_series.classifier_version IS 'Version that the rows were computed with';
COMMENT ON COLUMN {work}.market_state_series.eras IS 'Starts of the eras in force up to the newest row, in microseconds since 2000-01-01 00:00 UTC';
COMMENT ON COLUMN {work}.market_state_series.sources IS 'Fingerprint of the source map that was read';
COMMENT ON COLUMN {work}.market_state_series.tracking IS 'Fingerprint of the triggers that have marked changes since, and of the output tables; NULL where changes are not tracked';
COMMENT ON COLUMN {work}.market_state_series.memory IS 'What further rows need from the candles before them, encoded; the rest is in market_state_ranks';
COMMENT ON COLUMN {work}.market_state_series.computed_at IS 'When the state last changed';

-- Of each tree a new bar rewrites one leaf and what is above: room for new versions on the page of the old one.

--; {work}.market_state_ranks
CREATE TABLE {work}.market_state_ranks (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    tree int NOT NULL,
    node int NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (symbol, timeframe, tree, node)
) WITH (fillfactor = 50);
ALTER TABLE {work}.market_state_ranks ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE {work}.market_state_ranks IS 'The values so far of the five components and of the escalation of each series, as nodes of counted trees, and its last bars; written by refresh_market_states. Rows may be deleted: the next refresh then computes the series in full';
COMMENT ON COLUMN {work}.market_state_ranks.symbol IS 'Symbol';
COMMENT ON COLUMN {work}.market_state_ranks.timeframe IS 'Timeframe';
COMMENT ON COLUMN {work}.market_state_ranks.tree IS '0 to 4: components of the escalation, 5: escalation of the current era, 6: the last bars';
COMMENT ON COLUMN {work}.market_state_ranks.node IS 'Number of the node or block';
COMMENT ON COLUMN {work}.market_state_ranks.content IS 'Values and their counts, children and theirs, or bars, encoded';
