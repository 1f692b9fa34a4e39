//! Reading stored regimes: at a time, the newest, statistics, gates, charts.

pub mod as_of;
pub mod board;
pub mod desk;
pub mod gate;
pub mod history;
pub mod latest;
pub mod picture;
pub mod portfolio;
pub mod statistics;
pub mod stored;
pub mod tag;
