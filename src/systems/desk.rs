//! What a desk looks at, of any system.

use crate::output::desk::{Breadth, Days, Line};
use crate::output::set_up::is_set_up;
use crate::pg::asset::Asset;
use crate::pg::{Db, Result, settings};
use crate::systems::registered::Registered;
use crate::systems::registry::{self, ALL};

/// The subjects of a system that have rows, or one of them; of every system that is set up where none is named. Each with the
/// name of its system.
///
/// # Errors
/// Where there is no such system or subject, and where rows or prices cannot be read.
pub fn now(db: Db, system: Option<&str>, asset: Option<&Asset>) -> Result<Vec<(&'static str, Line)>> {
    let chosen = match system {
        Some(name) => vec![registry::known(name, "system => one of")?],
        None => set_up(db)?,
    };
    let mut all = Vec::new();
    for registered in chosen {
        let lines = (registered.desk)(db, asset)?;
        all.extend(lines.into_iter().map(|line| (registered.system.name, line)));
    }
    Ok(all)
}

fn set_up(db: Db) -> Result<Vec<&'static Registered>> {
    let schema = settings::target_schema();
    let mut all = Vec::new();
    for registered in ALL {
        if is_set_up(db, &schema, registered.system)? {
            all.push(registered);
        }
    }
    Ok(all)
}

/// How many subjects of a system had which label at the end of each day.
///
/// # Errors
/// Where there is no such system, and where rows cannot be read.
pub fn breadth(db: Db, system: &str, days: Days) -> Result<Breadth> {
    (registry::known(system, "system => one of")?.breadth)(db, days)
}
