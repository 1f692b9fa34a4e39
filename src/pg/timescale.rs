//! What PostgreSQL does otherwise for hypertables of TimescaleDB, which are made of chunks.

use std::rc::Rc;

use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::time::utc;

/// Whether TimescaleDB is in this database.
fn is_created() -> bool {
    // SAFETY: in a transaction; looks the extension up in its catalog, and gives no oid where the extension is missing.
    unsafe { pg_sys::get_extension_oid(c"timescaledb".as_ptr(), true) != pg_sys::InvalidOid }
}

/// The hypertables of this database; none where TimescaleDB is not in the database.
///
/// # Errors
/// Where the catalogs of TimescaleDB cannot be read.
pub fn hypertables(db: Db) -> Result<Vec<pg_sys::Oid>> {
    let find = || {
        if !is_created() {
            return Ok(Vec::new());
        }
        let sql = "SELECT c.oid FROM _timescaledb_catalog.hypertable h JOIN pg_catalog.pg_namespace n ON n.nspname = h.schema_name \
             JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.table_name";
        db.all(sql, &[], Sees::Now, |row| row.get("oid"))
    };
    Ok(known("hypertables", &(), find)?.as_ref().clone())
}

/// Whether a relation, which is named as in SQL, is a hypertable.
///
/// # Errors
/// Where the catalogs of TimescaleDB cannot be read.
pub fn is_hypertable(db: Db, relation: &str) -> Result<bool> {
    let all = hypertables(db)?;
    if all.is_empty() {
        return Ok(false);
    }
    let find = || {
        let sql = "SELECT coalesce(pg_catalog.to_regclass($1)::oid = ANY ($2), false)";
        db.one(sql, &[arg(relation), arg(all)], Sees::Now, |row| row.only())
    };
    Ok(*known("hypertable", &relation.to_owned(), find)?)
}

/// The newest chunks of a hypertable. A statement that finds its rows there spares PostgreSQL from planning, locking and opening
/// hundreds of others.
pub struct Recent {
    /// When the chunks begin, in microseconds since 2000; `None` for all chunks, and for any other table.
    from: Option<i64>,
}

impl Recent {
    /// All chunks.
    pub const ALL: Self = Self { from: None };

    /// The newest five of a relation that is named as in SQL: in chunks of a week, those of the last month.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn of(db: Db, relation: &str) -> Result<Self> {
        if !is_hypertable(db, relation)? {
            return Ok(Self::ALL);
        }
        // TimescaleDB has microseconds since 1970.
        let find = || {
            let sql = include_str!("../../sql/read/start_of_recent_chunks.sql");
            db.first(sql, &[arg(relation)], Sees::Now, |row| row.get::<i64>("start"))
        };
        Ok(Self { from: *known("recent chunks", &relation.to_owned(), find)? })
    }

    /// Whether these are all chunks.
    pub fn is_all(&self) -> bool {
        self.from.is_none()
    }

    /// SQL: the condition, after AND, that a time, given as SQL, is in these chunks; empty for all chunks.
    pub fn condition(&self, time: &str) -> String {
        self.from.map_or(String::new(), |from| format!(" AND {time} >= '{}'::timestamptz", utc(from)))
    }

    /// Whether a row of this time, in microseconds since 2000, proves that all later rows are in these chunks.
    pub fn holds(&self, time: Option<i64>) -> bool {
        self.from.is_none_or(|from| time.is_some_and(|time| time >= from))
    }

    /// What `find` finds in these chunks, or otherwise in all chunks, by a plan for the session.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn first<R>(&self, db: Db, find: impl Fn(Db, &Self) -> Result<Option<R>>) -> Result<Option<R>> {
        match find(db, self)? {
            None if self.from.is_some() => find(db.once(), &Self::ALL),
            found => Ok(found),
        }
    }

    /// The keys with rows in any chunk, as `find` finds them by a plan for the session, kept until the catalogs change: nearly all
    /// keys are also in the newest chunks or known by their states, and looking for others opens every chunk. Not kept where
    /// `may_differ`: the same role may see other rows later, or does not see the states.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn keys<K: 'static>(
        db: Db,
        relation: &str,
        may_differ: bool,
        find: impl FnOnce(Db) -> Result<Vec<K>>,
    ) -> Result<Rc<Vec<K>>> {
        let find = || find(db.once());
        if may_differ { find().map(Rc::new) } else { known("keys of chunks", &relation.to_owned(), find) }
    }

    /// To read all chunks of the hypertable, which takes less time than planning how.
    pub fn all_of<'c>(&self, db: Db<'c>) -> Db<'c> {
        if self.is_all() { db } else { db.once() }
    }
}
