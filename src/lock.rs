//! Locks by name, held to the end of the transaction: whoever asks for one that is taken waits.

use crate::db::{Db, Sees, arg};
use crate::error::Result;

/// Waits for a name. The snapshot to read with is to be taken after it.
pub fn lock(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    db.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0::bigint))", &[arg(name)], Sees::Now, |_| {
        Ok(())
    })
}
