//! The variance of a sum of scores that depend on those shortly before: Newey and West, "A simple, positive
//! semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix", Econometrica 55 (1987),
//! 703-708.

/// The estimated variance of the sum of `scores`, in ascending time: with Bartlett's weights, the sum over `t` and `u` of
/// `max(0, 1 - |t - u| / (lag + 1)) · scores[t] · scores[u]`.
///
/// Scores are estimated to have mean 0, and those more than `lag` apart not to depend on each other. Where a score is unknown, 0
/// keeps its place in time. Never below 0, in any unit, squared.
///
/// The sum is computed as that of the squares of all sums of `lag + 1` successive scores, over `lag + 1`, which is the same:
/// a pair `d` apart is together in `lag + 1 - d` of them. The time it takes does not depend on `lag`.
pub fn variance_of_sum(scores: &[f64], lag: usize) -> f64 {
    let width = lag + 1;
    let mut before = Vec::with_capacity(scores.len() + 1);
    before.push(0.0);
    before.extend(scores.iter().scan(0.0, |sum, score| {
        *sum += score;
        Some(*sum)
    }));
    // The window that ends with each place, the last windows being cut off by the end.
    let squares = (1..scores.len() + width).map(|end| {
        let sum = before[end.min(scores.len())] - before[end.saturating_sub(width)];
        sum * sum
    });
    squares.sum::<f64>() / width as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let scores = [1.0, 2.0, -1.0, 0.0, 3.0];
        // Squares alone.
        assert_eq!(variance_of_sum(&scores, 0), 15.0);
        // Neighbours with half their weight, twice: 2 - 2 + 0 + 0.
        assert_eq!(variance_of_sum(&scores, 1), 15.0);
        // Neighbours with 2/3, and 1/3 of -1 + 0 - 3, twice.
        assert!((variance_of_sum(&scores, 2) - (15.0 - 8.0 / 3.0)).abs() < 1e-12);
        assert_eq!(variance_of_sum(&[], 3), 0.0);
        // A lag beyond the series: 2 · (1 - 1/4) · 2 more than 1 + 4.
        assert_eq!(variance_of_sum(&[1.0, 2.0], 3), 8.0);
    }
}
