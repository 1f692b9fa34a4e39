//! Whether a statement of this transaction that changes a table may still be running: its marks come when it ends.

use pgrx::pg_sys;

/// Whether a statement that changes one of these tables may be running around the caller: one that this transaction has
/// written to, and that a query has open, or whose triggers are still to come. PostgreSQL's own commands look at the same
/// before they alter a table.
pub fn may_be_changing(tables: &[pg_sys::Oid]) -> bool {
    tables.iter().any(|table| has_written(*table) && (is_open(*table) || is_pending(*table)))
}

/// Whether this transaction has a lock of writers on a table.
fn has_written(table: pg_sys::Oid) -> bool {
    // Of statements that change rows, and of TRUNCATE.
    let modes = [pg_sys::RowExclusiveLock, pg_sys::AccessExclusiveLock];
    // SAFETY: reads this backend's own table of locks.
    unsafe {
        let tag = pg_sys::LOCKTAG {
            locktag_field1: pg_sys::MyDatabaseId.to_u32(),
            locktag_field2: table.to_u32(),
            locktag_field3: 0,
            locktag_field4: 0,
            locktag_type: pg_sys::LockTagType::LOCKTAG_RELATION as u8,
            locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
        };
        modes.into_iter().any(|mode| {
            #[cfg(any(feature = "pg15", feature = "pg16"))]
            let held = pg_sys::LockHeldByMe(&tag, mode as i32);
            #[cfg(not(any(feature = "pg15", feature = "pg16")))]
            let held = pg_sys::LockHeldByMe(&tag, mode as i32, false);
            held
        })
    }
}

/// Whether a query or command of this session has a table open.
fn is_open(table: pg_sys::Oid) -> bool {
    // SAFETY: the table is locked; it is opened here and closed at once.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(table);
        if relation.is_null() {
            return false;
        }
        let is_open = (*relation).rd_refcnt > 1;
        pg_sys::RelationClose(relation);
        is_open
    }
}

/// Whether triggers on a table have been queued and have not fired yet.
fn is_pending(table: pg_sys::Oid) -> bool {
    // SAFETY: looks through this backend's own queue.
    unsafe { pg_sys::AfterTriggerPendingOnRel(table) }
}
