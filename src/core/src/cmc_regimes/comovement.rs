//! How two EMA series move together: rank correlation, agreement of direction, lead and lag.

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::lead_lag::LeadLag;

/// Comovement of a pair of series. A correlation with a zero variance is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comovement {
    /// Spearman correlation over the rows where both are known.
    pub correlation: Option<f64>,
    /// Share of rows whose differences from the row before have the same sign (zero is a sign).
    pub sign_agree_rate: Option<f64>,
    /// Lag, -10 to 10, with the largest absolute Pearson correlation; positive: the second series
    /// leads.
    pub best_lead_lag: Option<i32>,
    /// Correlation at that lag.
    pub best_lead_lag_corr: Option<f64>,
    /// Rows where both are known.
    pub n_obs: u64,
}

/// What is counted along a pair of series, row by row, so that further rows can be taken later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The row before.
    previous: Option<[f64; 2]>,
    /// Rows on which both rose, fell or stood still.
    agree: u64,
    /// Rows on which it is known of both what they did.
    both: u64,
    lags: LeadLag,
}

impl Pair {
    /// Rows on which both are known.
    pub fn rows(&self) -> u64 {
        self.lags.rows()
    }

    /// Takes the next row; NaN is unknown.
    pub fn push(&mut self, row: [f64; 2]) {
        if let Some(previous) = self.previous {
            let [da, db] = [row[0] - previous[0], row[1] - previous[1]];
            if known(da, db) {
                self.both += 1;
                self.agree += u64::from(sign(da) == sign(db));
            }
        }
        self.previous = Some(row);
        if known(row[0], row[1]) {
            self.lags.push(row);
        }
    }
}

/// The pairs of three series, by their index: the first with the second, with the third, and so on.
pub const PAIRS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

/// Takes further rows of three series into their pairs.
pub fn push_rows(pairs: &mut [Pair; 3], series: [&[f64]; 3]) {
    for (pair, [a, b]) in pairs.iter_mut().zip(PAIRS) {
        for (a, b) in series[a].iter().zip(series[b]) {
            pair.push([*a, *b]);
        }
    }
}

/// Comovement of every pair of three series, all of whose rows the pairs have taken; they have equal
/// length, NaN where unknown. A pair without a common row is left out. `look` is called between the parts of the work.
pub fn comovements(pairs: &[Pair; 3], series: [&[f64]; 3], look: fn()) -> Vec<([usize; 2], Comovement)> {
    let sorted = series.map(|values| {
        look();
        Sorted::new(values)
    });
    let one = |(pair, [a, b]): (&Pair, [usize; 2])| {
        look();
        of_pair(pair, [&sorted[a], &sorted[b]]).map(|comovement| ([a, b], comovement))
    };
    pairs.iter().zip(PAIRS).filter_map(one).collect()
}

/// Comovement of two series of equal length, NaN where unknown; `None` without a common row.
pub fn comovement(a: &[f64], b: &[f64]) -> Option<Comovement> {
    let mut pair = Pair::default();
    a.iter().zip(b).for_each(|(a, b)| pair.push([*a, *b]));
    of_pair(&pair, [&Sorted::new(a), &Sorted::new(b)])
}

/// A series with its known rows in the order of their values.
struct Sorted<'a> {
    values: &'a [f64],
    /// Rows, by value.
    order: Vec<u32>,
    /// Of each of them, a number that those with the same value share.
    group: Vec<u32>,
}

impl<'a> Sorted<'a> {
    fn new(values: &'a [f64]) -> Self {
        let rows = by_upper_bits(values);
        let mut order: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        let mut group = Vec::with_capacity(order.len());
        let mut groups = 0;
        for run in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            groups += 1;
            if let [_] = run {
                group.push(groups);
                continue;
            }
            let rows = &mut order[group.len()..group.len() + run.len()];
            let value = |row: u32| values[row as usize];
            rows.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
            group.push(groups);
            for pair in rows.windows(2) {
                groups += u32::from(value(pair[0]) != value(pair[1]));
                group.push(groups);
            }
        }
        Self { values, order, group }
    }

    /// Twice the 1-based ranks among the `n` rows that have a place (counted from 1), at those places;
    /// ties share the mean of their positions, so that twice of it is whole.
    fn ranks(&self, place: &[u32], n: usize) -> Vec<u32> {
        let mut ranks = vec![0; n];
        let (mut first, mut rows) = (0, 0);
        while first < self.order.len() {
            let ties = self.group[first..].iter().take_while(|group| **group == self.group[first]).count();
            let places = || self.order[first..first + ties].iter().map(|row| place[*row as usize]);
            let placed = places().filter(|place| *place > 0).count() as u32;
            for place in places().filter(|place| *place > 0) {
                ranks[place as usize - 1] = 2 * rows + placed + 1;
            }
            rows += placed;
            first += ties;
        }
        ranks
    }
}

