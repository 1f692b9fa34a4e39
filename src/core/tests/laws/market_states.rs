//! Laws of market states.

use crate::common::cases;
use crate::common::states::{Stored, bars, eras, flat, levels, naive_escalation, naive_levels, of, times};
use crate::common::synthetic::{DAY, Rng};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::market_states::{
    Bar, Bias, Bucket, Eras, InMemory, Metrics, Note, Notes, Pace, Posture, Row, Series, StateLabel, Term,
};

/// Days at which eras start.
fn starts() -> impl Strategy<Value = Vec<i64>> {
    vec(select(vec![i64::MIN, 0, 40, 100, 250, 271, 272, 273, 300, 400, 500, 1_000]), 0..3)
}

/// Each row whole, as text that tells -0 from 0.
fn text(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{row:?}")).collect()
}

/// What columns that are never NULL must be: known, and in their range.
fn is_stored(row: &Row) -> bool {
    let m = &row.metrics;
    let unit = [
        row.verdict.confidence,
        m.risk_level,
        m.volatility_score,
        m.breakout_up,
        m.breakout_down,
        m.downside_shock_risk,
        m.efficiency_ratio,
        m.impulse_intensity,
        m.liquidity_score,
        m.instability_index,
    ];
    let both = [m.market_bias, m.structural_score, m.momentum_score, m.asymmetry];
    let unit_if_known = [row.escalation, row.era_confidence, row.percentile];
    let levels = [m.supports, m.resistances];
    unit.iter().chain(unit_if_known.iter().flatten()).all(|v| (0.0..=1.0).contains(v))
        && both.iter().all(|v| (-1.0..=1.0).contains(v))
        && levels.iter().flat_map(|side| side.iter()).all(|level| {
            level.price.is_finite() && (0.35..=1.0).contains(&level.strength) && level.candidates != [0; 3]
        })
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn later_bars_change_nothing(bars in bars(1..14), starts in starts(), cut in 0.0..1.0) {
        let n = (bars.len() as f64 * cut) as usize;
        prop_assert_eq!(&of(&bars, &starts)[..n], &of(&bars[..n], &starts)[..]);
    }

    #[test]
    fn resumed_is_as_gone_on_with(bars in bars(1..16), starts in starts(), parts in vec(1usize..120, 1..40)) {
        let eras = eras(&starts);
        let times = times(bars.len());
        let mut stored = Stored::default();
        stored.apply(Series::new(InMemory).seal());
        let mut whole = Series::new(InMemory);
        let (mut rest, mut parts) = (&bars[..], parts.into_iter().cycle());
        let mut from = 0;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(parts.next().unwrap_or(1).min(rest.len()));
            let mut resumed = stored.resume();
            prop_assert_eq!(resumed.bars(), from as u64);
            for (bar, time) in part.iter().zip(&times[from..]) {
                let Ok(row) = resumed.push(bar, *time, &eras);
                let Ok(expected) = whole.push(bar, *time, &eras);
                prop_assert_eq!(text(&[row]), text(&[expected]));
            }
            let sealed = resumed.seal();
            stored.apply(sealed);
            (rest, from) = (later, from + part.len());
        }
        let mut at_once = Stored::default();
        at_once.apply(whole.seal());
        prop_assert_eq!(&at_once.state, &stored.state);
        // A block of bars that is out of reach is left behind.
        let of_trees = |stored: &Stored| stored.nodes.keys().filter(|(tree, _)| *tree < 6).count();
        prop_assert_eq!(of_trees(&at_once), of_trees(&stored));
        prop_assert!(at_once.nodes.iter().all(|(key, bytes)| stored.nodes.get(key) == Some(bytes)));
        // Nothing new, nothing to store.
        prop_assert_eq!(stored.resume().seal().nodes, []);
    }

    #[test]
    fn levels_are_those_of_the_specification(bars in bars(6..14)) {
        let rows = of(&bars, &[]);
        for n in (250..=bars.len()).step_by(7) {
            prop_assert_eq!(levels(&rows[n - 1]), naive_levels(&bars[..n]), "at {}", n - 1);
        }
    }

    #[test]
    fn ranks_are_counted(bars in bars(8..16), starts in starts()) {
        let expected = naive_escalation(&bars, &starts);
        for (i, row) in of(&bars, &starts).iter().enumerate() {
            let start = row.era_start.map(|start| (start / DAY) as f64);
            let start = if row.era_start == Some(i64::MIN) { Some(i64::MIN as f64) } else { start };
            prop_assert_eq!([row.escalation, start, row.era_confidence, row.percentile], expected[i], "at {}", i);
            prop_assert_eq!(row.bucket, row.percentile.map(Bucket::of));
        }
    }

    #[test]
    fn a_later_era_changes_nothing_before(bars in bars(8..16), starts in starts(), more in 0i64..700) {
        let (before, mut with) = (of(&bars, &starts), starts.clone());
        with.push(more);
        let after = of(&bars, &with);
        let times = starts.iter().map(|day| day.saturating_mul(DAY)).collect();
        let from = eras(&with).first_difference(Eras::new("1d", times).until(i64::MAX));
        let same = from.map_or(bars.len(), |from| (from / DAY).clamp(0, bars.len() as i64) as usize);
        // A start that is not later than the others changes nothing before its time either.
        prop_assert_eq!(&after[..same], &before[..same]);
        let others = |rows: &[Row]| rows.iter().map(|r| (r.verdict, r.metrics, r.escalation)).collect::<Vec<_>>();
        prop_assert_eq!(others(&after), others(&before));
    }

    #[test]
    fn any_prices_make_rows(
        prices in vec([-100i32..=100, -100..=100, -100..=100, -100..=100], 1..40),
        near in any::<bool>(),
        seed in any::<u64>(),
        n in 1usize..420,
    ) {
        let mut rng = Rng(seed);
        let price = |power: i32, rng: &mut Rng| {
            let power = if near { f64::from(power) / 50.0 - 98.0 } else { f64::from(power) };
            (10f64.powf(power) * [1.0, 1.0, 1.0 + f64::EPSILON, 1.5][rng.below(4)]).clamp(1e-100, 1e100)
        };
        let bars: Vec<Bar> = prices.iter().cycle().take(n).map(|powers| {
            let [open, high, low, close] = powers.map(|power| price(power, &mut rng));
            Bar { open, high, low, close, volume: [0.0, 1e-300, 1e100, f64::NAN, 1.0][rng.below(5)] }
        }).collect();
        let rows = of(&bars, &[100]);
        prop_assert!(rows.iter().all(is_stored));
    }
}

