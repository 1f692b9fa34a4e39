//! Market states and escalation (specification 5).

pub mod after;
mod rolling_percentile;

pub use rolling_percentile::rolling_percentile;

/// The bucket of an escalation percentile. Specification 5, section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Below .60.
    Low,
    /// From .60 on.
    Med,
    /// From .85 on.
    High,
}
