//! How two EMA series move together: rank correlation, agreement of direction, lead and lag (specification 1,
//! section 6).

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
    /// A number per element of `order`, shared by rows with the same value.
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

    /// Twice the rank, from 1, of each of the `n` rows that have a place (from 1; 0 is none), by place. Ties
    /// share the mean of their positions, twice which is a whole number.
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

/// The known rows, each with the upper 32 bits of its [`ordered_bits`] above its index (32 bits), sorted by
/// those upper bits. A radix sort takes half the time of a general sort at the lengths of daily series.
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

/// The bits of a finite value, mapped so that they sort as the values do; both zeros have the same.
fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if value < 0.0 { !bits } else { bits | 1 << 63 }
}

fn of_pair(pair: &Pair, [a, b]: [&Sorted; 2]) -> Option<Comovement> {
    // The place of each row among the rows where both are known, from 1; 0 is none.
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
