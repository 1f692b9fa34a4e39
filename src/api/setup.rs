//! `regime_setup`: creating and adopting the output tables.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator};
use crate::output::set_up::set_up;
use crate::pg::{check_writable, settings, spi};
use crate::systems::registry::systems;

/// Creates the missing relations of every system in a schema and adopts existing ones; a row for each. Specification 2,
/// "Who owns what".
#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_setup()")?;
    let schema = target_schema.map_or_else(settings::target_schema, str::to_owned);
    let actions = spi::connect(|db| set_up(db, &schema, &systems()))?;
    Ok(TableIterator::new(actions.into_iter().map(|a| (a.relation, a.action.to_string()))))
}
