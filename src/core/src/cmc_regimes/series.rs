//! Bars of one layer, and what the market proxy's say.

use crate::cmc_regimes::align::as_of;
use crate::cmc_regimes::fingerprint::{Hash, chain};
use crate::cmc_regimes::labeller::Bars;

/// Bars of one layer in ascending time. All vectors have one element a bar, NaN where unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Closing time of each bar, in microseconds.
    pub ts: Vec<i64>,
    /// Closing prices.
    pub close: Vec<f64>,
    /// Fast, mid and slow EMA.
    pub ema: [Vec<f64>; 3],
    /// Average true range, where mapped.
    pub atr: Option<Vec<f64>>,
    /// ADX, where mapped.
    pub adx: Option<Vec<f64>>,
    /// Spread and slippage, where both are mapped.
    pub costs: Option<[Vec<f64>; 2]>,
}

impl Series {
    /// The bars without their times.
    pub fn bars(&self) -> Bars<'_> {
        self.first_bars(self.close.len())
    }

    /// The first `n` bars without their times.
    pub(crate) fn first_bars(&self, n: usize) -> Bars<'_> {
        Bars {
            close: &self.close[..n],
            ema: self.ema.each_ref().map(|ema| &ema[..n]),
            atr: self.atr.as_ref().map(|atr| &atr[..n]),
            adx: self.adx.as_ref().map(|adx| &adx[..n]),
            costs: self.costs.as_ref().map(|costs| costs.each_ref().map(|cost| &cost[..n])),
        }
    }

    /// How many bars closed at or before a moment.
    pub fn until(&self, ts: i64) -> usize {
        self.ts.partition_point(|bar| *bar <= ts)
    }

    /// The first `n` bars.
    pub fn first(&self, n: usize) -> Series {
        self.part(0..n)
    }

    /// The bars from the one of this index on.
    pub fn since(&self, bar: usize) -> Series {
        self.part(bar..self.ts.len())
    }

    /// The bars of these indices.
    pub fn part(&self, bars: std::ops::Range<usize>) -> Series {
        let rest = |values: &Vec<f64>| values[bars.clone()].to_vec();
        Series {
            ts: self.ts[bars.clone()].to_vec(),
            close: rest(&self.close),
            ema: self.ema.each_ref().map(rest),
            atr: self.atr.as_ref().map(rest),
            adx: self.adx.as_ref().map(rest),
            costs: self.costs.as_ref().map(|costs| costs.each_ref().map(rest)),
        }
    }
}

/// The market proxy's weekly bars: when each closed, and whether the market then was supportive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proxy {
    ts: Vec<i64>,
    supportive: Vec<bool>,
}

impl Proxy {
    /// From the proxy's weekly series: supportive where `close > slow and fast > mid`.
    pub fn new(weekly: &Series) -> Self {
        let [fast, mid, slow] = &weekly.ema;
        let supportive =
            (0..weekly.close.len()).map(|i| weekly.close[i] > slow[i] && fast[i] > mid[i]).collect();
        Self { ts: weekly.ts.clone(), supportive }
    }

    /// For each daily row, whether the market is known and not supportive.
    pub(crate) fn unsupportive(&self, rows: &[i64]) -> Vec<bool> {
        as_of(rows, &self.ts).into_iter().map(|bar| bar.is_some_and(|i| !self.supportive[i])).collect()
    }

    /// The weekly bar in force at a moment: when it closed, and whether the market was supportive.
    pub fn at(&self, moment: i64) -> Option<(i64, bool)> {
        as_of(&[moment], &self.ts)[0].map(|bar| (self.ts[bar], self.supportive[bar]))
    }

    /// A fingerprint of what rows up to a moment take from it.
    pub fn print(&self, until: i64) -> Hash {
        let bars = self.ts.partition_point(|ts| *ts <= until);
        (0..bars).fold([0; 2], |hash, i| chain(hash, [self.ts[i] as u64, u64::from(self.supportive[i])]))
    }
}
