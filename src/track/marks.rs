//! Marks of what changed: where they are kept, reading them, and clearing those that a refresh has seen.
//!
//! A statement that touches few assets, or series, leaves a row for each. One that touches many leaves rows of up
//! to [`MOST`] of them, in arrays; which of them were refreshed since stands beside these, as rows of their own,
//! so that refreshes of different ones never write to the same row.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::pg::arg::arg;
use crate::pg::catalog::work_schema;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::text::fill;

/// Most assets or series of a statement that get a row each.
pub const FEW: usize = 32;
/// Most of them in a row of many.
pub const MOST: usize = 1000;

/// Tables of marks, and the column by which they say what is marked.
pub struct Marks {
    /// One row per mark.
    pub few: &'static str,
    /// One row for many: sorted keys and times, in arrays.
    pub many: &'static str,
    /// Which of many were refreshed since.
    pub done: &'static str,
    pub key: &'static str,
    /// The array of keys.
    pub keys: &'static str,
    /// The SQL type of a key.
    pub kind: &'static str,
    /// What a value must meet to be one, whatever column of a source it stands in.
    pub valid: &'static str,
    /// The table with a row for each key that has been refreshed, and the key of a row `s` of it.
    pub state: &'static str,
    pub of_state: &'static str,
    /// The view of all marks, and what it shows of the key of a mark `a`.
    pub view: &'static str,
    pub shown: &'static str,
    /// The collation of a key, as SQL.
    pub collation: &'static str,
    /// What a key is, for the comments on the tables.
    pub key_is: &'static str,
    /// What keys stand for: one, many.
    pub subjects: [&'static str; 2],
    /// What names of trigger functions and of triggers begin with.
    pub function: &'static str,
    pub trigger: &'static str,
}

/// The template of the tables and the view of marks, the same for every system; the names in braces are fields of
/// [`Marks`].
const DDL: &str = include_str!("../../sql/set_up/marks.sql");

/// A mark: rows of a source changed, the earliest at this time.
pub struct Mark {
    pub source: String,
    pub since: i64,
    row: Row,
}

/// Where a mark stands.
enum Row {
    Few(i64),
    /// By its UUID.
    Many(String),
}

impl Marks {
    /// The tables.
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

    /// The tables, quoted, with the working schema of a target schema.
    pub fn relations(&self, schema: &str) -> [String; 3] {
        let work = quoted(work_schema(schema));
        self.tables().map(|table| format!("{work}.{table}"))
    }

    /// The marks of a key.
    pub fn of<K: IntoDatum>(&self, db: Db, schema: &str, key: K) -> Result<Vec<Mark>> {
        let Self { key: id, keys: ids, .. } = self;
        let [few, many, done] = self.relations(schema);
        // What is done is looked up row by row: a join, planned while there is nothing, would read all of it.
        let sql = format!(
            "SELECT d.mark, NULL::text, d.source, d.since FROM {few} d WHERE d.{id} = $1 \
               AND (SELECT true FROM {done} x WHERE x.mark = d.of_many AND x.{id} = d.{id}) IS NULL \
             UNION ALL SELECT NULL, m.mark::text, m.source, m.sinces[p.place] FROM {many} m \
               CROSS JOIN LATERAL (SELECT pg_catalog.width_bucket($1, m.{ids}) AS place OFFSET 0) AS p \
             WHERE $1 BETWEEN m.first AND m.last AND m.{ids}[p.place] = $1 \
               AND (SELECT true FROM {done} x WHERE x.mark = m.mark AND x.{id} = $1) IS NULL"
        );
        let mut marks = Vec::new();
        db.rows(&sql, &[arg(key)], Sees::Snapshot, |row| {
            let of_few = || Row::Few(row.long(0).unwrap_or_default());
            marks.push(Mark {
                source: row.string(2).unwrap_or_default(),
                since: row.micros(3).unwrap_or(i64::MIN),
                row: row.string(1).map_or_else(of_few, Row::Many),
            });
            Ok(())
        })?;
        Ok(marks)
    }

    /// Clears these marks of a key, and none that came later. Gives the rows of many that they stand in.
    pub fn clear<K: IntoDatum + Clone>(
        &self,
        db: Db,
        schema: &str,
        key: K,
        marks: Vec<Mark>,
    ) -> Result<Vec<String>> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for mark in marks {
            match mark.row {
                Row::Few(mark) => of_few.push(mark),
                Row::Many(mark) => of_many.push(mark),
            }
        }
        let id = self.key;
        let [few, many, done] = self.relations(schema);
        if !of_many.is_empty() {
            let sql = format!(
                "INSERT INTO {done} (mark, {id}) SELECT m.mark, $1 FROM {many} m \
                 WHERE m.mark = ANY ($2::text[]::uuid[]) ON CONFLICT DO NOTHING"
            );
            db.execute_small(&sql, &[arg(key.clone()), arg(of_many.clone())])?;
        }
        // Of many that were settled meanwhile, the mark is now one of few.
        let sql = format!(
            "DELETE FROM {few} d WHERE d.{id} = $1 AND (d.mark = ANY ($2) OR d.of_many = ANY ($3::text[]::uuid[]) \
             OR EXISTS (SELECT FROM {done} x WHERE x.mark = d.of_many AND x.{id} = d.{id}))"
        );
        db.execute_small(&sql, &[arg(key), arg(of_few), arg(of_many.clone())])?;
        Ok(of_many)
    }

