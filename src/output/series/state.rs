//! The state of a series between refreshes: what its rows were computed from and with, and what further rows need.

use std::collections::HashMap;

use crate::output::series::OfSeries;
use crate::pg::{Db, Micros, Result, Row, Sees, arg, timestamps_arg, work_relation};
use crate::source::series::Series;
use crate::sync::working::Upsert;

/// The column of a table of states that holds what the rows depend on beside the candles and the version.
pub struct Basis {
    pub column: &'static str,
    /// Its SQL type.
    pub kind: &'static str,
    /// Why all rows are computed where the basis has changed.
    pub reason: &'static str,
    /// What has changed then, after "the".
    pub what: &'static str,
    /// From which moment on, in microseconds since 2000, the rows of a series differ from what a refresh would make of the
    /// same candles, since the basis is another by now.
    pub changed: Changed,
    /// [`Basis::changed`] as far as the stored rows tell, for a series without a state.
    pub of_rows: OfRows,
}

/// [`Basis::changed`], given the series and its state.
pub type Changed = fn(Db, &Series, &State) -> Result<Option<i64>>;

/// [`Basis::of_rows`], given the output table as SQL and the series.
pub type OfRows = fn(Db, &str, &Series) -> Result<Option<i64>>;

/// A stored state.
pub struct State {
    /// The time of the newest row, in microseconds since 2000.
    pub newest: i64,
    pub version: String,
    /// What the rows depend on beside the candles and the version, as text.
    pub basis: String,
    pub sources: String,
    pub tracking: Option<String>,
    /// What further rows need, encoded; empty where it was not asked for.
    pub memory: Vec<u8>,
}

/// The table of states, as SQL.
pub fn relation(of: &OfSeries, schema: &str) -> String {
    work_relation(schema, of.marks.state)
}

/// The state of a series, if it has one.
///
/// # Errors
/// Where the state cannot be read.
pub fn load(db: Db, of: &OfSeries, schema: &str, series: &Series) -> Result<Option<State>> {
    read(db, of, schema, series, "memory")
}

fn read(db: Db, of: &OfSeries, schema: &str, series: &Series, memory: &str) -> Result<Option<State>> {
    let sql = format!("{} WHERE s.symbol = $1 AND s.timeframe = $2", select(of, schema, memory));
    db.by_key().doing("read states").first(&sql, &series.args(), Sees::Snapshot, state)
}

/// [`load`] of many series: the states of those that have one.
///
/// # Errors
/// As [`load`].
pub fn load_each(db: Db, of: &OfSeries, schema: &str, all: &[Series]) -> Result<HashMap<Series, State>> {
    let sql = format!(
        "{} JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS a (symbol, timeframe) \
         ON s.symbol = a.symbol AND s.timeframe = a.timeframe",
        select(of, schema, "memory")
    );
    let read = |row: &Row| {
        Ok((Series { symbol: row.get("symbol")?, timeframe: row.get("timeframe")? }, state(row)?))
    };
    Ok(db
        .once()
        .doing("read states")
        .all(&sql, &Series::args_of(all), Sees::Snapshot, read)?
        .into_iter()
        .collect())
}

fn select(of: &OfSeries, schema: &str, memory: &str) -> String {
    let (basis, states) = (of.basis.column, relation(of, schema));
    format!(
        "SELECT s.symbol, s.timeframe, s.newest, s.classifier_version, s.{basis}::text AS basis, s.sources, s.tracking, {memory} AS memory FROM {states} AS s"
    )
}

fn state(row: &Row) -> Result<State> {
    Ok(State {
        newest: row.get::<Micros>("newest")?.0,
        version: row.get("classifier_version")?,
        basis: row.get("basis")?,
        sources: row.get("sources")?,
        tracking: row.get("tracking")?,
        memory: row.get::<&[u8]>("memory")?.to_vec(),
    })
}

/// [`load`] without the memory.
///
/// # Errors
/// Where the state cannot be read.
pub fn known(db: Db, of: &OfSeries, schema: &str, series: &Series) -> Result<Option<State>> {
    read(db, of, schema, series, "''::bytea")
}

/// What is stored of a series: the state after its newest row, which is that of its last of so many candles.
pub struct Kept<'a> {
    pub series: &'a Series,
    pub candles: u64,
    pub state: State,
}

