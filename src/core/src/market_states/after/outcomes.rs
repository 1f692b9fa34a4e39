//! What the close did over a horizon, by bucket.

use crate::market_states::Bucket;
use crate::market_states::after::share::{Share, mean, median, ratio};
use crate::math::windows::folded;

/// The closes after the bars of a bucket. Specification 5, section 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// `None` for all bars with a bucket.
    pub bucket: Option<Bucket>,
    /// The return at or below which a bar is in the tail.
    pub threshold: f64,
    /// Number of bars.
    pub n: usize,
    /// Number of bars whose windows do not overlap: the first, then always the next a horizon later.
    pub n_independent: usize,
    /// Mean return to the horizon, as a share of the close.
    pub mean_return: f64,
    /// Median return.
    pub median_return: f64,
    /// Lowest return.
    pub worst_return: f64,
    /// Mean of the largest falls from one close to a later one up to the horizon.
    pub mean_drawdown: f64,
    /// The largest of these falls.
    pub worst_drawdown: f64,
    /// Number of bars in the tail.
    pub tail_n: usize,
    /// Their share; the bounds take `n_independent` cases.
    pub tail: Share,
    /// Their share as a multiple of that of LOW.
    pub ratio_to_low: f64,
}

/// Rows by threshold, as given, and within each by bucket: LOW, MED, HIGH, all. `wanted` are the bars that
/// count.
pub fn outcomes(
    close: &[f64],
    buckets: &[Option<Bucket>],
    wanted: std::ops::Range<usize>,
    horizon: usize,
    thresholds: &[f64],
) -> Vec<Outcome> {
    let (returns, drawdowns) = (returns(close, horizon), drawdowns(close, horizon));
    let groups = [Some(Bucket::Low), Some(Bucket::Med), Some(Bucket::High), None].map(|bucket| {
        let counts = |bar: &usize| buckets[*bar].is_some_and(|own| bucket.is_none_or(|of| of == own));
        let bars: Vec<usize> =
            (wanted.start..wanted.end.min(returns.len()).min(buckets.len())).filter(counts).collect();
        Group::new(bucket, &bars, &returns, &drawdowns, horizon)
    });
    let rows = thresholds.iter().flat_map(|threshold| {
        let low = groups[0].tail(*threshold).1;
        groups.iter().map(move |group| group.outcome(*threshold, low))
    });
    rows.collect()
}

/// The bars of a bucket.
struct Group {
    bucket: Option<Bucket>,
    independent: usize,
    /// Ascending.
    returns: Vec<f64>,
    mean_return: f64,
    mean_drawdown: f64,
    worst_drawdown: f64,
}

impl Group {
    fn new(
        bucket: Option<Bucket>,
        bars: &[usize],
        returns: &[f64],
        drawdowns: &[f64],
        horizon: usize,
    ) -> Self {
        let of = |values: &[f64]| -> Vec<f64> { bars.iter().map(|bar| values[*bar]).collect() };
        let (mut returns, drawdowns) = (of(returns), of(drawdowns));
        let mean_return = mean(&returns);
        returns.sort_by(f64::total_cmp);
        Self {
            bucket,
            independent: independent(bars.iter().copied(), horizon),
            mean_return,
            mean_drawdown: mean(&drawdowns),
            worst_drawdown: drawdowns.into_iter().reduce(f64::min).unwrap_or(f64::NAN),
            returns,
        }
    }

    /// Number of bars in the tail, and their share.
    fn tail(&self, threshold: f64) -> (usize, Share) {
        let count = self.returns.partition_point(|r| *r <= threshold);
        (count, Share::of(count, self.returns.len(), self.independent))
    }

    fn outcome(&self, threshold: f64, low: Share) -> Outcome {
        let (tail_n, tail) = self.tail(threshold);
        Outcome {
            bucket: self.bucket,
            threshold,
            n: self.returns.len(),
            n_independent: self.independent,
            mean_return: self.mean_return,
            median_return: median(&self.returns),
            worst_return: self.returns.first().copied().unwrap_or(f64::NAN),
            mean_drawdown: self.mean_drawdown,
            worst_drawdown: self.worst_drawdown,
            tail_n,
            tail,
            ratio_to_low: ratio(tail.share, low.share),
        }
    }
}

/// Number of bars, ascending, that are left when each has to be at least a horizon after the one before.
pub(super) fn independent(bars: impl Iterator<Item = usize>, horizon: usize) -> usize {
    let (mut count, mut next) = (0, 0);
    for bar in bars {
        if bar >= next {
            (count, next) = (count + 1, bar + horizon);
        }
    }
    count
}

/// The return of each bar that has a full horizon.
pub(super) fn returns(close: &[f64], horizon: usize) -> Vec<f64> {
    close.iter().zip(close.iter().skip(horizon)).map(|(from, to)| to / from - 1.0).collect()
}

/// The largest fall from one close to the same or a later one, from each bar up to its horizon: at most 0.
fn drawdowns(close: &[f64], horizon: usize) -> Vec<f64> {
    // Of a stretch: lowest and highest close, and largest fall.
    let one: Vec<[f64; 3]> = close.iter().map(|close| [*close, *close, 0.0]).collect();
    let joined =
        folded(&one, horizon.saturating_add(1), |[low, high, fall], [later_low, later_high, later_fall]| {
            [low.min(later_low), high.max(later_high), fall.min(later_fall).min(later_low / high - 1.0)]
        });
    joined.into_iter().map(|[_, _, fall]| fall).collect()
}
