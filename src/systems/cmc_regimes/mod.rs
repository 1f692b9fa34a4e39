//! The layered regimes of assets.

pub mod check;
pub mod engine;
pub mod explain;
pub mod params;
pub mod policy;
pub mod read;
pub mod refresh;
pub mod status;
pub mod tables;
