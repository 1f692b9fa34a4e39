//! Writing rows of working tables. What is not stored as written is an error: a later refresh goes on from these rows.

use crate::pg::{Arg, Db, Result, Sees};
use crate::sync::compare::Written;
use crate::sync::swallowed;

/// A write of rows to a working table.
pub struct Working<'a> {
    /// The table, as SQL.
    pub relation: &'a str,
    /// The statement that writes the rows, each once.
    pub write: String,
    /// A query with the parameters of the statement that gives a row for each row stored as written.
    pub stored: String,
    /// The number of rows to write.
    pub rows: usize,
}

/// Rows to store in a working table in place of rows with the same key.
pub struct Upsert<'a> {
    /// The table, as SQL.
    pub relation: &'a str,
    /// The columns of the key, of which there is a unique index.
    pub key: &'a [&'a str],
    /// The other columns.
    pub values: &'a [&'a str],
    /// The column with the time of the last change; empty: there is none.
    pub stamp: &'a str,
    /// Whether a row that is stored already is left as it is.
    pub only_changed: bool,
    /// A query that gives the rows: the columns of the key, the others.
    pub rows: &'a str,
}

impl<'a> Upsert<'a> {
    /// The write of this number of rows.
    pub fn of(self, number: usize) -> Working<'a> {
        let Self { relation, key, values, stamp, only_changed, rows } = self;
        let of = |prefix: &str, columns: &[&str]| {
            columns.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
        };
        let set = |name: &&str| format!("{name} = excluded.{name}");
        let stamp = (!stamp.is_empty()).then_some(&stamp);
        let set: Vec<String> = values.iter().chain(stamp).map(set).collect();
        let condition = match only_changed {
            true => {
                format!(
                    " WHERE ROW ({}) IS DISTINCT FROM ROW ({})",
                    of("t.", values),
                    of("excluded.", values)
                )
            }
            false => String::new(),
        };
        let (key, both) = (key.join(", "), of("", &[key, values].concat()));
        Working {
            relation,
            write: format!(
                "INSERT INTO {relation} AS t ({both}) {rows} ON CONFLICT ({key}) DO UPDATE SET {}{condition}",
                set.join(", ")
            ),
            stored: format!(
                "SELECT FROM ({rows}) AS w ({both}) JOIN {relation} AS t USING ({key}) \
                 WHERE ROW ({}) IS NOT DISTINCT FROM ROW ({})",
                of("t.", values),
                of("w.", values)
            ),
            rows: number,
        }
    }
}

impl Working<'_> {
    /// Writes few rows, and looks again where fewer rows were touched, or the table has triggers that can keep a row as it
    /// was.
    ///
    /// # Errors
    /// Where the table cannot be read or written, and where a row is not stored as written.
    pub fn run(&self, db: Db, args: &[Arg]) -> Result<()> {
        self.check(db, args, db.doing("write working tables").execute_small(&self.write, args)?)
    }

    /// [`Working::run`] of any number of rows: the statement is planned for these.
    ///
    /// # Errors
    /// As [`Working::run`].
    pub fn run_many(&self, db: Db, args: &[Arg]) -> Result<()> {
        self.check(db, args, db.doing("write working tables").execute(&self.write, args)?)
    }

    fn check(&self, db: Db, args: &[Arg], touched: u64) -> Result<()> {
        let Self { relation, stored, rows, .. } = self;
        if touched >= *rows as u64 && !swallowed::may_be(db, relation)? {
            return Ok(());
        }
        let sql = format!("SELECT pg_catalog.count(*) AS rows FROM ({stored}) AS s");
        let stored: i64 =
            db.anew()
                .doing("look again at what was written")
                .one(&sql, args, Sees::Now, |row| row.get("rows"))?;
        match (*rows as u64).saturating_sub(stored as u64) {
            0 => Ok(()),
            left => Err(swallowed::error(db, relation, Written { updated: left, ..Written::default() })),
        }
    }
}
