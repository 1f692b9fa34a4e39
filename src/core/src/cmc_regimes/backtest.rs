//! A position whose size is that of the regime, beside the asset held whole.
//!
//! A row is known at the close of its bar, so that the position over a bar has the size of the row before: the bar
//! whose size is sought never has a say in it. What is not in the asset earns nothing. The size is a share of
//! the equity, and is restored at each close; what is traded there costs.

use crate::calendar::civil::MICROS_PER_DAY;
use crate::math::performance::{Performance, Track};
use crate::math::periods::simple_return;
use crate::math::stats::mean;

/// Days on which assets are traded in a year: every day, or but for weekends and holidays.
pub const PER_YEAR: [f64; 2] = [365.0, 252.0];

/// Rows with a known close, from the second on, each with the bar that ends there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The index of the row at whose close the bar ends.
    pub row: usize,
    /// The size over the bar, a share of the equity: that of the last row before whose close is known.
    pub size: f64,
    /// What was traded for it at that close, a share of the equity there.
    pub traded: f64,
    /// The return over the bar after costs: of the position, and of the asset held whole.
    pub returns: [f64; 2],
    /// What 1 at the first close has become: in the position, and in the asset held whole.
    pub equity: [f64; 2],
    /// How far each equity is below its greatest height so far, as a share.
    pub drawdown: [f64; 2],
}

/// A position over the bars between rows in ascending time; one element a row in each slice.
///
/// `close` is NaN where unknown: such a row is passed over, since nothing can be traded there, and the position before it is held
/// until the next known close. `size` is a share of the equity; one that is not finite or is below 0 counts as 0. `cost_bps` is what a trade costs, in
/// hundredths of a percent of the amount.
///
/// With `w` as the size over a bar and `r` as the return of the asset, a share, the equity grows by the factor
/// `(1 - cost_bps / 10,000 · traded) (1 + w r)`, but never below 0. `traded` is `|w - v|`: over the bar before, of size `u` and return `q`, the position has
/// drifted to the share `v = u (1 + q) / (1 + u q)`, at first 0. The asset held whole is bought once.
pub fn bars(close: &[f64], size: &[f64], cost_bps: f64) -> Vec<Bar> {
    let cost = cost_bps / 10_000.0;
    let mut rows =
        close.iter().zip(size).enumerate().filter(|(_, (close, _))| close.is_finite() && **close > 0.0);
    let Some((_, (mut start, mut known))) = rows.next() else { return Vec::new() };
    let mut held = [Held::default(), Held::default()];
    let mut bars = Vec::new();
    for (row, (end, next)) in rows {
        let Some(r) = simple_return(*start, *end) else { continue };
        let size = if known.is_finite() { known.max(0.0) } else { 0.0 };
        let [position, whole] = &mut held;
        let (traded, net) = position.over(size, r, cost);
        let (_, net_whole) = whole.over(1.0, r, cost);
        bars.push(Bar {
            row,
            size,
            traded,
            returns: [net, net_whole],
            equity: held.each_ref().map(|held| held.track.equity()),
            drawdown: held.each_ref().map(|held| held.track.drawdown()),
        });
        (start, known) = (end, next);
    }
    bars
}

/// A position so far.
#[derive(Default)]
struct Held {
    /// The share of the equity that it has drifted to.
    share: f64,
    track: Track,
}

impl Held {
    /// Trades to a size and holds it over a bar with this return; gives what was traded, and the return after costs.
    fn over(&mut self, size: f64, r: f64, cost: f64) -> (f64, f64) {
        let traded = (size - self.share).abs();
        let growth = (1.0 + size * r).max(0.0);
        let net = (1.0 - cost * traded).max(0.0) * growth - 1.0;
        self.share = if growth > 0.0 { size * ((1.0 + r) / growth) } else { 0.0 };
        self.track.push(net);
        (traded, net)
    }
}

/// What the bars of a backtest add up to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The position, and the asset held whole.
    pub performance: [Performance; 2],
    /// Share of the bars with a size above 0.
    pub time_in_market: f64,
    /// Mean size over all bars.
    pub mean_size: f64,
    /// What is traded in a year, in multiples of the equity.
    pub turnover: f64,
    /// What that costs in a year, as a share of the equity: `turnover · cost_bps / 10,000`.
    pub cost: f64,
}

/// What bars add up to, with so many bars a year; `None` without a bar.
pub fn summary(bars: &[Bar], per_year: f64, cost_bps: f64) -> Option<Summary> {
    let track = |which: usize| {
        let mut track = Track::default();
        bars.iter().for_each(|bar| track.push(bar.returns[which]));
        track.performance(per_year)
    };
    let performance = [track(0)?, track(1)?];
    let n = bars.len() as f64;
    let sizes: Vec<f64> = bars.iter().map(|bar| bar.size).collect();
    let turnover = bars.iter().map(|bar| bar.traded).sum::<f64>() * (per_year / n);
    Some(Summary {
        performance,
        time_in_market: bars.iter().filter(|bar| bar.size > 0.0).count() as f64 / n,
        mean_size: mean(&sizes),
        turnover,
        cost: turnover * (cost_bps / 10_000.0),
    })
}

