//! Laws of performance per regime, against each regime's days picked out one by one.

use std::collections::BTreeMap;

use crate::common::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::market_regime_history::{PerformanceByRegime, Regime, performance};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn std(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
}

/// Labels and returns on some days, each ascending.
fn labels_and_returns() -> impl Strategy<Value = (BTreeMap<i32, Regime>, BTreeMap<i32, f64>)> {
    let regime = select(Regime::ALL.to_vec());
    let label = (-30i32..60, regime);
    let r = prop_oneof![4 => -0.2..0.25, 1 => select(vec![0.0, 0.01, 0.01, -1.0, f64::NAN])];
    let collect = |days: Vec<(i32, f64)>| days.into_iter().collect::<BTreeMap<_, _>>();
    let returns = vec((-40i32..60, r), 0..80).prop_map(collect);
    (vec(label, 0..50).prop_map(|l| l.into_iter().collect()), returns)
}

fn near(got: f64, expected: f64) -> bool {
    (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn performance_is_that_of_each_regimes_own_days(
        (labels, returns) in labels_and_returns(),
        lag in 0usize..40,
    ) {
        let mut own: BTreeMap<Option<Regime>, Vec<f64>> = BTreeMap::new();
        for (day, r) in returns.iter().filter(|(_, r)| !r.is_nan()) {
            let label = labels.iter().rfind(|(labelled, _)| **labelled + lag as i32 <= *day);
            own.entry(label.map(|(_, regime)| *regime)).or_default().push(*r);
        }
        let labels: Vec<_> = labels.into_iter().collect();
        let returns: Vec<_> = returns.into_iter().collect();
        let got = performance(&labels, &returns, lag);
        prop_assert_eq!(got.unlabelled, own.remove(&None).map_or(0, |days| days.len() as u64));
        let regimes: Vec<Option<Regime>> = got.regimes.iter().map(|(regime, _)| Some(*regime)).collect();
        prop_assert_eq!(&regimes, &own.keys().copied().collect::<Vec<_>>());
        for ((_, got), r) in got.regimes.iter().zip(own.values()) {
            let n = r.len() as f64;
            prop_assert_eq!(got.n, r.len() as u64);
            prop_assert!(near(got.total_return, r.iter().map(|r| 1.0 + r).product::<f64>() - 1.0));
            prop_assert!(near(got.mean, mean(r)));
            prop_assert_eq!(got.win_rate, r.iter().filter(|r| **r > 0.0).count() as f64 / n);
            let std = if r.len() < 2 { f64::NAN } else { std(r) };
            prop_assert!(near(got.volatility, std * 252f64.sqrt()), "{:?}", got);
            let equal = r.iter().all(|v| *v == r[0]);
            prop_assert_eq!(got.sharpe.is_nan(), equal, "{:?}", got);
            prop_assert!(equal || near(got.sharpe, mean(r) / std * 252f64.sqrt()), "{:?}", got);
            // The largest fall between any two moments.
            let value = |days: usize| r[..days].iter().map(|r| 1.0 + r).product::<f64>();
            let moments = (0..=r.len()).flat_map(|to| (0..=to).map(move |from| (from, to)));
            let falls = moments.map(|(from, to)| (value(from), value(to))).filter(|(from, _)| *from > 0.0);
            let most = falls.map(|(from, to)| 1.0 - to / from).fold(0.0, f64::max);
            prop_assert!(near(got.max_drawdown, most), "{:?}", got);
        }
    }

    #[test]
    fn splitting_days_over_regimes_loses_none((labels, returns) in labels_and_returns(), lag in 0usize..3) {
        let labels: Vec<_> = labels.into_iter().collect();
        let returns: Vec<_> = returns.into_iter().collect();
        let split = performance(&labels, &returns, lag);
        let one: Vec<_> = labels.iter().map(|(day, _)| (*day, Regime::Bull)).collect();
        let whole = performance(&one, &returns, lag);
        prop_assert_eq!(split.unlabelled, whole.unlabelled);
        let days = |got: &PerformanceByRegime| got.regimes.iter().map(|(_, p)| p.n).sum::<u64>();
        let sum = |got: &PerformanceByRegime| got.regimes.iter().map(|(_, p)| p.mean * p.n as f64).sum::<f64>();
        prop_assert_eq!(days(&split), days(&whole));
        prop_assert!(near(sum(&split), sum(&whole)));
        let most = |got: &PerformanceByRegime| got.regimes.iter().map(|(_, p)| p.max_drawdown).fold(0.0, f64::max);
        // Nothing is lost on any day, or it is lost in some regime.
        prop_assert_eq!(most(&split) > 0.0, most(&whole) > 0.0);
    }

    /// A label that comes after a day's close says nothing of that day, with a lag of 1 not even its own.
    #[test]
    fn later_labels_change_no_earlier_day(
        (labels, returns) in labels_and_returns(),
        lag in 0usize..3,
        cut in -30i32..60,
    ) {
        let all: Vec<_> = labels.into_iter().collect();
        let known: Vec<_> = all.iter().copied().filter(|(day, _)| *day <= cut).collect();
        let until: Vec<_> = returns.into_iter().filter(|(day, _)| *day <= cut + lag as i32).collect();
        prop_assert_eq!(
            format!("{:?}", performance(&known, &until, lag)),
            format!("{:?}", performance(&all, &until, lag))
        );
    }
}
