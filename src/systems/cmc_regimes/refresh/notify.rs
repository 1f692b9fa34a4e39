//! Announcing flips: one notification per transaction, with the assets whose newest regime changed.
#![allow(unsafe_code)]

use std::cell::RefCell;

use pgrx::prelude::*;
use serde_json::{Value, json};

use crate::pg::settings;

/// The channel.
const CHANNEL: &str = "pg_regime_flips";

/// Most bytes of a notification; PostgreSQL refuses 8,000.
const MOST_BYTES: usize = 7_999;

/// A change of an asset's newest regime, in a subtransaction.
struct Change {
    id: i32,
    before: Option<String>,
    after: Option<String>,
    subtransaction: pg_sys::SubTransactionId,
}

thread_local! {
    /// What this transaction has changed so far.
    static CHANGES: RefCell<Vec<Change>> = const { RefCell::new(Vec::new()) };
}

/// Asks PostgreSQL to be called when transactions end; called once when the library is loaded.
pub fn watch() {
    // SAFETY: called from _PG_init; the functions have the types that PostgreSQL calls them with and
    // live as long as the library, which is never unloaded.
    unsafe {
        pg_sys::RegisterXactCallback(Some(transaction_ends), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction_ends), std::ptr::null_mut());
    }
}

/// Takes note of an asset's key before and after a refresh.
pub fn newest_regime(id: i32, [before, after]: [Option<String>; 2]) {
    if before == after || !settings::notify_flips() {
        return;
    }
    // SAFETY: in a transaction.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    CHANGES.with_borrow_mut(|changes| changes.push(Change { id, before, after, subtransaction }));
}

#[pg_guard]
unsafe extern "C-unwind" fn transaction_ends(event: pg_sys::XactEvent::Type, _none: *mut std::ffi::c_void) {
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT | pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE => {
            let changes = CHANGES.take();
            if let Some(payload) = payload(&changes) {
                send(&payload);
            }
        }
        pg_sys::XactEvent::XACT_EVENT_ABORT => CHANGES.with_borrow_mut(Vec::clear),
        _ => {}
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn subtransaction_ends(
    event: pg_sys::SubXactEvent::Type,
    own: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _none: *mut std::ffi::c_void,
) {
    CHANGES.with_borrow_mut(|changes| match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => changes.retain(|c| c.subtransaction != own),
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => {
            changes.iter_mut().filter(|c| c.subtransaction == own).for_each(|c| c.subtransaction = parent);
        }
        _ => {}
    });
}

fn send(payload: &str) {
    let text = |text: &str| text.into_datum().unwrap_or(pg_sys::Datum::null());
    // SAFETY: pg_notify(text, text) takes two texts; a transaction that is about to commit may notify.
    unsafe {
        pg_sys::OidFunctionCall2Coll(
            pg_sys::Oid::from(pg_sys::F_PG_NOTIFY),
            pg_sys::InvalidOid,
            text(CHANNEL),
            text(payload),
        );
    }
}

/// A JSON list of the changes, an object each; where that is too long, of the ids alone; where that is
/// too long, of as many ids as fit, and null for the rest.
fn payload(changes: &[Change]) -> Option<String> {
    // The first key of an asset and the last: those between were never seen by others.
    let mut net: Vec<(i32, &Option<String>, &Option<String>)> = Vec::new();
    for change in changes {
        match net.iter_mut().find(|(id, ..)| *id == change.id) {
            Some((_, _, after)) => *after = &change.after,
            None => net.push((change.id, &change.before, &change.after)),
        }
    }
    net.retain(|(_, before, after)| before != after);
    if net.is_empty() {
        return None;
    }
    let fits = |text: &String| text.len() <= MOST_BYTES;
    let objects = net.iter().map(|(id, before, after)| json!({"id": id, "old": before, "new": after}));
    let whole = Value::Array(objects.collect()).to_string();
    if fits(&whole) {
        return Some(whole);
    }
    let ids: Vec<String> = net.iter().map(|(id, ..)| id.to_string()).collect();
    let all = format!("[{}]", ids.join(","));
    if fits(&all) {
        return Some(all);
    }
    let mut some = String::from("[");
    for id in &ids {
        if some.len() + id.len() + ",null]".len() > MOST_BYTES {
            break;
        }
        some += id;
        some += ",";
    }
    Some(some + "null]")
}
