//! Raw labels of one layer: trend, volatility and liquidity of every bar.

use crate::budget::{Layer, Tier};
use crate::label::{Label, Liq, Trend, Vol};
use crate::rolling::{RunningMean, percentile_rank, rolling_median};

/// Bars in the mean of the volatility proxy.
pub const ATRP_BARS: usize = 14;
/// Percentile below which volatility is low.
pub const PCT_LOW: f64 = 33.0;
/// Percentile from which volatility is high.
pub const PCT_HIGH: f64 = 67.0;
/// Fixed cut-off below which volatility is low.
pub const ATRP_LOW: f64 = 0.015;
/// Fixed cut-off above which volatility is high.
pub const ATRP_HIGH: f64 = 0.04;
/// Bars in the rolling medians of spread and slippage.
pub const LIQ_WINDOW: usize = 60;
/// Share of the median below which trading is cheap.
pub const LIQ_EASY: f64 = 0.8;
/// Multiple of the median above which trading is stressed.
pub const LIQ_STRESSED: f64 = 2.0;

/// The bars of one layer in ascending time, one element a bar, NaN where unknown.
///
/// All slices have the length of `close`.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// Closing prices.
    pub close: &'a [f64],
    /// Fast, mid and slow EMA.
    pub ema: [&'a [f64]; 3],
    /// Average true range in price units, where mapped.
    pub atr: Option<&'a [f64]>,
    /// ADX, 0 to 100, where mapped.
    pub adx: Option<&'a [f64]>,
    /// Spread and slippage, where both are mapped.
    pub costs: Option<[&'a [f64]; 2]>,
}

/// Raw labels of a layer's bars (specification 1, section 2).
///
/// `adx_floor` of 0 or less, or no ADX, leaves trends as they are.
pub fn label_bars(bars: &Bars, layer: Layer, tier: Tier, adx_floor: f64) -> Vec<Label> {
    let mut trends = confirmed_trends(bars, layer.confirm_bars());
    if let Some(adx) = bars.adx.filter(|_| adx_floor > 0.0) {
        for (trend, adx) in trends.iter_mut().zip(adx) {
            if *adx <= adx_floor {
                *trend = Trend::Sideways;
            }
        }
    }
    let vols = vols(&atrp(bars), vol_window(layer, tier, bars.close.len()));
    let liqs = bars.costs.map(liqs);
    (0..bars.close.len())
        .map(|i| Label::new(trends[i], vols[i], liqs.as_ref().map_or(Liq::Normal, |l| l[i])))
        .collect()
}

/// The raw trend of one bar: `Up`, `Down`, or `Sideways` where neither holds or a value is unknown.
pub fn raw_trend(close: f64, [fast, mid, slow]: [f64; 3]) -> Trend {
    if close > slow && fast > mid {
        Trend::Up
    } else if close < slow && fast < mid {
        Trend::Down
    } else {
        Trend::Sideways
    }
}

fn confirmed_trends(bars: &Bars, confirm_bars: usize) -> Vec<Trend> {
    let mut previous = Trend::Sideways;
    let mut run = 0;
    (0..bars.close.len())
        .map(|i| {
            let raw = raw_trend(bars.close[i], bars.ema.map(|e| e[i]));
            run = if raw == previous { run + 1 } else { 1 };
            previous = raw;
            if run >= confirm_bars { raw } else { Trend::Sideways }
        })
        .collect()
}

/// Volatility as a share of price: `atr / close` where an ATR is given, otherwise the mean of the
/// last 14 absolute returns, known from bar 14 on (counting from 0).
pub fn atrp(bars: &Bars) -> Vec<f64> {
    if let Some(atr) = bars.atr {
        return atr.iter().zip(bars.close).map(|(atr, close)| known(atr / close)).collect();
    }
    let mut mean = RunningMean::new(ATRP_BARS);
    let mut previous = f64::NAN;
    bars.close
        .iter()
        .map(|&close| {
            let change = (close / previous - 1.0).abs();
            previous = close;
            mean.push(change)
        })
        .collect()
}

fn known(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// The window of the percentile method, or `None` where fixed cut-offs apply: the `lite` tier,
/// a layer that always uses them, or a series shorter than the window.
pub fn vol_window(layer: Layer, tier: Tier, bars: usize) -> Option<usize> {
    layer.vol_window().filter(|&window| tier == Tier::Full && bars >= window)
}

/// Fewest known values for a percentile in a window.
pub const fn min_known(window: usize) -> usize {
    if window / 3 > 20 { window / 3 } else { 20 }
}

fn vols(atrp: &[f64], window: Option<usize>) -> Vec<Vol> {
    match window {
        Some(window) => {
            percentile_rank(atrp, window, min_known(window)).into_iter().map(vol_of_percentile).collect()
        }
        None => atrp.iter().map(|&a| vol_of_atrp(a)).collect(),
    }
}

/// `Low` under 33, `Normal` from 33 to under 67, otherwise (unknown too) `High`.
pub fn vol_of_percentile(pct: f64) -> Vol {
    if pct < PCT_LOW {
        Vol::Low
    } else if (PCT_LOW..PCT_HIGH).contains(&pct) {
        Vol::Normal
    } else {
        Vol::High
    }
}

/// `Low` under 1.5 %, `High` over 4 %, otherwise (unknown too) `Normal`.
pub fn vol_of_atrp(atrp: f64) -> Vol {
    if atrp < ATRP_LOW {
        Vol::Low
    } else if atrp > ATRP_HIGH {
        Vol::High
    } else {
        Vol::Normal
    }
}

fn liqs(costs: [&[f64]; 2]) -> Vec<Liq> {
    let [spread, slippage] = costs;
    let min_known = std::cmp::max(10, LIQ_WINDOW / 3);
    let [spread_median, slippage_median] = costs.map(|c| rolling_median(c, LIQ_WINDOW, min_known));
    (0..spread.len())
        .map(|i| {
            let (a, b) = (spread[i], slippage[i]);
            let (am, bm) = (spread_median[i], slippage_median[i]);
            if a < LIQ_EASY * am && b < LIQ_EASY * bm {
                Liq::Easy
            } else if a > LIQ_STRESSED * am || b > LIQ_STRESSED * bm {
                Liq::Stressed
            } else {
                Liq::Normal
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars<'a>(close: &'a [f64], ema: [&'a [f64]; 3]) -> Bars<'a> {
        Bars { close, ema, atr: None, adx: None, costs: None }
    }

    #[test]
    fn the_first_bar_is_never_confirmed() {
        let (close, fast, mid, slow) = ([2.0; 3], [3.0; 3], [2.0; 3], [1.0; 3]);
        let bars = bars(&close, [&fast, &mid, &slow]);
        assert_eq!(confirmed_trends(&bars, 2), [Trend::Sideways, Trend::Up, Trend::Up]);
        assert_eq!(confirmed_trends(&bars, 1), [Trend::Up; 3]);
    }

    #[test]
    fn an_unknown_ema_is_sideways_and_restarts_confirmation() {
        let (close, fast, slow) = ([2.0; 4], [3.0; 4], [1.0; 4]);
        let mid = [2.0, f64::NAN, 2.0, 2.0];
        let trends = confirmed_trends(&bars(&close, [&fast, &mid, &slow]), 2);
        assert_eq!(trends, [Trend::Sideways, Trend::Sideways, Trend::Sideways, Trend::Up]);
    }

    #[test]
    fn the_proxy_is_known_from_bar_14() {
        let close: Vec<f64> = (0..16).map(|i| if i % 2 == 0 { 100.0 } else { 101.0 }).collect();
        let e = vec![f64::NAN; 16];
        let got = atrp(&bars(&close, [&e, &e, &e]));
        assert!(got[..14].iter().all(|a| a.is_nan()) && got[14].is_finite());
    }

    #[test]
    fn an_adx_at_the_floor_is_sideways() {
        let (close, fast, mid, slow) = ([2.0; 3], [3.0; 3], [2.0; 3], [1.0; 3]);
        let adx = [20.0, 20.0, 20.1];
        let bars = Bars { adx: Some(&adx), ..bars(&close, [&fast, &mid, &slow]) };
        let trends = |floor| {
            label_bars(&bars, Layer::L2, Tier::Lite, floor).iter().map(|l| l.trend()).collect::<Vec<_>>()
        };
        assert_eq!(trends(20.0), [Trend::Sideways, Trend::Sideways, Trend::Up]);
        assert_eq!(trends(0.0), [Trend::Sideways, Trend::Up, Trend::Up]);
    }

    #[test]
    fn thresholds() {
        assert_eq!(
            [32.9, 33.0, 66.9, 67.0, f64::NAN].map(vol_of_percentile),
            [Vol::Low, Vol::Normal, Vol::Normal, Vol::High, Vol::High]
        );
        assert_eq!(
            [0.0149, 0.015, 0.04, 0.0401, f64::NAN].map(vol_of_atrp),
            [Vol::Low, Vol::Normal, Vol::Normal, Vol::High, Vol::Normal]
        );
        assert_eq!([60, 100, 250, 30].map(min_known), [20, 33, 83, 20]);
    }

    #[test]
    fn costs_against_their_median() {
        let mut spread = vec![1.0; 30];
        let mut slippage = vec![1.0; 30];
        (spread[28], slippage[28]) = (0.7, 0.7);
        (spread[29], slippage[29]) = (0.7, 2.1);
        let got = liqs([&spread, &slippage]);
        assert_eq!(got[10], Liq::Normal);
        assert_eq!(got[28..], [Liq::Easy, Liq::Stressed]);
    }
}
