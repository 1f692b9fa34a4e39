//! Adaptive volatility thresholds (specification 3, section 2).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::market_regimes::states::Volatility;

/// Thresholds of ATR / close and of the bandwidth (shares) until there are enough values to compare with.
const DEFAULTS: [f64; 2] = [0.015, 0.06];

/// Largest number of values needed for adaptive thresholds.
const LEAST: usize = 30;

/// The last values, by ascending time and by ascending value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
struct Window {
    capacity: usize,
    values: VecDeque<f64>,
    sorted: Vec<f64>,
}

/// The stored form of a window: capacity and values, from which the sorted values follow.
#[derive(Serialize, Deserialize)]
struct Stored(usize, VecDeque<f64>);

impl From<Window> for Stored {
    fn from(window: Window) -> Self {
        Stored(window.capacity, window.values)
    }
}

impl From<Stored> for Window {
    fn from(Stored(capacity, values): Stored) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { capacity, values, sorted }
    }
}

impl Window {
    fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            values: VecDeque::with_capacity(capacity),
            sorted: Vec::with_capacity(capacity),
        }
    }

    fn push(&mut self, value: f64) {
        let place = |sorted: &[f64], value: f64| sorted.partition_point(|v| *v < value);
        let to = place(&self.sorted, value);
        let oldest = if self.values.len() < self.capacity { None } else { self.values.pop_front() };
        self.values.push_back(value);
        let Some(oldest) = oldest else {
            self.sorted.insert(to, value);
            return;
        };
        // The values between the places of the oldest and the new value move by one.
        let from = place(&self.sorted, oldest);
        if from < to {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = value;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = value;
        }
    }

    /// The percentile (0 to 100) with linear interpolation from the nearer of the two neighbours; NaN without
    /// values.
    fn percentile(&self, percent: f64) -> f64 {
        let place = self.sorted.len().saturating_sub(1) as f64 * percent / 100.0;
        let below = place as usize;
        let t = place - below as f64;
        let Some(&low) = self.sorted.get(below) else { return f64::NAN };
        let Some(&high) = self.sorted.get(below + 1) else { return low };
        if t < 0.5 { low + (high - low) * t } else { high - (high - low) * (1.0 - t) }
    }
}

/// The comparison sets of volatility: the candles before the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Thresholds {
    percent: f64,
    /// Values needed for adaptive thresholds.
    least: usize,
    natr: Window,
    bandwidth: Window,
}

impl Thresholds {
    /// Empty sets of `window` candles; volatility is high above the percentile `percent` (0 to 100).
    pub fn new(window: usize, percent: f64) -> Self {
        Self {
            percent,
            least: (window / 2).clamp(1, LEAST),
            natr: Window::new(window),
            bandwidth: Window::new(window),
        }
    }

    /// ATR / close and bandwidth (shares) above which volatility is high: defaults until there are enough
    /// values.
    fn high(&self) -> [f64; 2] {
        if self.natr.values.len() < self.least {
            return DEFAULTS;
        }
        [&self.natr, &self.bandwidth].map(|window| window.percentile(self.percent))
    }

    /// Judges a candle by the candles before, then adds it; ATR / close and bandwidth are shares.
    pub fn push(&mut self, natr: f64, bandwidth: f64) -> Volatility {
        let high = self.high();
        self.natr.push(natr);
        self.bandwidth.push(bandwidth);
        if natr > high[0] || bandwidth > high[1] { Volatility::High } else { Volatility::Low }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_the_last_values_sorted() {
        let mut window = Window::new(4);
        let values = [3.0, 1.0, 1.0, 2.0, 0.0, -0.0, 0.0, 5.0, 5.0, 4.0, 1.0, 6.0, 6.0];
        for (i, value) in values.into_iter().enumerate() {
            window.push(value);
            let mut last = values[(i + 1).saturating_sub(4)..=i].to_vec();
            last.sort_unstable_by(f64::total_cmp);
            assert_eq!(window.sorted, last);
        }
    }

    #[test]
    fn percentiles_interpolate_from_the_nearer_side() {
        let window = Window::from(Stored(5, VecDeque::from([4.0, 1.0, 2.0])));
        assert_eq!([0.0, 25.0, 50.0, 75.0, 100.0].map(|p| window.percentile(p)), [1.0, 1.5, 2.0, 3.0, 4.0]);
        // 29 · 0.7 = 20.3, of 30 values.
        let window = Window::from(Stored(100, (0..30).map(f64::from).collect()));
        assert!((window.percentile(70.0) - 20.3).abs() < 1e-12);
    }

    #[test]
    fn the_thirty_first_value_is_the_first_compared_with_others() {
        let mut thresholds = Thresholds::new(100, 70.0);
        for _ in 0..30 {
            assert_eq!(thresholds.high(), DEFAULTS);
            assert_eq!(thresholds.push(0.001, 0.001), Volatility::Low);
        }
        assert_eq!(thresholds.high(), [0.001; 2]);
        assert_eq!(thresholds.push(0.001, 0.001), Volatility::Low);
        assert_eq!(thresholds.push(0.0011, 0.001), Volatility::High);
        assert_eq!(thresholds.push(0.001, 0.0011), Volatility::High);
    }
}
