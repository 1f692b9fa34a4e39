-- Asset by asset, so that a condition on id reads that asset alone.

CREATE VIEW cmc_regime_periods AS
SELECT a.id, p.regime, p.valid, p.bars, p.return_over_period
FROM @extschema@.regime_assets() AS a
CROSS JOIN LATERAL @extschema@.regime_periods(a.id) AS p;
COMMENT ON VIEW cmc_regime_periods IS 'The stretches of one regime_key of each asset, with their length and the price change in them';
COMMENT ON COLUMN cmc_regime_periods.id IS 'Asset';
COMMENT ON COLUMN cmc_regime_periods.regime IS 'The regime_key';
COMMENT ON COLUMN cmc_regime_periods.valid IS 'From the close at which the regime was first known to the close at which the next one was; open while it lasts';
COMMENT ON COLUMN cmc_regime_periods.bars IS 'Daily rows with this regime';
COMMENT ON COLUMN cmc_regime_periods.return_over_period IS 'Close at the end of valid, or of the newest row, over the close at its start, minus 1; known only at that end';
ALTER VIEW cmc_regime_periods OWNER TO @extowner@;
GRANT SELECT ON cmc_regime_periods TO PUBLIC;