#[test]
fn what_is_noted_is_what_is_computed() {
    let closes = (0..400).map(|i: i32| 100.0 + f64::from(i * i % 97));
    let (bars, eras) = (flat(closes, 7.0), Eras::none("1d"));
    let (mut watched, mut series) = (Series::new(InMemory), Series::new(InMemory));
    for (i, bar) in bars.iter().enumerate() {
        let mut notes = Notes::default();
        let Ok(row) = watched.push_watched(bar, i as i64, &eras, &mut notes);
        assert_eq!(Ok(row), series.push(bar, i as i64, &eras));
        // Whether sums, ranks, rules and gates are of the row.
        let sum = |of: &str| {
            notes.of(of).find_map(|note| match note {
                Note::Sum("", terms) => Some(terms.iter().map(Term::contribution).sum::<f64>()),
                _ => None,
            })
        };
        let near = |sum: Option<f64>, value: f64| sum.is_none_or(|sum| (sum - value).abs() < 1e-15);
        assert!(near(sum("momentum_score"), row.metrics.momentum_score));
        assert!(near(sum("instability_index"), row.metrics.instability_index));
        assert_eq!(sum("momentum_score").is_some(), i >= 24);
        let gate = |of: &str| notes.of(of).any(|note| matches!(note, Note::Gate(_, true)));
        assert_eq!([gate("market_bias"), gate("risk_level")], [i >= 19, i >= 257]);
        let ranks = (1..=5).flat_map(|n| {
            let component = format!("component {n}");
            let ranked =
                |note: &Note| if let Note::Ranked(rank) = note { Some(rank.mid_rank()) } else { None };
            notes.of(&component).filter_map(ranked).collect::<Vec<_>>()
        });
        let ranks: Vec<f64> = ranks.collect();
        assert_eq!(ranks.len(), if i >= 31 { 5 } else { 0 });
        let mean = (i >= 272).then(|| ranks.iter().sum::<f64>() / 5.0);
        assert_eq!(row.escalation, mean);
        let first = notes.of("state_label").find_map(|note| match note {
            Note::Rule(rule, true) => Some(rule.name.contains(row.verdict.label.as_str())),
            _ => None,
        });
        assert!(first.unwrap_or(row.verdict.label == StateLabel::Transition), "at {i}");
    }
}

