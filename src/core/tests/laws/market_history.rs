//! Laws of the market regime history, against specification 4 read naively.

use crate::common::{ODD, cases};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::market_regime_history::{Day, LOOKBACK, REACH, Regime, day, days};

/// Prices that rise, fall, jump, stand still and come back: by random steps, by steps of a few sizes so
/// that windows repeat, and constant.
fn closes() -> impl Strategy<Value = Vec<f64>> {
    let random = vec(-0.05..0.05, 1..40);
    let few = vec(select(vec![0.0, 0.0, 0.5, -0.5, 1.0, -0.25, 1e-7]), 1..40);
    let still = (0usize..90).prop_map(|bars| vec![0.0; bars]);
    let drift = (-0.03..0.03, 1usize..60).prop_map(|(step, bars)| vec![step; bars]);
    let stretches = vec(prop_oneof![4 => random, 1 => few, 1 => still, 1 => drift], 0..8);
    (stretches, select(vec![0.1, 1.0, 4200.0])).prop_map(|(stretches, mut price)| {
        let step = |step: f64| {
            // Far from what overflows, so that nothing is undefined.
            price = (price * (1.0 + step)).clamp(1e-9, 1e9);
            price
        };
        stretches.concat().into_iter().map(step).collect()
    })
}

/// What no market would quote.
fn odd_closes() -> impl Strategy<Value = Vec<f64>> {
    let odd = select([&ODD[..], &[5e-324]].concat());
    vec((odd, 1usize..40).prop_map(|(close, bars)| vec![close; bars]), 0..12).prop_map(|c| c.concat())
}

/// The bits of all numbers of a day.
fn bits(day: &Day) -> (Regime, [u64; 6]) {
    let numbers = [
        day.confidence,
        day.volatility_percentile,
        day.trend_strength,
        day.momentum_score,
        day.drawdown_severity,
        day.volume_anomaly,
    ];
    (day.regime, numbers.map(f64::to_bits))
}

mod naive {
    //! Sections 1 to 3, transcribed: series of the whole history, windows cut out of them.

    pub fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    pub fn std(values: &[f64]) -> f64 {
        let mean = mean(values);
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
    }

    pub struct Series {
        pub ret: Vec<f64>,
        pub vol: Vec<f64>,
        pub sma20: Vec<f64>,
        pub sma50: Vec<f64>,
    }

    pub fn series(close: &[f64]) -> Series {
        let rolling = |values: &[f64], window: usize, first: usize, of: fn(&[f64]) -> f64| {
            let at = |i: usize| if i < first { f64::NAN } else { of(&values[i + 1 - window..=i]) };
            (0..values.len()).map(at).collect::<Vec<f64>>()
        };
        let ret: Vec<f64> =
            (0..close.len()).map(|i| if i == 0 { f64::NAN } else { close[i] / close[i - 1] - 1.0 }).collect();
        let vol = rolling(&ret, 20, 20, std).into_iter().map(|v| v * 252f64.sqrt()).collect();
        Series { ret, vol, sma20: rolling(close, 20, 19, mean), sma50: rolling(close, 50, 49, mean) }
    }

    /// The four scores of percentile, trend, momentum, drawdown and anomaly.
    pub fn scores([vol_pct, trend, momentum, drawdown, anomaly]: [f64; 5]) -> [u32; 4] {
        let (mut bull, mut bear, mut volatile, mut transitioning) = (0, 0, 0, 0);
        if trend > 0.6 {
            bull += 2;
        } else if trend > 0.0 {
            bull += 1;
        }
        if momentum > 0.5 {
            bull += 1;
        }
        if vol_pct < 0.3 {
            bull += 1;
        }
        if trend < -0.6 {
            bear += 2;
        } else if trend < 0.0 {
            bear += 1;
        }
        if drawdown > 0.10 {
            bear += 2;
        } else if drawdown > 0.05 {
            bear += 1;
        }
        if momentum < -0.5 {
            bear += 1;
        }
        if vol_pct > 0.7 {
            volatile += 2;
        }
        if anomaly.abs() > 2.0 {
            volatile += 1;
        }
        if trend.abs() < 0.2 {
            volatile += 1;
        }
        if trend.abs() < 0.2 && 0.4 < vol_pct && vol_pct < 0.6 {
            transitioning += 2;
        }
        [bull, bear, volatile, transitioning]
    }
}

