//! What PostgreSQL does otherwise where Citus is loaded, which plans statements and carries DDL to other nodes.

use std::ffi::CStr;
use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::environment::Scope;
use crate::pg::environment::quoted;
use crate::pg::error::{Error, Result, not_in_prerequisite_state};
use crate::pg::session::current_database;
use crate::pg::spi::{Db, Sees};
use crate::pg::subtransaction::raise;

const CARRIES_DDL: &CStr = c"citus.enable_ddl_propagation";

/// How the error of a join with a table of which the node has no copy begins.
const LOCAL: &str = "direct joins between distributed and local tables are not supported";

/// How the error of a distributed statement within a call on a shard begins; it has no code of its own.
const NESTED: &str = "cannot execute a distributed query from a query on a shard";

/// Whether Citus is loaded. The libraries that a server preloads stay the same for the life of a session.
pub fn is_loaded() -> bool {
    thread_local! {
        // SAFETY: looks a setting up by its name; a null pointer if there is none.
        static LOADED: bool = unsafe { !pg_sys::GetConfigOption(CARRIES_DDL.as_ptr(), true, false).is_null() };
    }
    LOADED.with(|loaded| *loaded)
}

/// Runs `work`, which creates relations on this node alone: on a worker, Citus refuses DDL that it would carry to other
/// nodes.
pub fn on_this_node<R>(work: impl FnOnce() -> R) -> R {
    let _scope = is_loaded().then(|| Scope::new([(CARRIES_DDL, c"off")].into_iter()));
    work()
}

/// How Citus keeps a table.
#[derive(Clone, PartialEq)]
pub struct Kept {
    /// The column by which the table is distributed, quoted; `None` for a table that is whole on every node.
    pub column: Option<String>,
    /// Tables of one group have rows of equal values on the same node.
    pub group: i64,
}

/// How Citus keeps a table, which is named as in SQL; `None` where Citus does not.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn kept(db: Db, table: &str) -> Result<Option<Kept>> {
    if !is_created(db)? {
        return Ok(None);
    }
    let sql = "SELECT d.colocationid::int8 AS colocated, \
         CASE WHEN d.partkey IS NOT NULL THEN pg_catalog.column_to_column_name(d.logicalrelid, d.partkey) END AS by \
         FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = pg_catalog.to_regclass($1)";
    db.first(sql, &[arg(table)], Sees::Now, |row| {
        let column: Option<String> = row.get("by")?;
        Ok(Kept { column: column.map(quoted), group: row.get("colocated")? })
    })
}

/// Of assets, those whose rows of a table are on this node. The table is named as in SQL; all assets where it is not
/// distributed, and on the coordinator, which reads and writes the rows of every node.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn of_this_node(db: Db, table: &str, ids: Vec<i32>) -> Result<Vec<i32>> {
    if !has_a_part(db, table)? {
        return Ok(ids);
    }
    let sql = "SELECT a.id FROM pg_catalog.unnest($1) AS a (id) WHERE EXISTS (SELECT FROM pg_catalog.pg_dist_placement p \
         WHERE p.shardid = pg_catalog.get_shard_id_for_distribution_column($2::text::regclass, a.id) \
         AND p.groupid = (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)) ORDER BY a.id";
    db.all(sql, &[arg(ids), arg(table)], Sees::Now, |row| row.get("id"))
}

/// Whether this node has a part of the rows of a table, which is named as in SQL; on the coordinator, which reads and writes the
/// rows of every node, it has not.
fn has_a_part(db: Db, table: &str) -> Result<bool> {
    let find = || {
        let is_distributed = kept(db, table)?.is_some_and(|kept| kept.column.is_some());
        Ok(is_distributed && is_worker(db)?)
    };
    Ok(is_loaded() && *known("a part of a table of Citus", &table.to_owned(), find)?)
}

