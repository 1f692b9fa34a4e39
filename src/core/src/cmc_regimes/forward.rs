//! Forward returns per regime over several horizons, against those of all rows of the same asset.
//!
//! The return of row `t` over `h` daily rows is the share `close[t + h] / close[t] - 1`: it begins at the
//! close at which the label of `t` is known. Returns of neighbouring rows overlap for `h > 1`, so that they are not
//! independent; the standard error takes that into account ([`newey_west`](crate::math::newey_west)).
//!
//! The difference of a regime is the mean, over its rows, of the return less the mean return of all rows of the same asset.
//! With `d` as 1 for rows of the regime and 0 for others, `p` as its mean and `y` as the mean return of an asset, that is
//! `sum(d (r - y)) / n`: up to the factor `sum((d - p)^2) / n`, the coefficient `b` of the regression of returns on `d` with a
//! constant for each asset, which has the same t statistic. The scores of that regression are `(d - p) (r - y - b (d - p))`,
//! one for each row with a return, of whatever label. Those of one day are summed over all assets (Driscoll and Kraay,
//! "Consistent covariance matrix estimation with spatially dependent panel data", Review of Economics and Statistics 80 (1998),
//! 549-560), and the variance of the sum of days, over `n^2`, is that of the difference.

use std::collections::BTreeMap;

use crate::math::newey_west::variance_of_sum;
use crate::math::periods::simple_return;
use crate::math::stats::ReturnStats;

/// Fewest non-overlapping windows, of a regime and of other rows, from which a standard error is estimated.
pub const LEAST_WINDOWS: u64 = 10;

/// The daily rows of an asset in ascending time; each slice has one element a row.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T> {
    /// The day of the row, counted from any date.
    pub day: &'a [i64],
    /// The label; rows without one are in no regime.
    pub label: &'a [Option<T>],
    /// The close; NaN is unknown.
    pub close: &'a [f64],
}

/// Returns of one regime over one horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forward {
    returns: ReturnStats,
    hits: u64,
    worst: Option<f64>,
    /// The most windows of the regime, from a row to that of its return, of which no two overlap, of whichever asset.
    pub windows: u64,
    /// The mean return of all rows of the same asset; of several assets, each counts as often as it has rows of the regime.
    pub mean_all: Option<f64>,
    /// The mean return less that of all rows of the same asset; `None` without returns.
    pub difference: Option<f64>,
    /// The standard error of the difference; `None` with fewer than [`LEAST_WINDOWS`], and where nothing differs.
    pub std_error: Option<f64>,
}

