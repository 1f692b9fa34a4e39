//! Bringing the few rows of many scopes, such as a day of many assets, to their content, by one statement of each kind.

use std::rc::Rc;

use crate::pg::syscache::{is_partitioned, oid_of};
use crate::pg::{Arg, Db, Result, Sees, timestamps_arg};
use crate::sync::compare::{Changes, Comparison, Written};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::statement::array_arg;
use crate::sync::swallowed;
use crate::sync::table::{Column, OnChange, Table};

/// The rows of a scope.
pub struct Part<'a> {
    /// A value for each column of the scope.
    pub scope: Vec<Value<'a>>,
    /// The moment after which rows are written, in microseconds since 2000; it is not read where the table has no time.
    pub after: i64,
    pub content: Content<'a>,
}

/// A write of the rows of scopes to a relation.
pub struct Parts<'a, 'c> {
    pub db: Db<'c>,
    /// The relation, as SQL.
    pub relation: &'a str,
    pub table: &'a Table,
    pub parts: &'a [Part<'a>],
    /// Whether it is known that none of the rows is stored.
    pub are_new: bool,
}

/// Whether rows of a relation can be written by scope together: not where rows may have no partition, nor where a changed row is
/// replaced by another.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn can_be(relation: &str, table: &Table) -> Result<bool> {
    Ok(table.on_change != OnChange::Replace && !is_partitioned(oid_of(relation)?))
}

/// Rows to write: the part and the place in its content of each.
type Rows = Vec<(usize, usize)>;

impl Parts<'_, '_> {
    /// Brings the rows of each scope to their content, and counts what was written of each; `None` where rows are not stored as
    /// written. To be used where [`can_be`] holds.
    ///
    /// # Errors
    /// Where the relation cannot be read or written, or a value is not of the type of its column.
    pub fn bring(&self) -> Result<Option<Vec<Written>>> {
        let changes = self.compare(self.are_new)?;
        let to_touch: u64 = changes.iter().map(Changes::touched).sum();
        if to_touch > 0 {
            let is_written = self.run(&changes)? >= to_touch
                && (!swallowed::may_be(self.db, self.relation)?
                    || self.db.with_new_snapshot(|| self.compare(false))?.iter().all(Changes::is_empty));
            if !is_written {
                return Ok(None);
            }
        }
        Ok(Some(changes.iter().map(Changes::written).collect()))
    }

    /// How the stored rows of each scope differ from their content; `are_new`: none is stored.
    fn compare(&self, are_new: bool) -> Result<Vec<Changes>> {
        let Self { table, parts, .. } = self;
        let mut all: Vec<Comparison> =
            parts.iter().map(|part| Comparison::new(table, &part.content)).collect();
        let number = table.key.len() + table.values.len();
        if !are_new {
            self.db.of_each(self.relation)?.rows(
                &self.stored_rows(),
                &self.stored_args()?,
                Sees::Snapshot,
                |row| all[row.get::<i64>(number)? as usize - 1].take(row),
            )?;
        }
        all.into_iter().map(|comparison| comparison.end(|| Ok(Rc::default()))).collect()
    }

    /// The statement that reads the stored rows: the columns of the key, the values, the number of the part from 1.
    fn stored_rows(&self) -> String {
        let Table { scope, key, values, by_time, .. } = self.table;
        let column = |c: &Column| format!("t.{}::{}", c.name, c.kind.sql());
        let columns: Vec<String> = key.iter().chain(*values).map(column).collect();
        let of_scope = scope.iter().enumerate().map(|(n, c)| format!("t.{} = p.p{n}", c.name));
        let later = by_time.then(|| format!("t.{} > p.p{}", key[0].name, scope.len()));
        let condition: Vec<String> = of_scope.chain(later).collect();
        let arrays = scope.iter().map(|c| c.kind.sql()).chain(by_time.then_some("timestamptz"));
        let arrays: Vec<String> =
            arrays.enumerate().map(|(n, kind)| format!("pg_catalog.unnest(${}::{kind}[])", n + 1)).collect();
        let names: Vec<String> = (0..arrays.len()).map(|n| format!("p{n}")).collect();
        format!(
            "SELECT t.*, p.n FROM ROWS FROM ({}) WITH ORDINALITY AS p ({}, n) CROSS JOIN LATERAL \
             (SELECT {} FROM {} AS t WHERE {} OFFSET 0) AS t",
            arrays.join(", "),
            names.join(", "),
            columns.join(", "),
            self.relation,
            condition.join(" AND ")
        )
    }

