//! The regimes of days from daily closes: metrics, scores and the regime that scores most (specification 4, sections 1
//! to 3).

use crate::market_regime_history::day::Day;
use crate::math::periods::simple_return;
use crate::math::stats::{known, mean};

/// Version of the code; changed whenever the same closes give another day.
pub const VERSION: &str = "1";
/// Rows of a day's window, its own included; with fewer rows there is no day.
pub const LOOKBACK: usize = 60;
/// Returns per volatility.
pub const VOL_RETURNS: usize = 20;
/// Rows on which a day depends: its oldest volatility, [`LOOKBACK`]` - 1` rows back, needs [`VOL_RETURNS`]
/// returns, which need one more close. Earlier rows change nothing.
pub const REACH: usize = LOOKBACK + VOL_RETURNS;
/// Trading days in a year, by which volatilities and Sharpe ratios are annualised.
pub const YEAR: f64 = 252.0;

/// Rows in the short mean of closes.
const SMA_SHORT: usize = 20;
/// Rows in the long mean of closes.
const SMA_LONG: usize = 50;
/// Returns in the short mean of the momentum score.
const MOMENTUM_SHORT: usize = 5;
/// Returns in the long mean of the momentum score.
const MOMENTUM_LONG: usize = 20;

/// The day of the last of `closes`, which are one per row in ascending date; `None` with fewer than
/// [`LOOKBACK`]. Specification 4, sections 1 to 3.
///
/// The caller checks that closes are finite and above 0; metrics from other closes are undefined.
pub fn day(closes: &[f64]) -> Option<Day> {
    let reach = &closes[closes.len().saturating_sub(REACH)..];
    days(reach, reach.len().checked_sub(1)?).pop()?
}

/// The days of the rows from index `from` on, each equal to [`day()`] of the closes up to that row.
pub fn days(closes: &[f64], from: usize) -> Vec<Option<Day>> {
    let first = from.saturating_sub(LOOKBACK - 1);
    let vols: Vec<f64> = (first..closes.len()).map(|i| volatility(&closes[..=i])).collect();
    (from..closes.len()).map(|i| measured(&closes[..=i], &vols[..=i - first])).collect()
}

/// Annualised volatility of the last row, from [`VOL_RETURNS`] returns; NaN unless all are defined.
/// Specification 4, section 1.
///
/// Returns are summed in ascending order, so that the same returns in another order give the same volatility
/// to the last bit: a price that hardly moves has many such windows, which a rank must not tell apart.
fn volatility(closes: &[f64]) -> f64 {
    let Some(closes) = closes.last_chunk::<{ VOL_RETURNS + 1 }>() else { return f64::NAN };
    let mut returns: [f64; VOL_RETURNS] = last_returns(closes);
    returns.sort_unstable_by(f64::total_cmp);
    known(std(&returns) * YEAR.sqrt())
}

/// The day of the last row; `vols` has the volatility of each row of its window, or more.
fn measured(closes: &[f64], vols: &[f64]) -> Option<Day> {
    let closes = closes.last_chunk::<LOOKBACK>()?;
    let vols = vols.last_chunk::<LOOKBACK>()?;
    let [.., vol] = *vols;
    Some(Day::new([
        volatility_percentile(vols, vol),
        trend_strength(closes),
        momentum_score(closes),
        drawdown_severity(closes),
        volume_anomaly(vols, vol),
    ]))
}

/// Share of rows with a lower volatility; rows without a volatility stay in the denominator.
fn volatility_percentile(vols: &[f64; LOOKBACK], vol: f64) -> f64 {
    if vol.is_nan() {
        return f64::NAN;
    }
    vols.iter().filter(|v| **v < vol).count() as f64 / LOOKBACK as f64
}

/// Mean of the price change over the window and of the excess of the short mean over the long one.
fn trend_strength(closes: &[f64; LOOKBACK]) -> f64 {
    let [first, .., last] = *closes;
    let change = simple_return(first, last);
    let means = simple_return(mean(&closes[LOOKBACK - SMA_LONG..]), mean(&closes[LOOKBACK - SMA_SHORT..]));
    change.zip(means).map_or(f64::NAN, |(change, means)| known((change + means) / 2.0))
}

/// Ratio of the short to the long mean of returns; 0 if the long mean is exactly 0. Two negative means give a
/// positive score, and a long mean near 0 a score of hundreds.
fn momentum_score(closes: &[f64; LOOKBACK]) -> f64 {
    let returns: [f64; MOMENTUM_LONG] = last_returns(closes);
    let long = mean(&returns);
    if long == 0.0 { 0.0 } else { known(mean(&returns[MOMENTUM_LONG - MOMENTUM_SHORT..]) / long) }
}

/// Share by which the close is below the highest close of the window.
fn drawdown_severity(closes: &[f64; LOOKBACK]) -> f64 {
    let [.., last] = *closes;
    simple_return(closes.iter().copied().fold(f64::NAN, f64::max), last).map_or(f64::NAN, f64::abs)
}

/// Standard deviations by which the volatility is above the mean of the window's defined volatilities, 0 if
/// all are equal. Despite the name, no volume is used.
fn volume_anomaly(vols: &[f64; LOOKBACK], vol: f64) -> f64 {
    let defined: Vec<f64> = vols.iter().copied().filter(|v| !v.is_nan()).collect();
    let std = std(&defined);
    if vol.is_nan() {
        f64::NAN
    } else if std == 0.0 {
        0.0
    } else {
        known((vol - mean(&defined)) / std)
    }
}

