//! The percentile of an escalation among the last bars alone.

use crate::math::windows::MidRanks;

/// The mid-rank of each escalation among the last `window` (at least 1), its own included, from 0 to 1; NaN
/// unless all of these are known. Specification 5, section 7.
pub fn rolling_percentile(escalation: &[f64], window: usize) -> Vec<f64> {
    let mut ranks = MidRanks::new(escalation);
    let mut known = 0;
    let mut percentile = |bar: usize| {
        ranks.put(bar);
        known += usize::from(!escalation[bar].is_nan());
        if let Some(gone) = bar.checked_sub(window) {
            ranks.take(gone);
            known -= usize::from(!escalation[gone].is_nan());
        }
        if known == window { ranks.mid_rank(bar) / window as f64 } else { f64::NAN }
    };
    (0..escalation.len()).map(&mut percentile).collect()
}
