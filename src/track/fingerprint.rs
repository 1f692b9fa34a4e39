//! A fingerprint of triggers and of the relations beneath them.

use regime_core::hash::of_texts;

use crate::output::system::System;
use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::track::marks::Marks;
use crate::track::triggers;
use crate::track::watched::Watched;

pub fn fingerprint_of(
    db: Db,
    schema: &str,
    (system, marks): (&System, &Marks),
    all: &[Watched],
) -> Result<Option<String>> {
    let definitions: Vec<String> = all.iter().map(|watched| watched.definition(schema)).collect();
    let name = format!("tracking {} {schema} {definitions:?}", system.name);
    let find = || {
        let mut texts = Vec::new();
        for watched in all {
            match triggers::of(db, schema, watched)? {
                Some(of_relation) => texts.push(of_relation),
                None => return Ok(None),
            }
        }
        texts.extend(outputs(db, schema, system, marks)?);
        Ok(Some(of_texts(texts.iter().map(String::as_str)).to_string()))
    };
    Ok(known(&name, find)?.as_ref().clone())
}

/// The output tables and those of the marks, with their files, which are others after a TRUNCATE.
fn outputs(db: Db, schema: &str, system: &System, marks: &Marks) -> Result<Option<String>> {
    let sql = "WITH RECURSIVE part AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) \
           UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid) \
         SELECT string_agg(c.oid::text || ' ' || c.relfilenode::text, ',' ORDER BY c.oid) FROM part JOIN pg_catalog.pg_class c USING (oid)";
    let names: Vec<&str> = system.tables.iter().map(|table| table.name).chain(marks.tables()).collect();
    Ok(db.first(sql, &[arg(schema), arg(names)], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten())
}