/// The metrics of row `i`, by the specification's text, up to rounding.
fn check_metrics(close: &[f64], s: &naive::Series, i: usize, got: &Day) -> Result<(), TestCaseError> {
    let window = i + 1 - 60..=i;
    let (first, last) = (close[i + 1 - 60], close[i]);
    let near = |got: f64, expected: f64, tolerance: f64, what: &str| {
        let tolerance = tolerance * expected.abs().max(1.0);
        prop_assert!((got - expected).abs() <= tolerance, "{what} of row {i}: {got}, not {expected}");
        Ok(())
    };
    let trend = ((last / first - 1.0) + (s.sma20[i] / s.sma50[i] - 1.0)) / 2.0;
    near(got.trend_strength, trend, 1e-12, "trend")?;
    let most = close[window.clone()].iter().copied().fold(0.0, f64::max);
    near(got.drawdown_severity, (last / most - 1.0).abs(), 0.0, "drawdown")?;
    let [short, long] = [5, 20].map(|bars| naive::mean(&s.ret[i + 1 - bars..=i]));
    // Rounding may make something of a mean of 0, or 0 of it.
    if long.abs() > 1e-12 {
        near(got.momentum_score, short / long, 1e-14 / long.abs(), "momentum")?;
    }
    // Volatilities that are equal but for rounding may count or not.
    let vol = s.vol[i];
    let noise = 1e-12;
    let below = |limit: f64| s.vol[window.clone()].iter().filter(|v| **v < limit).count() as f64 / 60.0;
    let (fewest, most) = (below(vol - noise), below(vol + noise));
    prop_assert!((fewest..=most).contains(&got.volatility_percentile), "percentile of row {i}");
    let known: Vec<f64> = s.vol[window].iter().copied().filter(|v| !v.is_nan()).collect();
    let spread = naive::std(&known);
    if spread > 1e-6 {
        near(got.volume_anomaly, (vol - naive::mean(&known)) / spread, 1e-6, "anomaly")?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn metrics_are_those_of_the_text(close in closes()) {
        let series = naive::series(&close);
        for (i, got) in days(&close, 0).iter().enumerate() {
            prop_assert_eq!(got.is_some(), i + 1 >= 60, "row {}", i);
            if let Some(got) = got {
                check_metrics(&close, &series, i, got)?;
            }
        }
    }

    #[test]
    fn the_regime_is_the_first_of_the_highest_scores(close in prop_oneof![3 => closes(), 1 => odd_closes()]) {
        for got in days(&close, 0).into_iter().flatten() {
            let [_, metrics @ ..] = bits(&got).1.map(f64::from_bits);
            let scores = naive::scores(metrics);
            let most = scores.into_iter().max().unwrap_or(0);
            let winner = scores.iter().position(|s| *s == most).expect("a score");
            prop_assert_eq!(got.regime, Regime::ALL[winner], "{:?}", got);
            prop_assert_eq!(got.confidence, f64::from(most) / 5.0);
            // What section 3 says can be reached.
            let reachable: &[f64] = match got.regime {
                Regime::Bull => &[0.0, 0.2, 0.4, 0.6, 0.8],
                Regime::Bear => &[0.2, 0.4, 0.6, 0.8, 1.0],
                Regime::Volatile => &[0.2, 0.4, 0.6, 0.8],
                Regime::Transitioning => &[0.4],
            };
            prop_assert!(reachable.contains(&got.confidence), "{:?}", got);
            prop_assert!(got.confidence > 0.0 || metrics.iter().any(|m| m.is_nan()));
        }
    }

    #[test]
    fn metrics_are_in_range(close in prop_oneof![3 => closes(), 1 => odd_closes()]) {
        for got in days(&close, 0).into_iter().flatten() {
            let sixtieths = got.volatility_percentile * 60.0;
            prop_assert!(sixtieths.is_nan() || (0.0..=59.0 + 1e-9).contains(&sixtieths), "{:?}", got);
            prop_assert!(sixtieths.is_nan() || (sixtieths - sixtieths.round()).abs() < 1e-9, "{:?}", got);
            let drawdown = got.drawdown_severity;
            prop_assert!(drawdown.is_nan() || (0.0..=1.0).contains(&drawdown), "{:?}", got);
            prop_assert!(bits(&got).1.iter().all(|b| !f64::from_bits(*b).is_infinite()), "{:?}", got);
            prop_assert!(!got.description().is_empty());
        }
    }

    #[test]
    fn bulk_is_day_by_day_bit_for_bit(
        close in prop_oneof![3 => closes(), 1 => odd_closes()],
        from in 0usize..200,
    ) {
        let bulk = days(&close, from);
        prop_assert_eq!(bulk.len(), close.len().saturating_sub(from));
        for (got, i) in bulk.iter().zip(from..) {
            let alone = day(&close[..=i]);
            prop_assert_eq!(got.as_ref().map(bits), alone.as_ref().map(bits), "row {}", i);
        }
    }

    #[test]
    fn no_row_before_its_reach_and_none_after_changes_a_day(
        before in closes(),
        close in closes(),
        after in prop_oneof![closes(), odd_closes()],
    ) {
        let all = [before.clone(), close.clone(), after].concat();
        let long = days(&all, before.len());
        for (i, got) in long.iter().enumerate().take(close.len()) {
            let end = before.len() + i + 1;
            let reach = day(&all[end.saturating_sub(REACH)..end]);
            prop_assert_eq!(got.as_ref().map(bits), reach.as_ref().map(bits));
            // With less history a day is the same from a whole reach on.
            if i + 1 >= REACH {
                prop_assert_eq!(got.as_ref().map(bits), day(&close[..=i]).as_ref().map(bits));
            }
        }
    }

    /// Prices in another currency at a fixed rate; a power of two changes no bit.
    #[test]
    fn the_unit_of_price_does_not_matter(close in closes(), doublings in -20i32..20) {
        let scaled: Vec<f64> = close.iter().map(|c| c * 2f64.powi(doublings)).collect();
        let of = |close: &[f64]| days(close, 0).iter().map(|d| d.as_ref().map(bits)).collect::<Vec<_>>();
        prop_assert_eq!(of(&scaled), of(&close));
    }

    #[test]
    fn a_constant_price_is_bull_at_a_fifth(price in 1e-6..1e9, bars in LOOKBACK..200) {
        let got = day(&vec![price; bars]).expect("a day");
        prop_assert_eq!((got.regime, got.confidence), (Regime::Bull, 0.2));
        prop_assert_eq!(bits(&got).1[1..].to_vec(), vec![0; 5]);
    }
}
