//! Forward returns per regime over several horizons.
//!
//! The return of row `t` over `h` daily rows is the share `close[t + h] / close[t] - 1`: it begins at the
//! close at which the label of `t` is known. Returns of neighbouring rows overlap for `h > 1`; they are not
//! independent, and the t statistic comes out too large by up to a factor of `sqrt(h)`, and more where
//! regimes persist.

use std::collections::BTreeMap;

use crate::math::periods::simple_return;
use crate::math::stats::ReturnStats;

/// Returns of one regime over one horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forward {
    returns: ReturnStats,
    hits: u64,
    worst: Option<f64>,
}

impl Forward {
    /// Takes the forward return of a row; `None` does not count.
    pub fn push(&mut self, forward_return: Option<f64>) {
        let Some(r) = forward_return.filter(|r| r.is_finite()) else { return };
        self.returns.push(r);
        self.hits += u64::from(r > 0.0);
        self.worst = Some(self.worst.map_or(r, |worst| worst.min(r)));
    }

    /// Rows with a forward return.
    pub fn n(&self) -> u64 {
        self.returns.returns
    }

    /// Mean return, `None` without returns.
    pub fn mean(&self) -> Option<f64> {
        self.returns.mean()
    }

    /// Sample standard deviation (ddof 1), `None` with fewer than two returns.
    pub fn std(&self) -> Option<f64> {
        self.returns.std()
    }

    /// The t statistic `mean / (std / sqrt(n))`, `None` without a standard deviation above 0.
    pub fn t(&self) -> Option<f64> {
        let t = self.mean()? / (self.std()? / (self.n() as f64).sqrt());
        t.is_finite().then_some(t)
    }

    /// Share of returns above 0, from 0 to 1; `None` without returns.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.n() > 0).then(|| self.hits as f64 / self.n() as f64)
    }

    /// The smallest return, `None` without returns.
    pub fn worst(&self) -> Option<f64> {
        self.worst
    }
}

/// Forward returns by regime and horizon (in rows); every regime has an entry for every horizon.
///
/// `labels` and `close` have one element per daily row in ascending time. Rows without a label are in no
/// regime; NaN is an unknown close.
pub fn forward_returns<T: Clone + Ord>(
    labels: &[Option<T>],
    close: &[f64],
    horizons: &[usize],
) -> BTreeMap<(T, usize), Forward> {
    let mut all = BTreeMap::<T, Vec<Forward>>::new();
    for (t, label) in labels.iter().enumerate() {
        let Some(label) = label else { continue };
        let sets = all.entry(label.clone()).or_insert_with(|| vec![Forward::default(); horizons.len()]);
        for (set, h) in sets.iter_mut().zip(horizons) {
            let later = t.checked_add(*h).and_then(|t| close.get(t));
            set.push(later.and_then(|later| simple_return(*close.get(t)?, *later)));
        }
    }
    let pairs = all
        .into_iter()
        .flat_map(|(label, sets)| horizons.iter().zip(sets).map(move |(h, set)| ((label.clone(), *h), set)));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_later_bars_do_not_count() {
        let close = [1.0, 2.0, 1.0, 4.0];
        let labels = [Some('a'), Some('b'), Some('a'), Some('a')];
        let got = forward_returns(&labels, &close, &[1, 3]);
        let of = |label, h| got[&(label, h)];
        assert_eq!((of('a', 1).n(), of('a', 1).mean(), of('a', 1).worst()), (2, Some(2.0), Some(1.0)));
        assert_eq!((of('b', 1).n(), of('b', 1).hit_rate(), of('b', 1).t()), (1, Some(0.0), None));
        assert_eq!((of('a', 3).n(), of('a', 3).mean(), of('a', 3).std()), (1, Some(3.0), None));
        assert_eq!((of('b', 3).n(), of('b', 3).mean(), of('b', 3).hit_rate()), (0, None, None));
    }

    #[test]
    fn equal_returns_have_no_t() {
        let mut set = Forward::default();
        (0..3).for_each(|_| set.push(Some(0.5)));
        assert_eq!((set.std(), set.t()), (Some(0.0), None));
    }
}
