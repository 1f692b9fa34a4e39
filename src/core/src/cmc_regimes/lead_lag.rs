//! Which of two series leads: running sums, so that a further row needs no look at earlier rows.

use serde::{Deserialize, Serialize};

/// Largest lag examined, in rows.
pub const MAX_LAG: usize = 10;

/// Largest difference between a correlation from sums and one in two passes, unless a variance is
/// [`CANCELLED`].
const UNSURE: f64 = 1e-8;

/// Share of the sum of squares below which a variance is lost in rounding.
const CANCELLED: f64 = 1e-3;

/// Sums over the rows of a pair of series (rows where both are known), from which the correlation at each lag
/// follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeadLag {
    rows: u64,
    /// The first row, from which all other values are measured.
    origin: [f64; 2],
    sum: [f64; 2],
    squares: [f64; 2],
    /// Sums of products of values as many rows apart as the index: a row of the first series times the same
    /// or an earlier row of the second.
    late_first: [f64; MAX_LAG + 1],
    /// The same for a row of the second series times an earlier row of the first; index 0 is not used.
    late_second: [f64; MAX_LAG + 1],
    /// The first rows, earliest first.
    first: [[f64; MAX_LAG]; 2],
    /// The last rows, latest first, after a place for the next row.
    last: [[f64; MAX_LAG + 1]; 2],
    /// Rows from the start with the value of the first row.
    leading: [u64; 2],
    /// Rows up to the end with the value of the last row.
    trailing: [u64; 2],
}

impl LeadLag {
    /// Takes the next row on which both series are known.
    pub fn push(&mut self, row: [f64; 2]) {
        if self.rows == 0 {
            self.origin = row;
        }
        let [x, y] = [0, 1].map(|side| row[side] - self.origin[side]);
        for (side, value) in [x, y].into_iter().enumerate() {
            let as_before = self.rows > 0 && value == self.last[side][1];
            if self.leading[side] == self.rows && (self.rows == 0 || as_before) {
                self.leading[side] += 1;
            }
            self.trailing[side] = if as_before { self.trailing[side] + 1 } else { 1 };
            self.sum[side] += value;
            self.squares[side] += value * value;
            if let Some(first) = self.first[side].get_mut(self.rows as usize) {
                *first = value;
            }
            self.last[side][0] = value;
        }
        for k in 0..=MAX_LAG {
            self.late_first[k] += x * self.last[1][k];
            self.late_second[k] += self.last[0][k] * y;
        }
        for last in &mut self.last {
            last.copy_within(..MAX_LAG, 1);
        }
        self.rows += 1;
    }

    /// Rows taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The lags, ascending, at which the absolute correlation may be largest; a correlation in two passes
    /// decides between them. A positive lag means that the second series leads. Specification 1, section 6.
    pub fn candidates(&self) -> Vec<i32> {
        let lags = -(MAX_LAG as i32)..=MAX_LAG as i32;
        let found: Vec<(i32, f64)> =
            lags.filter_map(|lag| self.correlation(lag).map(|corr| (lag, corr.abs()))).collect();
        // A correlation that the sums do not tell may be the largest.
        let largest = found.iter().map(|(_, corr)| *corr).filter(|c| c.is_finite()).fold(0.0, f64::max);
        let may_be = |corr: f64| !corr.is_finite() || corr >= largest - UNSURE;
        found.into_iter().filter(|(_, corr)| may_be(*corr)).map(|(lag, _)| lag).collect()
    }

    /// The correlation at a lag; NaN where the sums do not tell, as where a variance seems to be zero; `None` where there are
    /// too few rows.
    fn correlation(&self, lag: i32) -> Option<f64> {
        let shift = lag.unsigned_abs() as usize;
        let paired = self.rows.checked_sub(shift as u64).filter(|n| *n >= 2)?;
        // At a lag, the leading series lacks its last rows and the other series its first.
        let (late, early, products) =
            if lag > 0 { (0, 1, &self.late_first) } else { (1, 0, &self.late_second) };
        // Values that differ may be the same as measured from the origin.
        if self.trailing[late] >= paired || self.leading[early] >= paired {
            return Some(f64::NAN);
        }
        let n = paired as f64;
        let rest = |side: usize, left_out: &[f64]| {
            let out = left_out.iter().fold([0.0; 2], |out, v| [out[0] + v, out[1] + v * v]);
            let mean = (self.sum[side] - out[0]) / n;
            let variance = self.squares[side] - out[1] - mean * mean * n;
            (mean, if variance > CANCELLED * self.squares[side] { variance } else { f64::NAN })
        };
        let (mean_late, variance_late) = rest(late, &self.first[late][..shift]);
        let (mean_early, variance_early) = rest(early, &self.last[early][1..=shift]);
        let product = products[shift] - mean_late * mean_early * n;
        Some(product / (variance_late.sqrt() * variance_early.sqrt()))
    }
}
