//! The rules of a policy, what is wrong with them, and what other rules or another configuration would have done.

pub mod backtest;
pub mod columns;
pub mod lint;
pub mod rules;
pub mod simulate;
