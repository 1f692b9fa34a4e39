//! The state after an asset's newest row, from which further rows can be computed without the earlier bars,
//! with the same result as all at once.

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::comovement::Pair;
use crate::cmc_regimes::fingerprint::Print;
use crate::cmc_regimes::hysteresis::State;
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::labeller;
use crate::cmc_regimes::layer::PerLayer;
use crate::cmc_regimes::outside::PerOutside;
use crate::cmc_regimes::row::key_text;
use crate::math::flips::Run;
use crate::math::stats::ReturnStats;
use crate::sealed::{open, seal};

/// Version of the stored form; changed whenever memories of earlier code cannot be resumed.
pub const MEMORY_VERSION: u8 = 2;

/// The state after an asset's newest row. Budget, parameters and policy are not part of it: a memory can be
/// resumed only while they are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Time of the newest row, in microseconds; all bars up to then are taken in. `None` without rows.
    pub newest: Option<i64>,
    /// Number of daily rows.
    pub rows: u64,
    /// Number of flips of all layers and the key.
    pub flips: u64,
    /// Time of the last row without a monthly or a weekly layer, in microseconds, up to which the market
    /// proxy matters; `None` if there was no such row.
    pub young_until: Option<i64>,
    /// The memory of each layer.
    pub layers: PerLayer<LayerMemory>,
    pub(crate) composite: Option<Run<Option<Label>>>,
    /// By index of the key's label, `Unknown` last; without the newest row, whose return is not known yet.
    pub(crate) stats: Vec<ReturnStats>,
    pub(crate) last: Option<Last>,
    pub(crate) pairs: [Pair; 3],
    /// The memory of labels from elsewhere.
    pub outside: PerOutside<OutsideMemory>,
}

/// The state of a layer after the newest row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerMemory {
    /// Number of bars taken in.
    pub bars: u64,
    /// Fingerprint of the last block of bars, `None` without bars.
    pub print: Option<Print>,
    /// Hysteresis of the labels.
    pub hysteresis: State,
    pub(crate) labels: labeller::Memory,
    /// Raw label of the last bar, by percentile and by fixed cut-offs.
    pub(crate) raw: [Option<Label>; 2],
    pub(crate) run: Option<Run<Label>>,
}

/// The state of a layer of labels from elsewhere after the newest row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutsideMemory {
    /// Fingerprints of the labels in force up to the newest row.
    pub prints: Vec<Print>,
    pub(crate) run: Option<Run<String>>,
}

/// The newest row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub key: Option<Label>,
    pub close: f64,
}

impl Memory {
    /// The key of the newest row; `None` without rows.
    pub fn newest_key(&self) -> Option<&'static str> {
        self.last.map(|last| key_text(last.key))
    }

    /// Numbers of rows of the outputs: regimes, flips, statistics, comovement.
    pub fn output_rows(&self) -> [u64; 4] {
        let key = self.last.map(|last| last.key.map_or(Label::COUNT, Label::index));
        let stats = self.stats.iter().enumerate().filter(|(i, stats)| stats.rows > 0 || key == Some(*i));
        let pairs = self.pairs.iter().filter(|pair| pair.rows() > 0);
        [self.rows, self.flips, stats.count() as u64, pairs.count() as u64]
    }

    /// Encodes the memory as bytes to be stored.
    pub fn encode(&self) -> Vec<u8> {
        seal(MEMORY_VERSION, self)
    }

    /// Decodes a memory; `None` if the bytes are of another version, damaged, or not a memory.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        open(MEMORY_VERSION, bytes)
    }
}
