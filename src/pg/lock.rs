//! Locks by name, held to the end of the transaction.

use crate::pg::arg::arg;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};

/// Waits for a name. The snapshot to read with is to be taken after it.
pub fn lock(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    db.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0::bigint))", &[arg(name)], Sees::Now, |_| {
        Ok(())
    })
}

/// Joins those who share a name.
pub fn join(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    let join = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0::bigint))";
    db.rows(join, &[arg(name)], Sees::Now, |_| Ok(()))
}

/// How many share a name.
pub fn sharers(db: Db, name: &str) -> Result<i64> {
    let name = format!("pg_regime {name}");
    let count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0::bigint)";
    db.one(count, &[arg(name)], Sees::Now, |row| row.get(0))
}

/// Waits for others that make tables in a schema: two at once would both create, while the second
/// after the first finds.
pub fn lock_schema(db: Db, schema: &str) -> Result<()> {
    lock(db, &format!("tables of {schema}"))
}
