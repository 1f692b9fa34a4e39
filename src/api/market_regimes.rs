//! The three-axis regimes of candles: refreshing, computing and reading them.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use regime_core::market_regimes::Config;

use crate::api::{micros, required};
use crate::output::entry::{Entry, Mode};
use crate::pg::error::Result as Checked;
use crate::pg::json::JsonText;
use crate::pg::result_set::{Caller, Rows};
use crate::systems::market_regimes::read::Times;
use crate::systems::market_regimes::refresh::{How, Summary};
use crate::systems::market_regimes::{read, refresh};

fn config(given: Option<JsonText>) -> Checked<Config> {
    given.map_or(Ok(Config::default()), |json| Ok(Config::parse(json.as_str())?))
}

fn times(from: Option<TimestampWithTimeZone>, to: Option<TimestampWithTimeZone>) -> Checked<Times> {
    Times { from: from.map(micros), to: to.map(micros) }.check()
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regimes_compute"(
	"symbol" TEXT,
	"timeframe" TEXT,
	"from_time" timestamp with time zone DEFAULT NULL,
	"to_time" timestamp with time zone DEFAULT NULL,
	"config" jsonb DEFAULT NULL
) RETURNS TABLE (
	"symbol" TEXT,
	"timeframe" TEXT,
	"open_time" timestamp with time zone,
	"trend_state" TEXT,
	"volatility_state" TEXT,
	"momentum_state" TEXT,
	"full_regime" TEXT,
	"simplified_regime" TEXT,
	"confidence" double precision,
	"classifier_version" TEXT,
	"warmup" bool
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regimes_compute_wrapper';
"#)]
fn market_regimes_compute(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    from_time: Option<TimestampWithTimeZone>,
    to_time: Option<TimestampWithTimeZone>,
    config: Option<JsonText>,
) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    let (symbol, timeframe) = (required("symbol", symbol)?, required("timeframe", timeframe)?);
    let config = self::config(config)?;
    Ok(read::compute(&mut rows, symbol, timeframe, times(from_time, to_time)?, &config)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "get_market_regimes"(
	"symbol" TEXT,
	"timeframe" TEXT,
	"from_time" timestamp with time zone DEFAULT NULL,
	"to_time" timestamp with time zone DEFAULT NULL
) RETURNS TABLE (
	"symbol" TEXT,
	"timeframe" TEXT,
	"open_time" timestamp with time zone,
	"trend_state" TEXT,
	"volatility_state" TEXT,
	"momentum_state" TEXT,
	"full_regime" TEXT,
	"simplified_regime" TEXT,
	"confidence" double precision,
	"classifier_version" TEXT,
	"warmup" bool,
	"created_at" timestamp with time zone
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'get_market_regimes_wrapper';
"#)]
fn get_market_regimes(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    from_time: Option<TimestampWithTimeZone>,
    to_time: Option<TimestampWithTimeZone>,
) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    let (symbol, timeframe) = (required("symbol", symbol)?, required("timeframe", timeframe)?);
    Ok(read::get(&mut rows, symbol, timeframe, times(from_time, to_time)?)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_stats"(
	"symbol" TEXT DEFAULT NULL,
	"timeframe" TEXT DEFAULT NULL
) RETURNS TABLE (
	"simplified_regime" TEXT,
	"classifier_version" TEXT,
	"candles" bigint,
	"share" double precision,
	"first" timestamp with time zone,
	"last" timestamp with time zone,
	"mean_confidence" double precision
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_stats_wrapper';
"#)]
fn market_regime_stats(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<(), ErrorReport> {
    Ok(read::statistics(&mut Rows::begin(caller)?, symbol, timeframe)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_transitions"(
	"symbol" TEXT,
	"timeframe" TEXT,
	"min_confidence" double precision DEFAULT 0
) RETURNS TABLE (
	"symbol" TEXT,
	"timeframe" TEXT,
	"from_regime" TEXT,
	"to_regime" TEXT,
	"at" timestamp with time zone,
	"confidence" double precision
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_transitions_wrapper';
"#)]
fn market_regime_transitions(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    min_confidence: Option<f64>,
) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::transitions(&mut rows, symbol, timeframe, min_confidence.unwrap_or(0.0))?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn refresh_market_regimes(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
    dry_run: default!(Option<bool>, "false"),
    full_refresh: default!(Option<bool>, "false"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(symbol, String),
            name!(timeframe, String),
            name!(status, &'static str),
            name!(regime_rows, Option<i64>),
            name!(rows_written, i64),
            name!(classifier_version, String),
            name!(elapsed_ms, f64),
            name!(message, Option<String>),
            name!(mode, Option<&'static str>),
            name!(reason, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let config = self::config(config)?;
    let how = How { dry_run: dry_run == Some(true), full_refresh: full_refresh == Some(true) };
    let summaries = refresh::refresh(symbol, timeframe, &config, how)?;
    Ok(TableIterator::new(summaries.into_iter().map(|Summary { series, entry, rows }| {
        let Entry { status, written, version, elapsed_ms, message, mode, reason, .. } = entry;
        (
            series.symbol,
            series.timeframe,
            status.as_str(),
            rows,
            written.total() as i64,
            version,
            elapsed_ms,
            message,
            mode.map(Mode::as_str),
            reason,
        )
    })))
}

#[pg_extern(volatile, parallel_unsafe)]
fn delete_market_regimes(symbol: Option<&str>, timeframe: Option<&str>) -> Result<i64, ErrorReport> {
    Ok(refresh::delete(required("symbol", symbol)?, required("timeframe", timeframe)?)?)
}
