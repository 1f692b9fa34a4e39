//! What is read: bars, EMAs, candles, assets and their names, and the map that says where they are.

pub mod assets;
pub mod bars;
pub mod build;
pub mod candle_map;
pub mod candle_names;
pub mod candles;
pub mod check;
pub mod clock;
pub mod connect;
pub mod dim_assets;
pub mod kind;
pub mod map;
pub mod names;
pub mod nearest;
pub mod outside;
pub mod relation;
pub mod rhythm;
pub mod series;
pub mod symbols;
pub mod usable;
