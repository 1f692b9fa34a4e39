//! Whether inputs are usable, and whether stored rows are those of a computation from scratch.

pub mod complaint;
pub mod inputs;
pub mod labels;
pub mod layer;
pub mod profiles;
pub mod raw;
pub mod repaint;
