//! Announcing flips: one notification per transaction, with the assets whose newest regime changed.

use std::cell::RefCell;

use pgrx::prelude::*;
use serde_json::{Value, json};

use crate::pg::{at_commit::Callbacks, session, settings};

const CHANNEL: &str = "pg_regime_flips";

/// The most bytes of a payload; PostgreSQL refuses 8,000.
const MOST_BYTES: usize = 7_999;

/// A change of an asset's newest key, and the subtransaction that made it.
struct Change {
    id: i32,
    before: Option<String>,
    after: Option<String>,
    subtransaction: pg_sys::SubTransactionId,
}

thread_local! {
    /// The changes of this transaction so far.
    static CHANGES: RefCell<Vec<Change>> = const { RefCell::new(Vec::new()) };
}

/// Records the newest key of an asset before and after a refresh.
pub fn newest_regime(id: i32, before: Option<String>, after: Option<String>) {
    if before == after || !settings::notify_flips() {
        return;
    }
    let change = Change { id, before, after, subtransaction: session::subtransaction() };
    CHANGES.with_borrow_mut(|changes| changes.push(change));
}

/// What to do when transactions and subtransactions end.
pub const CALLBACKS: Callbacks = Callbacks {
    before_commit: || {
        if let Some(payload) = payload(&CHANGES.take()) {
            session::notify(CHANNEL, &payload);
        }
    },
    aborted: || CHANGES.with_borrow_mut(Vec::clear),
    subtransaction_aborted: |own| CHANGES.with_borrow_mut(|all| all.retain(|c| c.subtransaction != own)),
    subtransaction_committed: |own, parent| {
        CHANGES.with_borrow_mut(|all| {
            all.iter_mut().filter(|c| c.subtransaction == own).for_each(|c| c.subtransaction = parent);
        });
    },
};

/// A JSON array with an object for each change; if that is too long, with the ids alone; if that is too long, with as
/// many ids as fit, and null for the rest.
fn payload(changes: &[Change]) -> Option<String> {
    // The first and the last key of each asset: other sessions never saw the keys between.
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
