-- What each function returns; `\df+` and `\dx+` show it. Tables and views are described where they are made.

COMMENT ON FUNCTION refresh_cmc_regimes(regime_asset_ref[], text, text, boolean, text, int, int, int, int, text, boolean, boolean, boolean, boolean, boolean, boolean, jsonb) IS
'Computes the regimes of assets (NULL: every active asset of dim_assets, else every id with daily bars), writes the rows that differ to the output tables and returns one row per asset: status (ok, unchanged, empty, failed, dry_run), the rows that the result holds (NULL if failed), the rows written, milliseconds. An asset that fails is rolled back alone with a WARNING and keeps its earlier rows, one without daily bars loses them; a wrong argument, policy or source map is an error. An asset whose profile gives other parameters than the arguments fails, unless force is true.';

COMMENT ON FUNCTION refresh_cmc_regimes(bigint, text, text, boolean, text, int, int, int, int, text, boolean, boolean, boolean, boolean, boolean, boolean, jsonb) IS
'Refreshes the asset of an id, exactly as refresh_cmc_regimes does for a list, and returns its row; a NULL id is an error.';

COMMENT ON FUNCTION refresh_cmc_regimes(text, text, text, boolean, text, int, int, int, int, text, boolean, boolean, boolean, boolean, boolean, boolean, jsonb) IS
'Refreshes the asset of a symbol, or of an id as text, as regime_asset finds it. NULL is an error, of a text or without a type; assets => NULL is every active asset.';

COMMENT ON FUNCTION regime_asset(text, text) IS
'Returns the id of the asset with a symbol in dim_assets, beside the daily bars of cal_scheme (NULL: pg_regime.cal_scheme, then the schemes of profiles): as it is written, else in whatever case if that is one asset alone; else the id that the text is, if dim_assets or the daily bars have it. Any other name, and a symbol of several assets, is an error that tells the nearest symbol or the ids.';

COMMENT ON FUNCTION regime_compute(regime_asset_ref, text, text, boolean, text, int, int, int, int, text, timestamptz, jsonb, boolean, jsonb) IS
'Returns the rows of cmc_regimes that a refresh with these arguments would hold for an asset, without writing; updated_at is the time of the transaction. as_of ignores every bar and EMA after it, also for the data budget and the market proxy; rules are laid over the policy for this call only.';

COMMENT ON FUNCTION regime_explain(regime_asset_ref, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean, jsonb) IS
'Explains step by step the newest row of an asset at or before a moment (NULL: the newest): bars and layers, the comparisons and percentiles behind each label, hysteresis, the rules and what each tightened, the market proxy, the result, and whether that is what is stored or why not. The further arguments are those of the refresh that is explained.';

COMMENT ON FUNCTION regime_version_hash(text, text, boolean, text, int, int, int, int, text, boolean, jsonb) IS
'Returns the hash, 16 hex digits, of the label version, the policy''s rules and every parameter and setting that can change a label: what a refresh with these arguments stores in regime_version_hash. Same inputs and same hash mean same labels.';

COMMENT ON FUNCTION regime_at(regime_asset_ref, timestamptz, interval) IS
'Returns what holds for an asset at a moment, always one row: the row of cmc_regimes with the newest ts <= at, from the schema pg_regime.target_schema, with its age. Where there is none, it is older than max_age (NULL: pg_regime.max_age), or at that moment the next row is late by the rhythm of the rows before, is_stale is true and stale_because says why, regime_key is Unknown, setups is {stand_down} and the rest is the tightest policy that any row could hold; ts and age are those of the old row.';

COMMENT ON FUNCTION regime_latest() IS
'Returns the newest row of each asset in cmc_regimes, with its age, the newest daily bar, whether the row is stale and why; what the view cmc_regime_latest shows. It reads the settings'' calendar scheme and target schema.';

COMMENT ON FUNCTION regime_gate(regime_asset_ref, timestamptz, text, float8, boolean, interval) IS
'Returns, in one row, what the regime in force makes of a signal: whether it is allowed, its size (base_size x size_mult, 0 where not allowed), the rest of the policy, and the reason. Not allowed are setups that are not listed (a NULL setup is not checked), anything where the policy stands down, and anything where is_stale of regime_at is true; regime_enabled => false lets the signal pass as it is.';

COMMENT ON FUNCTION regime_tag_signals(regclass, text, text, text) IS
'Fills key_column of a table of signals, where it is NULL, with the regime in force at ts_column for the asset in asset_column, or Unknown, and returns how many rows it filled; adds the column if it is missing. Only rows of cmc_regimes with ts at or before the signal''s are used, and none older than pg_regime.max_age.';

COMMENT ON FUNCTION regime_setup(text) IS
'Creates the output tables and their views that are missing in a schema (NULL: pg_regime.target_schema), and the working tables in the working schema; adopts existing tables by adding missing columns and a missing unique key, and returns what was done with each. A column of another type, or a relation of another kind under one of their names, is an error and changes nothing.';

COMMENT ON FUNCTION regime_distribute(boolean) IS
'For the coordinator of Citus, once the daily bars are distributed by their asset, the candles by their symbol, or both: makes what regime_setup makes, distributes EMAs, output tables and states with the bars or candles, puts the tables of weeks and months, dim_assets, policies, eras and the edits of regime_source on every node, and returns what was done with each; dry_run only tells. Calling again is harmless.';

