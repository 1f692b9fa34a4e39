//! What rows are computed with, beside the bars.

/// What an asset's rows were computed with, beside its bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    pub version_hash: String,
    pub policy_hash: String,
    /// Of the source map.
    pub sources: String,
    /// Of the triggers that mark changes, and of the output tables, which someone may empty or drop;
    /// `None` where some source is not tracked.
    pub tracking: Option<String>,
}
