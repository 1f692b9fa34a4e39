//! Laws of what follows from the labels (flips, statistics, comovement), and of inputs without sense.

use std::collections::BTreeMap;

use crate::common::plan::{Asset, plan};
use crate::common::{ODD, cases, naive, policy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::cmc_regimes::comovement::comovement;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::{Outcome, run};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::cmc_regimes::series::Series;
use regime_core::math::flips::{Flip, flips_after};
use regime_core::{Label, Layer, PerLayer};

fn outcome(asset: &Asset, policy: &Policy) -> Outcome {
    run(asset.series(), asset.proxy.as_ref(), policy, &asset.params)
}

/// Flips give back the labels of all rows that have one, and how long each lasted.
fn check_flips<T: Copy + PartialEq + std::fmt::Debug>(
    labels: &[Option<T>],
    flips: &[Flip<T>],
) -> Result<(), TestCaseError> {
    let rows: Vec<(usize, T)> = labels.iter().enumerate().filter_map(|(t, l)| l.map(|l| (t, l))).collect();
    let within = |from: usize, to: usize| rows.iter().filter(|(t, _)| (from..to).contains(t)).count();
    prop_assert_eq!(flips.first().map(|f| f.row), rows.first().map(|(t, _)| *t));
    for (t, label) in &rows {
        let flip = flips.iter().rfind(|f| f.row <= *t).expect("one at or before");
        prop_assert_eq!(flip.new, *label, "row {}", t);
    }
    let mut lasted = 0;
    for (k, flip) in flips.iter().enumerate() {
        prop_assert!(labels[flip.row].is_some());
        let before = k.checked_sub(1).map(|k| &flips[k]);
        prop_assert_eq!(flip.old, before.map(|b| b.new));
        prop_assert!(flip.old != Some(flip.new));
        prop_assert_eq!(flip.duration, before.map(|b| within(b.row, flip.row) as u32));
        lasted += flip.duration.unwrap_or(0) as usize;
    }
    let last = flips.last().map_or(0, |f| within(f.row, labels.len()));
    prop_assert_eq!(lasted + last, rows.len());
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn flips_partition_any_series(labels in vec(option::weighted(0.8, 0u8..3), 0..60)) {
        check_flips(&labels, &flips_after(&mut None, labels.iter().copied()))?;
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn flips_partition_the_rows(plan in plan(), policy in policy()) {
        let got = outcome(&plan.asset(), &policy);
        let rows = || got.row.iter().map(|r| &got.rows[*r as usize]);
        let layers = Layer::ALL.map(FlipLayer::Layer);
        for layer in layers.into_iter().chain([FlipLayer::Composite]) {
            let labels: Vec<Option<&str>> = match layer {
                FlipLayer::Layer(l) => rows().map(|r| r.labels[l].map(Label::as_str)).collect(),
                FlipLayer::Outside(_) => vec![],
                FlipLayer::Composite => rows().map(|r| Some(r.key_text())).collect(),
            };
            let own = got.flips.iter().filter(|(l, _)| *l == layer).map(|(_, flip)| {
                let Flip { row, old, new, duration } = flip;
                Flip { row: *row, old: old.as_deref(), new: &**new, duration: *duration }
            });
            check_flips(&labels, &own.collect::<Vec<_>>())?;
        }
        prop_assert!(got.flips.iter().all(|(l, _)| *l == FlipLayer::Composite || layers.contains(l)));
        let names = layers.map(|l| l.as_str());
        prop_assert_eq!((names, FlipLayer::Composite.as_str()), (["L0", "L1", "L2", "L3"], "composite"));
    }

    #[test]
    fn statistics_are_those_of_each_key(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let got = outcome(&asset, &policy);
        let mut by_key: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (t, row) in got.row.iter().enumerate() {
            let close = &asset.series[Layer::L2].as_ref().expect("rows").close;
            let forward = if t + 1 < close.len() { close[t + 1] / close[t] - 1.0 } else { f64::NAN };
            by_key.entry(got.rows[*row as usize].key_text()).or_default().push(forward);
        }
        let keys: Vec<&str> = got.stats.iter().map(|(key, _)| *key).collect();
        prop_assert_eq!(&keys, &by_key.keys().copied().collect::<Vec<_>>(), "every key once, in order");
        let mut rows = 0;
        for (key, stats) in &got.stats {
            let all = &by_key[key];
            let known = naive::known(all);
            let n = known.len() as f64;
            let mean = known.iter().sum::<f64>() / n;
            prop_assert_eq!((stats.rows as usize, stats.returns as usize), (all.len(), known.len()));
            prop_assert_eq!((stats.mean().is_some(), stats.std().is_some()), (n > 0.0, n > 1.0));
            prop_assert!(stats.mean().is_none_or(|m| (m - mean).abs() < 1e-9));
            let squares = known.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            prop_assert!(stats.std().is_none_or(|s| (s - (squares / (n - 1.0)).sqrt()).abs() < 1e-9));
            rows += stats.rows as usize;
        }
        prop_assert_eq!(rows, got.ts.len());
    }

    #[test]
    fn comovement_is_that_of_each_pair_of_daily_emas(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let got = outcome(&asset, &policy);
        let mut expected = Vec::new();
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            let pair = asset.series[Layer::L2].as_ref().and_then(|s| comovement(&s.ema[a], &s.ema[b]));
            expected.extend(pair.map(|c| ([a, b], c)));
        }
        prop_assert_eq!(got.comovement, expected);
    }

    /// Rows that say the same share an entry or not, but none is left over.
    #[test]
    fn every_entry_is_some_row(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let got = outcome(&asset, &policy);
        let mut used = vec![false; got.rows.len()];
        got.row.iter().for_each(|r| used[*r as usize] = true);
        prop_assert!(used.iter().all(|u| *u));
        prop_assert_eq!(&got.ts, &asset.series[Layer::L2].as_ref().map_or(Vec::new(), |s| s.ts.clone()));
    }
}

/// Values that a table may hold and no market would.
fn odd_series() -> impl Strategy<Value = Series> {
    let odd = select([&ODD[..], &[1e-300, 1e300]].concat());
    let pool = vec(odd, 1..5);
    let bars = select(vec![0usize, 1, 2, 13, 60, 120, 270]);
    (any::<u64>(), pool, bars, any::<[bool; 3]>(), select(vec![0i64, 1, MICROS_PER_DAY])).prop_map(
        |(seed, pool, bars, [atr, adx, costs], step)| {
            // Constant where the pool has one value, anything up to a mess where it has more.
            let mut rng = crate::common::synthetic::Rng(seed);
            let mut column = || (0..bars).map(|_| pool[rng.below(pool.len())]).collect::<Vec<_>>();
            Series {
                ts: (0..bars as i64).map(|i| i * step).collect(),
                close: column(),
                ema: [column(), column(), column()],
                atr: atr.then(&mut column),
                adx: adx.then(&mut column),
                costs: costs.then(|| [column(), column()]),
            }
        },
    )
}

fn check_odd(series: PerLayer<Option<&Series>>, proxy: Option<&Proxy>, params: &Params) {
    let got = run(series, proxy, &Policy::new(PolicyTable::built_in()), params);
    let bars = series[Layer::L2].map_or(0, |s| s.close.len());
    assert_eq!((got.ts.len(), got.row.len()), (bars, bars));
    assert!(got.row.iter().all(|r| (*r as usize) < got.rows.len()) && got.rows.len() <= bars);
    for row in &got.rows {
        assert_eq!(naive::looser(row.risk, naive::START), Vec::<&str>::new());
        assert!((0.0..=1.0).contains(&row.risk.size_mult) && row.risk.stop_mult <= 100.0);
        assert!(row.setups.as_ref().is_none_or(|s| s.is_sorted()));
    }
    assert_eq!(got.stats.iter().map(|(_, s)| s.rows).sum::<u64>(), bars as u64);
    assert!(got.flips.iter().all(|(_, f)| f.row < bars));
    assert_eq!(got.flips.iter().any(|(l, f)| *l == FlipLayer::Composite && f.row == 0), bars > 0);
    assert!(got.comovement.iter().all(|(_, c)| c.n_obs > 0 && c.n_obs <= bars as u64));
    assert!(got.comovement.len() <= 3);
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn odd_values_and_missing_layers_are_no_failure(
        all in [(); 4].map(|()| option::weighted(0.8, odd_series())),
        proxy in option::of(odd_series()),
    ) {
        let series = PerLayer::new(all.each_ref().map(Option::as_ref));
        let proxy = proxy.as_ref().map(Proxy::new);
        // All combinations of what changes the course of a run.
        for mode in [regime_core::cmc_regimes::hysteresis::Mode::Asymmetric, regime_core::cmc_regimes::hysteresis::Mode::Symmetric] {
            for hold in [0, 1, 3, u32::MAX] {
                for min_bars in [0, 60, usize::MAX] {
                    for l4_label in [None, Some(String::new()), Some("--Stressed-".to_owned())] {
                        let mut params = Params { mode, hold, l4_label, ..Params::default() };
                        params.layers.iter_mut().for_each(|l| l.min_bars = min_bars);
                        if let Some(source) = &mut params.layers[Layer::ALL[hold as usize % 4]].source {
                            source.adx_floor = Some(1.0);
                        }
                        check_odd(series, proxy.as_ref(), &params);
                    }
                }
            }
        }
    }
}

/// Every layer given or not, with every number of bars around its threshold.
#[test]
fn few_bars_are_no_failure() {
    let flat = |bars: usize| Series {
        ts: (0..bars as i64).collect(),
        close: vec![5.0; bars],
        ema: [(); 3].map(|()| vec![5.0; bars]),
        ..Series::default()
    };
    let choices = [None, Some(flat(0)), Some(flat(1)), Some(flat(300))];
    for l0 in &choices {
        for l1 in &choices {
            for l2 in &choices {
                for l3 in &choices {
                    let proxy = l1.as_ref().map(Proxy::new);
                    let series = PerLayer::new([l0, l1, l2, l3].map(Option::as_ref));
                    check_odd(series, proxy.as_ref(), &Params::default());
                }
            }
        }
    }
}
