//! Reading market states: computed, stored, both, and the newest of each series.

use pgrx::prelude::*;

use crate::api::{Result, series, times};
use crate::output::series::hybrid;
use crate::pg::result_set::{Caller, Rows};
use crate::systems::market_states::refresh::States;
use crate::systems::market_states::tables::OF_SERIES;
use crate::systems::market_states::{latest, read};

/// Computes the states of a series from its first candle on and stores nothing. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_states_compute(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    from_time: Option<TimestampWithTimeZone>,
    to_time: Option<TimestampWithTimeZone>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let (symbol, timeframe) = series(symbol, timeframe)?;
    Ok(hybrid::compute(&States, &mut rows, symbol, timeframe, times(from_time, to_time)?)?)
}

/// Reads the states of a series: stored rows where they are valid, computed ones after those. Specification 5, section 7.
#[pg_extern(sql = false)]
fn get_market_states(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    from_time: Option<TimestampWithTimeZone>,
    to_time: Option<TimestampWithTimeZone>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let (symbol, timeframe) = series(symbol, timeframe)?;
    Ok(hybrid::get(&States, &mut rows, symbol, timeframe, times(from_time, to_time)?)?)
}

/// Counts the stored bars of each state and version. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_state_stats(caller: Caller<'_>, symbol: Option<&str>, timeframe: Option<&str>) -> Result<()> {
    Ok(read::statistics(&mut Rows::begin(caller)?, symbol, timeframe)?)
}

/// Reads the stored bars whose state differs from that of the bar before. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_state_transitions(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    min_confidence: Option<f64>,
) -> Result<()> {
    let (mut rows, label) = (Rows::begin(caller)?, "state_label");
    Ok(OF_SERIES.transitions(&mut rows, label, symbol, timeframe, min_confidence.unwrap_or(0.0))?)
}

/// Reads the newest row of each series, and tells whether it may still be trusted. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_state_latest(caller: Caller<'_>) -> Result<()> {
    Ok(latest::all(&mut Rows::begin(caller)?)?)
}
