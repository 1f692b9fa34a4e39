//! The facts from which the label of one bar follows. Nothing is decided here: the label is that of
//! [`Memory::label`], and the facts come from the functions that decide it.

use crate::cmc_regimes::label::{Label, Trend};
use crate::cmc_regimes::labeller::{Bars, How, Memory, floored_by, raw_trend};
use crate::math::rolling::Standing;

/// The facts from which one bar's label follows, NaN where unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The raw label of the bar.
    pub label: Label,
    /// Closing price.
    pub close: f64,
    /// Fast, mid and slow EMA, in that order.
    pub ema: [f64; 3],
    /// Raw trends of the bar and of the bars before that must agree with it, latest first; fewer at the start
    /// of a series.
    pub raw_trends: Vec<Trend>,
    /// Number of bars that must agree, the bar itself included.
    pub confirm_bars: usize,
    /// Trend after confirmation, before the ADX floor.
    pub confirmed: Trend,
    /// ADX (0 to 100) and its floor; `None` without an ADX or without a floor above 0.
    pub adx: Option<[f64; 2]>,
    /// Average true range in units of price, where mapped.
    pub atr: Option<f64>,
    /// Volatility as a share of price (0.02 is 2 %).
    pub atrp: f64,
    /// How volatility was judged.
    pub volatility: Volatility,
    /// Spread and slippage, in that order, each with its median; where mapped.
    pub costs: Option<[[f64; 2]; 2]>,
}

/// How volatility was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Volatility {
    /// Ranked within a trailing window.
    Ranked {
        /// Bars of a full window.
        window: usize,
        /// Standing of the bar within the window.
        standing: Standing,
    },
    /// Compared with fixed cut-offs.
    CutOffs,
}

/// The facts of the last bar of a layer, `None` without bars; arguments as for [`Memory::label`]. `window` is
/// the window of the percentile method in bars, `None` where fixed cut-offs apply. Specification 1, section 2.
pub fn facts(bars: &Bars, how: &How, window: Option<usize>) -> Option<Facts> {
    let config = how.config;
    let confirm_bars = config.confirm_bars[how.layer];
    let last = bars.close.len().checked_sub(1)?;
    let one = bars.part(last..last + 1);
    let mut before = Memory::default();
    before.label(&bars.part(0..last), how);
    let [ranked, fixed] = before.clone().label(&one, how);
    let label = *if window.is_some() { ranked } else { fixed }.first()?;
    let confirmed = *before.clone().confirmed_trends(&one, how).first()?;
    let volatility = match window {
        None => Volatility::CutOffs,
        Some(window) => {
            let mut before = before.clone();
            let atrp = before.atrp(&one, config);
            let standing = *before.standings(atrp, window, |standing| standing).first()?;
            Volatility::Ranked { window, standing }
        }
    };
    let ema = |bar: usize| bars.ema.map(|ema| ema[bar]);
    let agreeing = (0..=last).rev().take(confirm_bars);
    Some(Facts {
        label,
        close: bars.close[last],
        ema: ema(last),
        raw_trends: agreeing.map(|bar| raw_trend(bars.close[bar], ema(bar))).collect(),
        confirm_bars,
        confirmed,
        adx: floored_by(bars, how).map(|adx| [adx[last], how.adx_floor]),
        atr: bars.atr.map(|atr| atr[last]),
        atrp: *before.clone().atrp(&one, config).first()?,
        volatility,
        costs: one.costs.map(|costs| {
            let medians = before.medians(costs, config);
            [0, 1].map(|side: usize| [costs[side][0], medians[side][0]])
        }),
    })
}

impl<'a> Bars<'a> {
    fn part(&self, bars: std::ops::Range<usize>) -> Bars<'a> {
        let part = |values: &'a [f64]| &values[bars.clone()];
        Bars {
            close: part(self.close),
            ema: self.ema.map(part),
            atr: self.atr.map(part),
            adx: self.adx.map(part),
            costs: self.costs.map(|costs| costs.map(part)),
        }
    }
}
