//! The history of a subject of any system, as pictures show it.

use crate::output::picture::{History, Wanted};
use crate::pg::{Db, Result, invalid_parameter};
use crate::systems::registry;

/// The rows of a system, by its name, as pictures show them.
///
/// # Errors
/// Where there is no such system, and where the rows cannot be found or read.
pub fn history(db: Db, system: &str, wanted: &Wanted) -> Result<History> {
    match registry::named(system) {
        Some(registered) => (registered.history)(db, wanted),
        None => Err(invalid_parameter(format!("unknown system \"{system}\"")).hint(format!(
            "Pass system => one of {}.",
            registry::systems().map(|system| system.name).join(", ")
        ))),
    }
}
