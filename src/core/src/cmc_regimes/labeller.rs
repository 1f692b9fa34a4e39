//! Raw labels of one layer: trend, volatility and liquidity of each bar (specification 1, section 2).

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::budget::Tier;
use crate::cmc_regimes::label::{Label, Liq, Trend, Vol};
use crate::cmc_regimes::layer::Layer;
use crate::math::rolling::{RunningMean, Standing, rolling_median, standings};
use crate::math::stats::known;

/// Bars in the mean of absolute returns, the volatility where no ATR is mapped.
pub const ATRP_BARS: usize = 14;
/// Percentile (0 to 100) below which volatility is low.
pub const PCT_LOW: f64 = 33.0;
/// Percentile (0 to 100) from which on volatility is high.
pub const PCT_HIGH: f64 = 67.0;
/// Volatility, as a share of price, below which it is low by fixed cut-offs.
pub const ATRP_LOW: f64 = 0.015;
/// Volatility, as a share of price, above which it is high by fixed cut-offs.
pub const ATRP_HIGH: f64 = 0.04;
/// Bars in the rolling medians of spread and slippage.
pub const LIQ_WINDOW: usize = 60;
/// Fewest known values that give such a median.
pub const LIQ_MIN_KNOWN: usize = LIQ_WINDOW / 3;
/// Multiple of their medians below which both costs make liquidity easy.
pub const LIQ_EASY: f64 = 0.8;
/// Multiple of its median above which either cost makes liquidity stressed.
pub const LIQ_STRESSED: f64 = 2.0;

/// The bars of one layer in ascending time, one element per bar, NaN where unknown. All slices have the
/// length of `close`.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// Closing prices.
    pub close: &'a [f64],
    /// Fast, mid and slow EMA, in that order.
    pub ema: [&'a [f64]; 3],
    /// Average true range in units of price, where mapped.
    pub atr: Option<&'a [f64]>,
    /// ADX, 0 to 100, where mapped.
    pub adx: Option<&'a [f64]>,
    /// Spread and slippage, in that order, where both are mapped.
    pub costs: Option<[&'a [f64]; 2]>,
}

/// Raw labels of a layer's bars, one per bar. Specification 1, section 2.
///
/// An `adx_floor` (0 to 100) of 0 or less, or bars without an ADX, leave trends as they are.
pub fn label_bars(bars: &Bars, layer: Layer, tier: Tier, adx_floor: f64) -> Vec<Label> {
    let [full, lite] = label_bars_of_tiers(bars, layer, adx_floor);
    if tier == Tier::Full { full } else { lite }
}

/// [`label_bars`] of the tiers `full` and `lite`.
pub fn label_bars_of_tiers(bars: &Bars, layer: Layer, adx_floor: f64) -> [Vec<Label>; 2] {
    let [ranked, fixed] = Memory::default().label(bars, layer, adx_floor);
    match vol_window(layer, Tier::Full, bars.close.len()) {
        Some(_) => [ranked, fixed],
        None => [fixed.clone(), fixed],
    }
}

/// What labelling further bars of a layer needs of the bars before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Raw trend of the last bar, and number of bars in a row with it.
    trend: Trend,
    run: usize,
    close: f64,
    mean: RunningMean,
    /// Volatility of the last bars, one bar fewer than a window.
    atrp: Vec<f64>,
    /// Spread and slippage of the last bars, one bar fewer than a window.
    costs: [Vec<f64>; 2],
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            trend: Trend::Sideways,
            run: 0,
            close: f64::NAN,
            mean: RunningMean::new(ATRP_BARS),
            atrp: Vec::new(),
            costs: Default::default(),
        }
    }
}

impl Memory {
    /// Raw labels of further bars, one per bar: with volatility by percentile, then with volatility by fixed
    /// cut-offs ([`vol_window`] says which applies). The same columns must be mapped for all bars of a layer.
    /// Specification 1, section 2.
    pub fn label(&mut self, bars: &Bars, layer: Layer, adx_floor: f64) -> [Vec<Label>; 2] {
        let mut trends = self.confirmed_trends(bars, layer.confirm_bars());
        if let Some(adx) = floored_by(bars, adx_floor) {
            for (trend, adx) in trends.iter_mut().zip(adx) {
                if *adx <= adx_floor {
                    *trend = Trend::Sideways;
                }
            }
        }
        let vols = self.vols(bars, layer.vol_window());
        let liqs = bars.costs.map(|costs| self.liqs(costs));
        let liq = |i: usize| liqs.as_ref().map_or(Liq::Normal, |l| l[i]);
        vols.map(|vols| (0..bars.close.len()).map(|i| Label::new(trends[i], vols[i], liq(i))).collect())
    }

    pub(super) fn confirmed_trends(&mut self, bars: &Bars, confirm_bars: usize) -> Vec<Trend> {
        (0..bars.close.len())
            .map(|i| {
                let raw = raw_trend(bars.close[i], bars.ema.map(|e| e[i]));
                self.run = if raw == self.trend { self.run + 1 } else { 1 };
                self.trend = raw;
                if self.run >= confirm_bars { raw } else { Trend::Sideways }
            })
            .collect()
    }

    pub(super) fn atrp(&mut self, bars: &Bars) -> Vec<f64> {
        if let Some(atr) = bars.atr {
            return atr.iter().zip(bars.close).map(|(atr, close)| known(atr / close)).collect();
        }
        bars.close
            .iter()
            .map(|&close| {
                let change = (close / self.close - 1.0).abs();
                self.close = close;
                self.mean.push(change)
            })
            .collect()
    }

