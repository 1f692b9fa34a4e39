-- The functions that take an asset, for callers who know the symbol of the asset: each finds the id with regime_asset
-- and calls the form that takes the id. Both forms have the same further arguments, properties and results. The library
-- has the forms that are called for each signal or new bar, without a body to read for each call: regime_at, regime_gate
-- and refresh_cmc_regimes, which also gives ids to new symbols. No SET clause, so that the planner can put the call in place of a function that is
-- not volatile: every name is qualified instead, and every argument passed with its exact type, so that no other function of
-- the schema fits better. Bodies are BEGIN ATOMIC, which PostgreSQL keeps parsed: the schema may be renamed.
--
-- A literal without a type comes here, text being preferred: '1' is an id as text, and NULL is passed on, to mean, or
-- to be refused as, what it is for the id; for refresh_cmc_regimes, which takes several ids too, what it is for these.

COMMENT ON FUNCTION refresh_cmc_regimes(text[], text, text, boolean, text, int, int, int, int, text, boolean, boolean, boolean, boolean, boolean, boolean, jsonb) IS
'The same as refresh_cmc_regimes of ids for assets given by symbol, or by id as text, as regime_asset finds them; NULL is every active asset.';

COMMENT ON FUNCTION refresh_cmc_regimes(text, text, text, boolean, text, int, int, int, int, text, boolean, boolean, boolean, boolean, boolean, boolean, jsonb) IS
'The same as refresh_cmc_regimes of an id for an asset given by symbol, or by id as text, as regime_asset finds it; NULL is every active asset, since a NULL without a type comes here.';

CREATE FUNCTION regime_compute(symbol text, cal_scheme text DEFAULT NULL, policy text DEFAULT NULL,
    hysteresis boolean DEFAULT NULL, hysteresis_mode text DEFAULT NULL, min_hold_bars int DEFAULT NULL,
    min_bars_l0 int DEFAULT NULL, min_bars_l1 int DEFAULT NULL, min_bars_l2 int DEFAULT NULL,
    l4_label text DEFAULT NULL, as_of timestamptz DEFAULT NULL, rules jsonb DEFAULT NULL,
    point_in_time boolean DEFAULT NULL, config jsonb DEFAULT NULL)
RETURNS TABLE (id int, ts timestamptz, tf text, l0_label text, l1_label text, l2_label text, l3_label text,
    l4_label text, regime_key text, size_mult float8, stop_mult float8, orders text, gross_cap float8, pyramids boolean,
    setups text[], feature_tier text, l0_enabled boolean, l1_enabled boolean, l2_enabled boolean,
    regime_version_hash text, updated_at timestamptz)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_compute(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1, min_bars_l2,
        l4_label, as_of, rules, point_in_time, config);
END;
COMMENT ON FUNCTION regime_compute(text, text, text, boolean, text, int, int, int, int, text, timestamptz, jsonb, boolean, jsonb) IS
'The same as regime_compute of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_repaint_check(symbol text, sample int DEFAULT NULL, cal_scheme text DEFAULT NULL,
    policy text DEFAULT NULL, hysteresis boolean DEFAULT NULL, hysteresis_mode text DEFAULT NULL,
    min_hold_bars int DEFAULT NULL, min_bars_l0 int DEFAULT NULL, min_bars_l1 int DEFAULT NULL,
    min_bars_l2 int DEFAULT NULL, l4_label text DEFAULT NULL, config jsonb DEFAULT NULL)
RETURNS TABLE (column_name text, rows bigint, differ bigint, first timestamptz, stored text, knowable text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_repaint_check(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        sample, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1,
        min_bars_l2, l4_label, config);
END;
COMMENT ON FUNCTION regime_repaint_check(text, int, text, text, boolean, text, int, int, int, int, text, jsonb) IS
'The same as regime_repaint_check of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

COMMENT ON FUNCTION regime_at(text, timestamptz, interval) IS
'The same as regime_at of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

COMMENT ON FUNCTION regime_gate(text, timestamptz, text, float8, boolean, interval) IS
'The same as regime_gate of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_explain(symbol text, at timestamptz DEFAULT NULL, cal_scheme text DEFAULT NULL,
    policy text DEFAULT NULL, hysteresis boolean DEFAULT NULL, hysteresis_mode text DEFAULT NULL,
    min_hold_bars int DEFAULT NULL, min_bars_l0 int DEFAULT NULL, min_bars_l1 int DEFAULT NULL,
    min_bars_l2 int DEFAULT NULL, l4_label text DEFAULT NULL, point_in_time boolean DEFAULT NULL,
    config jsonb DEFAULT NULL)
