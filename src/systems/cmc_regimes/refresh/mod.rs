//! Refreshing assets: what to compute, the state that is kept, the rows, and rounds over many assets.

pub mod asset;
pub mod blocks;
pub mod call;
pub mod dirty;
pub mod notify;
pub mod plan;
pub mod rounds;
pub mod rows;
pub mod state;