    fn vols(&mut self, bars: &Bars, window: Option<usize>) -> [Vec<Vol>; 2] {
        let atrp = self.atrp(bars);
        let fixed: Vec<Vol> = atrp.iter().copied().map(vol_of_atrp).collect();
        match window {
            None => [fixed.clone(), fixed],
            Some(window) => [self.standings(atrp, window, |s| vol_of_percentile(s.percentile())), fixed],
        }
    }

    /// What `of` makes of the standing of each further bar's volatility in its window.
    pub(super) fn standings<R>(
        &mut self,
        atrp: Vec<f64>,
        window: usize,
        of: impl Fn(Standing) -> R,
    ) -> Vec<R> {
        let from = self.atrp.len();
        self.atrp.extend(atrp);
        let standings = standings(&self.atrp, from, window, min_known(window), of);
        keep_last(&mut self.atrp, window - 1);
        standings
    }

    /// Rolling medians of spread and slippage, one per bar.
    pub(super) fn medians(&mut self, costs: [&[f64]; 2]) -> [Vec<f64>; 2] {
        let mut medians = [Vec::new(), Vec::new()];
        for (side, costs) in costs.into_iter().enumerate() {
            let from = self.costs[side].len();
            self.costs[side].extend(costs);
            medians[side] = rolling_median(&self.costs[side], from, LIQ_WINDOW, LIQ_MIN_KNOWN);
            keep_last(&mut self.costs[side], LIQ_WINDOW - 1);
        }
        medians
    }

    fn liqs(&mut self, costs: [&[f64]; 2]) -> Vec<Liq> {
        let medians = self.medians(costs);
        let [[spread, slippage], [spread_median, slippage_median]] =
            [costs, medians.each_ref().map(Vec::as_slice)];
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
}

/// The ADX of the bars, `None` where no floor applies.
pub(super) fn floored_by<'a>(bars: &Bars<'a>, adx_floor: f64) -> Option<&'a [f64]> {
    bars.adx.filter(|_| adx_floor > 0.0)
}

fn keep_last(values: &mut Vec<f64>, most: usize) {
    values.drain(..values.len().saturating_sub(most));
}

/// The raw trend of one bar, from its close and its fast, mid and slow EMA: `Sideways` where neither `Up` nor
/// `Down` holds or a value is unknown (NaN). Specification 1, section 2.
pub fn raw_trend(close: f64, [fast, mid, slow]: [f64; 3]) -> Trend {
    if close > slow && fast > mid {
        Trend::Up
    } else if close < slow && fast < mid {
        Trend::Down
    } else {
        Trend::Sideways
    }
}

/// Volatility of each bar as a share of price, NaN where unknown: `atr / close` where an ATR is mapped,
/// otherwise the mean of the last 14 absolute returns, known from bar 14 on (from 0). Specification 1,
/// section 2.
pub fn atrp(bars: &Bars) -> Vec<f64> {
    Memory::default().atrp(bars)
}

/// The window of the percentile method in bars; `None` where fixed cut-offs apply: in the tier `lite`, for a
/// layer that always uses them, or with fewer bars than the window. Specification 1, section 2.
pub fn vol_window(layer: Layer, tier: Tier, bars: usize) -> Option<usize> {
    layer.vol_window().filter(|&window| tier == Tier::Full && bars >= window)
}

/// Fewest known values that give a percentile in a window of so many bars. Specification 1, section 2.
pub const fn min_known(window: usize) -> usize {
    if window / 3 > 20 { window / 3 } else { 20 }
}

/// Volatility by percentile (0 to 100): `Low` below 33, `Normal` from 33 to below 67, otherwise `High`, also
/// where unknown. Specification 1, section 2.
pub fn vol_of_percentile(pct: f64) -> Vol {
    if pct < PCT_LOW {
        Vol::Low
    } else if (PCT_LOW..PCT_HIGH).contains(&pct) {
        Vol::Normal
    } else {
        Vol::High
    }
}

/// Volatility by fixed cut-offs, from a share of price: `Low` below 1.5 %, `High` above 4 %, otherwise
/// `Normal`, also where unknown. Specification 1, section 2.
pub fn vol_of_atrp(atrp: f64) -> Vol {
    if atrp < ATRP_LOW {
        Vol::Low
    } else if atrp > ATRP_HIGH {
        Vol::High
    } else {
        Vol::Normal
    }
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
        assert_eq!(Memory::default().confirmed_trends(&bars, 2), [Trend::Sideways, Trend::Up, Trend::Up]);
        assert_eq!(Memory::default().confirmed_trends(&bars, 1), [Trend::Up; 3]);
    }

    #[test]
    fn an_unknown_ema_is_sideways_and_restarts_confirmation() {
        let (close, fast, slow) = ([2.0; 4], [3.0; 4], [1.0; 4]);
        let mid = [2.0, f64::NAN, 2.0, 2.0];
        let trends = Memory::default().confirmed_trends(&bars(&close, [&fast, &mid, &slow]), 2);
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
        let got = Memory::default().liqs([&spread, &slippage]);
        assert_eq!(got[10], Liq::Normal);
        assert_eq!(got[28..], [Liq::Easy, Liq::Stressed]);
    }
}
