//! `regime_setup`: creating and adopting the output tables.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::output::set_up::set_up;
use crate::pg::{check_writable, spi};
use crate::systems::registry::systems;

/// Creates the missing relations of every system in a schema and adopts existing ones; a row for each. Specification 2,
/// "Who owns what".
#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "'public'"),
) -> Result<TableIterator<'static, (name!(relation, String), name!(action, String))>, ErrorReport> {
    check_writable("regime_setup()")?;
    let actions = spi::connect(|db| set_up(db, target_schema.unwrap_or("public"), &systems()))?;
    Ok(TableIterator::new(actions.into_iter().map(|a| (a.relation, a.action.to_string()))))
}
