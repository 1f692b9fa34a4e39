//! How the market regime history looks in a picture.

use std::collections::HashMap;

use regime_core::strip::changes;

use crate::output::picture::svg::{DOWN, SIDEWAYS, STRESS, Shade, UP};
use crate::output::picture::{Band, Group, History, Look, Wanted};
use crate::pg::{Days, Db, Result, Sees, arg, invalid_parameter};
use crate::systems::market_regime_history::closes::{Closes, canonical};
use crate::systems::market_regime_history::days::{Span, midnight};
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

/// The stored days of a symbol as a picture shows them.
///
/// # Errors
/// Where the symbol has no stored days, or none in the span, where a timeframe other than 1d is asked for, and where days or
/// closes cannot be read.
pub fn history(db: Db, wanted: &Wanted) -> Result<History> {
    wanted.check_no_layer(MARKET_REGIME_HISTORY.name)?;
    if let Some(timeframe) = wanted.timeframe.filter(|timeframe| *timeframe != "1d") {
        let name = MARKET_REGIME_HISTORY.name;
        return Err(invalid_parameter(format!("timeframe is \"{timeframe}\", but {name} has days"))
            .hint("Leave timeframe out."));
    }
    let symbol = canonical(db, wanted.symbol("market_regime_history")?)?;
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

/// The close of each of these days, NaN where unknown.
fn closes(db: Db, symbol: &str, span: Span, days: &[i32]) -> Result<Vec<f64>> {
    let closes = Closes::find(db, symbol)?;
    let series = closes.read(db, span)?;
    let known: HashMap<i32, f64> = series.days.into_iter().zip(series.close).collect();
    let close: Vec<f64> = days.iter().map(|day| known.get(day).copied().unwrap_or(f64::NAN)).collect();
    match close.iter().all(|close| close.is_nan()) {
        true => Err(Wanted::no_closes(symbol, &closes.relation.sql)),
        false => Ok(close),
    }
}
