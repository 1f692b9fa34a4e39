//! Market regimes as pure functions: labels of bars (trend, volatility, liquidity), hysteresis,
//! a tighten-only risk policy, and what follows from them (flips, statistics, comovement).
//!
//! Flat arrays in, flat arrays out; NaN is "unknown". This crate knows no database, no clock and no
//! I/O, fetches nothing, resamples nothing in [`pipeline`] and fills no gaps: bars are counted, not
//! days. Times are microseconds since any epoch, as long as it is the same everywhere.
#![deny(missing_docs)]

pub mod calendar;
pub mod cmc_regimes;
pub mod demo;
pub mod hash;
mod json;
pub mod market_regime_history;
pub mod market_regimes;
pub mod math;
mod sealed;

pub use cmc_regimes::budget::{Budget, Tier};
pub use cmc_regimes::label::{Label, Liq, Trend, Vol};
pub use cmc_regimes::layer::{Layer, PerLayer};