COMMENT ON FUNCTION refresh_all_on_workers() IS
'For the coordinator of Citus: calls refresh_all_cmc_regimes on all workers at once, each for the assets whose bars it has, and where candles are distributed refresh_market_regimes and refresh_market_states, and returns the number of workers. Where a worker cannot be reached or an asset or series fails, the call ends with an error that lists the reasons, after all others were refreshed; what was refreshed stays.';

COMMENT ON FUNCTION regime_compare(regclass, text, regime_asset_ref[]) IS
'Compares a table with the columns of an output table, such as one that the original pipeline wrote, with the stored rows: for each asset or series and column how many rows agree, how many differ, and by which known difference.';

COMMENT ON FUNCTION regime_connect(regclass, text, text, text, text, text, text, text, text, jsonb, text, text, text, text, boolean, boolean) IS
'Finds out which columns of a table or view of prices are the asset, the time, the close and so on (each can be given by name), how long its bars are and what their times mean; makes what is missing: names of the assets, rows of regime_source, tables of weekly bars, monthly bars and EMAs that each refresh builds, and a profile; checks some assets, and returns what was found, what was made and what is left to do. Changes nothing of the relation; calling again is harmless; dry_run only tells.';

COMMENT ON FUNCTION regime_disconnect(text) IS
'Takes away what regime_connect made for a relation, given by its name even if it is gone, and returns what was done: built-in rows of regime_source come back, and the tables that were built are dropped. Output tables stay.';

COMMENT ON FUNCTION regime_build_inputs(regime_asset_ref[], text, text) IS
'For databases with daily bars only: creates the bar and EMA tables that regime_source names for cal_scheme (iso or us) where they are missing in target_schema (NULL: pg_regime.target_schema), fills them from the daily bars, writes only what changed, and returns what was done with each. Partial first and last weeks and months are left out, and tables with rows that it did not make are left alone.';

COMMENT ON FUNCTION regime_demo(int, int, int) IS
'Makes the source tables and fills them with an invented market, the same bits for the same arguments on every machine, from 2016-01-01 on, or from as much earlier as it takes to end on 2024-03-18, so that no bar lies in the future: asset 1 is the market, the last one has 200 daily bars, the one before it 720. In the table that regime_source maps for candles, each asset has its bars as candles of 1d under its symbol, the first three the last 180 days as candles of 4h too, and an index, ^GSPC, the last 1500 weekdays. A source table that holds rows it did not make is an error and changes nothing.';

COMMENT ON FUNCTION regime_label_monthly(regime_asset_ref, text, text) IS
'Returns the raw label (before hysteresis) of each monthly bar of an asset; columns, mode and NULL are those of regime_label_daily.';

COMMENT ON FUNCTION regime_label_weekly(regime_asset_ref, text, text) IS
'Returns the raw label (before hysteresis) of each weekly bar of an asset; columns, mode and NULL are those of regime_label_daily.';

COMMENT ON FUNCTION regime_label_daily(regime_asset_ref, text, text) IS
'Returns the raw label (before hysteresis) of each daily bar of an asset and its places: trend Up, Sideways or Down; vol Low, Normal or High; liq Easy, Normal or Stressed. mode full ranks volatility against its own history, lite uses fixed cut-offs; NULL is as the data budget says, with NULL labels where it disables the layer.';

COMMENT ON FUNCTION regime_label_intraday(regime_asset_ref, text, text) IS
'Returns the raw label (before hysteresis) of each intraday bar of an asset; columns and NULL are those of regime_label_daily, volatility uses fixed cut-offs in any mode. It is an error if regime_source maps no L3.';

COMMENT ON FUNCTION regime_label_monthly(float8[], float8[], float8[], float8[], text, float8[]) IS
'Returns the raw monthly label of each bar of arrays, as regime_label_daily does of daily bars, with volatility ranked in the last 60 bars.';

COMMENT ON FUNCTION regime_label_weekly(float8[], float8[], float8[], float8[], text, float8[]) IS
'Returns the raw weekly label of each bar of arrays, as regime_label_daily does of daily bars, with volatility ranked in the last 100 bars.';

COMMENT ON FUNCTION regime_label_daily(float8[], float8[], float8[], float8[], text, float8[]) IS
'Returns the raw daily label of each bar of arrays in ascending time: closes, their fast, mid and slow EMAs and, optionally, ATRs in price units; a NULL element is unknown, arrays of unequal length are an error. mode full ranks volatility in the last 250 bars; lite, and fewer bars than that, use fixed cut-offs.';

COMMENT ON FUNCTION regime_label_intraday(float8[], float8[], float8[], float8[], text, float8[]) IS
'Returns the raw intraday label of each bar of arrays, as regime_label_daily does of daily bars, but trends need no second bar to be confirmed and volatility uses fixed cut-offs in either mode.';

COMMENT ON FUNCTION market_regime_labels(float8[], float8[], float8[], jsonb) IS
'Returns the market regime of each candle of arrays in ascending time, one row each, counted from 0: trend_state (uptrend, downtrend, neutral), volatility_state (low, high), momentum_state (bullish, bearish, weak), all three in full_regime, simplified_regime (TREND_UP, TREND_DOWN, CHOPPY, RANGE, NEUTRAL), confidence from 0 to 1, and warmup, true for the first 199. A NULL element is unknown, arrays of unequal length are an error; a row depends on no later candle. config changes limits and windows, such as {"adx_trending": 30}.';

COMMENT ON FUNCTION resolve_policy(text, text, text, text, text, text, jsonb) IS
'Returns the policy of labels, one row: size_mult, stop_mult and gross_cap as multiples of base size, base stop distance and equity, how orders may be placed, whether positions may be added to, and the allowed setups (NULL: unrestricted). NULL labels are left out, none at all is resolved as Unknown, and a further label can only tighten; rules are laid over the policy for this call only.';

