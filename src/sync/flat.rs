//! The statements that write a few rows, of one scope or of many, and their parameters: an array for each column, with a value for
//! each row, so that there is no join of keys and entries to plan or to run.

use crate::pg::{Arg, Result};
use crate::sync::content::{Content, Value};
use crate::sync::statement::array_arg;
use crate::sync::table::{Column, Table};

/// Writing rows to a relation.
pub struct Flat<'a> {
    /// Quoted, with its schema.
    pub relation: &'a str,
    pub table: &'a Table,
}

/// A row to write.
pub struct FlatRow<'a> {
    /// A value for each column of the scope.
    pub scope: &'a [Value<'a>],
    pub content: &'a Content<'a>,
    /// The row of the content.
    pub row: usize,
}

impl<'a> FlatRow<'a> {
    /// The value of a column of a table, by its place among scope, key and values.
    fn value(&self, table: &Table, column: usize) -> Value<'a> {
        let Self { scope, content, row } = *self;
        let (keys, values) = (table.key.len(), table.values.len());
        match column.checked_sub(scope.len()) {
            None => scope[column],
            Some(n) if n < keys => content.keys[row * keys + n],
            Some(n) => content.entries[content.entry[row] as usize * values + n - keys],
        }
    }
}

impl Flat<'_> {
    /// All columns but the stamp: scope, key, values.
    fn columns(&self) -> Vec<Column> {
        [self.table.scope, self.table.key, self.table.values].concat()
    }

    /// SQL: rows as a FROM item `r`, from one array for each of these columns. Qualified, so that no function of another's schema
    /// is found.
    fn rows(columns: &[Column]) -> String {
        let element = |c: &Column| if c.kind.is_array() { "text" } else { c.kind.sql() };
        let array = |(n, c)| format!("pg_catalog.unnest(${}::{}[])", n + 1, element(c));
        let arrays: Vec<String> = columns.iter().enumerate().map(array).collect();
        let names: Vec<&str> = columns.iter().map(|c| c.name).collect();
        format!("ROWS FROM ({}) AS r ({})", arrays.join(", "), names.join(", "))
    }

    /// SQL: the columns of the rows `r`, each of its type.
    fn typed(columns: &[Column]) -> String {
        let value = |c: &Column| match c.kind {
            kind if kind.is_array() => format!("r.{0}::{1} AS {0}", c.name, kind.sql()),
            _ => format!("r.{}", c.name),
        };
        columns.iter().map(value).collect::<Vec<_>>().join(", ")
    }

    /// SQL: whether a row `t` of the relation is a row `r`, by its scope and these columns.
    fn same(&self, key: &[Column]) -> String {
        let columns = self.table.scope.iter().chain(key);
        columns.map(|c| format!("t.{0} = r.{0}", c.name)).collect::<Vec<_>>().join(" AND ")
    }

    /// The insert of rows.
    pub fn insert(&self) -> String {
        let columns = self.columns();
        let names: Vec<&str> = columns.iter().map(|c| c.name).collect();
        let (stamp, now) = match self.table.stamp {
            "" => (String::new(), ""),
            stamp => (format!(", {stamp}"), ", now()"),
        };
        format!(
            "INSERT INTO {} ({}{stamp}) SELECT {}{now} FROM {}",
            self.relation,
            names.join(", "),
            Self::typed(&columns),
            Self::rows(&columns)
        )
    }

    /// The update of rows.
    pub fn update(&self) -> String {
        let columns = self.columns();
        let mut set: Vec<String> = self.table.values.iter().map(|c| format!("{0} = r.{0}", c.name)).collect();
        if !self.table.stamp.is_empty() {
            set.push(format!("{} = now()", self.table.stamp));
        }
        format!(
            "UPDATE {} AS t SET {} FROM (SELECT {} FROM {} OFFSET 0) AS r WHERE {}",
            self.relation,
            set.join(", "),
            Self::typed(&columns),
            Self::rows(&columns),
            self.same(self.table.key)
        )
    }

    /// The delete of rows by their scopes and these columns of the key.
    pub fn delete(&self, key: &[Column]) -> String {
        let columns = [self.table.scope, key].concat();
        format!("DELETE FROM {} AS t USING {} WHERE {}", self.relation, Self::rows(&columns), self.same(key))
    }

    /// The parameters of [`Flat::insert`] and [`Flat::update`].
    ///
    /// # Errors
    /// Where a value is not of the type of its column.
    pub fn args(&self, rows: &[FlatRow]) -> Result<Vec<Arg>> {
        let mut args = Vec::new();
        for (n, column) in self.columns().iter().enumerate() {
            args.push(array_arg(column, rows.iter().map(|row| row.value(self.table, n)))?);
            pgrx::check_for_interrupts!();
        }
        Ok(args)
    }
}
