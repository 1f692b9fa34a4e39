//! `regime_setup`: making and adopting the output tables.

use pgrx::prelude::*;

use crate::db;
use crate::error::read_only_transaction;
use crate::output::set_up;
use pgrx::pg_sys::panic::ErrorReport;

#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "'public'"),
) -> Result<TableIterator<'static, (name!(relation, String), name!(action, String))>, ErrorReport> {
    if db::transaction_is_read_only() {
        return Err(read_only_transaction("regime_setup()").into());
    }
    let actions = db::connect(|db| set_up(db, target_schema.unwrap_or("public")))?;
    Ok(TableIterator::new(actions.into_iter().map(|a| (a.relation, a.action))))
}
