//! The market proxy, whose weekly bars cap the risk of young assets (specification 1, section 5).

use crate::cmc_regimes::align::as_of;
use crate::cmc_regimes::series::Series;
use crate::hash::Hash;

/// While the market is not supportive: largest gross exposure (a multiple of equity) of an asset without a
/// monthly layer, and largest size (a multiple of the base size) of an asset without a weekly layer.
/// Specification 1, section 5.
pub const PROXY_CAP: f64 = 0.7;

/// The market proxy's weekly bars in ascending time: when each closed, and whether the market was supportive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proxy {
    ts: Vec<i64>,
    supportive: Vec<bool>,
    /// Of each bar, the fingerprint of the bars up to the bar.
    prints: Vec<Hash>,
}

impl Proxy {
    /// The proxy with these weekly bars: supportive where `close > slow and fast > mid`; unknown EMAs are
    /// not. Specification 1, section 5.
    pub fn new(weekly: &Series) -> Self {
        let [fast, mid, slow] = &weekly.ema;
        let supportive =
            (0..weekly.close.len()).map(|i| weekly.close[i] > slow[i] && fast[i] > mid[i]).collect();
        Self::of(weekly.ts.clone(), supportive)
    }

    /// A proxy that was at all times what it is at one.
    pub fn always(supportive: bool) -> Self {
        Self::of(vec![i64::MIN], vec![supportive])
    }

    fn of(ts: Vec<i64>, supportive: Vec<bool>) -> Self {
        let mut print = Hash::START;
        let bars = ts.iter().zip(&supportive);
        let prints = bars.map(|(ts, supportive)| {
            print = print.chain([*ts as u64, u64::from(*supportive)]);
            print
        });
        Self { prints: prints.collect(), ts, supportive }
    }

    /// For each daily row, by time, whether the market is known to be not supportive.
    pub(crate) fn unsupportive(&self, rows: &[i64]) -> Vec<bool> {
        as_of(rows, &self.ts).into_iter().map(|bar| bar.is_some_and(|i| !self.supportive[i])).collect()
    }

    /// The weekly bar in force at a moment (microseconds): its closing time, and whether the market was
    /// supportive; `None` before the first bar.
    pub fn at(&self, moment: i64) -> Option<(i64, bool)> {
        as_of(&[moment], &self.ts)[0].map(|bar| (self.ts[bar], self.supportive[bar]))
    }

    /// A fingerprint of all that rows up to a moment (microseconds) depend on.
    pub fn print(&self, until: i64) -> Hash {
        let bars = self.ts.partition_point(|ts| *ts <= until);
        bars.checked_sub(1).map_or(Hash::START, |last| self.prints[last])
    }
}
