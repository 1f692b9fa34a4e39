//! The tables that the rows of a source relation lie in.

use crate::pg::{Db, Result, Sees, arg};
use crate::track::watched::Watched;

/// A table that a relation's rows lie in: the relation itself, or a partition.
pub struct Part {
    /// As SQL.
    pub table: String,
    /// `relkind` of `pg_class`.
    pub kind: String,
    /// `relpersistence` of `pg_class`.
    pub persistence: String,
}

/// SQL: `part`, the tables that get triggers: a relation and its partitions, but not the chunks of a hypertable, which take
/// no triggers with transition tables. The statistics of `pg_inherits` make PostgreSQL expect the chunks of all hypertables:
/// OFFSET 0 makes it look each table up by its index.
pub fn tables(is_hypertable: bool) -> &'static str {
    match is_hypertable {
        true => "WITH part AS (SELECT to_regclass($1)::oid AS oid)",
        false => {
            "WITH RECURSIVE part AS (SELECT to_regclass($1)::oid AS oid \
             UNION SELECT i.inhrelid FROM part p CROSS JOIN LATERAL (SELECT h.inhrelid FROM pg_catalog.pg_inherits h WHERE h.inhparent = p.oid OFFSET 0) AS i)"
        }
    }
}

/// The tables that get triggers.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn parts(db: Db, watched: &Watched, is_hypertable: bool) -> Result<Vec<Part>> {
    let sql = format!(
        "{} SELECT p.oid::regclass::text AS table_name, c.relkind::text, c.relpersistence::text \
         FROM part p CROSS JOIN LATERAL (SELECT r.* FROM pg_catalog.pg_class r WHERE r.oid = p.oid OFFSET 0) AS c",
        tables(is_hypertable)
    );
    db.once().all(&sql, &[arg(watched.relation.as_str())], Sees::Now, |row| {
        Ok(Part {
            table: row.get("table_name")?,
            kind: row.get("relkind")?,
            persistence: row.get("relpersistence")?,
        })
    })
}
