//! A row of the layered regimes: labels, key and policy (specification 1, section 6).

use crate::cmc_regimes::budget::Budget;
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::outside::{OutsideLayer, PerOutside};
use crate::cmc_regimes::policy::{Risk, UNKNOWN};

/// The content of daily rows; rows with equal content refer to the same one by index.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Accepted labels.
    pub labels: PerLayer<Option<Label>>,
    /// Accepted labels from elsewhere.
    pub outside: PerOutside<Option<String>>,
    /// The label that makes the key, `None` for `Unknown`.
    pub key: Option<Label>,
    /// The five risk fields.
    pub risk: Risk,
    /// Allowed setups, sorted; `None` is no restriction.
    pub setups: Option<Vec<String>>,
    /// Tier and enabled layers.
    pub budget: Budget,
}

impl Row {
    /// The text of the key, `Unknown` without one.
    pub fn key_text(&self) -> &'static str {
        key_text(self.key)
    }
}

/// The text of a key, `Unknown` for `None`.
pub fn key_text(key: Option<Label>) -> &'static str {
    key.map_or(UNKNOWN, Label::as_str)
}

/// A series of labels whose flips are recorded: those of a layer, or the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlipLayer {
    /// Accepted labels of a layer.
    Layer(Layer),
    /// Accepted labels from elsewhere of a layer.
    Outside(OutsideLayer),
    /// The key.
    Composite,
}

impl FlipLayer {
    /// The name of the layer, or `composite`.
    pub fn as_str(self) -> &'static str {
        match self {
            FlipLayer::Layer(layer) => layer.as_str(),
            FlipLayer::Outside(layer) => layer.as_str(),
            FlipLayer::Composite => "composite",
        }
    }
}
