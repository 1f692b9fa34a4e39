//! A system as plain data: its tables, and what its subjects are called.

use crate::output::relation::{output_relation, work_relation};
use crate::pg::catalog::work_schema;
use crate::pg::error::Result;
use crate::pg::spi::Db;
use crate::sync::table::Table;
use crate::track::marks::Marks;

/// A family of output tables that one refresh writes.
pub struct System {
    /// Also the name of its main table, the first of `tables`.
    pub name: &'static str,
    /// What a refresh works on: one, many.
    pub subject: [&'static str; 2],
    /// The output tables, in the target schema.
    pub tables: &'static [&'static Table],
    /// The working tables, in the working schema, and views of them, in the target schema.
    pub own: &'static [Own],
    /// Where changes of the sources are marked.
    pub marks: Option<&'static Marks>,
    /// Templates of the statements that make all this, separated by lines of `--;`. `{schema}` stands for the target
    /// schema, `{work}` for the working schema.
    pub ddl: &'static [&'static str],
    /// What setting up the main table ends with; gives what was done, if anything was.
    pub finish: Option<Finish>,
}

/// Finishes a table in a target schema; says what was done.
pub type Finish = fn(Db, &str) -> Result<Option<String>>;

/// A relation that only refreshes write to.
pub struct Own {
    pub name: &'static str,
    /// Columns that tell whether the relation is of this version.
    pub columns: &'static [&'static str],
    pub kind: Kind,
}

/// What a relation of a system's own is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A working table: nothing is lost with its rows.
    Work,
    /// A table whose rows are a record, to be kept.
    Record,
    /// A view of working tables, for users.
    View,
}

/// A working table.
pub const fn work(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns, kind: Kind::Work }
}

/// A view of working tables.
pub const fn view(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns, kind: Kind::View }
}

impl Own {
    /// The schema of the relation, for a target schema.
    pub fn schema(&self, target: &str) -> String {
        if self.kind == Kind::View { target.to_owned() } else { work_schema(target) }
    }
}

impl System {
    /// Every table that a refresh uses, as schema and name.
    pub fn relations(&self, target: &str) -> Vec<(String, &'static str)> {
        let own = self.own.iter().filter(|own| own.kind != Kind::View);
        let tables = self.tables.iter().map(|table| (target.to_owned(), table.name));
        tables.chain(own.map(|own| (own.schema(target), own.name))).collect()
    }

    /// The current role may read every table that a refresh uses.
    pub fn check_readable(&self, db: Db) -> Result<()> {
        self.tables.iter().try_for_each(|table| output_relation(db, table.name).map(|_| ()))?;
        let mut tables = self.own.iter().filter(|own| own.kind != Kind::View);
        tables.try_for_each(|own| work_relation(db, own.name).map(|_| ()))
    }

    /// Keeps every table that a refresh uses from being altered until the transaction ends.
    pub fn hold(&self, db: Db, target: &str) -> Result<()> {
        self.relations(target).iter().try_for_each(|(schema, name)| db.hold(schema, name))
    }
}
