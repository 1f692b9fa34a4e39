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
const NEWEST: usize = 5;

/// When the chunks of a hypertable begin, oldest first; in microseconds since 2000.
fn starts(db: Db, relation: &str) -> Result<Rc<Vec<i64>>> {
    // TimescaleDB has microseconds since 1970.
    let sql = include_str!("../../sql/read/starts_of_chunks.sql");
    let find = || db.all(sql, &[arg(relation)], Sees::Now, |row| row.get("start"));
    known("starts of chunks", &relation.to_owned(), find)
}

/// Whether the chunks of a hypertable have so many rows that stepping from subject to subject along the index of each costs less than
/// reading all rows: a step costs as much as reading some 30 rows.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn has_large_chunks(db: Db, relation: &str) -> Result<bool> {
    let sql = "SELECT coalesce(avg(c.reltuples) > 2000, false) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = pg_catalog.to_regclass($1)";
    let find = || db.once().one(sql, &[arg(relation)], Sees::Now, |row| row.only());
    Ok(*known("large chunks", &relation.to_owned(), find)?)
}

/// The most parts that [`Recent::newest_of`] looks into one by one.
const MOST_PARTS: usize = 8;

/// Chunks of a hypertable, and the subjects whose rows are looked for there.
pub struct Part<K> {
    pub chunks: Recent,
    pub subjects: Vec<K>,
}

/// The newest chunks of a hypertable. A statement that finds its rows there spares PostgreSQL from planning, locking and opening
/// hundreds of others.
pub struct Recent {
    /// When the chunks begin, in microseconds since 2000; `None` for all chunks, and for any other table.
    from: Option<i64>,
    /// When the chunks after these begin.
    until: Option<i64>,
    /// The times of the rows that are wanted; empty for all rows.
    at: Vec<i64>,
}

impl Recent {
    /// All chunks.
    pub const ALL: Self = Self { from: None, until: None, at: Vec::new() };

