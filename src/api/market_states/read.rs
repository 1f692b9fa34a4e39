//! Reading market states: computed, stored, both, and the newest of each series.

use pgrx::prelude::*;

use crate::api::{Result, micros, required, times};
use crate::output::desk::newest;
use crate::output::series::flips::Flips;
use crate::output::series::hybrid;
use crate::pg::result_set::{Caller, Rows};
use crate::systems::market_states::latest;
use crate::systems::market_states::refresh::States;
use crate::systems::market_states::tables::OF_SERIES;

of_series! {
    /// Computes the states of a series from its first candle on and stores nothing. Specification 5, section 7.
    fn market_states_compute[rows, symbol, timeframe](
        from_ts: Option<TimestampWithTimeZone>,
        to_ts: Option<TimestampWithTimeZone>,
    ) {
        hybrid::compute(&States, &mut rows, symbol, timeframe, times(from_ts, to_ts)?)
    }

    /// Reads the states of a series: stored rows where they are valid, computed ones after those. Specification 5, section 7.
    fn get_market_states[rows, symbol, timeframe](
        from_ts: Option<TimestampWithTimeZone>,
        to_ts: Option<TimestampWithTimeZone>,
    ) {
        hybrid::get(&States, &mut rows, symbol, timeframe, times(from_ts, to_ts)?)
    }
}

/// Counts the stored bars of each state and version. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_states_stats(caller: Caller<'_>, symbol: Option<&str>, timeframe: Option<&str>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let share_of_high = ", (count(*) FILTER (WHERE escalation_bucket = 'HIGH'))::float8 / nullif(count(escalation_bucket), 0)::float8";
    Ok(OF_SERIES.statistics(&mut rows, "state_label", share_of_high, [symbol, timeframe])?)
}

/// Reads the stored bars whose state differs from that of the bar before. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_states_flips(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    min_confidence: Option<f64>,
    n: Option<i32>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let which = Flips { symbol, timeframe, min_confidence: min_confidence.unwrap_or(0.0), n: newest(n)? };
    Ok(OF_SERIES.flips(&mut rows, "state_label", which)?)
}

of_series! {
    /// Reads the row of the newest bar that had closed at a moment.
    fn market_states_at[rows, symbol, timeframe](at: Option<TimestampWithTimeZone>) {
        OF_SERIES.at(&mut rows, symbol, timeframe, micros(required("at", at)?))
    }
}

/// Counts how often each state followed each other one.
#[pg_extern(sql = false)]
fn market_states_transition_matrix(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(OF_SERIES.transition_matrix(&mut rows, "state_label", [symbol, timeframe])?)
}

/// Reads the newest row of each series, and tells whether it may still be trusted. Specification 5, section 7.
#[pg_extern(sql = false)]
fn market_states_latest(caller: Caller<'_>) -> Result<()> {
    Ok(latest::all(&mut Rows::begin(caller)?)?)
}
