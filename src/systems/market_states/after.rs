//! What came after the stored rows of a series. Everything here but the rolling percentile uses the future on purpose:
//! it says of a row what could not be known at its time.

use std::ops::Range;

use regime_core::market_states::after::{
    Asked, Bucket, Direction, Event, Severity, concentration, events, lead_times, moves, outcomes,
};
use regime_core::market_states::{Pace, rolling_percentile};

use crate::output::relation::output_relation;
use crate::output::series::hybrid;
use crate::output::series::read::Times;
use crate::pg::result_set::{Field, Rows, Text};
use crate::pg::{
    Db, Error, Micros, Result, Row, Sees, data_exception, extension_schema, quote_literal, spi, utc,
};
use crate::source::candle_names;
use crate::source::candles::{Candles, Reads, Source};
use crate::source::series::Series;
use crate::systems::market_states::tables::{MARKET_STATES, OF_SERIES};

/// The candles of a series beside the buckets of its stored rows.
pub struct Judged {
    candles: Candles,
    /// One element for each candle, `None` without a row or a bucket.
    buckets: Vec<Option<Bucket>>,
}

impl Judged {
    /// The candles and buckets of a symbol and timeframe.
    ///
    /// # Errors
    /// Where the series has no candles or no stored rows, and where these cannot be read.
    pub fn read(symbol: &str, timeframe: &str) -> Result<Self> {
        spi::connect(|db| Self::find(db, symbol, timeframe))
    }

    fn find(db: Db, symbol: &str, timeframe: &str) -> Result<Self> {
        let source = Source::load(db, Reads::Prices)?;
        let (series, candles) = hybrid::found(db, &source, symbol, timeframe, None)?;
        let relation = OF_SERIES.existing(db, Some(&series.symbol), Some(&series.timeframe))?;
        let schema = extension_schema(db)?;
        let mut buckets = vec![None; candles.ts.len()];
        let mut at = 0;
        each(db, &relation, "escalation_bucket::text", &series, |ts, row| {
            // A row whose candle is gone has no place.
            while candles.ts.get(at).is_some_and(|candle| *candle < ts) {
                at += 1;
            }
            let Some(text) = row.get::<Option<&str>>(VALUE)? else { return Ok(()) };
            if candles.ts.get(at) == Some(&ts) {
                let bucket = Bucket::parse(text);
                buckets[at] =
                    Some(bucket.ok_or_else(|| unknown_bucket(text, ts, &relation, &series, &schema))?);
            }
            Ok(())
        })?;
        Ok(Self { candles, buckets })
    }

    /// High, low and close.
    fn bars(&self) -> [&[f64]; 3] {
        let Candles { high, low, close, .. } = &self.candles;
        [high, low, close]
    }

    fn time(&self, bar: usize) -> Field<'static> {
        Field::timestamp(self.candles.ts[bar])
    }

    /// The bars of a range of times.
    fn within(&self, times: Times) -> Range<usize> {
        let ts = &self.candles.ts;
        times.first_of(ts)..times.to.map_or(ts.len(), |to| ts.partition_point(|ts| *ts <= to))
    }
}

/// Columns of the statement that reads stored rows.
const TS: usize = 0;
const VALUE: usize = 1;

/// Reads a column of the stored rows of a series in ascending time.
fn each(
    db: Db,
    relation: &str,
    column: &str,
    series: &Series,
    mut row: impl FnMut(i64, &Row) -> Result<()>,
) -> Result<()> {
    let sql = format!(
        "SELECT open_time::timestamptz, {column} FROM {relation} WHERE symbol = $1 AND timeframe = $2 ORDER BY open_time"
    );
    db.by_key().rows(&sql, &series.args(), Sees::Snapshot, |read| row(read.get::<Micros>(TS)?.0, read))
}

/// The error for a bucket that an adopted table without CHECKs can hold.
fn unknown_bucket(text: &str, ts: i64, relation: &str, series: &Series, schema: &str) -> Error {
    let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(quote_literal);
    data_exception(format!("{relation} has an unknown bucket \"{text}\" at {}", utc(ts))).hint(format!(
        "SELECT * FROM {schema}.refresh_market_states({symbol}, {timeframe}, full_refresh => true);"
    ))
}

/// A count as `int4`.
fn int(count: usize) -> Field<'static> {
    Field::int(i32::try_from(count).unwrap_or(i32::MAX))
}

/// A count as `int8`.
fn long(count: usize) -> Field<'static> {
    Field::long(count as i64)
}

/// The texts of labels, by number.
fn texts<T: Copy>(all: &[T], text: fn(T) -> &'static str) -> Vec<Text> {
    all.iter().map(|label| Text::new(text(*label))).collect()
}

impl Judged {
    /// Writes the events of a series. Specification 5, section 8.
    ///
    /// # Errors
    /// As [`Rows::push`].
    pub fn write_events(&self, rows: &mut Rows, asked: &Asked) -> Result<()> {
        let directions = texts(Direction::ALL, Direction::as_str);
        for event in events(self.bars(), &self.buckets, asked) {
            let Event { start, end, anchors, extreme, change, change_atr, complete, .. } = event;
            let warning = event.warning;
            let first = warning.and_then(|warning| warning.first_high);
            rows.push(&[
                Field::text(&directions[event.direction as usize]),
                self.time(start),
                self.time(end),
                int(end - start),
                int(anchors),
                self.time(extreme),
                Field::number(change),
                Field::number(change_atr),
                Field::bool(complete),
                warning.map_or(Field::NULL, |warning| Field::bool(warning.first_high.is_some())),
                first.map_or(Field::NULL, |bar| self.time(bar)),
                first.map_or(Field::NULL, |bar| int(start - bar)),
                warning.map_or(Field::NULL, |warning| int(warning.high_bars)),
            ])?;
        }
        Ok(())
    }

