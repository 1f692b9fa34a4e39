//! The SQL functions: they convert arguments and results, and nothing else.

mod cmc_regimes;
mod health;
mod inputs;
mod market_regime_history;
mod market_regimes;
mod market_regimes_rows;
mod setup;
mod systems;
mod tracking;

use pgrx::prelude::*;

/// A moment as the core counts it: microseconds since 2000.
pub fn micros(at: TimestampWithTimeZone) -> i64 {
    pg_sys::TimestampTz::from(at)
}

/// A moment as SQL knows it.
pub fn timestamp(micros: i64) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(micros).ok()
}

/// An argument that must not be NULL.
pub fn required<T>(name: &str, value: Option<T>) -> crate::pg::error::Result<T> {
    value.ok_or_else(|| crate::pg::error::null_argument(name))
}
