//! The last bars of a series, and what follows from them bar by bar (specification 5, section 1).

use crate::market_states::Bar;
use crate::math::stats::mean;

/// Bars per stored block.
pub(super) const BLOCK: usize = 32;
/// Bars that a window may reach back to, the newest included: the highest close of 252.
pub(super) const REACH: usize = 252;
/// Blocks that are stored: as many as [`REACH`] bars may lie in. Later blocks take the place of earlier ones.
pub(super) const BLOCKS: u64 = (REACH.div_ceil(BLOCK) + 1) as u64;
/// Bars that are kept: all bars of these blocks.
const KEPT: usize = BLOCK * BLOCKS as usize;
/// Bars after which the oldest are forgotten.
const MOST: usize = 4 * KEPT;

/// The last values of a series, contiguous.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailing(Vec<f64>);

impl Trailing {
    fn push(&mut self, value: f64) {
        if self.0.len() >= MOST {
            self.0.drain(..MOST - KEPT);
        }
        self.0.push(value);
    }

    /// The last `n` values in ascending time, or as many as there are.
    pub fn last(&self, n: usize) -> &[f64] {
        &self.0[self.0.len().saturating_sub(n)..]
    }

    /// The value `steps` bars before the newest, NaN if there is none.
    pub fn before(&self, steps: usize) -> f64 {
        self.0.len().checked_sub(steps + 1).map_or(f64::NAN, |at| self.0[at])
    }

    /// `SMA`: the mean of the last `n` values, NaN before there are so many. Specification 5, section 1.
    pub fn mean(&self, n: usize) -> f64 {
        if self.0.len() < n { f64::NAN } else { mean(self.last(n)) }
    }

    /// The greatest of the last `n` values.
    pub fn highest(&self, n: usize) -> f64 {
        self.last(n).iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The least of the last `n` values.
    pub fn lowest(&self, n: usize) -> f64 {
        self.last(n).iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// The last bars: prices, volume, and what follows from each bar and the bar before.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    pub high: Trailing,
    pub low: Trailing,
    pub close: Trailing,
    /// NaN where unknown.
    pub volume: Trailing,
    /// `r`, the logarithm of close / close before, from the second bar on.
    pub returns: Trailing,
    /// `TR`, the true range of specification 3, section 1.
    pub range: Trailing,
}

impl Window {
    /// Takes the high, low, close and volume of the next bar.
    pub fn push(&mut self, [high, low, close, volume]: [f64; 4]) {
        let before = self.close.before(0);
        // The largest known; at the first bar high - low.
        let range = (high - low).max((high - before).abs()).max((low - before).abs());
        self.range.push(range);
        if !before.is_nan() {
            self.returns.push((close / before).ln());
        }
        self.high.push(high);
        self.low.push(low);
        self.close.push(close);
        self.volume.push(volume);
    }

    /// The last `n` bars, as [`Window::push`] takes them.
    pub fn bars(&self, n: usize) -> Vec<[f64; 4]> {
        let columns = [&self.high, &self.low, &self.close, &self.volume].map(|column| column.last(n));
        (0..columns[0].len()).map(|i| columns.map(|column| column[i])).collect()
    }

    /// The mean of volume × close of the last `n` bars, NaN unless all are known.
    pub fn mean_turnover(&self, n: usize) -> f64 {
        let (volume, close) = (self.volume.last(n), self.close.last(n));
        if volume.len() < n {
            return f64::NAN;
        }
        let turnover: Vec<f64> = volume.iter().zip(close).map(|(volume, close)| volume * close).collect();
        mean(&turnover)
    }
}

/// The volume of a bar, NaN if unknown. Specification 5, section 1.
pub(super) fn known_volume(bar: &Bar) -> f64 {
    if (0.0..=1e100).contains(&bar.volume) { bar.volume } else { f64::NAN }
}
