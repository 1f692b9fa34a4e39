//! The regime of a day: the scores of its metrics, and its description (specification 4, sections 2 and 3).

use crate::words;

words!(
    /// A market regime.
    Regime {
        /// Prices rise.
        Bull = "bull",
        /// Prices fall, or have fallen.
        Bear = "bear",
        /// Prices move more than before.
        Volatile = "volatile",
        /// No direction, and no more or less movement than usual.
        Transitioning = "transitioning",
    }
);

/// A day of the history: its regime and metrics, NaN where undefined. Specification 4, section 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// The regime with the highest score.
    pub regime: Regime,
    /// A fifth of the highest score, 0 to 1.
    pub confidence: f64,
    /// Share of the window's rows with a lower volatility, from 0 to below 1.
    pub volatility_percentile: f64,
    /// Mean of the window's price change and of the excess of the short mean of closes over the long one, as
    /// a share.
    pub trend_strength: f64,
    /// Ratio of the short to the long mean of returns, of either sign and any size.
    pub momentum_score: f64,
    /// Share by which the close is below the highest close of the window, 0 to 1.
    pub drawdown_severity: f64,
    /// Standard deviations by which the volatility is above its mean in the window.
    pub volume_anomaly: f64,
}

impl Day {
    /// The day of these metrics, in the order of the fields.
    pub(super) fn new(metrics: [f64; 5]) -> Self {
        let [volatility_percentile, trend_strength, momentum_score, drawdown_severity, volume_anomaly] =
            metrics;
        let mut day = Self {
            regime: Regime::Bull,
            confidence: 0.0,
            volatility_percentile,
            trend_strength,
            momentum_score,
            drawdown_severity,
            volume_anomaly,
        };
        let mut best = 0;
        for &regime in Regime::ALL {
            let score = day.score(regime);
            if score > best {
                (day.regime, best) = (regime, score);
            }
        }
        day.confidence = (f64::from(best) / 5.0).min(1.0);
        day
    }

    /// Points for a regime. All comparisons are strict, and false for NaN. Specification 4, section 3.
    fn score(&self, regime: Regime) -> u8 {
        let (vol, trend) = (self.volatility_percentile, self.trend_strength);
        let (momentum, drawdown) = (self.momentum_score, self.drawdown_severity);
        let directionless = trend.abs() < 0.2;
        let either = |two: bool, one: bool| if two { 2 } else { u8::from(one) };
        match regime {
            Regime::Bull => either(trend > 0.6, trend > 0.0) + u8::from(momentum > 0.5) + u8::from(vol < 0.3),
            Regime::Bear => {
                either(trend < -0.6, trend < 0.0)
                    + either(drawdown > 0.10, drawdown > 0.05)
                    + u8::from(momentum < -0.5)
            }
            Regime::Volatile => {
                either(vol > 0.7, false) + u8::from(self.volume_anomaly.abs() > 2.0) + u8::from(directionless)
            }
            Regime::Transitioning => either(directionless && 0.4 < vol && vol < 0.6, false),
        }
    }

