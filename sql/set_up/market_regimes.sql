-- The output table and the working table of the regimes of candles. They belong to the role that runs regime_setup.
-- {schema} is the target schema, {work} the working schema.

--; {schema}.market_regimes
CREATE TABLE {schema}.market_regimes (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    open_time timestamptz NOT NULL,
    trend_state text NOT NULL CHECK (trend_state IN ('uptrend', 'downtrend', 'neutral')),
    volatility_state text NOT NULL CHECK (volatility_state IN ('low', 'high')),
    momentum_state text NOT NULL CHECK (momentum_state IN ('bullish', 'bearish', 'weak')),
    full_regime text NOT NULL CHECK (full_regime OPERATOR(pg_catalog.=) pg_catalog.upper(trend_state || '_' || volatility_state || 'vol_' || momentum_state)),
    simplified_regime text NOT NULL CHECK (simplified_regime IN ('TREND_UP', 'TREND_DOWN', 'CHOPPY', 'RANGE', 'NEUTRAL')),
    confidence float8 NOT NULL CHECK (confidence >= 0::float8 AND confidence <= 1::float8),
    classifier_version text NOT NULL,
    warmup boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, timeframe, open_time)
);
CREATE INDEX ON {schema}.market_regimes (simplified_regime, open_time DESC);
CREATE INDEX ON {schema}.market_regimes (symbol, timeframe, open_time) WHERE confidence > 0.7::float8;
COMMENT ON TABLE {schema}.market_regimes IS 'Trend, volatility and momentum of each candle, and the regime they make; written by refresh_market_regimes';
COMMENT ON COLUMN {schema}.market_regimes.symbol IS 'Symbol of the candle';
COMMENT ON COLUMN {schema}.market_regimes.timeframe IS 'Timeframe of the candle';
COMMENT ON COLUMN {schema}.market_regimes.open_time IS 'When the candle opened; the row is known when it has closed';
COMMENT ON COLUMN {schema}.market_regimes.trend_state IS 'uptrend, downtrend or neutral: ADX, and the close compared with its means of 50 and 200 candles';
COMMENT ON COLUMN {schema}.market_regimes.volatility_state IS 'low or high: true range and Bollinger width compared with the 100 candles before';
COMMENT ON COLUMN {schema}.market_regimes.momentum_state IS 'bullish, bearish or weak: two of rate of change, MACD histogram and RSI';
COMMENT ON COLUMN {schema}.market_regimes.full_regime IS 'All three states in one: UPTREND_LOWVOL_BULLISH';
COMMENT ON COLUMN {schema}.market_regimes.simplified_regime IS 'TREND_UP, TREND_DOWN, CHOPPY, RANGE or NEUTRAL';
COMMENT ON COLUMN {schema}.market_regimes.confidence IS 'From 0 to 1; inflated in the first candles, see warmup';
COMMENT ON COLUMN {schema}.market_regimes.classifier_version IS 'Version of the classifier: same candles and same version give the same row';
COMMENT ON COLUMN {schema}.market_regimes.warmup IS 'Whether the candle is one of the first 199, for which not all means are known yet';
COMMENT ON COLUMN {schema}.market_regimes.created_at IS 'When the row last changed';

--; {work}.market_regime_state
CREATE TABLE {work}.market_regime_state (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    newest timestamptz NOT NULL,
    candles bigint NOT NULL,
    classifier_version text NOT NULL,
    config jsonb NOT NULL,
    sources text NOT NULL,
    tracking text,
    memory bytea NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, timeframe)
);
ALTER TABLE {work}.market_regime_state ALTER COLUMN memory SET STORAGE EXTERNAL;
COMMENT ON TABLE {work}.market_regime_state IS 'Where the computation of a series stands after its newest row, so that a refresh computes only what is new; written by refresh_market_regimes. A row may be deleted: the next refresh then computes the series in full';
COMMENT ON COLUMN {work}.market_regime_state.symbol IS 'Symbol';
COMMENT ON COLUMN {work}.market_regime_state.timeframe IS 'Timeframe';
COMMENT ON COLUMN {work}.market_regime_state.newest IS 'Time of the newest row; the state covers the candles up to this time';
COMMENT ON COLUMN {work}.market_regime_state.candles IS 'Number of candles that the state covers';
COMMENT ON COLUMN {work}.market_regime_state.classifier_version IS 'Version that the rows were computed with';
COMMENT ON COLUMN {work}.market_regime_state.config IS 'Thresholds and windows of that version';
COMMENT ON COLUMN {work}.market_regime_state.sources IS 'Fingerprint of the source map that was read';
COMMENT ON COLUMN {work}.market_regime_state.tracking IS 'Fingerprint of the triggers that have marked changes since, and of the output tables; NULL where changes are not tracked';
COMMENT ON COLUMN {work}.market_regime_state.memory IS 'What further rows need from the candles before them, encoded';
COMMENT ON COLUMN {work}.market_regime_state.computed_at IS 'When the state last changed';
