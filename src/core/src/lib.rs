//! Market regimes as pure functions: labels of bars (trend, volatility, liquidity), hysteresis,
//! a tighten-only risk policy, and what follows from them (flips, statistics, comovement).
//!
//! Flat arrays in, flat arrays out; NaN is "unknown". This crate knows no database, no clock and no
//! I/O, fetches nothing, resamples nothing in [`pipeline`] and fills no gaps: bars are counted, not
//! days. Times are microseconds since any epoch, as long as it is the same everywhere.
#![deny(missing_docs)]

pub mod align;
pub mod budget;
pub mod calendar;
pub mod comovement;
pub mod demo;
pub mod explain;
pub mod fingerprint;
pub mod flips;
pub mod forward;
pub mod hysteresis;
pub mod label;
pub mod labels;
pub mod lead_lag;
pub mod market;
pub mod market_history;
pub mod memory;
pub mod number;
pub mod numeric;
pub mod params;
pub mod periods;
pub mod pipeline;
pub mod policy;
pub mod restraint;
pub mod rolling;
mod sealed;
pub mod series;
pub mod stamps;
pub mod stats;
pub mod steps;
pub mod strip;
pub mod ticks;
pub mod version;

pub use budget::{Budget, Layer, Tier};
pub use label::{Label, Liq, Trend, Vol};
