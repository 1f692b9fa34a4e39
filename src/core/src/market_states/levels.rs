//! Price levels: supports and resistances from pivots, volume at price and round numbers (specification 5,
//! section 3).

use std::sync::LazyLock;

use crate::market_states::window::Window;
use crate::math::pairwise::pairwise_sum;

/// Bars of the window.
pub(super) const PLACES: usize = 250;
/// Places on each side whose highs and lows a pivot is compared with.
const BESIDE: usize = 3;
/// Most ATRs from a level to a close that touches the level.
const TOUCH: f64 = 0.30;
/// Bars after a touch over which the move is measured.
const AFTER: usize = 5;
/// Bins of volume at price.
const BINS: usize = 60;
/// Bins that become candidates.
const HEAVIEST: usize = 5;
/// Most round numbers, roughly.
const ROUND: f64 = 5_000.0;
/// Most ATRs between neighbours of a cluster.
const NEIGHBOURS: f64 = 0.35;
/// Least strength of a level.
const STRENGTH: f64 = 0.35;

/// A price level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// The price.
    pub price: f64,
    /// The strength, .35 to 1.
    pub strength: f64,
    /// How many candidates made the level: pivots, bins of volume at price, round numbers.
    pub candidates: [u32; 3],
}

/// The levels of one side of the price, strongest first, up to three.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    levels: [Level; 3],
    count: usize,
}

impl Side {
    /// No levels.
    pub const NONE: Self =
        Self { levels: [Level { price: 0.0, strength: 0.0, candidates: [0; 3] }; 3], count: 0 };

    /// Takes a level among the strongest three; of equally strong levels the nearest to `close` comes first, then
    /// the earlier.
    fn keep(&mut self, level: Level, close: f64) {
        let distance = |level: &Level| (close - level.price).abs();
        let comes_first = |other: &Level| {
            level.strength > other.strength
                || level.strength == other.strength && distance(&level) < distance(other)
        };
        let at = self.iter().position(comes_first).unwrap_or(self.count);
        if at < self.levels.len() {
            self.levels[at..].rotate_right(1);
            self.levels[at] = level;
            self.count = self.levels.len().min(self.count + 1);
        }
    }
}

impl std::ops::Deref for Side {
    type Target = [Level];

    fn deref(&self) -> &[Level] {
        &self.levels[..self.count]
    }
}

/// What a candidate comes from; the index into [`Level::candidates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pivot,
    Volume,
    Round,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    level: f64,
    score: f64,
    kind: Kind,
}

/// Supports and resistances of the newest bar, whose ATR is known and above 0; none before there are [`PLACES`]
/// bars. Specification 5, section 3.
pub(super) fn levels(window: &Window, atr: f64) -> [Side; 2] {
    let columns = [&window.high, &window.low, &window.close, &window.volume];
    let [high, low, closes, volume] = columns.map(|column| column.last(PLACES).first_chunk::<PLACES>());
    let (Some(high), Some(low), Some(closes), Some(volume)) = (high, low, closes, volume) else {
        return [Side::NONE; 2];
    };
    let close = closes[PLACES - 1];
    let mut candidates = Vec::with_capacity(PLACES);
    pivots(high, low, closes, atr, &mut candidates);
    volume_at_price(high, low, closes, volume, &mut candidates);
    candidates.sort_by(|one, other| one.level.total_cmp(&other.level));
    clusters(&Sorted::new(&candidates, close, atr), close, atr)
}

/// exp(-(n/3)) for each number of touches.
static OF_TOUCHES: LazyLock<[f64; PLACES + 1]> =
    LazyLock::new(|| std::array::from_fn(|n| (-(n as f64 / 3.0)).exp()));
/// exp(-(age/(250/3))) for each age.
static OF_AGE: LazyLock<[f64; PLACES + 1]> =
    LazyLock::new(|| std::array::from_fn(|age| (-(age as f64 / (PLACES as f64 / 3.0))).exp()));

/// The candidates of highest highs and lowest lows, by place.
fn pivots(
    high: &[f64; PLACES],
    low: &[f64; PLACES],
    close: &[f64; PLACES],
    atr: f64,
    candidates: &mut Vec<Candidate>,
) {
    let touches = Touches::new(close, atr);
    let highest = around(high, |one, other| one > other);
    let lowest = around(low, |one, other| one < other);
    for (j, (highest, lowest)) in (BESIDE..).zip(highest.into_iter().zip(lowest)) {
        let level = if high[j] == highest {
            high[j]
        } else if low[j] == lowest {
            low[j]
        } else {
            continue;
        };
        candidates.push(Candidate { level, score: touches.score(level), kind: Kind::Pivot });
    }
}

