-- The output table of the market regime history. It belongs to whoever runs regime_setup, like all outputs.
-- {schema} is the target schema. Statements are separated by a line that holds only "--;".

CREATE TABLE {schema}.market_regime_history (
    market_symbol text NOT NULL,
    date date NOT NULL,
    regime text NOT NULL CHECK (regime IN ('bull', 'bear', 'volatile', 'transitioning')),
    confidence float8 NOT NULL CHECK (confidence >= 0::float8 AND confidence <= 1::float8),
    volatility_percentile float8 CHECK (volatility_percentile >= 0::float8 AND volatility_percentile < 1::float8),
    trend_strength float8,
    momentum_score float8,
    drawdown_severity float8 CHECK (drawdown_severity >= 0::float8),
    volume_anomaly float8,
    description text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (market_symbol, date)
)
--;
CREATE INDEX ON {schema}.market_regime_history (regime, date DESC)
--;
COMMENT ON TABLE {schema}.market_regime_history IS 'Regime of a market on each trading day: bull, bear, volatile or transitioning; written by backfill_market_regime_history'
--;
COMMENT ON COLUMN {schema}.market_regime_history.market_symbol IS 'Symbol of the market'
--;
COMMENT ON COLUMN {schema}.market_regime_history.date IS 'Trading day, in UTC; the row is known at its close'
--;
COMMENT ON COLUMN {schema}.market_regime_history.regime IS 'bull, bear, volatile or transitioning, whichever scores most'
--;
COMMENT ON COLUMN {schema}.market_regime_history.confidence IS 'Score of the regime in fifths, at most 1'
--;
COMMENT ON COLUMN {schema}.market_regime_history.volatility_percentile IS 'Share of the last 60 days with less volatility than this one'
--;
COMMENT ON COLUMN {schema}.market_regime_history.trend_strength IS 'Mean of the return over 59 days and of the mean of 20 closes over that of 50, less 1'
--;
COMMENT ON COLUMN {schema}.market_regime_history.momentum_score IS 'Mean return of 5 days over that of 20; positive also where both are negative'
--;
COMMENT ON COLUMN {schema}.market_regime_history.drawdown_severity IS 'Loss against the highest close of the last 60 days, as a fraction'
--;
COMMENT ON COLUMN {schema}.market_regime_history.volume_anomaly IS 'Standard deviations that the volatility is above its mean of 60 days; no volume is used'
--;
COMMENT ON COLUMN {schema}.market_regime_history.description IS 'The day in a sentence'
--;
COMMENT ON COLUMN {schema}.market_regime_history.created_at IS 'When the row last changed'
