//! How two EMA series move together: rank correlation, agreement of direction, lead and lag (specification 1,
//! section 6).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::lead_lag::LeadLag;

/// Comovement of a pair of series. A correlation is `None` where a variance is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comovement {
    /// Spearman correlation, -1 to 1, over the rows where both series are known.
    pub correlation: Option<f64>,
    /// Share, 0 to 1, of the rows where both differences from the row before have the same sign (zero is a
    /// sign); `None` if no row has both differences.
    pub sign_agree_rate: Option<f64>,
    /// Lag in rows, -10 to 10, with the largest absolute Pearson correlation; positive if the second series
    /// leads. `None` with fewer than three rows.
    pub best_lead_lag: Option<i32>,
    /// Pearson correlation at that lag, -1 to 1.
    pub best_lead_lag_corr: Option<f64>,
    /// Rows where both series are known.
    pub n_obs: u64,
}

/// Running counts and sums of a pair of series, so that further rows can be added later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Values of the row before.
    previous: Option<[f64; 2]>,
    /// Rows on which both series rose, both fell, or both stood still.
    agree: u64,
    /// Rows on which both differences are known.
    both: u64,
    lags: LeadLag,
}

impl Pair {
    /// Rows on which both series are known.
    pub fn rows(&self) -> u64 {
        self.lags.rows()
    }

    /// Takes the values of the next row, NaN where unknown.
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

/// The pairs of three series, by index.
pub const PAIRS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

/// Adds further rows of three series to their pairs, which are in the order of [`PAIRS`]; the series have
/// equal length, NaN where unknown.
pub fn push_rows(pairs: &mut [Pair; 3], series: [&[f64]; 3]) {
    for (pair, [a, b]) in pairs.iter_mut().zip(PAIRS) {
        for (a, b) in series[a].iter().zip(series[b]) {
            pair.push([*a, *b]);
        }
    }
}

/// Comovement of each pair of three series, in the order of [`PAIRS`]; a pair without a common row is left
/// out.
///
/// The series have equal length, NaN where unknown, and the pairs have taken all their rows. `look` is called
/// between the parts of the work. Specification 1, section 6.
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

/// Comovement of two series of equal length, NaN where unknown; `None` without a common row. Specification 1,
/// section 6.
pub fn comovement(a: &[f64], b: &[f64]) -> Option<Comovement> {
    let mut pair = Pair::default();
    a.iter().zip(b).for_each(|(a, b)| pair.push([*a, *b]));
    of_pair(&pair, [&Sorted::new(a), &Sorted::new(b)])
}

/// A series with its known rows sorted by value.
struct Sorted<'a> {
    values: &'a [f64],
    /// Indices of the known rows, by ascending value.
    order: Vec<u32>,
    /// Of each row, twice its rank among the known rows, where ties share the mean of their positions, twice which is a whole
    /// number; 0 for a row that is not known.
    ranks: Vec<u32>,
    /// Whether two known rows have the same value.
    has_ties: bool,
    /// The first row from which on every row is known, if no row before is.
    from: Option<usize>,
}

impl<'a> Sorted<'a> {
    fn new(values: &'a [f64]) -> Self {
        let rows = by_place(values);
        let mut order: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        let mut ranks = vec![0; values.len()];
        let mut has_ties = false;
        let value = |row: &u32| values[*row as usize];
        let mut first = 0;
        for run in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            let run = &mut order[first..first + run.len()];
            if let [row] = run {
                ranks[*row as usize] = 2 * (first as u32 + 1);
                first += 1;
                continue;
            }
            run.sort_by(|a, b| value(a).total_cmp(&value(b)));
            for ties in run.chunk_by(|a, b| value(a) == value(b)) {
                let last = first + ties.len();
                ties.iter().for_each(|row| ranks[*row as usize] = (first + last + 1) as u32);
                has_ties |= ties.len() > 1;
                first = last;
            }
        }
        let from = values.len() - order.len();
        let from = ranks[from..].iter().all(|rank| *rank > 0).then_some(from);
        Self { values, order, ranks, has_ties, from }
    }

    /// The ranks, twice, among the rows from one on, all of which are known, of these rows.
    fn ranks_from(&self, start: usize) -> Cow<'_, [u32]> {
        if self.from == Some(start) {
            return Cow::Borrowed(&self.ranks[start..]);
        }
        if self.has_ties {
            return self.ranks_of(&(start as u32..self.values.len() as u32).collect::<Vec<_>>()).into();
        }
        let mut ranks = vec![0; self.values.len() - start];
        // Twice the number of lower values before the first of the rows.
        let mut left_out = 0;
        for row in &self.order {
            match (*row as usize).checked_sub(start) {
                Some(place) => ranks[place] = self.ranks[*row as usize] - left_out,
                None => left_out += 2,
            }
        }
        ranks.into()
    }

    /// The ranks, twice, among these known rows, which ascend, of each of them.
    fn ranks_of(&self, common: &[u32]) -> Vec<u32> {
        // The place of each row among the common rows, from 1; 0 is none.
        let mut place = vec![0; self.values.len()];
        common.iter().zip(1..).for_each(|(row, n)| place[*row as usize] = n);
        let mut ranks = vec![0; common.len()];
        let mut rows = 0;
        let rank = |row: &u32| self.ranks[*row as usize];
        for ties in self.order.chunk_by(|a, b| rank(a) == rank(b)) {
            let places = || ties.iter().map(|row| place[*row as usize] as usize).filter(|place| *place > 0);
            let placed = places().count() as u32;
            places().for_each(|place| ranks[place - 1] = 2 * rows + placed + 1);
            rows += placed;
        }
        ranks
    }
}

