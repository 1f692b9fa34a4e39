//! Laws of forward returns and their standard errors, against a regression and the pairs of its scores one by one.

use crate::common::cases;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::forward::{Forward, LEAST_WINDOWS, Rows, forward_returns, outcomes};
use regime_core::math::newey_west::variance_of_sum;

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

/// The variance of a sum by every pair of scores.
fn by_pairs(scores: &[f64], lag: usize) -> f64 {
    let weight = |a: usize, b: usize| (1.0 - a.abs_diff(b) as f64 / (lag + 1) as f64).max(0.0);
    let rows = 0..scores.len();
    rows.clone()
        .flat_map(|a| rows.clone().map(move |b| (a, b)))
        .map(|(a, b)| weight(a, b) * scores[a] * scores[b])
        .sum()
}

/// The rows of an asset: days apart, label, close.
type Asset = Vec<(i64, Option<u8>, f64)>;

fn asset(rows: std::ops::Range<usize>) -> impl Strategy<Value = Asset> {
    let close = prop_oneof![12 => 0.5..2.0, 1 => Just(f64::NAN)];
    let label = option::weighted(0.9, prop_oneof![3 => Just(0u8), 2 => Just(1), 1 => Just(2)]);
    vec((select(vec![1i64, 1, 1, 3]), label, close), rows)
}

/// An asset as slices want it.
struct Split {
    day: Vec<i64>,
    label: Vec<Option<u8>>,
    close: Vec<f64>,
}

impl Split {
    fn of(asset: &Asset) -> Self {
        let day = asset.iter().scan(0, |day, (step, _, _)| {
            *day += step;
            Some(*day)
        });
        let (label, close) = asset.iter().map(|(_, label, close)| (*label, *close)).unzip();
        Self { day: day.collect(), label, close }
    }

    fn rows(&self) -> Rows<'_, u8> {
        Rows { day: &self.day, label: &self.label, close: &self.close }
    }
}

