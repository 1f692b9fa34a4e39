//! Laws of what came after (specification 5, section 8), against the specification read naively: every bar, window
//! and pair looked at one by one.

use std::ops::Range;

use crate::common::cases;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::market_states::after::{
    Asked, Direction, Event, Fall, Sample, Share, Warning, concentration, events, lead_times, moves, outcomes,
};
use regime_core::market_states::{Bucket, rolling_percentile};
use regime_core::math::windows::{MidRanks, folded};

#[derive(Clone, Debug)]
struct Bars {
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    buckets: Vec<Option<Bucket>>,
}

impl Bars {
    fn prices(&self) -> [&[f64]; 3] {
        [&self.high, &self.low, &self.close]
    }

    fn n(&self) -> usize {
        self.close.len()
    }
}

/// Closes of few values, so that equal ones are common, or a walk; buckets from any bar on, with holes.
fn bars() -> impl Strategy<Value = Bars> {
    let close = prop_oneof![
        select(vec![1.0, 2.0, 2.5, 4.0]),
        (0.1..10.0f64).prop_map(|x| (x * 10.0).round() / 10.0),
    ];
    let bucket = select(vec![Bucket::Low, Bucket::Low, Bucket::Med, Bucket::High]);
    let bar = (close, 0.0..0.5f64, 0.0..0.5f64, option::weighted(0.95, bucket));
    (vec(bar, 0..90), 0usize..10).prop_map(|(bars, first)| Bars {
        high: bars.iter().map(|(c, up, ..)| c * (1.0 + up)).collect(),
        low: bars.iter().map(|(c, _, down, _)| c * (1.0 - down)).collect(),
        close: bars.iter().map(|(c, ..)| *c).collect(),
        buckets: bars.iter().enumerate().map(|(i, bar)| bar.3.filter(|_| i >= first)).collect(),
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let fall = prop_oneof![
        select(vec![0.1, 0.5, 1.0, 2.0, 10.0]).prop_map(Fall::Atr),
        select(vec![0.05, 0.2, 0.5, 0.9]).prop_map(Fall::Share),
    ];
    (1usize..12, 1usize..12, fall).prop_map(|(horizon, lookback, fall)| Asked { horizon, lookback, fall })
}

fn near(got: f64, expected: f64) -> bool {
    (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

fn ratio(a: usize, b: usize) -> f64 {
    if b == 0 { f64::NAN } else { a as f64 / b as f64 }
}

/// The bounds as the specification writes these.
fn wilson(p: f64, m: usize) -> [f64; 2] {
    let (z, m) = (1.959963984540054f64, m as f64);
    let reach = z * (p * (1.0 - p) / m + z * z / (4.0 * m * m)).sqrt();
    [-1.0, 1.0].map(|sign| {
        let bound = (p + z * z / (2.0 * m) + sign * reach) / (1.0 + z * z / m);
        if bound.is_nan() { bound } else { bound.clamp(0.0, 1.0) }
    })
}

/// ATR14 of a bar; near, not equal to, the running mean.
fn atr(bars: &Bars, i: usize) -> Option<f64> {
    let range = |i: usize| {
        let before = if i == 0 { f64::NAN } else { bars.close[i - 1] };
        let (h, l) = (bars.high[i], bars.low[i]);
        (h - l).max((h - before).abs()).max((l - before).abs())
    };
    let mean = |i: usize| (i - 13..=i).map(range).sum::<f64>() / 14.0;
    (i >= 13).then(|| mean(i)).filter(|mean| *mean > 1e-12)
}

/// Whether a bar is an anchor; `None` where the rounding of the mean decides.
fn is_anchor(bars: &Bars, i: usize, direction: Direction, asked: &Asked) -> Option<bool> {
    let h = asked.horizon;
    if i + h >= bars.n() {
        return Some(false);
    }
    let close = &bars.close;
    match asked.fall {
        Fall::Share(share) => {
            let lowest = close[i + 1..=i + h].iter().copied().fold(f64::INFINITY, f64::min);
            Some(direction == Direction::Down && lowest / close[i] - 1.0 <= -share)
        }
        Fall::Atr(multiple) => {
            let Some(atr) = atr(bars, i) else { return Some(false) };
            let sign = if direction == Direction::Down { -1.0 } else { 1.0 };
            let over = sign * (close[i + h] - close[i]) - multiple * atr;
            (over.abs() > 1e-9).then_some(over > 0.0)
        }
    }
}

fn warning(bars: &Bars, start: usize, lookback: usize) -> Option<Warning> {
    let before = bars.buckets.get(start.checked_sub(lookback)?..start)?;
    let highs = || (start - lookback..start).filter(|i| bars.buckets[*i] == Some(Bucket::High));
    before
        .iter()
        .all(Option::is_some)
        .then(|| Warning { first_high: highs().next(), high_bars: highs().count() })
}

/// Whether an event of some starts within a range of bars.
fn starts_in(events: &[Event], bars: Range<usize>) -> bool {
    events.iter().any(|event| bars.contains(&event.start))
}

/// The moment of a day of a year from 2000 to 2099, in microseconds since 2000.
fn time_of(year: i64, day: i64) -> i64 {
    let first = (year - 2000) * 365 + (year - 1997) / 4;
    (first + day.min(364)) * MICROS_PER_DAY + 7
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_fold_is_that_of_each_window(values in vec(-9i64..9, 0..50), width in 1usize..60) {
        let expected: Vec<i64> = values.windows(width).map(|w| w.iter().copied().min().expect("one")).collect();
        prop_assert_eq!(folded(&values, width, i64::min), expected);
        // Not commutative: the order is kept.
        let texts: Vec<(usize, usize)> = (0..values.len()).map(|i| (i, i)).collect();
        let joined = folded(&texts, width, |(a, b), (c, d)| { assert_eq!(b + 1, c); (a, d) });
        prop_assert!(joined.iter().enumerate().all(|(i, j)| *j == (i, i + width - 1)));
    }

    #[test]
    fn a_mid_rank_is_a_count(
        values in vec(prop_oneof![4 => select(vec![-1.0, -0.0, 0.0, 0.5, 2.0]), 2 => -1.0..1.0f64, 1 => Just(f64::NAN)], 1..40),
        steps in vec((any::<prop::sample::Index>(), any::<bool>()), 0..80),
    ) {
        let mut ranks = MidRanks::new(&values);
        let mut within: Vec<usize> = Vec::new();
        for (index, put) in steps {
            let index = index.index(values.len());
            if put {
                ranks.put(index);
                within.push(index);
            } else if let Some(at) = within.iter().position(|i| *i == index) {
                ranks.take(index);
                within.swap_remove(at);
            }
            for (i, value) in values.iter().enumerate() {
                let below = within.iter().filter(|j| values[**j] < *value).count() as f64;
                let equal = within.iter().filter(|j| values[**j] == *value).count() as f64;
                let expected = if value.is_nan() { f64::NAN } else { below + (equal + 1.0) / 2.0 };
                prop_assert!(ranks.mid_rank(i) == expected || value.is_nan() && ranks.mid_rank(i).is_nan());
            }
        }
    }

    #[test]
    fn a_rolling_percentile_is_a_count(
        values in vec(prop_oneof![9 => select(vec![0.1, 0.3, 0.30000000000000004, 0.9]), 1 => Just(f64::NAN)], 0..60),
        window in 2usize..20,
    ) {
        let got = rolling_percentile(&values, window);
        prop_assert_eq!(got.len(), values.len());
        for (i, got) in got.into_iter().enumerate() {
            let last = if i + 1 < window { &[f64::NAN][..] } else { &values[i + 1 - window..=i] };
            let below = last.iter().filter(|x| **x < values[i]).count() as f64;
            let equal = last.iter().filter(|x| **x == values[i]).count() as f64;
            match last.iter().any(|x| x.is_nan()) {
                true => prop_assert!(got.is_nan()),
                false => prop_assert_eq!(got, (below + (equal + 1.0) / 2.0) / window as f64),
            }
        }
    }

    #[test]
    fn events_are_the_anchors_in_groups(bars in bars(), asked in asked()) {
        let got = events(bars.prices(), &bars.buckets, &asked);
        prop_assert!(got.is_sorted_by_key(|event| (event.start, event.direction as u8)));
        for direction in [Direction::Down, Direction::Up] {
            let known: Vec<Option<bool>> = (0..bars.n()).map(|i| is_anchor(&bars, i, direction, &asked)).collect();
            if known.contains(&None) {
                continue;
            }
            let own: Vec<&Event> = got.iter().filter(|event| event.direction == direction).collect();
            let mut anchors = (0..bars.n()).filter(|i| known[*i] == Some(true)).peekable();
            for event in own {
                let start = anchors.next();
                prop_assert_eq!(Some(event.start), start);
                let (mut last, mut count) = (event.start, 1);
                while let Some(next) = anchors.next_if(|next| *next <= last + asked.horizon) {
                    (last, count) = (next, count + 1);
                }
                prop_assert_eq!((event.end, event.anchors), (last + asked.horizon, count));
                prop_assert!(event.end < bars.n());
                prop_assert_eq!(event.complete, event.end + asked.horizon < bars.n());
                prop_assert_eq!(event.warning, warning(&bars, event.start, asked.lookback));
                let signed = |i: usize| if direction == Direction::Down { bars.close[i] } else { -bars.close[i] };
                let most = (event.start..=event.end).map(signed).fold(f64::INFINITY, f64::min);
                prop_assert_eq!((event.start..=event.end).find(|i| signed(*i) == most), Some(event.extreme));
                let (from, to) = (bars.close[event.start], bars.close[event.extreme]);
                prop_assert_eq!(event.change, to / from - 1.0);
                let in_atr = atr(&bars, event.start).map_or(f64::NAN, |atr| (to - from) / atr);
                prop_assert!(near(event.change_atr, in_atr), "{:?}", event);
            }
            prop_assert_eq!(anchors.next(), None);
        }
    }

    #[test]
    fn lead_times_are_counts(bars in bars(), asked in asked()) {
        let all = events(bars.prices(), &bars.buckets, &asked);
        let got = lead_times(bars.prices(), &bars.buckets, &asked);
        let directions: Vec<Direction> = got.iter().map(|row| row.direction).collect();
        prop_assert_eq!(&directions, asked.fall.directions());
        let (n, h, l) = (bars.n(), asked.horizon, asked.lookback);
        let is_high = |i: usize| bars.buckets[i] == Some(Bucket::High);
        for row in got {
            let own: Vec<Event> = all.iter().filter(|e| e.direction == row.direction).copied().collect();
            let judged: Vec<(usize, Warning)> = own.iter().filter_map(|e| Some((e.start, e.warning?))).collect();
            let leads: Vec<usize> = judged.iter().filter_map(|(s, w)| Some(s - w.first_high?)).collect();
            prop_assert_eq!((row.events, row.judged, row.hits), (own.len(), judged.len(), leads.len()));
            prop_assert!(near(row.hit_rate.share, ratio(leads.len(), judged.len())));
            let [low, high] = wilson(row.hit_rate.share, judged.len());
            prop_assert!(near(row.hit_rate.low, low) && near(row.hit_rate.high, high));
            let bases: Vec<Warning> = (l..n).filter(|i| i + h < n).filter_map(|i| warning(&bars, i, l)).collect();
            let base = ratio(bases.iter().filter(|w| w.high_bars > 0).count(), bases.len());
            prop_assert!(near(row.base_rate, base));
            let lift = if base == 0.0 { f64::NAN } else { row.hit_rate.share / base };
            prop_assert!(near(row.lift, lift));
            prop_assert!(near(row.mean_lead, ratio(leads.iter().sum(), leads.len())));
            // As many leads at or above the median as at or below.
            let at_most = leads.iter().filter(|x| **x as f64 <= row.median_lead).count();
            let at_least = leads.iter().filter(|x| **x as f64 >= row.median_lead).count();
            prop_assert!(2 * at_most >= leads.len() && 2 * at_least >= leads.len());
            prop_assert_eq!(row.median_lead.is_nan(), leads.is_empty());

            let (mut alarms, mut late, mut wrong) = (0, 0, 0);
            for a in (0..n).filter(|a| is_high(*a) && (*a == 0 || !is_high(a - 1))) {
                let b = (a..n).take_while(|i| is_high(*i)).last().expect("a itself");
                if b + l + h > n - 1 {
                    continue;
                }
                alarms += 1;
                if !starts_in(&own, a + 1..b + l + 1) {
                    let within = own.iter().any(|e| e.start <= a && a <= e.end);
                    *(if within { &mut late } else { &mut wrong }) += 1;
                }
            }
            prop_assert_eq!((row.alarms, row.late_alarms, row.false_alarms), (alarms, late, wrong));
            prop_assert!(near(row.false_alarm_rate, ratio(wrong, alarms)));
            let known: Vec<usize> = (0..n).filter(|i| bars.buckets[*i].is_some()).collect();
            prop_assert!(near(row.high_share, ratio(known.iter().filter(|i| is_high(**i)).count(), known.len())));
            for (got, of) in [(row.high_followed, true), (row.any_followed, false)] {
                let of: Vec<usize> =
                    known.iter().copied().filter(|i| i + l + h < n && (!of || is_high(*i))).collect();
                let count = of.iter().filter(|i| starts_in(&own, **i + 1..**i + l + 1)).count();
                prop_assert!(near(got, ratio(count, of.len())));
            }
        }
    }

    /// A later bar lengthens an incomplete event, and changes nothing else.
    #[test]
    fn later_bars_change_no_complete_event(bars in bars(), asked in asked(), cut in 0usize..90) {
        let cut = cut.min(bars.n());
        let early = Bars {
            high: bars.high[..cut].to_vec(),
            low: bars.low[..cut].to_vec(),
            close: bars.close[..cut].to_vec(),
            buckets: bars.buckets[..cut].to_vec(),
        };
        let all = events(bars.prices(), &bars.buckets, &asked);
        for event in events(early.prices(), &early.buckets, &asked) {
            let same = all.iter().any(|e| format!("{e:?}") == format!("{event:?}"));
            let longer = all.iter().any(|e| (e.direction, e.start) == (event.direction, event.start) && e.end >= event.end);
            prop_assert!(if event.complete { same } else { longer }, "{:?}", event);
        }
    }

    #[test]
    fn outcomes_are_counts(
        bars in bars(), horizon in 1usize..12, from in 0usize..30, to in 0usize..100,
        thresholds in vec(select(vec![-0.05, -0.2, -0.2, -0.5, -0.9, 0.0]), 1..4),
    ) {
        let (n, wanted) = (bars.n(), from..to);
        let got = outcomes(&bars.close, &bars.buckets, wanted.clone(), horizon, &thresholds);
        prop_assert_eq!(got.len(), 4 * thresholds.len());
        let kinds = [Some(Bucket::Low), Some(Bucket::Med), Some(Bucket::High), None];
        let mut low_share = f64::NAN;
        for (k, row) in got.iter().enumerate() {
            prop_assert_eq!((row.bucket, row.threshold), (kinds[k % 4], thresholds[k / 4]));
            let own: Vec<usize> = (0..n)
                .filter(|i| wanted.contains(i) && i + horizon < n)
                .filter(|i| bars.buckets[*i].is_some_and(|b| row.bucket.is_none_or(|of| of == b)))
                .collect();
            let returns: Vec<f64> = own.iter().map(|i| bars.close[i + horizon] / bars.close[*i] - 1.0).collect();
            let fall = |i: usize| {
                let pairs = (i..=i + horizon).flat_map(|j| (j..=i + horizon).map(move |k| (j, k)));
                pairs.map(|(j, k)| bars.close[k] / bars.close[j] - 1.0).fold(0.0, f64::min)
            };
            let falls: Vec<f64> = own.iter().map(|i| fall(*i)).collect();
            let mut independent: Vec<usize> = Vec::new();
            for i in &own {
                if independent.last().is_none_or(|last| i - last >= horizon) {
                    independent.push(*i);
                }
            }
            let tail = returns.iter().filter(|r| **r <= row.threshold).count();
            prop_assert_eq!((row.n, row.n_independent, row.tail_n), (own.len(), independent.len(), tail));
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!(near(row.mean_return, mean(&returns)) && near(row.mean_drawdown, mean(&falls)));
            let least = |values: &[f64]| values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
            prop_assert!(near(row.worst_return, least(&returns)) && near(row.worst_drawdown, least(&falls)));
            let mut sorted = returns.clone();
            sorted.sort_by(f64::total_cmp);
            let median = match sorted.len() {
                0 => f64::NAN,
                n => (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
            };
            prop_assert!(near(row.median_return, median));
            prop_assert!(near(row.tail.share, ratio(tail, own.len())));
            let [low, high] = wilson(row.tail.share, independent.len());
            prop_assert!(near(row.tail.low, low) && near(row.tail.high, high));
            if row.bucket == Some(Bucket::Low) {
                low_share = row.tail.share;
            }
            let to_low = if low_share == 0.0 { f64::NAN } else { row.tail.share / low_share };
            prop_assert!(near(row.ratio_to_low, to_low));
        }
    }

    #[test]
    fn concentration_is_the_shares_of_each_sample(
        bars in bars(), horizon in 1usize..12, threshold in select(vec![-0.05, -0.2, -0.5]), days in 1i64..40,
    ) {
        let (n, year) = (bars.n(), |i: usize| 2000 + i as i64 * days / 366);
        let times: Vec<i64> = (0..n).map(|i| time_of(year(i), i as i64 * days % 366)).collect();
        let rows: Vec<usize> = (0..n).filter(|i| i + horizon < n && bars.buckets[*i].is_some()).collect();
        let third = rows.len() / 3;
        let depth = |i: usize| {
            let peak = bars.close[i.saturating_sub(199)..=i].iter().copied().fold(0.0, f64::max);
            bars.close[i] / peak - 1.0
        };
        let mut deepest = rows.clone();
        deepest.sort_by(|a, b| depth(*a).total_cmp(&depth(*b)).then(a.cmp(b)));
        deepest.truncate(rows.len() / 20);
        let mut years: Vec<i64> = rows.iter().map(|i| year(*i)).collect();
        years.dedup();
        let mut samples = vec![Sample::All, Sample::First, Sample::Middle, Sample::Last, Sample::WithoutDeepest];
        samples.extend(years.into_iter().map(Sample::WithoutYear));
        let got = concentration(&times, &bars.close, &bars.buckets, horizon, threshold);
        prop_assert_eq!(got.iter().map(|row| row.sample).collect::<Vec<_>>(), samples);
        for row in got {
            let is_in = |k: usize, i: usize| match row.sample {
                Sample::All => true,
                Sample::First => k < third,
                Sample::Middle => k >= third && k < rows.len() - third,
                Sample::Last => k >= rows.len() - third,
                Sample::WithoutDeepest => !deepest.contains(&i),
                Sample::WithoutYear(of) => year(i) != of,
            };
            let of = |bucket| {
                let own: Vec<usize> = rows
                    .iter()
                    .enumerate()
                    .filter(|(k, i)| is_in(*k, **i) && bars.buckets[**i] == Some(bucket))
                    .map(|(_, i)| *i)
                    .collect();
                let (mut m, mut last) = (0, None);
                for i in &own {
                    if last.is_none_or(|last| i - last >= horizon) {
                        (m, last) = (m + 1, Some(*i));
                    }
                }
                let tail = |i: &&usize| bars.close[**i + horizon] / bars.close[**i] - 1.0 <= threshold;
                (own.len(), own.iter().filter(tail).count(), m)
            };
            for ((n, tail, m), got_n, got) in
                [(of(Bucket::High), row.high_n, row.high), (of(Bucket::Low), row.low_n, row.low)]
            {
                prop_assert_eq!(got_n, n);
                let Share { share, low, high } = got;
                prop_assert!(near(share, ratio(tail, n)));
                let [from, to] = wilson(share, m);
                prop_assert!(near(low, from) && near(high, to));
            }
            prop_assert!(near(row.difference, row.high.share - row.low.share));
            let to_low = if row.low.share == 0.0 { f64::NAN } else { row.high.share / row.low.share };
            prop_assert!(near(row.ratio, to_low));
        }
    }

    #[test]
    fn moves_are_the_largest_distances(bars in bars(), horizon in 1usize..12, min_bars in 0usize..50) {
        let (n, close) = (bars.n(), &bars.close);
        let forward: Vec<f64> = (0..n)
            .map(|i| match close.get(i + 1..=i + horizon) {
                Some(later) => later.iter().map(|c| (c / close[i] - 1.0).abs()).fold(0.0, f64::max),
                None => f64::NAN,
            })
            .collect();
        let got = moves(close, horizon, min_bars);
        prop_assert_eq!(got.len(), n);
        for (i, row) in got.into_iter().enumerate() {
            prop_assert!(row.forward == forward[i] || row.forward.is_nan() && forward[i].is_nan());
            let below = forward[..=i].iter().filter(|x| **x < forward[i]).count() as f64;
            let equal = forward[..=i].iter().filter(|x| **x == forward[i]).count() as f64;
            let expected = match i >= min_bars && !forward[i].is_nan() {
                true => (below + (equal + 1.0) / 2.0) / (i + 1) as f64,
                false => f64::NAN,
            };
            prop_assert!(row.percentile == expected || row.percentile.is_nan() && expected.is_nan());
            prop_assert_eq!(row.is_event(), (!expected.is_nan()).then_some(expected >= 0.95));
            let least = [0.90, 0.95, 0.975, 0.99].into_iter().filter(|least| expected >= *least).count();
            prop_assert_eq!(row.severity().map_or(0, |severity| severity as usize + 1), least);
        }
    }
}