/// The known rows, each with its place between the lowest and the highest value (16 bits) above its index (32 bits), sorted by
/// the place, which is that of the [`ordered_bits`]. A radix sort takes a fraction of the time of a general sort at the lengths
/// of daily series.
fn by_place(values: &[f64]) -> Vec<u64> {
    const DIGIT: u32 = 8;
    let (mut rows, mut bits) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
    let (mut lowest, mut highest) = (u64::MAX, 0);
    for (row, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let of_value = ordered_bits(*value);
        (lowest, highest) = (lowest.min(of_value), highest.max(of_value));
        bits.push(of_value);
        rows.push(row as u64);
    }
    let shift = (u64::BITS - highest.saturating_sub(lowest).leading_zeros()).saturating_sub(2 * DIGIT);
    rows.iter_mut().zip(&bits).for_each(|(row, bits)| *row |= ((bits - lowest) >> shift) << 32);
    let mut other = vec![0; rows.len()];
    for shift in [32, 32 + DIGIT] {
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

/// The bits of a finite value, mapped so that they sort as the values do; both zeros have the same.
fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if value < 0.0 { !bits } else { bits | 1 << 63 }
}

fn of_pair(pair: &Pair, [a, b]: [&Sorted; 2]) -> Option<Comovement> {
    if let (Some(from_a), Some(from_b)) = (a.from, b.from) {
        let start = from_a.max(from_b);
        let ranks = [&a.ranks_from(start)[..], &b.ranks_from(start)];
        return of_rows(pair, [&a.values[start..], &b.values[start..]], ranks);
    }
    let is_known = |row: &u32| known(a.values[*row as usize], b.values[*row as usize]);
    let common: Vec<u32> = (0..a.values.len() as u32).filter(is_known).collect();
    let values = |of: &Sorted| common.iter().map(|row| of.values[*row as usize]).collect::<Vec<_>>();
    of_rows(pair, [&values(a), &values(b)], [&a.ranks_of(&common), &b.ranks_of(&common)])
}

/// Comovement of a pair with the values and twice the ranks of the rows on which both series are known.
fn of_rows(pair: &Pair, [x, y]: [&[f64]; 2], [rank_x, rank_y]: [&[u32]; 2]) -> Option<Comovement> {
    if x.is_empty() {
        return None;
    }
    let best = if x.len() < 3 { None } else { best_lag(&pair.lags, x, y) };
    Some(Comovement {
        correlation: rank_correlation(rank_x, rank_y),
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

/// Pearson correlation, -1 to 1, in two passes of two series of equal length without unknown values; `None` where a
/// variance is zero. Specification 1, section 6.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    // The rounded mean of a constant series can differ from its value, so that the variance may not be zero.
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
    (xx > 0.0 && yy > 0.0).then(|| clipped(xy / (xx.sqrt() * yy.sqrt())))
}

/// A correlation without what rounding adds, such as 1.0000000000000002. Specification 1, section 6.
fn clipped(correlation: f64) -> f64 {
    correlation.clamp(-1.0, 1.0)
}

/// Sums run in this many lanes side by side: in a single chain each addition would wait for the one before.
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

/// Pearson correlation of doubled ranks, in whole numbers: exact up to the final division.
fn rank_correlation(x: &[u32], y: &[u32]) -> Option<f64> {
    let n = x.len() as i128;
    // The sum of 4,096 products of ranks fits into 64 bits.
    let products = |x: &[u32], y: &[u32]| {
        let chunk = |(x, y): (&[u32], &[u32])| {
            i128::from(x.iter().zip(y).map(|(x, y)| u64::from(*x) * u64::from(*y)).sum::<u64>())
        };
        x.chunks(1 << 12).zip(y.chunks(1 << 12)).map(chunk).sum::<i128>()
    };
    // The mean of doubled ranks is n + 1, with or without ties.
    let around_mean = |sum: i128| sum - n * (n + 1) * (n + 1);
    let (xx, yy, xy) =
        (around_mean(products(x, x)), around_mean(products(y, y)), around_mean(products(x, y)));
    (xx > 0 && yy > 0).then(|| clipped(xy as f64 / ((xx as f64).sqrt() * (yy as f64).sqrt())))
}
