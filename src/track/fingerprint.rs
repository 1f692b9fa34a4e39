//! A fingerprint of triggers and of the relations beneath them.

use std::rc::Rc;

use pgrx::pg_sys;
use regime_core::hash::of_texts;

use crate::pg::{Db, Result, Sees, arg, known, running, timescale, work_schema};
use crate::track::marks::Marks;
use crate::track::triggers;
use crate::track::watched::Watched;

/// The triggers on relations whose every change is marked.
#[derive(Clone)]
pub struct Tracking {
    /// Of the triggers and of the output tables: as long as the fingerprint stays the same, every change has been marked.
    pub fingerprint: String,
    /// The relations and their partitions.
    tables: Vec<pg_sys::Oid>,
    /// Whether a change in this transaction could not be marked.
    has_failed: bool,
}

impl Tracking {
    /// Whether every change that the caller sees has been marked. A statement marks its changes when it ends, and whoever
    /// is called by the statement, as a trigger is, may come before.
    pub fn is_complete(&self) -> bool {
        !self.has_failed && !running::may_be_changing(&self.tables)
    }
}

/// The tracking of relations for these output tables; `None` if a relation is not tracked.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn tracking_of(
    db: Db,
    schema: &str,
    tables: &[&str],
    marks: &Marks,
    all: &[Watched],
) -> Result<Option<Rc<Tracking>>> {
    let definitions: Vec<String> = all.iter().map(|watched| watched.definition(schema)).collect();
    let key = (tables.join(","), schema.to_owned(), definitions);
    let find = || {
        let (mut texts, mut watching, mut has_failed) = (Vec::new(), Vec::new(), false);
        for watched in all {
            let Some(of_relation) = triggers::of(db, schema, watched)? else { return Ok(None) };
            texts.push(of_relation.text);
            watching.extend(of_relation.tables);
            has_failed |= of_relation.has_failed;
        }
        texts.extend(outputs(db, schema, tables, marks)?);
        // Of no later transaction.
        texts.extend(has_failed.then(|| "not marked".to_owned()));
        let fingerprint = of_texts(texts.iter().map(String::as_str)).to_string();
        Ok(Some(Rc::new(Tracking { fingerprint, tables: watching, has_failed })))
    };
    Ok(known("tracking", &key, find)?.as_ref().clone())
}

/// The output tables, the tables of marks and the table of states, with their files, which a TRUNCATE replaces; of working
/// tables the row versions too: where a mark could not be written, for want of a privilege, there is no other trace. Rows create chunks
/// of a hypertable, and a TRUNCATE of a hypertable replaces the file of the table itself: its chunks are left out.
fn outputs(db: Db, schema: &str, tables: &[&str], marks: &Marks) -> Result<Option<String>> {
    let sql = "WITH RECURSIVE part AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) OR n.nspname = $3::name AND c.relname = ANY ($4::name[]) \
           UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid WHERE p.oid <> ALL ($5)) \
         SELECT string_agg(pg_catalog.concat_ws(' ', c.oid, c.relfilenode, CASE WHEN n.nspname = $3::name THEN concat_ws(' ', c.xmin, n.xmin, (SELECT string_agg(a.xmin::text, ' ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)) END), ',' ORDER BY c.oid) AS files FROM part JOIN pg_catalog.pg_class c USING (oid) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";
    let args = [
        arg(schema),
        arg(tables.to_vec()),
        arg(work_schema(schema)),
        arg([&marks.tables()[..], &[marks.state]].concat()),
        arg(timescale::hypertables(db)?),
    ];
    db.once().one(sql, &args, Sees::Snapshot, |row| row.get("files"))
}
