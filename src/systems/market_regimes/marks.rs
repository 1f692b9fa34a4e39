//! Knowing which candles changed since a series was refreshed.

use std::rc::Rc;

use crate::output::relation::not_readable;
use crate::output::set_up;
use crate::pg::{Db, Result, Sees, arg, syscache, work_schema};
use crate::source::candles::{self, Series, Source, series_key};
use crate::systems::market_regimes::tables::{MARKET, MARKET_REGIMES, SERIES};
use crate::track::fingerprint::{Tracking, tracking_of};
use crate::track::marks::Mark;
use crate::track::watched::Watched;

/// The marks of a series.
#[derive(Default)]
pub struct Marks {
    /// The key of the series in the tables of marks.
    key: String,
    all: Vec<Mark>,
}

impl Marks {
    /// The earliest change.
    pub fn since(&self) -> Option<i64> {
        self.all.iter().map(|mark| mark.since).min()
    }
}

/// The tracking of the candles; `None` if they are not tracked.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn tracking(db: Db, schema: &str, source: &Source) -> Result<Option<Rc<Tracking>>> {
    tracking_of(db, schema, &[MARKET_REGIMES.name], &SERIES, &[candles(source)])
}

/// The marks of a series.
///
/// # Errors
/// Where the tables of marks cannot be read.
pub fn of(db: Db, schema: &str, series: &Series) -> Result<Marks> {
    let sql = format!("SELECT {} AS key", series_key("$1", "$2"));
    let args = [arg(series.symbol.as_str()), arg(series.timeframe.as_str())];
    let key: String = db.one(&sql, &args, Sees::Snapshot, |row| row.get("key"))?;
    let all = SERIES.of(db, schema, key.clone())?;
    Ok(Marks { key, all })
}

/// [`of`] for a reader: no marks where the tables of marks are missing.
///
/// # Errors
/// Where the catalogs or the tables of marks cannot be read.
pub fn seen(db: Db, schema: &str, series: &Series) -> Result<Marks> {
    let work = work_schema(schema);
    let tables = SERIES.tables().map(|table| syscache::readable(&work, table));
    if tables.contains(&None) {
        return Ok(Marks::default());
    }
    if tables.contains(&Some(false)) {
        return Err(not_readable(&work, &SERIES.relations(schema).join(", ")));
    }
    of(db, schema, series)
}

/// Removes these marks and no later ones. Gives the ids of the array rows that contain the marks.
///
/// # Errors
/// Where the tables of marks cannot be written.
pub fn clear(db: Db, schema: &str, marks: Marks) -> Result<Vec<String>> {
    SERIES.clear(db, schema, marks.key, marks.all)
}

/// The relation of candles.
pub fn candles(source: &candles::Source) -> Watched {
    let [symbol, timeframe, _] = &source.key;
    Watched {
        marks: &SERIES,
        relation: source.relation.sql.clone(),
        key: series_key(symbol, timeframe),
        ts: source.relation.columns[0].clone(),
        columns: source.key.to_vec(),
    }
}

/// The candles, if a source is mapped. Ignores a table that has the default name but not the columns of candles, unless
/// the user has mapped the table or the tables are set up.
///
/// # Errors
/// As [`candles::Source::find`] if the candles are mapped or the tables are set up.
pub fn find_candles(db: Db, schema: &str) -> Result<Option<candles::Source>> {
    match candles::Source::find(db) {
        Err(_) if !candles::is_mapped(db)? && !set_up::is_set_up(db, schema, &MARKET)? => Ok(None),
        found => found,
    }
}
