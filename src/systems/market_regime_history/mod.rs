//! The history of a market: bull, bear, volatile, transitioning.

pub mod asked;
pub mod backfill;
pub mod batch;
pub mod calls;
pub mod closes;
pub mod compare;
pub mod days;
pub mod fresh;
pub mod outcome;
pub mod performance;
pub mod picture;
pub mod read;
pub mod tables;

use regime_core::market_regime_history::VERSION;

use crate::output::finding::Kind;
use crate::systems::registered::{Registered, Wording};

/// The market regime history in the registry.
pub const REGISTERED: Registered = Registered {
    system: &tables::HISTORY,
    is_default: false,
    watched: |_, _| Ok(Vec::new()),
    // A backfill skips stored days, tracked or not.
    untracked: |_| Ok(None),
    fresh: fresh::all,
    waiting: |_| Ok(0),
    version: |_| Ok(VERSION.to_owned()),
    locked: fresh::locked,
    history: picture::history,
    desk: picture::desk,
    breadth: picture::breadth,
    compared: compare::COMPARED,
    findings: &[],
    wording: Wording {
        made_of: ["daily bar", "daily bars"],
        made_of_short: ["bar", "bars"],
        failing: Kind::FailingHistory,
        stale: Kind::StaleHistory,
        newest: "SELECT date, newest_bar, stale_because FROM OWN.market_regime_history_latest(NAME);",
        untracked: "a symbol",
    },
};
