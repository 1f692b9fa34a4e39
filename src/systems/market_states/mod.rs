//! States of bars and the escalation of stress.
//!
//! Ranks are exact. The values so far of the five components and of the escalation of the current era are six counted
//! B+ trees: a node is a row of `market_state_ranks`, the root a part of the state of the series. A new bar reads and
//! rewrites one leaf of each tree and the inner nodes above, two nodes of a tree at 100,000 bars, and one block of the
//! last bars; of the other nodes it reads none but the blocks of the last bars. Nodes are updated in place: no index
//! column changes, each page has room for a new version, and the log holds little more than the bytes that differ.
//! Sorted blocks with a directory of their counts, the other structure that would do, rewrite the directory for each
//! bar, which grows with the history.

pub mod after;
pub mod chunks;
pub mod compare;
pub mod explain;
pub mod latest;
pub mod picture;
pub mod read;
pub mod refresh;
pub mod rows;
pub mod state;
pub mod tables;

use regime_core::market_states::CLASSIFIER_VERSION;

use crate::systems::market_states::tables::OF_SERIES;
use crate::systems::registered::{Registered, Wording};

/// Market states in the registry.
pub const REGISTERED: Registered = Registered {
    system: &tables::STATES,
    is_default: false,
    watched: |db, schema| OF_SERIES.watched(db, schema),
    untracked: |db| OF_SERIES.untracked(db),
    fresh: |db| OF_SERIES.fresh(db),
    waiting: |_| Ok(0),
    version: |_| Ok(CLASSIFIER_VERSION.to_owned()),
    locked: |db, schema, key| OF_SERIES.locked(db, schema, key),
    history: picture::history,
    desk: picture::desk,
    breadth: picture::breadth,
    compared: compare::COMPARED,
    findings: &[],
    wording: Wording::of_candles(
        "SELECT symbol, timeframe, newest_bar, open_time, stale_because FROM OWN.market_states_latest() ORDER BY newest_bar, symbol, timeframe;",
    ),
};
