//! The history of a market: bull, bear, volatile, transitioning.

pub mod asked;
pub mod backfill;
pub mod batch;
pub mod calls;
pub mod closes;
pub mod days;
pub mod fresh;
pub mod outcome;
pub mod performance;
pub mod read;
pub mod tables;
