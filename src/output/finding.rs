//! A finding: something that is wrong, and the statement that corrects it.

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Rows are missing or cannot be made.
    Error,
    /// Rows are stale, or of different versions.
    Warning,
    /// Everything works, but could work better.
    Info,
}

impl Severity {
    /// The severity as results have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

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
