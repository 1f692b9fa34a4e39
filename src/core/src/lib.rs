//! Market regimes as pure functions: labels of bars (trend, volatility, liquidity), hysteresis,
//! a tighten-only risk policy, and what follows from them (flips, statistics, comovement).
//!
//! Flat arrays in, flat arrays out, in ascending time; NaN is "unknown". The crate has no database, no clock
//! and no I/O, and fills no gaps: bars are counted, not days. Times are microseconds and days are days since
//! 2000-01-01 00:00 UTC. "Specification N" is a document of the project, cited by section.
#![deny(missing_docs)]

pub mod calendar;
pub mod cmc_regimes;
pub mod compare;
pub mod config;
pub mod connect;
pub mod demo;
pub mod hash;
mod json;
pub mod market_regime_history;
pub mod market_regimes;
pub mod market_states;
pub mod math;
mod sealed;
pub mod strip;
mod words;
pub mod yaml;

pub use cmc_regimes::budget::{Budget, Tier};
pub use cmc_regimes::label::{Label, Liq, Trend, Vol};
pub use cmc_regimes::layer::{Layer, PerLayer};
