//! `market_states_explain`: the reasons for a row.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, micros, series};
use crate::output::told::Line;
use crate::systems::market_states::explain::explain;

/// The reasons for a row of market states, step by step, and whether the stored row is the same. Specification 5,
/// section 7.
#[pg_extern(stable, parallel_restricted)]
fn market_states_explain(
    symbol: Option<&str>,
    timeframe: Option<&str>,
    at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<
    TableIterator<(
        name!(step, i32),
        name!(metric, Option<&'static str>),
        name!(what, String),
        name!(value, String),
        name!(detail, String),
    )>,
> {
    let (symbol, timeframe) = series(symbol, timeframe)?;
    let lines = explain(symbol, timeframe, at.map(micros))?;
    Ok(TableIterator::new(lines.into_iter().map(|line| {
        let Line { step, about, what, value, detail } = line;
        (step, about, what, value, detail)
    })))
}
