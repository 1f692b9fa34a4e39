//! What the functions that refresh a system of series take and return, and the steps of its procedure, which commits
//! between them.

use crate::api::{Result, TableIterator, required};
use crate::output::entry::{Entry, Mode};
use crate::output::failed::Failed;
use crate::output::series::OfSeries;
use crate::output::series::refresh::{self, How, Summary, Which, Work};
use crate::output::series::rounds;
use crate::pg::{
    Result as Checked, error::is_error_code, invalid_parameter, null_argument, settings, shortened,
};
use crate::source::series::Series;

/// Symbol, timeframe, status, stored rows, rows written, classifier version, milliseconds, message, mode, reason.
pub type Row = (
    String,
    String,
    &'static str,
    Option<i64>,
    i64,
    String,
    f64,
    Option<String>,
    Option<&'static str>,
    Option<String>,
);

/// The row of a series.
pub fn row(summary: Summary) -> Row {
    let Summary { series, entry, rows } = summary;
    let Entry { status, written, version, elapsed_ms, message, mode, reason, .. } = entry;
    (
        series.symbol,
        series.timeframe,
        status.as_str(),
        rows,
        written.total() as i64,
        version,
        elapsed_ms,
        message,
        mode.map(Mode::as_str),
        reason,
    )
}

/// How a call refreshes.
pub fn how(dry_run: Option<bool>, full_refresh: Option<bool>, strict: Option<bool>) -> How {
    let [dry_run, full_refresh] = [dry_run, full_refresh].map(|on| on == Some(true));
    How { dry_run, full_refresh, strict: settings::strict(strict) }
}

/// The first step: the symbol and the timeframe of each series to refresh.
///
/// # Errors
/// As [`rounds::begin`].
pub fn begin(
    of: &'static OfSeries,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<TableIterator<(String, String)>> {
    let all = rounds::begin(of, symbol, timeframe)?;
    Ok(TableIterator::new(all.into_iter().map(|series| (series.symbol, series.timeframe))))
}

/// A step: refreshes series; gives the name, the SQLSTATE and the message of those that failed.
///
/// # Errors
/// As [`refresh::refresh`], and where arrays are NULL, hold a NULL or are of different lengths.
pub fn next<W: Work>(
    work: &W,
    symbols: Option<Vec<Option<String>>>,
    timeframes: Option<Vec<Option<String>>>,
    full_refresh: Option<bool>,
) -> Result<TableIterator<(String, String, String)>> {
    let [symbols, timeframes] = same_length([("symbols", symbols), ("timeframes", timeframes)])?;
    let all = symbols.into_iter().zip(timeframes);
    let all = all.map(|(symbol, timeframe)| Series { symbol, timeframe }).collect();
    let how = How { full_refresh: full_refresh == Some(true), ..How::default() };
    let refreshed = refresh::refresh(work, Which::These(all), how)?;
    let failed: Vec<Failed> = refreshed.iter().filter_map(|summary| Failed::of(&summary.entry)).collect();
    Ok(TableIterator::new(
        failed.into_iter().map(|Failed { subject, sqlstate, message }| (subject, sqlstate, message)),
    ))
}

/// The last step, with the names, the SQLSTATEs and the messages of the series that failed.
///
/// # Errors
/// Where a series failed, and where arrays are NULL, hold a NULL or are of different lengths.
pub fn end(
    of: &'static OfSeries,
    [series, sqlstates, messages]: [Option<Vec<Option<String>>>; 3],
) -> Result<()> {
    let [series, sqlstates, messages] =
        same_length([("series", series), ("sqlstates", sqlstates), ("messages", messages)])?;
    if let Some(other) = sqlstates.iter().find(|code| !is_error_code(code)) {
        let other = shortened(format!("sqlstates holds {other:?}, which is no SQLSTATE of an error"), 200);
        return Err(invalid_parameter(other).hint("Pass the rows that the step before has returned.").into());
    }
    let failed = series.into_iter().zip(sqlstates).zip(messages);
    let failed = failed.map(|((subject, sqlstate), message)| Failed { subject, sqlstate, message });
    Ok(rounds::end(of.system, &failed.collect::<Vec<_>>())?)
}

/// The elements of arrays, which are arguments of these names.
fn same_length<const N: usize>(
    arrays: [(&str, Option<Vec<Option<String>>>); N],
) -> Checked<[Vec<String>; N]> {
    let mut all = [const { Vec::new() }; N];
    for (texts, (name, array)) in all.iter_mut().zip(arrays) {
        let elements = required(name, array)?.into_iter();
        *texts = elements.map(|text| text.ok_or_else(|| null_argument(name))).collect::<Checked<_>>()?;
    }
    let lengths = all.each_ref().map(Vec::len);
    match lengths.iter().all(|length| *length == lengths[0]) {
        true => Ok(all),
        false => Err(invalid_parameter(format!("arrays of {lengths:?} elements belong together"))
            .hint("Pass arrays of the same length.")),
    }
}
