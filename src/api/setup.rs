//! `regime_setup`, `regime_teardown` and `regime_move`: the output tables come and go.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, required, told};
use crate::output::set_up::set_up;
use crate::pg::{attempt, check_writable, settings, spi};
use crate::systems::grants::{self, Grant};
use crate::systems::registry::systems;
use crate::systems::teardown;

/// Creates the missing relations of every system in a schema and adopts existing ones; a row for each. Specification 2,
/// "Who owns what".
#[pg_extern(volatile, parallel_unsafe)]
fn regime_setup(
    target_schema: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_setup()")?;
    let schema = target_schema.map_or_else(settings::target_schema, str::to_owned);
    Ok(told(spi::connect(|db| set_up(db, &schema, &systems()))?))
}

/// Removes what pg_regime made in the target schema, but for the output tables if `keep_rows`; a row for each relation, and
/// one with the statement that removes the extension.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_teardown(
    keep_rows: default!(Option<bool>, "true"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_teardown()")?;
    let schema = settings::target_schema();
    Ok(told(spi::connect(|db| teardown::tear_down(db, &schema, keep_rows != Some(false)))?))
}

/// Grants what a role lacks to read regimes, to watch, to refresh or to load prices, or only tells; a row for each statement.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_grant(
    role: Option<&str>,
    purpose: Option<&str>,
    dry_run: default!(Option<bool>, "false"),
) -> Result<TableIterator<(name!(statement, String), name!(status, &'static str))>> {
    let (role, purpose) = (required("role", role)?, required("purpose", purpose)?);
    let (schema, dry_run) = (settings::target_schema(), dry_run == Some(true));
    if !dry_run {
        check_writable("regime_grant()")?;
    }
    let granted = attempt(|| spi::connect(|db| grants::grant(db, &schema, role, purpose, dry_run)))
        .or_else(|error| spi::connect(|db| Err(grants::explained(error, db, &schema, role, purpose))))?;
    Ok(TableIterator::new(
        granted.into_iter().map(|Grant { statement, is_granted }| {
            (statement, if is_granted { "granted" } else { "to grant" })
        }),
    ))
}

/// Moves what pg_regime made in the target schema to another one; a row for each relation, and one with the statement that
/// makes the schema the target schema.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_move(
    to_schema: Option<&str>,
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_move()")?;
    let (from, to) = (settings::target_schema(), required("to_schema", to_schema)?);
    Ok(told(spi::connect(|db| teardown::relocate(db, &from, to))?))
}
