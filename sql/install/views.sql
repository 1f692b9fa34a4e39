-- Views over functions are members of the extension: as objects of the user they would block DROP EXTENSION.

CREATE VIEW @extschema@.cmc_regime_status AS SELECT * FROM @extschema@.regime_status();
COMMENT ON VIEW @extschema@.cmc_regime_status IS 'How fresh each asset is: newest bar, newest row, lag, last success and last error';
COMMENT ON COLUMN @extschema@.cmc_regime_status.id IS 'Asset: every active one and all that have rows';
COMMENT ON COLUMN @extschema@.cmc_regime_status.symbol IS 'Symbol of the asset in dim_assets; NULL where there is none that can be read';
COMMENT ON COLUMN @extschema@.cmc_regime_status.newest_bar IS 'Close of the newest daily bar';
COMMENT ON COLUMN @extschema@.cmc_regime_status.newest_row IS 'Newest row of cmc_regimes';
COMMENT ON COLUMN @extschema@.cmc_regime_status.regime_key IS 'Regime of the newest row';
COMMENT ON COLUMN @extschema@.cmc_regime_status.lag_bars IS 'Daily bars after the newest row';
COMMENT ON COLUMN @extschema@.cmc_regime_status.lag IS 'Time from the newest row to the newest bar';
COMMENT ON COLUMN @extschema@.cmc_regime_status.is_stale IS 'Whether there are such bars, the newest row has lost its bar, marked changes are not refreshed yet, the sources or the market proxy that the asset depends on changed, the next bar is late by the rhythm of the asset''s bars, or the newest row is older than pg_regime.max_age; NULL where bars may have changed without a mark';
COMMENT ON COLUMN @extschema@.cmc_regime_status.stale_because IS 'Why, the first that holds: rows behind bars, changes not refreshed, feed silent, older than max_age; NULL where none is known to hold';
COMMENT ON COLUMN @extschema@.cmc_regime_status.last_success IS 'When the asset was last refreshed, as far as the run log tells, or its state changed';
COMMENT ON COLUMN @extschema@.cmc_regime_status.last_error IS 'When a refresh of the asset last failed, as far as the run log tells';
COMMENT ON COLUMN @extschema@.cmc_regime_status.last_error_message IS 'Message of that error';
GRANT SELECT ON @extschema@.cmc_regime_status TO PUBLIC;

CREATE VIEW @extschema@.cmc_regime_latest AS SELECT * FROM @extschema@.regime_latest();
COMMENT ON VIEW @extschema@.cmc_regime_latest IS 'The newest row of each asset in cmc_regimes, its age, and whether it may still be trusted';
COMMENT ON COLUMN @extschema@.cmc_regime_latest.symbol IS 'Symbol of the asset in dim_assets; NULL where there is none that can be read';
COMMENT ON COLUMN @extschema@.cmc_regime_latest.age IS 'Time since the close of the row''s bar';
COMMENT ON COLUMN @extschema@.cmc_regime_latest.newest_bar IS 'Close of the newest daily bar; NULL also where the source may not be read';
COMMENT ON COLUMN @extschema@.cmc_regime_latest.is_stale IS 'Whether the row is not that of the newest bar, changes of the asset are marked, the sources changed, the next bar is late by the rhythm of the asset''s bars, or the row is older than pg_regime.max_age; NULL where this cannot be known';
COMMENT ON COLUMN @extschema@.cmc_regime_latest.stale_because IS 'Why, the first that holds: rows behind bars, changes not refreshed, feed silent, older than max_age; NULL where none is known to hold';
GRANT SELECT ON @extschema@.cmc_regime_latest TO PUBLIC;

CREATE VIEW @extschema@.regime_board AS SELECT * FROM @extschema@.regime_board();
COMMENT ON VIEW @extschema@.regime_board IS 'What holds for each asset now, in a line that fits a terminal: figures are rounded, days are those of the bars';
COMMENT ON COLUMN @extschema@.regime_board.symbol IS 'Symbol of the asset; its id where there is none that can be read';
COMMENT ON COLUMN @extschema@.regime_board.day IS 'Day of the newest row';
COMMENT ON COLUMN @extschema@.regime_board.regime IS 'The regime_key of the newest row';
COMMENT ON COLUMN @extschema@.regime_board.since IS 'Day of the first row of this regime';
COMMENT ON COLUMN @extschema@.regime_board.size IS 'The size_mult of the newest row';
COMMENT ON COLUMN @extschema@.regime_board.stop IS 'The stop_mult of the newest row';
COMMENT ON COLUMN @extschema@.regime_board.orders IS 'The order mode of the newest row';
COMMENT ON COLUMN @extschema@.regime_board.stale IS 'The is_stale of cmc_regime_latest';
GRANT SELECT ON @extschema@.regime_board TO PUBLIC;

CREATE VIEW @extschema@.regime_systems AS SELECT * FROM @extschema@.regime_systems();
COMMENT ON VIEW @extschema@.regime_systems IS 'The systems of regimes that this extension keeps, and how fresh each is';
COMMENT ON COLUMN @extschema@.regime_systems.system IS 'Name of the system and of its main table';
COMMENT ON COLUMN @extschema@.regime_systems.tables IS 'Output tables';
COMMENT ON COLUMN @extschema@.regime_systems.is_set_up IS 'Whether all tables exist';
COMMENT ON COLUMN @extschema@.regime_systems.n IS 'Number of assets, series or symbols that have rows, or could have';
COMMENT ON COLUMN @extschema@.regime_systems.n_stale IS 'Number of these whose newest row may not be trusted, for the reasons that cmc_regime_status has in stale_because';
COMMENT ON COLUMN @extschema@.regime_systems.newest_row IS 'Newest row of any subject';
COMMENT ON COLUMN @extschema@.regime_systems.lag IS 'Longest time from the newest row of a subject to its newest bar';
COMMENT ON COLUMN @extschema@.regime_systems.version IS 'Version that rows were computed with; without rows, that they would be computed with';
COMMENT ON COLUMN @extschema@.regime_systems.problem IS 'Error that keeps subjects, rows and lag from being told';
GRANT SELECT ON @extschema@.regime_systems TO PUBLIC;

-- Asset by asset, so that a condition on id reads only that asset.
CREATE VIEW @extschema@.cmc_regime_periods AS
SELECT a.id, a.symbol, p.regime, p.valid, p.bars, p.return_over_period
FROM @extschema@.regime_assets() AS a
CROSS JOIN LATERAL @extschema@.regime_periods(a.id) AS p;
COMMENT ON VIEW @extschema@.cmc_regime_periods IS 'The periods of one regime_key of each asset, with length and price change';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.id IS 'Asset';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.symbol IS 'Symbol of the asset in dim_assets; NULL where there is none that can be read';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.regime IS 'The regime_key';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.valid IS 'From the close at which the regime was first known to the close at which the next one was; open while it lasts';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.bars IS 'Daily rows with this regime';
COMMENT ON COLUMN @extschema@.cmc_regime_periods.return_over_period IS 'Close at the end of valid, or of the newest row, over the close at its start, minus 1; known only at that end';
GRANT SELECT ON @extschema@.cmc_regime_periods TO PUBLIC;
