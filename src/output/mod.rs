//! What the outputs of all systems share: making them, refreshing them, the run log, how fresh they are.

pub mod entry;
pub mod fresh;
pub mod run_log;
pub mod set_up;
