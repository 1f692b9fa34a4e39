//! What the outputs of all systems share: making them, refreshing them, the run log, how fresh they are.

pub mod adopt;
pub mod compare;
pub mod complaint;
pub mod config;
pub mod desk;
pub mod entry;
pub mod failed;
pub mod finding;
pub mod fresh;
pub mod grants;
pub mod mend;
pub mod own;
pub mod picture;
pub mod refresh;
pub mod relation;
pub mod run_log;
pub mod series;
pub mod set_up;
pub mod shape;
pub mod summary;
pub mod system;
pub mod told;
pub mod words;