/// Stores the states of series, each once; `are_other` tells that each differs from the one that is stored.
///
/// # Errors
/// Where the states cannot be written.
pub fn store(db: Db, of: &OfSeries, schema: &str, all: Vec<Kept>, are_other: bool) -> Result<()> {
    let Basis { column: basis, kind, .. } = of.basis;
    let upsert = Upsert {
        relation: &relation(of, schema),
        key: &["symbol", "timeframe"],
        values: &["newest", "candles", "classifier_version", basis, "sources", "tracking", "memory"],
        stamp: "computed_at",
        only_changed: !are_other,
        rows: &format!(
            "SELECT s.symbol, s.timeframe, s.newest, s.candles, s.version, s.basis::{kind}, s.sources, s.tracking, s.memory \
             FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::timestamptz[]), \
             pg_catalog.unnest($4::int8[]), pg_catalog.unnest($5::text[]), pg_catalog.unnest($6::text[]), pg_catalog.unnest($7::text[]), \
             pg_catalog.unnest($8::text[]), pg_catalog.unnest($9::bytea[])) \
             AS s (symbol, timeframe, newest, candles, version, basis, sources, tracking, memory)"
        ),
    };
    let number = all.len();
    let series: Vec<Series> = all.iter().map(|kept| kept.series.clone()).collect();
    let [symbols, timeframes] = Series::args_of(&series);
    let candles: Vec<i64> = all.iter().map(|kept| kept.candles as i64).collect();
    let newest = all.iter().map(|kept| Some(kept.state.newest)).collect();
    let (mut versions, mut bases, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tracking, mut memories) = (Vec::new(), Vec::new());
    for Kept { state, .. } in all {
        versions.push(state.version);
        bases.push(state.basis);
        sources.push(state.sources);
        tracking.push(state.tracking);
        memories.push(state.memory);
    }
    let args = [
        symbols,
        timeframes,
        timestamps_arg(newest),
        arg(candles),
        arg(versions),
        arg(bases),
        arg(sources),
        arg(tracking),
        arg(memories),
    ];
    upsert.of(number).run(db, &args)
}

/// Removes the state of a series.
///
/// # Errors
/// Where the state cannot be deleted.
pub fn forget(db: Db, of: &OfSeries, schema: &str, series: &Series) -> Result<()> {
    for table in [of.marks.state].iter().chain(of.more) {
        let table = work_relation(schema, table);
        db.execute_small(
            &format!("DELETE FROM {table} WHERE symbol = $1 AND timeframe = $2"),
            &series.args(),
        )?;
    }
    Ok(())
}

/// All series that have a state, and the time of the newest row of each as the state tells, in microseconds since 2000.
///
/// # Errors
/// Where the table of states cannot be read.
pub fn all(db: Db, of: &OfSeries, schema: &str) -> Result<HashMap<Series, i64>> {
    let sql = format!("SELECT symbol, timeframe, newest FROM {}", relation(of, schema));
    let read = |row: &Row| {
        let series = Series { symbol: row.get("symbol")?, timeframe: row.get("timeframe")? };
        Ok((series, row.get::<Micros>("newest")?.0))
    };
    Ok(db.all(&sql, &[], Sees::Snapshot, read)?.into_iter().collect())
}

/// Whether a series of a symbol has a state.
///
/// # Errors
/// Where the table of states cannot be read.
pub fn is_of_symbol(db: Db, of: &OfSeries, schema: &str, symbol: &str) -> Result<bool> {
    let sql = format!("SELECT true FROM {} WHERE symbol = $1 LIMIT 1", relation(of, schema));
    Ok(db.once().first(&sql, &[arg(symbol)], Sees::Snapshot, |_| Ok(()))?.is_some())
}

/// The series that have a state in a table of states, or in a part of one: of a symbol, a timeframe, or all.
///
/// # Errors
/// Where the table of states cannot be read.
pub fn all_in(db: Db, states: &str, symbol: Option<&str>, timeframe: Option<&str>) -> Result<Vec<Series>> {
    let read = |row: &Row| Ok(Series { symbol: row.get("symbol")?, timeframe: row.get("timeframe")? });
    let all = format!("SELECT symbol, timeframe FROM {states}");
    if (symbol, timeframe) == (None, None) {
        return db.all(&all, &[], Sees::Snapshot, read);
    }
    let sql = format!("{all} WHERE ($1 IS NULL OR symbol = $1) AND ($2 IS NULL OR timeframe = $2)");
    db.anew().all(&sql, &[arg(symbol), arg(timeframe)], Sees::Snapshot, read)
}
