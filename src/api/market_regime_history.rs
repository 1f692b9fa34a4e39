//! The market regime history: the steps of its backfill, and reading it.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::api::required;
use crate::pg::error::check_range;
use crate::pg::result_set::{Caller, Rows};
use crate::systems::market_regime_history::asked::Given;
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::performance::Names;
use crate::systems::market_regime_history::{backfill, performance, read};

/// Most days of a lag: a hundred years.
const MOST_LAG: i32 = 36_500;

#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_begin(
    start_date: Option<Date>,
    end_date: Option<Date>,
    batch_size: Option<i32>,
    symbol: Option<&str>,
    dry_run: Option<bool>,
    full_refresh: Option<bool>,
) -> Result<Option<i64>, ErrorReport> {
    Ok(backfill::begin(&Given { start_date, end_date, batch_size, symbol, dry_run, full_refresh })?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_next(backfill: Option<i64>) -> Result<bool, ErrorReport> {
    Ok(backfill::next(required("backfill", backfill)?)?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_end(backfill: Option<i64>) -> Result<(), ErrorReport> {
    Ok(backfill::end(required("backfill", backfill)?)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_current"(
	"symbol" TEXT DEFAULT '^GSPC'
) RETURNS TABLE (
	"market_symbol" TEXT,
	"date" date,
	"regime" TEXT,
	"confidence" double precision,
	"volatility_percentile" double precision,
	"trend_strength" double precision,
	"momentum_score" double precision,
	"drawdown_severity" double precision,
	"volume_anomaly" double precision,
	"description" TEXT,
	"created_at" timestamp with time zone,
	"newest_bar" date,
	"lag_days" INT,
	"is_stale" bool
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_current_wrapper';
"#)]
fn market_regime_current(caller: Caller<'_>, symbol: Option<&str>) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::current(&mut rows, required("symbol", symbol)?)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_history_compute"(
	"symbol" TEXT DEFAULT '^GSPC',
	"from_date" date DEFAULT NULL,
	"to_date" date DEFAULT NULL
) RETURNS TABLE (
	"market_symbol" TEXT,
	"date" date,
	"regime" TEXT,
	"confidence" double precision,
	"volatility_percentile" double precision,
	"trend_strength" double precision,
	"momentum_score" double precision,
	"drawdown_severity" double precision,
	"volume_anomaly" double precision,
	"description" TEXT
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_compute_wrapper';
"#)]
fn market_regime_history_compute(
    caller: Caller<'_>,
    symbol: Option<&str>,
    from_date: Option<Date>,
    to_date: Option<Date>,
) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    let symbol = required("symbol", symbol)?;
    let span = Span::check(from_date.map(Date::into_inner), to_date.map(Date::into_inner))?;
    Ok(read::compute(&mut rows, symbol, span)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_history_summary"(
	"symbol" TEXT DEFAULT '^GSPC'
) RETURNS TABLE (
	"regime" TEXT,
	"days" bigint,
	"share" double precision,
	"earliest" date,
	"latest" date,
	"mean_confidence" double precision
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_history_summary_wrapper';
"#)]
fn market_regime_history_summary(caller: Caller<'_>, symbol: Option<&str>) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::summary(&mut rows, required("symbol", symbol)?)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION "market_regime_performance"(
	"returns" regclass,
	"symbol" TEXT DEFAULT '^GSPC',
	"date_column" TEXT DEFAULT 'date',
	"return_column" TEXT DEFAULT 'daily_return',
	"lag_days" INT DEFAULT 0
) RETURNS TABLE (
	"regime" TEXT,
	"days" bigint,
	"total_return" double precision,
	"mean_return" double precision,
	"volatility" double precision,
	"sharpe" double precision,
	"max_drawdown" double precision,
	"win_rate" double precision
)
STABLE PARALLEL RESTRICTED
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_performance_wrapper';
"#)]
fn market_regime_performance(
    caller: Caller<'_>,
    returns: Option<pg_sys::Oid>,
    symbol: Option<&str>,
    date_column: Option<&str>,
    return_column: Option<&str>,
    lag_days: Option<i32>,
) -> Result<(), ErrorReport> {
    let mut rows = Rows::begin(caller)?;
    let returns = required("returns", returns)?;
    let symbol = required("symbol", symbol)?;
    let names = Names {
        date: required("date_column", date_column)?,
        value: required("return_column", return_column)?,
    };
    let lag = required("lag_days", check_range("lag_days", lag_days, 0, MOST_LAG)?)?;
    Ok(performance::by_regime(&mut rows, returns, symbol, &names, lag as usize)?)
}
