//! How far the close moved within a horizon, and how seldom so far.

use crate::math::windows::{MidRanks, folded};
use crate::words;

/// The move after a bar. Specification 5, section 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// Largest distance of a close up to the horizon, as a share of the bar's close; NaN without a full
    /// horizon.
    pub forward: f64,
    /// Mid-rank of `forward` among its values so far, from 0 to 1; NaN before `min_bars` bars.
    pub percentile: f64,
}

impl Move {
    /// Whether the move is an event; `None` without a percentile.
    pub fn is_event(&self) -> Option<bool> {
        (!self.percentile.is_nan()).then_some(self.percentile >= 0.95)
    }

    /// How rare the move is; `None` for an ordinary one.
    pub fn severity(&self) -> Option<Severity> {
        let from = |least: f64| self.percentile >= least;
        let all = [
            (0.99, Severity::Crisis),
            (0.975, Severity::Severe),
            (0.95, Severity::Moderate),
            (0.90, Severity::Mild),
        ];
        all.into_iter().find(|(least, _)| from(*least)).map(|(_, severity)| severity)
    }
}

words!(
    /// How rare a move is. Specification 5, section 8.
    Severity {
        /// From .90 on.
        Mild = "MILD",
        /// From .95 on.
        Moderate = "MODERATE",
        /// From .975 on.
        Severe = "SEVERE",
        /// From .99 on.
        Crisis = "CRISIS",
    }
);

/// The move after each bar; `min_bars` bars give no percentile yet.
pub fn moves(close: &[f64], horizon: usize, min_bars: usize) -> Vec<Move> {
    let later: Vec<[f64; 2]> = close.iter().skip(1).map(|close| [*close; 2]).collect();
    let spans = folded(&later, horizon, |[low, high], [l, h]| [low.min(l), high.max(h)]);
    let distance =
        |(close, [low, high]): (&f64, [f64; 2])| (low / close - 1.0).abs().max((high / close - 1.0).abs());
    let mut forward: Vec<f64> = close.iter().zip(spans).map(distance).collect();
    forward.resize(close.len(), f64::NAN);
    let mut ranks = MidRanks::new(&forward);
    let mut percentile = |bar: usize| {
        ranks.put(bar);
        if bar < min_bars { f64::NAN } else { ranks.mid_rank(bar) / (bar + 1) as f64 }
    };
    let moves = forward.iter().enumerate();
    moves.map(|(bar, forward)| Move { forward: *forward, percentile: percentile(bar) }).collect()
}
