//! What PostgreSQL does otherwise where Citus is loaded, which plans statements and carries DDL to other nodes.

use std::ffi::CStr;

use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::environment::Scope;
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees};

const CARRIES_DDL: &CStr = c"citus.enable_ddl_propagation";

/// Whether Citus is loaded. The libraries that a server preloads stay the same for the life of a session.
pub fn is_loaded() -> bool {
    thread_local! {
        // SAFETY: looks a setting up by its name; a null pointer if there is none.
        static LOADED: bool = unsafe { !pg_sys::GetConfigOption(CARRIES_DDL.as_ptr(), true, false).is_null() };
    }
    LOADED.with(|loaded| *loaded)
}

/// Runs `work`, whose DDL concerns this node alone: on a worker, Citus refuses DDL that it would carry to other nodes.
pub fn on_this_node<R>(work: impl FnOnce() -> R) -> R {
    let _scope = is_loaded().then(|| Scope::new([(CARRIES_DDL, c"off")].into_iter()));
    work()
}

/// Of the values of the distribution column of a table, which is named as in SQL, those whose rows are on this node: all of them on the coordinator, which
/// reads and writes every node's rows, and where the table is not distributed.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn of_this_node(db: Db, table: &str, ids: Vec<i32>) -> Result<Vec<i32>> {
    if !is_loaded() || !*known("worker of", &table.to_owned(), || is_worker_of(db, table))? {
        return Ok(ids);
    }
    let sql = "SELECT a.id FROM pg_catalog.unnest($1) AS a (id) WHERE EXISTS (SELECT FROM pg_catalog.pg_dist_placement p \
         WHERE p.shardid = pg_catalog.get_shard_id_for_distribution_column($2::text::regclass, a.id) \
         AND p.groupid = (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)) ORDER BY a.id";
    db.all(sql, &[arg(ids), arg(table)], Sees::Now, |row| row.get("id"))
}

/// Whether Citus keeps a table, which is named as in SQL, on other nodes too.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn keeps(db: Db, table: &str) -> Result<bool> {
    if !is_created(db)? {
        return Ok(false);
    }
    let sql =
        "SELECT true FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = pg_catalog.to_regclass($1)";
    Ok(db.first(sql, &[arg(table)], Sees::Now, |_| Ok(()))?.is_some())
}

/// Whether this node is a worker and the table is distributed by a column.
fn is_worker_of(db: Db, table: &str) -> Result<bool> {
    if !is_created(db)? || !is_worker(db)? {
        return Ok(false);
    }
    let sql = "SELECT true FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = $1::text::regclass AND d.partmethod = 'h'";
    Ok(db.first(sql, &[arg(table)], Sees::Now, |_| Ok(()))?.is_some())
}

/// Whether Citus is in this database.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn is_created(db: Db) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_extension WHERE extname = 'citus'";
    Ok(is_loaded() && db.first(sql, &[], Sees::Now, |_| Ok(()))?.is_some())
}

/// Checks that Citus is in this database; `detail` says what for.
///
/// # Errors
/// Where it is not.
pub fn check_created(db: Db, detail: &str) -> Result<()> {
    if is_created(db)? {
        return Ok(());
    }
    Err(Error::new(PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "Citus is not in this database")
        .detail(detail))
}

/// Whether this node, whose database has Citus, is a worker.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn is_worker(db: Db) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_dist_local_group l WHERE l.groupid <> 0";
    Ok(db.first(sql, &[], Sees::Now, |_| Ok(()))?.is_some())
}