    fn stored_args(&self) -> Result<Vec<Arg>> {
        let mut args = self.scope_args(&(0..self.parts.len()).collect::<Vec<_>>())?;
        if self.table.by_time {
            args.push(timestamps_arg(self.parts.iter().map(|part| Some(part.after)).collect()));
        }
        Ok(args)
    }

    /// The scopes of parts, column by column.
    fn scope_args(&self, parts: &[usize]) -> Result<Vec<Arg>> {
        let column = |(n, column)| array_arg(column, parts.iter().map(|part| self.parts[*part].scope[n]));
        self.table.scope.iter().enumerate().map(column).collect()
    }

    /// Runs the statements of changes; gives the number of rows that these have touched.
    fn run(&self, changes: &[Changes]) -> Result<u64> {
        let db = self.db.to_write(self.relation)?;
        let rows_of = |of: fn(&Changes) -> &[usize]| -> Rows {
            let of_part = |(part, changes)| of(changes).iter().map(move |row| (part, *row));
            changes.iter().enumerate().flat_map(of_part).collect()
        };
        let mut touched = 0;
        if self.table.on_change == OnChange::ReplaceAll {
            let replaced: Vec<usize> = (0..changes.len()).filter(|part| changes[*part].deletes()).collect();
            if !replaced.is_empty() {
                touched += db.execute_small(&self.delete(&[]), &self.scope_args(&replaced)?)?;
            }
        } else if changes.iter().any(Changes::deletes) {
            touched += db.execute_small(&self.delete(self.table.key), &self.delete_args(changes)?)?;
        }
        let update = rows_of(|changes| &changes.update);
        if !update.is_empty() {
            touched += db.execute_small(&self.update(), &self.row_args(&update)?)?;
        }
        let insert = rows_of(|changes| &changes.insert);
        if !insert.is_empty() {
            touched += db.execute_small(&self.insert(), &self.row_args(&insert)?)?;
        }
        Ok(touched)
    }

    /// All columns but the stamp: scope, key, values.
    fn columns(&self) -> Vec<Column> {
        [self.table.scope, self.table.key, self.table.values].concat()
    }

    /// SQL: rows as a FROM item `r`, from one array for each of these columns.
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

    fn insert(&self) -> String {
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

    fn update(&self) -> String {
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

    /// The delete of rows by their scopes and these columns.
    fn delete(&self, key: &[Column]) -> String {
        let columns = [self.table.scope, key].concat();
        format!("DELETE FROM {} AS t USING {} WHERE {}", self.relation, Self::rows(&columns), self.same(key))
    }

    /// The parameters of an insert or update of rows.
    fn row_args(&self, rows: &Rows) -> Result<Vec<Arg>> {
        let Table { key, values, .. } = self.table;
        let mut args = self.scope_args(&rows.iter().map(|(part, _)| *part).collect::<Vec<_>>())?;
        for (n, column) in key.iter().enumerate() {
            let value = |(part, row): &(usize, usize)| self.parts[*part].content.keys[row * key.len() + n];
            args.push(array_arg(column, rows.iter().map(value))?);
            pgrx::check_for_interrupts!();
        }
        for (n, column) in values.iter().enumerate() {
            let value = |(part, row): &(usize, usize)| {
                let content = &self.parts[*part].content;
                content.entries[content.entry[*row] as usize * values.len() + n]
            };
            args.push(array_arg(column, rows.iter().map(value))?);
            pgrx::check_for_interrupts!();
        }
        Ok(args)
    }

    /// The parameters of the delete of rows by their keys.
    fn delete_args(&self, changes: &[Changes]) -> Result<Vec<Arg>> {
        let of_part = |(part, changes): (usize, &Changes)| {
            let rows = changes.delete.first().map_or(0, Vec::len);
            std::iter::repeat_n(part, rows)
        };
        let parts: Vec<usize> = changes.iter().enumerate().flat_map(of_part).collect();
        let mut args = self.scope_args(&parts)?;
        for (n, column) in self.table.key.iter().enumerate() {
            let keys = changes.iter().filter_map(|changes| changes.delete.get(n)).flatten();
            args.push(array_arg(column, keys.map(OwnedKey::value))?);
        }
        Ok(args)
    }
}
