//! Bringing the rows of one scope, such as an asset, of an output table to their content: only what differs is
//! written, with a handful of set-wise statements.
//!
//! Many rows have the same values, so content is given as keys and, for each key, the index of an entry;
//! entries are sent once and joined in SQL.

pub mod compare;
pub mod content;
pub mod statement;
pub mod table;

use crate::pg::{Db, Result};
use crate::sync::compare::{Changes, Within, Written, compare};
use crate::sync::content::{Content, Value};
use crate::sync::statement::Statement;
use crate::sync::table::{OnChange, Table};

/// Most rows that are written by a plan made once for any number: planning for the very rows would cost
/// more than writing them.
const FEW: usize = 64;

/// Brings the rows of a scope to `content`, and counts what was written; with `dry_run`, only counts.
///
/// # Errors
/// Where the relation cannot be read or written, or a value is not of the type of its column.
pub fn sync(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    content: &Content,
    dry_run: bool,
) -> Result<Written> {
    sync_after(db, relation, table, scope, None, content, dry_run)
}

/// [`sync`] of the rows after a moment alone, in microseconds since 2000; the first column of the key is
/// their time.
///
/// # Errors
/// Where the relation cannot be read or written, or a value is not of the type of its column.
pub fn sync_after(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    after: Option<i64>,
    content: &Content,
    dry_run: bool,
) -> Result<Written> {
    let changes = compare(db, relation, table, scope, after.map(Within::After), content)?;
    if dry_run { Ok(changes.written()) } else { apply(db, relation, table, scope, content, &changes) }
}

/// Writes the changes that [`compare`] found.
///
/// # Errors
/// Where the relation cannot be read or written, or a value is not of the type of its column.
pub fn apply(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    content: &Content,
    changes: &Changes,
) -> Result<Written> {
    if changes.is_empty() {
        return Ok(Written::default());
    }
    let statement = Statement { relation, table, scope, content };
    if table.on_change == OnChange::ReplaceAll {
        db.execute_small(&statement.delete_all(), &statement.scope_args()?)?;
    } else if changes.deletes() {
        db.execute(&statement.delete(), &statement.delete_args(&changes.delete)?)?;
    }
    let few = |rows: &[usize]| (1..=FEW).contains(&rows.len());
    if few(&changes.update) {
        db.execute_small(&statement.update(), &statement.row_args(&changes.update)?)?;
    } else if !changes.update.is_empty() {
        db.execute(&statement.update(), &statement.row_args(&changes.update)?)?;
    }
    if few(&changes.insert) {
        db.execute_small(&statement.insert_few(), &statement.few_args(&changes.insert)?)?;
    } else if !changes.insert.is_empty() {
        db.execute(&statement.insert(), &statement.row_args(&changes.insert)?)?;
    }
    Ok(changes.written())
}
