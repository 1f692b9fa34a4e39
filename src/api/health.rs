//! `regime_status`, `regime_health` and `regime_systems`: what is fresh, what failed, what to do.

use std::collections::HashMap;

use pgrx::datum::Interval;
use pgrx::prelude::*;

use regime_core::calendar::rhythm::due;

use crate::api::cmc_regimes::names::symbols;
use crate::api::{Result, TableIterator, timestamp};
use crate::output::finding::Subject;
use crate::output::fresh::Because;
use crate::pg::{spi, time};
use crate::source::names::told;
use crate::systems::cmc_regimes::status::{self, Status};
use crate::systems::{health, overview};

/// Tells how fresh each asset is and how its last refreshes ended.
#[pg_extern(stable, parallel_restricted)]
fn regime_status() -> Result<
    TableIterator<(
        name!(id, Option<i32>),
        name!(symbol, Option<String>),
        name!(newest_bar, Option<TimestampWithTimeZone>),
        name!(newest_row, Option<TimestampWithTimeZone>),
        name!(regime_key, Option<String>),
        name!(lag_bars, i64),
        name!(lag, Option<Interval>),
        name!(is_stale, Option<bool>),
        name!(stale_because, Option<&'static str>),
        name!(last_success, Option<TimestampWithTimeZone>),
        name!(last_error, Option<TimestampWithTimeZone>),
        name!(last_error_message, Option<String>),
    )>,
> {
    let all = spi::connect(status::all)?;
    let symbols = symbols(all.iter().filter_map(|status| status.fresh.id));
    Ok(TableIterator::new(all.into_iter().map(move |Status { fresh, regime_key }| {
        let (is_stale, because) = fresh.stale_because();
        (
            fresh.id,
            fresh.id.and_then(|id| symbols.get(&id).cloned()),
            fresh.newest_source.and_then(timestamp),
            fresh.newest_row.and_then(timestamp),
            regime_key,
            fresh.behind,
            fresh.lag().and_then(time::interval),
            is_stale,
            because.map(Because::as_str),
            fresh.last.success.and_then(timestamp),
            fresh.last.error.and_then(timestamp),
            fresh.last.message,
        )
    })))
}

/// Sums up what is wrong in any system, the worst first: a row for each kind of finding and system.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_health() -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(what, &'static str),
        name!(n, i64),
        name!(subjects, Option<Vec<String>>),
        name!(detail, String),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    let rows = health::health()?;
    let symbols = symbols(rows.iter().flat_map(|row| &row.subjects).filter_map(Subject::asset));
    Ok(TableIterator::new(rows.into_iter().map(move |row| {
        let subjects: Vec<String> =
            row.subjects.iter().filter_map(|subject| in_words(subject, &symbols)).collect();
        let subjects = (!subjects.is_empty()).then_some(subjects);
        (row.severity.as_str(), row.what.as_str(), row.n, subjects, row.detail, row.command, row.advice)
    })))
}

/// Lists what is wrong in any system, the worst first: a row for each subject of each finding, or of the findings of one kind. An unknown kind is an
/// error.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_health_details(
    kind: default!(Option<&str>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(what, &'static str),
        name!(id, Option<i32>),
        name!(symbol, Option<String>),
        name!(subject, Option<String>),
        name!(detail, String),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    let findings = health::details(kind)?;
    let symbols = symbols(findings.iter().filter_map(|finding| finding.subject.asset()));
    Ok(TableIterator::new(findings.into_iter().map(move |f| {
        let (id, subject) = (f.subject.asset(), in_words(&f.subject, &symbols));
        let symbol = id.and_then(|id| symbols.get(&id).cloned());
        (f.severity.as_str(), f.what.as_str(), id, symbol, subject, f.detail, f.command, f.advice)
    })))
}

/// A subject, by the symbols of assets.
fn in_words(subject: &Subject, symbols: &HashMap<i32, String>) -> Option<String> {
    match subject {
        Subject::All => None,
        Subject::Asset(id) => Some(told(*id, symbols.get(id).map(String::as_str))),
        Subject::Named(name) => Some(name.clone()),
    }
}

/// Sums up each system: tables, subjects, stale ones, the newest row.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_systems() -> Result<
    TableIterator<(
        name!(system, &'static str),
        name!(tables, Vec<String>),
        name!(is_set_up, bool),
        name!(n, Option<i64>),
        name!(n_stale, Option<i64>),
        name!(newest_row, Option<TimestampWithTimeZone>),
        name!(lag, Option<Interval>),
        name!(version, Option<String>),
        name!(problem, Option<String>),
    )>,
> {
    Ok(TableIterator::new(overview::overview()?.into_iter().map(|system| {
        (
            system.name,
            system.tables,
            system.is_set_up,
            system.subjects,
            system.stale,
            system.newest_row.and_then(timestamp),
            system.lag.and_then(time::interval),
            system.version,
            system.problem,
        )
    })))
}

/// When the bar after these is due at the latest, by the rhythm of the bars: after that, their feed is silent.
#[pg_extern(immutable, parallel_safe, strict)]
fn regime_due(
    times: Vec<Option<TimestampWithTimeZone>>,
    are_openings: default!(bool, "false"),
) -> Option<TimestampWithTimeZone> {
    let mut times: Vec<i64> = times.into_iter().flatten().map(i64::from).collect();
    times.sort_unstable();
    due(&times, are_openings).and_then(timestamp)
}
