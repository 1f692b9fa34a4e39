//! Marks of what changed: where they are kept, reading them, and clearing the marks that a refresh has seen.
//!
//! A statement that touches up to [`FEW`] keys inserts a row per key; a larger one array rows of up to [`MOST`] keys.
//! Refreshed keys go to a third table, so that concurrent refreshes never update the same row.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use pgrx::prelude::*;

use crate::pg::{Db, Micros, Result, Row, Sees, arg, fill, owner, qualified, work_schema};

/// The most keys of a statement that get a row each.
pub const FEW: usize = 32;
/// The most keys in an array row.
pub const MOST: usize = 1000;

/// The tables of a system's marks, and what a key is: an asset, or symbol and timeframe.
pub struct Marks {
    /// One row per mark.
    pub few: &'static str,
    /// One row for many keys: keys in ascending order and their times, in arrays.
    pub many: &'static str,
    /// Keys of rows of `many` that were refreshed since.
    pub done: &'static str,
    /// The column of a key.
    pub key: &'static str,
    /// The column of an array of keys.
    pub keys: &'static str,
    /// The SQL type of a key.
    pub kind: &'static str,
    /// SQL: the condition that a value of a source must meet to be a key, after the value.
    pub valid: &'static str,
    /// The working table with a row for each key that has been refreshed.
    pub state: &'static str,
    /// SQL: the key of a row `s` of `state`.
    pub of_state: &'static str,
    /// The view of all marks.
    pub view: &'static str,
    /// SQL: the columns of the view for the key of a mark `a`.
    pub shown: &'static str,
    /// SQL: the COLLATE clause of a key, after a blank, or nothing.
    pub collation: &'static str,
    /// What a key is, as the comments on the tables say.
    pub key_is: &'static str,
    /// What keys stand for: one, with its article; many.
    pub subjects: [&'static str; 2],
    /// The start of the names of trigger functions.
    pub function: &'static str,
    /// The start of the names of triggers.
    pub trigger: &'static str,
}

/// The template of the tables and the view of marks, the same for every system; the names in braces are fields of
/// [`Marks`].
const DDL: &str = include_str!("../../sql/set_up/marks.sql");

/// A mark: rows of a source changed.
#[derive(Clone)]
pub struct Mark {
    /// The source relation, quoted.
    pub source: String,
    /// The time of the earliest changed row, in microseconds since 2000; `i64::MIN` after a TRUNCATE.
    pub since: i64,
    /// Where it stands.
    pub place: Place,
}

/// The row that a mark stands in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A row of `few`, by its number.
    Few(i64),
    /// A row of `many`, by its UUID.
    Many(String),
}

impl Place {
    fn read(row: &Row) -> Result<Self> {
        Ok(match row.get("of_many")? {
            Some(mark) => Place::Many(mark),
            None => Place::Few(row.get("of_few")?),
        })
    }
}

/// What marks are kept by: an asset, or symbol and timeframe as one text.
pub trait Key: IntoDatum + Clone + Ord + Hash {
    /// The key in the column `key` of a row.
    ///
    /// # Errors
    /// A column of another type.
    fn read(row: &Row) -> Result<Self>;
}

impl Key for i32 {
    fn read(row: &Row) -> Result<Self> {
        row.get("key")
    }
}

impl Key for String {
    fn read(row: &Row) -> Result<Self> {
        row.get("key")
    }
}

impl Marks {
    /// The tables: `few`, `many`, `done`.
    pub const fn tables(&self) -> [&'static str; 3] {
        [self.few, self.many, self.done]
    }

    /// The template of these tables, with `{schema}` and `{work}` left to be filled in.
    pub fn ddl(&self) -> String {
        let Self { few, many, done, key, keys, kind, view, shown, collation, key_is, subjects, .. } = self;
        let most = MOST.to_string();
        let values = [
            ("few", *few),
            ("many", many),
            ("done", done),
            ("key", key),
            ("keys", keys),
            ("kind", kind),
            ("view", view),
            ("shown", shown),
            ("collate", collation),
            ("key_is", key_is),
            ("subjects", subjects[1]),
            ("MOST", &most),
        ];
        fill(DDL, &values)
    }