#[test]
fn every_row_of_1_to_300_bars_is_whole() {
    let mut rng = Rng(7);
    let closes: Vec<f64> = (0..300)
        .scan(50.0, |close, _| {
            *close *= 1.0 + 0.03 * (2.0 * rng.unit() - 1.0);
            Some(*close)
        })
        .collect();
    let bars = flat(closes, 5.0);
    let whole = of(&bars, &[]);
    for n in 0..=300 {
        assert_eq!(of(&bars[..n], &[]), whole[..n]);
    }
    assert!(whole.iter().all(is_stored));
    assert_eq!(whole.iter().position(|row| !row.warmup), Some(272));
    assert_eq!(whole.iter().position(|row| row.escalation.is_some()), Some(272));
    assert_eq!(whole.iter().position(|row| row.metrics.risk_level > 0.0), Some(257));
    let has_levels = |row: &Row| !row.metrics.supports.is_empty() || !row.metrics.resistances.is_empty();
    assert_eq!(whole.iter().position(has_levels), Some(249));
}

#[test]
fn a_constant_price_has_open_gates_of_bars_alone() {
    for close in [1e-100, 0.1, 1.0, 3e7, 1e100] {
        let rows = of(&flat([close; 500], 3.0), &[]);
        for (i, row) in rows.iter().enumerate() {
            // No ATR and no deviation: turnover and gaps are as usual.
            let mut expected = Metrics::CLOSED;
            if i >= 24 {
                expected.liquidity_score = 0.45 * 0.5 + 0.25 + 0.15;
                expected.instability_index = 0.2 * (1.0 - expected.liquidity_score) + 0.15;
            }
            let got = row.metrics;
            assert!((got.liquidity_score - expected.liquidity_score).abs() < 1e-15);
            assert!((got.instability_index - expected.instability_index).abs() < 1e-15);
            expected.liquidity_score = got.liquidity_score;
            expected.instability_index = got.instability_index;
            assert_eq!(got, expected);
            assert_eq!((row.verdict.label, row.verdict.bias), (StateLabel::ChopRisk, Bias::Neutral));
        }
        // All values of all components are equal: each rank is that of the middle.
        let expected = |i: usize| (i as f64 - 31.0 + 1.0 + 1.0) / 2.0 / (i as f64 - 19.0);
        assert!((rows[400].escalation.expect("known") - expected(400)).abs() < 1e-15);
    }
}

#[test]
fn a_price_that_falls_after_a_long_rise_is_seen() {
    let closes = (0..700).map(|i: i32| {
        let up = 100.0 * 1.003f64.powi(i.min(600)) * (1.0 + 0.01 * f64::from(i % 7 - 3) / 3.0);
        up * 0.9f64.powi((i - 600).clamp(0, 8))
    });
    let rows = of(&flat(closes, 1e3), &[]);
    assert_eq!(rows[599].verdict.label, StateLabel::TrendingBull);
    assert_eq!(rows[599].verdict.bias, Bias::Bullish);
    let shock = rows[605..610].iter().find(|row| row.verdict.label == StateLabel::Shock).expect("a shock");
    assert_eq!((shock.verdict.bias, shock.verdict.posture), (Bias::Bearish, Posture::Defensive));
    assert_eq!(shock.bucket, Some(Bucket::High));
    assert_eq!(shock.bucket.map(Bucket::action), Some("HEDGE_OR_CASH"));
}