    /// Removes rows of many, of which little is left: of those given, if at most [`FEW`] are not done, and of
    /// any that are a day old. What is not done becomes a mark of few, and stays the same mark to those who
    /// have seen it before. Never waits.
    pub fn settle(&self, db: Db, schema: &str, given: &[String]) -> Result<()> {
        let Self { key: id, keys: ids, .. } = self;
        let [few, many, done] = self.relations(schema);
        let of_given = format!(
            "SELECT m.mark::text FROM {many} m WHERE m.mark = ANY ($1::text[]::uuid[]) \
             AND m.number - (SELECT count(*) FROM {done} x WHERE x.mark = m.mark) <= {FEW} FOR UPDATE OF m SKIP LOCKED"
        );
        // Few at a time, so that no call has to do what others left.
        let old = format!(
            "SELECT m.mark::text FROM {many} m WHERE m.marked_at < now() - interval '1 day' \
             ORDER BY m.marked_at LIMIT 10 FOR UPDATE SKIP LOCKED"
        );
        let mut settled = Vec::new();
        for (sql, args) in [(of_given, &[arg(given.to_vec())][..]), (old, &[])] {
            db.rows(&sql, args, Sees::Now, |row| {
                settled.extend(row.string(0));
                Ok(())
            })?;
        }
        if settled.is_empty() {
            return Ok(());
        }
        // The locks are there: from here on what is done by others is seen, or theirs to keep.
        let left = format!(
            "INSERT INTO {few} ({id}, source, since, marked_at, of_many) \
             SELECT u.key, m.source, u.since, m.marked_at, m.mark FROM {many} m CROSS JOIN LATERAL \
               ROWS FROM (pg_catalog.unnest(m.{ids}), pg_catalog.unnest(m.sinces)) AS u (key, since) \
             WHERE m.mark = ANY ($1::text[]::uuid[]) \
               AND NOT EXISTS (SELECT FROM {done} x WHERE x.mark = m.mark AND x.{id} = u.key)"
        );
        let gone = format!("DELETE FROM {many} WHERE mark = ANY ($1::text[]::uuid[])");
        for sql in [left, gone] {
            db.execute(&sql, &[arg(settled.clone())])?;
        }
        let past = format!(
            "DELETE FROM {done} WHERE (mark, {id}) IN (SELECT x.mark, x.{id} FROM {done} x \
             WHERE NOT EXISTS (SELECT FROM {many} m WHERE m.mark = x.mark) \
             AND NOT EXISTS (SELECT FROM {few} d WHERE d.{id} = x.{id} AND d.of_many = x.mark) FOR UPDATE OF x SKIP LOCKED)"
        );
        db.execute(&past, &[]).map(|_| ())
    }

    /// SQL: the keys that stand in rows of many and are not done; some more than once.
    fn marked_by_many(&self, schema: &str) -> String {
        let Self { key: id, keys: ids, .. } = self;
        let [_, many, done] = self.relations(schema);
        format!(
            "SELECT u.key FROM {many} m CROSS JOIN LATERAL pg_catalog.unnest(m.{ids}) AS u (key) \
             WHERE NOT EXISTS (SELECT FROM {done} x WHERE x.mark = m.mark AND x.{id} = u.key)"
        )
    }

    fn marked_by_few(&self, schema: &str) -> String {
        let id = self.key;
        let [few, _, done] = self.relations(schema);
        format!(
            "SELECT d.{id} FROM {few} d \
             WHERE NOT EXISTS (SELECT FROM {done} x WHERE x.mark = d.of_many AND x.{id} = d.{id})"
        )
    }

    /// SQL: the keys that are marked, each once.
    pub fn all(&self, schema: &str) -> String {
        format!("{} UNION {}", self.marked_by_few(schema), self.marked_by_many(schema))
    }

    /// SQL: whether a key is marked. Rows of many are read once, however many keys are asked for.
    pub fn is_marked(&self, schema: &str, key: &str) -> String {
        format!(
            "(EXISTS ({} AND d.{} = {key}) OR {key} IN ({}))",
            self.marked_by_few(schema),
            self.key,
            self.marked_by_many(schema)
        )
    }
}
