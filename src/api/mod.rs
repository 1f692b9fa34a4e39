//! The SQL functions: they convert arguments and results, and nothing else.

mod compute;
mod explain;
mod inputs;
mod labels;
mod market;
mod market_history;
mod market_regimes;
mod names;
mod picture;
mod policy;
mod preflight;
mod read;
mod refresh;
mod repaint;
mod setup;
mod signals;
mod statistics;
mod status;
mod systems;
mod tracking;
mod work;
mod workshop;

use pgrx::prelude::*;

/// A moment as the core counts it: microseconds since 2000.
fn micros(at: TimestampWithTimeZone) -> i64 {
    pg_sys::TimestampTz::from(at)
}

/// A moment as SQL knows it.
fn timestamp(micros: i64) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(micros).ok()
}

/// An argument that must not be NULL.
fn required<T>(name: &str, value: Option<T>) -> crate::error::Result<T> {
    value.ok_or_else(|| crate::error::null_argument(name))
}

/// A row of `cmc_regimes`. Columns beside the key are NULL only in adopted rows not yet refreshed.
type RegimeRow = (
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
