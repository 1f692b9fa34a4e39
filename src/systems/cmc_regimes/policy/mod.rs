//! What is wrong with a policy, and what another one would have done.

pub mod lint;
pub mod simulate;
