-- The output tables of the three-axis regimes of candles. They belong to whoever runs regime_setup, like all outputs.
-- {schema} is the target schema. Statements are separated by a line that holds only "--;".

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
)
--;
CREATE INDEX ON {schema}.market_regimes (simplified_regime, open_time DESC)
--;
CREATE INDEX ON {schema}.market_regimes (symbol, timeframe, open_time) WHERE confidence > 0.7
--;
COMMENT ON TABLE {schema}.market_regimes IS 'Trend, volatility and momentum of each candle, and the regime they make; written by refresh_market_regimes'
--;
COMMENT ON COLUMN {schema}.market_regimes.symbol IS 'Symbol of the candle'
--;
COMMENT ON COLUMN {schema}.market_regimes.timeframe IS 'Timeframe of the candle'
--;
COMMENT ON COLUMN {schema}.market_regimes.open_time IS 'When the candle opened; the row is known when it has closed'
--;
COMMENT ON COLUMN {schema}.market_regimes.trend_state IS 'uptrend, downtrend or neutral: ADX, and the close against its means of 50 and 200 candles'
--;
COMMENT ON COLUMN {schema}.market_regimes.volatility_state IS 'low or high: true range and Bollinger width against the 100 candles before'
--;
COMMENT ON COLUMN {schema}.market_regimes.momentum_state IS 'bullish, bearish or weak: two of rate of change, MACD histogram and RSI'
--;
COMMENT ON COLUMN {schema}.market_regimes.full_regime IS 'All three: UPTREND_LOWVOL_BULLISH'
--;
COMMENT ON COLUMN {schema}.market_regimes.simplified_regime IS 'TREND_UP, TREND_DOWN, CHOPPY, RANGE or NEUTRAL'
--;
COMMENT ON COLUMN {schema}.market_regimes.confidence IS 'From 0 to 1; inflated in the first candles, see warmup'
--;
COMMENT ON COLUMN {schema}.market_regimes.classifier_version IS 'What it was computed with: same candles and same version, same row'
--;
COMMENT ON COLUMN {schema}.market_regimes.warmup IS 'Whether it is one of the first 199 candles, whose means are not all known yet'
--;
COMMENT ON COLUMN {schema}.market_regimes.created_at IS 'When the row last changed'
--;
CREATE TABLE {schema}.market_regime_state (
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
)
--;
ALTER TABLE {schema}.market_regime_state ALTER COLUMN memory SET STORAGE EXTERNAL
--;
COMMENT ON TABLE {schema}.market_regime_state IS 'Where the computation of a series stands after its newest row, so that a refresh computes only what is new; written by refresh_market_regimes. Rows may be deleted: the next refresh computes such a series in full'
--;
COMMENT ON COLUMN {schema}.market_regime_state.symbol IS 'Symbol'
--;
COMMENT ON COLUMN {schema}.market_regime_state.timeframe IS 'Timeframe'
--;
COMMENT ON COLUMN {schema}.market_regime_state.newest IS 'Newest row; candles until then are in the state'
--;
COMMENT ON COLUMN {schema}.market_regime_state.candles IS 'How many they are'
--;
COMMENT ON COLUMN {schema}.market_regime_state.classifier_version IS 'What the rows were computed with'
--;
COMMENT ON COLUMN {schema}.market_regime_state.config IS 'The thresholds it stands for'
--;
COMMENT ON COLUMN {schema}.market_regime_state.sources IS 'Fingerprint of the source map that was read'
--;
COMMENT ON COLUMN {schema}.market_regime_state.tracking IS 'Fingerprint of the triggers that have marked changes since, and of the output tables; NULL: not tracked'
--;
COMMENT ON COLUMN {schema}.market_regime_state.memory IS 'What further rows take from the candles before them, encoded'
--;
COMMENT ON COLUMN {schema}.market_regime_state.computed_at IS 'When the state last changed'
--;
CREATE TABLE {schema}.market_regime_dirty (
    series text COLLATE "C" NOT NULL,
    mark bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    since timestamptz NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    of_many uuid,
    PRIMARY KEY (series, mark)
)
--;
COMMENT ON TABLE {schema}.market_regime_dirty IS 'Series whose candles changed since their last refresh; written by the triggers of regime_track, cleared by refresh_market_regimes'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.series IS 'Symbol and timeframe: {BTCUSDT,1h}'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.mark IS 'Number of the mark'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.source IS 'The table of candles'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.since IS 'Earliest candle that was inserted, changed or deleted; -infinity after a TRUNCATE'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.marked_at IS 'When the transaction of the change began'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty.of_many IS 'The mark of many series that this is left of'
--;
CREATE TABLE {schema}.market_regime_dirty_many (
    mark uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    series_list text[] COLLATE "C" NOT NULL,
    sinces timestamptz[] NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    number int GENERATED ALWAYS AS (cardinality(series_list)) STORED,
    first text COLLATE "C" GENERATED ALWAYS AS (series_list[1]) STORED,
    last text COLLATE "C" GENERATED ALWAYS AS (series_list[cardinality(series_list)]) STORED
)
--;
ALTER TABLE {schema}.market_regime_dirty_many ALTER COLUMN series_list SET STORAGE EXTERNAL, ALTER COLUMN sinces SET STORAGE EXTERNAL
--;
COMMENT ON TABLE {schema}.market_regime_dirty_many IS 'The same for statements that touched many series: one row for up to 1,000 of them; gone when all were refreshed, and when it is a day old what is left of it is in market_regime_dirty'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.mark IS 'Name of the mark, of which there is no other ever'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.source IS 'The table of candles'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.series_list IS 'Series, in ascending order of their bytes'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.sinces IS 'For each, the earliest candle that was inserted, changed or deleted; -infinity after a TRUNCATE'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.marked_at IS 'When the transaction of the change began'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.number IS 'How many series'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.first IS 'First of the series'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_many.last IS 'Last of the series'
--;
CREATE TABLE {schema}.market_regime_dirty_done (
    mark uuid NOT NULL,
    series text COLLATE "C" NOT NULL,
    PRIMARY KEY (mark, series)
)
--;
COMMENT ON TABLE {schema}.market_regime_dirty_done IS 'Which series of a mark of many have been refreshed since; written by refresh_market_regimes'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_done.mark IS 'The mark in market_regime_dirty_many'
--;
COMMENT ON COLUMN {schema}.market_regime_dirty_done.series IS 'Symbol and timeframe'
--;
CREATE VIEW {schema}.market_regime_marks AS
SELECT (a.series::text[])[1] AS symbol, (a.series::text[])[2] AS timeframe, a.source, a.since, a.marked_at FROM (
    SELECT d.series, d.source, d.since, d.marked_at FROM {schema}.market_regime_dirty AS d
    WHERE NOT EXISTS (SELECT FROM {schema}.market_regime_dirty_done AS x WHERE x.mark = d.of_many AND x.series = d.series)
    UNION ALL
    SELECT u.series, m.source, u.since, m.marked_at FROM {schema}.market_regime_dirty_many AS m
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(m.series_list), pg_catalog.unnest(m.sinces)) AS u (series, since)
    WHERE NOT EXISTS (SELECT FROM {schema}.market_regime_dirty_done AS x WHERE x.mark = m.mark AND x.series = u.series)
) AS a
--;
COMMENT ON VIEW {schema}.market_regime_marks IS 'Series whose candles changed since their last refresh, mark by mark: those of market_regime_dirty and of market_regime_dirty_many'