#[test]
fn a_series_without_volume_has_rows() {
    let closes: Vec<f64> = (0..400).map(|i| 100.0 + 10.0 * (f64::from(i) / 9.0).sin()).collect();
    let [without, zero] = [f64::NAN, 0.0].map(|volume| of(&flat(closes.clone(), volume), &[]));
    assert!(without.iter().all(is_stored));
    assert_eq!(without, zero);
    // Its levels come from pivots and round numbers.
    let levels = &without[399].metrics.supports;
    assert!(!levels.is_empty() && levels.iter().all(|level| level.candidates[1] == 0));
}

#[test]
fn a_percentile_needs_a_quarter_of_a_year_of_its_era() {
    let closes = (0..900).map(|i: i32| 100.0 + f64::from(i * i % 97));
    let bars = flat(closes, 1.0);
    let first = |starts: &[i64]| of(&bars, starts).iter().position(|row| row.percentile.is_some());
    assert_eq!(first(&[]), Some(272 + 63));
    assert_eq!(first(&[i64::MIN]), Some(272));
    assert_eq!(first(&[250]), Some(250 + 63));
    assert_eq!(first(&[300]), Some(300 + 63));
    let at = |starts: &[i64], i: usize| of(&bars, starts)[i];
    assert_eq!(at(&[300], 363).era_confidence, Some(64.0 / 252.0));
    assert_eq!((at(&[300], 299).era_start, at(&[300], 300).era_start), (None, Some(300 * DAY)));
    assert_eq!(at(&[300], 299), at(&[], 299));
}

#[test]
fn a_timeframe_has_its_bars_a_year() {
    let of = |timeframe| {
        let Pace { bars_a_year, min_bars } = Pace::of(timeframe);
        (bars_a_year, min_bars)
    };
    assert_eq!(["1d", "daily", "1D", "3d", "1H ", ""].map(of), [(252, 63); 6]);
    assert_eq!(["1w", "1W", "1week", "weekly"].map(of), [(52, 60); 4]);
    assert_eq!(["4h", "4H"].map(of), [(504, 126); 2]);
    assert_eq!(["1h", "1H", "1hour"].map(of), [(1_512, 378); 3]);
    assert_eq!(["15m", "15min"].map(of), [(6_552, 1_638); 2]);
}

#[test]
fn the_difference_of_eras_is_where_rows_differ() {
    let of = |starts: &[i64]| Eras::new("1d", starts.to_vec());
    let until = |eras: Eras| eras.until(i64::MAX).to_vec();
    assert_eq!(of(&[5, 3, 5]).first_difference(&until(of(&[3, 5]))), None);
    assert_eq!(of(&[3, 5]).first_difference(&until(of(&[3]))), Some(5));
    assert_eq!(of(&[3]).first_difference(&until(of(&[3, 5]))), Some(5));
    assert_eq!(of(&[3, 4]).first_difference(&until(of(&[3, 5]))), Some(4));
    assert_eq!(of(&[]).first_difference(&[]), None);
    assert_eq!((of(&[3, 5]).start(2), of(&[3, 5]).start(3), of(&[3, 5]).start(9)), (None, Some(3), Some(5)));
}

#[test]
fn what_is_stored_of_a_bar_does_not_grow() {
    let mut rng = Rng(3);
    let mut series = Series::new(InMemory);
    let (eras, mut close) = (Eras::none("1d"), 100.0);
    let mut sizes = Vec::new();
    for day in 0..1_500 {
        close *= 1.0 + 0.04 * (2.0 * rng.unit() - 1.0);
        let bar = Bar { open: close, high: 1.01 * close, low: 0.99 * close, close, volume: 1e6 * rng.unit() };
        let Ok(_) = series.push(&bar, day * DAY, &eras);
        let sealed = series.seal();
        assert!(sealed.nodes.iter().all(|change| change.bytes.len() < 1_500));
        sizes.push((sealed.state.len(), sealed.nodes.len()));
    }
    // One leaf per tree, more by a split, and a block of bars.
    assert!(
        sizes.iter().all(|(state, nodes)| *state < 2_500 && *nodes <= 6 * 4 + 1),
        "{:?}",
        sizes.iter().max()
    );
    assert!(sizes[1_499].0 < 1_700, "{:?}", sizes[1_499]);
}
