//! Knowing which candles changed since a series was refreshed.

use pgrx::spi::quote_identifier as quoted;

use crate::pg::error::{Result, no_privilege};
use crate::pg::spi;
use crate::pg::spi::{Db, Sees, arg};
use crate::source::candles::{Series, Source, series_key};
use crate::source::map::current_user;
use crate::systems::tracking;
use crate::track::marks::{Mark, SERIES};

/// The marks of a series.
#[derive(Default)]
pub struct Marks {
    /// As the marks have it.
    key: String,
    all: Vec<Mark>,
}

impl Marks {
    /// The earliest change.
    pub fn since(&self) -> Option<i64> {
        self.all.iter().map(|mark| mark.since).min()
    }
}

/// The fingerprint of the triggers on the candles; `None` if they are not tracked.
pub fn fingerprint(db: Db, schema: &str, source: &Source) -> Result<Option<String>> {
    tracking::fingerprint_of_candles(db, schema, source)
}

/// The marks of a series.
pub fn of(db: Db, schema: &str, series: &Series) -> Result<Marks> {
    let sql = format!("SELECT {}", series_key("$1", "$2"));
    let args = [arg(series.symbol.as_str()), arg(series.timeframe.as_str())];
    let key = db.first(&sql, &args, Sees::Snapshot, |row| Ok(row.string(0)))?.flatten().unwrap_or_default();
    let all = SERIES.of(db, schema, key.clone())?;
    Ok(Marks { key, all })
}

/// [`of`] for one who reads: none where nothing can be marked, for want of tables or triggers.
pub fn seen(db: Db, schema: &str, source: &Source, series: &Series) -> Result<Marks> {
    if fingerprint(db, schema, source)?.is_none() {
        return Ok(Marks::default());
    }
    let tables = SERIES.tables().map(|table| spi::readable(schema, table));
    if tables.contains(&None) {
        return Ok(Marks::default());
    }
    if tables.contains(&Some(false)) {
        let relations = SERIES.tables().map(|table| format!("{}.{table}", quoted(schema)));
        return Err(no_privilege(&relations.join(", "), "SELECT", &current_user()));
    }
    of(db, schema, series)
}

/// Removes these marks, and none that came later. Gives the rows of many that they stand in.
pub fn clear(db: Db, schema: &str, marks: Marks) -> Result<Vec<String>> {
    SERIES.clear(db, schema, marks.key, marks.all)
}
