//! Refreshing and deleting market states.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, refreshed, series};
use crate::output::series::delete;
use crate::output::series::refresh::{self, Which};
use crate::systems::market_states::refresh::States;
use crate::systems::market_states::tables::OF_SERIES;

/// Refreshes the series of a symbol, a timeframe, or all, and returns a row for each. Specification 5, sections 6 and 7.
#[pg_extern(volatile, parallel_unsafe)]
fn refresh_market_states(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
    dry_run: default!(Option<bool>, "false"),
    full_refresh: default!(Option<bool>, "false"),
    strict: default!(Option<bool>, "NULL"),
) -> Result<
    TableIterator<(
        name!(symbol, String),
        name!(timeframe, String),
        name!(status, &'static str),
        name!(state_rows, Option<i64>),
        name!(rows_written, i64),
        name!(classifier_version, String),
        name!(elapsed_ms, f64),
        name!(message, Option<String>),
        name!(mode, Option<&'static str>),
        name!(reason, Option<String>),
    )>,
> {
    let how = refreshed::how(dry_run, full_refresh, strict);
    let summaries = refresh::refresh(&States, Which::Of(symbol, timeframe), how)?;
    Ok(TableIterator::new(summaries.into_iter().map(refreshed::row)))
}

/// Step of `refresh_all_market_states`: the series to refresh.
#[pg_extern(volatile, parallel_unsafe)]
fn market_states_round_begin(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<(name!(symbol, String), name!(timeframe, String))>> {
    refreshed::begin(&OF_SERIES, symbol, timeframe)
}

/// Step of `refresh_all_market_states`: refreshes series, and returns those that failed.
#[pg_extern(volatile, parallel_unsafe)]
fn market_states_round_next(
    symbols: Option<Vec<Option<String>>>,
    timeframes: Option<Vec<Option<String>>>,
    full_refresh: default!(Option<bool>, "false"),
) -> Result<TableIterator<(name!(series, String), name!(sqlstate, String), name!(message, String))>> {
    refreshed::next(&States, symbols, timeframes, full_refresh)
}

/// Step of `refresh_all_market_states`: fails if series failed.
#[pg_extern(volatile, parallel_unsafe)]
fn market_states_round_end(
    series: Option<Vec<Option<String>>>,
    sqlstates: Option<Vec<Option<String>>>,
    messages: Option<Vec<Option<String>>>,
) -> Result<()> {
    refreshed::end(&OF_SERIES, [series, sqlstates, messages])
}

/// Deletes the rows and the state of a series and returns the number of rows. Specification 5, section 7.
#[pg_extern(volatile, parallel_unsafe)]
fn delete_market_states(symbol: Option<&str>, timeframe: Option<&str>) -> Result<i64> {
    let (symbol, timeframe) = series(symbol, timeframe)?;
    Ok(delete::delete(&OF_SERIES, symbol, timeframe)?)
}
