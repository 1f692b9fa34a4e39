//! Explaining a row: which row is meant, and what the core noted while it made the row. The other files put the notes
//! into words.

mod escalation;
mod measured;
mod ruled;
mod stored;

use regime_core::market_states::{Bar, Eras, InMemory, Notes, Series as Computed};
use regime_core::math::number::rounded;

use crate::output::series::hybrid::found;
use crate::output::told::Line;
use crate::pg::{Db, Error, Result, extension_schema, moment, no_data_found, quote_literal, spi, utc};
use crate::source::bars::Span;
use crate::source::candles::{Candles, Source};
use crate::source::series::Series;
use crate::systems::market_states::rows::{INTERRUPT_EVERY, Made, bar};
use crate::systems::market_states::state;
use crate::systems::market_states::tables::OF_SERIES;

/// The steps of an explanation, in reading order.
#[derive(Clone, Copy)]
enum Step {
    Bar = 1,
    Metrics,
    Levels,
    Terms,
    Rules,
    Components,
    Percentile,
    Stored,
}

impl From<Step> for i32 {
    fn from(step: Step) -> Self {
        step as i32
    }
}

/// Everything that is told about a row.
struct Told<'a, 'c> {
    db: Db<'c>,
    series: &'a Series,
    /// The moment asked for, in microseconds since 2000; `None` is the newest row.
    at: Option<i64>,
    /// The number of the bar, from 0.
    i: usize,
    /// When the bar opened, in microseconds since 2000.
    ts: i64,
    bar: Bar,
    eras: &'a Eras,
    made: Made,
    notes: Notes,
    /// The extension's schema, quoted.
    own: &'a str,
}

/// Explains the newest row of a series at or before a moment, in microseconds since 2000, or the newest of all.
/// Specification 5, section 7.
///
/// # Errors
/// Where there is no such row, and where candles, eras or stored rows cannot be read.
pub fn explain(symbol: &str, timeframe: &str, at: Option<i64>) -> Result<Vec<Line>> {
    spi::connect(|db| {
        let source = Source::load(db, OF_SERIES.reads)?;
        let own = extension_schema(db)?;
        let (series, candles) = found(db, &source, symbol, timeframe, at)?;
        let Some(last) = candles.ts.len().checked_sub(1) else {
            return Err(no_row(db, &source, &series, at, &own)?);
        };
        let eras = state::eras(db, &series.timeframe)?;
        let (made, notes) = noted(&candles, last, &eras);
        let told = Told {
            db,
            series: &series,
            at,
            i: last,
            ts: candles.ts[last],
            bar: bar(&candles, last),
            eras: &eras,
            made,
            notes,
            own: &own,
        };
        let mut lines = measured::tell(&told);
        lines.extend(ruled::tell(&told));
        lines.extend(escalation::tell(&told));
        lines.extend(stored::tell(&told)?);
        Ok(lines)
    })
}

/// The row of the last candle, and what was noted while it was made.
fn noted(candles: &Candles, last: usize, eras: &Eras) -> (Made, Notes) {
    let (mut computed, mut notes) = (Computed::new(InMemory), Notes::default());
    for i in 0..last {
        if i.is_multiple_of(INTERRUPT_EVERY) {
            pgrx::check_for_interrupts!();
        }
        let Ok(_) = computed.push(&bar(candles, i), candles.ts[i], eras);
    }
    let Ok(row) = computed.push_watched(&bar(candles, last), candles.ts[last], eras, &mut notes);
    (Made::new(row), notes)
}

/// The series has no candle so early.
fn no_row(db: Db, source: &Source, series: &Series, at: Option<i64>, own: &str) -> Result<Error> {
    let at = at.map_or(String::new(), |at| format!(" at or before {}", moment(at)));
    let error = no_data_found(format!("{} has no candle{at}", series.name()));
    let Some(first) = source.read(db, series, Span::Until(None))?.ts.first().map(|ts| utc(*ts)) else {
        return Ok(error);
    };
    let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(quote_literal);
    Ok(error
        .detail(format!("The first candle opened at {first}."))
        .hint(format!("SELECT * FROM {own}.market_states_explain({symbol}, {timeframe}, '{first}');")))
}

/// A number for a reader.
fn short(value: f64) -> String {
    // Adding zero turns -0 into 0.
    rounded(value + 0.0, 7, &[])
}
