//! `regime_track`: triggers on the source tables that mark what changed.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, told};
use crate::pg::{attempt, check_writable, settings, spi};
use crate::systems::tracking;

/// Creates, or with `enable => false` drops, the triggers that mark changed source rows for the named systems, or for all; a row
/// for each table. Specification 3, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_track(
    enable: default!(Option<bool>, "true"),
    systems: default!(Option<Vec<Option<String>>>, "NULL"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_track()")?;
    let schema = settings::target_schema();
    let track = || spi::connect(|db| tracking::track(db, &schema, enable != Some(false), systems.as_deref()));
    let actions = attempt(track).map_err(|error| tracking::explained(error, &schema))?;
    Ok(told(actions))
}
