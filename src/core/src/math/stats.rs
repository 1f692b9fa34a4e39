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

/// Count, mean and spread of a set of returns (shares); sets can be combined.
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

    /// The statistics of both sets together, up to rounding.
    pub fn combine(self, other: Self) -> Self {
        if self.returns == 0 {
            return Self { rows: self.rows + other.rows, ..other };
        }
        if other.returns == 0 {
            return Self { rows: self.rows + other.rows, ..self };
        }
        let (n, m) = (self.returns as f64, other.returns as f64);
        let away = other.mean - self.mean;
        Self {
            rows: self.rows + other.rows,
            returns: self.returns + other.returns,
            mean: self.mean + away * m / (n + m),
            squares: self.squares + other.squares + away * away * n * m / (n + m),
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

/// The forward return of row `t`, `close[t+1] / close[t] - 1`, NaN for the last row (specification 1, section
/// 6).
pub fn forward_return(close: &[f64], t: usize) -> f64 {
    close.get(t + 1).map_or(f64::NAN, |next| next / close[t] - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_counts_without_a_return() {
        let close = [100.0, 110.0, 99.0];
        let mut stats = ReturnStats::default();
        (0..3).for_each(|t| stats.push(forward_return(&close, t)));
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
