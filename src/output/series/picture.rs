//! The stored rows of a series of candles as a picture shows them.

use pgrx::prelude::*;

use regime_core::strip::changes;

use crate::output::picture::{Gauge, History, Level, Look, Wanted, symbol};
use crate::output::relation::output_relation;
use crate::output::series::OfSeries;
use crate::pg::{Db, Error, Micros, Result, Sees, arg, quote_literal, timestamp_arg};
use crate::source::bars::Span;
use crate::source::candle_names;
use crate::source::candles::{Reads, Source};
use crate::source::series::Series;

/// How a system of series looks.
pub struct Pictured {
    /// What the labels are, such as `market state`.
    pub what: &'static str,
    /// The column of the label.
    pub label: &'static str,
    pub look: &'static Look,
    pub gauge: Option<Gauged>,
}

/// A column whose values, from 0 to 1, are drawn below the closes.
pub struct Gauged {
    pub column: &'static str,
    pub name: &'static str,
    pub levels: &'static [Level],
}

const TS: usize = 0;
const LABEL: usize = 1;
const VALUE: usize = 2;

impl OfSeries {
    /// The rows of a series as a picture shows them.
    ///
    /// # Errors
    /// Where the series has no rows, or none in the span, where it is one of several, and where rows or candles cannot be
    /// read.
    pub fn history(&self, db: Db, wanted: &Wanted, pictured: &Pictured) -> Result<History> {
        wanted.check_no_layer(self.system.name)?;
        let relation = output_relation(db, self.table)?;
        let series = self.pictured(db, &relation, wanted)?;
        let Pictured { what, label, look, .. } = *pictured;
        let gauge = pictured.gauge.as_ref().filter(|_| wanted.shown.closes);
        let more = gauge.map_or(String::new(), |gauge| format!(", {}::float8", gauge.column));
        let sql = format!(
            "SELECT open_time::timestamptz, {label}::text{more} FROM {relation} WHERE symbol = $1 AND timeframe = $2 \
             AND open_time >= COALESCE($3, '-infinity') AND open_time <= COALESCE($4, 'infinity') ORDER BY open_time"
        );
        let [from, to] = wanted.shown.span;
        let [symbol, timeframe] = series.args();
        let args = [symbol, timeframe, timestamp_arg(from), timestamp_arg(to)];
        let (mut ts, mut cells, mut values) = (Vec::new(), Vec::new(), Vec::new());
        db.by_key().rows(&sql, &args, Sees::Snapshot, |row| {
            ts.push(row.get::<Micros>(TS)?.0);
            cells.push(row.get::<Option<&str>>(LABEL)?.and_then(|label| look.cell(label)));
            if gauge.is_some() {
                values.push(row.known(VALUE));
            }
            Ok(())
        })?;
        if ts.is_empty() {
            let ends = ends(db, &relation, &series)?;
            return Err(wanted.no_rows(&series.name(), &relation, ends));
        }
        let close = if wanted.shown.closes { closes(db, &series, &ts, to)? } else { Vec::new() };
        Ok(History {
            subject: Some(series.name()),
            whose: series.name(),
            what: what.to_owned(),
            changes: changes(cells.iter().copied()),
            ts,
            cells,
            close,
            gauge: gauge.map(|gauge| Gauge { name: gauge.name, values, levels: gauge.levels }),
            look,
        })
    }

    /// The series with stored rows that is asked for; without a timeframe, the only one of the symbol.
    fn pictured(&self, db: Db, relation: &str, wanted: &Wanted) -> Result<Series> {
        let (symbol, timeframe) = (symbol(wanted.asset, self.system.name)?, wanted.timeframe);
        let mut stored = stored(db, relation, symbol, timeframe)?;
        if stored.is_empty() {
            // No rows, or the rows are stored under another name of the symbol.
            let source = Source::load(db, Reads::Prices)?;
            let candles = candle_names::of_symbol(db, &source, symbol, timeframe)?;
            let Some(first) = candles.first() else {
                return Err(candle_names::unknown(db, &source, symbol, timeframe)?);
            };
            stored = self::stored(db, relation, &first.symbol, timeframe)?;
            if stored.is_empty() {
                self.existing(db, Some(&first.symbol), timeframe)?;
            }
        }
        match stored.as_slice() {
            [series] => Ok(series.clone()),
            _ => Err(several(relation, symbol, &stored)),
        }
    }
}

/// The series of a symbol that have stored rows, of one timeframe or all, by timeframe; found by steps along the key.
fn stored(db: Db, relation: &str, symbol: &str, timeframe: Option<&str>) -> Result<Vec<Series>> {
    let sql = format!(
        "WITH RECURSIVE t AS ((SELECT timeframe FROM {relation} WHERE symbol = $1 AND ($2 IS NULL OR timeframe = $2) ORDER BY timeframe LIMIT 1) UNION ALL \
         SELECT (SELECT r.timeframe FROM {relation} r WHERE symbol = $1 AND $2 IS NULL AND r.timeframe > t.timeframe ORDER BY r.timeframe LIMIT 1) \
         FROM t WHERE t.timeframe IS NOT NULL) SELECT timeframe::text FROM t WHERE timeframe IS NOT NULL"
    );
    db.by_key().all(&sql, &[arg(symbol), arg(timeframe)], Sees::Snapshot, |row| {
        Ok(Series { symbol: symbol.to_owned(), timeframe: row.get("timeframe")? })
    })
}

/// The times of the first and the last stored row of a series.
fn ends(db: Db, relation: &str, series: &Series) -> Result<[i64; 2]> {
    let sql = format!(
        "SELECT min(open_time)::timestamptz AS first, max(open_time)::timestamptz AS last FROM {relation} WHERE symbol = $1 AND timeframe = $2"
    );
    db.by_key().one(&sql, &series.args(), Sees::Snapshot, |row| {
        Ok([row.get::<Micros>("first")?.0, row.get::<Micros>("last")?.0])
    })
}

/// [`closes_at`]; an error where no close is known.
fn closes(db: Db, series: &Series, ts: &[i64], to: Option<i64>) -> Result<Vec<f64>> {
    let closes = closes_at(db, series, ts, to)?;
    if closes.iter().all(|close| close.is_nan()) {
        let source = Source::load(db, Reads::Prices)?;
        return Err(Wanted::no_closes(&series.name(), &source.relation.sql));
    }
    Ok(closes)
}

/// The close at each of these times, none of which is after `to`, in microseconds since 2000; NaN where there is no candle.
///
/// # Errors
/// Where the candles cannot be read.
pub fn closes_at(db: Db, series: &Series, ts: &[i64], to: Option<i64>) -> Result<Vec<f64>> {
    let source = Source::load(db, Reads::Prices)?;
    let candles = source.read(db, series, Span::Until(to))?;
    let close = |ts: &i64| match candles.ts.binary_search(ts) {
        Ok(at) => candles.close[at],
        Err(_) => f64::NAN,
    };
    Ok(ts.iter().map(close).collect())
}

/// The error for a symbol with rows of several timeframes.
fn several(relation: &str, symbol: &str, stored: &[Series]) -> Error {
    let timeframes: Vec<&str> = stored.iter().map(|series| series.timeframe.as_str()).collect();
    let first = timeframes.first().map_or(String::new(), quote_literal);
    Error::new(
        PgSqlErrorCode::ERRCODE_AMBIGUOUS_PARAMETER,
        format!("{relation} has rows of {symbol} in {} timeframes", timeframes.len()),
    )
    .detail(format!("Timeframes of the symbol: {}.", timeframes.join(", ")))
    .hint(format!("Pass timeframe => {first}."))
}
