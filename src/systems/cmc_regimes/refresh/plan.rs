//! What a refresh of an asset has to compute.

use regime_core::PerLayer;
use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;

use crate::systems::cmc_regimes::engine::Layers;

/// What there is to compute.
pub enum Plan {
    Full { series: Option<Box<Layers>>, reason: String },
    Later(Box<Later>),
}

/// Bars after those that a state knows.
pub struct Later {
    pub memory: Memory,
    pub series: Layers,
    /// Daily EMAs of all rows, where they were read anyway.
    pub emas: Option<[Vec<f64>; 3]>,
    pub bars: PerLayer<Option<usize>>,
    pub budget: Budget,
    /// Whether what the state says beside its rows has changed.
    pub moved: bool,
}
