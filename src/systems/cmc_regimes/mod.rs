//! The layered regimes of assets.

pub mod assets;
pub mod basis;
pub mod check;
pub mod engine;
pub mod explain;
pub mod health;
pub mod params;
pub mod policies;
pub mod policy;
pub mod read;
pub mod refresh;
pub mod status;
pub mod tables;
pub mod tracked;
