//! Market regime history: bull, bear, volatile or transitioning on every day, from daily closes
//! (specification 4, sections 1 to 3).
//!
//! A day is a function of the last [`REACH`] closes: each window is computed by itself, without running sums,
//! so that the day is the same to the last bit wherever reading began. Values are shares, not percent: 0.05
//! is 5 %. NaN is undefined, as is an overflow; an undefined metric scores nothing.

mod day;
mod days;
mod performance;

pub use day::{Day, Regime};
pub use days::{LOOKBACK, REACH, VERSION, VOL_RETURNS, YEAR, day, days};
pub use performance::{PerformanceByRegime, performance};
