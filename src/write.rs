//! Writing the rows of one scope (an asset) of an output table: only what differs from what is
//! there, with a handful of set-wise statements.
//!
//! Many rows say the same, so content is given as keys and, per key, the index of an entry; entries
//! are sent once and joined in SQL.

use crate::db::{Arg, Db, Sees, Tuple, arg, timestamps_arg, varlena_of};
use crate::error::Result;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Timestamptz,
    Int,
    Float,
    Bool,
    Text,
    TextArray,
}

impl Type {
    pub const fn sql(self) -> &'static str {
        match self {
            Type::Timestamptz => "timestamptz",
            Type::Int => "int",
            Type::Float => "float8",
            Type::Bool => "boolean",
            Type::Text => "text",
            Type::TextArray => "text[]",
        }
    }
}

/// A column of an output table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Type,
    /// Whether NULL is ever written.
    pub nullable: bool,
}

/// A value on its way into a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Micros(i64),
    Int(i32),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Texts(&'a [String]),
}

impl<'a> Value<'a> {
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }

    pub fn float(number: Option<f64>) -> Self {
        number.map_or(Value::Null, Value::Float)
    }

    pub fn int(number: Option<i32>) -> Self {
        number.map_or(Value::Null, Value::Int)
    }
}

/// How a row that differs is brought to what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// By an update.
    Update,
    /// By deleting and inserting it: for tables with a further unique key, over which set-wise
    /// updates would stumble.
    Replace,
    /// Rows are one snapshot: where one differs, all are replaced, with one stamp.
    ReplaceAll,
}

/// What the rows of a table are like.
pub struct Table {
    /// Its name, or what it is called.
    pub name: &'static str,
    /// Columns that say whose rows they are; the same for all rows of a write.
    pub scope: &'static [Column],
    /// The other columns of the key. Content is in their order, ascending.
    pub key: &'static [Column],
    pub values: &'static [Column],
    /// Set to the time of the transaction wherever a row changes.
    pub stamp: &'static str,
    pub on_change: OnChange,
}

/// The rows a table should hold for a scope.
#[derive(Default)]
pub struct Content<'a> {
    /// Keys, row by row, ascending.
    pub keys: Vec<Value<'a>>,
    /// Per row, its index in `entries`.
    pub entry: Vec<u32>,
    /// Values, entry by entry.
    pub entries: Vec<Value<'a>>,
}

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

/// Brings a relation's rows of a scope to `content`. With `dry_run`, only says what it would do.
pub fn sync(
    db: Db,
    relation: &str,
    table: &Table,
    scope: &[Value],
    content: &Content,
    dry_run: bool,
) -> Result<Written> {
    let changes = diff(db, relation, table, scope, content)?;
    if dry_run || changes.is_empty() {
        return Ok(changes.written());
    }
    let statement = Statement { relation, table, scope, content };
    if table.on_change == OnChange::ReplaceAll {
        db.execute(&statement.delete_all(), &statement.scope_args())?;
    } else if changes.deletes() {
        db.execute(&statement.delete(), &statement.delete_args(&changes.delete))?;
    }
    for (rows, sql) in [(&changes.update, statement.update()), (&changes.insert, statement.insert())] {
        if !rows.is_empty() {
            db.execute(&sql, &statement.row_args(rows))?;
        }
    }
    Ok(changes.written())
}

#[derive(Default)]
struct Changes {
    insert: Vec<usize>,
    update: Vec<usize>,
    /// Keys of rows to delete, column by column.
    delete: Vec<Vec<OwnedKey>>,
    /// Rows that go, or are replaced.
    deleted: u64,
    replaced: u64,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.insert.is_empty() && self.update.is_empty() && self.deleted == 0
    }

    fn deletes(&self) -> bool {
        self.deleted + self.replaced > 0
    }

    fn written(&self) -> Written {
        Written {
            inserted: self.insert.len() as u64 - self.replaced,
            updated: self.update.len() as u64 + self.replaced,
            deleted: self.deleted,
        }
    }

    fn delete(&mut self, tuple: &Tuple, key: &[Column]) {
        self.delete.resize_with(key.len(), Vec::new);
        for (c, column) in key.iter().enumerate() {
            self.delete[c].push(match column.kind {
                Type::Timestamptz => OwnedKey::Micros(tuple.micros(c).unwrap_or_default()),
                Type::Int => OwnedKey::Int(tuple.int(c).unwrap_or_default()),
                _ => OwnedKey::Text(tuple.string(c).unwrap_or_default()),
            });
        }
    }
}

/// The key of a row that is there and should not be.
enum OwnedKey {
    Micros(i64),
    Int(i32),
    Text(String),
}

