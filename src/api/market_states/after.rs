//! What came after the rows of a series, and the percentile of its escalation among the last rows. The functions are
//! declared in `sql/install/market_states_after.sql`.

use pgrx::prelude::*;

use regime_core::market_states::after::{Asked, Fall};
use regime_core::math::number::in_sql;

use crate::api::{required, times};
use crate::pg::{Result as Checked, invalid_parameter};
use crate::systems::market_states::after::{self, Judged};

/// A number of bars.
fn bars(name: &str, value: Option<i32>, least: i32) -> Checked<usize> {
    let value = required(name, value)?;
    if value < least {
        return Err(invalid_parameter(format!("{name} is {value}, below {least}"))
            .hint(format!("Pass {name} => a number of bars from {least} on.")));
    }
    Ok(value as usize)
}

/// A return at or below which a bar is in the tail.
fn threshold(name: &str, value: Option<f64>) -> Checked<f64> {
    let value = required(name, value)?;
    if !(value.is_finite() && value <= 0.0) {
        return Err(invalid_parameter(format!("{name} is {}, not a return of 0 or below", in_sql(value)))
            .hint("Pass a loss as a negative share, such as -0.10 for 10 %."));
    }
    Ok(value)
}

fn asked(
    horizon: Option<i32>,
    atr_multiple: Option<f64>,
    lookback: Option<i32>,
    fall: Option<f64>,
) -> Checked<Asked> {
    let (horizon, lookback) = (bars("horizon", horizon, 1)?, bars("lookback", lookback, 1)?);
    let fall = match fall {
        Some(fall) if fall > 0.0 && fall < 1.0 => Fall::Share(fall),
        Some(fall) => {
            return Err(invalid_parameter(format!("fall is {}, not between 0 and 1", in_sql(fall)))
                .hint("Pass fall => a share above 0 and below 1, such as 0.2 for 20 %, or leave it out."));
        }
        None => match required("atr_multiple", atr_multiple)? {
            multiple if multiple.is_finite() && multiple > 0.0 => Fall::Atr(multiple),
            multiple => {
                let message = format!("atr_multiple is {}, not a number above 0", in_sql(multiple));
                return Err(invalid_parameter(message)
                    .hint("Pass atr_multiple => a number above 0, such as 10, or leave it out."));
            }
        },
    };
    Ok(Asked { horizon, lookback, fall })
}

of_series! {
    /// Finds the large moves of a series, and whether a HIGH came before each. Specification 5, section 8.
    fn market_escalation_events[rows, symbol, timeframe](
        horizon: Option<i32>,
        atr_multiple: Option<f64>,
        lookback: Option<i32>,
        fall: Option<f64>,
    ) {
        let asked = asked(horizon, atr_multiple, lookback, fall)?;
        Judged::read(symbol, timeframe)?.write_events(&mut rows, &asked)
    }

    /// Counts how often and how early a HIGH came before a large move, and how often anyway. Specification 5, section 8.
    fn market_escalation_lead_time[rows, symbol, timeframe](
        horizon: Option<i32>,
        atr_multiple: Option<f64>,
        lookback: Option<i32>,
        fall: Option<f64>,
    ) {
        let asked = asked(horizon, atr_multiple, lookback, fall)?;
        Judged::read(symbol, timeframe)?.write_lead_times(&mut rows, &asked)
    }

    /// Sums up the returns after the bars of each bucket. Specification 5, section 8.
    fn market_escalation_outcomes[rows, symbol, timeframe](
        horizon: Option<i32>,
        thresholds: Option<Vec<Option<f64>>>,
        from_ts: Option<TimestampWithTimeZone>,
        to_ts: Option<TimestampWithTimeZone>,
    ) {
        let horizon = bars("horizon", horizon, 1)?;
        let thresholds = required("thresholds", thresholds)?;
        if thresholds.is_empty() {
            return Err(invalid_parameter("thresholds is empty")
                .hint("Pass thresholds => '{-0.05,-0.10,-0.20}', or leave it out.")
                .into());
        }
        let thresholds = (1..).zip(thresholds).map(|(n, value)| threshold(&format!("thresholds[{n}]"), value));
        let thresholds: Vec<f64> = thresholds.collect::<Checked<_>>()?;
        let times = times(from_ts, to_ts)?;
        Judged::read(symbol, timeframe)?.write_outcomes(&mut rows, horizon, &thresholds, times)
    }

    /// Compares the tails of HIGH and LOW with parts of the history left out. Specification 5, section 8.
    fn market_escalation_concentration[rows, symbol, timeframe](horizon: Option<i32>, threshold: Option<f64>) {
        let (horizon, threshold) = (bars("horizon", horizon, 1)?, self::threshold("threshold", threshold)?);
        Judged::read(symbol, timeframe)?.write_concentration(&mut rows, horizon, threshold)
    }

    /// Tells for each candle how far the close moved afterwards, and how seldom so far. Specification 5, section 8.
    fn market_event_labels[rows, symbol, timeframe](horizon: Option<i32>) {
        after::write_moves(&mut rows, symbol, timeframe, bars("horizon", horizon, 1)?)
    }

    /// Ranks each stored escalation among the last rows alone. Specification 5, section 7.
    fn market_escalation_percentile[rows, symbol, timeframe](window_bars: Option<i32>) {
        after::write_percentiles(&mut rows, symbol, timeframe, bars("window_bars", window_bars, 2)?)
    }
}
