//! The history of a subject of any system, as pictures show it.

use crate::output::picture::{History, Wanted};
use crate::pg::{Db, Result};
use crate::systems::registry;

/// The rows of a system, by its name, as pictures show them.
///
/// # Errors
/// Where there is no such system, and where the rows cannot be found or read.
pub fn history(db: Db, system: &str, wanted: &Wanted) -> Result<History> {
    (registry::known(system, "system => one of")?.history)(db, wanted)
}
