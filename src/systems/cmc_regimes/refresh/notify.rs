//! Announcing flips: one notification per transaction, with the assets whose newest regime changed.

use std::cell::RefCell;

use pgrx::prelude::*;
use serde_json::{Value, json};

use crate::pg::{at_commit::Callbacks, session, settings, utc};

const CHANNEL: &str = "pg_regime_flips";

/// The most bytes of a payload; PostgreSQL refuses 8,000.
const MOST_BYTES: usize = 7_999;

/// A change of an asset's newest key.
pub struct Flip {
    pub id: i32,
    /// `None` where the asset has none that can be read.
    pub symbol: Option<String>,
    /// The time of the newest row, in microseconds since 2000; `None` where there is no row any more.
    pub at: Option<i64>,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A change, and the subtransaction that made it.
struct Change {
    flip: Flip,
    subtransaction: pg_sys::SubTransactionId,
}

thread_local! {
    /// The changes of this transaction so far.
    static CHANGES: RefCell<Vec<Change>> = const { RefCell::new(Vec::new()) };
}

/// Whether flips are to be recorded.
pub fn is_on() -> bool {
    settings::notify_flips()
}

/// Records a flip.
pub fn flipped(flip: Flip) {
    let change = Change { flip, subtransaction: session::subtransaction() };
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
    let mut net: Vec<(&Flip, &Flip)> = Vec::new();
    for Change { flip, .. } in changes {
        match net.iter_mut().find(|(first, _)| first.id == flip.id) {
            Some((_, last)) => *last = flip,
            None => net.push((flip, flip)),
        }
    }
    net.retain(|(first, last)| first.before != last.after);
    if net.is_empty() {
        return None;
    }
    let fits = |text: &String| text.len() <= MOST_BYTES;
    let object = |(first, last): &(&Flip, &Flip)| json!({"id": last.id, "symbol": last.symbol, "ts": last.at.map(utc), "old": first.before, "new": last.after});
    let objects = net.iter().map(object);
    let whole = Value::Array(objects.collect()).to_string();
    if fits(&whole) {
        return Some(whole);
    }
    let ids: Vec<String> = net.iter().map(|(_, last)| last.id.to_string()).collect();
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
