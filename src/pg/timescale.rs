//! What PostgreSQL does otherwise for hypertables of TimescaleDB, which are made of chunks.

use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};

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
