//! The systems, each a folder, and what is asked of all of them.

pub mod check_candles;
pub mod cmc_regimes;
pub mod compare;
pub mod desk;
pub mod distribute;
pub mod grants;
pub mod health;
pub mod market_regime_history;
pub mod market_regimes;
pub mod market_states;
pub mod monitor;
pub mod overview;
pub mod picture;
pub mod refresh_times;
pub mod registered;
pub mod registry;
pub mod sizes;
pub mod subjects;
pub mod teardown;
pub mod tracking;
pub mod workers;