    /// The day in a sentence. Percentages are rounded as by `printf`: the binary value, half to even.
    /// Specification 4, section 3.
    pub fn description(&self) -> String {
        let percent = |value: f64, digits: usize| match value * 100.0 {
            nan if nan.is_nan() => "nan".to_owned(),
            percent => format!("{percent:.digits$}"),
        };
        match self.regime {
            Regime::Bull => {
                format!("Upward trending market with {}% momentum", percent(self.trend_strength, 1))
            }
            Regime::Bear => {
                format!("Downward trending market with {}% drawdown", percent(self.drawdown_severity, 1))
            }
            Regime::Volatile => {
                format!("High volatility market ({}% percentile)", percent(self.volatility_percentile, 0))
            }
            Regime::Transitioning => "Market in transition between regimes".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn verdict(metrics: [f64; 5]) -> (Regime, f64) {
        let day = Day::new(metrics);
        (day.regime, day.confidence)
    }

    #[test]
    fn each_regime_at_its_most() {
        assert_eq!(verdict([0.29, 0.61, 0.51, 0.0, 0.0]), (Regime::Bull, 0.8));
        assert_eq!(verdict([0.5, -0.61, -0.51, 0.11, 0.0]), (Regime::Bear, 1.0));
        assert_eq!(verdict([0.71, 0.0, 0.0, 0.0, -2.1]), (Regime::Volatile, 0.8));
        assert_eq!(verdict([0.5, 0.19, 0.5, 0.0, 2.0]), (Regime::Transitioning, 0.4));
    }

    #[test]
    fn comparisons_are_strict() {
        assert_eq!(verdict([0.3, 0.6, 0.5, 0.05, 2.0]), (Regime::Bull, 0.2));
        assert_eq!(verdict([0.7, -0.6, -0.5, 0.10, -2.0]), (Regime::Bear, 0.4));
        // No direction any more at 0.2: neither of the two that ask for none has a point.
        assert_eq!(verdict([0.5, -0.2, 0.0, 0.05, 0.0]), (Regime::Bear, 0.2));
        for edge in [0.4, 0.6] {
            assert_eq!(verdict([edge, 0.0, 0.0, 0.0, 0.0]), (Regime::Volatile, 0.2));
        }
    }

    #[test]
    fn ties_go_to_the_first() {
        // One each for bull and volatile, then two each for bear and transitioning.
        assert_eq!(verdict([0.65, 0.1, 0.0, 0.0, 0.0]), (Regime::Bull, 0.2));
        assert_eq!(verdict([0.5, -0.1, 0.0, 0.06, 0.0]), (Regime::Bear, 0.4));
        assert_eq!(verdict([0.5, 0.0, 0.0, 0.0, 3.0]), (Regime::Volatile, 0.4));
    }

    #[test]
    fn nothing_known_is_bull_without_confidence() {
        assert_eq!(verdict([NAN; 5]), (Regime::Bull, 0.0));
        assert_eq!(verdict([NAN, NAN, NAN, 0.06, NAN]), (Regime::Bear, 0.2));
    }

    #[test]
    fn names_are_their_own() {
        assert!(Regime::ALL.iter().all(|r| Regime::parse(r.as_str()) == Some(*r)));
        assert_eq!(Regime::parse("Bull"), None);
        assert!(Regime::ALL.is_sorted());
    }

    #[test]
    fn percentages_are_rounded_as_printf_does() {
        let sentence = |regime, value| {
            let day = Day {
                regime,
                confidence: 0.0,
                volatility_percentile: value,
                trend_strength: value,
                momentum_score: value,
                drawdown_severity: value,
                volume_anomaly: value,
            };
            day.description()
        };
        // 0.25, 0.75 and 1.25 are ties in binary; 0.0045 × 100 is just under 0.45, 0.0035 × 100 over 0.35.
        for (value, expected) in [
            (0.0025, "0.2"),
            (0.0075, "0.8"),
            (0.0125, "1.2"),
            (0.0035, "0.4"),
            (0.0045, "0.4"),
            (-0.0025, "-0.2"),
            (-0.0001, "-0.0"),
            (NAN, "nan"),
        ] {
            let expected = format!("Upward trending market with {expected}% momentum");
            assert_eq!(sentence(Regime::Bull, value), expected);
        }
        assert_eq!(sentence(Regime::Bear, 0.2982), "Downward trending market with 29.8% drawdown");
        for (value, expected) in [(0.005, "0"), (0.015, "2"), (0.025, "2"), (59.0 / 60.0, "98")] {
            assert_eq!(
                sentence(Regime::Volatile, value),
                format!("High volatility market ({expected}% percentile)")
            );
        }
        assert_eq!(sentence(Regime::Transitioning, 0.1), "Market in transition between regimes");
    }
}
