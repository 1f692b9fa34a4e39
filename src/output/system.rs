//! A system as plain data: its tables, and what its subjects are called.

use crate::output::fresh::Fresh;
use crate::pg::error::Result;
use crate::pg::spi::Db;
use crate::sync::table::Table;

/// A family of output tables that one refresh writes.
pub struct System {
    /// Also the name of its main table.
    pub name: &'static str,
    /// What it is refreshed by: one, many.
    pub subject: [&'static str; 2],
    pub tables: &'static [&'static Table],
    /// Relations that nobody but refresh writes, with the columns that tell that they are of this version.
    pub own: &'static [Own],
    /// What each row is made of: one, many.
    pub made_of: [&'static str; 2],
    /// What regime_health calls a subject whose refresh failed, and one whose rows are old.
    pub failing: &'static str,
    pub stale: &'static str,
    /// What each refresh reads all rows of where sources are not tracked, and what else that means.
    pub untracked: &'static str,
    /// Those relations it reads that are not tracked; `None` if it has none to read, or need not know.
    pub source: fn(Db) -> Result<Option<Vec<String>>>,
    /// How fresh its subjects are.
    pub fresh: fn(Db) -> Result<Vec<Fresh>>,
    /// What rows would be computed with now.
    pub version: fn(Db) -> Result<String>,
}

/// A table or view of refresh's own.
pub struct Own {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub is_view: bool,
}

pub const fn own(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns, is_view: false }
}

impl System {
    /// Every table that a refresh uses.
    pub fn table_names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.own.iter().filter(|own| !own.is_view).map(|own| own.name);
        self.tables.iter().map(|table| table.name).chain(own)
    }
}
