//! A complaint about the inputs.

use regime_core::Layer;

use crate::output::finding::Severity;

/// One thing that is not as it should be. `first` is the first bar or EMA it is true of, in microseconds.
#[derive(Debug)]
pub struct Complaint {
    pub severity: Severity,
    /// `None` for what concerns all assets.
    pub asset: Option<i32>,
    /// `None` for what concerns all layers.
    pub layer: Option<Layer>,
    pub problem: String,
    pub n: Option<i64>,
    pub first: Option<i64>,
    /// What to type, or to do.
    pub command: String,
}
