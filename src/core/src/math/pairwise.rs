//! Pairwise summation.

/// The sum of values by halves: `Psum` of specification 5, section 1.
///
/// Fewer than 8 values are added one by one, up to 128 in eight interleaved sums, more as two halves.
pub fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n > 128 {
        let (first, rest) = values.split_at(n / 2 / 8 * 8);
        return pairwise_sum(first) + pairwise_sum(rest);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let Some((first, eights)) = eights.split_first() else {
        return values.iter().fold(0.0, |sum, value| sum + value);
    };
    let mut sums = *first;
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_any_order_where_nothing_is_rounded() {
        for n in [0, 1, 7, 8, 9, 15, 16, 127, 128, 129, 136, 1_000, 5_003] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(pairwise_sum(&values), f64::from(n) * f64::from(n + 1) / 2.0);
        }
    }

    #[test]
    fn small_values_are_not_lost_one_by_one() {
        let mut values = vec![1.0];
        values.extend([f64::EPSILON / 2.0; 8]);
        // One by one, each would be rounded away.
        assert_eq!(values.iter().sum::<f64>(), 1.0);
        assert!(pairwise_sum(&values) > 1.0);
    }
}
