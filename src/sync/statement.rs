//! The statements that write the rows of one scope of an output table, and their parameters.

use pgrx::datum::Date;

use crate::pg::{Arg, Result, arg, internal, timestamps_arg};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::table::{Column, Table, Type};

/// SQL: the condition on the rows of a scope, whose values are the first parameters.
pub fn scope_condition(table: &Table, prefix: &str) -> String {
    let equal = |(i, column): (usize, &Column)| format!("{prefix}{} = ${}", column.name, i + 1);
    table.scope.iter().enumerate().map(equal).collect::<Vec<_>>().join(" AND ")
}

/// The statements of one write. Parameters: the scope, the keys, the entry of each row (counted from 1),
/// the values of each entry.
pub struct Statement<'a> {
    /// Quoted, with its schema.
    pub relation: &'a str,
    /// Its columns.
    pub table: &'a Table,
    /// Whose rows are written.
    pub scope: &'a [Value<'a>],
    /// The rows to hold.
    pub content: &'a Content<'a>,
}

impl Statement<'_> {
    fn names(columns: &[Column], prefix: &str) -> Vec<String> {
        columns.iter().map(|c| format!("{prefix}{}", c.name)).collect()
    }

    /// `unnest($4::t[]), …`: a parameter a column, from `first` on. Qualified, so that no function of
    /// another's schema is found.
    fn unnested(columns: &[Column], first: usize) -> String {
        let arrays = columns.iter().enumerate().map(|(i, column)| {
            let element = if column.kind.is_array() { "text" } else { column.kind.sql() };
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
            kind if kind.is_array() => format!("{0}::{1} AS {0}", c.name, kind.sql()),
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

    /// The columns of an insert.
    fn columns(&self) -> String {
        let columns = [self.table.scope, self.table.key, self.table.values].concat();
        let stamp = self.stamped(&format!(", {}", self.table.stamp)).to_owned();
        Self::names(&columns, "").join(", ") + &stamp
    }

    /// What a statement says of the stamp, if the table has one.
    fn stamped<'a>(&self, sql: &'a str) -> &'a str {
        if self.table.stamp.is_empty() { "" } else { sql }
    }

    /// The insert of many rows.
    pub fn insert(&self) -> String {
        let scope = (1..=self.table.scope.len()).map(|i| format!("${i}"));
        let select: Vec<String> = scope
            .chain(Self::names(self.table.key, "k."))
            .chain(Self::names(self.table.values, "e."))
            .collect();
        format!(
            "INSERT INTO {} ({}) SELECT {}{} FROM {}",
            self.relation,
            self.columns(),
            select.join(", "),
            self.stamped(", now()"),
            self.rows()
        )
    }

    /// The update of rows, one or many. `OFFSET 0` has keys and values joined by themselves: where the table has grown since
    /// it was analysed, the planner takes a join with it for one row, and would go through all values for each row.
    pub fn update(&self) -> String {
        let assignment = |c: &Column| format!("{0} = r.{0}", c.name);
        let assignments: Vec<String> = self.table.values.iter().map(assignment).collect();
        let keys = Self::names(self.table.key, "k.");
        let columns: Vec<String> = keys.into_iter().chain(Self::names(self.table.values, "e.")).collect();
        format!(
            "UPDATE {} AS t SET {}{} FROM (SELECT {} FROM {} OFFSET 0) AS r WHERE {} AND {}",
            self.relation,
            assignments.join(", "),
            self.stamped(&format!(", {} = now()", self.table.stamp)),
            columns.join(", "),
            self.rows(),
            scope_condition(self.table, "t."),
            self.same_key("r")
        )
    }

    /// The delete of rows by their keys.
    pub fn delete(&self) -> String {
        format!(
            "DELETE FROM {} AS t USING (SELECT {}) AS k WHERE {} AND {}",
            self.relation,
            Self::expanded(self.table.key, self.table.scope.len() + 1),
            scope_condition(self.table, "t."),
            self.same_key("k")
        )
    }

    /// The delete of all rows of the scope.
    pub fn delete_all(&self) -> String {
        format!("DELETE FROM {} WHERE {}", self.relation, scope_condition(self.table, ""))
    }

    fn same_key(&self, rows: &str) -> String {
        let equal = |column: &Column| format!("t.{0} = {rows}.{0}", column.name);
        self.table.key.iter().map(equal).collect::<Vec<_>>().join(" AND ")
    }

    /// The parameters of [`Statement::delete_all`].
    ///
    /// # Errors
    /// Where a value is not of the type of its column.
    pub fn scope_args(&self) -> Result<Vec<Arg>> {
        self.scope.iter().map(|value| scalar_arg(*value)).collect()
    }

    /// The parameters of [`Statement::insert`] and [`Statement::update`] for these rows of the content.
    ///
    /// # Errors
    /// Where a value is not of the type of its column.
    pub fn row_args(&self, rows: &[usize]) -> Result<Vec<Arg>> {
        let (keys, values) = (self.table.key.len(), self.table.values.len());
        let mut args = self.scope_args()?;
        for (c, column) in self.table.key.iter().enumerate() {
            args.push(array_arg(column, rows.iter().map(|row| self.content.keys[row * keys + c]))?);
            pgrx::check_for_interrupts!();
        }
        args.push(arg(rows.iter().map(|row| self.content.entry[*row] as i32 + 1).collect::<Vec<_>>()));
        pgrx::check_for_interrupts!();
        let entries = self.content.entries.len() / values.max(1);
        for (c, column) in self.table.values.iter().enumerate() {
            args.push(array_arg(column, (0..entries).map(|entry| self.content.entries[entry * values + c]))?);
        }
        Ok(args)
    }

    /// The parameters of [`Statement::delete`] for keys, given column by column.
    ///
    /// # Errors
    /// Where a value is not of the type of its column.
    pub fn delete_args(&self, keys: &[Vec<OwnedKey>]) -> Result<Vec<Arg>> {
        let mut args = self.scope_args()?;
        for (column, keys) in self.table.key.iter().zip(keys) {
            args.push(array_arg(column, keys.iter().map(OwnedKey::value))?);
        }
        Ok(args)
    }
}

