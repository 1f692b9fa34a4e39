//! The three-axis regimes of candles: refreshing, computing and reading them. The functions that take a [`Caller`] are
//! declared in `sql/install/market_regimes.sql`.

use pgrx::prelude::*;

use regime_core::market_regimes::{Config, Machine};

use crate::api::{Result, TableIterator, check_length, micros, refreshed, required, series, times};
use crate::output::desk::newest;
use crate::output::series::delete;
use crate::output::series::flips::Flips;
use crate::output::series::hybrid;
use crate::output::series::refresh::{self, Which};
use crate::pg::{Result as Checked, json::JsonText, result_set::Caller, result_set::Field, result_set::Rows};
use crate::systems::market_regimes::label::LabelTexts;
use crate::systems::market_regimes::refresh::Regimes;
use crate::systems::market_regimes::tables::OF_SERIES;

fn config(given: Option<JsonText>) -> Checked<Config> {
    given.map_or(Ok(Config::default()), |json| Ok(Config::parse(json.as_str())?))
}

/// Computes the regime of each candle of arrays in ascending time. Specification 3, sections 1 to 4.
#[pg_extern(sql = false)]
fn market_regime_labels(
    caller: Caller<'_>,
    high: Option<Vec<Option<f64>>>,
    low: Option<Vec<Option<f64>>>,
    close: Option<Vec<Option<f64>>>,
    config: Option<JsonText>,
) -> Result<()> {
    let rows = Rows::begin(caller)?;
    let [high, low, close] = [prices("high", high)?, prices("low", low)?, prices("close", close)?];
    for (name, values) in [("high", &high), ("low", &low)] {
        check_length(name, values.len(), close.len())?;
    }
    let bars = high.into_iter().zip(low).zip(close).map(|((high, low), close)| [high, low, close]);
    Ok(labels(rows, bars, &self::config(config)?)?)
}

