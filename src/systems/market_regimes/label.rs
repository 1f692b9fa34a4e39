//! A market regime as columns of a row.

use regime_core::market_regimes::{FULL, Label, Momentum, Simplified, Trend, Volatility};

use crate::pg::{result_set::Field, result_set::Text};

/// The texts of the axes, of all labels and of the simplified regimes, built once for any number of rows.
pub struct LabelTexts([Vec<Text>; 5]);

impl LabelTexts {
    /// Builds the texts of all labels.
    pub fn new() -> Self {
        Self([
            Trend::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            Volatility::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            Momentum::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            FULL.iter().map(|text| Text::new(text)).collect(),
            Simplified::ALL.iter().map(|regime| Text::new(regime.as_str())).collect(),
        ])
    }

    /// `trend_state`, `volatility_state`, `momentum_state`, `full_regime`, `simplified_regime`.
    pub fn fields(&self, label: Label) -> [Field<'_>; 5] {
        let Label { trend, volatility, momentum, simplified, .. } = label;
        let at =
            [trend as usize, volatility as usize, momentum as usize, label.full_index(), simplified as usize];
        std::array::from_fn(|column| Field::text(&self.0[column][at[column]]))
    }
}
