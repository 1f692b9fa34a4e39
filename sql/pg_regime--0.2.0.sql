-- Install script of pg_regime 0.2.0, written from the built library by `make sql`: do not edit.
\echo Use "CREATE EXTENSION pg_regime" to load this file. \quit

-- src/lib.rs
-- bootstrap
-- The type of arguments that name an asset, so that one function takes ids and symbols. A value is stored as a text: the
-- symbol, or the id behind a byte that no symbol has.

CREATE TYPE @extschema@.regime_asset_ref;
CREATE FUNCTION @extschema@.regime_asset_ref_in(cstring) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textin';
CREATE FUNCTION @extschema@.regime_asset_ref_out(@extschema@.regime_asset_ref) RETURNS cstring
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_ref_out_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref_recv(internal) RETURNS @extschema@.regime_asset_ref
STABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textrecv';
CREATE FUNCTION @extschema@.regime_asset_ref_send(@extschema@.regime_asset_ref) RETURNS bytea
STABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'textsend';
CREATE TYPE @extschema@.regime_asset_ref (
    INPUT = @extschema@.regime_asset_ref_in,
    OUTPUT = @extschema@.regime_asset_ref_out,
    RECEIVE = @extschema@.regime_asset_ref_recv,
    SEND = @extschema@.regime_asset_ref_send,
    LIKE = pg_catalog.text
);
COMMENT ON TYPE @extschema@.regime_asset_ref IS 'An asset as an argument names it: by its id, by its symbol, or by its id as text. Integers and texts are cast to it without being asked';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_in(cstring) IS 'Input of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_out(@extschema@.regime_asset_ref) IS 'Output of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_recv(internal) IS 'Binary input of regime_asset_ref';
COMMENT ON FUNCTION @extschema@.regime_asset_ref_send(@extschema@.regime_asset_ref) IS 'Binary output of regime_asset_ref';

CREATE FUNCTION @extschema@.regime_asset_ref(int2) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int2_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(int4) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int4_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(int8) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'asset_of_int8_wrapper';
CREATE FUNCTION @extschema@.regime_asset_ref(bpchar) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'rtrim1';
CREATE FUNCTION @extschema@.regime_asset_ref(name) RETURNS @extschema@.regime_asset_ref
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS 'name_text';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int2) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int4) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(int8) IS 'The asset of an id';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(bpchar) IS 'The asset of a symbol';
COMMENT ON FUNCTION @extschema@.regime_asset_ref(name) IS 'The asset of a symbol';

