//! The five components of the escalation (specification 5, section 5).

use crate::market_states::kernels::Past;
use crate::market_states::metrics::Metrics;
use crate::market_states::watch::{Watch, sum};
use crate::math::stats::mean;

/// The first bar that has components.
const FIRST: u64 = 31;

/// The components of bar `i`, `None` before bar 31; `distance` is its |P - E100|/E100, and `past` of the bars before.
/// Specification 5, section 5.
pub(super) fn components(
    i: u64,
    metrics: &Metrics,
    distance: f64,
    past: &Past,
    watch: &mut impl Watch,
) -> Option<[f64; 5]> {
    if i < FIRST {
        return None;
    }
    let column = |of: &[[f64; 2]; 10], at: usize| of.map(|pair| pair[at]);
    let [shock, structure] = [0, 1].map(|at| column(&past.shock, at));
    let [instability, distances] = [0, 1].map(|at| past.instability.map(|pair| pair[at]));
    let Metrics { downside_shock_risk: dsr, structural_score: ss, instability_index: ix, .. } = *metrics;
    let fall = (mean(&structure) - ss).max(0.0);
    watch.value("component 4", "mean of structural_score before", mean(&structure));
    watch.value("component 4", "structural_score", ss);
    Some([
        dsr,
        rise("component 2", dsr, &shock, watch),
        rise("component 3", ix, &instability, watch),
        fall,
        rise("component 5", distance, &distances, watch),
    ])
}

/// .35p(x - mean) + .65p(x - min), with mean and min of the values before.
fn rise(of: &'static str, value: f64, before: &[f64], watch: &mut impl Watch) -> f64 {
    let least = before.iter().copied().fold(f64::INFINITY, f64::min);
    sum(
        watch,
        of,
        "",
        [
            ("above mean", 0.35, (value - mean(before)).max(0.0)),
            ("above min", 0.65, (value - least).max(0.0)),
        ],
    )
}
