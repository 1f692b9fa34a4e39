//! The candles at which the stored label of a series changes, and the return since each.

use regime_core::math::number::in_sql;
use regime_core::math::periods::simple_return;

use crate::output::desk::newest_of_each;
use crate::output::series::OfSeries;
use crate::output::series::picture::closes_at;
use crate::output::series::read::OF_GIVEN;
use crate::pg::{
    Db, Micros, Result, Row, Sees, arg, attempt, invalid_parameter, result_set::Field, result_set::Rows,
    result_set::Text, spi,
};
use crate::source::series::Series;

/// Which flips are wanted.
#[derive(Clone, Copy)]
pub struct Flips<'a> {
    pub symbol: Option<&'a str>,
    pub timeframe: Option<&'a str>,
    /// The least confidence of the new label, from 0 to 1.
    pub min_confidence: f64,
    /// At most so many of each series, the newest.
    pub n: Option<usize>,
}

/// A change of label at a candle.
struct Flip {
    series: Series,
    /// In microseconds since 2000.
    ts: i64,
    labels: [String; 2],
    confidence: f64,
    /// The opening time of the newest row of the series.
    newest: i64,
}

impl Flip {
    fn read(row: &Row) -> Result<Self> {
        let (Micros(ts), Micros(newest)) = (row.get("open_time")?, row.get("newest")?);
        Ok(Self {
            series: Series { symbol: row.get("symbol")?, timeframe: row.get("timeframe")? },
            ts,
            labels: [row.get("before")?, row.get("after")?],
            confidence: row.get("confidence")?,
            newest,
        })
    }
}

impl OfSeries {
    /// Adds the candles whose label, a column, differs from that of the candle before, with the return from the close of each to
    /// that of the newest row: NULL where candles are gone or may not be read.
    ///
    /// # Errors
    /// Where `min_confidence` is outside 0 to 1, and as [`OfSeries::statistics`].
    pub fn flips(&self, rows: &mut Rows, label: &str, which: Flips) -> Result<()> {
        let Flips { symbol, timeframe, min_confidence, n } = which;
        if !(0.0..=1.0).contains(&min_confidence) {
            return Err(invalid_parameter(format!(
                "min_confidence is {}, outside 0 to 1",
                in_sql(min_confidence)
            ))
            .hint("Pass min_confidence => a number from 0 to 1, or leave it out."));
        }
        spi::connect(|db| {
            let (relation, symbol) = self.named(db, symbol, timeframe)?;
            let sql = format!(
                "SELECT symbol::text, timeframe::text, open_time::timestamptz, before, after, confidence::float8, newest::timestamptz FROM \
                 (SELECT symbol, timeframe, open_time, confidence, {label}::text AS after, pg_catalog.lag({label}::text) OVER w AS before, \
                 pg_catalog.max(open_time) OVER (PARTITION BY symbol, timeframe) AS newest \
                 FROM {relation} WHERE {OF_GIVEN} WINDOW w AS (PARTITION BY symbol, timeframe ORDER BY open_time)) AS r \
                 WHERE before <> after AND confidence >= $3 ORDER BY 1, 2, 3"
            );
            let args = [arg(symbol), arg(timeframe), arg(min_confidence)];
            let found = db.all(&sql, &args, Sees::Snapshot, Flip::read)?;
            let found = newest_of_each(found, n, |a, b| a.series == b.series);
            for of_series in found.chunk_by(|a, b| a.series == b.series) {
                write(db, rows, of_series)?;
            }
            Ok(())
        })
    }
}

/// Adds the flips of a series.
fn write(db: Db, rows: &mut Rows, flips: &[Flip]) -> Result<()> {
    let Some(Flip { series, newest, .. }) = flips.first() else { return Ok(()) };
    let ts: Vec<i64> = flips.iter().map(|flip| flip.ts).chain([*newest]).collect();
    // A role that may read the outputs only still gets the flips.
    let closes = attempt(|| closes_at(db, series, &ts, None)).unwrap_or_default();
    let close = |n: usize| closes.get(n).copied().unwrap_or(f64::NAN);
    let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(|text| Text::new(text));
    for (n, Flip { ts, labels, confidence, .. }) in flips.iter().enumerate() {
        let [before, after] = labels.each_ref().map(|label| Text::new(label));
        let since = simple_return(close(n), close(flips.len()));
        rows.push(&[
            Field::text(&symbol),
            Field::text(&timeframe),
            Field::timestamp(*ts),
            Field::text(&before),
            Field::text(&after),
            Field::float(*confidence),
            since.map_or(Field::NULL, Field::float),
        ])?;
    }
    Ok(())
}
