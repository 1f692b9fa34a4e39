//! Statistics of returns: count, mean and spread.

use serde::{Deserialize, Serialize};

/// A value, NaN unless it is finite.
pub fn known(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// The mean of values: exactly their value if all are equal; NaN of none.
pub fn mean(values: &[f64]) -> f64 {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => *first,
        _ => values.iter().sum::<f64>() / values.len() as f64,
    }
}

/// Count, mean and spread of a set of returns (shares).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReturnStats {
    /// Rows, those without a return included.
    pub rows: u64,
    /// Rows with a return.
    pub returns: u64,
    mean: f64,
    squares: f64,
}

impl ReturnStats {
    /// Takes a row with its return; NaN or infinite for a row without one.
    pub fn push(&mut self, forward_return: f64) {
        self.rows += 1;
        if forward_return.is_finite() {
            self.returns += 1;
            let away = forward_return - self.mean;
            self.mean += away / self.returns as f64;
            self.squares += away * (forward_return - self.mean);
        }
    }

    /// Mean return, `None` without returns.
    pub fn mean(&self) -> Option<f64> {
        (self.returns > 0).then_some(self.mean)
    }

    /// Sample standard deviation (ddof 1), `None` with fewer than two returns.
    pub fn std(&self) -> Option<f64> {
        (self.returns > 1).then(|| (self.squares / (self.returns - 1) as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_counts_without_a_return() {
        let mut stats = ReturnStats::default();
        [0.1, -0.1, f64::NAN].into_iter().for_each(|forward_return| stats.push(forward_return));
        assert_eq!((stats.rows, stats.returns), (3, 2));
        assert!(stats.mean().expect("mean").abs() < 1e-12);
        assert!((stats.std().expect("std") - 0.2 / 2f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_return_has_no_spread() {
        let mut stats = ReturnStats::default();
        stats.push(0.1);
        assert_eq!((stats.mean(), stats.std()), (Some(0.1), None));
    }
}