COMMENT ON FUNCTION regime_load_policy(text, text) IS
'The same as regime_load_policy of jsonb for a text, as a file has it: JSON or YAML. Where the text has more than one line, errors name the line.';

COMMENT ON FUNCTION regime_load_policy(text, jsonb) IS
'Stores rules, {"rules": [{"match": ..., ...}]} or the bare array, under a name, in place of what the name held, and returns how many there are; they act as an overlay over the built-in rules. Anything wrong is an error that names the rule and the field, and nothing is stored; rules that can never act give a WARNING.';

COMMENT ON FUNCTION regime_policy_rules(text) IS
'Returns the merged rules of a policy in order, NULL where a rule leaves a field as it is; the last row, without number, is what applies where no rule but overrides matches. shadowed_by is the match of the earlier rule that keeps a rule from ever acting, aligned = right marks an override.';

COMMENT ON FUNCTION regime_drop_policy(text) IS
'Removes a loaded policy; an unknown name, or default, is an error. Rows that were computed with it stay.';

COMMENT ON FUNCTION regime_track(boolean, text[]) IS
'Creates triggers on every table that regime_source maps, which mark the assets whose bars or EMAs and the series whose candles are inserted, changed or deleted, or drops them (enable => false), and returns what was done with each table; with the triggers a refresh reads only new rows, and only_dirty => true refreshes only changed assets. With systems, the triggers of the other systems are left as they are. The caller must own the tables.';

COMMENT ON PROCEDURE refresh_all_cmc_regimes(int, boolean, interval, text, text, boolean, text, int, int, int, int, text, boolean, regime_asset_ref[], boolean, jsonb) IS
'Refreshes all assets as refresh_cmc_regimes does, or only changed ones, or those of a list of symbols or ids, in batches that are committed one by one; sessions that call it at the same time with the same arguments share the work, and a call resumes where the last one stopped. Ends with an error that lists the failed assets, if there were any; cannot be called in a transaction block.';

COMMENT ON FUNCTION regime_round_begin(boolean, int, text, text, boolean, text, int, int, int, int, text, boolean, regime_asset_ref[], boolean, jsonb) IS
'Step of refresh_all_cmc_regimes: finds the unfinished round for these arguments, or begins one, and returns its number; NULL in a transaction that keeps its snapshot.';

COMMENT ON FUNCTION regime_round_next(bigint, int, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean, boolean, jsonb) IS
'Step of refresh_all_cmc_regimes: claims a batch of assets that wait in a round, refreshes them and returns whether there may be more to do; to be committed after each call.';

COMMENT ON FUNCTION regime_round_end(bigint) IS
'Step of refresh_all_cmc_regimes: an error if assets of the round failed, otherwise nothing.';

COMMENT ON FUNCTION regime_status() IS
'Returns, for every active asset and all that have rows, the newest daily bar, the newest row and its regime, how far that lags behind in bars and time, whether it is stale and why, and the last success and error; what the view cmc_regime_status shows. It reads the settings'' calendar scheme and target schema.';

COMMENT ON FUNCTION regime_health() IS
'Returns what is wrong, the worst first, in a row for each kind of finding and system, however many subjects there are: severity (error, warning, info), what, the number of subjects n (1 where a finding is about none), the first five of them, the detail, which of several is that of the first, the command, a statement that runs as it stands and acts on all of them (NULL: there is none), and advice in words. Looks for a broken source map, missing tables and grants, failing and stale assets, silent feeds, mixed version hashes, unfinished rounds, untracked sources and bloated tables; no row means that nothing is wrong.';

COMMENT ON FUNCTION regime_health_details(text) IS
'Returns what regime_health sums up, or of it the findings of one kind, named as in the column what: a row for each subject, an asset with id and symbol, or a series, symbol or table in the column subject, with the detail, command and advice of its own.';

COMMENT ON FUNCTION regime_due(timestamptz[], boolean) IS
'Returns the moment at which the bar after these is due at the latest, by the rhythm that they have: after it the feed is silent. The times may have any order; are_openings says that bars are stamped when they open, and so can be had one bar later. NULL without a time.';

COMMENT ON FUNCTION regime_monitor() IS
'Returns the state of all systems in one row, for programs that watch: the level (ok, warning where newest rows are stale or feeds silent, critical where refreshes fail or a system cannot be read), a line of text, the numbers of subjects, stale ones, silent feeds, failing ones, marks and assets that wait in rounds, and the oldest of the last successes. Figures that the role may not see are NULL, and not_seen says why.';

COMMENT ON FUNCTION regime_sizes() IS
'Returns each output and working table, the largest first: its system (NULL where systems share it), rows and dead rows by the statistics, bytes with indexes, when it was last vacuumed, and the command that vacuums it where that pays.';

COMMENT ON FUNCTION regime_rows(text) IS
'Returns the number of rows of each asset, series or symbol in each output table of a system, or of all that are set up; counts all rows.';

COMMENT ON FUNCTION regime_refresh_times(timestamptz) IS
'Returns, for each asset, series or batch in the run log, the slowest first: the number of refreshes and of failed ones, the median, the 95th percentile and the longest of their durations in milliseconds, and when the last one ended; since a moment, or of the whole log.';

COMMENT ON FUNCTION regime_repaint_check(regime_asset_ref, int, text, text, boolean, text, int, int, int, int, text, jsonb) IS
'Computes stored rows of an asset (all, or sample of them in even steps) again from what had closed at each of them, data budget included, and returns per column how many differ and the first that does: rows refreshed with point_in_time => true never differ. An error if the rows were made with other parameters than those given.';