RETURNS TABLE (step int, layer text, what text, value text, detail text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_explain(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        at, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1, min_bars_l2,
        l4_label, point_in_time, config);
END;
COMMENT ON FUNCTION regime_explain(text, timestamptz, text, text, boolean, text, int, int, int, int, text, boolean, jsonb) IS
'The same as regime_explain of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_label_monthly(symbol text, cal_scheme text DEFAULT NULL, mode text DEFAULT NULL)
RETURNS TABLE (ts timestamptz, trend text, vol text, liq text, label text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_label_monthly(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        cal_scheme, mode);
END;
COMMENT ON FUNCTION regime_label_monthly(text, text, text) IS
'The same as regime_label_monthly of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_label_weekly(symbol text, cal_scheme text DEFAULT NULL, mode text DEFAULT NULL)
RETURNS TABLE (ts timestamptz, trend text, vol text, liq text, label text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_label_weekly(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        cal_scheme, mode);
END;
COMMENT ON FUNCTION regime_label_weekly(text, text, text) IS
'The same as regime_label_weekly of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_label_daily(symbol text, cal_scheme text DEFAULT NULL, mode text DEFAULT NULL)
RETURNS TABLE (ts timestamptz, trend text, vol text, liq text, label text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_label_daily(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        cal_scheme, mode);
END;
COMMENT ON FUNCTION regime_label_daily(text, text, text) IS
'The same as regime_label_daily of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_label_intraday(symbol text, cal_scheme text DEFAULT NULL, mode text DEFAULT NULL)
RETURNS TABLE (ts timestamptz, trend text, vol text, liq text, label text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_label_intraday(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, cal_scheme) END,
        cal_scheme, mode);
END;
COMMENT ON FUNCTION regime_label_intraday(text, text, text) IS
'The same as regime_label_intraday of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_transitions(symbol text, layer text DEFAULT 'composite')
RETURNS TABLE (from_regime text, to_regime text, n bigint, probability float8)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_transitions(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, NULL::pg_catalog.text) END,
        layer);
END;
COMMENT ON FUNCTION regime_transitions(text, text) IS
'The same as regime_transitions of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_durations(symbol text, layer text DEFAULT 'composite')
RETURNS TABLE (regime text, n bigint, mean float8, median float8, longest int, current_run int,
    current_percentile float8)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_durations(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, NULL::pg_catalog.text) END,
        layer);
END;
COMMENT ON FUNCTION regime_durations(text, text) IS
'The same as regime_durations of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';

CREATE FUNCTION regime_periods(symbol text, layer text DEFAULT 'composite')
RETURNS TABLE (id int, regime text, valid tstzrange, bars int, return_over_period float8)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_periods(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, NULL::pg_catalog.text) END,
        layer);
END;
COMMENT ON FUNCTION regime_periods(text, text) IS
'The same as regime_periods of an id for an asset given by symbol, or by id as text, as regime_asset finds it; NULL is all assets.';

CREATE FUNCTION regime_forward_returns(symbol text, horizons int[] DEFAULT '{1,5,20}', layer text DEFAULT 'composite')
RETURNS TABLE (regime text, horizon int, n bigint, mean float8, std float8, t float8, hit_rate float8, worst float8)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT * FROM @extschema@.regime_forward_returns(
        CASE WHEN symbol IS NOT NULL THEN @extschema@.regime_asset(symbol, NULL::pg_catalog.text) END,
        horizons, layer);
END;
COMMENT ON FUNCTION regime_forward_returns(text, int[], text) IS
'The same as regime_forward_returns of an id for an asset given by symbol, or by id as text, as regime_asset finds it.';
