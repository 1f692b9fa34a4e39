//! Periods of one regime: how long they last, and which regime follows.
//!
//! Periods are made from flips, which skip rows without a label: bars are counted, not days.

use std::collections::BTreeMap;

/// A stored change of label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// Time of the first row with the new label, in microseconds.
    pub ts: i64,
    /// The label from here on.
    pub new: T,
    /// Rows that the label before lasted; `None` for the first change, or where unknown.
    pub lasted: Option<u32>,
}

/// Consecutive rows with one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period<T> {
    /// The label.
    pub regime: T,
    /// Time of the first row, in microseconds: the label is known from then on.
    pub from: i64,
    /// Time of the first row of the next period, in microseconds; `None` for the current period.
    pub to: Option<i64>,
    /// Rows with the label; `None` where unknown.
    pub bars: Option<u32>,
}

/// The periods between changes, both in ascending time. `newest` is the number of rows of the current period:
/// from the last change on, its own row included.
pub fn periods<T: Clone>(changes: &[Change<T>], newest: u32) -> Vec<Period<T>> {
    let next = changes.iter().skip(1).map(Some).chain([None]);
    changes
        .iter()
        .zip(next)
        .map(|(change, next)| Period {
            regime: change.new.clone(),
            from: change.ts,
            to: next.map(|next| next.ts),
            bars: next.map_or(Some(newest), |next| next.lasted),
        })
        .collect()
}

/// How often one regime followed another.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition<T> {
    /// The regime before.
    pub from: T,
    /// The regime after.
    pub to: T,
    /// Changes from one to the other.
    pub n: u64,
    /// `n` over all changes out of `from`, 0 to 1.
    pub probability: f64,
}

/// How often each regime followed each other one, in the order of `from` and `to`. `periods` are in ascending
/// time, those of one subject after those of another; nothing has followed a current period yet.
pub fn transitions<T: Clone + Ord>(periods: &[Period<T>]) -> Vec<Transition<T>> {
    let mut count: BTreeMap<&T, BTreeMap<&T, u64>> = BTreeMap::new();
    for pair in periods.windows(2).filter(|pair| pair[0].to.is_some()) {
        *count.entry(&pair[0].regime).or_default().entry(&pair[1].regime).or_default() += 1;
    }
    let rows = count.iter().flat_map(|(from, to)| {
        let all: u64 = to.values().sum();
        to.iter().map(move |(to, n)| Transition {
            from: T::clone(from),
            to: T::clone(to),
            n: *n,
            probability: *n as f64 / all as f64,
        })
    });
    rows.collect()
}

/// How long a regime lasts, in daily rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Durations<T> {
    /// The regime.
    pub regime: T,
    /// Lengths of the completed runs, in rows, ascending; the first run counts, although it may have begun
    /// before the history.
    pub runs: Vec<u32>,
    /// Length so far of the current run, in rows; `None` if the current run is of another regime.
    pub current: Option<u32>,
}

impl<T> Durations<T> {
    /// Mean length of the completed runs, in rows; `None` without one.
    pub fn mean(&self) -> Option<f64> {
        let sum: u64 = self.runs.iter().map(|run| u64::from(*run)).sum();
        (!self.runs.is_empty()).then(|| sum as f64 / self.runs.len() as f64)
    }

    /// Median length of the completed runs, in rows (of an even number, the mean of the middle two); `None`
    /// without one.
    pub fn median(&self) -> Option<f64> {
        let n = self.runs.len();
        let [low, high] = [n.checked_sub(1)? / 2, n / 2].map(|i| f64::from(self.runs[i]));
        Some((low + high) / 2.0)
    }

    /// Length of the longest completed run, in rows; `None` without one.
    pub fn longest(&self) -> Option<u32> {
        self.runs.last().copied()
    }

    /// Share, 0 to 1, of the completed runs that were at most as long as the current run is so far; `None`
    /// without a completed or a current run.
    pub fn current_percentile(&self) -> Option<f64> {
        let current = self.current?;
        let shorter = self.runs.partition_point(|run| *run <= current);
        (!self.runs.is_empty()).then(|| shorter as f64 / self.runs.len() as f64)
    }
}

/// Durations per regime, in the order of regimes, from periods in ascending time. Periods of unknown length
/// do not count; of several subjects, the current run is that of the last.
pub fn durations<T: Clone + Ord>(periods: &[Period<T>]) -> Vec<Durations<T>> {
    let mut by_regime: BTreeMap<&T, (Vec<u32>, Option<u32>)> = BTreeMap::new();
    for period in periods {
        let (runs, current) = by_regime.entry(&period.regime).or_default();
        match period.to {
            Some(_) => runs.extend(period.bars),
            None => *current = period.bars,
        }
    }
    by_regime
        .into_iter()
        .map(|(regime, (mut runs, current))| {
            runs.sort_unstable();
            Durations { regime: regime.clone(), runs, current }
        })
        .collect()
}

/// The return `end / start - 1` as a share; `None` unless both closes are finite and positive and the result
/// is finite.
pub fn simple_return(start: f64, end: f64) -> Option<f64> {
    let known = |close: f64| close.is_finite() && close > 0.0;
    Some(end / start - 1.0).filter(|r| known(start) && known(end) && r.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_that_lasts_is_no_past_run() {
        let change = |ts, new, lasted| Change { ts, new, lasted };
        let changes = [
            change(0, 'a', None),
            change(3, 'b', Some(3)),
            change(4, 'a', Some(1)),
            change(8, 'b', Some(4)),
            change(10, 'a', Some(2)),
        ];
        let all = periods(&changes, 3);
        assert_eq!(all[4], Period { regime: 'a', from: 10, to: None, bars: Some(3) });
        let [a, b] = <[_; 2]>::try_from(durations(&all)).expect("two regimes");
        assert_eq!((a.runs.as_slice(), a.current, a.current_percentile()), (&[3, 4][..], Some(3), Some(0.5)));
        assert_eq!((a.mean(), a.median(), a.longest()), (Some(3.5), Some(3.5), Some(4)));
        assert_eq!((b.runs.as_slice(), b.current, b.current_percentile()), (&[1, 2][..], None, None));
        let moves: Vec<_> = transitions(&all).into_iter().map(|t| (t.from, t.to, t.n)).collect();
        assert_eq!(moves, [('a', 'b', 2), ('b', 'a', 2)]);
        // Of two subjects, the first of the second does not follow the last of the first.
        let two: Vec<_> = all.iter().chain(&all).cloned().collect();
        let moves: Vec<_> = transitions(&two).into_iter().map(|t| (t.from, t.to, t.n)).collect();
        assert_eq!(moves, [('a', 'b', 4), ('b', 'a', 4)]);
    }

    #[test]
    fn a_return_needs_two_prices() {
        assert_eq!(simple_return(4.0, 5.0), Some(0.25));
        for (start, end) in [(0.0, 1.0), (f64::NAN, 1.0), (1.0, f64::NAN), (1.0, -1.0), (1e-300, 1e300)] {
            assert_eq!(simple_return(start, end), None);
        }
    }
}
