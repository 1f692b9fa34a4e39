//! `regime_check_candles` and `regime_check_candles_details`: faults of candles.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, timestamp};
use crate::output::finding::MOST_NAMED;
use crate::systems::check_candles::{self, Complaint};

/// The faults of the candles summed up, the worst first: a row for each severity, timeframe and kind.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_check_candles(
    symbols: default!(Option<Vec<Option<String>>>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(timeframe, Option<String>),
        name!(problem, String),
        name!(n_series, i64),
        name!(subjects, Option<Vec<String>>),
        name!(n, Option<i64>),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    Ok(TableIterator::new(check_candles::check(symbols)?.into_iter().map(|summary| {
        let n_series = summary.who.len() as i64;
        let subjects: Vec<String> =
            summary.who.into_iter().take(MOST_NAMED).map(|series| series.symbol).collect();
        (
            summary.severity.as_str(),
            summary.place,
            summary.problem,
            n_series,
            (!subjects.is_empty()).then_some(subjects),
            summary.n,
            summary.first.and_then(timestamp),
            summary.command,
            summary.advice,
        )
    })))
}

/// The faults of the candles: a row for each series and problem.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_check_candles_details(
    symbols: default!(Option<Vec<Option<String>>>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(symbol, Option<String>),
        name!(timeframe, Option<String>),
        name!(problem, String),
        name!(n, Option<i64>),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    let mut complaints = check_candles::details(symbols)?;
    complaints.sort_by_key(|complaint| complaint.severity);
    Ok(TableIterator::new(complaints.into_iter().map(|complaint| {
        let (problem, first) = (complaint.problem(), complaint.first.and_then(timestamp));
        let Complaint { severity, who, place, n, command, advice, .. } = complaint;
        (severity.as_str(), who.map(|series| series.symbol), place, problem, n, first, command, advice)
    })))
}
