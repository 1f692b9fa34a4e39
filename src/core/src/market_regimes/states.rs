//! The states of a candle, its simplified regime and its confidence (specification 3, sections 3 and 4).

use serde::{Deserialize, Serialize};

use crate::market_regimes::config::Config;
use crate::market_regimes::indicators::Values;
use crate::words;

words!(
    /// The trend of price. Specification 3, section 3.
    #[derive(Serialize, Deserialize)]
    Trend {
        /// ADX at or above both of its limits, the close above the 50-candle mean, and that mean above the 200-candle
        /// mean.
        Uptrend = "uptrend",
        /// The mirror image of an uptrend.
        Downtrend = "downtrend",
        /// Neither, or undefined.
        Neutral = "neutral"
    }
);
words!(
    /// ATR and Bollinger bandwidth against their own past. Specification 3, section 3.
    #[derive(Serialize, Deserialize)]
    Volatility {
        /// Neither is above its threshold, or volatility is undefined.
        Low = "low",
        /// At least one is above its threshold.
        High = "high"
    }
);
words!(
    /// Rate of change, MACD histogram and RSI. Specification 3, section 3.
    #[derive(Serialize, Deserialize)]
    Momentum {
        /// Enough of the three point up.
        Bullish = "bullish",
        /// Enough of the three point down.
        Bearish = "bearish",
        /// Neither, or undefined.
        Weak = "weak"
    }
);
words!(
    /// The regime in one word. Specification 3, section 4.
    #[derive(Serialize, Deserialize)]
    Simplified {
        /// Uptrend and bullish momentum.
        TrendUp = "TREND_UP",
        /// Downtrend and bearish momentum.
        TrendDown = "TREND_DOWN",
        /// High volatility without trend and momentum.
        Choppy = "CHOPPY",
        /// Low volatility without trend.
        Range = "RANGE",
        /// Anything else.
        Neutral = "NEUTRAL"
    }
);

impl Simplified {
    /// The simplified regime of three states. Specification 3, section 4.
    pub fn of(trend: Trend, volatility: Volatility, momentum: Momentum) -> Self {
        match (trend, volatility, momentum) {
            (Trend::Uptrend, _, Momentum::Bullish) => Simplified::TrendUp,
            (Trend::Downtrend, _, Momentum::Bearish) => Simplified::TrendDown,
            (Trend::Neutral, Volatility::High, Momentum::Weak) => Simplified::Choppy,
            (Trend::Neutral, Volatility::Low, _) => Simplified::Range,
            _ => Simplified::Neutral,
        }
    }
}

/// The label of a candle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The first axis.
    pub trend: Trend,
    /// The second axis.
    pub volatility: Volatility,
    /// The third axis.
    pub momentum: Momentum,
    /// The three axes in one word.
    pub simplified: Simplified,
    /// The confidence, 0 to 1.
    pub confidence: f64,
    /// Whether fewer than 200 candles were known, including this candle.
    pub warmup: bool,
}

impl Label {
    /// The text of all three axes, for example `UPTREND_LOWVOL_BULLISH`.
    pub fn full(self) -> &'static str {
        FULL[self.full_index()]
    }

    /// The index of [`Label::full`] in [`FULL`].
    pub const fn full_index(self) -> usize {
        self.trend as usize * 6 + self.volatility as usize * 3 + self.momentum as usize
    }
}

macro_rules! texts {
    ($($trend:literal),+) => {
        [$(
            concat!($trend, "_LOWVOL_BULLISH"), concat!($trend, "_LOWVOL_BEARISH"), concat!($trend, "_LOWVOL_WEAK"),
            concat!($trend, "_HIGHVOL_BULLISH"), concat!($trend, "_HIGHVOL_BEARISH"), concat!($trend, "_HIGHVOL_WEAK"),
        )+]
    };
}

/// All texts of three axes, by [`Label::full_index`].
pub const FULL: [&str; 18] = texts!("UPTREND", "DOWNTREND", "NEUTRAL");

/// The trend; neutral also where the ADX, the close or the 50-candle mean is undefined, since no comparison
/// with NaN holds.
pub(super) fn trend(values: &Values, config: &Config) -> Trend {
    let Values { close, sma_50, sma_200, adx, .. } = *values;
    let young = sma_200.is_nan();
    match adx >= config.adx_sideways && adx >= config.adx_trending {
        true if close > sma_50 && (young || sma_50 > sma_200) => Trend::Uptrend,
        true if close < sma_50 && (young || sma_50 < sma_200) => Trend::Downtrend,
        _ => Trend::Neutral,
    }
}

pub(super) fn momentum(values: &Values, config: &Config) -> Momentum {
    let Values { roc, histogram, rsi, .. } = *values;
    if [roc, histogram, rsi].iter().any(|v| v.is_nan()) {
        return Momentum::Weak;
    }
    let points = |each: [bool; 3]| each.into_iter().map(u32::from).sum::<u32>();
    let enough = config.momentum_score_threshold;
    if points([roc > 0.0, histogram > 0.0, rsi > config.rsi_bullish]) >= enough {
        Momentum::Bullish
    } else if points([roc < 0.0, histogram < 0.0, rsi < config.rsi_bearish]) >= enough {
        Momentum::Bearish
    } else {
        Momentum::Weak
    }
}

