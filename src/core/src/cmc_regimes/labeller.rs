//! Raw labels of one layer: trend, volatility and liquidity of each bar (specification 1, section 2).

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::budget::Tier;
use crate::cmc_regimes::config::{ATRP_BARS, Config};
use crate::cmc_regimes::label::{Label, Liq, Trend, Vol};
use crate::cmc_regimes::layer::Layer;
use crate::math::rolling::{RunningMean, Standing, rolling_median, standings};
use crate::math::stats::known;

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

/// How the bars of a layer are labelled.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// The layer.
    pub layer: Layer,
    /// Windows and thresholds.
    pub config: &'a Config,
    /// The ADX (0 to 100) at or below which a trend is sideways; 0 or less, or bars without an ADX, leave trends as they are.
    pub adx_floor: f64,
}

/// Raw labels of a layer's bars, one per bar. Specification 1, section 2.
pub fn label_bars(bars: &Bars, how: &How, tier: Tier) -> Vec<Label> {
    let [ranked, fixed] = Memory::default().label(bars, how);
    if how.config.ranking(how.layer, tier, bars.close.len()).is_some() { ranked } else { fixed }
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
            // The first value finds out about the window; this is what memories without a mean hold.
            mean: RunningMean::new(ATRP_BARS),
            atrp: Vec::new(),
            costs: Default::default(),
        }
    }
}

impl Memory {
    /// Raw labels of further bars, one per bar: with volatility by percentile, then with volatility by fixed
    /// cut-offs ([`Config::ranking`] says which applies). All bars of a layer must be labelled alike, and the same columns
    /// must be mapped for all. Specification 1, section 2.
    pub fn label(&mut self, bars: &Bars, how: &How) -> [Vec<Label>; 2] {
        let mut trends = self.confirmed_trends(bars, how);
        if let Some(adx) = floored_by(bars, how) {
            for (trend, adx) in trends.iter_mut().zip(adx) {
                if *adx <= how.adx_floor {
                    *trend = Trend::Sideways;
                }
            }
        }
        let vols = self.vols(bars, how);
        let liqs = bars.costs.map(|costs| self.liqs(costs, how.config));
        let liq = |i: usize| liqs.as_ref().map_or(Liq::Normal, |l| l[i]);
        vols.map(|vols| (0..bars.close.len()).map(|i| Label::new(trends[i], vols[i], liq(i))).collect())
    }

    pub(super) fn confirmed_trends(&mut self, bars: &Bars, how: &How) -> Vec<Trend> {
        let confirm_bars = how.config.confirm_bars[how.layer];
        (0..bars.close.len())
            .map(|i| {
                let raw = raw_trend(bars.close[i], bars.ema.map(|e| e[i]));
                self.run = if raw == self.trend { self.run + 1 } else { 1 };
                self.trend = raw;
                if self.run >= confirm_bars { raw } else { Trend::Sideways }
            })
            .collect()
    }

