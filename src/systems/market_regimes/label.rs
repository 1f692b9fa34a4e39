//! A market regime as columns of a row.

use regime_core::market_regimes::{ConfigError, FULL, Label, Momentum, Simplified, Trend, Volatility};

use crate::pg::{Error, invalid_parameter, result_set::Field, result_set::Text};

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        invalid_parameter(error.to_string()).hint(error.hint())
    }
}

/// The texts of all labels, built once for any number of rows.
pub struct LabelTexts {
    trend: Vec<Text>,
    volatility: Vec<Text>,
    momentum: Vec<Text>,
    full: Vec<Text>,
    simplified: Vec<Text>,
}

impl LabelTexts {
    /// Builds the texts of all labels.
    pub fn new() -> Self {
        Self {
            trend: Trend::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            volatility: Volatility::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            momentum: Momentum::ALL.iter().map(|state| Text::new(state.as_str())).collect(),
            full: FULL.iter().map(|text| Text::new(text)).collect(),
            simplified: Simplified::ALL.iter().map(|regime| Text::new(regime.as_str())).collect(),
        }
    }

    /// `trend_state`, `volatility_state`, `momentum_state`, `full_regime`, `simplified_regime`.
    pub fn fields(&self, label: Label) -> [Field<'_>; 5] {
        [
            Field::text(&self.trend[label.trend as usize]),
            Field::text(&self.volatility[label.volatility as usize]),
            Field::text(&self.momentum[label.momentum as usize]),
            Field::text(&self.full[label.full_index()]),
            Field::text(&self.simplified[label.simplified as usize]),
        ]
    }
}
