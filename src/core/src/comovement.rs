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

/// Comovement of two series of equal length, NaN where unknown; `None` without a common row.
pub fn comovement(a: &[f64], b: &[f64]) -> Option<Comovement> {
    let known = |x: f64, y: f64| x.is_finite() && y.is_finite();
    let (x, y): (Vec<f64>, Vec<f64>) = a.iter().zip(b).filter(|(a, b)| known(**a, **b)).unzip();
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
        correlation: pearson(&ranks(&x), &ranks(&y)),
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
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (dx, dy) = (x - mx, y - my);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx.sqrt() * yy.sqrt()))
}

/// 1-based ranks, ties sharing the mean of their positions. Values are finite.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let value = values[order[first] as usize];
        let ties = order[first..].iter().take_while(|i| values[**i as usize] == value).count();
        let rank = first as f64 + (ties as f64 + 1.0) / 2.0;
        for i in &order[first..first + ties] {
            ranks[*i as usize] = rank;
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
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 3.0]), [2.5, 1.0, 2.5, 4.0]);
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
