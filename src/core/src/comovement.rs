//! How two EMA series move together: rank correlation, agreement of direction, lead and lag.

/// Largest lag looked at, in rows.
pub const MAX_LAG: i32 = 10;

/// Comovement of a pair of series. A correlation with a zero variance is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comovement {
    /// Spearman correlation over the rows where both are known.
    pub correlation: Option<f64>,
    /// Share of rows whose differences from the row before have the same sign (zero is a sign).
    pub sign_agree_rate: Option<f64>,
    /// Lag with the largest absolute Pearson correlation; positive: the second series leads.
    pub best_lead_lag: Option<i32>,
    /// Correlation at that lag.
    pub best_lead_lag_corr: Option<f64>,
    /// Rows where both are known.
    pub n_obs: u64,
}

/// Comovement of every pair of these series, which have equal length, NaN where unknown: the first
/// with the second, with the third, and so on. A pair without a common row is left out.
pub fn pairs(series: &[&[f64]]) -> Vec<([usize; 2], Comovement)> {
    let sorted: Vec<Vec<u32>> = series.iter().map(|values| order(values)).collect();
    let mut pairs = Vec::new();
    for a in 0..series.len() {
        for b in a + 1..series.len() {
            let found = pair(series[a], series[b], [&sorted[a], &sorted[b]]);
            pairs.extend(found.map(|comovement| ([a, b], comovement)));
        }
    }
    pairs
}

/// Comovement of two series of equal length, NaN where unknown; `None` without a common row.
pub fn comovement(a: &[f64], b: &[f64]) -> Option<Comovement> {
    pair(a, b, [&order(a), &order(b)])
}

fn pair(a: &[f64], b: &[f64], order: [&[u32]; 2]) -> Option<Comovement> {
    let known = |x: f64, y: f64| x.is_finite() && y.is_finite();
    // Where each row stands among those with both, counted from 1; 0 is none.
    let mut place = vec![0; a.len()];
    let (mut x, mut y) = (Vec::with_capacity(a.len()), Vec::with_capacity(a.len()));
    for (row, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| known(**a, **b)) {
        x.push(*a);
        y.push(*b);
        place[row] = x.len();
    }
    if x.is_empty() {
        return None;
    }
    let (mut agree, mut both) = (0u64, 0u64);
    for (a, b) in a.windows(2).zip(b.windows(2)) {
        let (da, db) = (a[1] - a[0], b[1] - b[0]);
        if known(da, db) {
            both += 1;
            agree += u64::from(sign(da) == sign(db));
        }
    }
    let best = if x.len() < 3 { None } else { best_lag(&x, &y) };
    Some(Comovement {
        correlation: pearson(&ranks(a, order[0], &place, x.len()), &ranks(b, order[1], &place, x.len())),
        sign_agree_rate: (both > 0).then(|| agree as f64 / both as f64),
        best_lead_lag: best.map(|(lag, _)| lag),
        best_lead_lag_corr: best.map(|(_, corr)| corr),
        n_obs: x.len() as u64,
    })
}

fn sign(x: f64) -> i8 {
    i8::from(x > 0.0) - i8::from(x < 0.0)
}

fn best_lag(x: &[f64], y: &[f64]) -> Option<(i32, f64)> {
    let mut best: Option<(i32, f64)> = None;
    for lag in -MAX_LAG..=MAX_LAG {
        let shift = lag.unsigned_abs() as usize;
        if shift + 2 > x.len() {
            continue;
        }
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

/// Rows with a known value, by that value.
fn order(values: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).filter(|i| values[*i as usize].is_finite()).collect();
    // The stable sort takes up runs that are sorted already, of which a smooth series has long ones.
    order.sort_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]));
    order
}

/// 1-based ranks of the `n` rows that have a place (counted from 1), at those places; ties share the
/// mean of their positions. `order` lists rows by value.
fn ranks(values: &[f64], order: &[u32], place: &[usize], n: usize) -> Vec<f64> {
    let rows: Vec<usize> = order.iter().map(|row| *row as usize).filter(|row| place[*row] > 0).collect();
    let mut ranks = vec![0.0; n];
    let mut first = 0;
    while first < rows.len() {
        let value = values[rows[first]];
        let ties = rows[first..].iter().take_while(|row| values[**row] == value).count();
        let rank = first as f64 + (ties as f64 + 1.0) / 2.0;
        for row in &rows[first..first + ties] {
            ranks[place[*row] - 1] = rank;
        }
        first += ties;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        let values = [2.0, 1.0, f64::NAN, 2.0, 3.0];
        assert_eq!(ranks(&values, &order(&values), &[1, 2, 0, 3, 4], 4), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn the_second_series_leads_at_a_positive_lag() {
        let lead: Vec<f64> = (0..60).map(|i| f64::from((i * i * 7) % 31)).collect();
        let follow: Vec<f64> = (0..60).map(|i| if i < 3 { 0.0 } else { lead[i - 3] }).collect();
        let got = comovement(&follow, &lead).expect("rows");
        assert_eq!(got.best_lead_lag, Some(3));
        assert!((got.best_lead_lag_corr.expect("corr") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn few_or_constant_rows() {
        assert_eq!(comovement(&[f64::NAN], &[1.0]), None);
        let two = comovement(&[1.0, 2.0], &[1.0, 3.0]).expect("rows");
        assert_eq!((two.n_obs, two.best_lead_lag), (2, None));
        assert!((two.correlation.expect("corr") - 1.0).abs() < 1e-12);
        let constant = comovement(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]).expect("rows");
        assert_eq!(
            (constant.correlation, constant.best_lead_lag, constant.sign_agree_rate),
            (None, None, Some(0.0))
        );
    }
}
