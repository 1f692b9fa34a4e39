//! Whether inputs are usable, and whether stored rows are those of a computation from scratch.

mod index;
pub mod inputs;
pub mod labels;
pub mod layer;
pub mod profiles;
pub mod proxy;
pub mod raw;
pub mod repaint;

/// A complaint about the inputs of an asset, in a layer.
pub type Complaint = crate::output::complaint::Complaint<i32, &'static str>;
