//! Laws: what holds of the crate for any input. One program, so that the crate is linked to its tests once.

mod backtest;
mod common;
mod comovement;
mod explain;
mod forward;
mod hysteresis;
mod input;
mod kernel;
mod label;
mod lint;
mod market;
mod market_history;
mod market_outcome;
mod market_performance;
mod market_states;
mod numeric;
mod outcome;
mod outside;
mod pattern;
mod period;
mod picture;
mod pipeline;
mod policy;
mod sealed;
mod tightest;
mod version;
