//! Laws of the rolling kernels, of aligning, and of return statistics.

use crate::common::market::sma;
use crate::common::{cases, naive, values};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::align::as_of;
use regime_core::math::rolling::{RunningMean, Standing, rolling_median, standings};
use regime_core::math::stats::ReturnStats;

fn means(window: usize, values: &[f64]) -> Vec<f64> {
    let mut mean = RunningMean::new(window);
    values.iter().map(|&v| mean.push(v)).collect()
}

/// Values of many magnitudes: what is added to a large sum leaves residue when that has gone. With
/// one sign only, the residue can have the other.
fn rough_values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        4 => (-1.0..1.0, select(vec![12, 8, 3, 0, -12, -30])).prop_map(|(v, e): (f64, i32)| v * 10f64.powi(e)),
        4 => select(vec![0.0, -0.0, 0.1, 0.3, -0.7, 1e9 + 0.1, 1e-30, 2e-30]),
        1 => select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ];
    let stretch = (value, 1usize..5).prop_map(|(v, n)| vec![v; n]);
    (vec(stretch, 1..30), 0u8..5).prop_map(|(stretches, signs)| {
        let signed = |v: f64| match signs {
            0 => v,
            1 | 2 => v.abs(),
            _ => -v.abs(),
        };
        stretches.concat().into_iter().map(signed).collect()
    })
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || (a == b && a == 0.0)
}

proptest! {
    // Some of the clean-ups are needed in one case of fifty.
    #![proptest_config(cases(1024))]

    #[test]
    fn a_running_mean_is_its_transcription_bit_for_bit(window in 1usize..8, values in rough_values()) {
        for (i, (got, expected)) in means(window, &values).into_iter().zip(sma(&values, window)).enumerate() {
            prop_assert!(same(got, expected), "at {i}: {got:e}, not {expected:e}");
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_running_mean_is_near_the_plain_mean(window in 1usize..20, values in values(1..200)) {
        let most = naive::known(&values).iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        for (i, got) in means(window, &values).into_iter().enumerate() {
            let last = naive::trailing(&values, i, window);
            prop_assert_eq!(got.is_nan(), last.len() < window || last.iter().any(|v| v.is_nan()));
            let plain = last.iter().sum::<f64>() / window as f64;
            prop_assert!(got.is_nan() || (got - plain).abs() <= 1e-13 * most, "at {i}: {got}, not {plain}");
        }
    }

    #[test]
    fn percentiles_are_those_of_sorting(
        values in values(1..120),
        infinite in vec(0usize..120, 0..4),
        window in 1usize..40,
        min_known in 0usize..12,
    ) {
        // An infinite value is as unknown as NaN.
        let mut values = values;
        for at in infinite {
            let at = at % values.len();
            values[at] = f64::INFINITY;
        }
        for (i, got) in standings(&values, 0, window, min_known, Standing::percentile).into_iter().enumerate() {
            let expected = naive::percentile(&values, i, window, min_known);
            prop_assert_eq!((!got.is_nan()).then_some(got), expected, "at {}", i);
        }
    }

    #[test]
    fn medians_are_those_of_sorting(
        values in values(1..120),
        window in 1usize..40,
        min_known in 0usize..12,
    ) {
        for (i, got) in rolling_median(&values, 0, window, min_known).into_iter().enumerate() {
            let expected = naive::median(&values, i, window, min_known);
            prop_assert_eq!((!got.is_nan()).then_some(got), expected, "at {}", i);
        }
    }

    #[test]
    fn as_of_is_the_latest_at_or_before(
        rows in vec(-20i64..20, 0..40),
        source in vec(-20i64..20, 0..20),
    ) {
        let (mut rows, mut source) = (rows, source);
        rows.sort_unstable();
        source.sort_unstable();
        let expected: Vec<_> = rows.iter().map(|row| naive::as_of(*row, &source)).collect();
        prop_assert_eq!(as_of(&rows, &source), expected);
    }

    #[test]
    fn statistics_are_those_of_two_passes(values in returns()) {
        let stats = stats_of(&values);
        let known = naive::known(&values);
        let n = known.len() as f64;
        let mean = known.iter().sum::<f64>() / n;
        let variance = known.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        prop_assert_eq!((stats.rows, stats.returns), (values.len() as u64, known.len() as u64));
        assert_close(stats.mean(), (n > 0.0).then_some(mean))?;
        assert_close(stats.std(), (n > 1.0).then_some(variance.sqrt()))?;
    }
}

/// Returns around a level that is far from zero now and then, where plain sums of squares fail.
fn returns() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![9 => -0.2..0.2, 1 => Just(f64::NAN)];
    (vec(value, 0..40), select(vec![0.0, 1.0, 300.0]))
        .prop_map(|(values, level)| values.into_iter().map(|v: f64| v + level).collect())
}

fn stats_of(values: &[f64]) -> ReturnStats {
    let mut stats = ReturnStats::default();
    values.iter().for_each(|&v| stats.push(v));
    stats
}

fn assert_close(a: Option<f64>, b: Option<f64>) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.is_some(), b.is_some());
    let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
    // Levels are up to 300 and spreads about 0.1: an error of the spread is of the level's size.
    prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3), "{a}, not {b}");
    Ok(())
}
