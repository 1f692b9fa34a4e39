//! The pure functions of market states: labels of arrays, bucket and action.

use pgrx::prelude::*;

use regime_core::market_states::{Bar, Bucket, Eras, InMemory, PRICES, Series};

use regime_core::math::number::in_sql;

use crate::api::{Result, check_length, required};
use crate::pg::result_set::{Caller, Field, Rows};
use crate::pg::{Error, Result as Checked, invalid_parameter};
use crate::systems::market_states::rows::{INTERRUPT_EVERY, Made, Texts};

/// Computes the state of each bar of arrays in ascending time. Specification 5, sections 1 to 5.
#[pg_extern(sql = false)]
fn market_state_labels(
    caller: Caller<'_>,
    open: Option<Vec<Option<f64>>>,
    high: Option<Vec<Option<f64>>>,
    low: Option<Vec<Option<f64>>>,
    close: Option<Vec<Option<f64>>>,
    volume: Option<Vec<Option<f64>>>,
    timeframe: Option<&str>,
) -> Result<()> {
    let rows = Rows::begin(caller)?;
    let given = [("open", open), ("high", high), ("low", low), ("close", close)];
    let mut prices = Vec::new();
    for (name, values) in given {
        prices.push((name, required(name, values)?));
    }
    let bars = prices[3].1.len();
    let lengths = prices.iter().map(|(name, values)| (*name, values.len()));
    for (name, length) in lengths.chain(volume.iter().map(|volume| ("volume", volume.len()))) {
        check_length(name, length, bars)?;
    }
    let volume = volume.unwrap_or_else(|| vec![None; bars]);
    Ok(labels(rows, &prices, &volume, required("timeframe", timeframe)?)?)
}

/// Writes a row for each bar; `prices` are open, high, low and close.
fn labels(
    mut rows: Rows,
    prices: &[(&str, Vec<Option<f64>>)],
    volume: &[Option<f64>],
    timeframe: &str,
) -> Checked<()> {
    let eras = Eras::none(timeframe);
    let mut series = Series::new(InMemory);
    let texts = Texts::new();
    let mut floats = Vec::new();
    for (i, volume) in volume.iter().enumerate() {
        if i.is_multiple_of(INTERRUPT_EVERY) {
            pgrx::check_for_interrupts!();
        }
        let mut bar = [0.0; 4];
        for (price, (name, values)) in bar.iter_mut().zip(prices) {
            *price = checked(name, i, values[i])?;
        }
        let [open, high, low, close] = bar;
        let bar = Bar { open, high, low, close, volume: volume.unwrap_or(f64::NAN) };
        let Ok(row) = series.push(&bar, i as i64, &eras);
        let made = Made::new(row);
        let mut fields = vec![Field::int(i as i32)];
        fields.extend(texts.fields(&made.values_without_eras(), &mut floats));
        rows.push(&fields)?;
    }
    Ok(())
}

/// A price of a bar, counted from 0.
fn checked(name: &str, bar: usize, price: Option<f64>) -> Checked<f64> {
    let (least, most) = (PRICES.start(), PRICES.end());
    let refused = |value: &str| {
        let message = format!("{name} of bar {bar} is {value}, not a number from {least:e} to {most:e}");
        Err(invalid_parameter(message)
            .detail(format!("Bars are counted from 0: the price is {name}[{}].", bar + 1))
            .hint("Correct the price, or leave the bar out of all arrays."))
    };
    match price {
        None => refused("NULL"),
        Some(price) if !PRICES.contains(&price) => refused(&format!("{price:?}").replace("inf", "Infinity")),
        Some(price) => Ok(price),
    }
}

/// Returns the bucket of an escalation percentile. Specification 5, section 5.
#[pg_extern(immutable, parallel_safe)]
fn market_escalation_bucket(percentile: f64) -> Result<&'static str> {
    if !(0.0..=1.0).contains(&percentile) {
        return Err(invalid_parameter(format!("percentile is {}, outside 0 to 1", in_sql(percentile)))
            .hint("Pass a number from 0 to 1, such as escalation_percentile of market_states.")
            .into());
    }
    Ok(Bucket::of(percentile).as_str())
}

/// Returns the action of a bucket. Specification 5, section 5.
#[pg_extern(immutable, parallel_safe)]
fn market_escalation_action(bucket: &str) -> Result<&'static str> {
    match Bucket::parse(bucket) {
        Some(bucket) => Ok(bucket.action()),
        None => Err(unknown_bucket(bucket).into()),
    }
}

fn unknown_bucket(bucket: &str) -> Error {
    invalid_parameter(format!("unknown bucket \"{bucket}\"")).hint("Pass LOW, MED or HIGH.")
}
