//! The data budget: which layers have enough bars to be labelled, and by which method (specification 1,
//! section 3).

use crate::cmc_regimes::config::Config;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::words;

words!(
    /// The tier of an asset: whether its history is long enough to rank volatility against itself.
    Tier {
        /// Volatility is ranked within a trailing window.
        Full = "full",
        /// Volatility is compared with fixed cut-offs.
        Lite = "lite",
    }
);

/// What the numbers of bars of an asset allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// The tier with which all layers are labelled.
    pub tier: Tier,
    /// Which layers have enough bars.
    pub enabled: PerLayer<bool>,
    /// Which enabled layers rank volatility: in the tier `full`, those with a full window of bars.
    pub ranked: PerLayer<bool>,
}

impl Budget {
    /// The budget of these numbers of bars; `min_bars` are the fewest that enable each layer. Specification
    /// 1, sections 2 and 3.
    pub fn of(bars: PerLayer<usize>, min_bars: PerLayer<usize>, config: &Config) -> Self {
        let enabled = PerLayer::from_fn(|layer| bars[layer] >= min_bars[layer]);
        let full = Self::full_needs(enabled[Layer::L0]).all(|(layer, fewest)| bars[layer] >= fewest);
        let tier = if full { Tier::Full } else { Tier::Lite };
        let is_ranked = |layer| enabled[layer] && config.ranking(layer, tier, bars[layer]).is_some();
        Self { tier, enabled, ranked: PerLayer::from_fn(is_ranked) }
    }

    /// Whether the monthly or the weekly layer is disabled, so that the market proxy may cap risk.
    pub fn is_young(self) -> bool {
        !(self.enabled[Layer::L0] && self.enabled[Layer::L1])
    }

    /// The fewest bars per layer of the tier `full`; months count only if L0 is enabled.
    pub fn full_needs(l0_enabled: bool) -> impl Iterator<Item = (Layer, usize)> {
        let needs = [(Layer::L1, 100), (Layer::L2, 250), (Layer::L0, 60)];
        needs.into_iter().filter(move |(layer, _)| l0_enabled || *layer != Layer::L0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bars: [usize; 4], min_bars: [usize; 4]) -> (Tier, [bool; 4]) {
        let budget = Budget::of(PerLayer::new(bars), PerLayer::new(min_bars), &Config::default());
        (budget.tier, Layer::ALL.map(|layer| budget.enabled[layer]))
    }

    const DEFAULT: [usize; 4] = [60, 52, 120, 300];

    #[test]
    fn a_young_asset_with_no_monthly_layer_can_still_be_full() {
        assert_eq!(of([59, 100, 250, 0], DEFAULT), (Tier::Full, [false, true, true, false]));
    }

    #[test]
    fn a_lowered_monthly_minimum_enables_the_layer_and_costs_the_tier() {
        assert_eq!(of([59, 100, 250, 0], [30, 52, 120, 300]), (Tier::Lite, [true, true, true, false]));
    }

    #[test]
    fn volatility_is_ranked_where_a_window_is_full() {
        let of = |window, days| {
            let vol_windows = PerLayer::new([Some(60), Some(40), Some(window), None]);
            let (bars, min_bars) = (PerLayer::new([30, 100, days, 300]), PerLayer::new(DEFAULT));
            Budget::of(bars, min_bars, &Config { vol_windows, ..Config::default() }).ranked.into_array()
        };
        assert_eq!(of(400, 399), [false, true, false, false]);
        assert_eq!(of(400, 400), [false, true, true, false]);
        assert_eq!(of(100, 249), [false; 4], "the tier is lite");
    }

    #[test]
    fn each_threshold_is_inclusive() {
        assert_eq!(of([60, 52, 120, 300], DEFAULT).1, [true; 4]);
        assert_eq!(of([59, 51, 119, 299], DEFAULT).1, [false; 4]);
        assert_eq!(of([60, 100, 249, 0], DEFAULT).0, Tier::Lite);
        assert_eq!(of([60, 99, 250, 0], DEFAULT).0, Tier::Lite);
    }
}
