//! Pictures of a history.

pub mod svg;
