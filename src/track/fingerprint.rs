//! A fingerprint of triggers and of the relations beneath them.

use regime_core::hash::of_texts;

use crate::pg::{Db, Result, Sees, arg, known, work_schema};
use crate::track::marks::Marks;
use crate::track::triggers;
use crate::track::watched::Watched;

/// The fingerprint of the triggers on relations and of the output tables: as long as the fingerprint stays the same,
/// every change has been marked. `None` if a relation is not tracked.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn fingerprint_of(
    db: Db,
    schema: &str,
    tables: &[&str],
    marks: &Marks,
    all: &[Watched],
) -> Result<Option<String>> {
    let definitions: Vec<String> = all.iter().map(|watched| watched.definition(schema)).collect();
    let key = (tables.join(","), schema.to_owned(), definitions);
    let find = || {
        let mut texts = Vec::new();
        for watched in all {
            match triggers::of(db, schema, watched)? {
                Some(of_relation) => texts.push(of_relation),
                None => return Ok(None),
            }
        }
        texts.extend(outputs(db, schema, tables, marks)?);
        Ok(Some(of_texts(texts.iter().map(String::as_str)).to_string()))
    };
    Ok(known("tracking", &key, find)?.as_ref().clone())
}

/// The output tables and the tables of marks, with their files, which a TRUNCATE replaces.
fn outputs(db: Db, schema: &str, tables: &[&str], marks: &Marks) -> Result<Option<String>> {
    let sql = "WITH RECURSIVE part AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) OR n.nspname = $3::name AND c.relname = ANY ($4::name[]) \
           UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid) \
         SELECT string_agg(c.oid::text || ' ' || c.relfilenode::text, ',' ORDER BY c.oid) AS files FROM part JOIN pg_catalog.pg_class c USING (oid)";
    let args = [arg(schema), arg(tables.to_vec()), arg(work_schema(schema)), arg(marks.tables().to_vec())];
    db.one(sql, &args, Sees::Snapshot, |row| row.get("files"))
}
