//! A share with its bounds.

/// The quantile of the normal distribution for bounds of 95 %.
const Z: f64 = 1.959963984540054;

/// A share of a number of cases, from 0 to 1, with Wilson's 95 % bounds; all NaN without cases. Specification
/// 5, section 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share.
    pub share: f64,
    /// Its lower bound.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
}

impl Share {
    /// `count` of `n` cases, of which `independent` count as evidence.
    pub fn of(count: usize, n: usize, independent: usize) -> Self {
        let (p, m) = (ratio(count as f64, n as f64), independent as f64);
        if m == 0.0 {
            return Self { share: p, low: f64::NAN, high: f64::NAN };
        }
        let middle = p + Z * Z / (2.0 * m);
        let reach = Z * (p * (1.0 - p) / m + Z * Z / (4.0 * m * m)).sqrt();
        let [low, high] =
            [middle - reach, middle + reach].map(|bound| (bound / (1.0 + Z * Z / m)).clamp(0.0, 1.0));
        Self { share: p, low, high }
    }
}

/// A ratio, NaN to 0.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { f64::NAN } else { a / b }
}

/// The mean of values, NaN of none.
pub(super) fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().sum(), values.len() as f64)
}

/// The median of ascending values, of an even number the mean of the middle two; NaN of none.
pub(super) fn median(ascending: &[f64]) -> f64 {
    let n = ascending.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => ascending[n / 2],
        _ => (ascending[n / 2 - 1] + ascending[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_by_hand() {
        // 3 of 6: the middle is the share itself, and the reach z sqrt(1/24 + z²/144) / (1 + z²/6).
        let Share { share, low, high } = Share::of(3, 6, 6);
        assert_eq!(share, 0.5);
        assert!((low - 0.187616306483).abs() < 1e-12 && (high - 0.812383693517).abs() < 1e-12);
        let none = Share::of(0, 3, 3);
        assert!(none.share == 0.0 && none.low.abs() < 1e-15);
        let all = Share::of(3, 3, 3);
        assert!(all.share == 1.0 && (all.high - 1.0).abs() < 1e-15);
        assert!(Share::of(0, 0, 0).share.is_nan() && Share::of(0, 0, 0).low.is_nan());
    }

    #[test]
    fn the_median_of_an_even_number() {
        assert_eq!((median(&[1.0, 2.0, 9.0]), median(&[1.0, 2.0, 4.0, 9.0])), (2.0, 3.0));
        assert!(median(&[]).is_nan() && mean(&[]).is_nan());
    }
}
