//! A rule of a policy table, and the names that have a meaning in rules (specification 1, section 5).

use crate::cmc_regimes::policy::pattern::Pattern;
use crate::words;

/// The key of a row without a label.
pub const UNKNOWN: &str = "Unknown";
/// The place that makes orders passive, wherever in a label.
pub const STRESSED: &str = "Stressed";
/// The setup that means to stay out of the market.
pub const STAND_DOWN: &str = "stand_down";

words!(
    /// The ways in which orders may be placed, loosest first.
    Orders {
        /// Market and limit orders.
        Mixed = "mixed",
        /// Mostly limit orders.
        Conservative = "conservative",
        /// Limit orders only.
        Passive = "passive",
    }
);

words!(
    /// The origin of a rule.
    Origin {
        /// Part of the label version.
        BuiltIn = "built-in",
        /// Given by the user in an overlay.
        Overlay = "overlay",
    }
);

/// A pattern over keys, and the restraints of matching labels; `None` leaves a field as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The pattern of the keys.
    pub pattern: Pattern,
    /// Largest position size, as a multiple of the base size.
    pub size_mult: Option<f64>,
    /// Narrowest stop, as a multiple of the base stop distance.
    pub stop_mult: Option<f64>,
    /// Loosest way of placing orders.
    pub orders: Option<Orders>,
    /// Allowed setups, sorted; `None` is no restriction.
    pub setups: Option<Vec<String>>,
    /// Largest gross exposure, as a multiple of equity.
    pub gross_cap: Option<f64>,
    /// Whether positions may be added to.
    pub pyramids: Option<bool>,
    /// The origin of the rule.
    pub origin: Origin,
}

impl Rule {
    pub(super) fn new(pattern: Pattern, origin: Origin) -> Self {
        Self {
            pattern,
            size_mult: None,
            stop_mult: None,
            orders: None,
            setups: None,
            gross_cap: None,
            pyramids: None,
            origin,
        }
    }

    /// The `match` text of the rule, by which an overlay replaces rules.
    pub fn match_text(&self) -> &str {
        self.pattern.text()
    }

    pub(super) fn lists_stand_down(&self) -> bool {
        self.setups.iter().flatten().any(|s| s == STAND_DOWN)
    }
}
