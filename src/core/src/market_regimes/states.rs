//! The states of a candle and what follows from them: specification 3, sections 3 and 4.

use serde::{Deserialize, Serialize};

use crate::market_regimes::config::Config;
use crate::market_regimes::indicators::Values;

macro_rules! state {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The text as it is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }
    };
}

state!(
    /// Where price goes.
    Trend {
        /// ADX at or above its limit, close over the 50-candle mean, that over the 200-candle mean.
        Uptrend = "uptrend",
        /// The mirror image.
        Downtrend = "downtrend",
        /// Neither, or not known.
        Neutral = "neutral"
    }
);
state!(
    /// ATR and Bollinger bandwidth against their own past.
    Volatility {
        /// Neither is above its threshold, or not known.
        Low = "low",
        /// One of them is.
        High = "high"
    }
);
state!(
    /// Rate of change, MACD histogram and RSI.
    Momentum {
        /// Enough of them point up.
        Bullish = "bullish",
        /// Enough of them point down.
        Bearish = "bearish",
        /// Neither, or not known.
        Weak = "weak"
    }
);
state!(
    /// The regime in a word.
    Simplified {
        /// Uptrend and bullish.
        TrendUp = "TREND_UP",
        /// Downtrend and bearish.
        TrendDown = "TREND_DOWN",
        /// Wild without trend and momentum.
        Choppy = "CHOPPY",
        /// Calm without trend.
        Range = "RANGE",
        /// Anything else.
        Neutral = "NEUTRAL"
    }
);

impl Simplified {
    /// The first of them that fits.
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

/// The regime of a candle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// First axis.
    pub trend: Trend,
    /// Second axis.
    pub volatility: Volatility,
    /// Third axis.
    pub momentum: Momentum,
    /// What the three come to.
    pub simplified: Simplified,
    /// From 0 to 1.
    pub confidence: f64,
    /// Whether fewer than 200 candles were known, this one included.
    pub warmup: bool,
}

impl Label {
    /// All three axes, for example `UPTREND_LOWVOL_BULLISH`.
    pub fn full(self) -> &'static str {
        FULL[self.full_index()]
    }

    /// The place of [`Label::full`] in [`FULL`].
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

/// Every text of three axes.
pub const FULL: [&str; 18] = texts!("UPTREND", "DOWNTREND", "NEUTRAL");

/// Neutral also where the ADX, the close or the 50-candle mean is undefined: no comparison with them
/// holds.
pub(super) fn trend(values: &Values, config: &Config) -> Trend {
    let Values { close, sma_50, sma_200, adx, .. } = *values;
    let young = sma_200.is_nan();
    match adx >= config.adx_trending {
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

/// From 0 to 1, in the specification's order of operations. The limits of the ADX are not those of the
/// configuration.
pub(super) fn confidence(values: &Values, trend: Trend, momentum: Momentum) -> f64 {
    let Values { adx, rsi, histogram, .. } = *values;
    let mut confidence = 0.5;
    // An undefined ADX fails every comparison.
    if adx > 40.0 {
        confidence += 0.3;
    } else if adx > 25.0 {
        confidence += 0.15;
    } else if adx < 20.0 {
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
        let of = |adx, trend, momentum| confidence(&Values { adx, ..KNOWN }, trend, momentum);
        let neutral = |adx| of(adx, Trend::Neutral, Momentum::Bullish);
        assert_eq!([41.0, 40.0, 25.1, 25.0, 20.0, 19.9].map(neutral), [0.8, 0.65, 0.65, 0.5, 0.5, 0.4]);
        assert_eq!(of(41.0, Trend::Uptrend, Momentum::Bullish), 1.0);
        assert_eq!(of(26.0, Trend::Downtrend, Momentum::Bearish), 0.65 + 0.2);
        assert_eq!(of(25.0, Trend::Uptrend, Momentum::Weak), 0.4);
        assert_eq!(of(25.0, Trend::Uptrend, Momentum::Bearish), 0.5);
        // The first candle: RSI and ADX are undefined.
        let first = Values { rsi: f64::NAN, adx: f64::NAN, ..KNOWN };
        assert_eq!(confidence(&first, Trend::Neutral, Momentum::Weak), 0.3);
    }
}
