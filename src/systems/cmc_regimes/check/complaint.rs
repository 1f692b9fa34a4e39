//! A complaint about the inputs.

use crate::output::finding::Severity;

/// A fault of the inputs.
#[derive(Debug)]
pub struct Complaint {
    pub severity: Severity,
    /// `None` where the fault concerns all assets.
    pub asset: Option<i32>,
    /// `None` where the fault concerns all layers.
    pub layer: Option<&'static str>,
    pub problem: String,
    /// How many bars or EMAs have the fault.
    pub n: Option<i64>,
    /// The time of the first of them, in microseconds since 2000.
    pub first: Option<i64>,
    /// The statement that shows or repairs the fault, or what else to do.
    pub command: String,
}

impl Complaint {
    /// A fault of no particular asset, layer or bar.
    pub fn of_all(severity: Severity, problem: String, command: String) -> Self {
        Self { severity, asset: None, layer: None, problem, n: None, first: None, command }
    }
}
