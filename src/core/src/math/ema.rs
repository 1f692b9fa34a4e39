//! Exponential moving averages: value by value where some may be unknown, and of a whole series of closes.

use serde::{Deserialize, Serialize};

/// The exponential mean of all values so far (specification 3, section 1).
///
/// The first known value seeds the mean. An unknown value (NaN) leaves the mean as it is and gives the next
/// known value more weight.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ema {
    alpha: f64,
    mean: f64,
    /// Weight of the mean; the next value has the weight `alpha`.
    weight: f64,
}

impl Ema {
    /// An empty mean with `alpha = 2 / (span + 1)`; `span` counts values.
    pub fn new(span: f64) -> Self {
        Self { alpha: 1.0 / (1.0 + (span - 1.0) / 2.0), mean: f64::NAN, weight: 1.0 }
    }

    /// Takes the next value and returns the mean, NaN before the first known value.
    pub fn push(&mut self, value: f64) -> f64 {
        if self.mean.is_nan() {
            self.mean = value;
            return value;
        }
        self.weight *= 1.0 - self.alpha;
        if !value.is_nan() {
            if self.mean != value {
                self.mean = (self.weight * self.mean + self.alpha * value) / (self.weight + self.alpha);
            }
            self.weight = 1.0;
        }
        self.mean
    }
}

/// The textbook exponential moving average of known closes, with `alpha = 2 / (period + 1)` and the first
/// close as the seed.
///
/// One element per close; NaN before the `period`-th close. A period of 0 counts as 1. Not [`Ema`], whose
/// order of operations gives other last bits.
pub fn ema(close: &[f64], period: u32) -> Vec<f64> {
    let period = period.max(1);
    let alpha = 2.0 / (f64::from(period) + 1.0);
    let mut average = f64::NAN;
    close
        .iter()
        .enumerate()
        .map(|(i, &close)| {
            average = if i == 0 { close } else { alpha * close + (1.0 - alpha) * average };
            if i + 1 < period as usize { f64::NAN } else { average }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_starts_at_the_first_close() {
        let got = ema(&[1.0, 2.0, 4.0, 8.0], 3);
        assert!(got[..2].iter().all(|e| e.is_nan()));
        assert_eq!(got[2..], [2.75, 5.375]);
        assert_eq!(ema(&[1.0, 2.0], 1), [1.0, 2.0]);
        assert_eq!(ema(&[1.0, 2.0], 0), [1.0, 2.0]);
        assert!(ema(&[], 20).is_empty());
        assert!(ema(&[1.0, 2.0], u32::MAX).iter().all(|e| e.is_nan()));
    }

    #[test]
    fn an_unknown_value_gives_the_next_one_more_weight() {
        let mut mean = Ema::new(3.0);
        assert!(mean.push(f64::NAN).is_nan());
        assert_eq!(
            [8.0, f64::NAN, 4.0].map(|value| mean.push(value)),
            [8.0, 8.0, (0.25 * 8.0 + 0.5 * 4.0) / 0.75]
        );
        assert_eq!(mean.push(mean.mean), mean.mean);
    }
}