    /// The newest of a relation that is named as in SQL.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn of(db: Db, relation: &str) -> Result<Self> {
        if !is_hypertable(db, relation)? {
            return Ok(Self::ALL);
        }
        let starts = starts(db, relation)?;
        let from = starts.len().checked_sub(NEWEST).map(|place| starts[place]);
        Ok(Self { from, ..Self::ALL })
    }

    /// The rows from a moment on, in microseconds since 2000: of a hypertable, those of the chunk that holds the moment and of
    /// all later chunks, so that the statement stays the same while the moment moves within the chunk.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn since(db: Db, relation: &str, moment: i64) -> Result<Self> {
        if !is_hypertable(db, relation)? {
            return Ok(Self { from: Some(moment), ..Self::ALL });
        }
        Ok(Self { from: start_of(&starts(db, relation)?, moment), ..Self::ALL })
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
        let limit = |is: &str, moment: Option<i64>| {
            moment.map_or(String::new(), |moment| format!(" AND {time} {is} '{}'::timestamptz", utc(moment)))
        };
        limit(">=", self.from) + &limit("<", self.until)
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

    /// What `find` finds of each subject with rows, by one statement for all of them that opens each chunk at most once, and in each
    /// looks for those subjects alone whose newest row may be there. Beside each subject is the time, in microseconds since 2000,
    /// that its newest row is thought to have: where the row is not there, all chunks are looked into.
    ///
    /// # Errors
    /// Those of `find`, and where the catalogs of TimescaleDB cannot be read.
    pub fn newest_of<K: Clone + Eq + Hash, R>(
        db: Db,
        relation: &str,
        subjects: &[(K, Option<i64>)],
        find: impl Fn(Db, &[Part<K>]) -> Result<Vec<(K, R)>>,
    ) -> Result<HashMap<K, R>> {
        let parts = Self::parts(db, relation, subjects)?;
        let mut newest: HashMap<K, R> = HashMap::with_capacity(subjects.len());
        if !parts.is_empty() {
            newest.extend(find(db.once(), &parts)?);
        }
        let others =
            subjects.iter().map(|(subject, _)| subject).filter(|subject| !newest.contains_key(subject));
        let all = Part { chunks: Self::ALL, subjects: others.cloned().collect() };
        if !all.subjects.is_empty() {
            newest.extend(find(db.once(), &[all])?);
        }
        Ok(newest)
    }

    /// All chunks from the oldest row on that a subject is thought to have, each with the subjects that are thought to have no later row.
    fn parts<K: Clone>(db: Db, relation: &str, subjects: &[(K, Option<i64>)]) -> Result<Vec<Part<K>>> {
        if !is_hypertable(db, relation)? {
            let stated = subjects.iter().filter(|(_, moment)| moment.is_some());
            let chunks = Self { from: subjects.iter().filter_map(|(_, moment)| *moment).min(), ..Self::ALL };
            let part = Part { chunks, subjects: stated.map(|(subject, _)| subject.clone()).collect() };
            return Ok(if part.subjects.is_empty() { Vec::new() } else { vec![part] });
        }
        let starts = starts(db, relation)?;
        let begin = |moment| start_of(&starts, moment);
        let stated: Vec<(Option<i64>, &K)> =
            subjects.iter().filter_map(|(subject, moment)| Some((begin((*moment)?), subject))).collect();
        let begins: BTreeSet<Option<i64>> = stated.iter().map(|(begin, _)| *begin).collect();
        let each = begins.len().div_ceil(MOST_PARTS).max(1);
        let begins: Vec<Option<i64>> = begins.into_iter().step_by(each).collect();
        let part = |place: usize| {
            let until = begins.get(place + 1).copied().flatten();
            let is_earlier = |begin: &Option<i64>| until.is_none() || *begin < until;
            let subjects = stated.iter().filter(|(begin, _)| is_earlier(begin));
            let chunks = Self { from: begins[place], until, at: Vec::new() };
            Part { chunks, subjects: subjects.map(|(_, subject)| (*subject).clone()).collect() }
        };
        Ok((0..begins.len()).map(part).collect())
    }

    /// The time of the newest row of each subject, by [`Recent::newest_of`], of rows that other sessions write by a refresh alone,
    /// which stores the times that rows are thought to have: what was found holds as long as these stay, the rows are there, and
    /// this session writes nothing. Not kept where `may_differ`: the same role may see other rows later.
    ///
    /// # Errors
    /// As [`Recent::newest_of`].
    pub fn newest_of_rows<K: Clone + Eq + Hash + Ord + 'static>(
        db: Db,
        relation: &str,
        mut subjects: Vec<(K, Option<i64>)>,
        may_differ: bool,
        find: impl Fn(Db, &[Part<K>]) -> Result<Vec<(K, i64)>>,
    ) -> Result<HashMap<K, i64>> {
        subjects.sort_unstable();
        let all = || Self::newest_of(db, relation, &subjects, &find);
        let Some(written) = written().filter(|_| !may_differ) else { return all() };
        let kept = known("newest rows", &(relation.to_owned(), written, subjects.clone()), all)?;
        if kept.is_empty() {
            return all();
        }
        let chunks = Self { at: kept.values().copied().collect(), ..Self::ALL };
        let rows = Part { chunks, subjects: kept.keys().cloned().collect() };
        let there: HashMap<K, i64> = find(db.once(), &[rows])?.into_iter().collect();
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

/// When the chunk of a moment begins, given when all chunks begin; `None` where no chunk is older.
fn start_of(starts: &[i64], moment: i64) -> Option<i64> {
    match starts.partition_point(|start| *start <= moment) {
        0 | 1 => None,
        place => Some(starts[place - 1]),
    }
}

/// SQL: the rows that `of_part` reads of each part, whose parameters it adds. A part is planned by itself: so no node groups chunk by
/// chunk.
pub fn of_parts<K>(parts: &[Part<K>], mut of_part: impl FnMut(&Part<K>) -> String) -> String {
    parts.iter().map(|part| format!("({} OFFSET 0)", of_part(part))).collect::<Vec<_>>().join(" UNION ALL ")
}

/// SQL: the condition, after AND, that a time, given as SQL, is one of these, in microseconds since 2000. As constants, they let
/// TimescaleDB open only the chunks that hold them.
pub fn at(time: &str, moments: impl Iterator<Item = i64>) -> String {
    let moments: BTreeSet<i64> = moments.collect();
    let texts: Vec<String> =
        moments.into_iter().map(|moment| format!("\"{}\"", self::moment(moment))).collect();
    format!(" AND {time} = ANY ('{{{}}}'::timestamptz[])", texts.join(","))
}