impl Forward {
    fn push(&mut self, r: f64) {
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

    /// The t statistic of the difference, `difference / std_error`; `None` without one of them.
    pub fn t(&self) -> Option<f64> {
        Some(self.difference? / self.std_error?)
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

/// The return of each row over so many rows, NaN without a known close at either end.
pub fn outcomes(close: &[f64], horizon: usize) -> Vec<f64> {
    let later = close.iter().skip(horizon).map(Some).chain(std::iter::repeat(None));
    let outcome = |(start, end): (&f64, Option<&f64>)| simple_return(*start, *end?);
    close.iter().zip(later).map(|ends| outcome(ends).unwrap_or(f64::NAN)).collect()
}

/// Forward returns by regime and horizon (in rows) over all assets; every regime has an entry for every horizon.
pub fn forward_returns<T: Clone + Ord>(
    assets: &[Rows<T>],
    horizons: &[usize],
) -> BTreeMap<(T, usize), Forward> {
    forward_returns_of(assets, horizons, |_| true, || {})
}

/// [`forward_returns`] of the regimes that are wanted. The work is rows times regimes times horizons; `tick` is called before each
/// regime and horizon, so that a caller may end the work.
pub fn forward_returns_of<T: Clone + Ord>(
    assets: &[Rows<T>],
    horizons: &[usize],
    is_wanted: impl Fn(&T) -> bool,
    tick: impl Fn(),
) -> BTreeMap<(T, usize), Forward> {
    let mut regimes: Vec<&T> = assets.iter().flat_map(|rows| rows.label.iter().flatten()).collect();
    regimes.sort_unstable();
    regimes.dedup();
    let mut days: Vec<i64> = assets.iter().flat_map(|rows| rows.day).copied().collect();
    days.sort_unstable();
    days.dedup();
    let place = |day: &i64| days.partition_point(|other| other < day);
    let placed: Vec<Placed> = assets
        .iter()
        .map(|rows| Placed {
            regime: rows.label.iter().map(|label| regimes.binary_search(&label.as_ref()?).ok()).collect(),
            place: rows.day.iter().map(place).collect(),
            close: rows.close,
        })
        .collect();
    let mut all = BTreeMap::new();
    for horizon in horizons {
        let panel = Panel::new(&placed, *horizon, days.len());
        for (number, regime) in regimes.iter().enumerate().filter(|(_, regime)| is_wanted(regime)) {
            tick();
            all.insert((T::clone(regime), *horizon), panel.of(number));
        }
    }
    all
}

/// The rows of an asset, with the number of the regime and the place among all days.
struct Placed<'a> {
    regime: Vec<Option<usize>>,
    place: Vec<usize>,
    close: &'a [f64],
}

/// The returns of all assets over one horizon.
struct Panel<'a> {
    assets: Vec<Track<'a>>,
    horizon: usize,
    days: usize,
    /// How many days apart two windows can be that overlap.
    lag: usize,
}

/// The returns of an asset over one horizon.
struct Track<'a> {
    rows: &'a Placed<'a>,
    /// The return of each row, NaN where unknown.
    r: Vec<f64>,
    all: ReturnStats,
}

impl Track<'_> {
    /// The rows with a return: index, whether of the regime, and return.
    fn known(&self, regime: usize) -> impl Iterator<Item = (usize, bool, f64)> {
        let rows = self.r.iter().zip(&self.rows.regime).enumerate().filter(|(_, (r, _))| !r.is_nan());
        rows.map(move |(row, (r, of))| (row, *of == Some(regime), *r))
    }

    /// The days of the common axis that a window covers, on average.
    fn days_of_window(&self, horizon: usize) -> f64 {
        let place = &self.rows.place;
        let spans = place.iter().zip(place.iter().skip(horizon)).map(|(from, to)| to - from);
        spans.clone().sum::<usize>() as f64 / spans.count() as f64
    }
}

