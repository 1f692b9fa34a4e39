//! An invented market with regimes, for trials without real data.
//!
//! The same arguments give the same bits on every machine: random numbers are integers, and prices come from
//! `+ - * /` alone, which IEEE 754 rounds in only one way; `exp`, `ln` and the like differ between platforms.

mod candles;
mod market;

pub use candles::{DAILY, DemoCandles, FOUR_HOURS, INDEX, candles, index};
pub use market::{DemoAsset, FIRST_DAY, LAST_DAY, YOUNG_DAYS, YOUNGEST_DAYS, assets, market, symbol};
