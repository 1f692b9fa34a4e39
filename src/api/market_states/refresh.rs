//! Refreshing and deleting market states.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, refreshed, series};
use crate::output::series::refresh::{self, How};
use crate::systems::market_states::refresh::States;
use crate::systems::market_states::tables::OF_SERIES;

/// Refreshes the series of a symbol, a timeframe, or all, and returns a row for each. Specification 5, sections 6 and 7.
#[pg_extern(volatile, parallel_unsafe)]
fn refresh_market_states(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
    dry_run: default!(Option<bool>, "false"),
    full_refresh: default!(Option<bool>, "false"),
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
    let how = How { dry_run: dry_run == Some(true), full_refresh: full_refresh == Some(true) };
    let summaries = refresh::refresh(&States, symbol, timeframe, how)?;
    Ok(TableIterator::new(summaries.into_iter().map(refreshed::row)))
}

/// Deletes the rows and the state of a series and returns the number of rows. Specification 5, section 7.
#[pg_extern(volatile, parallel_unsafe)]
fn delete_market_states(symbol: Option<&str>, timeframe: Option<&str>) -> Result<i64> {
    let (symbol, timeframe) = series(symbol, timeframe)?;
    Ok(refresh::delete(&OF_SERIES, symbol, timeframe)?)
}
