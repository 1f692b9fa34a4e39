//! The built-in rules (specification 1, section 5).

use crate::cmc_regimes::policy::pattern::Pattern;
use crate::cmc_regimes::policy::rule::{Orders, Origin, Rule};

type Row = (&'static str, f64, f64, Option<&'static [&'static str]>, Orders);

const RULES: [Row; 8] = [
    ("Up-Normal-Normal", 1.00, 1.50, Some(&["breakout", "pullback"]), Orders::Mixed),
    // Beside the rule above, so that easy liquidity is never tighter than normal: the fallback would be.
    ("Up-Normal-Easy", 1.00, 1.50, Some(&["breakout", "pullback"]), Orders::Mixed),
    ("Up-Low-", 1.10, 1.25, Some(&["breakout", "pullback"]), Orders::Mixed),
    ("Up-High-", 0.75, 1.75, Some(&["pullback"]), Orders::Conservative),
    ("Sideways-Low-", 0.70, 1.25, Some(&["mean_revert"]), Orders::Passive),
    ("Sideways-High-", 0.40, 2.00, Some(&["mean_revert", "stand_down"]), Orders::Passive),
    ("Down-", 0.60, 1.60, Some(&["hedge", "short_rallies"]), Orders::Mixed),
    ("-Stressed", 0.60, 1.25, None, Orders::Passive),
];

const FALLBACK: Row = ("*", 0.80, 1.50, Some(&["pullback"]), Orders::Mixed);

pub(super) fn rules() -> Vec<Rule> {
    RULES.iter().map(rule).collect()
}

/// The rule for labels that no rule matches.
pub(super) fn fallback() -> Rule {
    rule(&FALLBACK)
}

fn rule(&(text, size_mult, stop_mult, setups, orders): &Row) -> Rule {
    Rule {
        size_mult: Some(size_mult),
        stop_mult: Some(stop_mult),
        orders: Some(orders),
        setups: setups.map(|s| s.iter().map(ToString::to_string).collect()),
        ..Rule::new(Pattern::parse_known(text), Origin::BuiltIn)
    }
}
