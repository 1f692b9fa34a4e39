//! The state of a series between refreshes: what its rows were computed from and with, and what further rows need.

use regime_core::market_regimes::{Config, Machine};

use crate::pg::{Arg, Db, Micros, Result, Sees, arg, internal, timestamp_arg, work_relation};
use crate::source::candles::Series;
use crate::sync::swallowed;
use crate::systems::market_regimes::tables::STATE;

/// A stored state.
pub struct State {
    /// The time of the newest row, in microseconds since 2000.
    pub newest: i64,
    pub version: String,
    /// `None` if the stored parameters cannot be read, as of another version.
    pub config: Option<Config>,
    pub sources: String,
    pub tracking: Option<String>,
    /// `None` if the stored state cannot be resumed.
    pub machine: Option<Box<Machine>>,
}

/// What rows are computed with, beside the candles.
pub struct Basis<'a> {
    pub version: &'a str,
    pub config: &'a Config,
    pub sources: &'a str,
    pub tracking: Option<&'a str>,
}

fn relation(schema: &str) -> String {
    work_relation(schema, STATE)
}

fn key(series: &Series) -> [Arg; 2] {
    [arg(series.symbol.as_str()), arg(series.timeframe.as_str())]
}

/// The state of a series, if it has one.
///
/// # Errors
/// Where the state cannot be read.
pub fn load(db: Db, schema: &str, series: &Series) -> Result<Option<State>> {
    let sql = format!(
        "SELECT newest, classifier_version, config::text, sources, tracking, memory FROM {} WHERE symbol = $1 AND timeframe = $2",
        relation(schema)
    );
    db.by_key().first(&sql, &key(series), Sees::Snapshot, |row| {
        Ok(State {
            newest: row.get::<Micros>("newest")?.0,
            version: row.get("classifier_version")?,
            config: Config::parse(row.get("config")?).ok(),
            sources: row.get("sources")?,
            tracking: row.get("tracking")?,
            machine: Machine::decode(row.get("memory")?).map(Box::new),
        })
    })
}

/// Stores the state of a series after its newest row.
///
/// # Errors
/// Where the state cannot be written.
pub fn store(
    db: Db,
    schema: &str,
    series: &Series,
    basis: &Basis,
    newest: i64,
    machine: &Machine,
) -> Result<()> {
    let sql = format!(
        "INSERT INTO {} AS s (symbol, timeframe, newest, candles, classifier_version, config, sources, tracking, memory) \
         VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9) \
         ON CONFLICT (symbol, timeframe) DO UPDATE SET newest = EXCLUDED.newest, candles = EXCLUDED.candles, \
         classifier_version = EXCLUDED.classifier_version, config = EXCLUDED.config, sources = EXCLUDED.sources, \
         tracking = EXCLUDED.tracking, memory = EXCLUDED.memory, computed_at = EXCLUDED.computed_at \
         WHERE (s.newest, s.candles, s.classifier_version, s.config, s.sources, s.tracking, s.memory) IS DISTINCT FROM \
         (EXCLUDED.newest, EXCLUDED.candles, EXCLUDED.classifier_version, EXCLUDED.config, EXCLUDED.sources, EXCLUDED.tracking, EXCLUDED.memory)",
        relation(schema)
    );
    let config = serde_json::to_string(basis.config).map_err(|error| internal(error.to_string()))?;
    let [symbol, timeframe] = key(series);
    let args = [
        symbol,
        timeframe,
        timestamp_arg(Some(newest)),
        arg(machine.candles() as i64),
        arg(basis.version),
        arg(config),
        arg(basis.sources),
        arg(basis.tracking),
        arg(machine.encode()),
    ];
    if db.execute_small(&sql, &args)? > 0 {
        return Ok(());
    }
    // The state is as it was, or was not stored.
    let sql = format!(
        "SELECT true FROM {} WHERE symbol = $1 AND timeframe = $2 AND newest = $3 AND candles = $4",
        relation(schema)
    );
    let [symbol, timeframe] = key(series);
    let args = [symbol, timeframe, timestamp_arg(Some(newest)), arg(machine.candles() as i64)];
    let is_stored = db.first(&sql, &args, Sees::Now, |_| Ok(()))?.is_some();
    swallowed::check_all(db, &relation(schema), u64::from(is_stored), 1)
}

/// Removes the state of a series.
///
/// # Errors
/// Where the state cannot be deleted.
pub fn forget(db: Db, schema: &str, series: &Series) -> Result<()> {
    let sql = format!("DELETE FROM {} WHERE symbol = $1 AND timeframe = $2", relation(schema));
    db.execute_small(&sql, &key(series)).map(|_| ())
}

/// The series that have a state, of a symbol, a timeframe, or all.
///
/// # Errors
/// Where the table of states cannot be read.
pub fn all(db: Db, schema: &str, symbol: Option<&str>, timeframe: Option<&str>) -> Result<Vec<Series>> {
    let sql = format!(
        "SELECT symbol, timeframe FROM {} WHERE ($1 IS NULL OR symbol = $1) AND ($2 IS NULL OR timeframe = $2)",
        relation(schema)
    );
    db.anew().all(&sql, &[arg(symbol), arg(timeframe)], Sees::Snapshot, |row| {
        Ok(Series { symbol: row.get("symbol")?, timeframe: row.get("timeframe")? })
    })
}
