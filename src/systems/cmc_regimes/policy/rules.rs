//! The rules of a policy: what labels resolve to, and the merged list of rules.

use serde_json::Value;

use regime_core::cmc_regimes::policy::{Finding, PolicyTable, Risk, Rule};

use crate::pg::Result;
use crate::systems::cmc_regimes::params::check_label;
use crate::systems::cmc_regimes::policies;

/// The limits and the setups that the labels of L0 to L4 resolve to (specification 1, section 5), with `rules` laid
/// over the policy.
///
/// # Errors
/// A label that is too long, an unknown policy, or an invalid rule.
pub fn resolve(
    labels: [Option<&str>; 5],
    policy: Option<&str>,
    rules: Option<&Value>,
) -> Result<(Risk, Option<Vec<String>>)> {
    for (name, label) in ["l0", "l1", "l2", "l3", "l4"].into_iter().zip(labels) {
        check_label(name, label)?;
    }
    Ok(policies::policy(policy, rules)?.resolve(labels))
}

/// A rule of a table, with what its author should know.
pub struct Listed<'a> {
    pub rule: &'a Rule,
    /// Counted from 1; `None` for the fallback.
    pub number: Option<i32>,
    /// The `match` of the earlier rule that keeps this rule from ever acting.
    pub shadowed_by: Option<&'a str>,
    pub note: Option<String>,
}

/// The rules of a table in order, then the fallback.
pub fn listed(table: &PolicyTable) -> Vec<Listed<'_>> {
    let of = |(index, rule)| listed_rule(table, index, rule);
    let mut all: Vec<_> = table.rules().iter().enumerate().map(of).collect();
    all.push(Listed {
        rule: table.fallback(),
        number: None,
        shadowed_by: None,
        note: Some("where no rule but overrides matches".to_owned()),
    });
    all
}

fn listed_rule<'a>(table: &'a PolicyTable, index: usize, rule: &'a Rule) -> Listed<'a> {
    let finding = table.finding(index);
    let shadowed_by = match finding {
        Some(Finding::ShadowedBy(earlier)) => Some(table.rules()[earlier].match_text()),
        _ => None,
    };
    let notes = [
        (finding == Some(Finding::NoLabel)).then_some("matches no label computed from bars"),
        rule.size_mult
            .is_some_and(|size| size > Risk::START.size_mult)
            .then_some("a size above 1 is never let through"),
        rule.stop_mult
            .is_some_and(|stop| stop < Risk::START.stop_mult)
            .then_some("a stop under 1.5 is never let through"),
    ];
    let notes: Vec<&str> = notes.into_iter().flatten().collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Listed { rule, number: Some(index as i32 + 1), shadowed_by, note }
}
