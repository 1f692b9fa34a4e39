//! Market regimes on three axes (trend, volatility and momentum), candle by candle (specification 3).
//!
//! All labels, in bulk as well as one at a time, are made by a state machine per symbol and timeframe,
//! started at the first candle. A label depends on its own candle and the candles before. All arithmetic is
//! f64, in the order of the specification; NaN is undefined, and an infinite price counts as undefined too.
//! Gaps are not filled.

mod config;
mod indicators;
mod states;
mod thresholds;

use serde::{Deserialize, Serialize};

pub use config::Config;
pub use states::{FULL, Label, Momentum, Simplified, Trend, Volatility};

use crate::market_regimes::indicators::Indicators;
use crate::market_regimes::thresholds::Thresholds;
use crate::math::stats::known;
use crate::sealed::{open, seal};

/// Version of the stored form; changed whenever machines of earlier code cannot be resumed.
pub const MACHINE_VERSION: u8 = 1;

/// Number of candles of the warm-up, whose labels lack the 200-candle mean and whose confidence is inflated.
pub const WARMUP: u64 = 199;

/// The state machine of a symbol and timeframe, after the candles so far.
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

    /// Takes the next candle and returns its label; NaN prices are undefined. Specification 3.
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Label {
        let values = self.indicators.push([high, low, close].map(known));
        let trend = states::trend(&values, &self.config);
        // Without volatility, as at a close of zero: low, and not part of the comparison sets.
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
            confidence: states::confidence(&values, trend, momentum, &self.config),
            warmup,
        }
    }

    /// Number of candles taken in.
    pub fn candles(&self) -> u64 {
        self.candles
    }

    /// Encodes the machine as bytes to be stored.
    pub fn encode(&self) -> Vec<u8> {
        seal(MACHINE_VERSION, self)
    }

    /// Decodes a machine; `None` if the bytes are of another version, damaged, or not a machine.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        open(MACHINE_VERSION, bytes)
    }
}

/// The labels of candles in ascending time, one per candle; NaN prices are undefined. The shortest array
/// counts. Specification 3.
pub fn labels(high: &[f64], low: &[f64], close: &[f64], config: &Config) -> Vec<Label> {
    let mut machine = Machine::new(config);
    high.iter().zip(low).zip(close).map(|((&high, &low), &close)| machine.push(high, low, close)).collect()
}