    /// Writes what HIGH was worth as a warning of the events of a series. Specification 5, section 8.
    ///
    /// # Errors
    /// As [`Rows::push`].
    pub fn write_lead_times(&self, rows: &mut Rows, asked: &Asked) -> Result<()> {
        let directions = texts(Direction::ALL, Direction::as_str);
        for row in lead_times(self.bars(), &self.buckets, asked) {
            rows.push(&[
                Field::text(&directions[row.direction as usize]),
                int(row.events),
                int(row.judged),
                int(row.hits),
                Field::number(row.hit_rate.share),
                Field::number(row.hit_rate.low),
                Field::number(row.hit_rate.high),
                Field::number(row.base_rate),
                Field::number(row.lift),
                Field::number(row.median_lead),
                Field::number(row.mean_lead),
                int(row.alarms),
                int(row.late_alarms),
                int(row.false_alarms),
                Field::number(row.false_alarm_rate),
                Field::number(row.high_share),
                Field::number(row.high_followed),
                Field::number(row.any_followed),
            ])?;
        }
        Ok(())
    }

    /// Writes what followed by bucket, for each threshold. Specification 5, section 8.
    ///
    /// # Errors
    /// As [`Rows::push`].
    pub fn write_outcomes(
        &self,
        rows: &mut Rows,
        horizon: usize,
        thresholds: &[f64],
        times: Times,
    ) -> Result<()> {
        let wanted = self.within(times);
        for row in outcomes(&self.candles.close, &self.buckets, wanted, horizon, thresholds) {
            let bucket = Text::new(row.bucket.map_or("ALL", Bucket::as_str));
            rows.push(&[
                Field::text(&bucket),
                Field::number(row.threshold),
                long(row.n),
                long(row.n_independent),
                Field::number(row.mean_return),
                Field::number(row.median_return),
                Field::number(row.worst_return),
                Field::number(row.mean_drawdown),
                Field::number(row.worst_drawdown),
                long(row.tail_n),
                Field::number(row.tail.share),
                Field::number(row.tail.low),
                Field::number(row.tail.high),
                Field::number(row.ratio_to_low),
            ])?;
        }
        Ok(())
    }

    /// Writes the tail shares of HIGH and LOW in each sample. Specification 5, section 8.
    ///
    /// # Errors
    /// As [`Rows::push`].
    pub fn write_concentration(&self, rows: &mut Rows, horizon: usize, threshold: f64) -> Result<()> {
        for row in concentration(&self.candles.ts, &self.candles.close, &self.buckets, horizon, threshold) {
            let sample = Text::new(&row.sample.name());
            rows.push(&[
                Field::text(&sample),
                long(row.high_n),
                Field::number(row.high.share),
                Field::number(row.high.low),
                Field::number(row.high.high),
                long(row.low_n),
                Field::number(row.low.share),
                Field::number(row.low.low),
                Field::number(row.low.high),
                Field::number(row.difference),
                Field::number(row.ratio),
            ])?;
        }
        Ok(())
    }
}

/// Writes how far the close moved after each candle; stored rows play no part. Specification 5, section 8.
///
/// # Errors
/// Where the series has no candles, and where these cannot be read.
pub fn write_moves(rows: &mut Rows, symbol: &str, timeframe: &str, horizon: usize) -> Result<()> {
    let (series, candles) = spi::connect(|db| {
        let source = Source::load(db, Reads::Prices)?;
        hybrid::found(db, &source, symbol, timeframe, None)
    })?;
    let min_bars = Pace::of(&series.timeframe).min_bars as usize;
    let severities = texts(Severity::ALL, Severity::as_str);
    for (ts, row) in candles.ts.iter().zip(moves(&candles.close, horizon, min_bars)) {
        rows.push(&[
            Field::timestamp(*ts),
            Field::number(row.forward),
            Field::number(row.percentile),
            row.is_event().map_or(Field::NULL, Field::bool),
            row.severity().map_or(Field::NULL, |severity| Field::text(&severities[severity as usize])),
        ])?;
    }
    Ok(())
}

/// Writes the percentile of each stored escalation among the last `window`. Specification 5, section 7.
///
/// # Errors
/// Where the series has no stored rows, and where these cannot be read.
pub fn write_percentiles(rows: &mut Rows, symbol: &str, timeframe: &str, window: usize) -> Result<()> {
    let stored = spi::connect(|db| {
        let relation = output_relation(db, &MARKET_STATES)?;
        let series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
        let stored = escalations(db, &relation, &series)?;
        if !stored.is_empty() {
            return Ok(stored);
        }
        // No rows, or the rows are stored under another name of the symbol.
        let series = candle_names::named(db, &Source::load(db, Reads::Prices)?, symbol, timeframe)?;
        OF_SERIES.existing(db, Some(&series.symbol), Some(&series.timeframe))?;
        escalations(db, &relation, &series)
    })?;
    let escalation: Vec<f64> = stored.iter().map(|(_, escalation)| *escalation).collect();
    for ((ts, escalation), percentile) in stored.iter().zip(rolling_percentile(&escalation, window)) {
        rows.push(&[Field::timestamp(*ts), Field::number(*escalation), Field::number(percentile)])?;
    }
    Ok(())
}

/// The stored escalations of a series by time, NaN where NULL.
fn escalations(db: Db, relation: &str, series: &Series) -> Result<Vec<(i64, f64)>> {
    let mut stored = Vec::new();
    each(db, relation, "escalation::float8", series, |ts, row| {
        stored.push((ts, row.known(VALUE)));
        Ok(())
    })?;
    Ok(stored)
}
