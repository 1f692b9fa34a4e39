//! A finding: something that is wrong, and the statement that corrects it.

use regime_core::words;

words!(
    /// How severe a finding is.
    Severity {
        /// Rows are missing or cannot be made.
        Error = "error",
        /// Rows are stale, or of different versions.
        Warning = "warning",
        /// Everything works, but could work better.
        Info = "info",
    }
);

/// Something that is wrong.
#[derive(PartialEq)]
pub struct Finding {
    pub severity: Severity,
    /// What is wrong, in two or three words.
    pub what: &'static str,
    pub asset: Option<i32>,
    pub detail: String,
    /// The statement to run.
    pub command: String,
}
