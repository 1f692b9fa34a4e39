//! Marks of what changed in the sources, and the triggers that leave them.

pub mod function;
pub mod marks;
pub mod triggers;