COMMENT ON FUNCTION regime_assets() IS
'Returns the ids of the assets that have rows in cmc_regimes, ascending, stepping from one to the next along the key.';

COMMENT ON FUNCTION regime_transition_matrix(regime_asset_ref, text) IS
'Returns how often each regime of an asset, NULL for all assets together, followed another, from cmc_regime_flips: from_regime, to_regime, n, and probability, the share of the changes out of from_regime. layer is L0 to L4 or composite (the regime_key).';

COMMENT ON FUNCTION regime_durations(regime_asset_ref, text) IS
'Returns, per regime of an asset, NULL for all assets together, how long its completed runs lasted, in daily rows: n of them, mean_bars, median_bars, longest_bars; and, for the regime of the newest row alone, of one asset, current_bars, the rows it has lasted so far, and current_percentile, the share of past runs of that regime that were at most as long (0 to 1, NULL without any). The first run of the history counts as it is, though it may have begun earlier.';

COMMENT ON FUNCTION regime_periods(regime_asset_ref, text) IS
'Returns the stretches of one regime of an asset, NULL for all assets. valid is [first row, first row of the next period), open for the one that lasts: the label of a row is known at its ts, the close of its bar, and not before, so the regime was known at every moment of valid and at none before it. bars counts the daily rows. return_over_period is close at the end of valid (for the period that lasts: at the newest row) / close at its start - 1, from the daily bars that regime_source maps for pg_regime.cal_scheme, NULL where one of the two closes is not there; like bars and the end of valid it is known only at that end, and a condition on it looks ahead.';

COMMENT ON FUNCTION regime_forward_returns(regime_asset_ref, int[], text) IS
'Returns, per regime of an asset, NULL for all assets together, and horizon h, the returns close[t+h] / close[t] - 1 over h daily rows that begin at the rows t of that regime: n, mean_return, std_return (sample), hit_rate (share above 0) and worst_return; n_windows, the most of these rows whose windows do not overlap; mean_all, the mean over all rows of the same asset; difference = mean_return - mean_all, its standard error std_error by Newey and West (Bartlett weights, lag h - 1, in the regression of the returns of all rows on the regime), and t = difference / std_error. NULL where undefined; std_error also with fewer than 10 windows of the regime or of other rows. Rows without h later rows, or without a usable close at either end, do not count. Up to 100 horizons of 1 to 10000; closes are those of the daily bars that regime_source maps for pg_regime.cal_scheme.';

COMMENT ON FUNCTION regime_backtest(regime_asset_ref[], text[], timestamptz, timestamptz, float8, float8) IS
'Returns, per asset (NULL: all that have rows) and policy, what a position earned whose size over each bar is the size_mult of the row before, and what the asset held whole did (columns _plain), from from_ts to to_ts (both included): n bars, n_missing rows without a close, yearly_return (compounded), volatility, sharpe (without interest), max_drawdown, time_in_market (share of bars with a size above 0), mean_size, and turnover and its cost in a year, in multiples of the equity. policies => NULL takes the stored sizes; any other policy is computed with the parameters of the stored rows. A trade costs cost_bps hundredths of a percent. bars_per_year is 365 or 252, by the spacing of the rows, unless given. An error if rows were not made point in time, with the refresh that makes them so. Nothing is written.';

COMMENT ON FUNCTION regime_backtest(bigint, text[], timestamptz, timestamptz, float8, float8) IS
'Tests the asset of an id, exactly as regime_backtest does for a list; a NULL id is an error.';

COMMENT ON FUNCTION regime_backtest(text, text[], timestamptz, timestamptz, float8, float8) IS
'Tests the asset of a symbol, or of an id as text, exactly as regime_backtest does for a list; a NULL is an error.';

COMMENT ON FUNCTION regime_backtest_equity(regime_asset_ref[], text[], timestamptz, timestamptz, float8) IS
'Returns the bars of regime_backtest, to plot: ts and close of each row with a close, the size held over the bar that ends there (that of the row before), its return after costs, what was traded before it as a share of the equity, what 1 at the first close has become, and how far that is below its height so far; columns _plain are those of the asset held whole. At the first close size and returns are NULL.';

COMMENT ON FUNCTION regime_backtest_equity(bigint, text[], timestamptz, timestamptz, float8) IS
'Returns the bars of the asset of an id, exactly as regime_backtest_equity does for a list; a NULL id is an error.';

COMMENT ON FUNCTION regime_backtest_equity(text, text[], timestamptz, timestamptz, float8) IS
'Returns the bars of the asset of a symbol, or of an id as text, exactly as regime_backtest_equity does for a list; a NULL is an error.';

COMMENT ON FUNCTION regime_chart_svg(regime_asset_ref, timestamptz, timestamptz, text, int, int, boolean, text, text) IS
'Returns a picture, SVG in one line of text: the closes of an asset from from_ts to to_ts (both included, NULL: no limit) over bands of its regimes, blue for Up, grey for Sideways, orange for Down, stronger with volatility, and a thin line at each flip. A band reaches from the close at which its label was known to the next. width and height are 200 to 10000 pixels; dates are UTC; the same rows give the same bytes; colours follow the reader''s dark scheme. No row in that range is an error. system is cmc_regimes, market_regimes, market_regime_history or market_states, whose bands are of the labels that the legend names; of market_states also the escalation percentile, with lines at .60 and .85. The subjects of other systems than cmc_regimes are symbols; timeframe may be left out where a symbol has rows of one; layer is of cmc_regimes alone.';

