//! All that a computation has to remember of an asset's bars up to its newest row, so that further
//! rows cost what their windows cost and come out as if all were computed at once.

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::comovement::Pair;
use crate::cmc_regimes::fingerprint::Print;
use crate::cmc_regimes::flips::Run;
use crate::cmc_regimes::hysteresis::State;
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::labeller;
use crate::cmc_regimes::layer::PerLayer;
use crate::cmc_regimes::row::key_text;
use crate::math::stats::ReturnStats;
use crate::sealed::{open, seal};

/// Changed whenever a memory of earlier code cannot be gone on with.
pub const MEMORY_VERSION: u8 = 1;

/// The state after an asset's newest row. The budget, the parameters and the policy it was made with
/// are not in it: a memory can be gone on with only while they are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Time of the newest row, in microseconds; what closed until then has been taken in.
    pub newest: Option<i64>,
    /// Daily rows.
    pub rows: u64,
    /// Flips of all layers and the key.
    pub flips: u64,
    /// The last row without a monthly or a weekly layer: up to it the market proxy matters.
    pub young_until: Option<i64>,
    /// Per layer.
    pub layers: PerLayer<LayerMemory>,
    pub(crate) composite: Option<Run<Option<Label>>>,
    /// By key; the newest row, whose return is not known yet, is not among them.
    pub(crate) stats: Vec<ReturnStats>,
    pub(crate) last: Option<Last>,
    pub(crate) pairs: [Pair; 3],
}

/// What is remembered of a layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerMemory {
    /// Bars taken in.
    pub bars: u64,
    /// The fingerprint of the last block of them.
    pub print: Option<Print>,
    /// The hysteresis of its labels.
    pub hysteresis: State,
    pub(crate) labels: labeller::Memory,
    /// The raw label of the last bar, by percentile and by fixed cut-offs.
    pub(crate) raw: [Option<Label>; 2],
    pub(crate) run: Option<Run<Label>>,
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

    /// Rows of each output: regimes, flips, statistics, comovement.
    pub fn output_rows(&self) -> [u64; 4] {
        let key = self.last.map(|last| last.key.map_or(Label::COUNT, Label::index));
        let stats = self.stats.iter().enumerate().filter(|(i, stats)| stats.rows > 0 || key == Some(*i));
        let pairs = self.pairs.iter().filter(|pair| pair.rows() > 0);
        [self.rows, self.flips, stats.count() as u64, pairs.count() as u64]
    }

    /// As bytes, to be stored.
    pub fn encode(&self) -> Vec<u8> {
        seal(MEMORY_VERSION, self)
    }

    /// From stored bytes; `None` if they are of another version, damaged, or not a memory.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        open(MEMORY_VERSION, bytes)
    }
}
