//! The market regime history: the steps of its backfill, and reading it. The functions that take a [`Caller`] are
//! declared in `sql/install/market_regime_history.sql`.

use pgrx::prelude::*;

use crate::api::{Result, required};
use crate::output::desk::newest;
use crate::pg::{check_range, result_set::Caller, result_set::Rows};
use crate::systems::market_regime_history::asked::Given;
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::performance::Names;
use crate::systems::market_regime_history::{backfill, performance, read};

/// Most days of a lag: about a hundred years.
const MOST_LAG: i32 = 36_500;

/// Begins a backfill and returns its number; a dry run computes everything and returns NULL. Specification 4, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_begin(
    start_date: Option<Date>,
    end_date: Option<Date>,
    batch_size: Option<i32>,
    symbol: Option<&str>,
    dry_run: Option<bool>,
    full_refresh: Option<bool>,
) -> Result<Option<i64>> {
    Ok(backfill::begin(&Given { start_date, end_date, batch_size, symbol, dry_run, full_refresh })?)
}

/// Computes and stores the next batch of a backfill; returns whether days are left. Specification 4, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_next(backfill: Option<i64>) -> Result<bool> {
    Ok(backfill::next(required("backfill", backfill)?)?)
}

/// Ends a backfill: an error if a batch failed. Specification 4, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regime_backfill_end(backfill: Option<i64>) -> Result<()> {
    Ok(backfill::end(required("backfill", backfill)?)?)
}

/// Reads the newest stored day of a symbol and how old it is. Specification 4, section 5.
#[pg_extern(sql = false)]
fn market_regime_history_latest(caller: Caller<'_>, symbol: Option<&str>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::latest(&mut rows, required("symbol", symbol)?)?)
}

/// Computes the days of a symbol and stores nothing. Specification 4, sections 1 to 4.
#[pg_extern(sql = false)]
fn market_regime_history_compute(
    caller: Caller<'_>,
    symbol: Option<&str>,
    from_date: Option<Date>,
    to_date: Option<Date>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let symbol = required("symbol", symbol)?;
    let span = Span::check(from_date.map(Date::into_inner), to_date.map(Date::into_inner))?;
    Ok(read::compute(&mut rows, symbol, span)?)
}

/// Counts the stored days of each regime of a symbol. Specification 4, section 5.
#[pg_extern(sql = false)]
fn market_regime_history_stats(caller: Caller<'_>, symbol: Option<&str>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::statistics(&mut rows, required("symbol", symbol)?)?)
}

/// Reads the newest stored day of a symbol at or before a day.
#[pg_extern(sql = false)]
fn market_regime_history_at(caller: Caller<'_>, symbol: Option<&str>, at: Option<Date>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let (at, symbol) = (required("at", at)?, required("symbol", symbol)?);
    Ok(read::at(&mut rows, symbol, at.into_inner())?)
}

/// Reads the stored days of a symbol whose regime differs from that of the day before.
#[pg_extern(sql = false)]
fn market_regime_history_flips(caller: Caller<'_>, symbol: Option<&str>, n: Option<i32>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::flips(&mut rows, required("symbol", symbol)?, newest(n)?)?)
}

/// Counts how often each regime of a symbol followed each other one.
#[pg_extern(sql = false)]
fn market_regime_history_transition_matrix(caller: Caller<'_>, symbol: Option<&str>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(read::transition_matrix(&mut rows, required("symbol", symbol)?)?)
}

/// Sums up daily returns by the stored regime of a symbol. Specification 4, section 5.
#[pg_extern(sql = false)]
fn market_regime_performance(
    caller: Caller<'_>,
    returns: Option<pg_sys::Oid>,
    symbol: Option<&str>,
    date_column: Option<&str>,
    return_column: Option<&str>,
    lag_days: Option<i32>,
) -> Result<()> {
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
