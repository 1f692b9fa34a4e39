//! The tightest policy of a table: the assumption where no label is known.

use crate::cmc_regimes::policy::resolve::Risk;
use crate::cmc_regimes::policy::rule::Orders;
use crate::cmc_regimes::policy::table::PolicyTable;

impl PolicyTable {
    /// The risk under all rules and the fallback at once, shadowed rules included, with passive orders, which
    /// any label with `Stressed` makes: no labels resolve to a tighter risk. The size is below 1, since that
    /// of the fallback is.
    pub fn tightest(&self) -> Risk {
        let all = self.rules().iter().chain([self.fallback()]);
        let risk = all.fold(Risk::START, |risk, rule| risk.tighten(Risk::of_rule(rule)));
        Risk { orders: Orders::Passive, ..risk }
    }
}
