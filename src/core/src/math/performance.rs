//! The performance of a series of returns.

use crate::math::stats::ReturnStats;

/// Performance over a series of returns, NaN where undefined. Values are shares, not percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Performance {
    /// Compounded return: the product of `1 + r`, less 1.
    pub total_return: f64,
    /// Mean return.
    pub mean: f64,
    /// Annualised volatility: sample standard deviation (ddof 1) × sqrt(returns a year); NaN with fewer than two
    /// returns.
    pub volatility: f64,
    /// Sharpe ratio `mean / std` × sqrt(returns a year), without deducting interest; NaN without a standard
    /// deviation above 0.
    pub sharpe: f64,
    /// Largest fall of the compounded return from an earlier height (the start included) as a share, normally
    /// 0 to 1.
    pub max_drawdown: f64,
    /// Share of returns above 0, from 0 to 1.
    pub win_rate: f64,
    /// Number of returns.
    pub n: u64,
}

impl Performance {
    /// The compounded return of a year at the pace of all returns: `(1 + total_return) ^ (per_year / n) - 1`.
    pub fn yearly_return(&self, per_year: f64) -> f64 {
        (1.0 + self.total_return).powf(per_year / self.n as f64) - 1.0
    }
}

/// A series of returns so far.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    returns: ReturnStats,
    wins: u64,
    equity: f64,
    peak: f64,
    max_drawdown: f64,
}

impl Default for Track {
    fn default() -> Self {
        Self { returns: ReturnStats::default(), wins: 0, equity: 1.0, peak: 1.0, max_drawdown: 0.0 }
    }
}

impl Track {
    /// Takes the next return, a finite share.
    pub fn push(&mut self, r: f64) {
        self.returns.push(r);
        self.wins += u64::from(r > 0.0);
        self.equity *= 1.0 + r;
        self.peak = self.peak.max(self.equity);
        self.max_drawdown = self.max_drawdown.max(self.drawdown());
    }

    /// What 1 at the start has become.
    pub fn equity(&self) -> f64 {
        self.equity
    }

    /// How far the equity is below its greatest height, the start included, as a share.
    pub fn drawdown(&self) -> f64 {
        1.0 - self.equity / self.peak
    }

    /// The performance, with so many returns a year; `None` without a return.
    pub fn performance(&self, per_year: f64) -> Option<Performance> {
        let mean = self.returns.mean()?;
        let std = self.returns.std().unwrap_or(f64::NAN);
        let n = self.returns.returns;
        Some(Performance {
            total_return: self.equity - 1.0,
            mean,
            volatility: std * per_year.sqrt(),
            sharpe: if std > 0.0 { mean / std * per_year.sqrt() } else { f64::NAN },
            max_drawdown: self.max_drawdown,
            win_rate: self.wins as f64 / n as f64,
            n,
        })
    }
}
