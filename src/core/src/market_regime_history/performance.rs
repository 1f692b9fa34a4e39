//! The performance of a series of daily returns per regime (specification 4, section 5).

use crate::market_regime_history::day::Regime;
use crate::market_regime_history::days::YEAR;
use crate::math::performance::{Performance, Track};

/// Performance per regime.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PerformanceByRegime {
    /// The regimes that have days, in the order of [`Regime::ALL`]; a year has [`YEAR`] days.
    pub regimes: Vec<(Regime, Performance)>,
    /// Number of days with a return before any label is in force, which are in no regime.
    pub unlabelled: u64,
}

/// Daily returns by regime, each compounded over its own days as if they were adjacent. Specification 4,
/// section 5.
///
/// `labels` and `returns` (shares) are in ascending day, at most one per day, which the caller ensures; days
/// are days since 2000-01-01 or any other date. A label is in force from `lag` calendar days after its own
/// day until the next label is. The label of a day is known at its close, as is the return that ends there:
/// with a lag of 0, a return counts for the label to which it contributed; with a lag of 1, for the newest
/// label known before it began, which is what could have been traded. A return that is not finite counts for
/// no day.
pub fn performance(labels: &[(i32, Regime)], returns: &[(i32, f64)], lag: usize) -> PerformanceByRegime {
    let lag = i64::try_from(lag).unwrap_or(i64::MAX);
    let mut tracks: Vec<_> = Regime::ALL.iter().map(|regime| (*regime, Track::default())).collect();
    let mut unlabelled = 0;
    for (day, r) in returns.iter().filter(|(_, r)| r.is_finite()) {
        let latest = i64::from(*day).saturating_sub(lag);
        let known = labels.partition_point(|(labelled, _)| i64::from(*labelled) <= latest);
        let regime = labels[..known].last().map(|(_, regime)| *regime);
        match tracks.iter_mut().find(|(of, _)| Some(*of) == regime) {
            Some((_, track)) => track.push(*r),
            None => unlabelled += 1,
        }
    }
    let regimes = tracks.into_iter().filter_map(|(regime, track)| Some((regime, track.performance(YEAR)?)));
    PerformanceByRegime { regimes: regimes.collect(), unlabelled }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "{got}, not {expected}");
    }

    const LABELS: [(i32, Regime); 3] = [(10, Regime::Bear), (12, Regime::Bull), (20, Regime::Bear)];

    #[test]
    fn figures_by_hand() {
        let returns = [(9, 9.0), (10, -0.5), (11, 0.5), (12, 0.25), (13, 0.0), (15, 0.25), (20, -0.25)];
        let got = performance(&LABELS, &returns, 0);
        assert_eq!(got.unlabelled, 1);
        let [(Regime::Bull, bull), (Regime::Bear, bear)] = got.regimes[..] else { panic!("{got:?}") };
        assert_eq!((bull.n, bear.n), (3, 3));
        assert_eq!((bull.total_return, bull.max_drawdown), (0.5625, 0.0));
        assert_near(bull.mean, 0.5 / 3.0);
        // Deviations of 1/12, -1/6 and 1/12.
        assert_near(bull.volatility, (1.0f64 / 48.0).sqrt() * 252f64.sqrt());
        assert_near(bull.sharpe, 0.5 / 3.0 / (1.0f64 / 48.0).sqrt() * 252f64.sqrt());
        assert_near(bull.win_rate, 2.0 / 3.0);
        // 0.5, 0.75, 0.5625: the lowest point is the first day, from the start at 1.
        assert_eq!((bear.total_return, bear.max_drawdown), (-0.4375, 0.5));
        assert_near(bear.win_rate, 1.0 / 3.0);
    }

    #[test]
    fn a_lag_is_of_calendar_days() {
        let returns = [(10, 0.1), (11, 0.2), (12, 0.3), (13, 0.4), (20, 0.5), (21, 0.6)];
        let days = |lag| {
            let got = performance(&LABELS, &returns, lag);
            let days = got.regimes.iter().map(|(regime, p)| (*regime, p.n));
            (got.unlabelled, days.collect::<Vec<_>>())
        };
        assert_eq!(days(0), (0, vec![(Regime::Bull, 2), (Regime::Bear, 4)]));
        assert_eq!(days(1), (1, vec![(Regime::Bull, 2), (Regime::Bear, 3)]));
        assert_eq!(days(10), (4, vec![(Regime::Bear, 2)]));
        assert_eq!(days(usize::MAX), (6, vec![]));
    }

    #[test]
    fn one_day_and_equal_days_have_no_sharpe() {
        let one = performance(&LABELS, &[(10, 0.1), (11, f64::NAN)], 0).regimes[0].1;
        assert_eq!((one.n, one.win_rate), (1, 1.0));
        assert!(one.volatility.is_nan() && one.sharpe.is_nan());
        let equal = performance(&LABELS, &[(12, 0.1), (13, 0.1), (14, 0.1)], 0).regimes[0].1;
        assert_eq!(equal.volatility, 0.0);
        assert!(equal.sharpe.is_nan());
    }

    #[test]
    fn all_lost_is_a_drawdown_of_1() {
        let got = performance(&LABELS, &[(12, 1.0), (13, -1.0), (14, 0.5)], 0).regimes[0].1;
        assert_eq!((got.total_return, got.max_drawdown), (-1.0, 1.0));
        assert_eq!(performance(&[], &[(12, 1.0)], 0), PerformanceByRegime { regimes: vec![], unlabelled: 1 });
        assert_eq!(performance(&LABELS, &[], 0), PerformanceByRegime::default());
    }
}
