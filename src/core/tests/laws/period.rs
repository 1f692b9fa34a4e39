//! Laws of periods, durations, transitions and forward returns, against naive readings of the labels.

use std::collections::BTreeMap;

use crate::common::cases;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::forward::{Rows, forward_returns};
use regime_core::math::flips::flips_after;
use regime_core::math::periods::{Change, Period, durations, periods, transitions};

/// What is stored of a series of labels, whose row `t` is at time `10 t`, and rows since the last flip.
fn stored(labels: &[Option<u8>]) -> (Vec<Change<u8>>, u32) {
    let flips = flips_after(&mut None, labels.iter().copied());
    let since = flips.last().map_or(0, |flip| labels[flip.row..].iter().flatten().count());
    let change = |flip: &regime_core::math::flips::Flip<u8>| Change {
        ts: flip.row as i64 * 10,
        new: flip.new,
        lasted: flip.duration,
    };
    (flips.iter().map(change).collect(), since as u32)
}

/// The labels that are there, as runs with the row that each begins at.
fn runs(labels: &[Option<u8>]) -> Vec<(u8, usize, u32)> {
    let mut runs: Vec<(u8, usize, u32)> = Vec::new();
    for (t, label) in labels.iter().enumerate() {
        let Some(label) = label else { continue };
        match runs.last_mut() {
            Some((last, _, rows)) if last == label => *rows += 1,
            _ => runs.push((*label, t, 1)),
        }
    }
    runs
}

fn labels() -> impl Strategy<Value = Vec<Option<u8>>> {
    vec(option::weighted(0.9, 0u8..3), 0..80)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn periods_are_the_runs(labels in labels()) {
        let (changes, newest) = stored(&labels);
        let runs = runs(&labels);
        let expected: Vec<Period<u8>> = runs.iter().enumerate().map(|(k, (regime, t, rows))| Period {
            regime: *regime,
            from: *t as i64 * 10,
            to: runs.get(k + 1).map(|(_, t, _)| *t as i64 * 10),
            bars: Some(*rows),
        }).collect();
        prop_assert_eq!(periods(&changes, newest), expected);
    }

    #[test]
    fn transitions_are_the_pairs(labels in labels()) {
        let (changes, newest) = stored(&labels);
        let got = transitions(&periods(&changes, newest));
        let runs = runs(&labels);
        let count = |from, to| runs.windows(2).filter(|r| (r[0].0, r[1].0) == (from, to)).count() as u64;
        prop_assert_eq!(got.iter().map(|t| t.n).sum::<u64>(), runs.len().saturating_sub(1) as u64);
        for t in &got {
            prop_assert!(t.from != t.to);
            prop_assert_eq!(t.n, count(t.from, t.to));
        }
        prop_assert!(got.windows(2).all(|t| (t[0].from, t[0].to) < (t[1].from, t[1].to)));
        let mut sums = BTreeMap::<u8, f64>::new();
        got.iter().for_each(|t| *sums.entry(t.from).or_default() += t.probability);
        prop_assert!(sums.values().all(|sum| (sum - 1.0).abs() < 1e-12));
    }

    #[test]
    fn durations_are_those_of_the_runs(labels in labels()) {
        let (changes, newest) = stored(&labels);
        let got = durations(&periods(&changes, newest));
        let mut runs = runs(&labels);
        let regimes: std::collections::BTreeSet<u8> = runs.iter().map(|r| r.0).collect();
        prop_assert_eq!(got.iter().map(|d| d.regime).collect::<Vec<_>>(), regimes.into_iter().collect::<Vec<_>>());
        let current = runs.pop();
        for d in &got {
            let mut past: Vec<f64> = runs.iter().filter(|r| r.0 == d.regime).map(|r| f64::from(r.2)).collect();
            past.sort_by(f64::total_cmp);
            let n = past.len();
            prop_assert_eq!(d.runs.len(), n);
            prop_assert_eq!(d.current, current.filter(|r| r.0 == d.regime).map(|r| r.2));
            if n == 0 {
                prop_assert_eq!((d.mean(), d.median(), d.longest(), d.current_percentile()), (None, None, None, None));
                continue;
            }
            prop_assert!((d.mean().expect("runs") - past.iter().sum::<f64>() / n as f64).abs() < 1e-9);
            let median = if n % 2 == 1 { past[n / 2] } else { (past[n / 2 - 1] + past[n / 2]) / 2.0 };
            prop_assert_eq!(d.median(), Some(median));
            prop_assert_eq!(d.longest().map(f64::from), past.last().copied());
            let share = d.current.map(|c| past.iter().filter(|p| **p <= f64::from(c)).count() as f64 / n as f64);
            prop_assert_eq!(d.current_percentile(), share);
        }
    }

    #[test]
    fn forward_returns_are_what_they_say(
        rows in vec((option::weighted(0.9, 0u8..3), select(vec![f64::NAN, 0.5, 1.0, 1.0, 1.1, 2.0, 3.0])), 0..60),
        horizons in vec(1usize..70, 1..4),
    ) {
        let (labels, close): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let day: Vec<i64> = (0..).take(close.len()).collect();
        let got = forward_returns(&[Rows { day: &day, label: &labels, close: &close }], &horizons);
        for regime in labels.iter().flatten() {
            prop_assert!(horizons.iter().all(|h| got.contains_key(&(*regime, *h))));
        }
        for ((regime, h), set) in &got {
            let mut returns = Vec::new();
            for t in (0..close.len()).filter(|t| labels[*t] == Some(*regime) && t + h < close.len()) {
                let r = close[t + h] / close[t] - 1.0;
                if !r.is_nan() {
                    returns.push(r);
                }
            }
            let n = returns.len() as f64;
            prop_assert_eq!(set.n() as f64, n);
            let near = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-9 * b.abs().max(1.0));
            let mean = (n > 0.0).then(|| returns.iter().sum::<f64>() / n);
            prop_assert!(near(set.mean(), mean));
            let squares = mean.map(|m| returns.iter().map(|r| (r - m).powi(2)).sum::<f64>());
            let std = squares.filter(|_| n > 1.0).map(|s| (s / (n - 1.0)).sqrt());
            prop_assert!(near(set.std(), std));
            prop_assert_eq!(set.hit_rate(), (n > 0.0).then(|| returns.iter().filter(|r| **r > 0.0).count() as f64 / n));
            prop_assert_eq!(set.worst(), returns.into_iter().reduce(f64::min));
        }
    }
}
