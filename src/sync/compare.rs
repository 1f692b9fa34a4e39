//! Stored rows against the content they should have.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

use crate::pg::{
    Arg, Days, Db, Error, Micros, Result, Row, Sees, date_arg, internal, result_set::floats_of,
    spi::varlena_of, timestamp_arg,
};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::kept::{self, Gap};
use crate::sync::statement::{scalar_arg, scope_condition};
use crate::sync::table::{Column, OnChange, Table, Type};

/// Rows that a write inserted, updated and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows that were missing.
    pub inserted: u64,
    /// Rows that had other values, also where they are replaced.
    pub updated: u64,
    /// Rows that are not in the content.
    pub deleted: u64,
}

impl Written {
    /// Their sum.
    pub fn total(self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

impl std::ops::AddAssign for Written {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
    }
}

/// Which rows of a scope are looked at, by the first column of the key.
#[derive(Clone, Copy, Debug)]
pub enum Within {
    /// Rows after a moment, in microseconds since 2000.
    After(i64),
    /// Rows after a moment up to another, in microseconds since 2000.
    Span(i64, i64),
    /// Rows of the days from the first to the last, in days since 2000.
    Days(i32, i32),
}

/// How the rows of a relation differ from their content.
#[derive(Default)]
pub struct Changes {
    /// Rows of the content to insert, in ascending order.
    pub insert: Vec<usize>,
    /// Rows of the content that are stored with other values, in ascending order.
    pub update: Vec<usize>,
    /// Those of `update` that lack a value: NULL is stored, as in a column that was added later.
    pub incomplete: Vec<usize>,
    /// Keys of rows to delete, column by column.
    pub delete: Vec<Vec<OwnedKey>>,
    /// Rows to delete that are not in the content.
    pub deleted: u64,
    /// Rows to delete that are inserted again with other values.
    pub replaced: u64,
    /// The times without a partition that rows of the content are left out of.
    pub left_out: Vec<Gap>,
}

impl Changes {
    /// Whether the stored rows are the content.
    pub fn is_empty(&self) -> bool {
        self.insert.is_empty() && self.update.is_empty() && self.deleted == 0
    }

    /// Whether rows are deleted.
    pub fn deletes(&self) -> bool {
        self.deleted + self.replaced > 0
    }

    /// Drops every change but the rows and values that are missing, and the rows that were written by these changes. For
    /// tables of [`OnChange::Update`].
    pub fn only_new(&mut self, written: Option<&Self>) {
        let Self { insert, mut update, incomplete, left_out, .. } = std::mem::take(self);
        let written = written.into_iter().flat_map(|by| by.insert.iter().chain(&by.update));
        let kept: HashSet<usize> = incomplete.iter().chain(written).copied().collect();
        update.retain(|row| kept.contains(row));
        *self = Self { insert, update, left_out, ..Self::default() };
    }

    /// What the changes amount to once they are applied.
    pub fn written(&self) -> Written {
        Written {
            inserted: self.insert.len() as u64 - self.replaced,
            updated: self.update.len() as u64 + self.replaced,
            deleted: self.deleted,
        }
    }

    /// The rows that the statements of the changes touch.
    pub fn touched(&self) -> u64 {
        (self.insert.len() + self.update.len()) as u64 + self.deleted + self.replaced
    }

    /// Leaves out rows to insert that lie in gaps, whose keys begin with so many values each.
    fn leave_out(&mut self, gaps: &[Gap], content: &Content, keys: usize) {
        let gap_of = |row: usize| {
            let time = match content.keys[row * keys] {
                Value::Micros(ts) => ts,
                Value::Date(day) => i64::from(day),
                _ => return None,
            };
            gaps.iter().find(|gap| gap.holds(time)).copied()
        };
        let left_out = &mut self.left_out;
        self.insert.retain(|row| match gap_of(*row) {
            None => true,
            Some(gap) => {
                if left_out.last() != Some(&gap) {
                    left_out.push(gap);
                }
                false
            }
        });
    }

    /// Turns updates into what the table does instead, with so many rows in the content and in the relation.
    fn settle(&mut self, on_change: OnChange, rows: usize, existing: u64) {
        match on_change {
            OnChange::Update => {}
            OnChange::Replace => {
                self.replaced = self.update.len() as u64;
                self.insert.append(&mut self.update);
                self.insert.sort_unstable();
            }
            OnChange::ReplaceAll if self.is_empty() => {}
            OnChange::ReplaceAll => {
                self.insert = (0..rows).collect();
                self.update.clear();
                self.deleted = existing;
            }
        }
    }

