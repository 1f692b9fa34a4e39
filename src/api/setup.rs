//! `regime_setup` and `regime_distribute`: creating and adopting the output tables, and laying tables out on the nodes of Citus.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::output::set_up::set_up;
use crate::pg::{check_writable, settings, spi};
use crate::systems::cmc_regimes::distribute::distribute;
use crate::systems::registry::systems;

/// Creates the missing relations of every system in a schema and adopts existing ones; a row for each. Specification 2,
/// "Who owns what".
#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<'static, (name!(relation, String), name!(action, String))>, ErrorReport> {
    check_writable("regime_setup()")?;
    let schema = target_schema.map_or_else(settings::target_schema, str::to_owned);
    let actions = spi::connect(|db| set_up(db, &schema, &systems()))?;
    Ok(TableIterator::new(actions.into_iter().map(|a| (a.relation, a.action.to_string()))))
}

/// Lays the tables of the layered regimes out on the nodes of Citus, as the daily bars are; a row for each table.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn regime_distribute(
    dry_run: default!(Option<bool>, "false"),
) -> Result<
    TableIterator<
        'static,
        (name!(relation, String), name!(action, String), name!(statement, Option<String>)),
    >,
    ErrorReport,
> {
    let dry_run = dry_run.unwrap_or(false);
    if !dry_run {
        check_writable("regime_distribute()")?;
    }
    let steps = spi::connect(|db| distribute(db, dry_run))?;
    Ok(TableIterator::new(
        steps.into_iter().map(|step| (step.relation, step.action.to_owned(), step.statement)),
    ))
}
