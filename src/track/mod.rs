//! Marks of what changed in the sources, and the triggers that leave them.

pub mod fingerprint;
pub mod function;
pub mod marks;
pub mod parts;
pub mod triggers;
pub mod untrackable;
pub mod watched;
