//! The kernels of a series: everything that the windows of its next bar need (specification 5, section 1).

use serde::{Deserialize, Serialize};

use crate::market_states::Bar;
use crate::market_states::components::components;
use crate::market_states::measure::Measuring;
use crate::market_states::metrics::Metrics;
use crate::market_states::verdict::Verdict;
use crate::market_states::watch::Watch;
use crate::market_states::window::{Window, known_volume};
use crate::math::deviation::RunningDeviation;
use crate::math::ema::Ema;

/// The kernels after the bars so far. Their size does not grow with the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kernels {
    bars: u64,
    fast: Ema,
    slow: Ema,
    short: RunningDeviation,
    long: RunningDeviation,
    past: Past,
    #[serde(skip)]
    pub(super) window: Window,
}

/// What a bar needs of the bars before, beside their prices and volumes; NaN where there was none. Arrays are in
/// ascending time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Past {
    /// `S20`.
    pub deviation: f64,
    /// `ATR10`.
    pub atr_10: f64,
    /// `a`.
    pub stress: f64,
    /// `k`.
    pub expansion: f64,
    /// `x` of the liquidity score, and `g`.
    pub liquidity: [[f64; 2]; 5],
    /// `DSR` and `SS`.
    pub shock: [[f64; 2]; 10],
    /// `IX` and `X`.
    pub instability: [[f64; 2]; 5],
}

impl Past {
    const NONE: Self = Self {
        deviation: f64::NAN,
        atr_10: f64::NAN,
        stress: f64::NAN,
        expansion: f64::NAN,
        liquidity: [[f64::NAN; 2]; 5],
        shock: [[f64::NAN; 2]; 10],
        instability: [[f64::NAN; 2]; 5],
    };
}

/// Forgets the oldest value for the next.
fn shift(values: &mut [[f64; 2]], next: [f64; 2]) {
    values.rotate_left(1);
    if let Some(newest) = values.last_mut() {
        *newest = next;
    }
}

/// The kernels at a bar, NaN where unknown. Specification 5, section 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    /// The number of the bar, from 0.
    pub i: u64,
    pub open: f64,
    /// `P`.
    pub close: f64,
    /// The close before.
    pub before: f64,
    /// The close 20 bars before.
    pub before_20: f64,
    /// `E20`.
    pub e20: f64,
    /// `E100`.
    pub e100: f64,
    pub atr_10: f64,
    /// `A`.
    pub atr: f64,
    pub atr_50: f64,
    /// `S20`.
    pub s20: f64,
    /// `g`.
    pub gap: f64,
    /// `a`.
    pub stress: f64,
    /// `k`.
    pub expansion: f64,
    /// `x` of the liquidity score.
    pub turnover: f64,
}

impl Values {
    /// Whether the ATR is known and not 0.
    pub fn has_atr(&self) -> bool {
        is_usable(self.atr)
    }

    /// Whether `S20` is known and not 0.
    pub fn has_deviation(&self) -> bool {
        is_usable(self.s20)
    }
}

/// Whether a value is known and not 0.
pub(super) fn is_usable(value: f64) -> bool {
    !value.is_nan() && value != 0.0
}

impl Kernels {
    /// The kernels before the first bar.
    pub fn new() -> Self {
        Self {
            bars: 0,
            fast: Ema::new(20.0),
            slow: Ema::new(100.0),
            short: RunningDeviation::new(20),
            long: RunningDeviation::new(100),
            past: Past::NONE,
            window: Window::default(),
        }
    }

    /// How many bars were taken.
    pub fn bars(&self) -> u64 {
        self.bars
    }

    /// Takes the next bar: its metrics, its state, and from bar 31 on the five components of its escalation.
    /// Specification 5, sections 2 to 5.
    pub fn push_watched(
        &mut self,
        bar: &Bar,
        watch: &mut impl Watch,
    ) -> (Metrics, Verdict, Option<[f64; 5]>) {
        let values = self.values(bar);
        watch_values(&values, watch);
        let metrics = Measuring::new(&values, &self.window, &self.past, watch).metrics();
        let verdict = Verdict::of(&metrics, watch);
        let distance = (values.close - values.e100).abs() / values.e100.max(1e-12);
        let components = components(values.i, &metrics, distance, &self.past, watch);
        let past = &mut self.past;
        (past.deviation, past.atr_10) = (values.s20, values.atr_10);
        (past.stress, past.expansion) = (values.stress, values.expansion);
        shift(&mut past.liquidity, [values.turnover, values.gap]);
        shift(&mut past.shock, [metrics.downside_shock_risk, metrics.structural_score]);
        shift(&mut past.instability, [metrics.instability_index, distance]);
        (metrics, verdict, components)
    }

    /// Takes the next bar into all kernels.
    fn values(&mut self, bar: &Bar) -> Values {
        let i = self.bars;
        self.bars += 1;
        let before = self.window.close.before(0);
        let volume = known_volume(bar);
        self.window.push([bar.high, bar.low, bar.close, volume]);
        let window = &self.window;
        let [short, long] = [&mut self.short, &mut self.long].map(|deviation| {
            if i == 0 {
                return f64::NAN;
            }
            deviation.push(window.returns.last(deviation.window() + 1))
        });
        let [atr_10, atr, atr_50] = [10, 20, 50].map(|n| window.range.mean(n));
        let stress = short / if is_usable(long) { long } else { 1e-12 };
        let expansion = if atr_10.is_nan() || !is_usable(atr_50) {
            f64::NAN
        } else {
            (atr_10 / atr_50).clamp(0.0, 2.0) / 2.0
        };
        let gap = if is_usable(atr) { ((bar.open - before).abs() / atr).clamp(0.0, 2.0) / 2.0 } else { 0.0 };
        let mean_turnover = window.mean_turnover(20);
        let turnover = if is_usable(mean_turnover) {
            (volume * bar.close / mean_turnover).clamp(0.0, 2.0) / 2.0
        } else {
            0.5
        };
        Values {
            i,
            open: bar.open,
            close: bar.close,
            before,
            before_20: window.close.before(20),
            e20: self.fast.push(bar.close),
            e100: self.slow.push(bar.close),
            atr_10,
            atr,
            atr_50,
            s20: short,
            gap,
            stress: stress.clamp(0.0, 3.0) / 3.0,
            expansion,
            turnover,
        }
    }
}

/// Tells the kernels of a bar.
fn watch_values(values: &Values, watch: &mut impl Watch) {
    for (name, value) in [("A", values.atr), ("E20", values.e20), ("E100", values.e100), ("S20", values.s20)]
    {
        watch.value("bar", name, value);
    }
}

impl Default for Kernels {
    fn default() -> Self {
        Self::new()
    }
}