/// How many daily bars a year has, by the times of an asset's rows, in microseconds, ascending: the first of [`PER_YEAR`] if the rows
/// come closer to it than to the second, else the second; `None` of fewer than two rows.
pub fn bars_per_year(ts: &[i64]) -> Option<f64> {
    const DAYS: f64 = 365.25;
    let days = ts.last()?.checked_sub(*ts.first()?)? as f64 / MICROS_PER_DAY as f64;
    let [more, fewer] = PER_YEAR;
    let rate = (ts.len() - 1) as f64 / days * DAYS;
    (ts.len() > 1).then_some(if rate > (more + fewer) / 2.0 { more } else { fewer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "{got}, not {expected}");
    }

    /// Closes 100, 110, 99, 108.9: +10 %, -10 %, +10 %.
    const CLOSE: [f64; 4] = [100.0, 110.0, 99.0, 108.9];

    #[test]
    fn figures_by_hand() {
        // Half over the first bar, nothing over the second, all over the third; the size of the last row is not yet held.
        let bars = bars(&CLOSE, &[0.5, 0.0, 1.0, 0.7], 100.0);
        let of = |of: fn(&Bar) -> f64| bars.iter().map(of).collect::<Vec<_>>();
        assert_eq!(of(|bar| bar.size), [0.5, 0.0, 1.0]);
        // Bought for half; 0.55 of 1.05 sold; bought for all of it.
        let traded = [0.5, 0.55 / 1.05, 1.0];
        of(|bar| bar.traded).iter().zip(traded).for_each(|(got, expected)| near(*got, expected));
        let factors = [0.995 * 1.05, 1.0 - 0.01 * 0.55 / 1.05, 0.99 * 1.1];
        let equity = [factors[0], factors[0] * factors[1], factors[0] * factors[1] * factors[2]];
        of(|bar| bar.equity[0]).iter().zip(equity).for_each(|(got, expected)| near(*got, expected));
        of(|bar| bar.equity[1])
            .iter()
            .zip([0.99 * 1.1, 0.99 * 0.99, 0.99 * 1.089])
            .for_each(|(got, expected)| near(*got, expected));
        let got = summary(&bars, 252.0, 100.0).expect("bars");
        let [position, whole] = got.performance;
        near(position.yearly_return(252.0), equity[2].powf(84.0) - 1.0);
        near(position.max_drawdown, 1.0 - factors[1]);
        near(whole.max_drawdown, 0.1);
        let net = factors.map(|factor| factor - 1.0);
        let mean = net.iter().sum::<f64>() / 3.0;
        let std = (net.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / 2.0).sqrt();
        near(position.volatility, std * 252f64.sqrt());
        near(position.sharpe, mean / std * 252f64.sqrt());
        near(got.time_in_market, 2.0 / 3.0);
        near(got.mean_size, 0.5);
        near(got.turnover, traded.iter().sum::<f64>() * 84.0);
        near(got.cost, got.turnover * 0.01);
    }

    #[test]
    fn the_position_is_held_over_an_unknown_close() {
        // +10 % at the size of the first row, which could not be changed in between.
        let got = bars(&[100.0, f64::NAN, 110.0, -1.0], &[0.5, 1.0, 1.0, 1.0], 0.0);
        assert_eq!(got.iter().map(|bar| (bar.row, bar.size)).collect::<Vec<_>>(), [(2, 0.5)]);
        near(got[0].equity[0], 1.05);
        assert_eq!(bars(&[f64::NAN, 1.0], &[1.0; 2], 0.0), []);
        assert_eq!(summary(&[], 252.0, 0.0), None);
    }

    #[test]
    fn what_is_lost_is_lost() {
        let got = bars(&[100.0, 40.0, 80.0], &[2.0, 2.0, 2.0], 0.0);
        assert_eq!(got.iter().map(|bar| bar.equity[0]).collect::<Vec<_>>(), [0.0, 0.0]);
        let got = summary(&got, 252.0, 0.0).expect("bars");
        assert_eq!((got.performance[0].max_drawdown, got.performance[0].yearly_return(252.0)), (1.0, -1.0));
        // No size is none.
        let got = bars(&CLOSE, &[f64::NAN, -1.0, f64::INFINITY, 1.0], 100.0);
        assert_eq!(got.last().map(|bar| (bar.equity[0], bar.size)), Some((1.0, 0.0)));
        let got = summary(&got, 252.0, 100.0).expect("bars");
        assert_eq!((got.time_in_market, got.turnover, got.performance[0].volatility), (0.0, 0.0, 0.0));
        assert!(got.performance[0].sharpe.is_nan());
    }

    #[test]
    fn weekends_make_a_year_shorter() {
        let days = |traded: fn(i64) -> bool| {
            (0..1000).filter(|day| traded(*day)).map(|day| day * MICROS_PER_DAY).collect::<Vec<_>>()
        };
        assert_eq!(bars_per_year(&days(|_| true)), Some(365.0));
        assert_eq!(bars_per_year(&days(|day| day % 7 < 5)), Some(252.0));
        // With one day in ten missing.
        assert_eq!(bars_per_year(&days(|day| day % 10 > 0)), Some(365.0));
        assert_eq!((bars_per_year(&[]), bars_per_year(&[7])), (None, None));
    }
}
