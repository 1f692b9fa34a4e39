//! The market proxy, whose weekly regime caps young assets.

use crate::cmc_regimes::align::as_of;
use crate::cmc_regimes::series::Series;
use crate::hash::Hash;

/// Largest gross exposure of an asset without a monthly layer while the market is not supportive,
/// and largest size of one without a weekly layer.
pub const PROXY_CAP: f64 = 0.7;

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
        (0..bars).fold(Hash::START, |hash, i| hash.chain([self.ts[i] as u64, u64::from(self.supportive[i])]))
    }
}
