//! How the market regime history looks in a picture.

use std::collections::HashMap;

use regime_core::strip::changes;

use crate::output::desk::{self, Breadth, Line, Run};
use crate::output::picture::svg::{DOWN, SIDEWAYS, STRESS, Shade, UP};
use crate::output::picture::{Band, Group, History, Look, Wanted, symbol};
use crate::output::relation::output_relation;
use crate::pg::asset::Asset;
use crate::pg::{Days, Db, Result, Sees, arg, date_arg, invalid_parameter, midnight};
use crate::systems::market_regime_history::closes::{Closes, canonical};
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::fresh;
use crate::systems::market_regime_history::read::stored;
use crate::systems::market_regime_history::tables::MARKET_REGIME_HISTORY;

const LOOK: Look = Look {
    groups: &[
        Group { name: "bull", degrees: &[Band { shade: Shade(UP, 0.5), glyph: '▲' }] },
        Group { name: "transitioning", degrees: &[Band { shade: Shade(SIDEWAYS, 0.3), glyph: '·' }] },
        Group { name: "volatile", degrees: &[Band { shade: Shade(STRESS, 0.45), glyph: '≈' }] },
        Group { name: "bear", degrees: &[Band { shade: Shade(DOWN, 0.55), glyph: '▼' }] },
    ],
    degrees: None,
    rows: "days",
};

/// The symbols as a desk looks at them.
///
/// # Errors
/// Where days or closes cannot be read, and where the symbol that is asked for has no stored days.
pub fn desk(db: Db, asset: Option<&Asset>) -> Result<Vec<Line>> {
    let asked = asset.map(|asset| canonical(db, symbol(asset, MARKET_REGIME_HISTORY.name)?)).transpose()?;
    if let Some(symbol) = &asked {
        stored(db, symbol)?;
    }
    let mut lines = Vec::new();
    for fresh in fresh::all(db)? {
        if fresh.newest_row.is_none() || asked.as_ref().is_some_and(|symbol| *symbol != fresh.name) {
            continue;
        }
        pgrx::check_for_interrupts!();
        let asset = Asset::Name(fresh.name.clone());
        let read = |shown| history(db, &Wanted { asset: &asset, timeframe: None, layer: None, shown });
        let history = desk::history(read)?;
        lines.push(Line {
            run: Run::of(&history),
            in_force: description(db, &fresh.name)?,
            is_stale: fresh.is_stale(),
            symbol: Some(fresh.name),
            ..Line::default()
        });
    }
    Ok(lines)
}

/// How many symbols had which regime on each day.
///
/// # Errors
/// Where a timeframe other than 1d is asked for, and where the table cannot be read.
pub fn breadth(db: Db, days: desk::Days) -> Result<Breadth> {
    check_timeframe(days.timeframe)?;
    let sql = format!(
        "SELECT date::date, regime::text, count(*) FROM {} WHERE regime IS NOT NULL AND pg_catalog.isfinite(date) \
         AND date >= coalesce($1, '-infinity') AND date <= coalesce($2, 'infinity') GROUP BY 1, 2",
        output_relation(db, &MARKET_REGIME_HISTORY)?
    );
    let mut all = Breadth::new();
    days.count(db, &sql, [], &mut all)?;
    Ok(all)
}

/// Checks that a timeframe, where one is given, is that of days.
fn check_timeframe(timeframe: Option<&str>) -> Result<()> {
    match timeframe.filter(|timeframe| *timeframe != "1d") {
        Some(timeframe) => {
            let name = MARKET_REGIME_HISTORY.name;
            Err(invalid_parameter(format!("timeframe is \"{timeframe}\", but {name} has days"))
                .hint("Leave timeframe out."))
        }
        None => Ok(()),
    }
}

/// What the newest stored day of a symbol says.
fn description(db: Db, symbol: &str) -> Result<Option<String>> {
    let (relation, newest) = stored(db, symbol)?;
    let sql = format!("SELECT description::text FROM {relation} WHERE market_symbol = $1 AND date = $2");
    Ok(db.first(&sql, &[arg(symbol), date_arg(newest)], Sees::Snapshot, |row| row.only())?.flatten())
}

/// The stored days of a symbol as a picture shows them.
///
/// # Errors
/// Where the symbol has no stored days, or none in the span, where a timeframe other than 1d is asked for, and where days or
/// closes cannot be read.
pub fn history(db: Db, wanted: &Wanted) -> Result<History> {
    wanted.check_no_layer(MARKET_REGIME_HISTORY.name)?;
    check_timeframe(wanted.timeframe)?;
    let symbol = canonical(db, symbol(wanted.asset, MARKET_REGIME_HISTORY.name)?)?;
    let (relation, _) = stored(db, &symbol)?;
    let [from, to] = wanted.shown.span;
    let sql =
        format!("SELECT date::date, regime::text FROM {relation} WHERE market_symbol = $1 ORDER BY date");
    let (mut days, mut cells, mut ends) = (Vec::new(), Vec::new(), None);
    db.rows(&sql, &[arg(symbol.as_str())], Sees::Snapshot, |row| {
        let Days(day) = row.get("date")?;
        let at = midnight(day);
        ends = Some(ends.map_or([at, at], |[first, _]: [i64; 2]| [first, at]));
        if from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to) {
            days.push(day);
            cells.push(row.get::<Option<&str>>("regime")?.and_then(|label| LOOK.cell(label)));
        }
        Ok(())
    })?;
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Err(wanted.no_rows(&symbol, &relation, ends.unwrap_or_default()));
    };
    let close = match wanted.shown.closes {
        true => closes(db, &symbol, Span { from: *first, to: *last }, &days)?,
        false => Vec::new(),
    };
    Ok(History {
        subject: Some(symbol.clone()),
        whose: symbol,
        what: "market regime".to_owned(),
        ts: days.into_iter().map(midnight).collect(),
        changes: changes(cells.iter().copied()),
        cells,
        close,
        gauge: None,
        look: &LOOK,
    })
}

/// [`closes_of`]; an error where no close is known.
fn closes(db: Db, symbol: &str, span: Span, days: &[i32]) -> Result<Vec<f64>> {
    let close = closes_of(db, symbol, span, days)?;
    match close.iter().all(|close| close.is_nan()) {
        true => Err(Wanted::no_closes(symbol, &Closes::find(db, symbol)?.relation.sql)),
        false => Ok(close),
    }
}

/// The close of each of these days of a span, NaN where unknown.
///
/// # Errors
/// Where the closes of the symbol cannot be found or read.
pub fn closes_of(db: Db, symbol: &str, span: Span, days: &[i32]) -> Result<Vec<f64>> {
    let series = Closes::find(db, symbol)?.read(db, span)?;
    let known: HashMap<i32, f64> = series.days.into_iter().zip(series.close).collect();
    Ok(days.iter().map(|day| known.get(day).copied().unwrap_or(f64::NAN)).collect())
}
