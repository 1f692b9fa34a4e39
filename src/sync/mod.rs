//! Bringing the rows of one scope, such as an asset, of an output table to their content: only what differs is
//! written, with a handful of set-wise statements.
//!
//! Many rows have the same values, so content is given as keys and, for each key, the index of an entry;
//! entries are sent once and joined in SQL.

pub mod compare;
pub mod content;
pub mod flat;
pub mod kept;
pub mod parts;
pub mod statement;
pub mod swallowed;
pub mod table;
pub mod working;

use crate::pg::{Db, Result};
use crate::sync::compare::{Changes, Within, Written, compare};
use crate::sync::content::{Content, Value};
use crate::sync::flat::{Flat, FlatRow};
use crate::sync::statement::Statement;
use crate::sync::table::{OnChange, Table};

/// Most rows that are written by a plan made once for any number: planning for the very rows would cost
/// more than writing them.
const FEW: usize = 64;

/// Brings the rows of a scope, as a new snapshot sees them, to `content`, and counts what was written.
///
/// # Errors
/// As [`Write::bring`].
pub fn sync(db: Db, relation: &str, table: &Table, scope: &[Value], content: &Content) -> Result<Written> {
    let write = Write { db, relation, table, scope, content, within: None, only_new: false };
    db.with_new_snapshot(|| write.bring(false))
}

/// A write of rows to a relation.
pub struct Write<'a, 'c> {
    pub db: Db<'c>,
    /// The relation, as SQL.
    pub relation: &'a str,
    pub table: &'a Table,
    pub scope: &'a [Value<'a>],
    pub content: &'a Content<'a>,
    /// Which rows of the scope are written.
    pub within: Option<Within>,
    /// Whether only the rows and values that are missing are written.
    pub only_new: bool,
}

impl Write<'_, '_> {
    /// Brings the rows to their content, and counts what was written; with `dry_run`, only counts.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn bring(&self, dry_run: bool) -> Result<Written> {
        let changes = self.compare()?;
        if dry_run { Ok(changes.written()) } else { self.apply(&changes) }
    }

    /// How the stored rows differ from the content.
    ///
    /// # Errors
    /// As [`compare`].
    pub fn compare(&self) -> Result<Changes> {
        compare(self.db, self.relation, self.table, self.scope, self.within, self.content)
    }

    /// Writes the changes that were found, and looks again where something else decides on what is written: where a
    /// statement has touched fewer rows than it was given, or the table has triggers that can keep a row as it was.
    /// Fewer rows are reported also where a trigger of the table stores them in another.
    ///
    /// # Errors
    /// Where the relation cannot be read or written, a value is not of the type of its column, or rows were not written.
    pub fn apply(&self, changes: &Changes) -> Result<Written> {
        for gap in &changes.left_out {
            kept::tell(self.relation, self.table, *gap);
        }
        if changes.is_empty() {
            return Ok(Written::default());
        }
        if self.run(changes)? && !swallowed::may_be(self.db, self.relation)? {
            return Ok(changes.written());
        }
        let rest = self.rest(changes)?;
        if !rest.is_empty() {
            // Another session may have deleted rows meanwhile, or a plan is older than the end of a rule.
            self.db.forget_plans();
            self.run(&rest)?;
            let rest = self.rest(changes)?;
            if !rest.is_empty() {
                return Err(swallowed::error(self.db, self.relation, rest.written()));
            }
        }
        Ok(changes.written())
    }

    /// What is left to write of these changes.
    fn rest(&self, changes: &Changes) -> Result<Changes> {
        let mut rest = self.db.with_new_snapshot(|| self.compare())?;
        if self.only_new {
            rest.only_new(Some(changes));
        }
        Ok(rest)
    }

    /// Runs the statements of changes; gives whether these have touched every row.
    fn run(&self, changes: &Changes) -> Result<bool> {
        let Self { db, relation, table, scope, content, .. } = *self;
        let (db, statement) =
            (db.to_write(relation)?.doing("write rows"), Statement { relation, table, scope, content });
        let mut touched = 0;
        if table.on_change == OnChange::ReplaceAll {
            touched += db.execute_small(&statement.delete_all(), &statement.scope_args()?)?;
        } else if changes.deletes() {
            touched += db.execute_many(&statement.delete(), &statement.delete_args(&changes.delete)?)?;
        }
        let few = |rows: &[usize]| (1..=FEW).contains(&rows.len());
        if few(&changes.update) {
            touched += db.execute_small(&statement.update(), &statement.row_args(&changes.update)?)?;
        } else if !changes.update.is_empty() {
            touched += db.execute_many(&statement.update(), &statement.row_args(&changes.update)?)?;
        }
        if few(&changes.insert) {
            let flat = Flat { relation, table };
            let rows: Vec<FlatRow> =
                changes.insert.iter().map(|row| FlatRow { scope, content, row: *row }).collect();
            touched += db.execute_small(&flat.insert(), &flat.args(&rows)?)?;
        } else if !changes.insert.is_empty() {
            touched += db.execute(&statement.insert(), &statement.row_args(&changes.insert)?)?;
        }
        Ok(touched >= changes.touched())
    }
}
