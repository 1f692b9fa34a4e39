//! Callbacks at the end of a transaction or a subtransaction.

use std::ffi::c_void;

use pgrx::prelude::*;

/// What to do when transactions end.
pub struct Callbacks {
    /// The transaction is about to commit, or to be prepared.
    pub before_commit: fn(),
    /// The transaction was rolled back.
    pub aborted: fn(),
    /// This subtransaction was rolled back.
    pub subtransaction_aborted: fn(pg_sys::SubTransactionId),
    /// This subtransaction became a part of that parent.
    pub subtransaction_committed: fn(pg_sys::SubTransactionId, pg_sys::SubTransactionId),
}

/// Asks PostgreSQL to be called when transactions end; called once when the library is loaded.
pub fn watch(callbacks: &'static Callbacks) {
    let argument = std::ptr::from_ref(callbacks).cast_mut().cast();
    // SAFETY: called from _PG_init; the functions have the types that PostgreSQL calls them with and
    // live as long as the library, which is never unloaded; so do the callbacks, which nobody changes.
    unsafe {
        pg_sys::RegisterXactCallback(Some(transaction_ends), argument);
        pg_sys::RegisterSubXactCallback(Some(subtransaction_ends), argument);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn transaction_ends(event: pg_sys::XactEvent::Type, callbacks: *mut c_void) {
    // SAFETY: what `watch` has passed.
    let callbacks = unsafe { &*callbacks.cast::<Callbacks>() };
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT | pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE => {
            (callbacks.before_commit)();
        }
        pg_sys::XactEvent::XACT_EVENT_ABORT => (callbacks.aborted)(),
        _ => {}
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn subtransaction_ends(
    event: pg_sys::SubXactEvent::Type,
    own: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    callbacks: *mut c_void,
) {
    // SAFETY: what `watch` has passed.
    let callbacks = unsafe { &*callbacks.cast::<Callbacks>() };
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => (callbacks.subtransaction_aborted)(own),
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => (callbacks.subtransaction_committed)(own, parent),
        _ => {}
    }
}