impl<'a> Panel<'a> {
    fn new(placed: &'a [Placed], horizon: usize, days: usize) -> Self {
        let track = |rows: &'a Placed| {
            let r = outcomes(rows.close, horizon);
            let mut all = ReturnStats::default();
            r.iter().for_each(|r| all.push(*r));
            Track { rows, r, all }
        };
        let assets: Vec<_> = placed.iter().map(track).collect();
        // NaN, of an asset without a window, is passed over.
        let longest = assets.iter().map(|asset| asset.days_of_window(horizon)).fold(1.0, f64::max);
        Self { assets, horizon, days, lag: longest.round() as usize - 1 }
    }

    fn of(&self, regime: usize) -> Forward {
        let mut forward = Forward::default();
        let (mut base, mut of_all, mut excess, mut squares, mut largest) = (None, 0.0, 0.0, 0.0, 0.0f64);
        let mut shares = Vec::with_capacity(self.assets.len());
        for asset in &self.assets {
            let mean = asset.all.mean().unwrap_or_default();
            let mut n = 0.0;
            for (_, _, r) in asset.known(regime).filter(|(_, is_of, _)| *is_of) {
                forward.push(r);
                n += 1.0;
                excess += r - mean;
            }
            let share = if n > 0.0 { n / asset.all.returns as f64 } else { 0.0 };
            // From the first mean on, which is that of all rows where it is the only one.
            of_all += n * (mean - *base.get_or_insert(mean));
            squares += n * (1.0 - share);
            shares.push((mean, share));
        }
        if forward.n() == 0 {
            return forward;
        }
        let n = forward.n() as f64;
        forward.mean_all = base.map(|base| base + of_all / n);
        forward.difference = Some(excess / n);
        forward.windows = self.windows(regime, true);
        if forward.windows.min(self.windows(regime, false)) < LEAST_WINDOWS {
            return forward;
        }
        let b = excess / squares;
        let mut scores = vec![0.0; self.days];
        for (asset, (mean, share)) in self.assets.iter().zip(shares).filter(|(_, (_, share))| *share > 0.0) {
            for (row, is_of, r) in asset.known(regime) {
                let d = f64::from(is_of) - share;
                scores[asset.rows.place[row]] += d * (r - mean - b * d);
                largest = largest.max(r.abs());
            }
        }
        let std_error = variance_of_sum(&scores, self.lag).sqrt() / n;
        // Below that, there is but what rounding leaves.
        forward.std_error =
            Some(std_error).filter(|error| error.is_finite() && *error > 8.0 * f64::EPSILON * largest);
        forward
    }

    /// The most windows of which no two overlap, of rows of the regime or of others, over the assets that have rows of it.
    fn windows(&self, regime: usize, of_it: bool) -> u64 {
        const NEVER: usize = usize::MAX;
        // The earliest end of a window that begins on each day.
        let mut ends = vec![NEVER; self.days];
        for asset in self.assets.iter().filter(|asset| asset.known(regime).any(|(_, is_of, _)| is_of)) {
            for (row, is_of, _) in asset.known(regime) {
                if is_of == of_it {
                    let [from, to] = [row, row + self.horizon].map(|row| asset.rows.place[row]);
                    ends[from] = ends[from].min(to);
                }
            }
        }
        // The earliest end of a window that begins on each day or later.
        for day in (1..ends.len()).rev() {
            ends[day - 1] = ends[day - 1].min(ends[day]);
        }
        let mut end = ends.first();
        let windows = std::iter::from_fn(|| {
            let this = *end?;
            end = ends.get(this);
            (this != NEVER).then_some(())
        });
        windows.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_one<'a>(label: &'a [Option<char>], close: &'a [f64], day: &'a [i64]) -> Rows<'a, char> {
        Rows { day, label, close }
    }

    fn near(got: Option<f64>, expected: f64) {
        assert!((got.expect("value") - expected).abs() < 1e-12, "{got:?}, not {expected}");
    }

    #[test]
    fn rows_without_later_bars_do_not_count() {
        let close = [1.0, 2.0, 1.0, 4.0];
        let labels = [Some('a'), Some('b'), Some('a'), Some('a')];
        let got = forward_returns(&[of_one(&labels, &close, &[0, 1, 2, 3])], &[1, 3]);
        let of = |label, h| got[&(label, h)];
        assert_eq!((of('a', 1).n(), of('a', 1).mean(), of('a', 1).worst()), (2, Some(2.0), Some(1.0)));
        assert_eq!((of('b', 1).n(), of('b', 1).hit_rate(), of('b', 1).t()), (1, Some(0.0), None));
        assert_eq!((of('a', 3).n(), of('a', 3).mean(), of('a', 3).std()), (1, Some(3.0), None));
        assert_eq!((of('b', 3).n(), of('b', 3).mean(), of('b', 3).hit_rate()), (0, None, None));
        // Of all three rows: 1, -0.5 and 3.
        near(of('a', 1).mean_all, 3.5 / 3.0);
        near(of('a', 1).difference, 2.0 - 3.5 / 3.0);
        assert_eq!((of('a', 1).windows, of('b', 3).windows, of('b', 3).mean_all), (2, 0, None));
    }

    /// Twenty pairs of rows of `a` and `b`, whose closes double and halve in turn with `steps`.
    fn in_turn(steps: [f64; 4]) -> (Vec<Option<char>>, Vec<f64>, Vec<i64>) {
        let labels = (0..81).map(|row| Some(if row % 2 == 0 { 'a' } else { 'b' })).collect();
        let mut close = vec![1.0];
        (0..80).for_each(|row| close.push(close[row] * steps[row % 4]));
        (labels, close, (0..81).collect())
    }

    #[test]
    fn figures_by_hand() {
        // Returns of a are 3 and 1 in turn, of b -0.5 and -0.75: means 2 and -0.625, of all 0.6875.
        let (labels, close, days) = in_turn([4.0, 0.5, 2.0, 0.25]);
        let got = forward_returns(&[of_one(&labels, &close, &days)], &[1])[&('a', 1)];
        assert_eq!((got.n(), got.windows), (40, 40));
        near(got.mean(), 2.0);
        near(got.mean_all, 0.6875);
        near(got.difference, 1.3125);
        // Half of the residuals 1, -1 and, for b, minus half of 0.125, -0.125; 20 of each. Without lags, squares add up.
        let squares = 20.0 * (0.5f64.powi(2) * 2.0 + 0.0625f64.powi(2) * 2.0);
        near(got.std_error, squares.sqrt() / 40.0);
        // Over two rows: 1 and -0.5 for a; 0 and 0 for b; so that lag 1 counts, with half its weight, but for the zeros.
        let got = forward_returns(&[of_one(&labels, &close, &days)], &[2]);
        let (a, b) = (got[&('a', 2)], got[&('b', 2)]);
        assert_eq!((a.n(), b.n(), a.windows, b.windows), (40, 39, 40, 39));
        let (p, r) = (40.0 / 79.0, [1.0, -0.5]);
        let [mean, of_b] = [r[0] * 0.5 + r[1] * 0.5, 0.0];
        let scores: Vec<f64> = (0..79)
            .map(|row| if row % 2 == 0 { (1.0 - p) * (r[row / 2 % 2] - mean) } else { -p * (0.0 - of_b) })
            .collect();
        let sum = |lag: usize| scores.iter().zip(&scores[lag..]).map(|(s, t)| s * t).sum::<f64>();
        let variance = sum(0) + sum(1);
        near(a.std_error, variance.sqrt() / 40.0);
    }

    #[test]
    fn few_windows_and_equal_returns_have_no_error() {
        let (labels, close, days) = in_turn([2.0; 4]);
        let got = forward_returns(&[of_one(&labels, &close[..61], &days)], &[1, 4])[&('a', 1)];
        assert_eq!((got.std(), got.difference, got.std_error, got.t()), (Some(0.0), Some(0.0), None, None));
        let (labels, close, days) = in_turn([4.0, 0.5, 2.0, 0.25]);
        let windows = |rows: usize| {
            let rows = of_one(&labels[..rows], &close[..rows], &days[..rows]);
            let got = forward_returns(&[rows], &[3])[&('a', 3)];
            (got.windows, got.std_error.is_some())
        };
        // From every second row of a; the tenth window of b ends a row later.
        assert_eq!((windows(40), windows(41)), ((10, false), (10, true)));
    }

    #[test]
    fn the_windows_of_one_day_are_one() {
        let (labels, close, days) = in_turn([4.0, 0.5, 2.0, 0.25]);
        let one = of_one(&labels, &close, &days);
        let [of_one, of_two] = [&[one][..], &[one; 2]].map(|rows| forward_returns(rows, &[3])[&('a', 3)]);
        // Twice the same says no more, and is no surer.
        assert_eq!((of_two.n(), of_two.windows), (2 * of_one.n(), of_one.windows));
        near(of_two.mean(), of_one.mean().expect("mean"));
        near(of_two.difference, of_one.difference.expect("difference"));
        near(of_two.std_error, of_one.std_error.expect("error"));
    }
}
