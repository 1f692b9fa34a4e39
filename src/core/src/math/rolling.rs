//! Rolling kernels: a running mean, the percentile rank and the median of trailing windows.
//!
//! Series are in ascending time, one element per bar. NaN is "unknown"; an infinite value counts as unknown
//! too.

use serde::{Deserialize, Serialize};

/// The mean of the last `window` values, one value at a time: the `SMA` of specification 3, section 1.
///
/// One running sum: adding a value and removing the oldest are both Kahan-compensated, each with a
/// compensation of its own; every step removes first, then adds. Two clean-ups keep rounding residue out of
/// the result: a window of equal values has exactly that mean, and a window without a negative (positive)
/// sign never has a negative (positive) mean. The result depends on every value pushed since the start, so
/// that a resumed computation must continue from this state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningMean {
    window: usize,
    /// A ring once full.
    values: Vec<f64>,
    /// Index of the oldest value.
    oldest: usize,
    sum: f64,
    add_residue: f64,
    remove_residue: f64,
    known: usize,
    negative: usize,
    last: f64,
    repeats: usize,
}

impl RunningMean {
    /// An empty mean over `window` values (at least 1).
    pub fn new(window: usize) -> Self {
        let window = window.max(1);
        Self {
            window,
            values: Vec::with_capacity(window),
            oldest: 0,
            sum: 0.0,
            add_residue: 0.0,
            remove_residue: 0.0,
            known: 0,
            negative: 0,
            last: f64::NAN,
            repeats: 0,
        }
    }

    /// Whether no value was taken yet.
    pub fn is_new(&self) -> bool {
        self.values.is_empty()
    }

    /// The last `window` values in ascending time, in two parts.
    pub fn values(&self) -> [&[f64]; 2] {
        let (later, earlier) = self.values.split_at(self.oldest.min(self.values.len()));
        [earlier, later]
    }

    /// The value `steps` before the newest, NaN if that is not among the last `window`.
    pub fn before(&self, steps: usize) -> f64 {
        let n = self.values.len();
        if steps < n { self.values[(self.oldest + n - 1 - steps) % n] } else { f64::NAN }
    }

    /// Takes the next value and returns the mean of the last `window` values, NaN unless all are known.
    pub fn push(&mut self, value: f64) -> f64 {
        if self.values.len() < self.window {
            self.values.push(value);
        } else if let Some(slot) = self.values.get_mut(self.oldest) {
            let oldest = std::mem::replace(slot, value);
            self.oldest = if self.oldest + 1 == self.window { 0 } else { self.oldest + 1 };
            if oldest.is_finite() {
                self.known -= 1;
                self.negative -= usize::from(oldest.is_sign_negative());
                (self.sum, self.remove_residue) = compensated(self.sum, -oldest, self.remove_residue);
            }
        }
        if value.is_finite() {
            self.known += 1;
            self.negative += usize::from(value.is_sign_negative());
            (self.sum, self.add_residue) = compensated(self.sum, value, self.add_residue);
            self.repeats = if value == self.last { self.repeats + 1 } else { 1 };
            self.last = value;
        }
        if self.known < self.window {
            return f64::NAN;
        }
        let mean = self.sum / self.known as f64;
        if self.repeats >= self.known {
            self.last
        } else if (self.negative == 0 && mean < 0.0) || (self.negative == self.known && mean > 0.0) {
            0.0
        } else {
            mean
        }
    }
}

fn compensated(sum: f64, value: f64, residue: f64) -> (f64, f64) {
    let term = value - residue;
    let total = sum + term;
    (total, total - sum - term)
}

/// Where a value stands among the known values of its trailing window, itself included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Average rank, from 1, ties sharing the mean of their positions; `None` if the value itself or too many
    /// others are unknown.
    pub rank: Option<f64>,
    /// Values in the window, unknown values included.
    pub n: usize,
    /// Known values in the window.
    pub known: usize,
    /// Fewest known values that give a percentile.
    pub min_known: usize,
}

impl Standing {
    #[inline]
    fn of_last(trailing: &[f64], known: usize, min_known: usize) -> Self {
        let rank = if known < min_known { None } else { rank_of_last(trailing) };
        Self { rank, n: trailing.len(), known, min_known }
    }

