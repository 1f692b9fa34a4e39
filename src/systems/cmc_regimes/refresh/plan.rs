//! What a refresh of an asset has to compute.

use regime_core::PerLayer;
use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;

use crate::systems::cmc_regimes::engine::Layers;
use crate::systems::cmc_regimes::refresh::state::State;

/// What to compute.
pub enum Plan {
    /// All rows, for this reason; with the bars of every layer where they have been read.
    Full { series: Option<Box<Layers>>, reason: String },
    /// The rows of new bars.
    Later(Box<Later>),
}

/// What has to be read of an asset.
pub enum Look {
    /// All bars, since all rows are computed for this reason.
    Full(String),
    /// The bars after those of the state: no earlier bar has changed.
    New(Box<State>, Box<Memory>),
    /// All bars, to be compared with those of the state; whether every change has been marked.
    All(Box<State>, Box<Memory>, bool),
}

/// The bars that follow those of a stored state.
pub struct Later {
    pub memory: Memory,
    /// The new bars of each layer.
    pub series: Layers,
    /// Fast, mid and slow daily EMA of all rows, where they have been read.
    pub emas: Option<[Vec<f64>; 3]>,
    /// Bars of each layer, old and new; `None` without a source.
    pub bars: PerLayer<Option<usize>>,
    pub budget: Budget,
    /// Whether the state changes even without a new row.
    pub moved: bool,
}
