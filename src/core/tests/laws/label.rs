//! Laws of the raw labels of a layer's bars.

use std::collections::HashSet;

use crate::common::synthetic::{Shape, series, until};
use crate::common::{cases, config, naive};
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::labeller::{How, atrp, label_bars};
use regime_core::cmc_regimes::series::Series;
use regime_core::{Label, Layer, Tier};

/// Series a little shorter and longer than the windows, with and without the optional columns.
fn shape() -> impl Strategy<Value = Shape> {
    let bars = prop_oneof![0usize..30, select(vec![59, 60, 61, 99, 100, 101, 249, 250, 251]), 30usize..330];
    (any::<u64>(), bars, any::<[bool; 4]>()).prop_map(|(seed, bars, [gaps, atr, adx, costs])| Shape {
        gaps,
        atr,
        adx,
        costs,
        ..Shape::daily(seed, bars)
    })
}

fn layer() -> impl Strategy<Value = Layer> {
    select(Layer::ALL.to_vec())
}

fn tier() -> impl Strategy<Value = Tier> {
    // The full tier has more in it.
    select(vec![Tier::Full, Tier::Full, Tier::Lite])
}

fn floor() -> impl Strategy<Value = f64> {
    select(vec![-1.0, 0.0, 10.0, 25.0, 40.0])
}

/// Specification 1, section 2, bar by bar.
fn naive_label(s: &Series, volatility: &[f64], i: usize, how: &How, tier: Tier) -> String {
    let How { layer, config, adx_floor: floor } = *how;
    let confirm = config.confirm_bars[layer];
    let window = config.vol_windows[layer].unwrap_or(usize::MAX);
    let min_known = (window / 3).max(20);
    let [fast, mid, slow] = &s.ema;
    let up = |t: usize| s.close[t] > slow[t] && fast[t] > mid[t];
    let down = |t: usize| s.close[t] < slow[t] && fast[t] < mid[t];
    let confirmed = |holds: &dyn Fn(usize) -> bool| i + 1 >= confirm && (i + 1 - confirm..=i).all(holds);
    let floored = floor > 0.0 && s.adx.as_ref().is_some_and(|adx| adx[i] <= floor);
    let trend = if confirmed(&up) && !floored {
        "Up"
    } else if confirmed(&down) && !floored {
        "Down"
    } else {
        "Sideways"
    };
    let vol = if tier == Tier::Full && s.close.len() >= window {
        match naive::percentile(volatility, i, window, min_known) {
            Some(pct) if pct < config.vol_low_percentile => "Low",
            Some(pct) if pct < config.vol_high_percentile => "Normal",
            _ => "High",
        }
    } else if volatility[i] < config.atrp_low {
        "Low"
    } else if volatility[i] > config.atrp_high {
        "High"
    } else {
        "Normal"
    };
    let liq = s.costs.as_ref().map_or("Normal", |costs| {
        let times = |factor: f64| {
            let (window, min_known) = (config.liq_window, (config.liq_window / 3).max(10));
            costs
                .each_ref()
                .map(|c| naive::median(c, i, window, min_known).map_or(f64::NAN, |median| factor * median))
        };
        let (easy, stressed) = (times(config.liq_easy), times(config.liq_stressed));
        if costs[0][i] < easy[0] && costs[1][i] < easy[1] {
            "Easy"
        } else if costs[0][i] > stressed[0] || costs[1][i] > stressed[1] {
            "Stressed"
        } else {
            "Normal"
        }
    });
    format!("{trend}-{vol}-{liq}")
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn labels_are_those_of_the_naive_reading(
        shape in shape(), layer in layer(), tier in tier(), floor in floor(), config in config(),
    ) {
        let s = series(shape);
        let how = How { layer, config: &config, adx_floor: floor };
        let volatility = atrp(&s.bars(), &config);
        let labels = label_bars(&s.bars(), &how, tier);
        prop_assert_eq!(labels.len(), s.close.len());
        for (i, label) in labels.into_iter().enumerate() {
            let expected = naive_label(&s, &volatility, i, &how, tier);
            prop_assert_eq!(label.as_str(), expected, "bar {}", i);
        }
    }

    #[test]
    fn volatility_is_the_mean_of_some_returns_or_the_atr(shape in shape(), config in config()) {
        let s = series(shape);
        let bars = config.atrp_bars;
        for (i, got) in atrp(&s.bars(), &config).into_iter().enumerate() {
            let expected = match &s.atr {
                Some(atr) => atr[i] / s.close[i],
                None if i < bars => f64::NAN,
                None => {
                    let returns = (i + 1 - bars..=i).map(|t| (s.close[t] / s.close[t - 1] - 1.0).abs());
                    returns.sum::<f64>() / bars as f64
                }
            };
            prop_assert_eq!(got.is_nan(), expected.is_nan(), "bar {}", i);
            prop_assert!(got.is_nan() || (got - expected).abs() < 1e-12, "bar {}: {} {}", i, got, expected);
        }
    }

    /// The one thing that looks at the whole series is whether it is as long as the window.
    #[test]
    fn later_bars_change_no_label(
        shape in shape(), layer in layer(), tier in tier(), floor in floor(), at in 0.0..1.0,
        config in config(),
    ) {
        let s = series(shape);
        let how = How { layer, config: &config, adx_floor: floor };
        let whole = label_bars(&s.bars(), &how, tier);
        let window = config.ranking(layer, tier, shape.bars);
        let shortest = window.unwrap_or(0);
        let bars = shortest + ((shape.bars - shortest) as f64 * at) as usize;
        let part = if bars == 0 { Series::default() } else { until(&s, s.ts[bars - 1]) };
        // A longer series may have a window where its part has none: then cut-offs apply to both.
        let tier = if window.is_some() { tier } else { Tier::Lite };
        let labels = label_bars(&part.bars(), &how, tier);
        prop_assert_eq!(&labels[..], &whole[..bars]);
    }

    #[test]
    fn prices_in_another_unit_have_the_same_labels(
        shape in shape(), layer in layer(), tier in tier(), power in -20i32..20, config in config(),
    ) {
        let how = How { layer, config: &config, adx_floor: 0.0 };
        // By a power of two, which changes no digit.
        let s = series(shape);
        let scaled = |v: &Vec<f64>| v.iter().map(|v| v * 2f64.powi(power)).collect::<Vec<_>>();
        let mut other = s.clone();
        other.close = scaled(&s.close);
        other.ema = [0, 1, 2].map(|i: usize| scaled(&s.ema[i]));
        other.atr = s.atr.as_ref().map(scaled);
        other.costs = s.costs.as_ref().map(|[a, b]| [scaled(a), scaled(b)]);
        let labels = label_bars(&other.bars(), &how, tier);
        prop_assert_eq!(labels, label_bars(&s.bars(), &how, tier));
    }
}

/// The laws above would be empty if the series did not visit every label.
#[test]
fn the_series_visit_every_label() {
    let mut met: [HashSet<Label>; 2] = Default::default();
    for seed in 0..8 {
        let shape = Shape { costs: true, adx: true, gaps: true, ..Shape::daily(seed, 700) };
        let s = series(shape);
        for (met, tier) in met.iter_mut().zip([Tier::Full, Tier::Lite]) {
            let how = How { layer: Layer::L2, config: &Config::default(), adx_floor: 10.0 };
            met.extend(label_bars(&s.bars(), &how, tier));
        }
    }
    assert_eq!(met.map(|labels| labels.len()), [Label::COUNT; 2]);
}
