//! The indicators of a candle, one candle at a time (specification 3, section 1).

use serde::{Deserialize, Serialize};

use crate::math::ema::Ema;
use crate::math::rolling::RunningMean;

/// The state of the indicators after the candles so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Indicators {
    /// High, low and close of the candle before, NaN before the first.
    before: [f64; 3],
    mean_20: RunningMean,
    mean_50: RunningMean,
    mean_200: RunningMean,
    gain: RunningMean,
    loss: RunningMean,
    range: RunningMean,
    fast: Ema,
    slow: Ema,
    signal: Ema,
    plus: Ema,
    minus: Ema,
    directed_range: Ema,
    direction: Ema,
}

/// The indicators of a candle, NaN where undefined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    pub close: f64,
    pub sma_50: f64,
    pub sma_200: f64,
    pub rsi: f64,
    /// Histogram of the MACD.
    pub histogram: f64,
    pub adx: f64,
    /// Rate of change, in percent.
    pub roc: f64,
    pub atr: f64,
    /// Bollinger bands: upper, middle, lower.
    pub bands: [f64; 3],
}

impl Values {
    /// ATR as a share of the close, and Bollinger bandwidth as a share of the middle band; `None` if one is
    /// undefined or the close is zero. Specification 3, section 2.
    pub fn volatility(&self) -> Option<[f64; 2]> {
        let [upper, middle, lower] = self.bands;
        let undefined = [self.atr, self.close, upper, middle, lower].iter().any(|v| v.is_nan());
        if undefined || self.close == 0.0 {
            return None;
        }
        let bandwidth = if middle == 0.0 { 0.0 } else { (upper - lower) / middle };
        let volatility = [self.atr / self.close, bandwidth];
        // An overflow is undefined.
        volatility.iter().all(|v| !v.is_nan()).then_some(volatility)
    }
}

impl Indicators {
    /// The indicators before the first candle.
    pub fn new() -> Self {
        Self {
            before: [f64::NAN; 3],
            mean_20: RunningMean::new(20),
            mean_50: RunningMean::new(50),
            mean_200: RunningMean::new(200),
            gain: RunningMean::new(14),
            loss: RunningMean::new(14),
            range: RunningMean::new(14),
            fast: Ema::new(12.0),
            slow: Ema::new(26.0),
            signal: Ema::new(9.0),
            plus: Ema::new(14.0),
            minus: Ema::new(14.0),
            directed_range: Ema::new(14.0),
            direction: Ema::new(14.0),
        }
    }

    /// Takes the high, low and close of the next candle.
    pub fn push(&mut self, candle: [f64; 3]) -> Values {
        let [high, low, close] = candle;
        let [high_before, low_before, close_before] = std::mem::replace(&mut self.before, candle);
        let middle = self.mean_20.push(close);
        let width = 2.0 * self.deviation(middle);
        let macd = self.fast.push(close) - self.slow.push(close);
        // The largest known; on the first candle high - low.
        let range = (high - low).max((high - close_before).abs()).max((low - close_before).abs());
        Values {
            close,
            sma_50: self.mean_50.push(close),
            sma_200: self.mean_200.push(close),
            rsi: self.rsi(close - close_before),
            histogram: macd - self.signal.push(macd),
            adx: self.adx(high - high_before, low_before - low, range),
            roc: self.roc(close),
            atr: self.range.push(range),
            bands: [middle + width, middle, middle - width],
        }
    }

    /// The sample standard deviation of the last 20 closes around their mean; exactly 0 where all are equal.
    fn deviation(&self, mean: f64) -> f64 {
        if mean.is_nan() {
            return mean;
        }
        // In ascending time, so that the same closes always give the same bits.
        let [earlier, later] = self.mean_20.values();
        let n = (earlier.len() + later.len()) as f64;
        let (sum, squares) = earlier.iter().chain(later).fold((0.0, 0.0), |(sum, squares), close| {
            let d = close - mean;
            (sum + d, squares + d * d)
        });
        // Corrects for the rounding of the mean.
        ((squares - sum * sum / n).max(0.0) / (n - 1.0)).sqrt()
    }

    /// With simple means of gains and losses, not Wilder's; an unknown change counts as neither.
    fn rsi(&mut self, delta: f64) -> f64 {
        let gain = self.gain.push(if delta > 0.0 { delta } else { 0.0 });
        let loss = self.loss.push(if delta < 0.0 { -delta } else { 0.0 });
        100.0 - 100.0 / (1.0 + gain / loss)
    }

