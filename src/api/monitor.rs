//! `regime_monitor`, `regime_sizes`, `regime_rows` and `regime_refresh_times`: what a DBA watches.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, micros, timestamp};
use crate::systems::monitor::Monitor;
use crate::systems::refresh_times::Times;
use crate::systems::sizes::{Rows, Size};
use crate::systems::{monitor, refresh_times, sizes};

/// Sums up all systems in one row, for programs that watch.
// Unsafe: no subtransaction can begin in parallel mode.
#[pg_extern(stable, parallel_unsafe)]
fn regime_monitor() -> Result<
    TableIterator<(
        name!(level, &'static str),
        name!(text, String),
        name!(n, Option<i64>),
        name!(n_stale, Option<i64>),
        name!(n_silent, Option<i64>),
        name!(n_failing, Option<i64>),
        name!(oldest_success, Option<TimestampWithTimeZone>),
        name!(n_marks, Option<i64>),
        name!(n_waiting, Option<i64>),
        name!(not_seen, Vec<String>),
    )>,
> {
    let Monitor { level, text, subjects, stale, silent, failing, oldest_success, marks, waiting, not_seen } =
        monitor::monitor()?;
    Ok(TableIterator::once((
        level.as_str(),
        text,
        subjects,
        stale,
        silent,
        failing,
        oldest_success.and_then(timestamp),
        marks,
        waiting,
        not_seen,
    )))
}

/// Tells how large each table of all systems is, and which to vacuum.
#[pg_extern(stable, parallel_restricted)]
fn regime_sizes() -> Result<
    TableIterator<(
        name!(system, Option<&'static str>),
        name!(relation, String),
        name!(n_rows, i64),
        name!(n_dead, i64),
        name!(bytes, i64),
        name!(vacuumed_at, Option<TimestampWithTimeZone>),
        name!(command, Option<String>),
    )>,
> {
    Ok(TableIterator::new(sizes::all()?.into_iter().map(|size| {
        let Size { system, relation, rows, dead, bytes, vacuumed, is_to_vacuum } = size;
        let command = is_to_vacuum.then(|| format!("VACUUM (ANALYZE) {relation};"));
        (system, relation, rows, dead, bytes, vacuumed.and_then(timestamp), command)
    })))
}

/// Counts the rows of each subject in each output table.
#[pg_extern(stable, parallel_restricted)]
fn regime_rows(
    system: default!(Option<&str>, "NULL"),
) -> Result<
    TableIterator<(
        name!(system, &'static str),
        name!(relation, &'static str),
        name!(subject, String),
        name!(n_rows, i64),
    )>,
> {
    Ok(TableIterator::new(
        sizes::rows(system)?
            .into_iter()
            .map(|Rows { system, table, subject, rows }| (system, table, subject, rows)),
    ))
}

/// Tells how long the refreshes of each subject took, the slowest first.
#[pg_extern(stable, parallel_restricted)]
fn regime_refresh_times(
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<
    TableIterator<(
        name!(system, String),
        name!(id, Option<i32>),
        name!(subject, Option<String>),
        name!(n, i64),
        name!(n_failed, i64),
        name!(p50_ms, f64),
        name!(p95_ms, f64),
        name!(longest_ms, f64),
        name!(last_at, Option<TimestampWithTimeZone>),
    )>,
> {
    Ok(TableIterator::new(refresh_times::all(from_ts.map(micros))?.into_iter().map(|times| {
        let Times { system, id, subject, n, failed, p50, p95, longest, last } = times;
        (system, id, subject, n, failed, p50, p95, longest, timestamp(last))
    })))
}
