//! Knowing which candles changed since a series was refreshed.

use std::rc::Rc;

use crate::output::relation::not_readable;
use crate::output::series::OfSeries;
use crate::pg::{Db, Result, known, syscache, work_schema};
use crate::source::candles::Source;
use crate::source::series::{Series, series_key};
use crate::track::fingerprint::{Tracking, tracking_of};
use crate::track::marks::{Mark, Marks};
use crate::track::watched::Watched;

/// The marks of a series.
#[derive(Default)]
pub struct OfOne {
    /// The key of the series in the tables of marks.
    key: String,
    all: Vec<Mark>,
}

impl OfOne {
    /// The earliest change.
    pub fn since(&self) -> Option<i64> {
        self.all.iter().map(|mark| mark.since).min()
    }
}

impl OfSeries {
    /// The tracking of the candles; `None` if they are not tracked.
    ///
    /// # Errors
    /// Where the catalogs cannot be read.
    pub fn tracking(&self, db: Db, schema: &str, source: &Source) -> Result<Option<Rc<Tracking>>> {
        tracking_of(db, schema, &[self.table.name], self.marks, &[watched(self.marks, source)])
    }

    /// The marks of a series.
    ///
    /// # Errors
    /// Where the tables of marks cannot be read.
    pub fn marks(&self, db: Db, schema: &str, series: &Series) -> Result<OfOne> {
        let key = series.key();
        let all = self.marks.of(db, schema, key.clone())?;
        Ok(OfOne { key, all })
    }

    /// [`OfSeries::marks`] for a reader: no marks where the tables of marks are missing.
    ///
    /// # Errors
    /// Where the catalogs or the tables of marks cannot be read.
    pub fn marks_seen(&self, db: Db, schema: &str, series: &Series) -> Result<OfOne> {
        let work = work_schema(schema);
        let find = || Ok(self.marks.tables().map(|table| syscache::readable(&work, table)));
        let tables = *known("readable marks", &(self.table.name, schema.to_owned()), find)?;
        if tables.contains(&None) {
            return Ok(OfOne::default());
        }
        if tables.contains(&Some(false)) {
            return Err(not_readable(&work, &self.marks.relations(schema).join(", ")));
        }
        self.marks(db, schema, series)
    }

    /// Removes these marks and no later ones. Gives the ids of the array rows that contain the marks.
    ///
    /// # Errors
    /// Where the tables of marks cannot be written.
    pub fn clear(&self, db: Db, schema: &str, marks: OfOne) -> Result<Vec<String>> {
        self.marks.clear(db, schema, marks.key, marks.all)
    }
}

/// The relation of candles, whose changes are marked.
pub fn watched(marks: &'static Marks, source: &Source) -> Watched {
    let [symbol, timeframe, ts] = &source.key;
    Watched {
        marks,
        relation: source.relation.sql.clone(),
        key: series_key(symbol, timeframe),
        ts: source.relation.columns[0].clone(),
        columns: if source.has_only_tf { vec![symbol.clone(), ts.clone()] } else { source.key.to_vec() },
        is_of_text: true,
        times: source.relation.times,
        is_of_all: false,
    }
}