    fn adx(&mut self, up: f64, down: f64, range: f64) -> f64 {
        let range = self.directed_range.push(range);
        let plus = self.plus.push(if up > down && up > 0.0 { up } else { 0.0 });
        let minus = self.minus.push(if down > up && down > 0.0 { down } else { 0.0 });
        let (plus, minus) = (100.0 * plus / range, 100.0 * minus / range);
        self.direction.push(100.0 * (plus - minus).abs() / (plus + minus))
    }

    /// The change in 12 candles.
    fn roc(&self, close: f64) -> f64 {
        let base = self.mean_20.before(12);
        (close - base) / base * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_closes(closes: impl IntoIterator<Item = f64>) -> Vec<Values> {
        let mut indicators = Indicators::new();
        closes.into_iter().map(|close| indicators.push([close + 1.0, close - 1.0, close])).collect()
    }

    #[test]
    fn an_exponential_mean_is_seeded_and_waits_through_gaps() {
        let mut ema = Ema::new(3.0);
        assert!(ema.push(f64::NAN).is_nan());
        assert_eq!([8.0, 4.0, f64::NAN].map(|v| ema.push(v)), [8.0, 6.0, 6.0]);
        // The mean has lost half its weight twice: (1/4 · 6 + 1/2 · 3) / (3/4).
        assert_eq!([3.0, 4.0, 4.0].map(|v| ema.push(v)), [4.0, 4.0, 4.0]);
    }

    #[test]
    fn rsi_is_exactly_100_without_a_loss_and_undefined_without_a_change() {
        // Falling steps of many magnitudes leave residue behind in the sum, and then only gains.
        let falls = [1e9, 0.3, 1e-7, 0.0].map(|v| 1e9 + 0.1 + v);
        let rises = (1..40).map(|i| 1e9 + f64::from(i));
        let values = of_closes(falls.into_iter().chain(rises));
        assert!(values[12].rsi.is_nan() && !values[13].rsi.is_nan());
        assert!(values[18..].iter().all(|v| v.rsi == 100.0));
        assert!(of_closes([5.0; 40]).iter().all(|v| v.rsi.is_nan()));
        assert!(of_closes((0..40).map(|i| -f64::from(i)))[13..].iter().all(|v| v.rsi == 0.0));
        // Gains 2, 2, … and losses 1, 1, …, seven each: 100 - 100 / (1 + 2).
        let zigzag = (0..40).map(|i| f64::from(i / 2 + 2 * (i % 2)));
        let rsi = of_closes(zigzag)[20].rsi;
        assert!((rsi - (100.0 - 100.0 / 3.0)).abs() < 1e-12, "{rsi}");
    }

    #[test]
    fn each_indicator_is_first_defined_where_the_specification_says() {
        let values = of_closes((0..210).map(|i| 100.0 + f64::from(i % 7) + f64::from(i)));
        let first = |of: fn(&Values) -> f64| values.iter().position(|v| !of(v).is_nan());
        assert_eq!(first(|v| v.sma_50), Some(49));
        assert_eq!(first(|v| v.sma_200), Some(199));
        assert_eq!(first(|v| v.rsi), Some(13));
        assert_eq!(first(|v| v.histogram), Some(0));
        assert_eq!(first(|v| v.adx), Some(1));
        assert_eq!(first(|v| v.roc), Some(12));
        assert_eq!(first(|v| v.atr), Some(13));
        assert_eq!(first(|v| v.bands[0]), Some(19));
        assert_eq!((values[0].histogram, values[12].roc), (0.0, (values[12].close - 100.0) / 100.0 * 100.0));
        // Every high is above the one before, so only +DM has any weight.
        assert_eq!(of_closes((0..3).map(f64::from))[1].adx, 100.0);
    }

    #[test]
    fn bands_are_two_sample_deviations_wide() {
        // 1 to 20: the mean is 10.5, the variance 20 · 21 / 12.
        let bands = of_closes((1..21).map(f64::from))[19].bands;
        let width = 2.0 * 35f64.sqrt();
        assert!((bands[0] - 10.5 - width).abs() < 1e-12 && (10.5 - width - bands[2]).abs() < 1e-12);
        let equal = of_closes([1e9, 0.1].into_iter().chain([0.3; 20]))[21].bands;
        assert_eq!(equal, [0.3; 3]);
    }

    #[test]
    fn the_range_reaches_to_the_close_before() {
        let mut indicators = Indicators::new();
        let atr = (0..14).map(|_| indicators.push([5.0, 4.0, 2.0]).atr).last();
        // 1 on the first candle, 3 on the others.
        assert_eq!(atr, Some((1.0 + 13.0 * 3.0) / 14.0));
    }
}
