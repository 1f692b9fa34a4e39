//! Bringing the few rows of many scopes, such as a day of many assets, to their content, by one statement of each kind.

use crate::pg::{Arg, Db, Result, Sees, timestamps_arg};
use crate::sync::compare::{Changes, Comparison, Written};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::flat::{Flat, FlatRow};
use crate::sync::kept;
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

/// A write of the rows of scopes to a relation; not for tables of [`OnChange::Replace`].
pub struct Parts<'a, 'c> {
    pub db: Db<'c>,
    /// The relation, as SQL.
    pub relation: &'a str,
    pub table: &'a Table,
    pub parts: &'a [Part<'a>],
    /// Whether it is known that none of the rows is stored.
    pub are_new: bool,
}

impl Parts<'_, '_> {
    /// Brings the rows of each scope to their content, and counts what was written of each; `None` where rows are not stored as
    /// written.
    ///
    /// # Errors
    /// Where the relation cannot be read or written, or a value is not of the type of its column.
    pub fn bring(&self) -> Result<Option<Vec<Written>>> {
        let changes = self.compare(self.are_new)?;
        for gap in changes.iter().flat_map(|changes| &changes.left_out) {
            kept::tell(self.relation, self.table, *gap);
        }
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
            self.db.of_each(self.relation)?.doing("read stored rows").rows(
                &self.stored_rows(),
                &self.stored_args()?,
                Sees::Snapshot,
                |row| all[row.get::<i64>(number)? as usize - 1].take(row),
            )?;
        }
        let gaps = |part: &Part| kept::gaps(self.db, self.relation, table, &part.scope);
        all.into_iter().zip(*parts).map(|(comparison, part)| comparison.end(|| gaps(part))).collect()
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
        let db = self.db.to_write(self.relation)?.doing("write rows");
        let flat = Flat { relation: self.relation, table: self.table };
        let rows_of = |of: fn(&Changes) -> &[usize]| -> Vec<FlatRow> {
            let of_part = |(part, changes)| {
                let Part { scope, content, .. }: &Part = part;
                of(changes).iter().map(move |row| FlatRow { scope, content, row: *row })
            };
            self.parts.iter().zip(changes).flat_map(of_part).collect()
        };
        let mut touched = 0;
        if self.table.on_change == OnChange::ReplaceAll {
            let replaced: Vec<usize> = (0..changes.len()).filter(|part| changes[*part].deletes()).collect();
            if !replaced.is_empty() {
                touched += db.execute_small(&flat.delete(&[]), &self.scope_args(&replaced)?)?;
            }
        } else if changes.iter().any(Changes::deletes) {
            touched += db.execute_small(&flat.delete(self.table.key), &self.delete_args(changes)?)?;
        }
        let update = rows_of(|changes| &changes.update);
        if !update.is_empty() {
            touched += db.execute_small(&flat.update(), &flat.args(&update)?)?;
        }
        let insert = rows_of(|changes| &changes.insert);
        if !insert.is_empty() {
            touched += db.execute_small(&flat.insert(), &flat.args(&insert)?)?;
        }
        Ok(touched)
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
