//! All systems at a glance: `regime_systems`.

use pgrx::spi::quote_identifier as quoted;

use crate::output::fresh::Fresh;
use crate::output::set_up::is_set_up;
use crate::pg::error::Result;
use crate::pg::spi::Db;
use crate::pg::subtransaction::attempt_unless_cancelled;
use crate::pg::{settings, spi};
use crate::systems::registered::Registered;
use crate::systems::registry::ALL;

/// A system as a whole.
pub struct Overview {
    pub name: &'static str,
    pub tables: Vec<String>,
    /// Whether its tables are there.
    pub is_set_up: bool,
    /// Those with rows or something to make rows of, and how many of them are stale.
    pub subjects: Option<i64>,
    pub stale: Option<i64>,
    pub newest_row: Option<i64>,
    /// The longest, from the newest row of a subject to the newest of its source.
    pub lag: Option<i64>,
    /// What rows were computed with, or would be.
    pub version: Option<String>,
    /// Why the rest cannot be told.
    pub problem: Option<String>,
}

/// All systems.
pub fn overview() -> Result<Vec<Overview>> {
    spi::connect(|db| ALL.iter().map(|registered| of(db, registered)).collect())
}

fn of(db: Db, registered: &Registered) -> Result<Overview> {
    let system = registered.system;
    let schema = settings::target_schema();
    let tables = system.tables.iter().map(|table| format!("{}.{}", quoted(&schema), table.name)).collect();
    let is_set_up = is_set_up(db, &schema, system)?;
    // One that is not in use, with nothing to read, must not hide the others.
    let all = if is_set_up { attempt_unless_cancelled(|| (registered.fresh)(db)) } else { Ok(Vec::new()) };
    let problem = all.as_ref().err().map(|error| error.report().message.clone());
    let all = all.unwrap_or_default();
    let mut versions: Vec<&str> = all.iter().filter_map(|fresh| fresh.version.as_deref()).collect();
    versions.sort_unstable();
    versions.dedup();
    let version = match versions.as_slice() {
        [] => attempt_unless_cancelled(|| (registered.version)(db)).ok(),
        versions => Some(versions.join(", ")),
    };
    Ok(Overview {
        name: system.name,
        tables,
        is_set_up,
        subjects: problem.is_none().then_some(all.len() as i64),
        stale: problem.is_none().then(|| all.iter().filter(|fresh| fresh.is_stale()).count() as i64),
        newest_row: all.iter().filter_map(|fresh| fresh.newest_row).max(),
        lag: all.iter().filter_map(Fresh::lag).max(),
        version,
        problem,
    })
}
