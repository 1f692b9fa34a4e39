//! The SQL functions: they only convert arguments and results.

mod cmc_regimes;
mod health;
mod inputs;
mod market_regime_history;
mod market_regimes;
mod market_states;
mod picture;
mod setup;
mod tracking;

use pgrx::prelude::*;

use crate::output::series::read::Times;
use crate::pg::Error;

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

/// A range of opening times, checked.
///
/// # Errors
/// Where the range ends before it begins.
pub fn times(
    from: Option<TimestampWithTimeZone>,
    to: Option<TimestampWithTimeZone>,
) -> crate::pg::error::Result<Times> {
    Times { from: from.map(micros), to: to.map(micros) }.check()
}

/// Checks that an array of bars has as many elements as their closes.
///
/// # Errors
/// Where it has not.
pub fn check_length(name: &str, length: usize, closes: usize) -> crate::pg::error::Result<()> {
    if length == closes {
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
        format!("{name} has {length} elements, close has {closes}"),
    )
    .hint("Give one element a bar in each array; NULL where a value is unknown."))
}