/// The first of the places `j - 3 ..= j + 3`, from `j` = 3 on, in an order.
fn around(values: &[f64; PLACES], comes_first: impl Fn(f64, f64) -> bool) -> [f64; PLACES - 2 * BESIDE] {
    let mut first = [0.0; PLACES - 2 * BESIDE];
    first.copy_from_slice(&values[..PLACES - 2 * BESIDE]);
    for offset in 1..=2 * BESIDE {
        for (first, other) in first.iter_mut().zip(&values[offset..]) {
            *first = if comes_first(*other, *first) { *other } else { *first };
        }
    }
    first
}

/// Places of the window as bits.
type Places = [u64; PLACES.div_ceil(64)];

/// The closes that may touch a level.
struct Touches {
    /// Closes, ascending.
    sorted: [f64; PLACES],
    /// The places of the first `n` of these.
    places: [Places; PLACES + 1],
    /// Most distance of a touch.
    distance: f64,
    /// ATRs that the close moves in the bars after a place.
    moves: [f64; PLACES - AFTER],
}

impl Touches {
    fn new(close: &[f64; PLACES], atr: f64) -> Self {
        let mut by_close = [(0.0, 0u8); PLACES];
        for ((entry, close), place) in by_close.iter_mut().zip(close).zip(0..) {
            *entry = (*close, place);
        }
        by_close.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut touches = Self {
            sorted: [0.0; PLACES],
            places: [Places::default(); PLACES + 1],
            distance: greatest_quotient(TOUCH, atr),
            moves: [0.0; PLACES - AFTER],
        };
        for (n, (close, place)) in by_close.into_iter().enumerate() {
            touches.sorted[n] = close;
            touches.places[n + 1] = touches.places[n];
            touches.places[n + 1][usize::from(place / 64)] |= 1 << (place % 64);
        }
        for (moved, (before, after)) in touches.moves.iter_mut().zip(close.iter().zip(&close[AFTER..])) {
            *moved = (after - before).abs() / atr;
        }
        touches
    }

    /// The score of a level from the closes that touch it.
    fn score(&self, level: f64) -> f64 {
        let from = self.sorted.partition_point(|close| level - close > self.distance);
        let to = self.sorted.partition_point(|close| close - level <= self.distance);
        let places = self.places[to].iter().zip(&self.places[from]).map(|(until, before)| until & !before);
        let (mut moved, mut measured, mut age) = (0.0, 0u32, PLACES);
        for (word, mut bits) in (0..).zip(places) {
            while bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                age = PLACES - 1 - place;
                if let Some(move_after) = self.moves.get(place) {
                    moved += move_after;
                    measured += 1;
                }
            }
        }
        let reaction =
            if measured == 0 { 0.0 } else { (0.5 * (moved / f64::from(measured))).clamp(0.0, 1.0) };
        let score = 0.5 * (1.0 - OF_TOUCHES[to.saturating_sub(from)]) + 0.3 * reaction + 0.2 * OF_AGE[age];
        score.clamp(0.0, 1.0)
    }
}

/// The greatest `x` for which the rounded `x / by` is at most `limit`: a comparison instead of a division.
fn greatest_quotient(limit: f64, by: f64) -> f64 {
    let mut x = limit * by;
    while x / by > limit {
        x = x.next_down();
    }
    while x.next_up() / by <= limit {
        x = x.next_up();
    }
    x
}