COMMENT ON FUNCTION regime_report_html(regime_asset_ref, timestamptz, timestamptz) IS
'Returns a page about an asset, HTML in one line of ASCII that needs no other file: the rows from from_ts to to_ts (both included, NULL: no limit), the policy of the newest of them and why, closes over bands of regimes, how long regimes last and what the price did after them, which follows which, equity with the sizes and without, the changes of the last year, the data budget, freshness and version. Follows the reader''s dark scheme and prints on two sheets. A part that cannot be had says why; no row in that range is an error.';

COMMENT ON FUNCTION regime_timeline(regime_asset_ref, int, text, text, text) IS
'Returns the stored history of an asset as a line of width (10 to 1000) characters, each for as many daily rows as any other: the trend that most of them have (up and down triangles, a dash for Sideways) and the volatility that most of those have (bolder is higher), the more cautious on a tie. Below it stand the first and last date and what the characters mean. NULL for an asset without rows. system, timeframe and layer are those of regime_chart_svg.';

COMMENT ON FUNCTION regime_check_inputs(regime_asset_ref[], text) IS
'Returns what is wrong with the source map, bars and EMAs of assets (NULL: those that a refresh would take), the worst first, in a row for each severity, layer and kind of problem: severity (error: a refresh of the assets fails; warning: their labels may be wrong; info), layer, problem, the number of assets that have it (0: it is of the source map), the first five of them, how many bars or EMAs have it and the first of them, the command, a statement that runs as it stands (NULL: there is none), and advice in words. Bad data of one asset does not keep it from looking at the others; it only reads, also on a standby, and no row means that nothing is wrong.';

COMMENT ON FUNCTION regime_check_inputs_details(regime_asset_ref[], text) IS
'Returns what regime_check_inputs sums up: a row for each asset, layer and problem, with the command and advice of its own.';

COMMENT ON FUNCTION regime_check_candles(text[]) IS
'Returns what is wrong with the candles that regime_source maps, of symbols or of all (NULL), the worst first, in a row for each severity, timeframe and kind of problem: severity (error: a refresh of the series fails; warning: its rows may be wrong), timeframe, problem, the number of series that have it, the symbols of the first five, how many candles have it and the first of them, the command, a statement that runs as it stands (NULL: there is none), and advice in words. Looks for prices and times that cannot be used, candles of one time, prices that contradict each other, gaps beyond the rhythm of the series, candles of the future, and open times that are off the grid of the others; reads all candles once, and no row means that nothing is wrong.';

COMMENT ON FUNCTION regime_check_candles_details(text[]) IS
'Returns what regime_check_candles sums up: a row for each series and problem, with the command and advice of its own.';

COMMENT ON FUNCTION regime_policy_lint(text, jsonb) IS
'Returns what a policy, with rules laid over it, says that its author can hardly mean: severity (warning for the user''s rules, info for built-in ones and for holes), number and match of the rule, the problem (never reached, matches no label, changes nothing, a value never let through, setups that contradict the size or are never used, labels that fall to the fallback) and what to do.';

COMMENT ON FUNCTION regime_policy_simulate(jsonb, regime_asset_ref[], timestamptz, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean, jsonb) IS
'Returns the rows of cmc_regimes that rules laid over a policy would change, with the columns that differ and their stored (before) and simulated (after) values; labels may differ too, since hysteresis depends on the policy. from_ts and to_ts are included; the version hash is not compared; an asset that cannot be computed gives a WARNING. Nothing is written.';

COMMENT ON FUNCTION regime_policy_simulate_summary(jsonb, regime_asset_ref[], timestamptz, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean, jsonb) IS
'Sums up regime_policy_simulate per asset, before (stored) and after (simulated): rows compared and changed, mean size, days in each order mode, changes of regime_key; bars or stored rows without a counterpart, and stored rows made with another policy or other parameters than those given, which differ for that reason too. Nothing is written.';

COMMENT ON FUNCTION regime_config_simulate(jsonb, regime_asset_ref[], timestamptz, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean) IS
'Counts per asset and column the rows of cmc_regimes that config, laid key by key over the configuration of the profile of each asset, would change, with the first and the last of them and the values of the first; n, not_compared and other_version as in regime_policy_simulate_summary. from_ts and to_ts are included; an asset that cannot be computed gives a WARNING. Nothing is written.';

COMMENT ON FUNCTION refresh_market_regimes(text, text, boolean, boolean, jsonb, boolean) IS
'Brings market_regimes up to date with the candles that regime_source maps, for a symbol, a timeframe, or all (NULL); returns a row per series: status (ok, unchanged, empty, failed, dry_run), rows of the result and rows written, classifier_version, milliseconds, message, mode and why all rows were computed. Each series whole or not at all; one that fails keeps its rows, gives a WARNING and a failed row, and the others go on. config overrides thresholds: {"adx_trending": 30}. Without tracking a series is computed from its first candle and only what differs is written; with regime_track, from its stored state on.';

COMMENT ON FUNCTION market_regimes_compute(text, text, timestamptz, timestamptz, jsonb) IS
'Returns the regimes of a series, computed from its first candle on without storing anything; those of candles that opened from from_ts to to_ts, both included (NULL: no limit). Reads nothing after to_ts.';

COMMENT ON FUNCTION get_market_regimes(text, text, timestamptz, timestamptz) IS
'Returns the regimes of a series from from_ts to to_ts, both included: stored rows as long as candles are tracked and none was marked as changed since the last refresh, computed ones, whose created_at is NULL, after that. Without tracking, all rows are computed.';

