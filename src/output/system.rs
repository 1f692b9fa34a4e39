//! A system as plain data: its tables, and what its subjects are called.

use std::rc::Rc;

use pgrx::pg_sys;

use crate::output::own::{LOG, LOG_DDL, Own, of_marks};
use crate::output::relation::{output_relation, work_relation};
use crate::pg::{Db, Relations, Result, known, owner};
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
    /// The working tables of what is known of each subject.
    pub state: &'static [Own],
    /// The working tables of running calls, and views of them.
    pub calls: &'static [Own],
    /// The member tables, in the extension's schema, that a refresh reads beside the source map.
    pub members: &'static [&'static str],
    /// Where changes of the sources are marked.
    pub marks: Option<&'static Marks>,
    /// The template of `tables`, `state` and `calls`: a block of statements for each relation, below a line
    /// `--; {schema}.NAME` or `--; {work}.NAME`. `{schema}` stands for the target schema, `{work}` for the working schema.
    pub ddl: &'static str,
    /// What setting up the main table ends with.
    pub finish: Option<Finish>,
}

/// Finishes a table, given as SQL; gives what was done, if anything was.
pub type Finish = fn(Db, &str) -> Result<Option<String>>;

impl System {
    /// All relations beside the output tables: the working tables, then the views.
    pub fn all_own(&self) -> Vec<Own> {
        let of_marks = self.marks.into_iter().flat_map(of_marks);
        let all = self.state.iter().cloned().chain(of_marks).chain(LOG).chain(self.calls.iter().cloned());
        let (views, tables): (Vec<Own>, Vec<Own>) = all.partition(Own::is_view);
        [tables, views].concat()
    }

    /// The templates of all relations.
    pub fn templates(&self) -> Vec<String> {
        let of_marks = self.marks.map(Marks::ddl);
        [self.ddl.to_owned()].into_iter().chain(of_marks).chain([LOG_DDL.to_owned()]).collect()
    }

    /// Every table that a refresh uses, as schema and name.
    pub fn relations(&self, target: &str) -> Vec<(String, &'static str)> {
        let own = self.all_own().into_iter().filter(|own| !own.is_view());
        let tables = self.tables.iter().map(|table| (target.to_owned(), table.name));
        tables.chain(own.map(|own| (own.schema(target), own.name))).collect()
    }

    /// Every table and view of the system, as schema and name.
    pub fn everything(&self, target: &str) -> Vec<(String, &'static str)> {
        let views = self.all_own().into_iter().filter(Own::is_view).map(|own| (own.schema(target), own.name));
        self.relations(target).into_iter().chain(views).collect()
    }

    /// Checks that the current role may read every table that a refresh uses.
    ///
    /// # Errors
    /// Where a table is missing or the role lacks a privilege.
    pub fn check_readable(&self, db: Db) -> Result<()> {
        self.tables.iter().try_for_each(|table| output_relation(db, table).map(|_| ()))?;
        let all = self.all_own();
        let mut tables = all.iter().filter(|own| !own.is_view());
        tables.try_for_each(|own| work_relation(db, own.name).map(|_| ()))
    }

    /// Keeps every table that a refresh uses from being altered until the transaction ends, and checks that the tables
    /// may be written to unless the call only reads.
    ///
    /// # Errors
    /// Where a lock cannot be had, or as [`System::check_owners`].
    pub fn hold(&self, db: Db, target: &str, dry_run: bool) -> Result<()> {
        let hold_all = |held: &[pg_sys::Oid]| {
            let find = || Ok(Relations::find(self.relations(target)));
            db.hold_all(known("relations", &self.key(target), find)?.as_ref(), held)
        };
        if dry_run { hold_all(&[]) } else { hold_all(&owner::hold(|| self.owned(db, target))?) }
    }

    /// Checks that writing to the tables runs no code of a role that has not the rights of the current user.
    ///
    /// # Errors
    /// Where a table, its schema, or what the table calls belongs to such a role.
    pub fn check_owners(&self, db: Db, target: &str) -> Result<()> {
        self.owned(db, target).map(|_| ())
    }

    /// The tables that a refresh writes to, checked as [`System::check_owners`] says.
    fn owned(&self, db: Db, target: &str) -> Result<Rc<Vec<pg_sys::Oid>>> {
        known("owners of a system", &self.key(target), || owner::check_tables(db, &self.relations(target)))
    }

    /// Stands for the tables in a target schema, of which there are too many to list in each call.
    fn key(&self, target: &str) -> (&'static str, String) {
        (self.name, target.to_owned())
    }
}
