//! Laws of the market regimes of three axes.

use crate::common::cases;
use crate::common::market::{self, Candles, candles};
use proptest::prelude::*;

use regime_core::market_regimes::{Config, Label, Machine, Momentum, Simplified, Trend, Volatility, labels};

fn of(candles: &Candles) -> Vec<Label> {
    labels(&candles.high, &candles.low, &candles.close, &Config::default())
}

fn row(label: &Label) -> market::Row {
    let Label { trend, volatility, momentum, simplified, confidence, warmup } = *label;
    let texts = [trend.as_str(), volatility.as_str(), momentum.as_str(), simplified.as_str()];
    (texts, confidence, warmup)
}

/// Candles of equal high, low and close.
fn closes(close: impl IntoIterator<Item = f64>) -> Candles {
    Candles::of_rows(&close.into_iter().map(|close| [close; 3]).collect::<Vec<_>>())
}

/// Limits of the ADX, `adx_trending` and `adx_sideways`, in either order.
fn limits() -> impl Strategy<Value = [f64; 2]> {
    let limit = || prop_oneof![0.0..=100.0, 10.0..45.0, Just(0.0), Just(20.0), Just(25.0), Just(40.0)];
    [limit(), limit()]
}

fn config() -> impl Strategy<Value = Config> {
    (limits(), 2usize..150, 0.0..=100.0, 40.0..70.0, 30.0..50.0, 1u32..4).prop_map(
        |(limits, adaptive_window, vol_high_percentile, rsi_bullish, rsi_bearish, threshold)| Config {
            adx_trending: limits[0],
            adx_sideways: limits[1],
            adaptive_window,
            vol_high_percentile,
            rsi_bullish,
            rsi_bearish,
            momentum_score_threshold: threshold,
            ..Config::default()
        },
    )
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn labels_are_those_of_the_specification(candles in candles(1..20)) {
        let expected = market::labels(&candles, 25.0, 20.0);
        for (i, label) in of(&candles).iter().enumerate() {
            prop_assert_eq!(row(label), expected[i], "at {}", i);
        }
    }

    #[test]
    fn both_limits_of_the_adx_act(candles in candles(1..20), [trending, sideways] in limits()) {
        let config = Config { adx_trending: trending, adx_sideways: sideways, ..Config::default() };
        let expected = market::labels(&candles, trending, sideways);
        let got = labels(&candles.high, &candles.low, &candles.close, &config);
        for (i, label) in got.iter().enumerate() {
            prop_assert_eq!(row(label), expected[i], "at {}", i);
        }
    }

    #[test]
    fn equal_versions_give_equal_labels(candles in candles(4..20), one in config(), other in limits()) {
        let other = Config { adx_trending: other[0], adx_sideways: other[1], ..one };
        let of = |config| labels(&candles.high, &candles.low, &candles.close, config);
        if one.version() == other.version() {
            prop_assert_eq!(of(&one), of(&other));
        }
    }

    #[test]
    fn volatility_is_compared_with_the_candles_before(
        candles in candles(1..12),
        window in 2usize..130,
        percent in 0.0..=100.0,
    ) {
        let config = Config { adaptive_window: window, vol_high_percentile: percent, ..Config::default() };
        let known = candles.map(|v| v.iter().map(|v| if v.is_finite() { *v } else { f64::NAN }).collect());
        let expected = market::volatility(&known, window, percent);
        let got = labels(&candles.high, &candles.low, &candles.close, &config);
        for (i, label) in got.iter().enumerate() {
            prop_assert_eq!(label.volatility.as_str(), expected[i].unwrap_or("low"), "at {}", i);
        }
    }

    #[test]
    fn later_candles_change_nothing(candles in candles(1..12), cut in 0.0..1.0) {
        let n = (candles.len() as f64 * cut) as usize;
        prop_assert_eq!(&of(&candles)[..n], &of(&candles.head(n))[..]);
    }

    #[test]
    fn resumed_is_as_gone_on_with(candles in candles(1..12), cut in 0.0..1.0, config in config()) {
        let n = (candles.len() as f64 * cut) as usize;
        let whole = labels(&candles.high, &candles.low, &candles.close, &config);
        let mut machine = Machine::new(&config);
        let mut other = machine.clone();
        for (i, [high, low, close]) in candles.rows().enumerate() {
            if i == n {
                let bytes = machine.encode();
                machine = Machine::decode(&bytes).expect("own bytes");
                prop_assert_eq!(machine.encode(), bytes);
            }
            prop_assert_eq!(machine.push(high, low, close), whole[i], "at {}", i);
            other.push(high, low, close);
        }
        prop_assert_eq!(machine.candles(), candles.len() as u64);
        prop_assert_eq!(machine.encode(), other.encode());
    }

    #[test]
    fn labels_do_not_depend_on_the_unit(candles in candles(1..12), power in -20i32..20) {
        let scaled = candles.map(|values| values.iter().map(|v| v * 2f64.powi(power)).collect());
        prop_assert_eq!(of(&scaled), of(&candles));
    }

    #[test]
    fn confidence_takes_few_values(candles in candles(1..20)) {
        for label in of(&candles) {
            let parts = [0.0, -0.1, 0.15, 0.3].into_iter().flat_map(|adx| [0.0, -0.1, 0.2].map(|fit| (adx, fit)));
            let reachable = parts.flat_map(|(adx, fit)| {
                [0.0, 1.0, 2.0, 3.0].map(|undefined| 0.5 + adx + fit - undefined * 0.1)
            });
            prop_assert!(reachable.into_iter().any(|c: f64| c.clamp(0.0, 1.0) == label.confidence), "{label:?}");
            prop_assert!(label.simplified == Simplified::of(label.trend, label.volatility, label.momentum));
        }
    }

    #[test]
    fn anything_can_be_pushed(
        prices in proptest::collection::vec(any::<[f64; 3]>(), 0..300),
        config in config(),
    ) {
        let candles = Candles::of_rows(&prices);
        for label in labels(&candles.high, &candles.low, &candles.close, &config) {
            prop_assert!((0.0..=1.0).contains(&label.confidence));
        }
    }

    #[test]
    fn damaged_bytes_are_not_gone_on_with(candles in candles(1..4), at in any::<prop::sample::Index>()) {
        let mut machine = Machine::new(&Config::default());
        candles.rows().for_each(|[high, low, close]| {
            machine.push(high, low, close);
        });
        let mut bytes = machine.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1;
        prop_assert!(Machine::decode(&bytes).is_none());
        prop_assert!(Machine::decode(&bytes[..at]).is_none());
    }
}