    /// The percentile `rank / n * 100`, NaN where unknown (specification 1, section 2).
    #[inline]
    pub fn percentile(self) -> f64 {
        self.rank.map_or(f64::NAN, |rank| rank / self.n as f64 * 100.0)
    }
}

/// What `of` makes of the [`Standing`] of each value from index `from` on among the last `window` values, itself included
/// (specification 1, section 2). Values before `from` only fill windows.
pub fn standings<R>(
    values: &[f64],
    from: usize,
    window: usize,
    min_known: usize,
    of: impl Fn(Standing) -> R,
) -> Vec<R> {
    let values: Vec<f64> = values.iter().map(|v| if v.is_finite() { *v } else { f64::NAN }).collect();
    let first_window = from.saturating_sub(window)..from;
    let mut known = values[first_window].iter().filter(|v| v.is_finite()).count();
    (from..values.len())
        .map(|i| {
            known += usize::from(values[i].is_finite());
            let start = (i + 1).saturating_sub(window);
            if start > 0 {
                known -= usize::from(values[start - 1].is_finite());
            }
            of(Standing::of_last(&values[start..=i], known, min_known))
        })
        .collect()
}

/// The rank of the last value among the known values, `None` if it is unknown itself.
fn rank_of_last(trailing: &[f64]) -> Option<f64> {
    let value = *trailing.last().filter(|v| v.is_finite())?;
    // Counters as wide as the values let the compiler vectorise the loop.
    let (mut below, mut equal) = (0u64, 0u64);
    for &other in trailing {
        below += u64::from(other < value);
        equal += u64::from(other == value);
    }
    Some(below as f64 + (equal as f64 + 1.0) / 2.0)
}

/// Median of the known among the last `window` values, at each value from index `from` on; NaN with fewer
/// than `min_known` known values. Values before `from` only fill windows. Specification 1, section 2
/// (liquidity).
pub fn rolling_median(values: &[f64], from: usize, window: usize, min_known: usize) -> Vec<f64> {
    let mut known = Vec::with_capacity(window);
    (from..values.len())
        .map(|i| {
            known.clear();
            known.extend(values[(i + 1).saturating_sub(window)..=i].iter().filter(|v| v.is_finite()));
            if known.is_empty() || known.len() < min_known { f64::NAN } else { median(&mut known) }
        })
        .collect()
}

fn median(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (lower, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if odd {
        return *upper;
    }
    let below = lower.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (below + *upper) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(window: usize, values: &[f64]) -> Vec<f64> {
        let mut mean = RunningMean::new(window);
        values.iter().map(|&v| mean.push(v)).collect()
    }

    #[test]
    fn mean_needs_a_window_of_known_values() {
        let got = means(2, &[1.0, 3.0, f64::NAN, 5.0, 7.0]);
        assert!(got[0].is_nan() && got[2].is_nan() && got[3].is_nan());
        assert_eq!((got[1], got[4]), (2.0, 6.0));
    }

    #[test]
    fn equal_values_have_exactly_that_mean() {
        let mut values = vec![1e16, 0.1];
        values.extend([0.3; 5]);
        assert_eq!(means(5, &values)[6], 0.3);
    }

    #[test]
    fn values_without_a_minus_sign_never_have_a_negative_mean() {
        let got = means(3, &[1e9 + 0.1, 0.3, 0.7, 0.0, 1e-30, 0.0]);
        assert!(got.iter().all(|m| m.is_nan() || *m >= 0.0), "{got:?}");
    }

    #[test]
    fn ties_share_the_mean_of_their_positions() {
        assert_eq!(standings(&[1.0, 2.0, 2.0, 2.0], 0, 4, 1, Standing::percentile)[3], 75.0);
    }

    #[test]
    fn unknown_values_stay_in_the_denominator() {
        let values = [f64::NAN, 1.0, 2.0, 3.0];
        assert_eq!(standings(&values, 0, 4, 1, Standing::percentile)[3], 100.0 * 3.0 / 4.0);
        assert!(standings(&values, 0, 4, 4, Standing::percentile)[3].is_nan());
    }

    #[test]
    fn median_of_the_known() {
        let got = rolling_median(&[3.0, f64::NAN, 1.0, 2.0], 0, 3, 2);
        assert!(got[0].is_nan() && got[1].is_nan());
        assert_eq!(&got[2..], &[2.0, 1.5]);
    }
}
