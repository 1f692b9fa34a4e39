//! The SQL functions: they only convert arguments and results.
// A function has the arguments and columns that it has in SQL.
#![allow(clippy::too_many_arguments, clippy::type_complexity)]

mod cmc_regimes;
mod health;
mod inputs;
mod market_regime_history;
mod market_regimes;
mod setup;
mod tracking;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

/// What an SQL function returns: its value, or the error as PostgreSQL reports it.
pub type Result<T> = std::result::Result<T, ErrorReport>;

/// A moment in microseconds since 2000, as the core counts time.
pub fn micros(at: TimestampWithTimeZone) -> i64 {
    pg_sys::TimestampTz::from(at)
}

/// The SQL value of a moment in microseconds since 2000; `None` outside the range of `timestamptz`.
pub fn timestamp(micros: i64) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(micros).ok()
}

/// The value of an argument that must not be NULL.
///
/// # Errors
/// Where the value is NULL.
pub fn required<T>(name: &str, value: Option<T>) -> crate::pg::error::Result<T> {
    value.ok_or_else(|| crate::pg::error::null_argument(name))
}
