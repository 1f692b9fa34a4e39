//! `regime_setup`: making and adopting the output tables.

use pgrx::prelude::*;

use crate::db;
use crate::error::check_writable;
use crate::output::set_up;
use crate::system::SYSTEMS;
use pgrx::pg_sys::panic::ErrorReport;

#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "'public'"),
) -> Result<TableIterator<'static, (name!(relation, String), name!(action, String))>, ErrorReport> {
    check_writable("regime_setup()")?;
    let actions = db::connect(|db| set_up(db, target_schema.unwrap_or("public"), &SYSTEMS))?;
    Ok(TableIterator::new(actions.into_iter().map(|a| (a.relation, a.action))))
}