    /// Notes the key of a stored row, whose first columns are those of the key.
    fn delete(&mut self, row: &Row, key: &[Column]) -> Result<()> {
        self.delete.resize_with(key.len(), Vec::new);
        for (c, column) in key.iter().enumerate() {
            self.delete[c].push(match column.kind {
                Type::Timestamptz => OwnedKey::Micros(row.get::<Micros>(c)?.0),
                Type::Int => OwnedKey::Int(row.get(c)?),
                Type::Date => OwnedKey::Date(row.get::<Days>(c)?.0),
                Type::Text => OwnedKey::Text(row.get(c)?),
                Type::Float | Type::Bool | Type::TextArray | Type::FloatArray => return Err(no_key(column)),
            });
        }
        Ok(())
    }
}

/// Compares a relation's rows of a scope, or a part of them, with `content`.
///
/// # Errors
/// Where the relation cannot be read, or a key of the content is not of its column's type.
pub fn compare(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    within: Option<Within>,
    content: &Content,
) -> Result<Changes> {
    let (sql, args) = stored_rows(relation, table, scope, within)?;
    let mut comparison = Comparison::new(table, content);
    db.by_key()
        .doing("read stored rows")
        .rows(&sql, &args, Sees::Snapshot, |stored| comparison.take(stored))?;
    comparison.end(|| kept::gaps(db, relation, table, scope))
}

/// A comparison of the stored rows of a scope with their content.
pub(super) struct Comparison<'a> {
    table: &'a Table,
    content: &'a Content<'a>,
    entries: Entries<'a>,
    /// Of each row of the content, whether it is stored.
    seen: Vec<bool>,
    /// Stored rows so far.
    existing: u64,
    changes: Changes,
    /// The row of the content that is looked at first.
    next: usize,
}

impl<'a> Comparison<'a> {
    /// No stored row has been taken yet.
    pub fn new(table: &'a Table, content: &'a Content<'a>) -> Self {
        let (entries, seen) = (Entries::new(table, content), vec![false; content.entry.len()]);
        Self { table, content, entries, seen, existing: 0, changes: Changes::default(), next: 0 }
    }

    /// Takes a stored row: first the columns of the key, then the values.
    ///
    /// # Errors
    /// A column of another type than that of the table.
    pub fn take(&mut self, stored: &Row) -> Result<()> {
        let Self { table, content, entries, seen, existing, changes, next } = self;
        let (keys, rows) = (table.key.len(), content.entry.len());
        *existing += 1;
        let key_order =
            |row: usize| compare_key(stored, table.key, &content.keys[row * keys..(row + 1) * keys]);
        // Rows mostly come in the order of the key, so the next one is tried before searching.
        let is_next = *next < rows && key_order(*next)?.is_eq();
        let found = if is_next { Some(*next) } else { search(rows, key_order)? };
        match found.filter(|&row| !seen[row]) {
            Some(row) => {
                seen[row] = true;
                *next = row + 1;
                let entry = content.entry[row] as usize;
                if !entries.equal(stored, keys, entry)? {
                    changes.update.push(row);
                    if entries.lacks(stored, keys, entry) {
                        changes.incomplete.push(row);
                    }
                    if table.on_change == OnChange::Replace {
                        changes.delete(stored, table.key)?;
                    }
                }
            }
            None => {
                changes.deleted += 1;
                changes.delete(stored, table.key)?;
            }
        }
        Ok(())
    }

    /// The changes, once all stored rows have been taken; `gaps` are the times without a partition.
    ///
    /// # Errors
    /// Those of `gaps`.
    pub fn end(self, gaps: impl FnOnce() -> Result<Rc<Vec<Gap>>>) -> Result<Changes> {
        let Self { table, content, seen, existing, mut changes, .. } = self;
        let rows = content.entry.len();
        changes.insert = (0..rows).filter(|&row| !seen[row]).collect();
        if !changes.insert.is_empty() {
            changes.leave_out(&gaps()?, content, table.key.len());
        }
        changes.settle(table.on_change, rows, existing);
        Ok(changes)
    }
}