COMMENT ON FUNCTION market_regimes_stats(text, text) IS
'Returns, per regime and classifier version of the stored rows of a symbol, a timeframe, or all (NULL): candles, their share, first, last and mean confidence.';

COMMENT ON FUNCTION market_regimes_flips(text, text, float8, int) IS
'Returns the stored candles whose regime is not that of the candle before (of the same series, however far back that is): from, to, when it opened, its confidence, at least min_confidence, and the return since: to the close of the newest row, NULL where a close is not known. n is the number of newest changes of each series, NULL for all; NULL as symbol or timeframe means all.';

COMMENT ON FUNCTION delete_market_regimes(text, text) IS
'Deletes the rows of a series from market_regimes, and its state; returns the number of deleted rows.';

COMMENT ON FUNCTION regime_systems() IS
'Returns the systems of regimes (cmc_regimes, market_regimes, market_regime_history, market_states): name, tables, whether they are set up, the number of assets, series or symbols and of stale ones, newest row, the longest lag, the version, and the error that keeps these from being told; what the view regime_systems shows.';

COMMENT ON PROCEDURE backfill_market_regime_history(date, date, int, text, boolean, boolean) IS
'Stores the regime of a symbol on each trading day from start_date to end_date, both included, that market_regime_history does not have yet, in batches of batch_size days that are committed one by one, so that a call resumes where an interrupted one stopped; full_refresh => true also rewrites days that differ. A failed batch is rolled back alone, and the call ends with an error; dry_run => true computes all and stores nothing, in any transaction.';

COMMENT ON FUNCTION market_regime_backfill_begin(date, date, int, text, boolean, boolean) IS
'Step of backfill_market_regime_history: checks the arguments, records the call in market_regime_backfills and returns its number; with dry_run computes everything and returns NULL. NULL too in a transaction that keeps its snapshot.';

COMMENT ON FUNCTION market_regime_backfill_next(bigint) IS
'Step of backfill_market_regime_history: computes and stores the next batch of a call and returns whether days are left; to be committed after each call.';

COMMENT ON FUNCTION market_regime_backfill_end(bigint) IS
'Step of backfill_market_regime_history: raises a WARNING if stored days differ from what their closes give now, an error if batches failed.';

COMMENT ON FUNCTION market_regime_history_latest(text) IS
'Returns the newest stored day of a symbol in market_regime_history, with the date of its newest daily bar, how many bars are later than the row (lag_days) and whether there are any; these are NULL where the bars may not be read. No stored day is an error.';

COMMENT ON FUNCTION market_regime_history_compute(text, date, date) IS
'Returns the rows that market_regime_history would hold of a symbol from from_date to to_date (both included, NULL: no limit), computed from its daily closes without writing. They come from its candles of timeframe 1d, else from the daily bars of the asset with that symbol in dim_assets; days are those of UTC.';

COMMENT ON FUNCTION market_regime_history_stats(text) IS
'Returns, per regime that a symbol has in market_regime_history, the most frequent first: how many days, their share (0 to 1), the earliest and latest, and their mean confidence.';

COMMENT ON FUNCTION market_regime_performance(regclass, text, text, text, int) IS
'Returns what daily returns (a fraction a day, in a table or view) did in each stored regime of a symbol: days, total, mean, volatility (std x sqrt 252), Sharpe ratio, largest drawdown (0 to 1), share of days above 0; NULL where undefined. A regime holds from its day until the next row; lag_days => 1 counts a return for the newest regime known before that day. Days before the first regime are left out with a NOTICE.';

COMMENT ON FUNCTION market_state_labels(float8[], float8[], float8[], float8[], float8[], text) IS
'Returns the market state of each bar of arrays in ascending time, one row each, counted from 0: the columns of market_states from state_label to warmup, without eras. Unequal lengths, and a price that is NULL, NaN or not from 1e-100 to 1e100, are errors; a volume that is NULL, NaN, negative or above 1e100 is unknown, and so are all volumes where the array is NULL. A row depends on no later bar; timeframe says how many bars a year has.';

COMMENT ON FUNCTION refresh_market_states(text, text, boolean, boolean, boolean) IS
'Brings market_states up to date with the candles that regime_source maps and the eras of regime_eras, for a symbol, a timeframe, or all (NULL); returns a row per series: status (ok, unchanged, empty, failed, dry_run), the rows that the result holds (NULL if failed), the rows written, milliseconds. Reads only new candles where changes are tracked, and writes only what differs; a series that fails is rolled back alone with a WARNING and keeps its earlier rows.';

COMMENT ON FUNCTION market_states_compute(text, text, timestamptz, timestamptz) IS
'Returns the rows that a refresh would hold of a series from from_ts to to_ts (both included, NULL: no limit), computed from its first candle on, and stores nothing; candles after to_ts are not read.';

COMMENT ON FUNCTION get_market_states(text, text, timestamptz, timestamptz) IS
'Returns the rows of a series: stored rows as long as candles are tracked and neither a candle nor an era has changed since the last refresh, computed ones, whose created_at is NULL, after that. Without tracking, all rows are computed.';

COMMENT ON FUNCTION market_states_stats(text, text) IS
'Returns, per state and version in market_states, of a symbol, a timeframe, or all (NULL), the most frequent first: bars, their share (0 to 1), the first and last of them, their mean confidence, and the share of HIGH among those that have a bucket.';

