//! `regime_distribute` and `refresh_all_on_workers`: the tables and refreshes on the nodes of Citus.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator};
use crate::pg::{check_writable, spi};
use crate::systems::distribute::distribute;
use crate::systems::workers;

/// Lays the tables out on the nodes of Citus, as the daily bars and the candles are; a row for each table.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_distribute(
    dry_run: default!(Option<bool>, "false"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String), name!(statement, Option<String>))>>
{
    let dry_run = dry_run.unwrap_or(false);
    if !dry_run {
        check_writable("regime_distribute()")?;
    }
    let steps = spi::connect(|db| distribute(db, dry_run))?;
    Ok(TableIterator::new(
        steps.into_iter().map(|step| (step.relation, step.action.to_owned(), step.statement)),
    ))
}

/// Lets every worker of Citus refresh its assets and series, all workers at once; returns their number.
#[pg_extern(volatile, parallel_unsafe)]
fn refresh_all_on_workers() -> Result<i64> {
    check_writable("refresh_all_on_workers()")?;
    Ok(spi::connect(workers::refresh)?)
}
