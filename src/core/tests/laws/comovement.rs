//! Laws of comovement: bounds, symmetry, and naive readings of each figure.

use crate::common::synthetic::Rng;
use crate::common::{cases, naive, values};
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::comovement::{Comovement, comovement, pearson};

fn pair() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (values(1..60), values(60..61), 0usize..10, [0usize..100, 0..100]).prop_map(
        |(mut a, mut b, tied, from)| {
            b.truncate(a.len());
            // Half of the pairs are known from a row on, as EMAs are.
            for (series, from) in [&mut a, &mut b].into_iter().zip(from).filter(|_| tied % 2 == 0) {
                series.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 1.0);
                series.iter_mut().take(from / 2).for_each(|value| *value = f64::NAN);
            }
            // Half of the pairs move together, more or less.
            if tied >= 5 {
                b.iter_mut().zip(&a).for_each(|(b, a)| *b = a + *b / tied as f64);
            }
            (a, b)
        },
    )
}

fn both_known(a: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    a.iter().zip(b).filter(|(a, b)| a.is_finite() && b.is_finite()).unzip()
}

fn naive_pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let product = |a: &[f64], ma: f64, b: &[f64], mb: f64| {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>()
    };
    let varies = |v: &[f64]| v.iter().any(|a| *a != v[0]);
    (varies(x) && varies(y))
        .then(|| product(x, mx, y, my) / (product(x, mx, x, mx) * product(y, my, y, my)).sqrt())
        .map(|corr| corr.clamp(-1.0, 1.0))
}

fn naive_ranks(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| naive::average_rank(values, *v)).collect()
}

/// Correlations by lag, in order, of a pair without unknown rows.
fn by_lag(x: &[f64], y: &[f64]) -> Vec<(i32, f64)> {
    let n = x.len();
    let at = |lag: i32| {
        let k = lag.unsigned_abs() as usize;
        if n < 3 || n < k + 2 {
            return None;
        }
        let corr = if lag > 0 { pearson(&x[k..], &y[..n - k]) } else { pearson(&x[..n - k], &y[k..]) };
        corr.map(|corr| (lag, corr))
    };
    (-10..=10).filter_map(at).collect()
}

fn largest(by_lag: &[(i32, f64)]) -> f64 {
    by_lag.iter().map(|(_, corr)| corr.abs()).fold(0.0, f64::max)
}

