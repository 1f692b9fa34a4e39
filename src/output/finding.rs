//! A finding: something that is not as it should be, and the statement that helps.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Rows are missing or cannot be made.
    Error,
    /// Rows are old, or not all made alike.
    Warning,
    /// It works, but could be better.
    Info,
}

impl Severity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// One thing.
#[derive(PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub what: &'static str,
    pub asset: Option<i32>,
    pub detail: String,
    /// What to type.
    pub command: String,
}
