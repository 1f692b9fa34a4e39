//! The state of a bar: its label, confidence, bias and posture (specification 5, section 4).

use crate::market_states::labels::{Bias, Posture, StateLabel};

/// The state of a bar. Specification 5, section 4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The state.
    pub label: StateLabel,
    /// How far metrics agree, 0 to 1.
    pub confidence: f64,
    /// The direction.
    pub bias: Bias,
    /// How much risk the state leaves room for.
    pub posture: Posture,
}