COMMENT ON FUNCTION market_states_flips(text, text, float8, int) IS
'Returns the stored bars whose state differs from that of the bar before, with both states, the confidence, and the return since: to the close of the newest row, NULL where a close is not known; in order of time. min_confidence leaves out bars of less confidence; n is the number of newest changes of each series, NULL for all; NULL is all symbols or timeframes.';

COMMENT ON FUNCTION delete_market_states(text, text) IS
'Deletes the rows of a series from market_states, and its state; returns the number of deleted rows.';

COMMENT ON FUNCTION market_states_latest() IS
'Returns the newest row of each series in market_states, with the escalation percentile in percent and its mean over the timeframes of the symbol, the age, the newest candle and whether the row is stale; what the view market_state_latest shows.';

COMMENT ON FUNCTION market_states_explain(text, text, timestamptz) IS
'Explains step by step the newest row of a series at or before a moment (NULL: the newest): the bar and which metrics it can have, each metric with its terms, weights and contributions, the price levels, the parts of the confidence, the rules with both numbers of each comparison, the components and their ranks, the percentile in its era, and whether that is what is stored.';

COMMENT ON FUNCTION market_escalation_bucket(float8) IS
'Returns the bucket of an escalation percentile: HIGH from 0.85 on, MED from 0.60 on, else LOW; NULL of NULL.';

COMMENT ON FUNCTION market_escalation_action(text) IS
'Returns the action of a bucket: NORMAL_SIZE of LOW, REDUCE_40 of MED, HEDGE_OR_CASH of HIGH; NULL of NULL, and any other text is an error.';

COMMENT ON FUNCTION market_escalation_percentile(text, text, int) IS
'Returns, for each stored row of a series in market_states, its escalation and the rank of it among those of the last window_bars rows, its own included, from 0 to 1; NULL unless all of them have one. Eras play no part.';

COMMENT ON FUNCTION market_escalation_events(text, text, int, float8, int, float8) IS
'Uses the future: never join it to a signal. Returns the large moves of a series with stored market_states: direction, start and end, how many bars and anchors, the extreme close and the move there as a share and in ATR, whether the event is over; and whether a HIGH came in the lookback bars before the start, the first of them, how many bars before, and how many (NULL where a bar of the lookback has no bucket). An anchor is a bar whose close at the horizon is atr_multiple ATR14 away, or, with fall (such as 0.2), one that a close up to the horizon is so much below.';

COMMENT ON FUNCTION market_escalation_lead_time(text, text, int, float8, int, float8) IS
'Uses the future: never join it to a signal. Returns, for falls and for rises as market_escalation_events finds them, how many had a HIGH in the lookback bars before (hits) of those that can be judged, with Wilson''s 95 % bounds, beside base_rate, the share of all bars with such a HIGH before: only a hit rate above it (lift above 1) is a warning. Also the lead in bars, runs of HIGH bars (alarms) that came late or falsely, and how often a HIGH bar and any bar were followed by an event.';

COMMENT ON FUNCTION market_escalation_outcomes(text, text, int, float8[], timestamptz, timestamptz) IS
'Uses the future: never join it to a signal. Returns, for each threshold and for LOW, MED, HIGH and ALL stored rows of a series that opened from from_ts to to_ts (both included, NULL: no limit): rows with a full horizon, how many of them do not overlap, mean, median and worst return over the horizon, mean and worst drawdown within it, and the share of returns at or below the threshold with Wilson''s 95 % bounds and as a multiple of that of LOW.';

COMMENT ON FUNCTION market_escalation_concentration(text, text, int, float8) IS
'Uses the future: never join it to a signal. Returns the shares of HIGH and of LOW rows of a series whose return over the horizon is at or below the threshold, with Wilson''s 95 % bounds, their difference and ratio: over all rows, over each third in time, without the 5 % of rows deepest below the highest close of 200 candles, and without each calendar year. A difference that one year makes is no rule.';

COMMENT ON FUNCTION market_event_labels(text, text, int) IS
'Uses the future: never join it to a signal. Returns, for each candle of a series, the largest distance of a close within the horizon as a share of its close, the rank of it among those so far (from 0 to 1), whether it is an event (0.95 or more), and its severity: MILD, MODERATE, SEVERE or CRISIS from 0.90, 0.95, 0.975, 0.99 on. Stored rows play no part.';

COMMENT ON FUNCTION regime_teardown(boolean) IS
'Removes what pg_regime made in the schema pg_regime.target_schema: triggers and their functions, working tables, views, and, with keep_rows => false, the output tables. Returns a row for each relation, and one with the statement that removes the extension.';

COMMENT ON FUNCTION regime_move(text) IS
'Moves the output tables, views and working tables from pg_regime.target_schema to another schema, and tracks again what was tracked. Returns a row for each relation, and one with the statement that makes the schema the target schema.';

COMMENT ON PROCEDURE refresh_all_market_regimes(text, text, boolean, int, jsonb) IS
'Refreshes the series of a symbol, a timeframe, or all (NULL), as refresh_market_regimes does, in batches that are committed one by one. Ends with an error that lists the failed series, if there were any; cannot be called in a transaction block.';

COMMENT ON FUNCTION market_regimes_round_begin(text, text, jsonb) IS
'Step of refresh_all_market_regimes: returns the series to refresh, in order.';

COMMENT ON FUNCTION market_regimes_round_next(text[], text[], boolean, jsonb) IS
'Step of refresh_all_market_regimes: refreshes series and returns those that failed, with SQLSTATE and message; to be committed after each call.';

COMMENT ON FUNCTION market_regimes_round_end(text[], text[], text[]) IS
'Step of refresh_all_market_regimes: an error that lists the series that failed, if there are any.';

