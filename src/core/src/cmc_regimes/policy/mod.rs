//! The risk policy: an ordered table of rules, and what a set of labels resolves to (specification 1, section
//! 5).
//!
//! Five fields are risk and only ever tighten: `size_mult` (minimum), `stop_mult` (maximum: a wider stop is
//! the tighter choice here), `orders` (the stricter), `gross_cap` (minimum), `pyramids` (and). `setups` are
//! tactics and follow the label that makes the key.

mod builtin;
mod json;
mod lint;
mod pattern;
mod resolve;
mod rule;
mod table;
mod tightest;

pub use json::{MOST_CHARACTERS, MOST_RULES, PolicyError, parse_rules};
pub use lint::{Hole, Lint, MOST_STANDING_DOWN, Problem};
pub use pattern::{Align, Pattern};
pub use resolve::{Effect, LabelSet, Part, Policy, Risk};
pub use rule::{Orders, Origin, Rule, STAND_DOWN, STRESSED, UNKNOWN};
pub use table::{Finding, Match, PolicyTable};