/// The statement that reads the rows of a scope, and its parameters: first the columns of the key, then the values.
fn stored_rows(
    relation: &str,
    table: &Table,
    scope: &[Value],
    within: Option<Within>,
) -> Result<(String, Vec<Arg>)> {
    // The casts cost nothing where the types are the expected ones; an adopted table may be wider.
    let column = |c: &Column| format!("{}::{}", c.name, c.kind.sql());
    let columns = table.key.iter().chain(table.values).map(column).collect::<Vec<_>>().join(", ");
    let mut sql = format!("SELECT {columns} FROM {relation} WHERE {}", scope_condition(table, ""));
    let mut args = scope.iter().map(|value| scalar_arg(*value)).collect::<Result<Vec<Arg>>>()?;
    let (first, next) = (table.key[0].name, args.len() + 1);
    match within {
        None => {}
        Some(Within::After(moment)) => {
            sql += &format!(" AND {first} > ${next}");
            args.push(timestamp_arg(Some(moment)));
        }
        Some(Within::Span(after, to)) => {
            sql += &format!(" AND {first} > ${next} AND {first} <= ${}", next + 1);
            args.extend([after, to].map(|moment| timestamp_arg(Some(moment))));
        }
        Some(Within::Days(from, to)) => {
            sql += &format!(" AND {first} BETWEEN ${next} AND ${}", next + 1);
            args.extend([from, to].map(date_arg));
        }
    }
    Ok((sql, args))
}

/// The row of the content that `order` finds equal; rows ascend.
fn search(rows: usize, order: impl Fn(usize) -> Result<Ordering>) -> Result<Option<usize>> {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = (low + high) / 2;
        match order(middle)? {
            Ordering::Equal => return Ok(Some(middle)),
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
        }
    }
    Ok(None)
}

/// How the key of a stored row compares with that of a row of the content.
///
/// # Errors
/// Where a value of the content is no key of its column's type.
fn compare_key(stored: &Row, key: &[Column], wanted: &[Value]) -> Result<Ordering> {
    for (c, (column, value)) in key.iter().zip(wanted).enumerate() {
        let order = match (column.kind, value) {
            (Type::Timestamptz, Value::Micros(micros)) => {
                stored.get::<Option<_>>(c)?.cmp(&Some(Micros(*micros)))
            }
            (Type::Int, Value::Int(number)) => stored.get::<Option<_>>(c)?.cmp(&Some(*number)),
            (Type::Date, Value::Date(days)) => stored.get::<Option<_>>(c)?.cmp(&Some(Days(*days))),
            (Type::Text, Value::Text(text)) => stored.get::<Option<_>>(c)?.cmp(&Some(*text)),
            _ => return Err(no_key(column)),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// The key of a table, or of a row of its content, is not of a type that keys are compared by.
fn no_key(column: &Column) -> Error {
    internal(format!("key column {} holds a value that is not {}", column.name, column.kind.sql()))
}

/// Entries in a form that stored rows are compared with.
struct Entries<'a> {
    table: &'a Table,
    content: &'a Content<'a>,
    /// The stored form of each array value.
    arrays: Vec<Option<Vec<u8>>>,
}

impl<'a> Entries<'a> {
    /// Whether a stored row is NULL where an entry has a value; its values begin at a column.
    fn lacks(&self, stored: &Row, first_column: usize, entry: usize) -> bool {
        let values = self.table.values.len();
        let wanted = &self.content.entries[entry * values..(entry + 1) * values];
        wanted.iter().enumerate().any(|(v, value)| *value != Value::Null && stored.is_null(first_column + v))
    }

    fn new(table: &'a Table, content: &'a Content<'a>) -> Self {
        let stored = |value: &Value| match value {
            Value::Texts(texts) => varlena_of(texts.to_vec()),
            Value::Floats(numbers) => Some(floats_of(numbers)),
            _ => None,
        };
        Self { table, content, arrays: content.entries.iter().map(stored).collect() }
    }

    /// Whether a stored row says what an entry does; its values begin at a column.
    fn equal(&self, stored: &Row, first_column: usize, entry: usize) -> Result<bool> {
        let start = entry * self.table.values.len();
        for v in 0..self.table.values.len() {
            let column = first_column + v;
            let equal = match self.content.entries[start + v] {
                Value::Null => stored.is_null(column),
                Value::Micros(micros) => stored.get::<Option<_>>(column)? == Some(Micros(micros)),
                Value::Int(number) => stored.get::<Option<_>>(column)? == Some(number),
                Value::Date(days) => stored.get::<Option<_>>(column)? == Some(Days(days)),
                Value::Float(number) => {
                    stored.get::<Option<f64>>(column)?.map(f64::to_bits) == Some(number.to_bits())
                }
                Value::Bool(truth) => stored.get::<Option<_>>(column)? == Some(truth),
                Value::Text(text) => stored.get::<Option<_>>(column)? == Some(text),
                Value::Texts(_) | Value::Floats(_) => {
                    stored.stored_array(column) == self.arrays[start + v].as_deref()
                }
            };
            if !equal {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
