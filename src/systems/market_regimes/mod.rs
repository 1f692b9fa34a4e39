//! Regimes of candles on three axes.

pub mod compare;
pub mod label;
pub mod picture;
pub mod read;
pub mod refresh;
pub mod rows;
pub mod tables;

use regime_core::market_regimes::Config;

use crate::systems::market_regimes::tables::OF_SERIES;
use crate::systems::registered::{Registered, Wording};

/// The regimes of candles in the registry.
pub const REGISTERED: Registered = Registered {
    system: &tables::MARKET,
    is_default: false,
    watched: |db, schema| OF_SERIES.watched(db, schema),
    untracked: |db| OF_SERIES.untracked(db),
    fresh: |db| OF_SERIES.fresh(db),
    waiting: |_| Ok(0),
    version: |_| Ok(Config::default().version()),
    locked: |db, schema, key| OF_SERIES.locked(db, schema, key),
    history: picture::history,
    desk: picture::desk,
    breadth: picture::breadth,
    compared: compare::COMPARED,
    findings: &[],
    wording: Wording::of_candles(
        "SELECT symbol, timeframe, newest_bar, open_time, stale_because FROM OWN.market_regimes_latest() ORDER BY newest_bar, symbol, timeframe;",
    ),
};