/// The elements of an array; NaN where one is NULL, and so unknown.
fn prices(name: &str, values: Option<Vec<Option<f64>>>) -> Checked<Vec<f64>> {
    Ok(required(name, values)?.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// Writes a row for each bar, which is high, low and close.
fn labels(mut rows: Rows, bars: impl Iterator<Item = [f64; 3]>, config: &Config) -> Checked<()> {
    let mut machine = Machine::new(config);
    let texts = LabelTexts::new();
    for (bar, [high, low, close]) in (0..).zip(bars) {
        let label = machine.push(high, low, close);
        let [trend, volatility, momentum, full, simplified] = texts.fields(label);
        rows.push(&[
            Field::int(bar),
            trend,
            volatility,
            momentum,
            full,
            simplified,
            Field::float(label.confidence),
            Field::bool(label.warmup),
        ])?;
    }
    Ok(())
}

of_series! {
    /// Computes the regimes of a series from its first candle on and stores nothing. Specification 3, section 5.
    fn market_regimes_compute[rows, symbol, timeframe](
        from_ts: Option<TimestampWithTimeZone>,
        to_ts: Option<TimestampWithTimeZone>,
        config: Option<JsonText>,
    ) {
        let config = self::config(config)?;
        hybrid::compute(&Regimes(config), &mut rows, symbol, timeframe, times(from_ts, to_ts)?)
    }

    /// Reads the regimes of a series: stored rows where they are valid, computed ones after those. Specification 3, section 5.
    fn get_market_regimes[rows, symbol, timeframe](
        from_ts: Option<TimestampWithTimeZone>,
        to_ts: Option<TimestampWithTimeZone>,
    ) {
        let default = Regimes(Config::default());
        hybrid::get(&default, &mut rows, symbol, timeframe, times(from_ts, to_ts)?)
    }
}

/// Counts the stored candles of each regime and version. Specification 3, section 5.
#[pg_extern(sql = false)]
fn market_regimes_stats(caller: Caller<'_>, symbol: Option<&str>, timeframe: Option<&str>) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(OF_SERIES.statistics(&mut rows, "simplified_regime", "", [symbol, timeframe])?)
}

/// Reads the stored candles whose regime differs from that of the candle before. Specification 3, section 5.
#[pg_extern(sql = false)]
fn market_regimes_flips(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    min_confidence: Option<f64>,
    n: Option<i32>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    let which = Flips { symbol, timeframe, min_confidence: min_confidence.unwrap_or(0.0), n: newest(n)? };
    Ok(OF_SERIES.flips(&mut rows, "simplified_regime", which)?)
}

of_series! {
    /// Reads the row of the newest candle that had closed at a moment.
    fn market_regimes_at[rows, symbol, timeframe](at: Option<TimestampWithTimeZone>) {
        OF_SERIES.at(&mut rows, symbol, timeframe, micros(required("at", at)?))
    }
}

/// Reads the newest row of each series, and tells whether it may still be trusted.
#[pg_extern(sql = false)]
fn market_regimes_latest(caller: Caller<'_>) -> Result<()> {
    Ok(OF_SERIES.latest(&mut Rows::begin(caller)?)?)
}

/// Counts how often each regime followed each other one.
#[pg_extern(sql = false)]
fn market_regimes_transition_matrix(
    caller: Caller<'_>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<()> {
    let mut rows = Rows::begin(caller)?;
    Ok(OF_SERIES.transition_matrix(&mut rows, "simplified_regime", [symbol, timeframe])?)
}

/// Refreshes the series of a symbol, a timeframe, or all, and returns a row for each. Specification 3, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn refresh_market_regimes(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
    dry_run: default!(Option<bool>, "false"),
    full_refresh: default!(Option<bool>, "false"),
    config: default!(Option<JsonText>, "NULL"),
    strict: default!(Option<bool>, "NULL"),
) -> Result<
    TableIterator<(
        name!(symbol, String),
        name!(timeframe, String),
        name!(status, &'static str),
        name!(regime_rows, Option<i64>),
        name!(rows_written, i64),
        name!(classifier_version, String),
        name!(elapsed_ms, f64),
        name!(message, Option<String>),
        name!(mode, Option<&'static str>),
        name!(reason, Option<String>),
    )>,
> {
    let config = self::config(config)?;
    let how = refreshed::how(dry_run, full_refresh, strict);
    let summaries = refresh::refresh(&Regimes(config), Which::Of(symbol, timeframe), how)?;
    Ok(TableIterator::new(summaries.into_iter().map(refreshed::row)))
}

/// Step of `refresh_all_market_regimes`: the series to refresh.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regimes_round_begin(
    symbol: default!(Option<&str>, "NULL"),
    timeframe: default!(Option<&str>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<TableIterator<(name!(symbol, String), name!(timeframe, String))>> {
    self::config(config)?;
    refreshed::begin(&OF_SERIES, symbol, timeframe)
}

/// Step of `refresh_all_market_regimes`: refreshes series, and returns those that failed.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regimes_round_next(
    symbols: Option<Vec<Option<String>>>,
    timeframes: Option<Vec<Option<String>>>,
    full_refresh: default!(Option<bool>, "false"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<TableIterator<(name!(series, String), name!(sqlstate, String), name!(message, String))>> {
    refreshed::next(&Regimes(self::config(config)?), symbols, timeframes, full_refresh)
}

/// Step of `refresh_all_market_regimes`: fails if series failed.
#[pg_extern(volatile, parallel_unsafe)]
fn market_regimes_round_end(
    series: Option<Vec<Option<String>>>,
    sqlstates: Option<Vec<Option<String>>>,
    messages: Option<Vec<Option<String>>>,
) -> Result<()> {
    refreshed::end(&OF_SERIES, [series, sqlstates, messages])
}

/// Deletes the rows and the state of a series and returns the number of rows. Specification 3, section 5.
#[pg_extern(volatile, parallel_unsafe)]
fn delete_market_regimes(symbol: Option<&str>, timeframe: Option<&str>) -> Result<i64> {
    let (symbol, timeframe) = series(symbol, timeframe)?;
    Ok(delete::delete(&OF_SERIES, symbol, timeframe)?)
}
