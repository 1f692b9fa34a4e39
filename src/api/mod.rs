//! The SQL functions: they only convert arguments and results.
// A function has the arguments and columns that it has in SQL.
#![allow(clippy::too_many_arguments, clippy::type_complexity)]

/// Declares SQL functions of a series, which a file of `sql/install/` declares with a symbol and a timeframe, then the
/// arguments in parentheses. The body gets the names in brackets: the rows to write, and symbol and timeframe, which must
/// not be NULL.
macro_rules! of_series {
    ($($(#[$doc:meta])+ fn $name:ident[$rows:ident, $symbol:ident, $timeframe:ident]($($args:tt)*) { $($body:tt)+ })+) => { $(
        $(#[$doc])+
        #[pg_extern(sql = false)]
        fn $name(
            caller: $crate::pg::result_set::Caller<'_>,
            symbol: Option<&str>,
            timeframe: Option<&str>,
            $($args)*
        ) -> $crate::api::Result<()> {
            let mut $rows = $crate::pg::result_set::Rows::begin(caller)?;
            let ($symbol, $timeframe) = $crate::api::series(symbol, timeframe)?;
            Ok({ $($body)+ }?)
        }
    )+ };
}

mod check_candles;
mod cmc_regimes;
mod compare;
mod connect;
mod desk;
mod health;
mod inputs;
mod market_regime_history;
mod market_regimes;
mod market_states;
mod monitor;
mod picture;
mod refreshed;
mod setup;
mod tracking;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::output::series::read::Times;
use crate::pg;

/// What an SQL function returns: its value, or the error as PostgreSQL reports it.
pub type Result<T> = std::result::Result<T, ErrorReport>;

/// Rows that an SQL function returns.
pub type TableIterator<T> = pgrx::iter::TableIterator<'static, T>;

/// The rows of what was done with relations.
pub fn told(actions: Vec<pg::Action>) -> TableIterator<(String, String)> {
    TableIterator::new(actions.into_iter().map(|action| (action.relation, action.action.to_string())))
}

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
pub fn required<T>(name: &str, value: Option<T>) -> pg::Result<T> {
    value.ok_or_else(|| pg::null_argument(name))
}

/// The symbol and the timeframe of a series, which must not be NULL.
///
/// # Errors
/// Where one of them is NULL.
pub fn series<'a>(symbol: Option<&'a str>, timeframe: Option<&'a str>) -> pg::Result<(&'a str, &'a str)> {
    Ok((required("symbol", symbol)?, required("timeframe", timeframe)?))
}

/// Checks that an array has an element for each close.
///
/// # Errors
/// Where the array is shorter or longer.
pub fn check_length(name: &str, length: usize, closes: usize) -> pg::Result<()> {
    if length == closes {
        return Ok(());
    }
    Err(pg::Error::new(
        PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
        format!("{name} has {length} elements, close has {closes}"),
    )
    .hint("Give one element a bar in each array; NULL where a value is unknown."))
}

/// A range of opening times, checked.
///
/// # Errors
/// Where the range ends before it begins.
pub fn times(from: Option<TimestampWithTimeZone>, to: Option<TimestampWithTimeZone>) -> pg::Result<Times> {
    Times { from: from.map(micros), to: to.map(micros) }.check()
}
