//! The error that ends a call because subjects failed.

use crate::output::entry::{Entry, MOST_NAMED};
use crate::output::system::System;
use crate::pg::{Error, error::error_code, sqlstate};

/// A subject that failed.
pub struct Failed {
    /// As the error names it: an id, or symbol and timeframe.
    pub subject: String,
    pub sqlstate: String,
    pub message: String,
}

impl Failed {
    /// The failure that an entry tells, if the entry is of one.
    pub fn of(entry: &Entry) -> Option<Self> {
        let report = entry.error.as_ref()?.report();
        let subject = entry.id.map_or_else(|| entry.name.clone().unwrap_or_default(), |id| id.to_string());
        Some(Self { subject, sqlstate: sqlstate(report.code), message: report.message.clone() })
    }
}

/// The error for subjects of a system that failed, with the SQLSTATE of the first; `None` where none failed.
pub fn error(system: &System, failed: &[Failed]) -> Option<Error> {
    let first = failed.first()?;
    let named = &failed[..failed.len().min(MOST_NAMED)];
    let more = |text| if named.len() == failed.len() { "" } else { text };
    let subjects: Vec<&str> = named.iter().map(|failed| failed.subject.as_str()).collect();
    let lines: Vec<String> = named
        .iter()
        .map(|Failed { subject, sqlstate, message }| format!("{subject}: {message} ({sqlstate})"))
        .collect();
    let [one, many] = system.subject;
    let (count, subject) = (failed.len(), if failed.len() == 1 { one } else { many });
    let message = format!("refresh of {count} {subject} failed: {}{}", subjects.join(", "), more(", …"));
    Some(Error::new(error_code(&first.sqlstate), message).detail(format!(
        "{}{}",
        lines.join("\n"),
        more("\n…")
    )))
}