CREATE CAST (int2 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int2) AS IMPLICIT;
CREATE CAST (int4 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int4) AS IMPLICIT;
CREATE CAST (int8 AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(int8) AS IMPLICIT;
CREATE CAST (text AS @extschema@.regime_asset_ref) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (varchar AS @extschema@.regime_asset_ref) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bpchar AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(bpchar) AS IMPLICIT;
CREATE CAST (name AS @extschema@.regime_asset_ref) WITH FUNCTION @extschema@.regime_asset_ref(name) AS IMPLICIT;
COMMENT ON CAST (int2 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (int4 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (int8 AS @extschema@.regime_asset_ref) IS 'The asset of an id';
COMMENT ON CAST (text AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (varchar AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (bpchar AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';
COMMENT ON CAST (name AS @extschema@.regime_asset_ref) IS 'The asset of a symbol, or of an id as text';

-- src/api/check_candles.rs
-- pg_regime::api::check_candles::regime_check_candles
CREATE TYPE @extschema@.regime_check_candles_row AS (
    severity text,
    timeframe text,
    problem text,
    n_series bigint,
    subjects text[],
    n bigint,
    first_ts timestamptz,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_check_candles_row IS 'A row that regime_check_candles returns';
CREATE  FUNCTION "regime_check_candles"(
	"symbols" TEXT[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < String > > > */
) RETURNS SETOF @extschema@.regime_check_candles_row
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_check_candles_wrapper';

-- src/api/check_candles.rs
-- pg_regime::api::check_candles::regime_check_candles_details
CREATE TYPE @extschema@.regime_check_candles_details_row AS (
    severity text,
    symbol text,
    timeframe text,
    problem text,
    n bigint,
    first_ts timestamptz,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_check_candles_details_row IS 'A row that regime_check_candles_details returns';
CREATE  FUNCTION "regime_check_candles_details"(
	"symbols" TEXT[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < String > > > */
) RETURNS SETOF @extschema@.regime_check_candles_details_row
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_check_candles_details_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest
CREATE TYPE @extschema@.regime_backtest_row AS (
    id int,
    symbol text,
    policy text,
    first_ts timestamptz,
    last_ts timestamptz,
    n bigint,
    n_missing bigint,
    bars_per_year float8,
    yearly_return float8,
    yearly_return_plain float8,
    volatility float8,
    volatility_plain float8,
    sharpe float8,
    sharpe_plain float8,
    max_drawdown float8,
    max_drawdown_plain float8,
    time_in_market float8,
    mean_size float8,
    turnover float8,
    cost float8
);
COMMENT ON TYPE @extschema@.regime_backtest_row IS 'A row that regime_backtest returns';
CREATE  FUNCTION "regime_backtest"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0, /* Option < f64 > */
	"bars_per_year" double precision DEFAULT NULL /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'backtest_assets_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest
CREATE  FUNCTION "regime_backtest"(
	"asset" bigint, /* Option < i64 > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0, /* Option < f64 > */
	"bars_per_year" double precision DEFAULT NULL /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'backtest_asset_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest
CREATE  FUNCTION "regime_backtest"(
	"asset" TEXT, /* Option < String > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0, /* Option < f64 > */
	"bars_per_year" double precision DEFAULT NULL /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'backtest_named_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest_equity
CREATE TYPE @extschema@.regime_backtest_equity_row AS (
    id int,
    symbol text,
    policy text,
    ts timestamptz,
    close float8,
    size float8,
    bar_return float8,
    bar_return_plain float8,
    traded float8,
    equity float8,
    equity_plain float8,
    drawdown float8,
    drawdown_plain float8
);
COMMENT ON TYPE @extschema@.regime_backtest_equity_row IS 'A row that regime_backtest_equity returns';
CREATE  FUNCTION "regime_backtest_equity"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0 /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_equity_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'equity_of_assets_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest_equity
CREATE  FUNCTION "regime_backtest_equity"(
	"asset" bigint, /* Option < i64 > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0 /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_equity_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'equity_of_asset_wrapper';

-- src/api/cmc_regimes/backtest.rs
-- pg_regime::api::cmc_regimes::backtest::regime_backtest_equity
CREATE  FUNCTION "regime_backtest_equity"(
	"asset" TEXT, /* Option < String > */
	"policies" TEXT[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < String > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cost_bps" double precision DEFAULT 0 /* Option < f64 > */
) RETURNS SETOF @extschema@.regime_backtest_equity_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'equity_of_named_wrapper';

-- src/api/cmc_regimes/check_inputs.rs
-- pg_regime::api::cmc_regimes::check_inputs::regime_check_inputs
CREATE TYPE @extschema@.regime_check_inputs_row AS (
    severity text,
    layer text,
    problem text,
    n_assets bigint,
    subjects text[],
    n bigint,
    first_ts timestamptz,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_check_inputs_row IS 'A row that regime_check_inputs returns';
CREATE  FUNCTION "regime_check_inputs"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"cal_scheme" TEXT DEFAULT NULL /* Option < String > */
) RETURNS SETOF @extschema@.regime_check_inputs_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_check_inputs_wrapper';

-- src/api/cmc_regimes/check_inputs.rs
-- pg_regime::api::cmc_regimes::check_inputs::regime_check_inputs_details
CREATE TYPE @extschema@.regime_check_inputs_details_row AS (
    severity text,
    id int,
    symbol text,
    layer text,
    problem text,
    n bigint,
    first_ts timestamptz,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_check_inputs_details_row IS 'A row that regime_check_inputs_details returns';
CREATE  FUNCTION "regime_check_inputs_details"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"cal_scheme" TEXT DEFAULT NULL /* Option < String > */
) RETURNS SETOF @extschema@.regime_check_inputs_details_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_check_inputs_details_wrapper';

-- src/api/cmc_regimes/compute.rs
-- pg_regime::api::cmc_regimes::compute::regime_compute
CREATE TYPE @extschema@.regime_compute_row AS (
    id int,
    ts timestamptz,
    tf text,
    l0_label text,
    l1_label text,
    l2_label text,
    l3_label text,
    l4_label text,
    regime_key text,
    size_mult float8,
    stop_mult float8,
    orders text,
    gross_cap float8,
    pyramids boolean,
    setups text[],
    feature_tier text,
    l0_enabled boolean,
    l1_enabled boolean,
    l2_enabled boolean,
    regime_version_hash text,
    updated_at timestamptz
);
COMMENT ON TYPE @extschema@.regime_compute_row IS 'A row that regime_compute returns';
CREATE  FUNCTION "regime_compute"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"as_of" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"rules" jsonb DEFAULT NULL, /* Option < JsonText > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.regime_compute_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_compute_wrapper';

-- src/api/cmc_regimes/explain.rs
-- pg_regime::api::cmc_regimes::explain::regime_explain
CREATE TYPE @extschema@.regime_explain_row AS (
    step int,
    layer text,
    what text,
    value text,
    detail text
);
COMMENT ON TYPE @extschema@.regime_explain_row IS 'A row that regime_explain returns';
CREATE  FUNCTION "regime_explain"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"at" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.regime_explain_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_explain_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_daily
CREATE TYPE @extschema@.regime_label_daily_row AS (
    ts timestamptz,
    trend text,
    vol text,
    liq text,
    label text
);
COMMENT ON TYPE @extschema@.regime_label_daily_row IS 'A row that regime_label_daily returns';
CREATE  FUNCTION "regime_label_daily"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < & str > */
	"mode" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_label_daily_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_daily_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_daily
CREATE  FUNCTION "regime_label_daily"(
	"close" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_fast" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_mid" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_slow" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"mode" TEXT DEFAULT 'full', /* Option < & str > */
	"atr" double precision[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < f64 > > > */
) RETURNS TEXT[] /* Result < :: std :: option :: Option < Vec < & '_ str > > > */
IMMUTABLE PARALLEL SAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_daily_arrays_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_intraday
CREATE  FUNCTION "regime_label_intraday"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < & str > */
	"mode" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_label_daily_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_intraday_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_intraday
CREATE  FUNCTION "regime_label_intraday"(
	"close" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_fast" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_mid" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_slow" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"mode" TEXT DEFAULT 'full', /* Option < & str > */
	"atr" double precision[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < f64 > > > */
) RETURNS TEXT[] /* Result < :: std :: option :: Option < Vec < & '_ str > > > */
IMMUTABLE PARALLEL SAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_intraday_arrays_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_monthly
CREATE  FUNCTION "regime_label_monthly"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < & str > */
	"mode" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_label_daily_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_monthly_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_monthly
CREATE  FUNCTION "regime_label_monthly"(
	"close" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_fast" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_mid" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_slow" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"mode" TEXT DEFAULT 'full', /* Option < & str > */
	"atr" double precision[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < f64 > > > */
) RETURNS TEXT[] /* Result < :: std :: option :: Option < Vec < & '_ str > > > */
IMMUTABLE PARALLEL SAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_monthly_arrays_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_weekly
CREATE  FUNCTION "regime_label_weekly"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < & str > */
	"mode" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_label_daily_row
STABLE PARALLEL RESTRICTED 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_weekly_wrapper';

-- src/api/cmc_regimes/labels.rs
-- pg_regime::api::cmc_regimes::labels::regime_label_weekly
CREATE  FUNCTION "regime_label_weekly"(
	"close" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_fast" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_mid" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"ema_slow" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"mode" TEXT DEFAULT 'full', /* Option < & str > */
	"atr" double precision[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < f64 > > > */
) RETURNS TEXT[] /* Result < :: std :: option :: Option < Vec < & '_ str > > > */
IMMUTABLE PARALLEL SAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_label_weekly_arrays_wrapper';

-- src/api/cmc_regimes/names.rs
-- pg_regime::api::cmc_regimes::names::regime_asset
CREATE  FUNCTION "regime_asset"(
	"asset" TEXT, /* Option < & str > */
	"cal_scheme" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS INT /* Result < i32 > */
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_asset_wrapper';

-- src/api/cmc_regimes/names.rs
-- pg_regime::api::cmc_regimes::names::asset_ref_out
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/names.rs
-- pg_regime::api::cmc_regimes::names::asset_of_int2
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/names.rs
-- pg_regime::api::cmc_regimes::names::asset_of_int4
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/names.rs
-- pg_regime::api::cmc_regimes::names::asset_of_int8
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/nodes.rs
-- pg_regime::api::cmc_regimes::nodes::regime_distribute
CREATE TYPE @extschema@.regime_distribute_row AS (
    relation text,
    action text,
    statement text
);
COMMENT ON TYPE @extschema@.regime_distribute_row IS 'A row that regime_distribute returns';
CREATE  FUNCTION "regime_distribute"(
	"dry_run" bool DEFAULT false /* Option < bool > */
) RETURNS SETOF @extschema@.regime_distribute_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_distribute_wrapper';

-- src/api/cmc_regimes/nodes.rs
-- pg_regime::api::cmc_regimes::nodes::refresh_all_on_workers
CREATE  FUNCTION "refresh_all_on_workers"() RETURNS bigint /* Result < i64 > */
STRICT VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_all_on_workers_wrapper';

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::resolve_policy
CREATE TYPE @extschema@.resolve_policy_row AS (
    size_mult float8,
    stop_mult float8,
    orders text,
    setups text[],
    gross_cap float8,
    pyramids boolean
);
COMMENT ON TYPE @extschema@.resolve_policy_row IS 'A row that resolve_policy returns';
CREATE  FUNCTION "resolve_policy"(
	"l0" TEXT DEFAULT NULL, /* Option < & str > */
	"l1" TEXT DEFAULT NULL, /* Option < & str > */
	"l2" TEXT DEFAULT NULL, /* Option < & str > */
	"l3" TEXT DEFAULT NULL, /* Option < & str > */
	"l4" TEXT DEFAULT NULL, /* Option < & str > */
	"policy" TEXT DEFAULT 'default', /* Option < & str > */
	"rules" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.resolve_policy_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'resolve_policy_wrapper';

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::regime_load_policy
CREATE  FUNCTION "regime_load_policy"(
	"policy" TEXT, /* Option < & str > */
	"rules" jsonb /* Option < JsonText > */
) RETURNS INT /* Result < i32 > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_load_policy_wrapper';

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::regime_load_policy
CREATE  FUNCTION "regime_load_policy"(
	"policy" TEXT, /* Option < & str > */
	"rules" TEXT /* Option < & str > */
) RETURNS INT /* Result < i32 > */
VOLATILE PARALLEL UNSAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_load_policy_text_wrapper';

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::regime_policy_rules
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::regime_drop_policy
CREATE  FUNCTION "regime_drop_policy"(
	"policy" TEXT /* Option < & str > */
) RETURNS VOID /* Result < () > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_drop_policy_wrapper';

-- src/api/cmc_regimes/policy.rs
-- pg_regime::api::cmc_regimes::policy::regime_version_hash
CREATE  FUNCTION "regime_version_hash"(
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS TEXT /* Result < String > */
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_version_hash_wrapper';

-- src/api/cmc_regimes/read.rs
-- pg_regime::api::cmc_regimes::read::regime_at
CREATE TYPE @extschema@.regime_at_row AS (
    id int,
    ts timestamptz,
    regime_key text,
    size_mult float8,
    stop_mult float8,
    orders text,
    setups text[],
    gross_cap float8,
    pyramids boolean,
    is_stale boolean,
    stale_because text,
    age interval,
    l0_label text,
    l1_label text,
    l2_label text,
    l3_label text,
    l4_label text,
    feature_tier text,
    l0_enabled boolean,
    l1_enabled boolean,
    l2_enabled boolean,
    regime_version_hash text,
    updated_at timestamptz,
    tf text
);
COMMENT ON TYPE @extschema@.regime_at_row IS 'A row that regime_at returns';
CREATE  FUNCTION "regime_at"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"at" timestamp with time zone, /* Option < TimestampWithTimeZone > */
	"max_age" interval DEFAULT NULL /* Option < Interval > */
) RETURNS SETOF @extschema@.regime_at_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_at_wrapper';

-- src/api/cmc_regimes/read.rs
-- pg_regime::api::cmc_regimes::read::regime_latest
CREATE TYPE @extschema@.regime_latest_row AS (
    id int,
    symbol text,
    ts timestamptz,
    regime_key text,
    size_mult float8,
    stop_mult float8,
    orders text,
    setups text[],
    gross_cap float8,
    pyramids boolean,
    is_stale boolean,
    stale_because text,
    age interval,
    newest_bar timestamptz,
    l0_label text,
    l1_label text,
    l2_label text,
    l3_label text,
    l4_label text,
    feature_tier text,
    l0_enabled boolean,
    l1_enabled boolean,
    l2_enabled boolean,
    regime_version_hash text,
    updated_at timestamptz,
    tf text
);
COMMENT ON TYPE @extschema@.regime_latest_row IS 'A row that regime_latest returns';
CREATE  FUNCTION "regime_latest"() RETURNS SETOF @extschema@.regime_latest_row
STRICT STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_latest_wrapper';

-- src/api/cmc_regimes/read.rs
-- pg_regime::api::cmc_regimes::read::regime_board
CREATE TYPE @extschema@.regime_board_row AS (
    symbol text,
    day date,
    regime text,
    since date,
    size float8,
    stop float8,
    orders text,
    stale boolean
);
COMMENT ON TYPE @extschema@.regime_board_row IS 'A row that regime_board returns';
CREATE  FUNCTION "regime_board"() RETURNS SETOF @extschema@.regime_board_row
STRICT STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_board_wrapper';

-- src/api/cmc_regimes/refresh.rs
-- pg_regime::api::cmc_regimes::refresh::refresh_cmc_regimes
CREATE TYPE @extschema@.refresh_cmc_regimes_row AS (
    id int,
    symbol text,
    status text,
    regime_rows bigint,
    flip_rows bigint,
    stat_rows bigint,
    comovement_rows bigint,
    rows_written bigint,
    feature_tier text,
    regime_version_hash text,
    elapsed_ms float8,
    message text,
    mode text,
    reason text
);
COMMENT ON TYPE @extschema@.refresh_cmc_regimes_row IS 'A row that refresh_cmc_regimes returns';
CREATE  FUNCTION "refresh_cmc_regimes"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"dry_run" bool DEFAULT false, /* Option < bool > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"only_dirty" bool DEFAULT false, /* Option < bool > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"force" bool DEFAULT false, /* Option < bool > */
	"strict" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.refresh_cmc_regimes_row
VOLATILE PARALLEL UNSAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_assets_wrapper';

-- src/api/cmc_regimes/refresh.rs
-- pg_regime::api::cmc_regimes::refresh::refresh_cmc_regimes
CREATE  FUNCTION "refresh_cmc_regimes"(
	"asset" bigint, /* Option < i64 > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"dry_run" bool DEFAULT false, /* Option < bool > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"only_dirty" bool DEFAULT false, /* Option < bool > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"force" bool DEFAULT false, /* Option < bool > */
	"strict" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.refresh_cmc_regimes_row
VOLATILE PARALLEL UNSAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_asset_wrapper';

-- src/api/cmc_regimes/refresh.rs
-- pg_regime::api::cmc_regimes::refresh::refresh_cmc_regimes
CREATE  FUNCTION "refresh_cmc_regimes"(
	"asset" TEXT, /* Option < String > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"dry_run" bool DEFAULT false, /* Option < bool > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"only_dirty" bool DEFAULT false, /* Option < bool > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"force" bool DEFAULT false, /* Option < bool > */
	"strict" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.refresh_cmc_regimes_row
VOLATILE PARALLEL UNSAFE 
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_named_wrapper';

-- src/api/cmc_regimes/repaint_check.rs
-- pg_regime::api::cmc_regimes::repaint_check::regime_repaint_check
CREATE TYPE @extschema@.regime_repaint_check_row AS (
    column_name text,
    n bigint,
    n_differ bigint,
    first_ts timestamptz,
    stored text,
    knowable text
);
COMMENT ON TYPE @extschema@.regime_repaint_check_row IS 'A row that regime_repaint_check returns';
CREATE  FUNCTION "regime_repaint_check"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"sample" INT DEFAULT NULL, /* Option < i32 > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.regime_repaint_check_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_repaint_check_wrapper';

-- src/api/cmc_regimes/report.rs
-- pg_regime::api::cmc_regimes::report::regime_report_html
CREATE  FUNCTION "regime_report_html"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL /* Option < TimestampWithTimeZone > */
) RETURNS TEXT /* Result < String > */
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_report_html_wrapper';

-- src/api/cmc_regimes/rounds.rs
-- pg_regime::api::cmc_regimes::rounds::regime_round_begin
CREATE  FUNCTION "regime_round_begin"(
	"only_dirty" bool DEFAULT false, /* Option < bool > */
	"batch_size" INT DEFAULT 50, /* Option < i32 > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"force" bool DEFAULT false, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS bigint /* Result < Option < i64 > > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_round_begin_wrapper';

-- src/api/cmc_regimes/rounds.rs
-- pg_regime::api::cmc_regimes::rounds::regime_round_next
CREATE  FUNCTION "regime_round_next"(
	"round" bigint, /* Option < i64 > */
	"batch_size" INT DEFAULT 50, /* Option < i32 > */
	"deadline" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"force" bool DEFAULT false, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS bool /* Result < bool > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_round_next_wrapper';

-- src/api/cmc_regimes/rounds.rs
-- pg_regime::api::cmc_regimes::rounds::regime_round_end
CREATE  FUNCTION "regime_round_end"(
	"round" bigint /* Option < i64 > */
) RETURNS VOID /* Result < () > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_round_end_wrapper';

-- src/api/cmc_regimes/signals.rs
-- pg_regime::api::cmc_regimes::signals::regime_gate
CREATE TYPE @extschema@.regime_gate_row AS (
    allowed boolean,
    size float8,
    stop_mult float8,
    orders text,
    gross_cap float8,
    pyramids boolean,
    regime_key text,
    reason text
);
COMMENT ON TYPE @extschema@.regime_gate_row IS 'A row that regime_gate returns';
CREATE  FUNCTION "regime_gate"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"at" timestamp with time zone, /* Option < TimestampWithTimeZone > */
	"setup" TEXT, /* Option < & str > */
	"base_size" double precision, /* Option < f64 > */
	"regime_enabled" bool DEFAULT true, /* Option < bool > */
	"max_age" interval DEFAULT NULL /* Option < Interval > */
) RETURNS SETOF @extschema@.regime_gate_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_gate_wrapper';

-- src/api/cmc_regimes/signals.rs
-- pg_regime::api::cmc_regimes::signals::regime_tag_signals
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/simulate.rs
-- pg_regime::api::cmc_regimes::simulate::regime_policy_lint
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/cmc_regimes/simulate.rs
-- pg_regime::api::cmc_regimes::simulate::regime_policy_simulate
CREATE TYPE @extschema@.regime_policy_simulate_row AS (
    id int,
    symbol text,
    ts timestamptz,
    changed text[],
    regime_key_before text,
    regime_key_after text,
    size_before float8,
    size_after float8,
    stop_before float8,
    stop_after float8,
    orders_before text,
    orders_after text,
    gross_cap_before float8,
    gross_cap_after float8,
    pyramids_before boolean,
    pyramids_after boolean,
    setups_before text[],
    setups_after text[]
);
COMMENT ON TYPE @extschema@.regime_policy_simulate_row IS 'A row that regime_policy_simulate returns';
CREATE  FUNCTION "regime_policy_simulate"(
	"rules" jsonb, /* Option < JsonText > */
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.regime_policy_simulate_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_policy_simulate_wrapper';

-- src/api/cmc_regimes/simulate.rs
-- pg_regime::api::cmc_regimes::simulate::regime_policy_simulate_summary
CREATE TYPE @extschema@.regime_policy_simulate_summary_row AS (
    id int,
    symbol text,
    n bigint,
    n_changed bigint,
    size_before float8,
    size_after float8,
    mixed_before bigint,
    mixed_after bigint,
    conservative_before bigint,
    conservative_after bigint,
    passive_before bigint,
    passive_after bigint,
    flips_before bigint,
    flips_after bigint,
    not_compared bigint,
    other_version bigint
);
COMMENT ON TYPE @extschema@.regime_policy_simulate_summary_row IS 'A row that regime_policy_simulate_summary returns';
CREATE  FUNCTION "regime_policy_simulate_summary"(
	"rules" jsonb, /* Option < JsonText > */
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.regime_policy_simulate_summary_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_policy_simulate_summary_wrapper';

-- src/api/cmc_regimes/simulate.rs
-- pg_regime::api::cmc_regimes::simulate::regime_config_simulate
CREATE TYPE @extschema@.regime_config_simulate_row AS (
    id int,
    symbol text,
    column_name text,
    n bigint,
    n_changed bigint,
    first_ts timestamptz,
    last_ts timestamptz,
    first_before text,
    first_after text,
    not_compared bigint,
    other_version bigint
);
COMMENT ON TYPE @extschema@.regime_config_simulate_row IS 'A row that regime_config_simulate returns';
CREATE  FUNCTION "regime_config_simulate"(
	"config" jsonb, /* Option < JsonText > */
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"policy" TEXT DEFAULT NULL, /* Option < String > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"hysteresis" bool DEFAULT NULL, /* Option < bool > */
	"hysteresis_mode" TEXT DEFAULT NULL, /* Option < String > */
	"min_hold_bars" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l0" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l1" INT DEFAULT NULL, /* Option < i32 > */
	"min_bars_l2" INT DEFAULT NULL, /* Option < i32 > */
	"l4_label" TEXT DEFAULT NULL, /* Option < String > */
	"point_in_time" bool DEFAULT NULL /* Option < bool > */
) RETURNS SETOF @extschema@.regime_config_simulate_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_config_simulate_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_transition_matrix
CREATE TYPE @extschema@.regime_transition_matrix_row AS (
    from_regime text,
    to_regime text,
    n bigint,
    probability float8
);
COMMENT ON TYPE @extschema@.regime_transition_matrix_row IS 'A row that regime_transition_matrix returns';
CREATE  FUNCTION "regime_transition_matrix"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"layer" TEXT DEFAULT 'composite' /* Option < & str > */
) RETURNS SETOF @extschema@.regime_transition_matrix_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_transition_matrix_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_durations
CREATE TYPE @extschema@.regime_durations_row AS (
    regime text,
    n bigint,
    mean_bars float8,
    median_bars float8,
    longest_bars int,
    current_bars int,
    current_percentile float8
);
COMMENT ON TYPE @extschema@.regime_durations_row IS 'A row that regime_durations returns';
CREATE  FUNCTION "regime_durations"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"layer" TEXT DEFAULT 'composite' /* Option < & str > */
) RETURNS SETOF @extschema@.regime_durations_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_durations_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_assets
CREATE TYPE @extschema@.regime_assets_row AS (
    id int,
    symbol text
);
COMMENT ON TYPE @extschema@.regime_assets_row IS 'A row that regime_assets returns';
CREATE  FUNCTION "regime_assets"() RETURNS SETOF @extschema@.regime_assets_row
STRICT STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_assets_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_periods
CREATE TYPE @extschema@.regime_periods_row AS (
    id int,
    symbol text,
    regime text,
    valid tstzrange,
    bars int,
    return_over_period float8
);
COMMENT ON TYPE @extschema@.regime_periods_row IS 'A row that regime_periods returns';
CREATE  FUNCTION "regime_periods"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"layer" TEXT DEFAULT 'composite' /* Option < & str > */
) RETURNS SETOF @extschema@.regime_periods_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_periods_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_forward_returns
CREATE TYPE @extschema@.regime_forward_returns_row AS (
    regime text,
    horizon int,
    n bigint,
    n_windows bigint,
    mean_return float8,
    std_return float8,
    mean_all float8,
    difference float8,
    std_error float8,
    t float8,
    hit_rate float8,
    worst_return float8
);
COMMENT ON TYPE @extschema@.regime_forward_returns_row IS 'A row that regime_forward_returns returns';
CREATE  FUNCTION "regime_forward_returns"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"horizons" INT[] DEFAULT '{1,5,20}', /* :: std :: option :: Option < Vec < Option < i32 > > > */
	"layer" TEXT DEFAULT 'composite' /* Option < & str > */
) RETURNS SETOF @extschema@.regime_forward_returns_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_forward_returns_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_flips
CREATE TYPE @extschema@.regime_flips_row AS (
    id int,
    symbol text,
    ts timestamptz,
    from_regime text,
    to_regime text,
    duration_bars int,
    return_since float8
);
COMMENT ON TYPE @extschema@.regime_flips_row IS 'A row that regime_flips returns';
CREATE  FUNCTION "regime_flips"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"layer" TEXT DEFAULT 'composite', /* Option < & str > */
	"n" INT DEFAULT NULL /* Option < i32 > */
) RETURNS SETOF @extschema@.regime_flips_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_flips_wrapper';

-- src/api/cmc_regimes/statistics.rs
-- pg_regime::api::cmc_regimes::statistics::regime_stats
CREATE TYPE @extschema@.regime_stats_row AS (
    id int,
    symbol text,
    regime_key text,
    n bigint,
    share float8,
    mean_return float8,
    std_return float8
);
COMMENT ON TYPE @extschema@.regime_stats_row IS 'A row that regime_stats returns';
CREATE  FUNCTION "regime_stats"(
	"asset" regime_asset_ref DEFAULT NULL /* Option < Asset > */
) RETURNS SETOF @extschema@.regime_stats_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_stats_wrapper';

-- src/api/compare.rs
-- pg_regime::api::compare::regime_compare
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/connect.rs
-- pg_regime::api::connect::regime_connect
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/connect.rs
-- pg_regime::api::connect::regime_disconnect
CREATE TYPE @extschema@.regime_disconnect_row AS (
    relation text,
    action text
);
COMMENT ON TYPE @extschema@.regime_disconnect_row IS 'A row that regime_disconnect returns';
CREATE  FUNCTION "regime_disconnect"(
	"relation" TEXT /* Option < & str > */
) RETURNS SETOF @extschema@.regime_disconnect_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_disconnect_wrapper';

-- src/api/desk.rs
-- pg_regime::api::desk::regime_now
CREATE TYPE @extschema@.regime_now_row AS (
    symbol text,
    timeframe text,
    regime text,
    since timestamptz,
    bars int,
    percentile float8,
    return_since float8,
    in_force text,
    waiting text,
    missing_bars int,
    is_stale boolean,
    id int,
    system text
);
COMMENT ON TYPE @extschema@.regime_now_row IS 'A row that regime_now returns';
CREATE  FUNCTION "regime_now"(
	"asset" regime_asset_ref DEFAULT NULL, /* Option < Asset > */
	"system" TEXT DEFAULT 'cmc_regimes' /* Option < & str > */
) RETURNS SETOF @extschema@.regime_now_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_now_wrapper';

-- src/api/desk.rs
-- pg_regime::api::desk::regime_breadth
CREATE TYPE @extschema@.regime_breadth_row AS (
    day date,
    regime text,
    n bigint,
    share float8
);
COMMENT ON TYPE @extschema@.regime_breadth_row IS 'A row that regime_breadth returns';
CREATE  FUNCTION "regime_breadth"(
	"from_date" date DEFAULT NULL, /* Option < Date > */
	"to_date" date DEFAULT NULL, /* Option < Date > */
	"system" TEXT DEFAULT 'cmc_regimes', /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_breadth_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_breadth_wrapper';

-- src/api/desk.rs
-- pg_regime::api::desk::regime_portfolio
CREATE TYPE @extschema@.regime_portfolio_row AS (
    symbol text,
    weight float8,
    regime text,
    size_mult float8,
    exposure float8,
    gross float8,
    gross_cap float8,
    stop_mult float8,
    orders text,
    pyramids boolean,
    setups text[],
    is_stale boolean,
    id int
);
COMMENT ON TYPE @extschema@.regime_portfolio_row IS 'A row that regime_portfolio returns';
CREATE  FUNCTION "regime_portfolio"(
	"assets" regime_asset_ref[], /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"weights" double precision[], /* :: std :: option :: Option < Vec < Option < f64 > > > */
	"at" timestamp with time zone DEFAULT NULL /* Option < TimestampWithTimeZone > */
) RETURNS SETOF @extschema@.regime_portfolio_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_portfolio_wrapper';

-- src/api/health.rs
-- pg_regime::api::health::regime_status
CREATE TYPE @extschema@.regime_status_row AS (
    id int,
    symbol text,
    newest_bar timestamptz,
    newest_row timestamptz,
    regime_key text,
    lag_bars bigint,
    lag interval,
    is_stale boolean,
    stale_because text,
    last_success timestamptz,
    last_error timestamptz,
    last_error_message text
);
COMMENT ON TYPE @extschema@.regime_status_row IS 'A row that regime_status returns';
CREATE  FUNCTION "regime_status"() RETURNS SETOF @extschema@.regime_status_row
STRICT STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_status_wrapper';

-- src/api/health.rs
-- pg_regime::api::health::regime_health
CREATE TYPE @extschema@.regime_health_row AS (
    severity text,
    what text,
    n bigint,
    subjects text[],
    detail text,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_health_row IS 'A row that regime_health returns';
CREATE  FUNCTION "regime_health"() RETURNS SETOF @extschema@.regime_health_row
STRICT STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_health_wrapper';

-- src/api/health.rs
-- pg_regime::api::health::regime_health_details
CREATE TYPE @extschema@.regime_health_details_row AS (
    severity text,
    what text,
    id int,
    symbol text,
    subject text,
    detail text,
    command text,
    advice text
);
COMMENT ON TYPE @extschema@.regime_health_details_row IS 'A row that regime_health_details returns';
CREATE  FUNCTION "regime_health_details"(
	"kind" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_health_details_row
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_health_details_wrapper';

-- src/api/health.rs
-- pg_regime::api::health::regime_systems
CREATE TYPE @extschema@.regime_systems_row AS (
    system text,
    tables text[],
    is_set_up boolean,
    n bigint,
    n_stale bigint,
    newest_row timestamptz,
    lag interval,
    version text,
    problem text
);
COMMENT ON TYPE @extschema@.regime_systems_row IS 'A row that regime_systems returns';
CREATE  FUNCTION "regime_systems"() RETURNS SETOF @extschema@.regime_systems_row
STRICT STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_systems_wrapper';

-- src/api/health.rs
-- pg_regime::api::health::regime_due
CREATE  FUNCTION "regime_due"(
	"times" timestamp with time zone[], /* Vec < Option < TimestampWithTimeZone > > */
	"are_openings" bool DEFAULT false /* bool */
) RETURNS timestamp with time zone /* Option < TimestampWithTimeZone > */
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_due_wrapper';

-- src/api/inputs.rs
-- pg_regime::api::inputs::regime_build_inputs
CREATE TYPE @extschema@.regime_build_inputs_row AS (
    relation text,
    action text,
    rows_written bigint
);
COMMENT ON TYPE @extschema@.regime_build_inputs_row IS 'A row that regime_build_inputs returns';
CREATE  FUNCTION "regime_build_inputs"(
	"assets" regime_asset_ref[] DEFAULT NULL, /* :: std :: option :: Option < Vec < Option < Asset > > > */
	"cal_scheme" TEXT DEFAULT NULL, /* Option < String > */
	"target_schema" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_build_inputs_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_build_inputs_wrapper';

-- src/api/inputs.rs
-- pg_regime::api::inputs::regime_demo
CREATE  FUNCTION "regime_demo"(
	"n_assets" INT DEFAULT 5, /* Option < i32 > */
	"days" INT DEFAULT 3000, /* Option < i32 > */
	"seed" INT DEFAULT 42 /* Option < i32 > */
) RETURNS SETOF @extschema@.regime_build_inputs_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_demo_wrapper';

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_backfill_begin
CREATE  FUNCTION "market_regime_backfill_begin"(
	"start_date" date, /* Option < Date > */
	"end_date" date, /* Option < Date > */
	"batch_size" INT, /* Option < i32 > */
	"symbol" TEXT, /* Option < & str > */
	"dry_run" bool, /* Option < bool > */
	"full_refresh" bool /* Option < bool > */
) RETURNS bigint /* Result < Option < i64 > > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regime_backfill_begin_wrapper';

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_backfill_next
CREATE  FUNCTION "market_regime_backfill_next"(
	"backfill" bigint /* Option < i64 > */
) RETURNS bool /* Result < bool > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regime_backfill_next_wrapper';

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_backfill_end
CREATE  FUNCTION "market_regime_backfill_end"(
	"backfill" bigint /* Option < i64 > */
) RETURNS VOID /* Result < () > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regime_backfill_end_wrapper';

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_latest
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_compute
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_stats
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_at
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_flips
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_history_transition_matrix
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regime_history.rs
-- pg_regime::api::market_regime_history::market_regime_performance
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regime_labels
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::get_market_regimes
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_compute
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_stats
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_flips
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_at
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_latest
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_transition_matrix
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::refresh_market_regimes
CREATE TYPE @extschema@.refresh_market_regimes_row AS (
    symbol text,
    timeframe text,
    status text,
    regime_rows bigint,
    rows_written bigint,
    classifier_version text,
    elapsed_ms float8,
    message text,
    mode text,
    reason text
);
COMMENT ON TYPE @extschema@.refresh_market_regimes_row IS 'A row that refresh_market_regimes returns';
CREATE  FUNCTION "refresh_market_regimes"(
	"symbol" TEXT DEFAULT NULL, /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL, /* Option < & str > */
	"dry_run" bool DEFAULT false, /* Option < bool > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"config" jsonb DEFAULT NULL, /* Option < JsonText > */
	"strict" bool DEFAULT NULL /* Option < bool > */
) RETURNS SETOF @extschema@.refresh_market_regimes_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_market_regimes_wrapper';

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_round_begin
CREATE TYPE @extschema@.market_regimes_round_begin_row AS (
    symbol text,
    timeframe text
);
COMMENT ON TYPE @extschema@.market_regimes_round_begin_row IS 'A row that market_regimes_round_begin returns';
CREATE  FUNCTION "market_regimes_round_begin"(
	"symbol" TEXT DEFAULT NULL, /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL, /* Option < & str > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.market_regimes_round_begin_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regimes_round_begin_wrapper';

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_round_next
CREATE TYPE @extschema@.market_regimes_round_next_row AS (
    series text,
    sqlstate text,
    message text
);
COMMENT ON TYPE @extschema@.market_regimes_round_next_row IS 'A row that market_regimes_round_next returns';
CREATE  FUNCTION "market_regimes_round_next"(
	"symbols" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"timeframes" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"config" jsonb DEFAULT NULL /* Option < JsonText > */
) RETURNS SETOF @extschema@.market_regimes_round_next_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regimes_round_next_wrapper';

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::market_regimes_round_end
CREATE  FUNCTION "market_regimes_round_end"(
	"series" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"sqlstates" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"messages" TEXT[] /* :: std :: option :: Option < Vec < Option < String > > > */
) RETURNS VOID /* Result < () > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_regimes_round_end_wrapper';

-- src/api/market_regimes.rs
-- pg_regime::api::market_regimes::delete_market_regimes
CREATE  FUNCTION "delete_market_regimes"(
	"symbol" TEXT, /* Option < & str > */
	"timeframe" TEXT /* Option < & str > */
) RETURNS bigint /* Result < i64 > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'delete_market_regimes_wrapper';

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_escalation_concentration
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_escalation_events
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_escalation_lead_time
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_escalation_outcomes
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_escalation_percentile
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/after.rs
-- pg_regime::api::market_states::after::market_event_labels
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/explain.rs
-- pg_regime::api::market_states::explain::market_states_explain
CREATE TYPE @extschema@.market_states_explain_row AS (
    step int,
    metric text,
    what text,
    value text,
    detail text
);
COMMENT ON TYPE @extschema@.market_states_explain_row IS 'A row that market_states_explain returns';
CREATE  FUNCTION "market_states_explain"(
	"symbol" TEXT, /* Option < & str > */
	"timeframe" TEXT, /* Option < & str > */
	"at" timestamp with time zone DEFAULT NULL /* Option < TimestampWithTimeZone > */
) RETURNS SETOF @extschema@.market_states_explain_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_states_explain_wrapper';

-- src/api/market_states/labels.rs
-- pg_regime::api::market_states::labels::market_state_labels
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/labels.rs
-- pg_regime::api::market_states::labels::market_escalation_bucket
CREATE  FUNCTION "market_escalation_bucket"(
	"percentile" double precision /* f64 */
) RETURNS TEXT /* Result < & '_ str > */
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_escalation_bucket_wrapper';

-- src/api/market_states/labels.rs
-- pg_regime::api::market_states::labels::market_escalation_action
CREATE  FUNCTION "market_escalation_action"(
	"bucket" TEXT /* & str */
) RETURNS TEXT /* Result < & '_ str > */
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_escalation_action_wrapper';

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::get_market_states
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_compute
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_stats
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_flips
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_at
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_transition_matrix
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/read.rs
-- pg_regime::api::market_states::read::market_states_latest
-- Skipped due to `#[pgrx(sql = false)]`

-- src/api/market_states/refresh.rs
-- pg_regime::api::market_states::refresh::refresh_market_states
CREATE TYPE @extschema@.refresh_market_states_row AS (
    symbol text,
    timeframe text,
    status text,
    state_rows bigint,
    rows_written bigint,
    classifier_version text,
    elapsed_ms float8,
    message text,
    mode text,
    reason text
);
COMMENT ON TYPE @extschema@.refresh_market_states_row IS 'A row that refresh_market_states returns';
CREATE  FUNCTION "refresh_market_states"(
	"symbol" TEXT DEFAULT NULL, /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL, /* Option < & str > */
	"dry_run" bool DEFAULT false, /* Option < bool > */
	"full_refresh" bool DEFAULT false, /* Option < bool > */
	"strict" bool DEFAULT NULL /* Option < bool > */
) RETURNS SETOF @extschema@.refresh_market_states_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'refresh_market_states_wrapper';

-- src/api/market_states/refresh.rs
-- pg_regime::api::market_states::refresh::market_states_round_begin
CREATE  FUNCTION "market_states_round_begin"(
	"symbol" TEXT DEFAULT NULL, /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.market_regimes_round_begin_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_states_round_begin_wrapper';

-- src/api/market_states/refresh.rs
-- pg_regime::api::market_states::refresh::market_states_round_next
CREATE  FUNCTION "market_states_round_next"(
	"symbols" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"timeframes" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"full_refresh" bool DEFAULT false /* Option < bool > */
) RETURNS SETOF @extschema@.market_regimes_round_next_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_states_round_next_wrapper';

-- src/api/market_states/refresh.rs
-- pg_regime::api::market_states::refresh::market_states_round_end
CREATE  FUNCTION "market_states_round_end"(
	"series" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"sqlstates" TEXT[], /* :: std :: option :: Option < Vec < Option < String > > > */
	"messages" TEXT[] /* :: std :: option :: Option < Vec < Option < String > > > */
) RETURNS VOID /* Result < () > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'market_states_round_end_wrapper';

-- src/api/market_states/refresh.rs
-- pg_regime::api::market_states::refresh::delete_market_states
CREATE  FUNCTION "delete_market_states"(
	"symbol" TEXT, /* Option < & str > */
	"timeframe" TEXT /* Option < & str > */
) RETURNS bigint /* Result < i64 > */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'delete_market_states_wrapper';

-- src/api/monitor.rs
-- pg_regime::api::monitor::regime_monitor
CREATE TYPE @extschema@.regime_monitor_row AS (
    level text,
    text text,
    n bigint,
    n_stale bigint,
    n_silent bigint,
    n_failing bigint,
    oldest_success timestamptz,
    n_marks bigint,
    n_waiting bigint,
    not_seen text[]
);
COMMENT ON TYPE @extschema@.regime_monitor_row IS 'A row that regime_monitor returns';
CREATE  FUNCTION "regime_monitor"() RETURNS SETOF @extschema@.regime_monitor_row
STRICT STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_monitor_wrapper';

-- src/api/monitor.rs
-- pg_regime::api::monitor::regime_sizes
CREATE TYPE @extschema@.regime_sizes_row AS (
    system text,
    relation text,
    n_rows bigint,
    n_dead bigint,
    bytes bigint,
    vacuumed_at timestamptz,
    command text
);
COMMENT ON TYPE @extschema@.regime_sizes_row IS 'A row that regime_sizes returns';
CREATE  FUNCTION "regime_sizes"() RETURNS SETOF @extschema@.regime_sizes_row
STRICT STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_sizes_wrapper';

-- src/api/monitor.rs
-- pg_regime::api::monitor::regime_rows
CREATE TYPE @extschema@.regime_rows_row AS (
    system text,
    relation text,
    subject text,
    n_rows bigint
);
COMMENT ON TYPE @extschema@.regime_rows_row IS 'A row that regime_rows returns';
CREATE  FUNCTION "regime_rows"(
	"system" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_rows_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_rows_wrapper';

-- src/api/monitor.rs
-- pg_regime::api::monitor::regime_refresh_times
CREATE TYPE @extschema@.regime_refresh_times_row AS (
    system text,
    id int,
    subject text,
    n bigint,
    n_failed bigint,
    p50_ms float8,
    p95_ms float8,
    longest_ms float8,
    last_at timestamptz
);
COMMENT ON TYPE @extschema@.regime_refresh_times_row IS 'A row that regime_refresh_times returns';
CREATE  FUNCTION "regime_refresh_times"(
	"from_ts" timestamp with time zone DEFAULT NULL /* Option < TimestampWithTimeZone > */
) RETURNS SETOF @extschema@.regime_refresh_times_row
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_refresh_times_wrapper';

-- src/api/picture.rs
-- pg_regime::api::picture::regime_chart_svg
CREATE  FUNCTION "regime_chart_svg"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"from_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"to_ts" timestamp with time zone DEFAULT NULL, /* Option < TimestampWithTimeZone > */
	"layer" TEXT DEFAULT 'composite', /* Option < & str > */
	"width" INT DEFAULT 1200, /* Option < i32 > */
	"height" INT DEFAULT 500, /* Option < i32 > */
	"log_scale" bool DEFAULT true, /* Option < bool > */
	"system" TEXT DEFAULT 'cmc_regimes', /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS TEXT /* Result < String > */
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_chart_svg_wrapper';

-- src/api/picture.rs
-- pg_regime::api::picture::regime_timeline
CREATE  FUNCTION "regime_timeline"(
	"asset" regime_asset_ref, /* Option < Asset > */
	"width" INT DEFAULT 80, /* Option < i32 > */
	"layer" TEXT DEFAULT 'composite', /* Option < & str > */
	"system" TEXT DEFAULT 'cmc_regimes', /* Option < & str > */
	"timeframe" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS TEXT /* Result < Option < String > > */
STABLE PARALLEL RESTRICTED
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_timeline_wrapper';

-- src/api/setup.rs
-- pg_regime::api::setup::regime_setup
CREATE  FUNCTION "regime_setup"(
	"target_schema" TEXT DEFAULT NULL /* Option < & str > */
) RETURNS SETOF @extschema@.regime_disconnect_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_setup_wrapper';

-- src/api/setup.rs
-- pg_regime::api::setup::regime_teardown
CREATE  FUNCTION "regime_teardown"(
	"keep_rows" bool DEFAULT true /* Option < bool > */
) RETURNS SETOF @extschema@.regime_disconnect_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_teardown_wrapper';

-- src/api/setup.rs
-- pg_regime::api::setup::regime_grant
CREATE TYPE @extschema@.regime_grant_row AS (
    statement text,
    status text
);
COMMENT ON TYPE @extschema@.regime_grant_row IS 'A row that regime_grant returns';
CREATE  FUNCTION "regime_grant"(
	"role" TEXT, /* Option < & str > */
	"purpose" TEXT, /* Option < & str > */
	"dry_run" bool DEFAULT false /* Option < bool > */
) RETURNS SETOF @extschema@.regime_grant_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_grant_wrapper';

-- src/api/setup.rs
-- pg_regime::api::setup::regime_move
CREATE  FUNCTION "regime_move"(
	"to_schema" TEXT /* Option < & str > */
) RETURNS SETOF @extschema@.regime_disconnect_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_move_wrapper';

-- src/api/tracking.rs
-- pg_regime::api::tracking::regime_track
CREATE  FUNCTION "regime_track"(
	"enable" bool DEFAULT true, /* Option < bool > */
	"systems" TEXT[] DEFAULT NULL /* :: std :: option :: Option < Vec < Option < String > > > */
) RETURNS SETOF @extschema@.regime_disconnect_row
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'regime_track_wrapper';

-- src/lib.rs
-- requires:
--   asset_ref

-- A trusted extension's script runs as a superuser, with the schema of the extension on the search_path, where others may
-- create: here the path offers PostgreSQL's own alone, and what is made is named with its schema.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Labels, policies and names are UTF-8 throughout.
DO $$ BEGIN
    IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'pg_regime needs a database with encoding UTF8, not %', pg_catalog.current_setting('server_encoding')
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0;';
    END IF;
END $$;


-- The source map and the policies. What is the user's lies in tables of its own, which are dumped: no row of a dump meets
-- a row that CREATE EXTENSION made, so that a dump can be restored whether triggers are enabled or not.

CREATE TABLE @extschema@.regime_source_user (
    cal_scheme text NOT NULL CHECK (cal_scheme <> ''),
    layer text NOT NULL CHECK (layer IN ('L0', 'L1', 'L2', 'L3', 'L4', 'candles')),
    tf text,
    periods int[] CHECK (pg_catalog.cardinality(periods) = 3 AND pg_catalog.array_ndims(periods) = 1 AND pg_catalog.array_lower(periods, 1) = 1 AND 0 < periods[1] AND periods[1] < periods[2] AND periods[2] < periods[3] AND pg_catalog.array_position(periods, NULL) IS NULL),
    bars_schema name NOT NULL DEFAULT 'public',
    bars_table name NOT NULL,
    bars_filter jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(bars_filter) = 'object'),
    bars_id_column name NOT NULL DEFAULT 'id',
    bars_tf_column name NOT NULL DEFAULT 'tf',
    bars_ts_column name NOT NULL DEFAULT 'time_close',
    bars_ts_unit text CHECK (bars_ts_unit IN ('s', 'ms', 'us')),
    bars_zone text CHECK (bars_zone <> ''),
    bars_shift interval CHECK (pg_catalog.isfinite(bars_shift) AND bars_shift BETWEEN '-10 years'::interval AND '10 years'::interval),
    close_column name NOT NULL DEFAULT 'close',
    high_column name,
    low_column name,
    open_column name DEFAULT 'open',
    volume_column name DEFAULT 'volume',
    atr_column name,
    adx_column name,
    adx_floor float8 CHECK (adx_floor >= 0::float8 AND adx_floor <= 100::float8),
    spread_column name,
    slippage_column name,
    ema_schema name NOT NULL DEFAULT 'public',
    ema_table name,
    ema_filter jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(ema_filter) = 'object'),
    ema_id_column name NOT NULL DEFAULT 'id',
    ema_tf_column name NOT NULL DEFAULT 'tf',
    ema_ts_column name NOT NULL DEFAULT 'ts',
    ema_period_column name NOT NULL DEFAULT 'period',
    ema_column name NOT NULL DEFAULT 'ema',
    build_calendar text CHECK (build_calendar IN ('iso', 'us')),
    label_column name,
    label_id_column name,
    known_at_column name,
    label_hold int CHECK (label_hold >= 0 AND label_hold <= 1000),
    origin text NOT NULL DEFAULT 'user' CHECK (origin IN ('user', 'deleted')),
    PRIMARY KEY (cal_scheme, layer),
    CONSTRAINT layer_columns CHECK (CASE layer WHEN 'candles' THEN cal_scheme = 'any' AND high_column IS NOT NULL AND low_column IS NOT NULL
                                    WHEN 'L4' THEN label_column IS NOT NULL
                                    ELSE layer = 'L3' AND label_column IS NOT NULL OR periods IS NOT NULL AND ema_table IS NOT NULL END),
    CONSTRAINT label_columns CHECK (CASE WHEN label_column IS NULL THEN pg_catalog.num_nonnulls(label_id_column, known_at_column, label_hold) = 0
                                    ELSE layer IN ('L3', 'L4') END),
    CONSTRAINT labels_without_tf CHECK (label_column IS NULL OR tf IS NULL AND bars_id_column = 'id' AND bars_tf_column = 'tf')
);
COMMENT ON TABLE @extschema@.regime_source_user IS 'The rows of regime_source that were edited or inserted, and built-in rows that were deleted; dumped and restored. Write to regime_source';
COMMENT ON COLUMN @extschema@.regime_source_user.cal_scheme IS 'Calendar of weeks and months: iso (Monday to Sunday), us (Sunday to Saturday), or your own; any for candles';
COMMENT ON COLUMN @extschema@.regime_source_user.layer IS 'L0 monthly, L1 weekly, L2 daily, L3 intraday (no row by default), L4 labels from elsewhere (no row by default); candles: those of market_regimes, market_regime_history and market_states, cal_scheme any';
COMMENT ON COLUMN @extschema@.regime_source_user.tf IS 'Value of the tf columns that selects the layer''s bars and EMAs; NULL reads the tables whole. Of candles: their only timeframe, where they have no column of timeframes';
COMMENT ON COLUMN @extschema@.regime_source_user.periods IS 'EMA periods in bars: fast, mid, slow; candles have none';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_schema IS 'Schema of the bars relation';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_table IS 'Table or view of bars';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_filter IS 'Further conditions on bars, column to value: {"venue": "X"}; null means IS NULL';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_id_column IS 'Asset id of a bar, or its symbol, of which dim_assets beside the daily bars has the id; symbol of a candle';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_tf_column IS 'Timeframe of a bar';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_ts_column IS 'When a bar closed, a candle opened: timestamptz; timestamp or date in bars_zone; or an integer that counts from 1970 in bars_ts_unit';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_ts_unit IS 'What integer times count since 1970: s, ms or us (seconds, milliseconds, microseconds); NULL for times of other types';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_zone IS 'Time zone of times without one, of the shift, and of the day that a daily bar belongs to; NULL is UTC';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_shift IS 'Added to the time of a bar in bars_zone, as ''1 day - 1 millisecond'' for the end of the day of a date; NULL adds nothing';
COMMENT ON COLUMN @extschema@.regime_source_user.close_column IS 'Closing price';
COMMENT ON COLUMN @extschema@.regime_source_user.high_column IS 'Highest price; of candles alone';
COMMENT ON COLUMN @extschema@.regime_source_user.low_column IS 'Lowest price; of candles alone';
COMMENT ON COLUMN @extschema@.regime_source_user.open_column IS 'Opening price; of candles alone, read by market_states, which needs it';
COMMENT ON COLUMN @extschema@.regime_source_user.volume_column IS 'Traded volume; of candles alone, read by market_states. NULL: all volumes are unknown';
COMMENT ON COLUMN @extschema@.regime_source_user.atr_column IS 'Average true range in price units, of the bars relation; NULL: volatility from the closes';
COMMENT ON COLUMN @extschema@.regime_source_user.adx_column IS 'ADX of the bars relation; used with adx_floor';
COMMENT ON COLUMN @extschema@.regime_source_user.adx_floor IS 'A trend whose ADX is at or under this is Sideways; NULL or 0: no floor';
COMMENT ON COLUMN @extschema@.regime_source_user.spread_column IS 'Spread of the bars relation; liquidity is judged only with both spread and slippage';
COMMENT ON COLUMN @extschema@.regime_source_user.slippage_column IS 'Slippage of the bars relation; liquidity is judged only with both spread and slippage';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_schema IS 'Schema of the EMA relation';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_table IS 'Table or view of EMAs in long format, one row per (id, ts, tf, period); candles have none';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_filter IS 'Further conditions on EMAs, column to value, that leave one row per bar and period';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_id_column IS 'Asset id of an EMA, or its symbol';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_tf_column IS 'Timeframe of an EMA';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_ts_column IS 'Time of an EMA, equal to that of its bar: read with bars_ts_unit, bars_zone and bars_shift unless regime_build_inputs made the relation';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_period_column IS 'Period of an EMA, in bars';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_column IS 'Value of an EMA';
COMMENT ON COLUMN @extschema@.regime_source_user.build_calendar IS 'Calendar, iso or us, by which each refresh first builds the EMAs of the layer, and of L0 and L1 the bars, from the daily bars; NULL: a refresh builds nothing';
COMMENT ON COLUMN @extschema@.regime_source_user.label_column IS 'Label of a relation of labels, of L3 or L4: bars_schema, bars_table, bars_filter and bars_ts_column say where it is. NULL: a relation of bars';
COMMENT ON COLUMN @extschema@.regime_source_user.label_id_column IS 'Asset id of a label, or its symbol; NULL: the labels are of all assets';
COMMENT ON COLUMN @extschema@.regime_source_user.known_at_column IS 'When a label was known; NULL: at its time. No row of cmc_regimes sees a label earlier';
COMMENT ON COLUMN @extschema@.regime_source_user.label_hold IS 'Consecutive labels of the relation that must show a change that does not reduce risk; NULL and 0: every label counts at once';
COMMENT ON COLUMN @extschema@.regime_source_user.origin IS 'built-in until the row is edited; user rows are dumped and restored, and so is that a built-in row is deleted';

CREATE TABLE @extschema@.regime_source_built_in (
    LIKE @extschema@.regime_source_user INCLUDING DEFAULTS INCLUDING COMMENTS,
    PRIMARY KEY (cal_scheme, layer)
);
COMMENT ON TABLE @extschema@.regime_source_built_in IS 'The rows of regime_source as CREATE EXTENSION makes them; a row of regime_source_user hides the row here. Write to regime_source';

-- The view reads a function, so that Citus, where the user's rows are on every node, does not carry UPDATE and DELETE of the
-- view to the workers. With SET, no statement takes the function apart.
CREATE FUNCTION @extschema@.regime_source_rows() RETURNS SETOF @extschema@.regime_source_user
STABLE PARALLEL SAFE ROWS 10 LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.* FROM @extschema@.regime_source_user AS u WHERE u.origin = 'user'
    UNION ALL
    SELECT b.* FROM @extschema@.regime_source_built_in AS b
    WHERE NOT EXISTS (SELECT FROM @extschema@.regime_source_user AS u WHERE u.cal_scheme = b.cal_scheme AND u.layer = b.layer);
END;
COMMENT ON FUNCTION @extschema@.regime_source_rows() IS 'The rows of regime_source';

CREATE VIEW @extschema@.regime_source AS SELECT * FROM @extschema@.regime_source_rows();
COMMENT ON VIEW @extschema@.regime_source IS 'Where the bars and EMAs of each layer are read from, per calendar scheme; edit rows to map other schemas, tables and columns';
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT attname, col_description(attrelid, attnum) AS is FROM pg_attribute
             WHERE attrelid = '@extschema@.regime_source_user'::regclass AND attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN @extschema@.regime_source.%I IS %L', c.attname, c.is);
    END LOOP;
END $$;
-- For rows that are inserted: a view has no defaults of its own.
ALTER VIEW @extschema@.regime_source
    ALTER COLUMN bars_schema SET DEFAULT 'public',
    ALTER COLUMN bars_filter SET DEFAULT '{}',
    ALTER COLUMN bars_id_column SET DEFAULT 'id',
    ALTER COLUMN bars_tf_column SET DEFAULT 'tf',
    ALTER COLUMN bars_ts_column SET DEFAULT 'time_close',
    ALTER COLUMN close_column SET DEFAULT 'close',
    ALTER COLUMN open_column SET DEFAULT 'open',
    ALTER COLUMN volume_column SET DEFAULT 'volume',
    ALTER COLUMN ema_schema SET DEFAULT 'public',
    ALTER COLUMN ema_filter SET DEFAULT '{}',
    ALTER COLUMN ema_id_column SET DEFAULT 'id',
    ALTER COLUMN ema_tf_column SET DEFAULT 'tf',
    ALTER COLUMN ema_ts_column SET DEFAULT 'ts',
    ALTER COLUMN ema_period_column SET DEFAULT 'period',
    ALTER COLUMN ema_column SET DEFAULT 'ema', ALTER COLUMN origin SET DEFAULT 'user';

INSERT INTO @extschema@.regime_source_built_in (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter, origin)
SELECT s, l.layer, l.tf, l.periods,
       'cmc_price_bars_multi_tf' || CASE WHEN l.layer = 'L2' THEN '' ELSE '_cal_' || s END,
       'cmc_ema_multi_tf' || CASE WHEN l.layer = 'L2' THEN '_u' ELSE '_cal_' || s END,
       CASE WHEN l.layer = 'L2' THEN '{"alignment_source": "multi_tf"}' ELSE '{"roll": false}' END::jsonb,
       'built-in'
FROM (VALUES ('iso'), ('us')) AS c (s),
     (VALUES ('L0', '1M', '{12,24,48}'::int[]), ('L1', '1W', '{20,50,200}'), ('L2', '1D', '{20,50,100}')) AS l (layer, tf, periods)
ORDER BY s, l.layer;

INSERT INTO @extschema@.regime_source_built_in (cal_scheme, layer, bars_table, bars_id_column, bars_tf_column, bars_ts_column, high_column, low_column, origin)
VALUES ('any', 'candles', 'candles', 'symbol', 'timeframe', 'open_time', 'high', 'low', 'built-in');

-- An edited built-in row becomes a row of the user's, which hides the built-in row; so does the mark that stands for a
-- deleted one, as a restore makes all built-in rows anew. The tables are named by the schema of the view, which may be
-- renamed.
CREATE FUNCTION @extschema@.regime_source_write() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_deleted bool;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format('DELETE FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2', TG_TABLE_SCHEMA)
        USING OLD.cal_scheme, OLD.layer;
        IF TG_OP = 'DELETE' OR (NEW.cal_scheme, NEW.layer) IS DISTINCT FROM (OLD.cal_scheme, OLD.layer) THEN
            OLD.origin := 'deleted';
            EXECUTE format('INSERT INTO %1$I.regime_source_user SELECT ($1).* WHERE EXISTS (
                SELECT FROM %1$I.regime_source_built_in AS b WHERE b.cal_scheme = ($1).cal_scheme AND b.layer = ($1).layer)', TG_TABLE_SCHEMA)
            USING OLD;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2 AND origin = ''deleted'')', TG_TABLE_SCHEMA)
    INTO is_deleted USING NEW.cal_scheme, NEW.layer;
    -- A role that may only insert needs no privilege to delete unless the key is that of a deleted row.
    IF is_deleted THEN
        EXECUTE format('DELETE FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2', TG_TABLE_SCHEMA)
        USING NEW.cal_scheme, NEW.layer;
    END IF;
    NEW.origin := 'user';
    EXECUTE format('INSERT INTO %I.regime_source_user SELECT ($1).*', TG_TABLE_SCHEMA) USING NEW;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION @extschema@.regime_source_write() IS 'Trigger function of regime_source: rows that are inserted or edited go to regime_source_user';
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON @extschema@.regime_source
    FOR EACH ROW EXECUTE FUNCTION @extschema@.regime_source_write();
COMMENT ON TRIGGER write ON @extschema@.regime_source IS 'Rows that are inserted or edited become the user''s and hide built-in ones; built-in rows that are deleted are hidden';

CREATE TABLE @extschema@.regime_policy (
    policy text PRIMARY KEY CHECK (policy NOT IN ('', 'default')),
    rules jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(rules) = 'array'),
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE @extschema@.regime_policy IS 'Policies loaded with regime_load_policy: overlays over the built-in rules';
COMMENT ON COLUMN @extschema@.regime_policy.policy IS 'Name to pass as policy => ''name''; ''default'' is the built-in rules alone';
COMMENT ON COLUMN @extschema@.regime_policy.rules IS 'The overlay''s rules as loaded, in order; checked again whenever they are used';
COMMENT ON COLUMN @extschema@.regime_policy.loaded_at IS 'When it was loaded';
COMMENT ON COLUMN @extschema@.regime_policy.loaded_by IS 'Who loaded it';

-- How assets are computed: a profile, and the assets that have it.
CREATE TABLE @extschema@.regime_profile (
    profile text PRIMARY KEY CHECK (profile <> ''),
    cal_scheme text CHECK (cal_scheme <> ''),
    policy text CHECK (policy <> ''),
    hysteresis boolean,
    hysteresis_mode text CHECK (hysteresis_mode IN ('asymmetric', 'symmetric')),
    min_hold_bars int CHECK (min_hold_bars >= 0 AND min_hold_bars <= 1000),
    min_bars_l0 int CHECK (min_bars_l0 >= 0),
    min_bars_l1 int CHECK (min_bars_l1 >= 0),
    min_bars_l2 int CHECK (min_bars_l2 >= 0),
    l4_label text CHECK (l4_label <> '' AND pg_catalog.char_length(l4_label) <= 200),
    point_in_time boolean,
    config jsonb CHECK (pg_catalog.jsonb_typeof(config) = 'object' AND NOT pg_catalog.jsonb_path_exists(config, 'strict $.* ? (@.type() != "number")')),
    market_proxy_id int CHECK (market_proxy_id >= -1)
);
COMMENT ON TABLE @extschema@.regime_profile IS 'Profiles: how assets are computed; NULL is the setting or the default. The row ''default'' is of all assets that regime_profile_asset does not name';
COMMENT ON COLUMN @extschema@.regime_profile.profile IS 'Name of the profile; ''default'' is of all assets that have no other';
COMMENT ON COLUMN @extschema@.regime_profile.cal_scheme IS 'Calendar scheme of regime_source; NULL is pg_regime.cal_scheme';
COMMENT ON COLUMN @extschema@.regime_profile.policy IS 'Policy loaded with regime_load_policy; ''default'' and NULL are the built-in rules alone';
COMMENT ON COLUMN @extschema@.regime_profile.hysteresis IS 'Whether label changes are held back; NULL is true';
COMMENT ON COLUMN @extschema@.regime_profile.hysteresis_mode IS 'Which changes are held back: asymmetric (loosening ones) or symmetric (all); NULL is asymmetric';
COMMENT ON COLUMN @extschema@.regime_profile.min_hold_bars IS 'Consecutive daily rows on which a held change must be seen; NULL is pg_regime.min_hold_bars';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l0 IS 'Fewest monthly bars that enable L0; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l1 IS 'Fewest weekly bars that enable L1; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l2 IS 'Fewest daily bars that enable L2; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.l4_label IS 'Label of L4 for every row; NULL is that of the row of regime_source for L4, or none';
COMMENT ON COLUMN @extschema@.regime_profile.point_in_time IS 'Whether the data budget of a row counts the bars up to the row alone; NULL is pg_regime.point_in_time';
COMMENT ON COLUMN @extschema@.regime_profile.config IS 'Windows and thresholds of raw labels by key, such as {"vol_window_l2": 120}; what is left out, and NULL, is the default';
COMMENT ON COLUMN @extschema@.regime_profile.market_proxy_id IS 'Asset that stands for the market when young assets are capped; 0: none; -1: asset 1 where the daily bars are those of the built-in rows of regime_source, else none; NULL is pg_regime.market_proxy_id';

CREATE TABLE @extschema@.regime_profile_asset (
    -- No foreign key: pg_restore --jobs loads both tables at the same time. A profile that is not there is an error of its assets.
    profile text NOT NULL CHECK (profile <> ''),
    id int UNIQUE,
    symbol text UNIQUE CHECK (symbol <> ''),
    pattern text UNIQUE CHECK (pattern <> '' AND pattern !~ E'(^|[^\\\\])(\\\\\\\\)*\\\\$'),
    CONSTRAINT names_assets_once CHECK (pg_catalog.num_nonnulls(id, symbol, pattern) = 1)
);
-- Without a key of its own, so that rows can be changed where all tables of the database are published.
ALTER TABLE @extschema@.regime_profile_asset REPLICA IDENTITY FULL;
COMMENT ON TABLE @extschema@.regime_profile_asset IS 'Which assets have a profile: by id, by symbol, or by a pattern of symbols. An id goes before a symbol, a symbol before a pattern, a longer pattern before a shorter one';
COMMENT ON COLUMN @extschema@.regime_profile_asset.profile IS 'Profile of the assets; ''default'' takes assets out of a pattern';
COMMENT ON COLUMN @extschema@.regime_profile_asset.id IS 'Asset';
COMMENT ON COLUMN @extschema@.regime_profile_asset.symbol IS 'Symbol of an asset in the dim_assets beside the daily bars of the profile''s calendar scheme, in the same spelling';
COMMENT ON COLUMN @extschema@.regime_profile_asset.pattern IS 'Pattern of symbols, as of LIKE: % is any text, _ any character';

-- What regime_connect made, so that regime_disconnect takes away that and nothing else.
CREATE TABLE @extschema@.regime_connection (
    bars_schema name NOT NULL,
    bars_table name NOT NULL,
    cal_scheme text CHECK (cal_scheme <> ''),
    profile text CHECK (profile <> ''),
    candles boolean NOT NULL,
    names boolean NOT NULL,
    built_schema name,
    built name[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bars_schema, bars_table)
);
COMMENT ON TABLE @extschema@.regime_connection IS 'The relations that regime_connect connected, and what was made for each; regime_disconnect takes that away. Not to be written by hand';
COMMENT ON COLUMN @extschema@.regime_connection.bars_schema IS 'Schema of the relation';
COMMENT ON COLUMN @extschema@.regime_connection.bars_table IS 'Name of the relation';
COMMENT ON COLUMN @extschema@.regime_connection.cal_scheme IS 'Calendar scheme of regime_source whose rows L0, L1 and L2 read the relation and what is built from it; NULL: none';
COMMENT ON COLUMN @extschema@.regime_connection.profile IS 'Row of regime_profile that was made; NULL: none';
COMMENT ON COLUMN @extschema@.regime_connection.candles IS 'Whether the row of regime_source for candles reads the relation';
COMMENT ON COLUMN @extschema@.regime_connection.names IS 'Whether dim_assets beside the relation was made';
COMMENT ON COLUMN @extschema@.regime_connection.built_schema IS 'Schema of the tables of weekly bars, monthly bars and EMAs';
COMMENT ON COLUMN @extschema@.regime_connection.built IS 'Names of these tables';

SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_connection', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_source_user', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_policy', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_profile', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_profile_asset', '');

-- A trusted extension's script runs as a superuser, to whom all of it belongs: whoever installs the extension may edit the rows
-- and let others do so, but not put a view or code of their own in the place of a table that others' calls read.
-- The built-in rows stay as they are.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON @extschema@.regime_source_user, @extschema@.regime_connection, @extschema@.regime_policy,
    @extschema@.regime_profile, @extschema@.regime_profile_asset TO @extowner@ WITH GRANT OPTION;
GRANT SELECT, INSERT, UPDATE, DELETE ON @extschema@.regime_source TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON @extschema@.regime_source, @extschema@.regime_source_user, @extschema@.regime_source_built_in, @extschema@.regime_policy, @extschema@.regime_profile,
    @extschema@.regime_profile_asset, @extschema@.regime_connection TO PUBLIC;

SET LOCAL search_path = @extschema@, pg_temp;

-- src/lib.rs
-- requires:
--   tables
--   regime_round_begin
--   regime_round_next
--   regime_round_end
--   market_regime_backfill_begin
--   market_regime_backfill_next
--   market_regime_backfill_end
--   market_regimes_round_begin
--   market_regimes_round_next
--   market_regimes_round_end
--   market_states_round_begin
--   market_states_round_next
--   market_states_round_end

-- Procedures that commit between batches. They are PL/pgSQL around functions, since only PL/pgSQL can tell a CALL inside a
-- transaction block, where nothing can be committed, from a CALL outside. A SET clause would forbid COMMIT: every name and
-- operator is qualified instead. READ COMMITTED, whatever isolation the session prefers, so that statements after a lock
-- see what its last holder committed; the transaction of the CALL has a snapshot already, so that where it keeps this
-- snapshot the first step gives NULL and is taken again in the next transaction. The schema of pg_regime may be renamed, also
-- between batches: its name is looked up before each of them.

CREATE PROCEDURE refresh_all_cmc_regimes(
    batch_size int DEFAULT 50,
    only_dirty boolean DEFAULT false,
    max_runtime interval DEFAULT NULL,
    cal_scheme text DEFAULT NULL,
    policy text DEFAULT NULL,
    hysteresis boolean DEFAULT NULL,
    hysteresis_mode text DEFAULT NULL,
    min_hold_bars int DEFAULT NULL,
    min_bars_l0 int DEFAULT NULL,
    min_bars_l1 int DEFAULT NULL,
    min_bars_l2 int DEFAULT NULL,
    l4_label text DEFAULT NULL,
    point_in_time boolean DEFAULT NULL,
    assets regime_asset_ref[] DEFAULT NULL,
    force boolean DEFAULT false,
    config jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    round bigint;
    -- Within a thousand years, which is also what NULL comes to: the sum is a moment whatever interval is given.
    deadline pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+)
        GREATEST(LEAST(max_runtime, '1000 years'::pg_catalog.interval), '0'::pg_catalog.interval);
    more boolean := true;
BEGIN
    WHILE round IS NULL LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
                WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.regime_round_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)', own) INTO round
            USING only_dirty, batch_size, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1,
                min_bars_l2, l4_label, point_in_time, assets, force, config;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    WHILE more LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.regime_round_next($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)', own) INTO more
            USING round, batch_size, deadline, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0,
                min_bars_l1, min_bars_l2, l4_label, point_in_time, force, config;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.regime_round_end($1)', own) USING round;
END $$;

CREATE PROCEDURE backfill_market_regime_history(
    start_date date DEFAULT '2022-05-01',
    end_date date DEFAULT CURRENT_DATE,
    batch_size int DEFAULT 60,
    symbol text DEFAULT '^GSPC',
    dry_run boolean DEFAULT false,
    full_refresh boolean DEFAULT false
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    backfill bigint;
    more boolean;
BEGIN
    WHILE backfill IS NULL LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
                WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_begin($1, $2, $3, $4, $5, $6)', own) INTO backfill
            USING start_date, end_date, batch_size, symbol, dry_run, full_refresh;
        IF dry_run THEN
            RETURN;
        END IF;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_next($1)', own) INTO more USING backfill;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN NOT more;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_end($1)', own) USING backfill;
END $$;

CREATE PROCEDURE refresh_all_market_regimes(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    full_refresh boolean DEFAULT false,
    batch_size int DEFAULT 50,
    config jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    symbols pg_catalog.text[];
    timeframes pg_catalog.text[];
    series pg_catalog.text[] := '{}';
    sqlstates pg_catalog.text[] := '{}';
    messages pg_catalog.text[] := '{}';
    done int := 0;
BEGIN
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'batch_size is %', batch_size USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It is the number of series that are committed together, at least 1.', HINT = 'Leave batch_size out, or pass 50.';
    END IF;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(s.symbol), pg_catalog.array_agg(s.timeframe) FROM %s.market_regimes_round_begin($1, $2, $3) AS s', own)
        INTO symbols, timeframes USING symbol, timeframe, config;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE done OPERATOR(pg_catalog.<) pg_catalog.cardinality(symbols) LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT $1 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.series), $2 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.sqlstate),
            $3 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.message) FROM %s.market_regimes_round_next($4, $5, $6, $7) AS f', own)
            INTO series, sqlstates, messages
            USING series, sqlstates, messages, symbols[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size],
                timeframes[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size], full_refresh, config;
        done := done OPERATOR(pg_catalog.+) batch_size;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_regimes_round_end($1, $2, $3)', own) USING series, sqlstates, messages;
END $$;

CREATE PROCEDURE refresh_all_market_states(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    full_refresh boolean DEFAULT false,
    batch_size int DEFAULT 50
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    symbols pg_catalog.text[];
    timeframes pg_catalog.text[];
    series pg_catalog.text[] := '{}';
    sqlstates pg_catalog.text[] := '{}';
    messages pg_catalog.text[] := '{}';
    done int := 0;
BEGIN
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'batch_size is %', batch_size USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It is the number of series that are committed together, at least 1.', HINT = 'Leave batch_size out, or pass 50.';
    END IF;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(s.symbol), pg_catalog.array_agg(s.timeframe) FROM %s.market_states_round_begin($1, $2) AS s', own)
        INTO symbols, timeframes USING symbol, timeframe;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE done OPERATOR(pg_catalog.<) pg_catalog.cardinality(symbols) LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT $1 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.series), $2 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.sqlstate),
            $3 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.message) FROM %s.market_states_round_next($4, $5, $6) AS f', own)
            INTO series, sqlstates, messages
            USING series, sqlstates, messages, symbols[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size],
                timeframes[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size], full_refresh;
        done := done OPERATOR(pg_catalog.+) batch_size;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_states_round_end($1, $2, $3)', own) USING series, sqlstates, messages;
END $$;

-- src/lib.rs
-- requires:
--   regime_status
--   regime_latest
--   regime_board
--   regime_systems
--   regime_assets
--   regime_periods

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

-- src/lib.rs
-- requires:
--   tables

-- Unsafe: no subtransaction can begin in parallel mode.
CREATE TYPE @extschema@.regime_compare_row AS (
    id int,
    symbol text,
    timeframe text,
    column_name text,
    n bigint,
    n_agree bigint,
    n_differ bigint,
    n_only_theirs bigint,
    n_only_ours bigint,
    first_ts timestamptz,
    first_key text,
    theirs text,
    ours text,
    difference int,
    explanation text
);
COMMENT ON TYPE @extschema@.regime_compare_row IS 'A row that regime_compare returns';
CREATE FUNCTION regime_compare(
    relation regclass,
    with_table text DEFAULT NULL,
    assets regime_asset_ref[] DEFAULT NULL
) RETURNS SETOF @extschema@.regime_compare_row
STABLE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_compare_wrapper';

-- src/lib.rs
-- requires:
--   tables

CREATE TYPE @extschema@.regime_connect_row AS (
    step text,
    item text,
    detail text,
    command text
);
COMMENT ON TYPE @extschema@.regime_connect_row IS 'A row that regime_connect returns';
CREATE FUNCTION regime_connect(
    relation regclass,
    asset text DEFAULT NULL,
    ts text DEFAULT NULL,
    close text DEFAULT NULL,
    high text DEFAULT NULL,
    low text DEFAULT NULL,
    open text DEFAULT NULL,
    volume text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    bars_filter jsonb DEFAULT NULL,
    zone text DEFAULT NULL,
    shift text DEFAULT NULL,
    unit text DEFAULT NULL,
    cal_scheme text DEFAULT NULL,
    candles boolean DEFAULT NULL,
    dry_run boolean DEFAULT false
) RETURNS SETOF @extschema@.regime_connect_row
VOLATILE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_connect_wrapper';

-- src/lib.rs
-- requires:
--   tables

-- The functions of cmc_regimes whose declarations pgrx cannot derive from Rust: a column is called match, which is a
-- keyword of Rust, or an argument is a regclass, which pgrx would declare as an oid.

CREATE TYPE @extschema@.regime_policy_rules_row AS (
    rule int,
    match text,
    size_mult float8,
    stop_mult float8,
    orders text,
    setups text[],
    gross_cap float8,
    pyramids boolean,
    aligned text,
    origin text,
    shadowed_by text,
    note text
);
COMMENT ON TYPE @extschema@.regime_policy_rules_row IS 'A row that regime_policy_rules returns';
CREATE FUNCTION regime_policy_rules(
    policy text DEFAULT 'default'
) RETURNS SETOF @extschema@.regime_policy_rules_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_policy_rules_wrapper';

CREATE TYPE @extschema@.regime_policy_lint_row AS (
    severity text,
    rule int,
    match text,
    problem text,
    detail text
);
COMMENT ON TYPE @extschema@.regime_policy_lint_row IS 'A row that regime_policy_lint returns';
CREATE FUNCTION regime_policy_lint(
    policy text DEFAULT 'default',
    rules jsonb DEFAULT NULL
) RETURNS SETOF @extschema@.regime_policy_lint_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_policy_lint_wrapper';

CREATE FUNCTION regime_tag_signals(
    relation regclass,
    asset_column text DEFAULT 'id',
    ts_column text DEFAULT 'ts',
    key_column text DEFAULT 'regime_key'
) RETURNS bigint
VOLATILE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_tag_signals_wrapper';

-- src/lib.rs
-- requires:
--   tables

-- The functions of market_regimes that write their rows straight into the tuplestore of their caller.
-- pgrx cannot derive their declarations from Rust. A function whose columns are not those that the library returns raises
-- an error.

CREATE TYPE @extschema@.market_regime_labels_row AS (
    bar int,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    warmup boolean
);
COMMENT ON TYPE @extschema@.market_regime_labels_row IS 'A row that market_regime_labels returns';
CREATE FUNCTION market_regime_labels(
    high float8[],
    low float8[],
    close float8[],
    config jsonb DEFAULT NULL
) RETURNS SETOF @extschema@.market_regime_labels_row
IMMUTABLE PARALLEL SAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_labels_wrapper';

CREATE TYPE @extschema@.market_regimes_compute_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean
);
COMMENT ON TYPE @extschema@.market_regimes_compute_row IS 'A row that market_regimes_compute returns';
CREATE FUNCTION market_regimes_compute(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL,
    config jsonb DEFAULT NULL
) RETURNS SETOF @extschema@.market_regimes_compute_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_compute_wrapper';

CREATE TYPE @extschema@.get_market_regimes_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz
);
COMMENT ON TYPE @extschema@.get_market_regimes_row IS 'A row that get_market_regimes returns';
CREATE FUNCTION get_market_regimes(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS SETOF @extschema@.get_market_regimes_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'get_market_regimes_wrapper';

CREATE TYPE @extschema@.market_regimes_stats_row AS (
    simplified_regime text,
    classifier_version text,
    n bigint,
    share float8,
    first_ts timestamptz,
    last_ts timestamptz,
    mean_confidence float8
);
COMMENT ON TYPE @extschema@.market_regimes_stats_row IS 'A row that market_regimes_stats returns';
CREATE FUNCTION market_regimes_stats(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS SETOF @extschema@.market_regimes_stats_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_stats_wrapper';

CREATE TYPE @extschema@.market_regimes_flips_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    from_regime text,
    to_regime text,
    confidence float8,
    return_since float8
);
COMMENT ON TYPE @extschema@.market_regimes_flips_row IS 'A row that market_regimes_flips returns';
CREATE FUNCTION market_regimes_flips(
    symbol text,
    timeframe text,
    min_confidence float8 DEFAULT 0,
    n int DEFAULT NULL
) RETURNS SETOF @extschema@.market_regimes_flips_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_flips_wrapper';

CREATE TYPE @extschema@.market_regimes_at_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz,
    age interval
);
COMMENT ON TYPE @extschema@.market_regimes_at_row IS 'A row that market_regimes_at returns';
CREATE FUNCTION market_regimes_at(
    symbol text,
    timeframe text,
    at timestamptz
) RETURNS SETOF @extschema@.market_regimes_at_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_at_wrapper';

CREATE TYPE @extschema@.market_regimes_latest_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    trend_state text,
    volatility_state text,
    momentum_state text,
    full_regime text,
    simplified_regime text,
    confidence float8,
    classifier_version text,
    warmup boolean,
    created_at timestamptz,
    age interval,
    newest_bar timestamptz,
    is_stale boolean,
    stale_because text
);
COMMENT ON TYPE @extschema@.market_regimes_latest_row IS 'A row that market_regimes_latest returns';
CREATE FUNCTION market_regimes_latest() RETURNS SETOF @extschema@.market_regimes_latest_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_latest_wrapper';

CREATE FUNCTION market_regimes_transition_matrix(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS SETOF @extschema@.regime_transition_matrix_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_transition_matrix_wrapper';

-- src/lib.rs
-- requires:
--   tables

-- The functions of market_regime_history that write their rows straight into the tuplestore of their caller.
-- pgrx cannot derive their declarations from Rust. A function whose columns are not those that the library returns raises
-- an error.

CREATE TYPE @extschema@.market_regime_history_latest_row AS (
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
);
COMMENT ON TYPE @extschema@.market_regime_history_latest_row IS 'A row that market_regime_history_latest returns';
CREATE FUNCTION market_regime_history_latest(
    symbol text DEFAULT '^GSPC'
) RETURNS SETOF @extschema@.market_regime_history_latest_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_latest_wrapper';

CREATE TYPE @extschema@.market_regime_history_compute_row AS (
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
);
COMMENT ON TYPE @extschema@.market_regime_history_compute_row IS 'A row that market_regime_history_compute returns';
CREATE FUNCTION market_regime_history_compute(
    symbol text DEFAULT '^GSPC',
    from_date date DEFAULT NULL,
    to_date date DEFAULT NULL
) RETURNS SETOF @extschema@.market_regime_history_compute_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_compute_wrapper';

CREATE TYPE @extschema@.market_regime_history_stats_row AS (
    regime text,
    n bigint,
    share float8,
    first_ts date,
    last_ts date,
    mean_confidence float8
);
COMMENT ON TYPE @extschema@.market_regime_history_stats_row IS 'A row that market_regime_history_stats returns';
CREATE FUNCTION market_regime_history_stats(
    symbol text DEFAULT '^GSPC'
) RETURNS SETOF @extschema@.market_regime_history_stats_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_stats_wrapper';

CREATE TYPE @extschema@.market_regime_performance_row AS (
    regime text,
    n bigint,
    total_return float8,
    mean_return float8,
    volatility float8,
    sharpe float8,
    max_drawdown float8,
    win_rate float8
);
COMMENT ON TYPE @extschema@.market_regime_performance_row IS 'A row that market_regime_performance returns';
CREATE FUNCTION market_regime_performance(
    returns regclass,
    symbol text DEFAULT '^GSPC',
    date_column text DEFAULT 'date',
    return_column text DEFAULT 'daily_return',
    lag_days int DEFAULT 0
) RETURNS SETOF @extschema@.market_regime_performance_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_performance_wrapper';

CREATE TYPE @extschema@.market_regime_history_at_row AS (
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
);
COMMENT ON TYPE @extschema@.market_regime_history_at_row IS 'A row that market_regime_history_at returns';
CREATE FUNCTION market_regime_history_at(
    symbol text DEFAULT '^GSPC',
    at date DEFAULT CURRENT_DATE
) RETURNS SETOF @extschema@.market_regime_history_at_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_at_wrapper';

CREATE TYPE @extschema@.market_regime_history_flips_row AS (
    date date,
    from_regime text,
    to_regime text,
    duration_bars int,
    confidence float8,
    return_since float8
);
COMMENT ON TYPE @extschema@.market_regime_history_flips_row IS 'A row that market_regime_history_flips returns';
CREATE FUNCTION market_regime_history_flips(
    symbol text DEFAULT '^GSPC',
    n int DEFAULT NULL
) RETURNS SETOF @extschema@.market_regime_history_flips_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_flips_wrapper';

CREATE FUNCTION market_regime_history_transition_matrix(
    symbol text DEFAULT '^GSPC'
) RETURNS SETOF @extschema@.regime_transition_matrix_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_transition_matrix_wrapper';

-- src/lib.rs
-- requires:
--   tables

-- The eras of market states, and their functions that write rows straight into the tuplestore of their caller.

CREATE TABLE @extschema@.regime_eras (
    timeframe text,
    starts timestamptz NOT NULL,
    note text,
    UNIQUE NULLS NOT DISTINCT (timeframe, starts)
);
COMMENT ON TABLE @extschema@.regime_eras IS 'Starts of eras, at which the escalation percentile of market_states begins anew; empty at first. Edit it, then refresh';
COMMENT ON COLUMN @extschema@.regime_eras.timeframe IS 'Timeframe that the era is of; NULL: all timeframes without rows of their own';
COMMENT ON COLUMN @extschema@.regime_eras.starts IS 'The first moment of the era; -infinity makes one era of all history';
COMMENT ON COLUMN @extschema@.regime_eras.note IS 'Why markets changed then';
-- It has no key that could identify rows: a timeframe may be NULL.
ALTER TABLE @extschema@.regime_eras REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_eras', '');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON @extschema@.regime_eras TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON @extschema@.regime_eras TO PUBLIC;

CREATE TYPE @extschema@.market_state_labels_row AS (
    bar int,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean
);
COMMENT ON TYPE @extschema@.market_state_labels_row IS 'A row that market_state_labels returns';
CREATE FUNCTION market_state_labels(
    open float8[],
    high float8[],
    low float8[],
    close float8[],
    volume float8[] DEFAULT NULL,
    timeframe text DEFAULT '1d'
) RETURNS SETOF @extschema@.market_state_labels_row
IMMUTABLE PARALLEL SAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'market_state_labels_wrapper';

CREATE TYPE @extschema@.market_states_compute_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text
);
COMMENT ON TYPE @extschema@.market_states_compute_row IS 'A row that market_states_compute returns';
CREATE FUNCTION market_states_compute(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS SETOF @extschema@.market_states_compute_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_compute_wrapper';

CREATE TYPE @extschema@.get_market_states_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz
);
COMMENT ON TYPE @extschema@.get_market_states_row IS 'A row that get_market_states returns';
CREATE FUNCTION get_market_states(
    symbol text,
    timeframe text,
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS SETOF @extschema@.get_market_states_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'get_market_states_wrapper';

CREATE TYPE @extschema@.market_states_stats_row AS (
    state_label text,
    classifier_version text,
    n bigint,
    share float8,
    first_ts timestamptz,
    last_ts timestamptz,
    mean_confidence float8,
    high_share float8
);
COMMENT ON TYPE @extschema@.market_states_stats_row IS 'A row that market_states_stats returns';
CREATE FUNCTION market_states_stats(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS SETOF @extschema@.market_states_stats_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_stats_wrapper';

CREATE FUNCTION market_states_flips(
    symbol text,
    timeframe text,
    min_confidence float8 DEFAULT 0,
    n int DEFAULT NULL
) RETURNS SETOF @extschema@.market_regimes_flips_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_flips_wrapper';

CREATE TYPE @extschema@.market_states_at_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz,
    age interval
);
COMMENT ON TYPE @extschema@.market_states_at_row IS 'A row that market_states_at returns';
CREATE FUNCTION market_states_at(
    symbol text,
    timeframe text,
    at timestamptz
) RETURNS SETOF @extschema@.market_states_at_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_at_wrapper';

CREATE FUNCTION market_states_transition_matrix(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL
) RETURNS SETOF @extschema@.regime_transition_matrix_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_transition_matrix_wrapper';

CREATE TYPE @extschema@.market_states_latest_row AS (
    symbol text,
    timeframe text,
    open_time timestamptz,
    state_label text,
    confidence float8,
    bias text,
    risk_posture text,
    market_bias float8,
    risk_level float8,
    volatility_score float8,
    volatility_label text,
    volatility_trend text,
    breakout_up float8,
    breakout_down float8,
    downside_shock_risk float8,
    efficiency_ratio float8,
    structural_score float8,
    momentum_score float8,
    impulse_intensity float8,
    momentum_state text,
    liquidity_score float8,
    liquidity_label text,
    liquidity_trend text,
    instability_index float8,
    asymmetry float8,
    supports float8[],
    support_strengths float8[],
    resistances float8[],
    resistance_strengths float8[],
    escalation float8,
    era_start timestamptz,
    era_confidence float8,
    escalation_percentile float8,
    escalation_bucket text,
    escalation_action text,
    warmup boolean,
    classifier_version text,
    created_at timestamptz,
    hazard_score float8,
    cross_timeframe_consensus float8,
    consensus_timeframes int,
    age interval,
    newest_bar timestamptz,
    is_stale boolean,
    stale_because text
);
COMMENT ON TYPE @extschema@.market_states_latest_row IS 'A row that market_states_latest returns';
CREATE FUNCTION market_states_latest() RETURNS SETOF @extschema@.market_states_latest_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_states_latest_wrapper';

CREATE VIEW @extschema@.market_state_latest AS SELECT * FROM @extschema@.market_states_latest();
COMMENT ON VIEW @extschema@.market_state_latest IS 'The newest row of each series in market_states, its age, and whether it may still be trusted';
COMMENT ON COLUMN @extschema@.market_state_latest.hazard_score IS 'The escalation percentile in percent';
COMMENT ON COLUMN @extschema@.market_state_latest.cross_timeframe_consensus IS 'Mean escalation percentile of the newest rows of the symbol, over the timeframes that have one';
COMMENT ON COLUMN @extschema@.market_state_latest.consensus_timeframes IS 'Number of these timeframes';
COMMENT ON COLUMN @extschema@.market_state_latest.age IS 'Time since the row''s candle opened';
COMMENT ON COLUMN @extschema@.market_state_latest.newest_bar IS 'When the newest candle opened; NULL also where the source may not be read';
COMMENT ON COLUMN @extschema@.market_state_latest.is_stale IS 'Whether the row is not that of the newest candle, changes of the series, its eras or the source map are not refreshed yet, the next candle is late by the rhythm of the series, or the row is older than pg_regime.max_age; NULL where this cannot be known';
COMMENT ON COLUMN @extschema@.market_state_latest.stale_because IS 'Why, the first that holds: rows behind bars, changes not refreshed, feed silent, older than max_age; NULL where none is known to hold';
GRANT SELECT ON @extschema@.market_state_latest TO PUBLIC;

-- src/lib.rs
-- requires:
--   tables

-- The functions of market_states that judge stored rows by what followed, and the rolling percentile. As those of
-- market_states.sql, they write their rows straight into the tuplestore of their caller.

CREATE TYPE @extschema@.market_escalation_events_row AS (
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
);
COMMENT ON TYPE @extschema@.market_escalation_events_row IS 'A row that market_escalation_events returns';
CREATE FUNCTION market_escalation_events(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    atr_multiple float8 DEFAULT 10,
    lookback int DEFAULT 60,
    fall float8 DEFAULT NULL
) RETURNS SETOF @extschema@.market_escalation_events_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_events_wrapper';

CREATE TYPE @extschema@.market_escalation_lead_time_row AS (
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
);
COMMENT ON TYPE @extschema@.market_escalation_lead_time_row IS 'A row that market_escalation_lead_time returns';
CREATE FUNCTION market_escalation_lead_time(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    atr_multiple float8 DEFAULT 10,
    lookback int DEFAULT 60,
    fall float8 DEFAULT NULL
) RETURNS SETOF @extschema@.market_escalation_lead_time_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_lead_time_wrapper';

CREATE TYPE @extschema@.market_escalation_outcomes_row AS (
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
);
COMMENT ON TYPE @extschema@.market_escalation_outcomes_row IS 'A row that market_escalation_outcomes returns';
CREATE FUNCTION market_escalation_outcomes(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    thresholds float8[] DEFAULT '{-0.05,-0.10,-0.20}',
    from_ts timestamptz DEFAULT NULL,
    to_ts timestamptz DEFAULT NULL
) RETURNS SETOF @extschema@.market_escalation_outcomes_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_outcomes_wrapper';

CREATE TYPE @extschema@.market_escalation_concentration_row AS (
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
);
COMMENT ON TYPE @extschema@.market_escalation_concentration_row IS 'A row that market_escalation_concentration returns';
CREATE FUNCTION market_escalation_concentration(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20,
    threshold float8 DEFAULT -0.10
) RETURNS SETOF @extschema@.market_escalation_concentration_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_concentration_wrapper';

CREATE TYPE @extschema@.market_event_labels_row AS (
    open_time timestamptz,
    forward_move float8,
    forward_percentile float8,
    is_event boolean,
    severity text
);
COMMENT ON TYPE @extschema@.market_event_labels_row IS 'A row that market_event_labels returns';
CREATE FUNCTION market_event_labels(
    symbol text,
    timeframe text,
    horizon int DEFAULT 20
) RETURNS SETOF @extschema@.market_event_labels_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_event_labels_wrapper';

CREATE TYPE @extschema@.market_escalation_percentile_row AS (
    open_time timestamptz,
    escalation float8,
    percentile float8
);
COMMENT ON TYPE @extschema@.market_escalation_percentile_row IS 'A row that market_escalation_percentile returns';
CREATE FUNCTION market_escalation_percentile(
    symbol text,
    timeframe text,
    window_bars int
) RETURNS SETOF @extschema@.market_escalation_percentile_row
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'market_escalation_percentile_wrapper';

-- src/lib.rs
-- finalize
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

