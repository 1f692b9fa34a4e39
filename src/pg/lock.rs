//! Locks by name, held to the end of the transaction.

use crate::pg::arg::arg;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};

/// Waits for the exclusive lock of a name and holds it to the end of the transaction. The snapshot to read
/// with is to be taken afterwards.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    db.rows(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0::bigint))",
        &[arg(name)],
        Sees::Now,
        |_| Ok(()),
    )
}

/// Waits for the shared lock of a name and holds it to the end of the transaction.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn join(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    let join = "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended($1, 0::bigint))";
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
                 AND (classid::bigint << 32) | objid::bigint = pg_catalog.hashtextextended($1, 0::bigint)";
    db.one(count, &[arg(name)], Sees::Now, |row| row.only())
}

/// Waits for other sessions that create tables in a schema: two at once would create the same table.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock_schema(db: Db, schema: &str) -> Result<()> {
    lock(db, &format!("tables of {schema}"))
}
