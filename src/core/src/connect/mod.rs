//! What a table of prices is, by the names of its columns and by the times of some of its rows.

pub mod fields;
pub mod times;
