//! The bars of one layer.

use crate::cmc_regimes::labeller::Bars;

/// The bars of one layer in ascending time. All vectors have one element per bar, NaN where unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Closing time of each bar, in microseconds.
    pub ts: Vec<i64>,
    /// Closing prices.
    pub close: Vec<f64>,
    /// Fast, mid and slow EMA, in that order.
    pub ema: [Vec<f64>; 3],
    /// Average true range in units of price, where mapped.
    pub atr: Option<Vec<f64>>,
    /// ADX, 0 to 100, where mapped.
    pub adx: Option<Vec<f64>>,
    /// Spread and slippage, in that order, where both are mapped.
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

    /// Number of bars that closed at or before a moment (microseconds).
    pub fn until(&self, ts: i64) -> usize {
        self.ts.partition_point(|bar| *bar <= ts)
    }

    /// The first `n` bars.
    pub fn first(&self, n: usize) -> Series {
        self.part(0..n)
    }

    /// The bars from this index on.
    pub fn since(&self, bar: usize) -> Series {
        self.part(bar..self.ts.len())
    }

    /// The bars with these indices.
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
