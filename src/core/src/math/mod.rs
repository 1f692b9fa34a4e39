//! Rolling windows, statistics and numbers, for all systems.

pub mod ema;
pub mod number;
pub mod numeric;
pub mod periods;
pub mod rolling;
pub mod stats;
