//! The running sample standard deviation.

use serde::{Deserialize, Serialize};

/// The sample standard deviation of the last `window` known values, one value at a time: `SD` of specification 5,
/// section 1.
///
/// Adding a value and removing the oldest are both compensated, each with a residue of its own; every step removes
/// first, then adds. The result depends on every value pushed since the start, so that a resumed computation must
/// continue from this state. The values themselves are the caller's to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningDeviation {
    window: usize,
    known: usize,
    mean: f64,
    squares: f64,
    add_residue: f64,
    remove_residue: f64,
}

impl RunningDeviation {
    /// An empty deviation over `window` values (at least 2).
    pub fn new(window: usize) -> Self {
        let window = window.max(2);
        Self { window, known: 0, mean: 0.0, squares: 0.0, add_residue: 0.0, remove_residue: 0.0 }
    }

    /// The number of values in the window.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Takes the next value, the last of `values`, and returns the deviation of the last `window` values; NaN before
    /// there are so many.
    ///
    /// `values` are the last `window + 1` known values in ascending time, or all while there are fewer.
    pub fn push(&mut self, values: &[f64]) -> f64 {
        let Some(&value) = values.last() else { return f64::NAN };
        let mut last = values;
        if self.known == self.window
            && let Some((&oldest, rest)) = values.split_first()
        {
            last = rest;
            self.known -= 1;
            let before = self.mean - self.remove_residue;
            let y = oldest - self.remove_residue;
            let t = y - self.mean;
            self.remove_residue = t + self.mean - y;
            self.mean -= t / self.known as f64;
            self.squares -= (oldest - before) * (oldest - self.mean);
        }
        self.known += 1;
        let before = self.mean - self.add_residue;
        let y = value - self.add_residue;
        let t = y - self.mean;
        self.add_residue = t + self.mean - y;
        self.mean += t / self.known as f64;
        self.squares += (value - before) * (value - self.mean);
        if self.known < self.window {
            f64::NAN
        } else if self.squares <= 0.0 || last.iter().all(|other| *other == value) {
            0.0
        } else {
            (self.squares / (self.window - 1) as f64).sqrt()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviations(window: usize, values: &[f64]) -> Vec<f64> {
        let mut deviation = RunningDeviation::new(window);
        (1..=values.len()).map(|n| deviation.push(&values[n.saturating_sub(window + 1)..n])).collect()
    }

    #[test]
    fn a_window_of_values_has_their_deviation() {
        let got = deviations(3, &[1.0, 2.0, 3.0, 5.0, 5.0, 5.0]);
        assert!(got[0].is_nan() && got[1].is_nan());
        let expected = [1.0, (14.0f64 / 6.0).sqrt(), (4.0f64 / 3.0).sqrt()];
        assert!(got[2..5].iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-15));
        assert_eq!(got[5], 0.0);
    }

    #[test]
    fn equal_values_after_wild_values_have_none() {
        let mut values = vec![1e9, -3e8, 0.1];
        values.extend([0.3; 20]);
        assert_eq!(deviations(20, &values)[22], 0.0);
    }
}