/// The last `N` returns, NaN where undefined.
fn last_returns<const N: usize>(closes: &[f64]) -> [f64; N] {
    let mut returns = [f64::NAN; N];
    let steps = closes.array_windows().rev().zip(returns.iter_mut().rev());
    steps.for_each(|([before, close], r)| *r = simple_return(*before, *close).unwrap_or(f64::NAN));
    returns
}

/// Sample standard deviation (ddof 1) in two passes, NaN with fewer than two values.
fn std(values: &[f64]) -> f64 {
    let Some(freedom) = values.len().checked_sub(1).filter(|n| *n > 0) else { return f64::NAN };
    let mean = mean(values);
    let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (squares / freedom as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market_regime_history::day::Regime;

    /// Closes that begin at 1 and take these steps, each a factor.
    fn steps(steps: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let later = steps.into_iter().scan(1.0, |close, step| {
            *close *= step;
            Some(*close)
        });
        [1.0].into_iter().chain(later).collect()
    }

    fn assert_near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "{got}, not {expected}");
    }

    #[test]
    fn sixty_rows_or_nothing() {
        assert_eq!([day(&[]), day(&[1.0; 59])], [None, None]);
        assert!(day(&[1.0; 60]).is_some());
        assert_eq!(days(&[1.0; 60], 58).iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
        assert_eq!((days(&[1.0; 60], 60), days(&[1.0; 3], usize::MAX)), (vec![], vec![]));
    }

    #[test]
    fn a_constant_price_is_a_weak_bull() {
        // 0.1 is no sum of powers of two: its plain means are not 0.1.
        for price in [1.0, 0.1, 1e-300, 1e300] {
            let got = day(&[price; 100]).expect("a day");
            assert_eq!((got.regime, got.confidence), (Regime::Bull, 0.2));
            assert_eq!([got.volatility_percentile, got.trend_strength, got.momentum_score], [0.0; 3]);
            assert_eq!([got.drawdown_severity, got.volume_anomaly], [0.0; 2]);
        }
    }

    /// 59 rows at 1, the last at 1.5: one return of 0.5 in the last window of 20.
    #[test]
    fn metrics_by_hand() {
        let got = day(&steps([1.0; 58].into_iter().chain([1.5]))).expect("a day");
        // 39 volatilities of 0 are below, 20 rows have none.
        assert_eq!(got.volatility_percentile, 39.0 / 60.0);
        // Means 1 + 0.5/20 and 1 + 0.5/50.
        assert_near(got.trend_strength, (0.5 + (1.025 / 1.01 - 1.0)) / 2.0);
        assert_near(got.momentum_score, (0.5 / 5.0) / (0.5 / 20.0));
        assert_eq!(got.drawdown_severity, 0.0);
        // One value among 40 that are otherwise equal: 39 / sqrt(40) deviations from the mean.
        assert_near(got.volume_anomaly, 39.0 / 40f64.sqrt());
        // Bull: trend 1, momentum 1. Volatile: anomaly 1. Bear: none.
        assert_eq!((got.regime, got.confidence), (Regime::Bull, 0.4));
    }

    #[test]
    fn a_halved_price_is_a_bear_of_positive_momentum() {
        let got = day(&steps([1.0; 58].into_iter().chain([0.5]))).expect("a day");
        assert_eq!(got.drawdown_severity, 0.5);
        assert_near(got.momentum_score, 4.0);
        assert_near(got.trend_strength, (-0.5 + (0.975 / 0.99 - 1.0)) / 2.0);
        // Bear: trend 1, drawdown 2.
        assert_eq!((got.regime, got.confidence), (Regime::Bear, 0.6));
    }

    #[test]
    fn momentum_is_0_where_its_denominator_is() {
        let up_and_down = [1.5, 0.5];
        let got = day(&steps(up_and_down.into_iter().cycle().take(59))).expect("a day");
        assert_eq!(got.momentum_score, 0.0);
        // The last of the 20 returns are those that the short mean is of.
        let rising = steps([1.0; 54].into_iter().chain([2.0; 5]));
        assert_near(day(&rising).expect("a day").momentum_score, 4.0);
        let turned = steps([1.0; 39].into_iter().chain([2.0; 15]).chain([0.75; 5]));
        assert_near(day(&turned).expect("a day").momentum_score, -0.25 / ((15.0 - 1.25) / 20.0));
    }

    #[test]
    fn the_order_of_returns_is_not_seen_in_a_volatility() {
        let bump = |at: usize| {
            let mut closes = [1.0; VOL_RETURNS + 1];
            closes[at] = 1.0007;
            volatility(&closes)
        };
        assert!((1..VOL_RETURNS).all(|at| bump(at) == bump(1)));
    }

    #[test]
    fn reach_is_no_row_too_long() {
        // The first close is in the oldest volatility alone, which is one of those that are lower.
        let closes = steps([1.0; 20].into_iter().chain([1.5, 0.5].into_iter().cycle().take(59)));
        assert_eq!(closes.len(), REACH);
        let whole = day(&closes).expect("a day");
        assert_ne!(day(&closes[1..]), Some(whole));
    }

    #[test]
    fn what_is_undefined_scores_nothing() {
        let got = day(&[f64::NAN; 90]).expect("a day");
        assert_eq!((got.regime, got.confidence), (Regime::Bull, 0.0));
        assert!(got.volatility_percentile.is_nan() && got.volume_anomaly.is_nan());
        assert!(got.trend_strength.is_nan() && got.momentum_score.is_nan() && got.drawdown_severity.is_nan());
        for odd in [0.0, -0.0, -1.0, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX] {
            let closes: Vec<f64> = [odd, 1.0, 2.0].into_iter().cycle().take(90).collect();
            let got = day(&closes).expect("a day");
            assert!(got.trend_strength.is_finite() || got.trend_strength.is_nan());
        }
    }
}
