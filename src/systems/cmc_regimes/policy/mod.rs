//! The rules of a policy, what is wrong with them, and what other rules would have done.

pub mod lint;
pub mod rules;
pub mod simulate;