fn diff(db: Db, relation: &str, table: &Table, scope: &[Value], content: &Content) -> Result<Changes> {
    // The casts cost nothing where the types are the expected ones; an adopted table may be wider.
    let column = |c: &Column| format!("{}::{}", c.name, c.kind.sql());
    let columns = table.key.iter().chain(table.values).map(column).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {columns} FROM {relation} WHERE {}", scope_condition(table, ""));
    let args: Vec<Arg> = scope.iter().map(|value| scalar_arg(*value)).collect();
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
fn compare_key(tuple: &Tuple, key: &[Column], wanted: &[Value]) -> std::cmp::Ordering {
    for (c, (column, value)) in key.iter().zip(wanted).enumerate() {
        let order = match (column.kind, value) {
            (Type::Timestamptz, Value::Micros(micros)) => tuple.micros(c).cmp(&Some(*micros)),
            (Type::Int, Value::Int(number)) => tuple.int(c).cmp(&Some(*number)),
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

    fn equal(&self, tuple: &Tuple, first_column: usize, entry: usize) -> bool {
        let start = entry * self.table.values.len();
        (0..self.table.values.len()).all(|v| {
            let column = first_column + v;
            match self.content.entries[start + v] {
                Value::Null => tuple.is_null(column),
                Value::Micros(micros) => tuple.micros(column) == Some(micros),
                Value::Int(number) => tuple.int(column) == Some(number),
                Value::Float(number) => tuple.float(column).is_some_and(|f| f.to_bits() == number.to_bits()),
                Value::Bool(truth) => tuple.bool(column) == Some(truth),
                Value::Text(text) => tuple.text(column) == Some(text),
                Value::Texts(_) => tuple.stored_strings(column) == self.arrays[start + v].as_deref(),
            }
        })
    }
}

fn scope_condition(table: &Table, prefix: &str) -> String {
    let equal = |(i, column): (usize, &Column)| format!("{prefix}{} = ${}", column.name, i + 1);
    table.scope.iter().enumerate().map(equal).collect::<Vec<_>>().join(" AND ")
}

/// The statements of one write. Parameters: the scope, the keys, the entry of each row (counted
/// from 1), the values of each entry.
struct Statement<'a> {
    relation: &'a str,
    table: &'a Table,
    scope: &'a [Value<'a>],
    content: &'a Content<'a>,
}

impl Statement<'_> {
    fn names(columns: &[Column], prefix: &str) -> Vec<String> {
        columns.iter().map(|c| format!("{prefix}{}", c.name)).collect()
    }

    /// `unnest($4::t[]), …`: a parameter a column, from `first` on. Qualified, so that no function of
    /// another's schema is found.
    fn unnested(columns: &[Column], first: usize) -> String {
        let arrays = columns.iter().enumerate().map(|(i, column)| {
            let element = if column.kind == Type::TextArray { "text" } else { column.kind.sql() };
            format!("pg_catalog.unnest(${}::{element}[])", first + i)
        });
        arrays.collect::<Vec<_>>().join(", ")
    }

    /// The rows as a FROM clause: `k` has keys, `e` values.
    ///
    /// `k` expands its arrays in a target list, which streams them; in a FROM clause they would be
    /// stored first. `e` is DISTINCT although its numbers are, so that the planner knows it too and
    /// hashes `e` alone, which leaves rows in the order of their keys; and so that arrays are cast
    /// once an entry, not once a row.
    fn rows(&self) -> String {
        let (scope, keys) = (self.table.scope.len(), self.table.key.len());
        let value = |c: &Column| match c.kind {
            Type::TextArray => format!("{0}::text[] AS {0}", c.name),
            _ => c.name.to_owned(),
        };
        let values: Vec<String> = self.table.values.iter().map(value).collect();
        format!(
            "(SELECT {}, pg_catalog.unnest(${}::int[]) AS entry) AS k JOIN (SELECT DISTINCT ON (n) n, {} \
             FROM ROWS FROM ({}) WITH ORDINALITY AS u({}, n)) AS e ON e.n = k.entry",
            Self::expanded(self.table.key, scope + 1),
            scope + keys + 1,
            values.join(", "),
            Self::unnested(self.table.values, scope + keys + 2),
            Self::names(self.table.values, "").join(", "),
        )
    }

    fn expanded(columns: &[Column], first: usize) -> String {
        let expand = |(i, c): (usize, &Column)| {
            format!("pg_catalog.unnest(${}::{}[]) AS {}", first + i, c.kind.sql(), c.name)
        };
        columns.iter().enumerate().map(expand).collect::<Vec<_>>().join(", ")
    }

    fn insert(&self) -> String {
        let scope = (1..=self.table.scope.len()).map(|i| format!("${i}"));
        let select: Vec<String> = scope
            .chain(Self::names(self.table.key, "k."))
            .chain(Self::names(self.table.values, "e."))
            .collect();
        let columns = [self.table.scope, self.table.key, self.table.values].concat();
        format!(
            "INSERT INTO {} ({}, {}) SELECT {}, now() FROM {}",
            self.relation,
            Self::names(&columns, "").join(", "),
            self.table.stamp,
            select.join(", "),
            self.rows()
        )
    }

    fn update(&self) -> String {
        let assignment = |c: &Column| format!("{0} = e.{0}", c.name);
        let assignments: Vec<String> = self.table.values.iter().map(assignment).collect();
        format!(
            "UPDATE {} AS t SET {}, {} = now() FROM {} WHERE {} AND {}",
            self.relation,
            assignments.join(", "),
            self.table.stamp,
            self.rows(),
            scope_condition(self.table, "t."),
            self.same_key()
        )
    }

    fn delete(&self) -> String {
        format!(
            "DELETE FROM {} AS t USING (SELECT {}) AS k WHERE {} AND {}",
            self.relation,
            Self::expanded(self.table.key, self.table.scope.len() + 1),
            scope_condition(self.table, "t."),
            self.same_key()
        )
    }

    fn delete_all(&self) -> String {
        format!("DELETE FROM {} WHERE {}", self.relation, scope_condition(self.table, ""))
    }

    fn same_key(&self) -> String {
        let equal = |column: &Column| format!("t.{0} = k.{0}", column.name);
        self.table.key.iter().map(equal).collect::<Vec<_>>().join(" AND ")
    }

    fn scope_args(&self) -> Vec<Arg> {
        self.scope.iter().map(|value| scalar_arg(*value)).collect()
    }

    fn row_args(&self, rows: &[usize]) -> Vec<Arg> {
        let (keys, values) = (self.table.key.len(), self.table.values.len());
        let mut args = self.scope_args();
        for (c, column) in self.table.key.iter().enumerate() {
            args.push(array_arg(column.kind, rows.iter().map(|row| self.content.keys[row * keys + c])));
        }
        args.push(arg(rows.iter().map(|row| self.content.entry[*row] as i32 + 1).collect::<Vec<_>>()));
        let entries = self.content.entries.len() / values.max(1);
        for (c, column) in self.table.values.iter().enumerate() {
            args.push(array_arg(
                column.kind,
                (0..entries).map(|entry| self.content.entries[entry * values + c]),
            ));
        }
        args
    }

    fn delete_args(&self, keys: &[Vec<OwnedKey>]) -> Vec<Arg> {
        let mut args = self.scope_args();
        for (column, keys) in self.table.key.iter().zip(keys) {
            let values = keys.iter().map(|key| match key {
                OwnedKey::Micros(micros) => Value::Micros(*micros),
                OwnedKey::Int(number) => Value::Int(*number),
                OwnedKey::Text(text) => Value::Text(text),
            });
            args.push(array_arg(column.kind, values));
        }
        args
    }
}