/// Labels of the first candle, by hand: RSI and ADX are undefined.
#[test]
fn the_first_candle_is_a_range_of_confidence_0_3() {
    let expected = Label {
        trend: Trend::Neutral,
        volatility: Volatility::Low,
        momentum: Momentum::Weak,
        simplified: Simplified::Range,
        confidence: 0.3,
        warmup: true,
    };
    assert_eq!(of(&closes([1.0])), [expected]);
    assert_eq!(of(&closes([])), []);
    assert_eq!(expected.full(), "NEUTRAL_LOWVOL_WEAK");
}

#[test]
fn a_constant_price_never_leaves_its_range() {
    for label in of(&closes([0.3; 400])) {
        // RSI and ADX stay undefined: no gain, no loss, no direction.
        assert_eq!((label.full(), label.confidence), ("NEUTRAL_LOWVOL_WEAK", 0.3));
    }
}

#[test]
fn a_steady_rise_is_a_trend_from_the_50th_candle_on() {
    let labels = of(&closes((0..300).map(|i| 100.0 + f64::from(i))));
    let first = |test: fn(&Label) -> bool| labels.iter().position(test);
    // ROC first, at 12; RSI, 100 without a loss, at 13.
    assert_eq!(first(|l| l.momentum == Momentum::Bullish), Some(13));
    assert_eq!(first(|l| l.trend == Trend::Uptrend), Some(49));
    assert_eq!(first(|l| !l.warmup), Some(199));
    assert!(labels[49..].iter().all(|l| l.simplified == Simplified::TrendUp && l.confidence == 1.0));
    let down = of(&closes((0..300).map(|i| 500.0 - f64::from(i))));
    assert!(down[49..].iter().all(|l| l.simplified == Simplified::TrendDown && l.confidence == 1.0));
}

