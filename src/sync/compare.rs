//! Stored rows against the content they should have.

use crate::pg::arg::{Arg, date_arg, timestamp_arg};
use crate::pg::error::Result;
use crate::pg::spi::{Db, Row, Sees, varlena_of};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::statement::{scalar_arg, scope_condition};
use crate::sync::table::{Column, OnChange, Table, Type};

/// What a write did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: u64,
    pub updated: u64,
    pub deleted: u64,
}

impl Written {
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
    /// Those after a moment.
    After(i64),
    /// Those of a span of days since 2000, first and last.
    Days(i32, i32),
}

/// How the rows of a relation differ from their content.
#[derive(Default)]
pub struct Changes {
    pub insert: Vec<usize>,
    /// Rows of the content that are there and say something else.
    pub update: Vec<usize>,
    /// Keys of rows to delete, column by column.
    pub delete: Vec<Vec<OwnedKey>>,
    /// Rows that go, or are replaced.
    pub deleted: u64,
    pub replaced: u64,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.insert.is_empty() && self.update.is_empty() && self.deleted == 0
    }

    pub fn deletes(&self) -> bool {
        self.deleted + self.replaced > 0
    }

    /// Leaves what is there as it is: only rows that are missing are written. For [`OnChange::Update`].
    pub fn only_new(&mut self) {
        *self = Self { insert: std::mem::take(&mut self.insert), ..Self::default() };
    }

    pub fn written(&self) -> Written {
        Written {
            inserted: self.insert.len() as u64 - self.replaced,
            updated: self.update.len() as u64 + self.replaced,
            deleted: self.deleted,
        }
    }

    fn delete(&mut self, tuple: &Row, key: &[Column]) {
        self.delete.resize_with(key.len(), Vec::new);
        for (c, column) in key.iter().enumerate() {
            self.delete[c].push(match column.kind {
                Type::Timestamptz => OwnedKey::Micros(tuple.micros(c).unwrap_or_default()),
                Type::Int => OwnedKey::Int(tuple.int(c).unwrap_or_default()),
                Type::Date => OwnedKey::Date(tuple.date(c).unwrap_or_default()),
                _ => OwnedKey::Text(tuple.string(c).unwrap_or_default()),
            });
        }
    }
}

/// Compares a relation's rows of a scope, or a part of them, with `content`.
pub fn compare(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    within: Option<Within>,
    content: &Content,
) -> Result<Changes> {
    // The casts cost nothing where the types are the expected ones; an adopted table may be wider.
    let column = |c: &Column| format!("{}::{}", c.name, c.kind.sql());
    let columns = table.key.iter().chain(table.values).map(column).collect::<Vec<_>>().join(", ");
    let mut sql = format!("SELECT {columns} FROM {relation} WHERE {}", scope_condition(table, ""));
    let mut args: Vec<Arg> = scope.iter().map(|value| scalar_arg(*value)).collect();
    let (first, next) = (table.key[0].name, args.len() + 1);
    match within {
        None => {}
        Some(Within::After(moment)) => {
            sql += &format!(" AND {first} > ${next}");
            args.push(timestamp_arg(Some(moment)));
        }
        Some(Within::Days(from, to)) => {
            sql += &format!(" AND {first} BETWEEN ${next} AND ${}", next + 1);
            args.extend([from, to].map(date_arg));
        }
    }
    let entries = Entries::new(table, content);
    let (keys, rows) = (table.key.len(), content.entry.len());
    let mut seen = vec![false; rows];
    let mut existing = 0;
    let mut changes = Changes::default();
    let mut next = 0;
    db.rows(&sql, &args, Sees::Snapshot, |tuple| {
        existing += 1;
        let key_order =
            |row: usize| compare_key(tuple, table.key, &content.keys[row * keys..(row + 1) * keys]);
        // Rows mostly come in the order of the key, so the next one is tried before searching.
        let found = if next < rows && key_order(next).is_eq() { Some(next) } else { search(rows, key_order) };
        match found.filter(|&row| !seen[row]) {
            Some(row) => {
                seen[row] = true;
                next = row + 1;
                if !entries.equal(tuple, keys, content.entry[row] as usize) {
                    changes.update.push(row);
                    if table.on_change == OnChange::Replace {
                        changes.delete(tuple, table.key);
                    }
                }
            }
            None => {
                changes.deleted += 1;
                changes.delete(tuple, table.key);
            }
        }
        Ok(())
    })?;
    changes.insert = (0..rows).filter(|&row| !seen[row]).collect();
    match table.on_change {
        OnChange::Update => {}
        OnChange::Replace => {
            changes.replaced = changes.update.len() as u64;
            changes.insert.append(&mut changes.update);
            changes.insert.sort_unstable();
        }
        OnChange::ReplaceAll if changes.is_empty() => {}
        OnChange::ReplaceAll => {
            changes.insert = (0..rows).collect();
            changes.update.clear();
            changes.deleted = existing;
        }
    }
    Ok(changes)
}

fn search(rows: usize, order: impl Fn(usize) -> std::cmp::Ordering) -> Option<usize> {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = (low + high) / 2;
        match order(middle) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => high = middle,
            std::cmp::Ordering::Greater => low = middle + 1,
        }
    }
    None
}

/// How the key of a stored row compares with that of a row of the content.
fn compare_key(tuple: &Row, key: &[Column], wanted: &[Value]) -> std::cmp::Ordering {
    for (c, (column, value)) in key.iter().zip(wanted).enumerate() {
        let order = match (column.kind, value) {
            (Type::Timestamptz, Value::Micros(micros)) => tuple.micros(c).cmp(&Some(*micros)),
            (Type::Int, Value::Int(number)) => tuple.int(c).cmp(&Some(*number)),
            (Type::Date, Value::Date(days)) => tuple.date(c).cmp(&Some(*days)),
            (_, Value::Text(text)) => tuple.text(c).cmp(&Some(text)),
            _ => std::cmp::Ordering::Less,
        };
        if order.is_ne() {
            return order;
        }
    }
    std::cmp::Ordering::Equal
}

/// Entries in a form that stored rows are compared with.
struct Entries<'a> {
    table: &'a Table,
    content: &'a Content<'a>,
    /// The stored form of each array value.
    arrays: Vec<Option<Vec<u8>>>,
}

impl<'a> Entries<'a> {
    fn new(table: &'a Table, content: &'a Content<'a>) -> Self {
        let stored = |value: &Value| match value {
            Value::Texts(texts) => varlena_of(texts.to_vec()),
            _ => None,
        };
        Self { table, content, arrays: content.entries.iter().map(stored).collect() }
    }

    fn equal(&self, tuple: &Row, first_column: usize, entry: usize) -> bool {
        let start = entry * self.table.values.len();
        (0..self.table.values.len()).all(|v| {
            let column = first_column + v;
            match self.content.entries[start + v] {
                Value::Null => tuple.is_null(column),
                Value::Micros(micros) => tuple.micros(column) == Some(micros),
                Value::Int(number) => tuple.int(column) == Some(number),
                Value::Date(days) => tuple.date(column) == Some(days),
                Value::Float(number) => tuple.float(column).is_some_and(|f| f.to_bits() == number.to_bits()),
                Value::Bool(truth) => tuple.bool(column) == Some(truth),
                Value::Text(text) => tuple.text(column) == Some(text),
                Value::Texts(_) => tuple.stored_strings(column) == self.arrays[start + v].as_deref(),
            }
        })
    }
}
