//! Keeping relations that a call reads or writes from being altered or truncated until the transaction ends.

use std::ptr;

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

use crate::pg::environment::quoted;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::syscache::{has_children, is_table, relation_oid};

impl Db<'_> {
    /// Waits until a relation, its partitions and the chunks of a hypertable can be read, and keeps other sessions from
    /// altering, truncating or compressing these until the transaction ends. To be called before a snapshot is taken: to an older
    /// snapshot, a table that is truncated or rewritten afterwards looks empty.
    ///
    /// # Errors
    /// Where the relation cannot be read or locked.
    pub fn hold(self, schema: &str, name: &str) -> Result<()> {
        let relation = format!("{}.{}", quoted(schema), quoted(name));
        // A table is locked directly, without a statement: Citus would carry LOCK TABLE to every node. During the wait, the
        // name may have passed to another table, which is then locked too.
        let mut held = None;
        while let Some(oid) = relation_oid(schema, name).filter(|oid| is_table(*oid)) {
            if held == Some(oid) {
                return Ok(());
            }
            if nothing_happened(|| share(oid)) {
                return Ok(());
            }
            held = Some(oid);
        }
        // SAFETY: looks up a system cache.
        let is_view = |oid| unsafe { pg_sys::get_rel_relkind(oid) } as u8 == pg_sys::RELKIND_VIEW;
        if relation_oid(schema, name).is_some_and(is_view) {
            // Locks the tables that the view reads as well.
            return self.execute(&format!("LOCK TABLE {relation} IN ACCESS SHARE MODE"), &[]).map(|_| ());
        }
        self.rows(&format!("SELECT FROM {relation} WHERE false"), &[], Sees::Snapshot, |_| Ok(()))
    }

    /// [`Db::hold`] of several relations, of which tables are `held` already by a lock that keeps out more.
    ///
    /// # Errors
    /// As [`Db::hold`].
    pub fn hold_all(self, relations: &Relations, held: &[pg_sys::Oid]) -> Result<()> {
        let share_all = |tables: &[pg_sys::Oid]| {
            tables.iter().filter(|oid| !held.contains(oid)).for_each(|oid| share(*oid))
        };
        if relations.tables.as_ref().is_some_and(|tables| nothing_happened(|| share_all(tables))) {
            return Ok(());
        }
        relations.names.iter().try_for_each(|(schema, name)| self.hold(schema, name))
    }
}

/// Relations by name, with the oids of the names where all of them are tables. The names may pass to others: a fact
/// about the catalogs.
pub struct Relations {
    names: Vec<(String, &'static str)>,
    tables: Option<Vec<pg_sys::Oid>>,
}

impl Relations {
    /// Looks these up, given as schema and name.
    pub fn find(names: Vec<(String, &'static str)>) -> Self {
        let table = |schema: &str, name: &str| relation_oid(schema, name).filter(|oid| is_table(*oid));
        let tables = names.iter().map(|(schema, name)| table(schema, name)).collect();
        Self { names, tables }
    }
}

/// Keeps other sessions from altering or truncating a table until the transaction ends, and then the partitions, children
/// and chunks of the table, one by one in the order in which PostgreSQL locks these.
fn share(table: pg_sys::Oid) {
    // SAFETY: in a transaction, which releases the lock at its end.
    unsafe { pg_sys::LockRelationOid(table, SHARE) };
    if has_children(table) {
        // SAFETY: as above; the table exists, and cannot be dropped any more.
        let all = unsafe { pg_guard_ffi_boundary(|| find_all_inheritors(table, SHARE, ptr::null_mut())) };
        // SAFETY: the list was made by the call.
        unsafe { pg_sys::list_free(all) };
    }
}

const SHARE: pg_sys::LOCKMODE = pg_sys::AccessShareLock as pg_sys::LOCKMODE;

unsafe extern "C-unwind" {
    /// Locks all tables that inherit from a table, directly or not, and gives these and the table itself: of PostgreSQL, which
    /// pgrx does not bind.
    fn find_all_inheritors(
        table: pg_sys::Oid,
        mode: pg_sys::LOCKMODE,
        parents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;
}

/// Runs `work`; whether no change of the catalogs was announced meanwhile.
fn nothing_happened(work: impl FnOnce()) -> bool {
    // SAFETY: reads a global of this backend.
    let announced = || unsafe { pg_sys::SharedInvalidMessageCounter };
    let before = announced();
    work();
    announced() == before
}