/// The candidates of the five heaviest bins.
fn volume_at_price(
    high: &[f64; PLACES],
    low: &[f64; PLACES],
    close: &[f64; PLACES],
    volume: &[f64; PLACES],
    candidates: &mut Vec<Candidate>,
) {
    let typical: [f64; PLACES] = std::array::from_fn(|t| (high[t] + low[t] + close[t]) / 3.0);
    let least = typical.iter().copied().fold(f64::INFINITY, f64::min);
    let most = typical.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least == most {
        return;
    }
    let width = (most - least) / BINS as f64;
    let mut edges: [f64; BINS + 1] = std::array::from_fn(|k| least + k as f64 * width);
    edges[BINS] = most;
    let mut weights = [0.0; BINS];
    for (y, volume) in typical.iter().zip(volume) {
        if volume.is_nan() {
            continue;
        }
        // The quotient may be beside the bin by rounding.
        let mut k = (((y - least) / width) as usize).min(BINS - 1);
        while k > 0 && edges[k] > *y {
            k -= 1;
        }
        while k < BINS - 1 && edges[k + 1] <= *y {
            k += 1;
        }
        weights[k] += volume;
    }
    let mut by_weight: [usize; BINS] = std::array::from_fn(|k| k);
    by_weight.sort_by(|one, other| weights[*other].total_cmp(&weights[*one]));
    let greatest = weights[by_weight[0]];
    candidates.extend(by_weight[..HEAVIEST].iter().filter(|k| weights[**k] > 0.0).map(|&k| Candidate {
        level: (edges[k] + edges[k + 1]) / 2.0,
        score: weights[k] / greatest,
        kind: Kind::Volume,
    }));
}

/// The round numbers around the close, ascending.
fn round_numbers(close: f64, atr: f64) -> Vec<f64> {
    let mut step = if close < 20.0 {
        1.0
    } else if close < 200.0 {
        5.0
    } else if close < 2_000.0 {
        25.0
    } else {
        100.0
    };
    while 20.0 * atr / step > ROUND {
        step *= 10.0;
    }
    let first = ((close - 10.0 * atr) / step).floor();
    let last = ((close + 10.0 * atr) / step).ceil();
    // Counted from the first, a whole number: the sum is the whole number, rounded only beyond 2^53.
    (0..=(last - first) as u32).map(|n| (first + f64::from(n)) * step).collect()
}

/// All candidates by level; of equal levels, pivots come first, then bins, then round numbers.
struct Sorted {
    levels: Vec<f64>,
    scores: Vec<f64>,
    kinds: Vec<Kind>,
}

impl Sorted {
    /// The candidates from bars, which are sorted, and the round numbers.
    fn new(of_bars: &[Candidate], close: f64, atr: f64) -> Self {
        let numbers = round_numbers(close, atr);
        let scores: Vec<f64> = numbers.iter().map(|level| -((close - level).abs() / (5.0 * atr))).collect();
        let scores: Vec<f64> = scores.into_iter().map(f64::exp).collect();
        let n = of_bars.len() + numbers.len();
        let mut all = Self {
            levels: Vec::with_capacity(n),
            scores: Vec::with_capacity(n),
            kinds: Vec::with_capacity(n),
        };
        let mut from = 0;
        let mut take = |all: &mut Self, to: usize| {
            all.levels.extend_from_slice(&numbers[from..to]);
            all.scores.extend_from_slice(&scores[from..to]);
            all.kinds.resize(all.levels.len(), Kind::Round);
            from = to;
        };
        for candidate in of_bars {
            take(&mut all, numbers.partition_point(|level| *level < candidate.level));
            all.levels.push(candidate.level);
            all.scores.push(candidate.score);
            all.kinds.push(candidate.kind);
        }
        take(&mut all, numbers.len());
        all
    }
}

/// The strongest clusters below and above the close.
fn clusters(candidates: &Sorted, close: f64, atr: f64) -> [Side; 2] {
    let [mut supports, mut resistances] = [Side::NONE; 2];
    let mut from = 0;
    for levels in candidates.levels.chunk_by(|one, other| other - one <= NEIGHBOURS * atr) {
        let members = from..from + levels.len();
        from = members.end;
        let scores = &candidates.scores[members.clone()];
        let strength = strength(scores);
        // A cluster without weight has no strength.
        if strength < STRENGTH {
            continue;
        }
        let products: Vec<f64> = scores.iter().zip(levels).map(|(score, level)| score * level).collect();
        let price = pairwise_sum(&products) / pairwise_sum(scores);
        let side = if price < close {
            &mut supports
        } else if price > close {
            &mut resistances
        } else {
            continue;
        };
        let mut level = Level { price, strength, candidates: [0; 3] };
        candidates.kinds[members].iter().for_each(|kind| level.candidates[*kind as usize] += 1);
        side.keep(level, close);
    }
    [supports, resistances]
}

/// 1 - Π(1 - score).
fn strength(scores: &[f64]) -> f64 {
    let mut product = 1.0;
    for score in scores {
        product *= 1.0 - score;
        // Further factors, at most 1, leave 1 - product at 1.
        if product < f64::EPSILON / 4.0 {
            return 1.0;
        }
    }
    1.0 - product
}
