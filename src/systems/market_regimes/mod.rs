//! Regimes of candles on three axes.

pub mod fresh;
pub mod label;
pub mod marks;
pub mod read;
pub mod reference;
pub mod refresh;
pub mod rows;
pub mod state;
pub mod tables;

use regime_core::market_regimes::Config;

use crate::systems::registered::{Registered, Wording};

/// The regimes of candles in the registry.
pub const REGISTERED: Registered = Registered {
    system: &tables::MARKET,
    is_default: false,
    watched: |db, schema| Ok(marks::find_candles(db, schema)?.iter().map(marks::candles).collect()),
    untracked: fresh::untracked,
    fresh: fresh::all,
    version: |_| Ok(Config::default().version()),
    locked: fresh::locked,
    findings: &[],
    wording: Wording {
        made_of: ["candle", "candles"],
        made_of_short: ["candle", "candles"],
        failing: "failing series",
        stale: "stale series",
        untracked: "a series",
    },
};
