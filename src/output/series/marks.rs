//! Knowing which candles changed since a series was refreshed.

use std::rc::Rc;

use crate::output::relation::not_readable;
use crate::output::series::OfSeries;
use crate::pg::{Db, Result, known, syscache, work_schema};
use crate::source::candles::Source;
use crate::source::series::{Series, series_key};
use crate::track::fingerprint::{Tracking, tracking_of};
use crate::track::marks::{Mark, Marks};
use crate::track::watched::{Time, Watched};

/// The [`Marks`] of a system of series whose tables of marks begin with a name: the table of states, the start of the names
/// of triggers. A key is symbol and timeframe as the text of an array, `{BTCUSDT,1h}`, in the order of its bytes,
/// whatever collations the columns have.
macro_rules! marks_of_series {
    ($name:literal, $state:expr, $trigger:literal) => {
        Marks {
            few: concat!($name, "_dirty"),
            many: concat!($name, "_dirty_many"),
            done: concat!($name, "_dirty_done"),
            key: "series",
            keys: "series_list",
            kind: "text",
            valid: "IS NOT NULL",
            state: $state,
            of_state: "(ARRAY[s.symbol, s.timeframe]::text COLLATE \"C\")",
            view: concat!($name, "_marks"),
            shown: "(a.series::text[])[1] AS symbol, (a.series::text[])[2] AS timeframe",
            collation: " COLLATE \"C\"",
            key_is: "Symbol and timeframe: {BTCUSDT,1h}",
            subjects: ["a series", "series"],
            function: concat!($name, "_mark"),
            trigger: $trigger,
        }
    };
}
/// The marks of each system of series. A system watches the rows that the other watches, so that the same triggers may leave
/// the marks of both.
pub static OF_SYSTEMS: [Marks; 2] = [
    marks_of_series!("market_regime", "market_regime_state", "pg_regime_candles"),
    marks_of_series!("market_state", "market_state_series", "pg_regime_states"),
];

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
        beside: None,
        pair: Some(OF_SYSTEMS.each_ref()),
        relation: source.relation.sql.clone(),
        key: series_key(symbol, timeframe),
        of_key: [symbol].into_iter().chain((!source.has_only_tf).then_some(timeframe)).cloned().collect(),
        is_of_text: true,
        times: vec![Time {
            ts: source.relation.columns[0].clone(),
            column: ts.clone(),
            kind: source.relation.times,
        }],
        is_of_all: false,
    }
}
