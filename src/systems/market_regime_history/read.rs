//! Reading the market regime history: the newest day, the day in force at another, days computed on the fly, changes of regime, and
//! statistics of the stored days.

use regime_core::market_regime_history::Regime;
use regime_core::math::periods::simple_return;

use crate::output::desk::newest_of_each;
use crate::output::fresh::{Because, is_too_old, stale_because};
use crate::output::relation::output_relation;
use crate::pg::{
    Days, Db, Result, Row, Sees, arg, attempt, date_arg, midnight, result_set::Field, result_set::Rows,
    result_set::Text, spi,
};
use crate::systems::market_regime_history::batch::Computed;
use crate::systems::market_regime_history::closes::{Closes, canonical};
use crate::systems::market_regime_history::days::{Span, not_stored};
use crate::systems::market_regime_history::picture::closes_of;
use crate::systems::market_regime_history::tables::MARKET_REGIME_HISTORY;

/// The table, as SQL, and the newest stored day of a symbol, in days since 2000.
///
/// # Errors
/// Where no day of the symbol is stored.
pub fn stored(db: Db, symbol: &str) -> Result<(String, i32)> {
    let relation = output_relation(db, &MARKET_REGIME_HISTORY)?;
    let sql = format!("SELECT max(date)::date AS newest FROM {relation} WHERE market_symbol = $1");
    match db.one(&sql, &[arg(symbol)], Sees::Snapshot, |row| row.get("newest"))? {
        Some(Days(newest)) => Ok((relation, newest)),
        None => {
            // For an unknown symbol, the error that says so.
            Closes::find(db, symbol)?;
            Err(not_stored(db, &relation, symbol)?)
        }
    }
}

/// The newest stored day and its age in bars; the age is NULL where the closes may not be read or are gone.
///
/// # Errors
/// Where no day of the symbol is stored, and where the table or the closes cannot be read.
pub fn latest(rows: &mut Rows, symbol: &str) -> Result<()> {
    spi::connect(|db| {
        let symbol = &canonical(db, symbol)?;
        let (relation, newest) = stored(db, symbol)?;
        // A role that may read the outputs only still gets the row.
        let closes = Closes::find(db, symbol).ok();
        let bar = closes.as_ref().map(|closes| closes.newest(db)).transpose()?.flatten();
        let lag = closes.as_ref().map(|closes| closes.bars_after(db, newest)).transpose()?;
        let lag = lag.map(|bars| i32::try_from(bars).unwrap_or(i32::MAX));
        let silent =
            closes.as_ref().zip(bar).map(|(closes, newest)| closes.silent(db, newest)).transpose()?;
        let (is_stale, because) = stale_because([
            (Because::Rows, lag.map(|bars| bars > 0)),
            (Because::Silent, closes.as_ref().map(|_| silent.flatten().is_some())),
            (Because::Old, Some(is_too_old(midnight(newest)))),
        ]);
        let sql = format!(
            "SELECT {}, $3, $4, $5, $6 FROM {relation} WHERE market_symbol = $1 AND date = $2",
            MARKET_REGIME_HISTORY.selected("")
        );
        let bar = bar.map(pgrx::datum::Date::saturating_from_raw);
        let args = [
            arg(symbol),
            date_arg(newest),
            arg(bar),
            arg(lag),
            arg(is_stale),
            arg(because.map(|because| because.as_str())),
        ];
        rows.query(db, &sql, &args)
    })
}

/// The days of a span, computed from the closes.
///
/// # Errors
/// Where the closes of the symbol cannot be found, and as [`Computed::new`].
pub fn compute(rows: &mut Rows, symbol: &str, span: Span) -> Result<()> {
    spi::connect(|db| {
        let symbol = &canonical(db, symbol)?;
        let computed = Computed::new(db, &Closes::find(db, symbol)?, span)?;
        let texts: Vec<Text> = Regime::ALL.iter().map(|regime| Text::new(regime.as_str())).collect();
        let symbol = Text::new(symbol);
        for (date, day) in &computed.days {
            let description = Text::new(&day.description());
            rows.push(&[
                Field::text(&symbol),
                Field::date(*date),
                Field::text(&texts[day.regime as usize]),
                Field::float(day.confidence),
                Field::number(day.volatility_percentile),
                Field::number(day.trend_strength),
                Field::number(day.momentum_score),
                Field::number(day.drawdown_severity),
                Field::number(day.volume_anomaly),
                Field::text(&description),
            ])?;
        }
        Ok(())
    })
}