/// The tables, as SQL, that have the part of the rows of a table that is on this node: reading these needs no other node.
/// `None` where [`of_this_node`] gives all.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn shards_of_this_node(db: Db, table: &str) -> Result<Option<Vec<String>>> {
    if !has_a_part(db, table)? {
        return Ok(None);
    }
    // Citus leaves out the schema `public`.
    let sql = "SELECT CASE WHEN pg_catalog.starts_with(f.name, quote_ident(n.nspname) || '.') THEN f.name ELSE quote_ident(n.nspname) || '.' || f.name END AS shard \
         FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid) JOIN pg_catalog.pg_dist_local_group l USING (groupid) \
         JOIN pg_catalog.pg_class c ON c.oid = s.logicalrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL pg_catalog.shard_name(s.logicalrelid, s.shardid) AS f (name) WHERE s.logicalrelid = $1::text::regclass";
    db.all(sql, &[arg(table)], Sees::Now, |row| row.get("shard")).map(Some)
}

/// Runs `work`, which reads tables; errors of Citus that a user can mend are raised with what helps: a function that is called
/// on the shards of another table, and a node without copies of the tables that every node has.
///
/// # Errors
/// Those of `work`.
pub fn explained<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    if !is_loaded() {
        return work();
    }
    // Whatever is caught is raised again, so that no subtransaction is needed.
    let explain = |begins: &'static str, error: fn() -> Error| {
        move |caught: CaughtError| -> Result<R> {
            match &caught {
                CaughtError::PostgresError(report) if report.message().starts_with(begins) => raise(error()),
                _ => caught.rethrow(),
            }
        }
    };
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_when(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, explain(NESTED, on_shards_error))
        .catch_when(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, explain(LOCAL, no_copies_error))
        .execute()
}

fn no_copies_error() -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "this node of Citus has no copies of the tables that are on every node",
    )
    .detail("Citus copies them to a node that was added when the first shard moves there, or when the coordinator is told to: the statement runs there.")
    .hint("SELECT pg_catalog.replicate_reference_tables();")
}

fn on_shards_error() -> Error {
    let database = current_database();
    Error::new(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "a function that reads distributed tables is called on the shards of a distributed table",
    )
    .detail("There Citus lets a function read distributed tables in sessions with this setting alone. Without the setting, read the rows first: WITH s AS MATERIALIZED (SELECT …) SELECT … FROM s CROSS JOIN LATERAL …, and for rows of one asset, which Citus sends to their shard with the function, write id + 0 = 3 in place of id = 3; a function that returns one value may stand in a SELECT of its own: (SELECT regime_version_hash()).")
    .hint(format!("ALTER DATABASE {database} SET citus.allow_nested_distributed_execution = on;"))
}

/// Whether Citus is in this database.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn is_created(db: Db) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_extension WHERE extname = 'citus'";
    Ok(is_loaded() && db.first(sql, &[], Sees::Now, |_| Ok(()))?.is_some())
}

/// Whether Citus keeps a schema, which is named as in SQL, on every node.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn kept_schema(db: Db, schema: &str) -> Result<bool> {
    if !is_created(db)? {
        return Ok(false);
    }
    let sql = "SELECT true FROM pg_catalog.pg_dist_object d WHERE d.classid = 'pg_catalog.pg_namespace'::regclass \
         AND d.objid = pg_catalog.to_regnamespace($1)";
    Ok(db.first(sql, &[arg(schema)], Sees::Now, |_| Ok(()))?.is_some())
}

/// Checks that Citus is in this database; `detail` says what for.
///
/// # Errors
/// Where it is not.
pub fn check_created(db: Db, detail: &str) -> Result<()> {
    if is_created(db)? {
        return Ok(());
    }
    Err(not_in_prerequisite_state("Citus is not in this database").detail(detail))
}

/// Whether this node, whose database has Citus, is a worker.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn is_worker(db: Db) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_dist_local_group l WHERE l.groupid <> 0";
    Ok(db.first(sql, &[], Sees::Now, |_| Ok(()))?.is_some())
}
