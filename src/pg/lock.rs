//! Locks by name, held to the end of the transaction.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};

/// Waits for the exclusive lock of a name and holds it to the end of the transaction. The snapshot to read
/// with is to be taken afterwards.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    db.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0::bigint))", &[arg(name)], Sees::Now, |_| {
        Ok(())
    })
}

/// Waits for the shared lock of a name and holds it to the end of the transaction.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn join(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    let join = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0::bigint))";
    db.rows(join, &[arg(name)], Sees::Now, |_| Ok(()))
}

/// How many sessions of this database hold the shared lock of a name.
///
/// # Errors
/// Where pg_locks cannot be read.
pub fn sharers(db: Db, name: &str) -> Result<i64> {
    let name = format!("pg_regime {name}");
    let count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0::bigint)";
    db.one(count, &[arg(name)], Sees::Now, |row| row.only())
}

/// Waits for other sessions that create tables in a schema: two at once would create the same table.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock_schema(db: Db, schema: &str) -> Result<()> {
    lock(db, &format!("tables of {schema}"))
}

/// The first key of the locks of what the rows of a schema are about; the second is the subject.
///
/// # Errors
/// Where there is no schema of this name.
pub fn space(db: Db, schema: &str) -> Result<i32> {
    let sql = "SELECT pg_catalog.hashtext('pg_regime') # oid::int4 AS space FROM pg_catalog.pg_namespace WHERE nspname = $1::name";
    let find = || db.one(sql, &[arg(schema)], Sees::Now, |row| row.get("space"));
    Ok(*known("lock space", &schema.to_owned(), find)?)
}

/// Waits for the lock of a subject, given by two keys, and holds it to the end of the transaction.
pub fn lock_subject(_: Db, space: i32, subject: i32) {
    // SAFETY: the function takes two int4, needs a transaction, and returns nothing.
    unsafe {
        pgrx::direct_function_call::<()>(
            pg_sys::pg_advisory_xact_lock_int4,
            &[space.into_datum(), subject.into_datum()],
        );
    }
}
