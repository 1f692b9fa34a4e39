//! Refreshing assets: what to compute, the stored state, the rows, and rounds over many assets.

pub mod asset;
pub mod blocks;
pub mod call;
pub mod dirty;
pub mod groups;
pub mod notify;
pub mod plan;
pub mod portion;
pub mod rounds;
pub mod rows;
pub mod shared;
pub mod state;
