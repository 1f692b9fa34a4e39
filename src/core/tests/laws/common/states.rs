//! Bars for market states, a store of their nodes, and parts of specification 5 read naively.

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::market_states::{Bar, Eras, Kernels, Node, Nodes, Row, Sealed, Series, Unwatched, rows};

use super::synthetic::{DAY, Rng};

/// The open times of daily bars.
pub fn times(n: usize) -> Vec<i64> {
    (0..n as i64).map(|day| day * DAY).collect()
}

/// The rows of daily bars, with the eras that start at these days.
pub fn of(bars: &[Bar], starts: &[i64]) -> Vec<Row> {
    rows(bars, &times(bars.len()), &eras(starts))
}

/// The daily eras that start at these days.
pub fn eras(starts: &[i64]) -> Eras {
    Eras::new("1d", starts.iter().map(|day| day.saturating_mul(DAY)).collect())
}

/// Bars without range, of these closes, with a volume.
pub fn flat(closes: impl IntoIterator<Item = f64>, volume: f64) -> Vec<Bar> {
    closes.into_iter().map(|close| Bar { open: close, high: close, low: close, close, volume }).collect()
}

/// Stretches of rising, falling and flat prices, each calm, ordinary or wild; some on a grid, where levels are equal,
/// some without volume or with unknown volumes.
pub fn bars(stretches: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Bar>> {
    let stretch = (1usize..60, select(vec![-0.02, 0.0, 0.0, 0.01]), select(vec![0.0, 0.003, 0.02, 0.08]));
    let first = select(vec![1e-8, 0.4, 12.0, 100.0, 1_500.0, 1e6]);
    let shape = (vec(stretch, stretches), any::<u64>(), first, select(vec![0.0, 8.0, 64.0]), 0u8..4);
    shape.prop_map(|(stretches, seed, first, grid, volumes)| {
        let mut rng = Rng(seed);
        let (mut price, mut close) = (first, first);
        let mut bars = Vec::new();
        for (n, drift, wild) in stretches {
            for _ in 0..n {
                price *= 1.0 + drift + wild * (2.0 * rng.unit() - 1.0);
                let on =
                    |v: f64| if grid > 0.0 { (v / first * grid).round().max(1.0) / grid * first } else { v };
                let open = if rng.below(4) == 0 { on(close * (1.0 + wild * rng.unit())) } else { close };
                close = on(price);
                let high = on(open.max(close) * (1.0 + wild * rng.unit()));
                let low = on(open.min(close) / (1.0 + wild * rng.unit()));
                let volume = match volumes {
                    0 => f64::NAN,
                    1 if rng.below(20) == 0 => [-1.0, f64::NAN, 1e101, 0.0][rng.below(4)],
                    2 => 0.0,
                    _ => 1e6 * rng.unit(),
                };
                bars.push(Bar { open, high, low, close, volume });
            }
        }
        bars
    })
}

/// The stored nodes of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    pub state: Vec<u8>,
    pub nodes: BTreeMap<(u8, u32), Vec<u8>>,
}

impl Stored {
    /// Stores what a series seals.
    pub fn apply(&mut self, sealed: Sealed) {
        if sealed.emptied {
            self.nodes.retain(|(tree, _), _| *tree != regime_core::market_states::ESCALATION);
        }
        self.state = sealed.state;
        self.nodes.extend(sealed.nodes.into_iter().map(|change| ((change.tree, change.node), change.bytes)));
    }

    /// The series, resumed.
    pub fn resume(&self) -> Series<&Self> {
        let Ok(series) = Series::resume(&self.state, self);
        series.expect("own bytes")
    }
}

impl Nodes for &Stored {
    type Error = Infallible;

    fn read(&mut self, tree: u8, node: u32, count: u64) -> Result<Node, Infallible> {
        let bytes = self.nodes.get(&(tree, node)).expect("a stored node");
        Ok(Node::decode(bytes, count).expect("own bytes"))
    }
}

/// Prices and strengths of supports and of resistances, strongest first.
pub type Levels = [Vec<(f64, f64)>; 2];