/// ATR / close is 0.01 and nothing else moves: under the default 0.015 up to candle 48, and from 49 on
/// compared with the 30 equal values before.
#[test]
fn thresholds_adapt_from_the_49th_candle_on() {
    let calm = [100.5, 99.5, 100.0];
    let wilder = |at: usize| {
        let mut rows = [calm; 60];
        rows[at] = [100.6, 99.5, 100.0];
        of(&Candles::of_rows(&rows)).iter().map(|l| l.volatility).collect::<Vec<_>>()
    };
    // A little more of a range, in the mean of 14 candles, is high only to an adapted threshold. It is
    // above those of the candles before it, and itself not among them.
    let adapted = wilder(49);
    assert!(adapted[..49].iter().all(|v| *v == Volatility::Low));
    assert_eq!(adapted[49], Volatility::High);
    let early = wilder(34);
    assert!(early[..49].iter().all(|v| *v == Volatility::Low));
    // 14 of the 30 values are the higher one, so that the threshold is too: not above it.
    assert!(early[49..].iter().all(|v| *v == Volatility::Low));
}

#[test]
fn a_zero_close_has_low_volatility_and_is_compared_with_nothing() {
    let mut rows = [[120.0, 80.0, 100.0]; 80];
    assert!(of(&Candles::of_rows(&rows))[19..49].iter().all(|l| l.volatility == Volatility::High));
    rows[30][2] = 0.0;
    let labels = of(&Candles::of_rows(&rows));
    assert_eq!(labels[30].volatility, Volatility::Low);
    assert_eq!(labels[31].volatility, Volatility::High);
}

#[test]
fn an_unknown_close_undoes_its_windows_and_no_more() {
    let mut rows: Vec<_> = (0..500).map(|i| [101.0, 99.0, 100.0].map(|v| v + f64::from(i))).collect();
    rows[250][2] = f64::NAN;
    let labels = of(&Candles::of_rows(&rows));
    let neutral: Vec<_> = (49..500).filter(|i| labels[*i].trend == Trend::Neutral).collect();
    assert_eq!(neutral, (250..300).collect::<Vec<_>>());
    // Its own ROC and that of the candle 12 later.
    let weak: Vec<_> = (13..500).filter(|i| labels[*i].momentum == Momentum::Weak).collect();
    assert_eq!(weak, [250, 262]);
}

/// The worked example: `{"adx_trending": 15}` acts in the confidence and, as `adx_sideways` is 20, no trend has an
/// ADX below that.
#[test]
fn a_low_limit_of_the_adx_acts_in_trend_and_confidence() {
    let close = (0..400).map(|i| {
        let i = f64::from(i);
        100.0 * (0.001 * i + 0.02 * (i / 9.0).sin() + 0.02 * (i * i).sin()).exp()
    });
    let candles = Candles::of_rows(&close.map(|c| [1.01 * c, 0.99 * c, c]).collect::<Vec<_>>());
    let of = |adx_trending, adx_sideways| {
        let config = Config { adx_trending, adx_sideways, ..Config::default() };
        let labels = labels(&candles.high, &candles.low, &candles.close, &config);
        let uptrends = labels.iter().filter(|l| l.trend == Trend::Uptrend).count();
        let mean = labels.iter().map(|l| l.confidence).sum::<f64>() / labels.len() as f64;
        (uptrends, (mean * 1e4).round() / 1e4)
    };
    assert_eq!(of(15.0, 20.0), (7, 0.4749));
    // The order of the two limits does not matter to the trend; it does to the confidence.
    assert_eq!(of(20.0, 15.0).0, 7);
    assert!(of(15.0, 0.0).0 > 7);
}