/// The confidence, 0 to 1, in the specification's order of operations.
pub(super) fn confidence(values: &Values, trend: Trend, momentum: Momentum, config: &Config) -> f64 {
    let Values { adx, rsi, histogram, .. } = *values;
    let mut confidence = 0.5;
    // An undefined ADX fails every comparison.
    if adx > 40.0 {
        confidence += 0.3;
    } else if adx > config.adx_trending {
        confidence += 0.15;
    } else if adx < config.adx_sideways {
        confidence -= 0.1;
    }
    match (trend, momentum) {
        (Trend::Uptrend, Momentum::Bullish) | (Trend::Downtrend, Momentum::Bearish) => confidence += 0.2,
        (Trend::Uptrend | Trend::Downtrend, Momentum::Weak) => confidence -= 0.1,
        _ => {}
    }
    let undefined = [rsi, histogram, adx].iter().filter(|v| v.is_nan()).count();
    (confidence - undefined as f64 * 0.1).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Values = Values {
        close: 3.0,
        sma_50: 2.0,
        sma_200: 1.0,
        rsi: 50.0,
        histogram: 0.0,
        adx: 25.0,
        roc: 0.0,
        atr: 1.0,
        bands: [4.0, 3.0, 2.0],
    };

    #[test]
    fn texts_and_axes_agree() {
        for &trend in Trend::ALL {
            for &volatility in Volatility::ALL {
                for &momentum in Momentum::ALL {
                    let simplified = Simplified::of(trend, volatility, momentum);
                    let label =
                        Label { trend, volatility, momentum, simplified, confidence: 0.5, warmup: false };
                    let text = format!("{}_{}vol_{}", trend.as_str(), volatility.as_str(), momentum.as_str());
                    assert_eq!(label.full(), text.to_uppercase());
                }
            }
        }
    }

    #[test]
    fn a_trend_needs_strict_order_and_an_adx_at_its_limit() {
        let of = |values: Values| trend(&values, &Config::default());
        assert_eq!(of(KNOWN), Trend::Uptrend);
        assert_eq!(of(Values { close: 1.0, sma_200: 3.0, ..KNOWN }), Trend::Downtrend);
        assert_eq!(of(Values { adx: 24.999, ..KNOWN }), Trend::Neutral);
        assert_eq!(of(Values { close: 2.0, ..KNOWN }), Trend::Neutral);
        assert_eq!(of(Values { sma_200: 2.0, ..KNOWN }), Trend::Neutral);
        assert_eq!(of(Values { sma_200: f64::NAN, ..KNOWN }), Trend::Uptrend);
        assert_eq!(of(Values { close: 1.0, sma_200: f64::NAN, ..KNOWN }), Trend::Downtrend);
        assert_eq!(of(Values { close: 2.0, sma_200: f64::NAN, ..KNOWN }), Trend::Neutral);
        for unknown in [Values { adx: f64::NAN, ..KNOWN }, Values { sma_50: f64::NAN, ..KNOWN }] {
            assert_eq!(of(unknown), Trend::Neutral);
        }
    }

    #[test]
    fn the_higher_limit_of_the_adx_makes_a_trend() {
        let of = |adx, adx_trending, adx_sideways| {
            let config = Config { adx_trending, adx_sideways, ..Config::default() };
            trend(&Values { adx, ..KNOWN }, &config)
        };
        assert_eq!([of(15.0, 15.0, 20.0), of(20.0, 15.0, 20.0)], [Trend::Neutral, Trend::Uptrend]);
        assert_eq!([of(15.0, 20.0, 15.0), of(20.0, 20.0, 15.0)], [Trend::Neutral, Trend::Uptrend]);
        assert_eq!(of(0.0, 0.0, 0.0), Trend::Uptrend);
    }

    #[test]
    fn two_points_of_three_make_momentum() {
        let of = |roc, histogram, rsi| momentum(&Values { roc, histogram, rsi, ..KNOWN }, &Config::default());
        assert_eq!(of(1.0, 1.0, 0.0), Momentum::Bullish);
        assert_eq!(of(1.0, -1.0, 55.0), Momentum::Weak);
        assert_eq!(of(1.0, -1.0, 55.1), Momentum::Bullish);
        assert_eq!(of(-1.0, 0.0, 45.0), Momentum::Weak);
        assert_eq!(of(-1.0, 0.0, 44.9), Momentum::Bearish);
        assert_eq!(of(f64::NAN, 1.0, 60.0), Momentum::Weak);
    }

    #[test]
    fn confidence_adds_up() {
        let of =
            |adx, trend, momentum| confidence(&Values { adx, ..KNOWN }, trend, momentum, &Config::default());
        let neutral = |adx| of(adx, Trend::Neutral, Momentum::Bullish);
        assert_eq!([41.0, 40.0, 25.1, 25.0, 20.0, 19.9].map(neutral), [0.8, 0.65, 0.65, 0.5, 0.5, 0.4]);
        assert_eq!(of(41.0, Trend::Uptrend, Momentum::Bullish), 1.0);
        assert_eq!(of(26.0, Trend::Downtrend, Momentum::Bearish), 0.65 + 0.2);
        assert_eq!(of(25.0, Trend::Uptrend, Momentum::Weak), 0.4);
        assert_eq!(of(25.0, Trend::Uptrend, Momentum::Bearish), 0.5);
        let limits = Config { adx_trending: 15.0, adx_sideways: 18.0, ..Config::default() };
        let limited = |adx| confidence(&Values { adx, ..KNOWN }, Trend::Neutral, Momentum::Bullish, &limits);
        assert_eq!([41.0, 15.1, 15.0, 14.9].map(limited), [0.8, 0.65, 0.4, 0.4]);
        // The first candle: RSI and ADX are undefined.
        let first = Values { rsi: f64::NAN, adx: f64::NAN, ..KNOWN };
        assert_eq!(confidence(&first, Trend::Neutral, Momentum::Weak, &Config::default()), 0.3);
    }
}