pub fn levels(row: &Row) -> Levels {
    [row.metrics.supports, row.metrics.resistances]
        .map(|side| side.iter().map(|level| (level.price, level.strength)).collect())
}

/// The levels of the last bar as section 3 has them: every window anew, every candidate against every close.
pub fn naive_levels(bars: &[Bar]) -> Levels {
    let Some(window) = bars.last_chunk::<250>() else { return Levels::default() };
    let close: Vec<f64> = window.iter().map(|bar| bar.close).collect();
    let p = close[249];
    let ranges: Vec<f64> = (230..250)
        .map(|t| {
            let (bar, before) = (window[t], close[t - 1]);
            (bar.high - bar.low).max((bar.high - before).abs()).max((bar.low - before).abs())
        })
        .collect();
    let a = if ranges.iter().all(|range| *range == ranges[0]) {
        ranges[0]
    } else {
        ranges.iter().sum::<f64>() / 20.0
    };
    if a == 0.0 {
        return Levels::default();
    }
    let mut candidates =
        [turning_points(window, &close, a), bins_of_volume(window), round_numbers(p, a)].concat();
    candidates.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut sides = Levels::default();
    for cluster in candidates.chunk_by(|(one, _), (other, _)| other - one <= 0.35 * a) {
        let weight = psum(&cluster.iter().map(|(_, score)| *score).collect::<Vec<_>>());
        let price = psum(&cluster.iter().map(|(level, score)| score * level).collect::<Vec<_>>()) / weight;
        let strength = 1.0 - cluster.iter().fold(1.0, |product, (_, score)| product * (1.0 - score));
        if weight > 0.0 && strength >= 0.35 && price != p {
            sides[usize::from(price > p)].push((price, strength));
        }
    }
    for side in &mut sides {
        side.sort_by(|one, other| {
            other.1.total_cmp(&one.1).then((p - one.0).abs().total_cmp(&(p - other.0).abs()))
        });
        side.truncate(3);
    }
    sides
}

/// Turning points: the level of each, and its score by touches, reaction and age.
fn turning_points(window: &[Bar; 250], close: &[f64], a: f64) -> Vec<(f64, f64)> {
    let mut candidates: Vec<(f64, f64)> = Vec::new();
    for j in 3..=246 {
        let near = &window[j - 3..=j + 3];
        let level = if near.iter().all(|bar| bar.high <= window[j].high) {
            window[j].high
        } else if near.iter().all(|bar| bar.low >= window[j].low) {
            window[j].low
        } else {
            continue;
        };
        let touches: Vec<usize> = (0..250).filter(|t| (close[*t] - level).abs() / a <= 0.30).collect();
        let moves: Vec<f64> =
            touches.iter().filter(|t| **t + 5 <= 249).map(|t| (close[t + 5] - close[*t]).abs() / a).collect();
        let reaction =
            if moves.is_empty() { 0.0 } else { 0.5 * (moves.iter().sum::<f64>() / moves.len() as f64) };
        let age = touches.last().map_or(250, |t| 249 - t) as f64;
        let score = 0.5 * (1.0 - (-(touches.len() as f64 / 3.0)).exp())
            + 0.3 * reaction.clamp(0.0, 1.0)
            + 0.2 * (-(age / (250.0 / 3.0))).exp();
        candidates.push((level, score.clamp(0.0, 1.0)));
    }
    candidates
}

/// The bins of most volume, with their share of the largest.
fn bins_of_volume(window: &[Bar; 250]) -> Vec<(f64, f64)> {
    let mut candidates = Vec::new();
    let y: Vec<f64> = window.iter().map(|bar| (bar.high + bar.low + bar.close) / 3.0).collect();
    let (min, max) = y.iter().fold((f64::MAX, 0.0), |(min, max), y| (f64::min(min, *y), f64::max(max, *y)));
    if min < max {
        let edge = |k: usize| if k == 60 { max } else { min + k as f64 * ((max - min) / 60.0) };
        let mut weights = [0.0; 60];
        for (y, bar) in y.iter().zip(window) {
            if (0.0..=1e100).contains(&bar.volume) {
                weights[(0..60).rev().find(|k| edge(*k) <= *y).expect("a bin")] += bar.volume;
            }
        }
        let mut bins: Vec<usize> = (0..60).filter(|k| weights[*k] > 0.0).collect();
        bins.sort_by(|one, other| weights[*other].total_cmp(&weights[*one]));
        for &k in bins.iter().take(5) {
            candidates.push(((edge(k) + edge(k + 1)) / 2.0, weights[k] / weights[bins[0]]));
        }
    }
    candidates
}

