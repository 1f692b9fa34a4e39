//! The tightest policy of a table: what to assume where no label is known.

use crate::cmc_regimes::policy::resolve::Risk;
use crate::cmc_regimes::policy::rule::Orders;
use crate::cmc_regimes::policy::table::PolicyTable;

impl PolicyTable {
    /// The tightening by every rule and the fallback at once, shadowed rules included, and passive orders,
    /// which any label with `Stressed` asks for: no labels resolve to a tighter risk. Since the fallback's
    /// size is below 1, so is this one's.
    pub fn tightest(&self) -> Risk {
        let all = self.rules().iter().chain([self.fallback()]);
        let risk = all.fold(Risk::START, |risk, rule| risk.tighten(Risk::of_rule(rule)));
        Risk { orders: Orders::Passive, ..risk }
    }
}
