//! What PostgreSQL does otherwise for hypertables of TimescaleDB, which are made of chunks.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::rc::Rc;

use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::{known, written};
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::time::{moment, utc};

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

/// Whether a relation, which is named as in SQL, is a chunk of a hypertable.
///
/// # Errors
/// Where the catalogs of TimescaleDB cannot be read.
pub fn is_chunk(db: Db, relation: &str) -> Result<bool> {
    let all = hypertables(db)?;
    if all.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = pg_catalog.to_regclass($1) AND i.inhparent = ANY ($2))";
    db.one(sql, &[arg(relation), arg(all)], Sees::Now, |row| row.only())
}

/// The number of chunks that are looked into first: in chunks of a week, those of the last month.
const NEWEST: i64 = 5;

/// When chunks begin, newest first, at most so many until a moment; in microseconds since 2000.
fn starts(db: Db, relation: &str, until: i64, most: i64) -> Result<Vec<i64>> {
    // TimescaleDB has microseconds since 1970.
    let sql = include_str!("../../sql/read/starts_of_chunks.sql");
    db.all(sql, &[arg(relation), arg(until), arg(most)], Sees::Now, |row| row.get("start"))
}

/// The newest chunks of a hypertable. A statement that finds its rows there spares PostgreSQL from planning, locking and opening
/// hundreds of others.
pub struct Recent {
    /// When the chunks begin, in microseconds since 2000; `None` for all chunks, and for any other table.
    from: Option<i64>,
    /// The times of the rows that are wanted; empty for all rows.
    at: Vec<i64>,
}

impl Recent {
    /// All chunks.
    pub const ALL: Self = Self { from: None, at: Vec::new() };

    /// The newest of a relation that is named as in SQL.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn of(db: Db, relation: &str) -> Result<Self> {
        if !is_hypertable(db, relation)? {
            return Ok(Self::ALL);
        }
        let find = || Ok(starts(db, relation, i64::MAX, NEWEST)?.get(NEWEST as usize - 1).copied());
        Ok(Self { from: *known("recent chunks", &relation.to_owned(), find)?, at: Vec::new() })
    }

    /// The rows from a moment on, in microseconds since 2000: of a hypertable, those of the chunk that holds the moment and of
    /// all later chunks, so that the statement stays the same while the moment moves within the chunk.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn since(db: Db, relation: &str, moment: i64) -> Result<Self> {
        if !is_hypertable(db, relation)? {
            return Ok(Self { from: Some(moment), at: Vec::new() });
        }
        // Where no chunk is older, these are all chunks.
        let find = || match starts(db, relation, moment, 2)?[..] {
            [start, _] => Ok(Some(start)),
            _ => Ok(None),
        };
        Ok(Self { from: *known("chunks since", &(relation.to_owned(), moment), find)?, at: Vec::new() })
    }

    /// Whether these are all chunks.
    pub fn is_all(&self) -> bool {
        self.from.is_none()
    }

    /// SQL: the condition, after AND, that a time, given as SQL, is in these chunks; empty for all chunks.
    pub fn condition(&self, time: &str) -> String {
        if !self.at.is_empty() {
            return at(time, self.at.iter().copied());
        }
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

    /// The newest time of each subject with rows, in microseconds since 2000, by one statement for all of them that opens no more
    /// chunks than it must. `find` gives the newest time of subjects in chunks. Beside each subject is the time that its newest
    /// row is thought to have: where the row is not there, all chunks are looked into.
    ///
    /// # Errors
    /// Those of `find`, and where the catalogs of TimescaleDB cannot be read.
    pub fn newest_of<K: Clone + Eq + Hash>(
        db: Db,
        relation: &str,
        subjects: &[(K, Option<i64>)],
        find: impl Fn(Db, &Self, &[K]) -> Result<Vec<(K, i64)>>,
    ) -> Result<HashMap<K, i64>> {
        let mut newest = HashMap::with_capacity(subjects.len());
        let mut others: Vec<K> = subjects.iter().map(|(subject, _)| subject.clone()).collect();
        let oldest = subjects.iter().filter_map(|(_, thought)| *thought).min();
        let since = oldest.map(|moment| Self::since(db, relation, moment)).transpose()?;
        for chunks in since.iter().filter(|chunks| !chunks.is_all()).chain([&Self::ALL]) {
            if !others.is_empty() {
                newest.extend(find(db.once(), chunks, &others)?);
                others.retain(|subject| !newest.contains_key(subject));
            }
        }
        Ok(newest)
    }

    /// [`Recent::newest_of`] of rows that other sessions write by a refresh alone, which stores the times that rows are thought
    /// to have: what was found holds as long as these stay, the rows are there, and this session writes nothing. Not kept where
    /// `may_differ`: the same role may see other rows later.
    ///
    /// # Errors
    /// As [`Recent::newest_of`].
    pub fn newest_of_rows<K: Clone + Eq + Hash + Ord + 'static>(
        db: Db,
        relation: &str,
        mut subjects: Vec<(K, Option<i64>)>,
        may_differ: bool,
        find: impl Fn(Db, &Self, &[K]) -> Result<Vec<(K, i64)>>,
    ) -> Result<HashMap<K, i64>> {
        subjects.sort_unstable();
        let all = || Self::newest_of(db, relation, &subjects, &find);
        let Some(written) = written().filter(|_| !may_differ) else { return all() };
        let kept = known("newest rows", &(relation.to_owned(), written, subjects.clone()), all)?;
        if kept.is_empty() {
            return all();
        }
        let keys: Vec<K> = kept.keys().cloned().collect();
        let rows = Self { from: None, at: kept.values().copied().collect() };
        let there: HashMap<K, i64> = find(db.once(), &rows, &keys)?.into_iter().collect();
        if there == *kept { Ok(there) } else { all() }
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

/// SQL: the condition, after AND, that a time, given as SQL, is one of these, in microseconds since 2000. As constants, they let
/// TimescaleDB open only the chunks that hold them.
pub fn at(time: &str, moments: impl Iterator<Item = i64>) -> String {
    let moments: BTreeSet<i64> = moments.collect();
    let texts: Vec<String> =
        moments.into_iter().map(|moment| format!("\"{}\"", self::moment(moment))).collect();
    format!(" AND {time} = ANY ('{{{}}}'::timestamptz[])", texts.join(","))
}