fn scalar_arg(value: Value) -> Arg {
    match value {
        Value::Int(number) => arg(number),
        Value::Bool(truth) => arg(truth),
        Value::Text(text) => arg(text),
        // No table has a scope of another type.
        _ => arg(None::<&str>),
    }
}

fn array_arg<'a>(kind: Type, values: impl Iterator<Item = Value<'a>>) -> Arg {
    match kind {
        Type::Timestamptz => timestamps_arg(
            values.map(|v| if let Value::Micros(micros) = v { Some(micros) } else { None }).collect(),
        ),
        Type::Int => {
            arg(values.map(|v| if let Value::Int(n) = v { Some(n) } else { None }).collect::<Vec<_>>())
        }
        Type::Float => {
            arg(values.map(|v| if let Value::Float(n) = v { Some(n) } else { None }).collect::<Vec<_>>())
        }
        Type::Bool => {
            arg(values.map(|v| if let Value::Bool(b) = v { Some(b) } else { None }).collect::<Vec<_>>())
        }
        Type::Text => {
            arg(values.map(|v| if let Value::Text(t) = v { Some(t) } else { None }).collect::<Vec<_>>())
        }
        Type::TextArray => {
            let text = |v| if let Value::Texts(texts) = v { Some(array_literal(texts)) } else { None };
            arg(values.map(text).collect::<Vec<_>>())
        }
    }
}

/// A `text[]` as its text form, every element quoted.
fn array_literal(texts: &[String]) -> String {
    let quoted = texts.iter().map(|t| format!("\"{}\"", t.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}