/// Round numbers within ten ranges of the price.
fn round_numbers(p: f64, a: f64) -> Vec<(f64, f64)> {
    let mut candidates = Vec::new();
    let mut step = [(20.0, 1.0), (200.0, 5.0), (2_000.0, 25.0)]
        .into_iter()
        .find(|(below, _)| p < *below)
        .map_or(100.0, |(_, step)| step);
    while 20.0 * a / step > 5_000.0 {
        step *= 10.0;
    }
    for n in ((p - 10.0 * a) / step).floor() as i128..=((p + 10.0 * a) / step).ceil() as i128 {
        let level = n as f64 * step;
        candidates.push((level, (-((p - level).abs() / (5.0 * a))).exp()));
    }
    candidates
}

fn psum(x: &[f64]) -> f64 {
    let n = x.len();
    if n < 8 {
        return x.iter().fold(0.0, |sum, x| sum + x);
    }
    if n > 128 {
        let m = n / 2 / 8 * 8;
        return psum(&x[..m]) + psum(&x[m..]);
    }
    let full = n / 8 * 8;
    let s: Vec<f64> = (0..8)
        .map(|j| x[j..full].iter().step_by(8).copied().reduce(|s, x| s + x).expect("a value"))
        .collect();
    let sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    x[full..].iter().fold(sum, |sum, x| sum + x)
}

fn mid_rank(values: &[f64], n: usize) -> Option<f64> {
    let x = values.last()?;
    let count = |is: fn(f64, f64) -> bool| values.iter().filter(|other| is(**other, *x)).count() as f64;
    Some((count(|other, x| other < x) + (count(|other, x| other == x) + 1.0) / 2.0) / n as f64)
}

/// Escalation, era start, era confidence and percentile of daily bars as section 5 has them, by counting.
pub fn naive_escalation(bars: &[Bar], starts: &[i64]) -> Vec<[Option<f64>; 4]> {
    let mut kernels = Kernels::new();
    let mut components: [Vec<f64>; 5] = Default::default();
    let mut known: Vec<(usize, f64)> = Vec::new();
    let eras: Vec<Option<i64>> = (0..bars.len() as i64)
        .map(|day| starts.iter().copied().filter(|start| *start <= day).max())
        .collect();
    let mut all = Vec::new();
    for (i, bar) in bars.iter().enumerate() {
        let (_, _, of_bar) = kernels.push_watched(bar, &mut Unwatched);
        for (values, value) in components.iter_mut().zip(of_bar.into_iter().flatten()) {
            values.push(value);
        }
        let ranks: Option<Vec<f64>> =
            components.iter().map(|values| mid_rank(values, (i + 1).checked_sub(20)?)).collect();
        let escalation =
            ranks.filter(|_| i >= 272).map(|p| ((p[0] + p[1] + p[2] + p[3] + p[4]) / 5.0).clamp(0.0, 1.0));
        known.extend(escalation.map(|value| (i, value)));
        let in_era: Vec<f64> =
            known.iter().filter(|(j, _)| eras[*j] == eras[i]).map(|(_, value)| *value).collect();
        let k = (0..=i).filter(|j| eras[*j] == eras[i]).count();
        let percentile = |n| mid_rank(&in_era, n).filter(|_| escalation.is_some());
        all.push(match eras[i] {
            None => [escalation, None, None, (i >= 272 + 63).then(|| percentile(i - 271)).flatten()],
            Some(start) => {
                let confidence = (k as f64 / 252.0).min(1.0);
                let shrunk = percentile(k).map(|rank| 0.5 + (rank - 0.5) * confidence);
                [escalation, Some(start as f64), Some(confidence), shrunk.filter(|_| k > 63)]
            }
        });
    }
    all
}