/// `y` on a constant and `d` by the normal equations: the coefficient of `d`, and its sandwich of the scores of both regressors
/// with Bartlett's weights, by every pair of rows; unknown rows are NaN and keep their place.
fn regression(y: &[f64], d: &[f64], lag: usize) -> (f64, f64) {
    let known: Vec<usize> = (0..y.len()).filter(|row| !y[*row].is_nan()).collect();
    let sum = |of: &dyn Fn(usize) -> f64| known.iter().map(|row| of(*row)).sum::<f64>();
    let (n, sd, sy, sdy) = (known.len() as f64, sum(&|t| d[t]), sum(&|t| y[t]), sum(&|t| d[t] * y[t]));
    // d is 0 or 1, and its own square.
    let determinant = n * sd - sd * sd;
    let inverse = [[sd / determinant, -sd / determinant], [-sd / determinant, n / determinant]];
    let a = inverse[0][0] * sy + inverse[0][1] * sdy;
    let b = inverse[1][0] * sy + inverse[1][1] * sdy;
    let mut meat = [[0.0; 2]; 2];
    for t in &known {
        for u in &known {
            let weight = (1.0 - t.abs_diff(*u) as f64 / (lag + 1) as f64).max(0.0);
            let [e, f] = [*t, *u].map(|row| y[row] - a - b * d[row]);
            let ([x, z], scale) = ([[1.0, d[*t]], [1.0, d[*u]]], weight * e * f);
            (0..2).for_each(|i| (0..2).for_each(|j| meat[i][j] += scale * x[i] * z[j]));
        }
    }
    let row = inverse[1];
    let variance = (0..2).map(|i| (0..2).map(|j| row[i] * meat[i][j] * row[j]).sum::<f64>()).sum::<f64>();
    (b, variance)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_variance_is_that_of_all_pairs(scores in vec(-1.0f64..1.0, 0..50), lag in 0usize..60) {
        let got = variance_of_sum(&scores, lag);
        prop_assert!(got >= 0.0);
        prop_assert!(near(got, by_pairs(&scores, lag)), "{}, not {}", got, by_pairs(&scores, lag));
    }

    /// Of one asset, t is that of the regression on the regime over all rows, with lags up to the horizon.
    #[test]
    fn of_one_asset_t_is_that_of_the_regression(asset in asset(40..120), horizon in 1usize..6) {
        let split = Split::of(&asset);
        for ((regime, _), got) in &forward_returns(&[split.rows()], &[horizon]) {
            let y = outcomes(&split.close, horizon);
            let d: Vec<f64> = split.label.iter().map(|label| f64::from(*label == Some(*regime))).collect();
            let known = || y.iter().zip(&d).filter(|(y, _)| !y.is_nan());
            let mean_of = |d: f64| {
                let y: Vec<f64> = known().filter(|(_, of)| **of >= d).map(|(y, _)| *y).collect();
                y.iter().sum::<f64>() / y.len() as f64
            };
            let Some(difference) = got.difference else { continue };
            prop_assert!(near(difference, mean_of(1.0) - mean_of(0.0)));
            prop_assert!(near(got.mean_all.expect("mean"), mean_of(0.0)));
            let Some(t) = got.t() else { continue };
            let (b, variance) = regression(&y, &d, horizon - 1);
            prop_assert!((t - b / variance.sqrt()).abs() < 1e-6 * t.abs().max(1.0), "{}, not {}", t, b / variance.sqrt());
            let others = 1.0 - got.n() as f64 / known().count() as f64;
            prop_assert!(near(difference, b * others));
        }
    }

    /// Windows are counted one after the other, and with too few there is no error.
    #[test]
    fn windows_do_not_overlap(asset in asset(1..120), horizon in 1usize..6) {
        let split = Split::of(&asset);
        let y = outcomes(&split.close, horizon);
        let count = |is_of: &dyn Fn(Option<u8>) -> bool| {
            let (mut next, mut count) = (0, 0u64);
            for (row, (y, label)) in y.iter().zip(&split.label).enumerate() {
                if row >= next && !y.is_nan() && is_of(*label) {
                    (next, count) = (row + horizon, count + 1);
                }
            }
            count
        };
        for ((regime, _), got) in &forward_returns(&[split.rows()], &[horizon]) {
            let of = |is: bool| count(&|label| (label == Some(*regime)) == is);
            prop_assert_eq!(got.windows, of(true));
            prop_assert!(got.std_error.is_none() || of(true).min(of(false)) >= LEAST_WINDOWS);
            prop_assert_eq!(got.t().is_some(), got.std_error.is_some());
        }
    }

    /// A pooled difference weighs those of the assets, and an asset that is there twice makes nothing surer.
    #[test]
    fn pooled_is_what_the_assets_are_together(one in asset(30..80), other in asset(30..80), horizon in 1usize..4) {
        let [one, other] = [&one, &other].map(Split::of);
        let of = |assets: &[Rows<u8>]| forward_returns(assets, &[horizon]);
        let (of_one, of_other, of_both) = (of(&[one.rows()]), of(&[other.rows()]), of(&[one.rows(), other.rows()]));
        for (key, got) in &of_both {
            let parts: Vec<&Forward> = [&of_one, &of_other].into_iter().filter_map(|of| of.get(key)).collect();
            prop_assert_eq!(got.n(), parts.iter().map(|part| part.n()).sum::<u64>());
            prop_assert!(got.windows >= parts.iter().map(|part| part.windows).max().unwrap_or_default());
            prop_assert!(got.windows <= parts.iter().map(|part| part.windows).sum());
            let weighed = |of: fn(&Forward) -> Option<f64>| {
                parts.iter().filter_map(|part| Some(of(part)? * part.n() as f64)).sum::<f64>() / got.n() as f64
            };
            for of in [|part: &Forward| part.difference, |part: &Forward| part.mean_all, |part: &Forward| part.mean()] {
                prop_assert!(of(got).is_none_or(|got| near(got, weighed(of))));
            }
        }
        for (key, got) in of(&[one.rows(), one.rows()]) {
            let once = of_one[&key];
            prop_assert_eq!((got.n(), got.windows), (2 * once.n(), once.windows));
            prop_assert_eq!(got.std_error.is_some(), once.std_error.is_some());
            prop_assert!(got.std_error.zip(once.std_error).is_none_or(|(got, once)| near(got, once)));
        }
    }

    /// A return looks ahead to its own end and no further: later rows, cut off or of another kind, change none that has
    /// ended, and figures of the returns that have ended are those of the rows up to there.
    #[test]
    fn later_rows_change_no_window_that_has_ended(
        rows in asset(30..80),
        other in asset(80..81),
        cut in 1usize..80,
        horizon in 1usize..6,
    ) {
        let cut = cut.min(rows.len());
        let [all, known] = [Split::of(&rows), Split::of(&rows[..cut].to_vec())];
        let changed = Split::of(&rows[..cut].iter().chain(&other[cut..]).copied().collect());
        let ended = cut.saturating_sub(horizon);
        let text = |split: &Split| format!("{:?}", &outcomes(&split.close, horizon)[..ended]);
        prop_assert_eq!(text(&known), text(&all));
        prop_assert_eq!(text(&known), text(&changed));
        prop_assert!(outcomes(&known.close, horizon)[ended..].iter().all(|r| r.is_nan()));
        // Rows whose closes are not known yet count for no figure: as if there were none.
        let mut hidden = Split::of(&rows);
        hidden.close[cut..].fill(f64::NAN);
        let shown = |split: &Split| {
            let mut all = forward_returns(&[split.rows()], &[horizon]);
            all.retain(|_, got| got.n() > 0);
            format!("{all:?}")
        };
        prop_assert_eq!(shown(&hidden), shown(&known));
    }

    #[test]
    fn the_unit_of_prices_does_not_matter(rows in asset(30..80), power in -40i32..40) {
        let one = Split::of(&rows);
        let mut other = Split::of(&rows);
        other.close.iter_mut().for_each(|close| *close *= 2f64.powi(power));
        let text = |split: &Split| format!("{:?}", forward_returns(&[split.rows()], &[1, 3]));
        prop_assert_eq!(text(&one), text(&other));
    }
}