fn close(a: Option<f64>, b: Option<f64>, tolerance: f64) -> bool {
    a.is_some() == b.is_some() && (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() <= tolerance
}

/// Of the two lags of two pairs each, the first is taken, though its values of `b` are the same as measured from the first row.
#[test]
fn nearly_equal_values_are_not_constant() {
    let mut a = vec![-0.5, 1.0];
    a.extend([0.0; 7]);
    let mut b = a.clone();
    a.extend([-0.0, -0.25]);
    b.extend([0.05, 0.04999999999999999]);
    let got = comovement(&a, &b).expect("rows");
    let by_lag = by_lag(&a, &b);
    let first = by_lag.iter().find(|(_, corr)| corr.abs() == largest(&by_lag));
    assert_eq!(got.best_lead_lag.zip(got.best_lead_lag_corr), first.copied());
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn each_figure_is_its_naive_reading((a, b) in pair()) {
        let (x, y) = both_known(&a, &b);
        let Some(got) = comovement(&a, &b) else {
            prop_assert!(x.is_empty());
            return Ok(());
        };
        prop_assert_eq!(got.n_obs, x.len() as u64);
        prop_assert!(close(got.correlation, naive_pearson(&naive_ranks(&x), &naive_ranks(&y)), 1e-9));

        let sign = |d: f64| if d == 0.0 { 0.0 } else { d.signum() };
        let steps: Vec<bool> = (1..a.len())
            .map(|t| (a[t] - a[t - 1], b[t] - b[t - 1]))
            .filter(|(da, db)| da.is_finite() && db.is_finite())
            .map(|(da, db)| sign(da) == sign(db))
            .collect();
        let agree = steps.iter().filter(|s| **s).count() as f64 / steps.len() as f64;
        prop_assert_eq!(got.sign_agree_rate, (!steps.is_empty()).then_some(agree));

        let by_lag = by_lag(&x, &y);
        let first = by_lag.iter().find(|(_, corr)| corr.abs() == largest(&by_lag));
        prop_assert_eq!(got.best_lead_lag, first.map(|(lag, _)| *lag));
        prop_assert_eq!(got.best_lead_lag_corr, first.map(|(_, corr)| *corr));
    }

    #[test]
    fn pearson_is_its_formula((a, b) in pair()) {
        let (x, y) = both_known(&a, &b);
        if !x.is_empty() {
            prop_assert!(close(pearson(&x, &y), naive_pearson(&x, &y), 1e-9));
        }
    }

    #[test]
    fn correlations_and_shares_are_bounded((a, b) in pair(), scale in -100i32..100) {
        let a: Vec<f64> = a.iter().map(|v| v * 10f64.powi(scale)).collect();
        if let Some(Comovement { correlation, sign_agree_rate, best_lead_lag, best_lead_lag_corr, .. }) =
            comovement(&a, &b)
        {
            for corr in [correlation, best_lead_lag_corr].into_iter().flatten() {
                prop_assert!(corr.abs() <= 1.0, "{corr}");
            }
            prop_assert!(sign_agree_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
            prop_assert!(best_lead_lag.is_none_or(|lag| lag.abs() <= 10));
            prop_assert_eq!(best_lead_lag.is_some(), best_lead_lag_corr.is_some());
        }
    }

    /// A series and itself on another scale, where rounding of the sums could give more than 1.
    #[test]
    fn a_line_has_a_correlation_of_one_at_most(a in values(3..80), slope in -3.0..3.0, offset in -1e3..1e3) {
        let b: Vec<f64> = a.iter().map(|v| v * slope + offset).collect();
        for got in [comovement(&a, &b), comovement(&b, &a)].into_iter().flatten() {
            for corr in [got.correlation, got.best_lead_lag_corr].into_iter().flatten() {
                prop_assert!(corr.abs() <= 1.0, "{corr}");
            }
        }
        let (x, y) = both_known(&a, &b);
        prop_assert!(x.is_empty() || pearson(&x, &y).is_none_or(|corr| corr.abs() <= 1.0));
    }

    #[test]
    fn swapping_the_pair_mirrors_the_lag((a, b) in pair()) {
        let (ab, ba) = (comovement(&a, &b), comovement(&b, &a));
        prop_assert_eq!(ab.is_some(), ba.is_some());
        if let (Some(ab), Some(ba)) = (ab, ba) {
            prop_assert!(close(ab.correlation, ba.correlation, 1e-12));
            prop_assert_eq!((ab.sign_agree_rate, ab.n_obs), (ba.sign_agree_rate, ba.n_obs));
            let (x, y) = both_known(&a, &b);
            let by_lag = by_lag(&x, &y);
            let best: Vec<i32> =
                by_lag.iter().filter(|(_, c)| c.abs() == largest(&by_lag)).map(|(lag, _)| *lag).collect();
            // The first of ties is the last of the mirror image.
            prop_assert_eq!(ab.best_lead_lag, best.first().copied());
            prop_assert_eq!(ba.best_lead_lag, best.last().map(|lag| -lag));
            prop_assert_eq!(
                ab.best_lead_lag_corr.map(f64::abs), ba.best_lead_lag_corr.map(f64::abs)
            );
        }
    }

    #[test]
    fn rank_correlation_sees_the_order_only((a, b) in pair()) {
        let scaled = |v: &[f64]| v.iter().map(|v| v * 8.0).collect::<Vec<_>>();
        // Whole numbers, so that what is different stays different.
        let whole = |v: &[f64]| v.iter().map(|v| v.round()).collect::<Vec<_>>();
        let cubed = |v: &[f64]| v.iter().map(|v| v * v * v + 2.0 * v).collect::<Vec<_>>();
        let turned = |v: &[f64]| v.iter().map(|v| -v).collect::<Vec<_>>();
        let corr = |a: &[f64], b: &[f64]| comovement(a, b).and_then(|c| c.correlation);
        let (wa, wb) = (whole(&a), whole(&b));
        prop_assert_eq!(corr(&scaled(&a), &b), corr(&a, &b));
        prop_assert_eq!(corr(&cubed(&wa), &wb), corr(&wa, &wb));
        prop_assert_eq!(corr(&wa, &cubed(&wb)), corr(&wa, &wb));
        prop_assert!(close(corr(&turned(&a), &b), corr(&a, &b).map(|c| -c), 1e-12));
        prop_assert!(corr(&a, &a).is_none_or(|c| c <= 1.0 && (c - 1.0).abs() < 1e-12));
    }

    #[test]
    fn rows_that_one_side_does_not_know_change_no_correlation((a, b) in pair(), at in 0usize..60) {
        let at = at % (a.len() + 1);
        let with = |v: &[f64], value: f64| {
            let mut v = v.to_vec();
            v.insert(at, value);
            v
        };
        let figures = |c: Option<Comovement>| {
            c.map(|c| (c.correlation, c.best_lead_lag, c.best_lead_lag_corr, c.n_obs))
        };
        let expected = figures(comovement(&a, &b));
        for unknown in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            prop_assert_eq!(figures(comovement(&with(&a, unknown), &with(&b, 5.0))), expected);
            prop_assert_eq!(figures(comovement(&with(&a, 5.0), &with(&b, unknown))), expected);
        }
    }

    /// The lag found by sums that go on row by row is that of two passes over all rows at every lag, also
    /// where the first row is far from all others, or a series hardly moves beside its level.
    #[test]
    fn long_series_lead_as_in_two_passes(
        seed in any::<u64>(),
        rows in 3usize..1500,
        level in select(vec![0.0, 1.0, 1e3, 1e6]),
        step in select(vec![1.0, 1e-3, 1e-6]),
        first in select(vec![0.0, 0.5, 1e3]),
        still in 0usize..40,
        smooth in select(vec![0.0, 0.9, 0.99]),
    ) {
        let mut rng = Rng(seed);
        let mut series = |lag: f64| {
            let (mut walk, mut ema) = (0.0, 0.0);
            let mut values: Vec<f64> = (0..rows)
                .map(|_| {
                    walk += (rng.unit() - 0.5) * step;
                    ema = smooth * ema + (1.0 - smooth) * walk;
                    level + ema + lag * walk
                })
                .collect();
            values[0] += first;
            let last = values[rows - 1 - still.min(rows - 1)];
            values[rows - still.min(rows - 1)..].fill(last);
            values
        };
        let (x, y) = (series(0.0), series(0.3));
        let got = comovement(&x, &y).expect("rows");
        let by_lag = by_lag(&x, &y);
        let best = by_lag.iter().find(|(_, corr)| corr.abs() == largest(&by_lag));
        prop_assert_eq!(got.best_lead_lag, best.map(|(lag, _)| *lag));
        prop_assert_eq!(got.best_lead_lag_corr, best.map(|(_, corr)| *corr));
    }

    /// Also where the mean of equal values is not that value, to the last digit.
    #[test]
    fn a_constant_series_has_no_correlation(value in -1e3..1e3, b in values(1..60)) {
        let a = vec![value; b.len()];
        for got in [comovement(&a, &b), comovement(&b, &a)].into_iter().flatten() {
            prop_assert_eq!((got.correlation, got.best_lead_lag, got.best_lead_lag_corr), (None, None, None));
        }
    }

    #[test]
    fn who_leads_is_found(seed in any::<u64>(), lag in -10i32..=10, turned in any::<bool>()) {
        // A long random series and its own past: no other lag comes near.
        let mut rng = Rng(seed);
        let whole: Vec<f64> = (0..80).map(|_| rng.unit()).collect();
        let sign = if turned { -1.0 } else { 1.0 };
        let from = |start: i32| whole[start as usize..start as usize + 60].to_vec();
        let a: Vec<f64> = from(10 - lag).iter().map(|v| sign * v).collect();
        let got = comovement(&a, &from(10)).expect("rows");
        prop_assert_eq!(got.best_lead_lag, Some(lag));
        prop_assert!(close(got.best_lead_lag_corr, Some(sign), 1e-9));
    }
}