    /// Checks that writing marks runs no code of a role that has not the rights of the current user, after which the tables
    /// stay as they are until the transaction ends.
    ///
    /// # Errors
    /// Where the working schema, or a table that the triggers use, belongs to such a role, and where a lock cannot be had.
    pub fn hold(&self, db: Db, schema: &str) -> Result<()> {
        owner::hold_for_writing(db, &self.used(schema))
    }

    /// The tables that the triggers use, and the one that clearing marks uses: schema and name.
    pub fn used(&self, schema: &str) -> [(String, &'static str); 4] {
        [self.few, self.many, self.done, self.state].map(|table| (work_schema(schema), table))
    }

    /// The tables, as SQL, in the working schema of a target schema.
    pub fn relations(&self, schema: &str) -> [String; 3] {
        let work = work_schema(schema);
        self.tables().map(|table| qualified(&work, table))
    }

    /// The marks of a key.
    ///
    /// # Errors
    /// Where the tables cannot be read.
    pub fn of<K: IntoDatum>(&self, db: Db, schema: &str, key: K) -> Result<Vec<Mark>> {
        let Self { key: id, keys: ids, .. } = self;
        let [few, many, done] = self.relations(schema);
        // Refreshed keys are looked up row by row: a join or a hashed subquery would read all of them.
        let sql = format!(
            "SELECT d.mark AS of_few, NULL::text AS of_many, d.source, d.since FROM {few} d WHERE d.{id} = $1 \
               AND (SELECT true FROM {done} x WHERE x.mark = d.of_many AND x.{id} = $1) IS NULL \
             UNION ALL SELECT NULL, m.mark::text, m.source, m.sinces[p.place] FROM {many} m \
               CROSS JOIN LATERAL (SELECT pg_catalog.width_bucket($1, m.{ids}) AS place OFFSET 0) AS p \
             WHERE $1 BETWEEN m.first AND m.last AND m.{ids}[p.place] = $1 \
               AND (SELECT true FROM {done} x WHERE x.mark = m.mark AND x.{id} = $1) IS NULL"
        );
        db.by_key().doing("read marks").all(&sql, &[arg(key)], Sees::Snapshot, |row| {
            let place = Place::read(row)?;
            Ok(Mark { source: row.get("source")?, since: row.get::<Micros>("since")?.0, place })
        })
    }

    /// The marks of each of these keys, of those that have marks.
    ///
    /// # Errors
    /// Where the tables cannot be read.
    pub fn of_each<K: Key>(&self, db: Db, schema: &str, keys: &[K]) -> Result<HashMap<K, Vec<Mark>>> {
        let (Some(first), Some(last)) = (keys.iter().min(), keys.iter().max()) else {
            return Ok(HashMap::new());
        };
        let Self { key: id, keys: ids, kind, collation, .. } = self;
        let [few, many, done] = self.relations(schema);
        let is_left = |mark: &str, key: &str| {
            format!("(SELECT true FROM {done} x WHERE x.mark = {mark} AND x.{id} = {key}) IS NULL")
        };
        let sql = format!(
            "SELECT d.{id} AS key, d.mark AS of_few, NULL::text AS of_many, d.source, d.since FROM {few} d \
             WHERE d.{id} = ANY ($1) AND {} \
             UNION ALL SELECT u.key, NULL, m.mark::text, m.source, u.since FROM {many} m CROSS JOIN LATERAL \
               ROWS FROM (pg_catalog.unnest(m.{ids}), pg_catalog.unnest(m.sinces)) AS u (key, since) \
             WHERE m.last >= $2::{kind} AND m.first <= $3::{kind} AND u.key{collation} BETWEEN $2::{kind} AND $3::{kind} AND {}",
            is_left("d.of_many", &format!("d.{id}")),
            is_left("m.mark", "u.key")
        );
        let asked: HashSet<&K> = keys.iter().collect();
        let mut all: HashMap<K, Vec<Mark>> = HashMap::new();
        let args = [arg(keys.to_vec()), arg(first.clone()), arg(last.clone())];
        db.once().doing("read marks").rows(&sql, &args, Sees::Snapshot, |row| {
            let key = K::read(row)?;
            if asked.contains(&key) {
                let place = Place::read(row)?;
                let since = row.get::<Micros>("since")?.0;
                all.entry(key).or_default().push(Mark { source: row.get("source")?, since, place });
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The rows of all marks of a source, at most so many.
    ///
    /// # Errors
    /// Where the tables cannot be read.
    pub fn places(&self, db: Db, schema: &str, source: &str, most: usize) -> Result<HashSet<Place>> {
        let [few, many, _] = self.relations(schema);
        let sql = format!(
            "SELECT mark AS of_few, NULL::text AS of_many FROM {few} WHERE source = $1 \
             UNION ALL SELECT NULL, mark::text FROM {many} WHERE source = $1 LIMIT {most}"
        );
        let all = db.all(&sql, &[arg(source)], Sees::Snapshot, Place::read)?;
        Ok(all.into_iter().collect())
    }

    /// Clears these marks of a key, and no later ones. Gives the ids of the array rows that the marks stand in.
    ///
    /// # Errors
    /// Where the tables cannot be written.
    pub fn clear<K: Key>(&self, db: Db, schema: &str, key: K, marks: Vec<Mark>) -> Result<Vec<String>> {
        self.clear_each(db, schema, vec![(key, marks)])
    }

    /// [`Marks::clear`] of keys.
    ///
    /// # Errors
    /// As [`Marks::clear`].
    pub fn clear_each<K: Key>(
        &self,
        db: Db,
        schema: &str,
        marks: Vec<(K, Vec<Mark>)>,
    ) -> Result<Vec<String>> {
        // A number or an id counts for the key whose mark it is alone: numbers may begin anew after a dump is restored.
        let (mut keys, mut of_few, mut few_keys) = (Vec::new(), Vec::new(), Vec::new());
        let (mut of_many, mut many_keys) = (Vec::new(), Vec::new());
        for (key, marks) in marks.into_iter().filter(|(_, marks)| !marks.is_empty()) {
            for mark in marks {
                match mark.place {
                    Place::Few(mark) => {
                        of_few.push(mark);
                        few_keys.push(key.clone());
                    }
                    Place::Many(mark) => {
                        of_many.push(mark);
                        many_keys.push(key.clone());
                    }
                }
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (id, kind) = (self.key, self.kind);
        let [few, many, done] = self.relations(schema);
        let pairs = |n, mark| {
            format!(
                "ROWS FROM (pg_catalog.unnest(${n}::{mark}[]), pg_catalog.unnest(${}::{kind}[])) AS p (mark, key)",
                n + 1
            )
        };
        if !of_many.is_empty() {
            let sql = format!(
                "INSERT INTO {done} (mark, {id}) SELECT m.mark, p.key FROM {} JOIN {many} m ON m.mark = p.mark::uuid \
                 ON CONFLICT DO NOTHING",
                pairs(1, "text")
            );
            db.doing("clear marks").execute_small(&sql, &[arg(of_many.clone()), arg(many_keys.clone())])?;
        }
        // A mark of an array row that was settled meanwhile is now a row of its own.
        let sql = format!(
            "DELETE FROM {few} d WHERE d.{id} = ANY ($1) AND ((d.{id}, d.mark) IN (SELECT p.key, p.mark FROM {}) \
             OR (d.{id}, d.of_many) IN (SELECT p.key, p.mark::uuid FROM {}) \
             OR (SELECT true FROM {done} x WHERE x.mark = d.of_many AND x.{id} = d.{id}))",
            pairs(2, "int8"),
            pairs(4, "text")
        );
        let args = [arg(keys), arg(of_few), arg(few_keys), arg(of_many.clone()), arg(many_keys)];
        db.doing("clear marks").execute_small(&sql, &args)?;
        Ok(of_many)
    }

    /// Removes array rows of which few keys are left: given ones with at most [`FEW`] keys not refreshed, and any that
    /// are a day old. Each key that is left gets a row of its own, which refers to the array row, so that a session that
    /// has read the mark before can clear it. Never waits for a lock.
    ///
    /// # Errors
    /// Where the tables cannot be written.
    pub fn settle(&self, db: Db, schema: &str, given: &[String]) -> Result<()> {
        let db = db.doing("settle marks");
        let Self { key: id, keys: ids, .. } = self;
        let [few, many, done] = self.relations(schema);
        let of_given = format!(
            "SELECT m.mark::text FROM {many} m WHERE m.mark = ANY ($1::text[]::uuid[]) \
             AND m.number - (SELECT count(*) FROM {done} x WHERE x.mark = m.mark) <= {FEW} FOR UPDATE OF m SKIP LOCKED"
        );
        // Ten at a time, so that no call has to clean up after all others.
        let old = format!(
            "SELECT m.mark::text FROM {many} m WHERE m.marked_at < now() - interval '1 day' \
             ORDER BY m.marked_at LIMIT 10 FOR UPDATE SKIP LOCKED"
        );
        let mut settled = Vec::new();
        for (sql, args) in [(&of_given, &[arg(given.to_vec())][..]), (&old, &[])] {
            settled.extend(db.by_key().all(sql, args, Sees::Now, |row| row.get::<String>("mark"))?);
        }
        if settled.is_empty() {
            return Ok(());
        }
        self.hold(db, schema)?;
        // Rows are looked up by their keys, one by one: a table that was analysed while it held no row counts as empty, and a
        // join would compare each row with each.
        let is_done = |mark: &str, key: &str| {
            format!("(SELECT true FROM {done} x WHERE x.mark = {mark} AND x.{id} = {key}) IS NOT NULL")
        };
        // With the rows locked: keys that others have refreshed by now are seen, later ones refer to the new rows.
        let left = format!(
            "INSERT INTO {few} ({id}, source, since, marked_at, of_many) \
             SELECT u.key, m.source, u.since, m.marked_at, m.mark FROM {many} m CROSS JOIN LATERAL \
               ROWS FROM (pg_catalog.unnest(m.{ids}), pg_catalog.unnest(m.sinces)) AS u (key, since) \
             WHERE m.mark = ANY ($1::text[]::uuid[]) AND NOT {}",
            is_done("m.mark", "u.key")
        );
        // Unless a key got no row because of a trigger or a rule, which may have gone by the next change.
        let gone = format!(
            "DELETE FROM {many} m WHERE m.mark = ANY ($1::text[]::uuid[]) AND NOT EXISTS (SELECT FROM pg_catalog.unnest(m.{ids}) AS u (key) \
             WHERE NOT {} AND (SELECT true FROM {few} d WHERE d.{id} = u.key AND d.of_many = m.mark LIMIT 1) IS NULL)",
            is_done("m.mark", "u.key")
        );
        for sql in [left, gone] {
            db.execute_small(&sql, &[arg(settled.clone())])?;
        }
        let past = format!(
            "DELETE FROM {done} WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM {done} x \
             WHERE (SELECT true FROM {many} m WHERE m.mark = x.mark) IS NULL \
             AND (SELECT true FROM {few} d WHERE d.{id} = x.{id} AND d.of_many = x.mark LIMIT 1) IS NULL FOR UPDATE OF x SKIP LOCKED))"
        );
        db.execute_small(&past, &[]).map(|_| ())
    }

    /// SQL: the keys that are marked, each once. Refreshed keys are looked up row by row, as in [`Marks::of`].
    pub fn all(&self, schema: &str) -> String {
        let Self { key: id, keys: ids, .. } = self;
        let [few, many, done] = self.relations(schema);
        let is_left = |mark: &str, key: &str| {
            format!("(SELECT true FROM {done} x WHERE x.mark = {mark} AND x.{id} = {key}) IS NULL")
        };
        format!(
            "SELECT d.{id} FROM {few} d WHERE {} \
             UNION SELECT u.key FROM {many} m CROSS JOIN LATERAL pg_catalog.unnest(m.{ids}) AS u (key) WHERE {}",
            is_left("d.of_many", &format!("d.{id}")),
            is_left("m.mark", "u.key")
        )
    }

    /// SQL: whether a key is marked. The marks are read once, however many keys are asked for, into an object whose keys are
    /// found by halves: a join would be planned by statistics, which may take the tables for empty.
    pub fn is_marked(&self, schema: &str, key: &str) -> String {
        format!(
            "coalesce((SELECT pg_catalog.jsonb_object_agg(m.key, true) FROM ({}) AS m (key)) ? {key}::text, false)",
            self.all(schema)
        )
    }
}
