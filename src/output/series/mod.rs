//! What the systems share whose subjects are series of candles: marks, state, refresh, hybrid reading, how fresh a
//! series is.

pub mod delete;
pub mod desk;
pub mod flips;
pub mod fresh;
pub mod hybrid;
pub mod marks;
pub mod picture;
pub mod portion;
pub mod read;
pub mod reference;
pub mod refresh;
pub mod rounds;
pub mod state;

use std::collections::{HashMap, HashSet};

use crate::output::series::state::{Basis, State};
use crate::output::system::System;
use crate::pg::timescale::{Part, Recent, at, of_parts};
use crate::pg::{Db, Micros, Result, Row, Sees, citus, qualified};
use crate::source::candles::Reads;
use crate::source::relation::may_hide_rows;
use crate::source::series::Series;
use crate::sync::table::Table;
use crate::track::marks::Marks;

/// A system whose subjects are series of candles. Its functions are `refresh_NAME` and `delete_NAME`.
pub struct OfSeries {
    pub system: &'static System,
    /// The output table.
    pub table: &'static Table,
    pub marks: &'static Marks,
    /// Which columns of the candles are read.
    pub reads: Reads,
    pub basis: Basis,
    /// What a refresh with the parameters of a state would be; `None` if these cannot be read, as of another version.
    pub again: fn(&State) -> Option<Again>,
    /// Whether a refresh without parameters may have made rows of this version.
    pub is_default: fn(&str) -> bool,
    /// Working tables beside that of the states which hold more of the state of a series.
    pub more: &'static [&'static str],
}

/// A refresh with the parameters of a stored state.
pub struct Again {
    /// The version of the rows.
    pub version: String,
    /// The arguments after the subject, each after a comma.
    pub arguments: String,
}

impl OfSeries {
    /// The output table in a target schema, as SQL.
    pub fn relation(&self, schema: &str) -> String {
        qualified(schema, self.table.name)
    }

    /// The name of the lock that a writer of a series holds.
    pub fn lock_name(&self, schema: &str, series: &Series) -> String {
        format!("{} of {schema}: {} {}", self.table.name, series.timeframe, series.symbol)
    }
}

/// The time, in microseconds since 2000, and the version of a stored row; the version is NULL in rows of an adopted table that
/// no refresh has reached yet.
pub type Newest = (i64, Option<String>);

/// The newest stored row of a series.
///
/// # Errors
/// Where the table cannot be read.
pub fn newest_row(db: Db, relation: &str, series: &Series) -> Result<Option<Newest>> {
    Recent::of(db, relation)?.first(db.by_key(), |db, recent| {
        let sql = format!(
            "SELECT open_time::timestamptz, classifier_version::text FROM {relation} \
             WHERE symbol = $1 AND timeframe = $2{} ORDER BY open_time DESC LIMIT 1",
            recent.condition("open_time")
        );
        let read = |row: &Row| Ok((row.get::<Micros>("open_time")?.0, row.get("classifier_version")?));
        db.doing("read newest rows").first(&sql, &series.args(), Sees::Snapshot, read)
    })
}

/// [`newest_row`] of each of many series; beside each is the time that its newest row is thought to have.
///
/// # Errors
/// Where the table cannot be read.
pub fn newest_rows(
    db: Db,
    relation: &str,
    all: &[Series],
    thought: &[Option<i64>],
) -> Result<Vec<Option<Newest>>> {
    // Citus refuses a lateral join with a distributed table.
    if citus::is_loaded() {
        return all.iter().map(|series| newest_row(db, relation, series)).collect();
    }
    let recent = Recent::of(db, relation)?;
    let sql = format!(
        "SELECT r.open_time, r.version FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) \
         WITH ORDINALITY AS s (symbol, timeframe, place) LEFT JOIN LATERAL \
           (SELECT n.open_time::timestamptz, n.classifier_version::text AS version FROM {relation} AS n \
            WHERE n.symbol = s.symbol AND n.timeframe = s.timeframe{} ORDER BY n.open_time DESC LIMIT 1) AS r ON true ORDER BY s.place",
        recent.condition("n.open_time")
    );
    let mut newest =
        db.by_key().doing("read newest rows").all(&sql, &Series::args_of(all), Sees::Snapshot, |row| {
            let ts = row.get::<Option<Micros>>("open_time")?.map(|Micros(ts)| ts);
            ts.map(|ts| Ok((ts, row.get("version")?))).transpose()
        })?;
    let others: Vec<usize> = (0..all.len()).filter(|place| newest[*place].is_none()).collect();
    if recent.is_all() || others.is_empty() {
        return Ok(newest);
    }
    let others_thought: Vec<_> = others.iter().map(|place| (all[*place].clone(), thought[*place])).collect();
    let times = newest_times(db, relation, others_thought)?;
    let [symbols, timeframes] =
        Series::args_of(&others.iter().map(|place| all[*place].clone()).collect::<Vec<_>>());
    let sql = format!(
        "SELECT n.symbol::text AS symbol_, n.timeframe::text AS timeframe_, n.open_time::timestamptz AS ts, n.classifier_version::text AS version \
         FROM {relation} AS n WHERE n.symbol = ANY ($1) AND n.timeframe = ANY ($2){}",
        at("n.open_time", times.values().copied())
    );
    let mut rows = HashMap::new();
    db.once().rows(&sql, &[symbols, timeframes], Sees::Snapshot, |row| {
        let series = Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? };
        rows.insert((series, row.get::<Micros>("ts")?.0), row.get::<Option<String>>("version")?);
        Ok(())
    })?;
    for place in others {
        let row = times.get(&all[place]).and_then(|ts| rows.remove_entry(&(all[place].clone(), *ts)));
        newest[place] = row.map(|((_, ts), version)| (ts, version));
    }
    Ok(newest)
}

/// The time of the newest row, in microseconds since 2000, of each of these series that has rows, in any chunk of a table;
/// beside each is that of its state.
///
/// # Errors
/// Where the table cannot be read.
pub fn newest_times(db: Db, relation: &str, all: Vec<(Series, Option<i64>)>) -> Result<HashMap<Series, i64>> {
    Recent::newest_of_rows(db, relation, all, may_hide_rows(db, relation)?, |db, parts| {
        let found = of_parts(parts, |Part { chunks, subjects }| {
            let [symbols, timeframes] = Series::in_sql(subjects);
            format!(
                "SELECT n.symbol::text AS symbol_, n.timeframe::text AS timeframe_, n.open_time::timestamptz AS ts \
                 FROM {relation} AS n WHERE n.symbol = ANY ({symbols}) AND n.timeframe = ANY ({timeframes}){}",
                chunks.condition("n.open_time")
            )
        });
        let sql = format!(
            "SELECT symbol_, timeframe_, pg_catalog.max(ts) AS newest FROM ({found}) AS row_ GROUP BY symbol_, timeframe_"
        );
        let found = db.all(&sql, &[], Sees::Snapshot, |row| {
            let series = Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? };
            Ok((series, row.get::<Micros>("newest")?.0))
        })?;
        let asked: HashSet<&Series> = parts.iter().flat_map(|part| &part.subjects).collect();
        Ok(found.into_iter().filter(|(series, _)| asked.contains(series)).collect())
    })
}
