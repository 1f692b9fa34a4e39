//! `regime_systems`: what there is, and how fresh.

use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::api::timestamp;
use crate::pg::time;
use crate::systems::overview;

// Unsafe: no subtransaction can begin while others work in parallel.
#[pg_extern(stable, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn regime_systems() -> Result<
    TableIterator<
        'static,
        (
            name!(name, &'static str),
            name!(tables, Vec<String>),
            name!(is_set_up, bool),
            name!(subjects, Option<i64>),
            name!(stale, Option<i64>),
            name!(newest_row, Option<TimestampWithTimeZone>),
            name!(lag, Option<Interval>),
            name!(version, Option<String>),
            name!(problem, Option<String>),
        ),
    >,
    ErrorReport,
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
