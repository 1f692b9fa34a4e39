//! What a desk looks at, of any system.

use pgrx::prelude::*;

use crate::output::desk::{Breadth, Days, Line};
use crate::output::set_up::is_set_up;
use crate::pg::asset::Asset;
use crate::pg::{Db, Error, Result, attempt_unless_cancelled, settings};
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
        // An id names an asset of the system of assets alone.
        None => match asset {
            Some(Asset::Id(_)) => set_up(db)?.into_iter().filter(|system| system.is_default).collect(),
            _ => set_up(db)?,
        },
    };
    let mut all = Vec::new();
    let mut unknown = None;
    for registered in chosen {
        match attempt_unless_cancelled(|| (registered.desk)(db, asset)) {
            Ok(lines) => all.extend(lines.into_iter().map(|line| (registered.system.name, line))),
            // Of all systems, those that do not have the asset are left out.
            Err(error) if system.is_none() && asset.is_some() && is_unknown(&error) => {
                unknown = unknown.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    match unknown {
        Some(error) if all.is_empty() => Err(error),
        _ => Ok(all),
    }
}

/// Whether an error says that a system has no such asset.
fn is_unknown(error: &Error) -> bool {
    let code = error.report().code;
    code == PgSqlErrorCode::ERRCODE_NO_DATA_FOUND || code == PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT
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
