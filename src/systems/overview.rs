//! All systems at a glance: `regime_systems`.

use crate::output::fresh::Fresh;
use crate::output::set_up::is_set_up;
use crate::pg::{Db, Result, attempt_unless_cancelled, qualified, reading_once, settings, spi};
use crate::systems::registered::Registered;
use crate::systems::registry::ALL;

/// A system as a whole.
pub struct Overview {
    pub name: &'static str,
    /// The output tables, as SQL.
    pub tables: Vec<String>,
    /// Whether all relations of the system exist.
    pub is_set_up: bool,
    /// The number of subjects that have rows or source rows.
    pub subjects: Option<i64>,
    /// The number of stale subjects.
    pub stale: Option<i64>,
    /// The newest row of any subject, in microseconds since 2000.
    pub newest_row: Option<i64>,
    /// The longest time from the newest row of a subject to the newest row of its source, in microseconds.
    pub lag: Option<i64>,
    /// The versions that newest rows were computed with; without rows, the version of a refresh.
    pub version: Option<String>,
    /// The error that keeps the rest from being told.
    pub problem: Option<String>,
}

/// All systems, in the order of the registry.
///
/// # Errors
/// Where the catalogs cannot be read; an error of one system is its `problem`.
pub fn overview() -> Result<Vec<Overview>> {
    reading_once(|| spi::connect(|db| ALL.iter().map(|registered| of(db, registered)).collect()))
}

fn of(db: Db, registered: &Registered) -> Result<Overview> {
    let system = registered.system;
    let schema = settings::target_schema();
    let tables = system.tables.iter().map(|table| qualified(&schema, table.name)).collect();
    let is_set_up = is_set_up(db, &schema, system)?;
    // A system that is not in use, with nothing to read, must not hide the others.
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
        stale: problem
            .is_none()
            .then(|| all.iter().filter(|fresh| fresh.is_stale() == Some(true)).count() as i64),
        newest_row: all.iter().filter_map(|fresh| fresh.newest_row).max(),
        lag: all.iter().filter_map(Fresh::lag).max(),
        version,
        problem,
    })
}