/// A value of a scope as a parameter.
///
/// # Errors
/// Where no column of a scope is of the type of the value.
pub fn scalar_arg(value: Value) -> Result<Arg> {
    match value {
        Value::Int(number) => Ok(arg(number)),
        Value::Bool(truth) => Ok(arg(truth)),
        Value::Text(text) => Ok(arg(text)),
        Value::Null
        | Value::Micros(_)
        | Value::Date(_)
        | Value::Float(_)
        | Value::Texts(_)
        | Value::Floats(_) => Err(internal(format!("a scope column cannot hold {value:?}"))),
    }
}

/// The values of a column as a parameter, an array; that of a column of arrays has the text form of each value.
///
/// # Errors
/// Where a value is neither NULL nor of the type of the column.
pub(super) fn array_arg<'a>(column: &Column, values: impl Iterator<Item = Value<'a>>) -> Result<Arg> {
    let mistyped = |value: Value| internal(format!("{value:?} is no value of column {}", column.name));
    /// Collects the values of one kind.
    macro_rules! values_of {
        ($($kind:pat => $value:expr),*) => {
            values.map(|value| match value {
                Value::Null => Ok(None),
                $($kind => Ok(Some($value)),)*
                other => Err(mistyped(other)),
            })
            .collect::<Result<Vec<_>>>()?
        };
    }
    Ok(match column.kind {
        Type::Timestamptz => timestamps_arg(values_of!(Value::Micros(micros) => micros)),
        Type::Date => arg(
            values_of!(Value::Date(days) => Date::try_from(days).map_err(|_| mistyped(Value::Date(days)))?),
        ),
        Type::Int => arg(values_of!(Value::Int(number) => number)),
        Type::Float => arg(values_of!(Value::Float(number) => number)),
        Type::Bool => arg(values_of!(Value::Bool(truth) => truth)),
        Type::Text => arg(values_of!(Value::Text(text) => text)),
        Type::TextArray => arg(values_of!(Value::Texts(texts) => array_literal(texts))),
        Type::FloatArray => arg(values_of!(Value::Floats(numbers) => float_array_literal(numbers))),
    })
}

/// A `text[]` as its text form, every element quoted.
fn array_literal(texts: &[String]) -> String {
    let quoted = texts.iter().map(|t| format!("\"{}\"", t.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

/// A `float8[]` as its text form, each number by the fewest digits that give the number back.
fn float_array_literal(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:e}")).collect();
    format!("{{{}}}", numbers.join(","))
}
