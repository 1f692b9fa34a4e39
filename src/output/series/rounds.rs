//! The steps of the procedure of a system of series, which commits between them: the series, and the error in the end.

use crate::output::entry::Status;
use crate::output::failed::{self, Failed};
use crate::output::grants::with_grants;
use crate::output::series::OfSeries;
use crate::output::series::refresh::wanted;
use crate::output::set_up;
use crate::output::system::System;
use crate::pg::{
    Db, Result, attempt, check_can_commit, extension_schema, qualified, quote_literal, session, settings, spi,
};
use crate::source::candles::Source;
use crate::source::series::Series;

/// The series that a call of the procedure of a system is to refresh, in order.
///
/// # Errors
/// Where the transaction is read-only or cannot commit, the source map cannot be used, the series is unknown, or the tables
/// cannot be created or read.
pub fn begin(of: &'static OfSeries, symbol: Option<&str>, timeframe: Option<&str>) -> Result<Vec<Series>> {
    let (system, procedure) = (of.system, procedure(of.system));
    session::check_writable(&format!("{procedure}()"))?;
    let call = spi::connect(|db| call_of(db, system, symbol, timeframe))?;
    let elsewhere = format!("refresh_{}() refreshes all series in one transaction.", system.name);
    check_can_commit(&procedure, &call, &elsewhere)?;
    spi::connect(|db| {
        let schema = settings::target_schema();
        let source = Source::load_held(db, of.reads)?;
        set_up::prepare(db, &schema, system, false)?;
        let all = || wanted(db, of, &source, &schema, true, symbol, timeframe);
        attempt(|| db.with_new_snapshot(all)).map_err(|error| with_grants(error, system, &schema))
    })
}

/// Ends a call of the procedure of a system.
///
/// # Errors
/// Where series failed; the error has the SQLSTATE of the first.
pub fn end(system: &System, failed: &[Failed]) -> Result<()> {
    let Some(error) = failed::error(system, failed) else { return Ok(()) };
    let log = qualified(&settings::target_schema(), "cmc_regime_run_log");
    Err(error.hint(format!(
        "Earlier rows are kept. SELECT * FROM {log} WHERE status = '{}';",
        Status::Failed.as_str()
    )))
}

/// The procedure that refreshes a system of series and commits.
fn procedure(system: &System) -> String {
    format!("refresh_all_{}", system.name)
}

/// The CALL of the procedure for these series.
fn call_of(db: Db, system: &System, symbol: Option<&str>, timeframe: Option<&str>) -> Result<String> {
    let arguments: Vec<String> = [("symbol", symbol), ("timeframe", timeframe)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} => {}", quote_literal(value))))
        .collect();
    Ok(format!("CALL {}.{}({});", extension_schema(db)?, procedure(system), arguments.join(", ")))
}

/// The hint of the error that ends a strict call.
pub(super) fn keeps_others(
    db: Db,
    system: &System,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<String> {
    let call = call_of(db, system, symbol, timeframe)?;
    Ok(format!("Nothing of the call is kept. This keeps the rows of all others: {call}"))
}
