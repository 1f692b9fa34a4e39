//! What the refresh functions of a system of series return.

use crate::output::entry::{Entry, Mode};
use crate::output::series::refresh::Summary;

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
