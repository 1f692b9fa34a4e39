//! The SQL functions: they convert arguments and results, and nothing else.

mod cmc_regimes;
mod health;
mod inputs;
mod market_regime_history;
mod market_regimes;
mod setup;
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

/// A row of `cmc_regimes`. Columns beside the key are NULL only in adopted rows not yet refreshed.
pub type RegimeRow = (
    i32,
    TimestampWithTimeZone,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<String>,
    Option<f64>,
    Option<bool>,
    Option<Vec<String>>,
    Option<String>,
    Option<bool>,
    Option<bool>,
    Option<bool>,
    Option<String>,
    Option<TimestampWithTimeZone>,
);
