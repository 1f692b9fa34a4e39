//! How fresh each series is.

use crate::output::fresh::{Fresh, last};
use crate::output::set_up;
use crate::pg::lock::{Key, named};
use crate::pg::{Db, Result, Sees, extension_schema, qualified, quote_literal, settings, syscache::readable};
use crate::source::candles::{self, Series, Source};
use crate::systems::market_regimes::refresh::lock_name;
use crate::systems::market_regimes::rows::newest_row;
use crate::systems::market_regimes::tables::{MARKET, MARKET_REGIMES};
use crate::systems::market_regimes::{marks, state};

/// Every series with candles or rows.
///
/// # Errors
/// Where candles, rows or the run log cannot be read.
pub fn all(db: Db) -> Result<Vec<Fresh>> {
    let schema = settings::target_schema();
    MARKET.check_readable(db)?;
    let Some(source) = source(db, &schema)? else { return Ok(Vec::new()) };
    let own = extension_schema(db)?;
    let mut all = source.series(db, None, None)?;
    all.extend(state::all(db, &schema, None, None)?);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|series| one(db, &schema, &source, &series, &own)).collect()
}

fn one(db: Db, schema: &str, source: &Source, series: &Series, own: &str) -> Result<Fresh> {
    let relation = qualified(schema, MARKET_REGIMES.name);
    let row = newest_row(db, &relation, series)?;
    let newest_row = row.as_ref().map(|(ts, _)| *ts);
    let name = series.name();
    let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(quote_literal);
    let behind = source.count_after(db, series, newest_row)?;
    let newest_source = source.newest(db, series)?;
    Ok(Fresh {
        newest_source,
        newest_row,
        behind,
        ahead: newest_row > newest_source,
        marked: marks::of(db, schema, series)?.since().is_some(),
        version: row.and_then(|(_, version)| version),
        command: format!("SELECT * FROM {own}.refresh_market_regimes({symbol}, {timeframe});"),
        last: last(db, &MARKET, &name)?,
        name,
        ..Fresh::default()
    })
}

/// What a lock keeps others from refreshing: a series.
///
/// # Errors
/// Where the candles or the working tables cannot be read.
pub fn locked(db: Db, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
    let Key::Name(key) = key else { return Ok(None) };
    let set_up = set_up::is_set_up(db, schema, &MARKET)?;
    let mut all = if set_up { state::all(db, schema, None, None)? } else { Vec::new() };
    if let Some(source) = source(db, schema)? {
        all.extend(source.series(db, None, None)?);
    }
    let names = all.iter().map(|series| lock_name(schema, series)).collect();
    Ok(named(db, key, names)?.map(|place| (None, format!("series {}", all[place].name()))))
}

/// The relation of candles, as SQL, where its changes are not marked; `None` where there never were candles.
///
/// # Errors
/// Where the source map is wrong or the candles cannot be read.
pub fn untracked(db: Db) -> Result<Option<Vec<String>>> {
    let schema = settings::target_schema();
    let Some(source) = source(db, &schema)? else { return Ok(None) };
    let is_tracked = marks::tracking(db, &schema, &source)?.is_some();
    Ok(Some(if is_tracked { Vec::new() } else { vec![source.relation.sql] }))
}

/// The candles; `None` where there never were candles: no table, no rows, and no edited row of the source map.
fn source(db: Db, schema: &str) -> Result<Option<Source>> {
    match Source::find(db)? {
        None if candles::is_mapped(db)? || has_rows(db, schema)? => Source::load(db).map(Some),
        found => Ok(found),
    }
}

fn has_rows(db: Db, schema: &str) -> Result<bool> {
    if readable(schema, MARKET_REGIMES.name) != Some(true) {
        return Ok(false);
    }
    let sql = format!("SELECT true FROM {} LIMIT 1", qualified(schema, MARKET_REGIMES.name));
    Ok(db.first(&sql, &[], Sees::Snapshot, |_| Ok(()))?.is_some())
}
