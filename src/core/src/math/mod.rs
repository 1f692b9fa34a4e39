//! Rolling windows, averages, statistics and numbers shared by all systems.

pub mod deviation;
pub mod ema;
pub mod flips;
pub mod newey_west;
pub mod number;
pub mod numeric;
pub mod pairwise;
pub mod performance;
pub mod periods;
pub mod rolling;
pub mod stats;
pub mod windows;