COMMENT ON PROCEDURE refresh_all_market_states(text, text, boolean, int) IS
'Refreshes the series of a symbol, a timeframe, or all (NULL), as refresh_market_states does, in batches that are committed one by one. Ends with an error that lists the failed series, if there were any; cannot be called in a transaction block.';

COMMENT ON FUNCTION market_states_round_begin(text, text) IS
'Step of refresh_all_market_states: returns the series to refresh, in order.';

COMMENT ON FUNCTION market_states_round_next(text[], text[], boolean) IS
'Step of refresh_all_market_states: refreshes series and returns those that failed, with SQLSTATE and message; to be committed after each call.';

COMMENT ON FUNCTION market_states_round_end(text[], text[], text[]) IS
'Step of refresh_all_market_states: an error that lists the series that failed, if there are any.';

COMMENT ON FUNCTION regime_board() IS
'Returns what holds for each asset now, in a line that fits a terminal: symbol, day of the newest row, regime, since which day, size, stop, orders, stale; figures are rounded to two digits. What the view regime_board shows.';

COMMENT ON FUNCTION regime_flips(regime_asset_ref, timestamptz, timestamptz, text, int) IS
'Returns the stored changes of a layer (L0 to L4, or composite: the regime_key) of an asset, NULL for all assets: the time of the first row after it, the regimes before and after, how many rows the one before lasted, and the return since: to the close of the newest row, NULL where a close is not known. from_ts and to_ts are included; n is the number of newest changes of each asset, NULL for all.';

COMMENT ON FUNCTION regime_stats(regime_asset_ref) IS
'Returns the stored statistics of each regime of an asset, NULL for all assets: n daily rows, their share of all rows of the asset, and mean and standard deviation of the return to the next daily close, which is known only then.';

COMMENT ON FUNCTION market_regimes_at(text, text, timestamptz) IS
'Returns the stored row of the newest candle of a series that had closed at a moment, and the time since the candle opened; no row where no candle had. A candle closes when its timeframe is over, by the name of the timeframe, such as 15m, 4h, 1d, 1w or 1M; one of more than an hour when the next one has opened, at its end in UTC if the series keeps to UTC, as those of the other half of the year tell, or else an hour, of months three days and an hour, later; where the name does not tell, when the next candle opens. No candle that opens after the moment is looked at.';

COMMENT ON FUNCTION market_regimes_latest() IS
'Returns the newest row of each series in market_regimes, with the time since its candle opened, the newest candle and whether the row is stale.';

COMMENT ON FUNCTION market_regimes_transition_matrix(text, text) IS
'Returns how often each simplified_regime followed another from one candle to the next: from_regime, to_regime, n, and probability, the share of the changes out of from_regime; NULL is all symbols or timeframes.';

COMMENT ON FUNCTION market_states_at(text, text, timestamptz) IS
'Returns the stored row of the newest bar of a series that had closed at a moment, and the time since the bar opened; no row where no bar had. A bar closes when its timeframe is over, by the name of the timeframe, such as 15m, 4h, 1d, 1w or 1M; one of more than an hour when the next one has opened, at its end in UTC if the series keeps to UTC, as those of the other half of the year tell, or else an hour, of months three days and an hour, later; where the name does not tell, when the next bar opens. No bar that opens after the moment is looked at.';

COMMENT ON FUNCTION market_states_transition_matrix(text, text) IS
'Returns how often each state_label followed another from one bar to the next: from_regime, to_regime, n, and probability, the share of the changes out of from_regime; NULL is all symbols or timeframes.';

COMMENT ON FUNCTION market_regime_history_at(text, date) IS
'Returns the newest stored day of a symbol at or before a day; no row where there is none. A day is known at its close.';

COMMENT ON FUNCTION market_regime_history_flips(text, int) IS
'Returns the stored days of a symbol whose regime differs from that of the day before, with both regimes, how many days the regime before lasted (NULL for the first, which may have begun earlier), the confidence, and the return since: to the close of the newest stored day. n is the number of newest changes, NULL for all.';

COMMENT ON FUNCTION market_regime_history_transition_matrix(text) IS
'Returns how often each regime of the stored days of a symbol followed another from one day to the next: from_regime, to_regime, n, and probability, the share of the changes out of from_regime.';

COMMENT ON FUNCTION regime_now(regime_asset_ref, text) IS
'Returns what a desk looks at in the morning, a row for each asset or series of a system that has rows (NULL: of every system that is set up), or for those of one: the regime, the close since which it holds, its rows so far and the share of its ended runs that were at most as long, the return since, what the newest row says, which changes hysteresis holds back and on how many rows the first of them must still be seen, whether the row is stale.';

COMMENT ON FUNCTION regime_breadth(date, date, text, text) IS
'Returns how many assets, or series of a timeframe (1d where none is given), of a system were in which regime at the end of each day, and their share of all that had a regime on that day; both ends are included.';

COMMENT ON FUNCTION regime_portfolio(regime_asset_ref[], float8[], timestamptz) IS
'Returns what the regimes in force at a moment (NULL: now) make of weights of assets, a row each, and the whole last: exposure is weight x size_mult, gross the exposure without its sign; then the limits of each. An asset without a usable row has the tightest policy, as in regime_at.';

COMMENT ON FUNCTION regime_grant(text, text, boolean) IS
'Grants what a role lacks for a purpose, and returns a row for each statement: reader (the output tables and names of assets), monitor (also the working tables and the source tables), refresher (writes outputs and working tables, reads sources), loader (writes source tables). dry_run => true only returns the statements. Nothing is taken away.';
