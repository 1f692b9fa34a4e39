//! Keeping relations that a call reads or writes from being altered or truncated until the transaction ends.

use pgrx::pg_sys;

use crate::pg::environment::quoted;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::syscache::relation_oid;

impl Db<'_> {
    /// Waits until a relation and its partitions can be read, and keeps other sessions from altering or
    /// truncating them until the transaction ends. To be called before a snapshot is taken: to an older
    /// snapshot, a table that is truncated or rewritten afterwards looks empty.
    ///
    /// # Errors
    /// Where the relation cannot be read or locked.
    pub fn hold(self, schema: &str, name: &str) -> Result<()> {
        let relation = format!("{}.{}", quoted(schema), quoted(name));
        // SAFETY: looks up a system cache.
        let kind = |oid| unsafe { pg_sys::get_rel_relkind(oid) } as u8;
        // A plain table is locked directly, without a statement. During the wait, the name may have passed to another
        // table, which is then locked too.
        let mut held = None;
        while let Some(oid) = relation_oid(schema, name).filter(|oid| kind(*oid) == b'r') {
            if held == Some(oid) {
                return Ok(());
            }
            if nothing_happened(|| share(oid)) {
                return Ok(());
            }
            held = Some(oid);
        }
        if matches!(relation_oid(schema, name).map(kind), Some(b'p' | b'v')) {
            // Locks partitions, and the tables that a view reads, as well.
            return self.execute(&format!("LOCK TABLE {relation} IN ACCESS SHARE MODE"), &[]).map(|_| ());
        }
        self.rows(&format!("SELECT FROM {relation} WHERE false"), &[], Sees::Snapshot, |_| Ok(()))
    }

    /// [`Db::hold`] of several relations.
    ///
    /// # Errors
    /// As [`Db::hold`].
    pub fn hold_all(self, relations: &Relations) -> Result<()> {
        if relations
            .tables
            .as_ref()
            .is_some_and(|tables| nothing_happened(|| tables.iter().for_each(|oid| share(*oid))))
        {
            return Ok(());
        }
        relations.names.iter().try_for_each(|(schema, name)| self.hold(schema, name))
    }
}

/// Relations by name, with the oids of the names where all of them are plain tables. The names may pass to others: a fact
/// about the catalogs.
pub struct Relations {
    names: Vec<(String, &'static str)>,
    tables: Option<Vec<pg_sys::Oid>>,
}

impl Relations {
    /// Looks these up, given as schema and name.
    pub fn find(names: Vec<(String, &'static str)>) -> Self {
        // SAFETY: looks up a system cache.
        let is_plain = |oid: &pg_sys::Oid| unsafe { pg_sys::get_rel_relkind(*oid) } as u8 == b'r';
        let tables = names.iter().map(|(schema, name)| relation_oid(schema, name).filter(is_plain)).collect();
        Self { names, tables }
    }
}

/// Keeps other sessions from altering or truncating a table until the transaction ends.
fn share(table: pg_sys::Oid) {
    // SAFETY: in a transaction, which releases the lock at its end.
    unsafe { pg_sys::LockRelationOid(table, pg_sys::AccessShareLock as i32) };
}

/// Runs `work`; whether no change of the catalogs was announced meanwhile.
fn nothing_happened(work: impl FnOnce()) -> bool {
    // SAFETY: reads a global of this backend.
    let announced = || unsafe { pg_sys::SharedInvalidMessageCounter };
    let before = announced();
    work();
    announced() == before
}
