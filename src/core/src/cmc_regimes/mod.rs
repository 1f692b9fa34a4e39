//! The layered regimes of assets, from bars to rows (specification 1).

pub mod align;
pub mod backtest;
pub mod budget;
pub mod comovement;
pub mod config;
pub mod explain;
pub mod facts;
pub mod fingerprint;
pub mod forward;
pub mod hysteresis;
pub mod label;
pub mod labeller;
pub mod layer;
pub mod lead_lag;
pub mod memory;
pub mod original;
pub mod outside;
pub mod params;
pub mod pipeline;
pub mod policy;
pub mod proxy;
pub mod restraint;
pub mod row;
pub mod series;
pub mod version;