/// The rows with a known value in their lower 32 bits, in the order of the upper 32 bits of
/// [`ordered_bits`], which they have in theirs. Sorted digit by digit, in half the time of a general sort at
/// the lengths of daily series.
fn by_upper_bits(values: &[f64]) -> Vec<u64> {
    const DIGIT: usize = 11;
    let known = values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let mut rows: Vec<u64> =
        known.map(|(row, value)| ordered_bits(*value) >> 32 << 32 | row as u64).collect();
    let mut other = vec![0; rows.len()];
    for shift in [32, 43, 54] {
        let digit = |row: u64| (row >> shift) as usize & ((1 << DIGIT) - 1);
        let mut next = [0u32; 1 << DIGIT];
        rows.iter().for_each(|row| next[digit(*row)] += 1);
        let mut sum = 0;
        next.iter_mut().for_each(|n| sum += std::mem::replace(n, sum));
        for row in &rows {
            let at = &mut next[digit(*row)];
            other[*at as usize] = *row;
            *at += 1;
        }
        std::mem::swap(&mut rows, &mut other);
    }
    rows
}

/// The bits of a finite value, in an order that is that of the values; one for both zeros.
fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if value < 0.0 { !bits } else { bits | 1 << 63 }
}

fn of_pair(pair: &Pair, [a, b]: [&Sorted; 2]) -> Option<Comovement> {
    // Where each row stands among those with both, counted from 1; 0 is none.
    let mut place = vec![0; a.values.len()];
    let (mut x, mut y) = (Vec::with_capacity(place.len()), Vec::with_capacity(place.len()));
    for ((place, a), b) in place.iter_mut().zip(a.values).zip(b.values) {
        if known(*a, *b) {
            x.push(*a);
            y.push(*b);
            *place = x.len() as u32;
        }
    }
    if x.is_empty() {
        return None;
    }
    let best = if x.len() < 3 { None } else { best_lag(&pair.lags, &x, &y) };
    let [rank_a, rank_b] = [a, b].map(|series| series.ranks(&place, x.len()));
    Some(Comovement {
        correlation: rank_correlation(&rank_a, &rank_b),
        sign_agree_rate: (pair.both > 0).then(|| pair.agree as f64 / pair.both as f64),
        best_lead_lag: best.map(|(lag, _)| lag),
        best_lead_lag_corr: best.map(|(_, corr)| corr),
        n_obs: x.len() as u64,
    })
}

fn known(x: f64, y: f64) -> bool {
    x.is_finite() && y.is_finite()
}

fn sign(x: f64) -> i8 {
    i8::from(x > 0.0) - i8::from(x < 0.0)
}

fn best_lag(lags: &LeadLag, x: &[f64], y: &[f64]) -> Option<(i32, f64)> {
    let mut best: Option<(i32, f64)> = None;
    for lag in lags.candidates() {
        let shift = lag.unsigned_abs() as usize;
        let paired = x.len() - shift;
        let (x, y) = if lag > 0 { (&x[shift..], &y[..paired]) } else { (&x[..paired], &y[shift..]) };
        if let Some(corr) = pearson(x, y)
            && best.is_none_or(|(_, most)| corr.abs() > most.abs())
        {
            best = Some((lag, corr));
        }
    }
    best
}

/// Pearson correlation in two passes, `None` where a variance is zero.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    // A constant series need not equal its rounded mean, so its variance is not asked.
    let constant = |v: &[f64]| v.iter().all(|a| *a == v[0]);
    if constant(x) || constant(y) {
        return None;
    }
    let n = x.len() as f64;
    let (mx, my) = (sum(x) / n, sum(y) / n);
    let [mut xx, mut yy, mut xy] = [[0.0; LANES]; 3];
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for lane in 0..LANES {
            let (dx, dy) = (x[lane] - mx, y[lane] - my);
            xx[lane] += dx * dx;
            yy[lane] += dy * dy;
            xy[lane] += dx * dy;
        }
    }
    for (lane, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        let (dx, dy) = (x - mx, y - my);
        xx[lane] += dx * dx;
        yy[lane] += dy * dy;
        xy[lane] += dx * dy;
    }
    let [xx, yy, xy] = [xx, yy, xy].map(|lanes| lanes.iter().sum::<f64>());
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx.sqrt() * yy.sqrt()))
}

/// Sums run in this many lanes side by side: one chain of additions would wait for each of them.
const LANES: usize = 4;

fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] += block[lane];
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        lanes[lane] += value;
    }
    lanes.iter().sum()
}

/// Pearson correlation of doubled ranks, from whole numbers: exact but for the last division.
fn rank_correlation(x: &[u32], y: &[u32]) -> Option<f64> {
    let n = x.len() as i128;
    // Sums of so few products of ranks fit 64 bits.
    let products = |x: &[u32], y: &[u32]| {
        let chunk = |(x, y): (&[u32], &[u32])| {
            i128::from(x.iter().zip(y).map(|(x, y)| u64::from(*x) * u64::from(*y)).sum::<u64>())
        };
        x.chunks(1 << 12).zip(y.chunks(1 << 12)).map(chunk).sum::<i128>()
    };
    // Doubled ranks have the mean n + 1 whatever the ties.
    let around_mean = |sum: i128| sum - n * (n + 1) * (n + 1);
    let (xx, yy, xy) =
        (around_mean(products(x, x)), around_mean(products(y, y)), around_mean(products(x, y)));
    (xx > 0 && yy > 0).then(|| xy as f64 / ((xx as f64).sqrt() * (yy as f64).sqrt()))
}
