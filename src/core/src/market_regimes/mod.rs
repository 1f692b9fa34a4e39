//! Market regimes of three axes, trend, volatility and momentum: specification 3, candle by candle.
//!
//! One state machine per symbol and timeframe, started at its first candle, is the only way that labels
//! are made, in bulk as well as one at a time. A label depends on its own candle and those before it.
//! All arithmetic is f64, in the order of the specification; NaN is undefined, and an infinite price
//! counts as undefined too. Candles are taken as they come: gaps are not filled.

mod config;
mod indicators;
mod states;
mod thresholds;

use serde::{Deserialize, Serialize};

pub use config::{Config, ConfigError};
pub use states::{FULL, Label, Momentum, Simplified, Trend, Volatility};

use crate::market_regimes::indicators::Indicators;
use crate::market_regimes::thresholds::Thresholds;
use crate::sealed::{open, seal};

/// Changed whenever a machine of earlier code cannot be gone on with.
pub const MACHINE_VERSION: u8 = 1;

/// Candles of a warm-up: their labels lack the 200-candle mean, and their confidence is inflated.
pub const WARMUP: u64 = 199;

/// The state after the candles of a symbol and timeframe so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    config: Config,
    candles: u64,
    indicators: Indicators,
    thresholds: Thresholds,
}

impl Machine {
    /// A machine before its first candle.
    pub fn new(config: &Config) -> Self {
        Self {
            config: *config,
            candles: 0,
            indicators: Indicators::new(),
            thresholds: Thresholds::new(config.adaptive_window, config.vol_high_percentile),
        }
    }

    /// Takes the next candle and gives its label.
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Label {
        let values = self.indicators.push([high, low, close].map(known));
        let trend = states::trend(&values, &self.config);
        // A zero close has no volatility in proportion to it: low, and in nobody's comparison set.
        let volatility = match values.volatility() {
            Some([natr, bandwidth]) => self.thresholds.push(natr, bandwidth),
            None => Volatility::Low,
        };
        let momentum = states::momentum(&values, &self.config);
        let warmup = self.candles < WARMUP;
        self.candles += 1;
        Label {
            trend,
            volatility,
            momentum,
            simplified: Simplified::of(trend, volatility, momentum),
            confidence: states::confidence(&values, trend, momentum),
            warmup,
        }
    }

    /// Candles taken in.
    pub fn candles(&self) -> u64 {
        self.candles
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// As bytes, to be stored.
    pub fn encode(&self) -> Vec<u8> {
        seal(MACHINE_VERSION, self)
    }

    /// From stored bytes; `None` if they are of another version, damaged, or not a machine.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        open(MACHINE_VERSION, bytes)
    }
}

fn known(price: f64) -> f64 {
    if price.is_finite() { price } else { f64::NAN }
}

/// The labels of candles in ascending time, one each. The arrays are of equal length; of unequal ones
/// the shortest counts.
pub fn labels(high: &[f64], low: &[f64], close: &[f64], config: &Config) -> Vec<Label> {
    let mut machine = Machine::new(config);
    high.iter().zip(low).zip(close).map(|((&high, &low), &close)| machine.push(high, low, close)).collect()
}
