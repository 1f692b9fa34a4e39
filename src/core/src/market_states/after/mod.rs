//! What came after the bars of a series: escalation judged by the prices that followed (specification 5,
//! section 8).
//!
//! Everything here uses the future on purpose, and says nothing about a bar that could be known at its close.
//! Slices have one element a bar, in ascending time; the shortest counts. A bar without a bucket is `None`.
//! What has no full horizon is left out. NaN is "no such number": a mean or share of nothing, a ratio to 0.

mod concentration;
mod events;
mod lead_time;
mod moves;
mod outcomes;
mod share;

pub use concentration::{Concentration, Sample, concentration};
pub use events::{Asked, Direction, Event, Fall, Warning, events};
pub use lead_time::{LeadTime, lead_times};
pub use moves::{Move, Severity, moves};
pub use outcomes::{Outcome, outcomes};
pub use share::Share;

pub use crate::market_states::Bucket;
