//! Regimes of candles on three axes.

pub mod fresh;
pub mod label;
pub mod marks;
pub mod read;
pub mod reference;
pub mod refresh;
pub mod rows;
pub mod state;
pub mod tables;