    pub(super) fn atrp(&mut self, bars: &Bars, config: &Config) -> Vec<f64> {
        if let Some(atr) = bars.atr {
            return atr.iter().zip(bars.close).map(|(atr, close)| known(atr / close)).collect();
        }
        if self.mean.is_new() {
            self.mean = RunningMean::new(config.atrp_bars);
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

    fn vols(&mut self, bars: &Bars, how: &How) -> [Vec<Vol>; 2] {
        let How { layer, config, .. } = *how;
        let atrp = self.atrp(bars, config);
        let fixed: Vec<Vol> = atrp.iter().map(|atrp| vol_of_atrp(*atrp, config)).collect();
        match config.vol_windows[layer] {
            None => [fixed.clone(), fixed],
            Some(window) => {
                [self.standings(atrp, window, |s| vol_of_percentile(s.percentile(), config)), fixed]
            }
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
        let standings = standings(&self.atrp, from, window, Config::min_known(window), of);
        keep_last(&mut self.atrp, window - 1);
        standings
    }

    /// Rolling medians of spread and slippage, one per bar.
    pub(super) fn medians(&mut self, costs: [&[f64]; 2], config: &Config) -> [Vec<f64>; 2] {
        let (window, min_known) = (config.liq_window, config.min_known_costs());
        let mut medians = [Vec::new(), Vec::new()];
        for (side, costs) in costs.into_iter().enumerate() {
            let from = self.costs[side].len();
            self.costs[side].extend(costs);
            medians[side] = rolling_median(&self.costs[side], from, window, min_known);
            keep_last(&mut self.costs[side], window - 1);
        }
        medians
    }

    fn liqs(&mut self, costs: [&[f64]; 2], config: &Config) -> Vec<Liq> {
        let Config { liq_easy, liq_stressed, .. } = *config;
        let medians = self.medians(costs, config);
        let [[spread, slippage], [spread_median, slippage_median]] =
            [costs, medians.each_ref().map(Vec::as_slice)];
        (0..spread.len())
            .map(|i| {
                let (a, b) = (spread[i], slippage[i]);
                let (am, bm) = (spread_median[i], slippage_median[i]);
                if a < liq_easy * am && b < liq_easy * bm {
                    Liq::Easy
                } else if a > liq_stressed * am || b > liq_stressed * bm {
                    Liq::Stressed
                } else {
                    Liq::Normal
                }
            })
            .collect()
    }
}

/// The ADX of the bars, `None` where no floor applies.
pub(super) fn floored_by<'a>(bars: &Bars<'a>, how: &How) -> Option<&'a [f64]> {
    bars.adx.filter(|_| how.adx_floor > 0.0)
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
/// otherwise the mean of the last [`Config::atrp_bars`] absolute returns, of which all must be known. Specification 1,
/// section 2.
pub fn atrp(bars: &Bars, config: &Config) -> Vec<f64> {
    Memory::default().atrp(bars, config)
}

/// Volatility by percentile (0 to 100): `Low` below one cut, `Normal` from there to below the other, otherwise `High`,
/// also where unknown. Specification 1, section 2.
pub fn vol_of_percentile(pct: f64, config: &Config) -> Vol {
    if pct < config.vol_low_percentile {
        Vol::Low
    } else if (config.vol_low_percentile..config.vol_high_percentile).contains(&pct) {
        Vol::Normal
    } else {
        Vol::High
    }
}

/// Volatility by fixed cut-offs, from a share of price: `Low` below one, `High` above the other, otherwise `Normal`,
/// also where unknown. Specification 1, section 2.
pub fn vol_of_atrp(atrp: f64, config: &Config) -> Vol {
    if atrp < config.atrp_low {
        Vol::Low
    } else if atrp > config.atrp_high {
        Vol::High
    } else {
        Vol::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::layer::PerLayer;

    fn bars<'a>(close: &'a [f64], ema: [&'a [f64]; 3]) -> Bars<'a> {
        Bars { close, ema, atr: None, adx: None, costs: None }
    }

    fn how(config: &Config) -> How<'_> {
        How { layer: Layer::L2, config, adx_floor: 0.0 }
    }

    #[test]
    fn the_first_bar_is_never_confirmed() {
        let (close, fast, mid, slow) = ([2.0; 3], [3.0; 3], [2.0; 3], [1.0; 3]);
        let bars = bars(&close, [&fast, &mid, &slow]);
        let trends = |confirm_bars| {
            let config = Config { confirm_bars: PerLayer::new([confirm_bars; 4]), ..Config::default() };
            Memory::default().confirmed_trends(&bars, &how(&config))
        };
        assert_eq!(trends(2), [Trend::Sideways, Trend::Up, Trend::Up]);
        assert_eq!(trends(1), [Trend::Up; 3]);
        assert_eq!(trends(3), [Trend::Sideways, Trend::Sideways, Trend::Up]);
    }

    #[test]
    fn an_unknown_ema_is_sideways_and_restarts_confirmation() {
        let (close, fast, slow) = ([2.0; 4], [3.0; 4], [1.0; 4]);
        let mid = [2.0, f64::NAN, 2.0, 2.0];
        let trends =
            Memory::default().confirmed_trends(&bars(&close, [&fast, &mid, &slow]), &how(&Config::default()));
        assert_eq!(trends, [Trend::Sideways, Trend::Sideways, Trend::Sideways, Trend::Up]);
    }

    #[test]
    fn the_proxy_is_known_once_all_its_returns_are() {
        let close: Vec<f64> = (0..16).map(|i| if i % 2 == 0 { 100.0 } else { 101.0 }).collect();
        let e = vec![f64::NAN; 16];
        for atrp_bars in [1, 14, 15] {
            let got = atrp(&bars(&close, [&e, &e, &e]), &Config { atrp_bars, ..Config::default() });
            let first = got.iter().position(|atrp| atrp.is_finite());
            assert_eq!(first, Some(atrp_bars));
        }
    }

    #[test]
    fn an_adx_at_the_floor_is_sideways() {
        let (close, fast, mid, slow) = ([2.0; 3], [3.0; 3], [2.0; 3], [1.0; 3]);
        let adx = [20.0, 20.0, 20.1];
        let bars = Bars { adx: Some(&adx), ..bars(&close, [&fast, &mid, &slow]) };
        let config = Config::default();
        let trends = |floor| {
            let how = How { adx_floor: floor, ..how(&config) };
            label_bars(&bars, &how, Tier::Lite).iter().map(|l| l.trend()).collect::<Vec<_>>()
        };
        assert_eq!(trends(20.0), [Trend::Sideways, Trend::Sideways, Trend::Up]);
        assert_eq!(trends(0.0), [Trend::Sideways, Trend::Up, Trend::Up]);
    }

    #[test]
    fn thresholds() {
        assert_eq!(
            [32.9, 33.0, 66.9, 67.0, f64::NAN].map(|pct| vol_of_percentile(pct, &Config::default())),
            [Vol::Low, Vol::Normal, Vol::Normal, Vol::High, Vol::High]
        );
        assert_eq!(
            [0.0149, 0.015, 0.04, 0.0401, f64::NAN].map(|atrp| vol_of_atrp(atrp, &Config::default())),
            [Vol::Low, Vol::Normal, Vol::Normal, Vol::High, Vol::Normal]
        );
        let one = Config { vol_low_percentile: 50.0, vol_high_percentile: 50.0, ..Config::default() };
        assert_eq!([49.9, 50.0].map(|pct| vol_of_percentile(pct, &one)), [Vol::Low, Vol::High]);
    }

    #[test]
    fn costs_against_their_median() {
        let mut spread = vec![1.0; 30];
        let mut slippage = vec![1.0; 30];
        (spread[28], slippage[28]) = (0.7, 0.7);
        (spread[29], slippage[29]) = (0.7, 2.1);
        let got = Memory::default().liqs([&spread, &slippage], &Config::default());
        assert_eq!(got[10], Liq::Normal);
        assert_eq!(got[28..], [Liq::Easy, Liq::Stressed]);
    }
}