/// Statistics of the stored days per regime.
///
/// # Errors
/// As [`stored`].
pub fn statistics(rows: &mut Rows, symbol: &str) -> Result<()> {
    spi::connect(|db| {
        let symbol = canonical(db, symbol)?;
        let (relation, _) = stored(db, &symbol)?;
        let sql = format!(
            "SELECT regime::text, count(*), count(*)::float8 / sum(count(*)) OVER ()::float8, min(date)::date, max(date)::date, \
             avg(confidence)::float8 FROM {relation} WHERE market_symbol = $1 GROUP BY 1 ORDER BY 2 DESC, 1"
        );
        rows.query(db, &sql, &[arg(symbol.as_str())])
    })
}

/// The newest stored day at or before a day, in days since 2000; none where there is none.
///
/// # Errors
/// As [`stored`].
pub fn at(rows: &mut Rows, symbol: &str, day: i32) -> Result<()> {
    spi::connect(|db| {
        let symbol = canonical(db, symbol)?;
        let (relation, _) = stored(db, &symbol)?;
        let sql = format!(
            "SELECT {} FROM {relation} WHERE market_symbol = $1 AND date <= $2 ORDER BY date DESC LIMIT 1",
            MARKET_REGIME_HISTORY.selected("")
        );
        rows.query(db, &sql, &[arg(symbol.as_str()), date_arg(day)])
    })
}

/// SQL: the stored days of the symbol `$1`, each with the regime of the day before.
fn days_and_before(relation: &str) -> String {
    format!(
        "(SELECT date::date AS date, regime::text AS after, pg_catalog.lag(regime::text) OVER w AS before, confidence::float8 AS confidence, \
         row_number() OVER w AS place FROM {relation} WHERE market_symbol = $1 WINDOW w AS (ORDER BY date)) AS r"
    )
}

/// The days whose regime differs from that of the day before, how many days the regime before lasted (NULL for the first, which may
/// have begun before the first stored day), and the return from the close of the day to that of the newest stored day; at most `n`,
/// the newest.
///
/// # Errors
/// As [`stored`].
pub fn flips(rows: &mut Rows, symbol: &str, n: Option<usize>) -> Result<()> {
    spi::connect(|db| {
        let symbol = canonical(db, symbol)?;
        let (relation, newest) = stored(db, &symbol)?;
        let sql = format!(
            "SELECT date, before, after, (place - pg_catalog.lag(place) OVER (ORDER BY date))::int AS lasted, confidence \
             FROM {} WHERE before <> after ORDER BY date",
            days_and_before(&relation)
        );
        let read = |row: &Row| {
            let (Days(day), labels): (_, [String; 2]) =
                (row.get("date")?, [row.get("before")?, row.get("after")?]);
            Ok((day, labels, row.get::<Option<i32>>("lasted")?, row.get::<Option<f64>>("confidence")?))
        };
        let found =
            newest_of_each(db.all(&sql, &[arg(symbol.as_str())], Sees::Snapshot, read)?, n, |_, _| true);
        let days: Vec<i32> = found.iter().map(|(day, ..)| *day).chain([newest]).collect();
        // A role that may read the outputs only still gets the flips.
        let span = Span { from: days[0], to: newest };
        let closes = attempt(|| closes_of(db, &symbol, span, &days)).unwrap_or_default();
        let close = |n: usize| closes.get(n).copied().unwrap_or(f64::NAN);
        for (place, (day, labels, lasted, confidence)) in found.iter().enumerate() {
            let [before, after] = labels.each_ref().map(|label| Text::new(label));
            rows.push(&[
                Field::date(*day),
                Field::text(&before),
                Field::text(&after),
                lasted.map_or(Field::NULL, Field::int),
                confidence.map_or(Field::NULL, Field::float),
                simple_return(close(place), close(found.len())).map_or(Field::NULL, Field::float),
            ])?;
        }
        Ok(())
    })
}

/// How often each regime followed each other one, and the share of that change among the changes out of the first.
///
/// # Errors
/// As [`stored`].
pub fn transition_matrix(rows: &mut Rows, symbol: &str) -> Result<()> {
    spi::connect(|db| {
        let symbol = canonical(db, symbol)?;
        let (relation, _) = stored(db, &symbol)?;
        let sql = format!(
            "SELECT before, after, count(*), count(*)::float8 / sum(count(*)) OVER (PARTITION BY before)::float8 \
             FROM {} WHERE before <> after GROUP BY 1, 2 ORDER BY before COLLATE \"C\", after COLLATE \"C\"",
            days_and_before(&relation)
        );
        rows.query(db, &sql, &[arg(symbol.as_str())])
    })
}
