//! What the pipeline that the layered regimes come from makes of labels, as far as it differs (specification 1, section 7): to
//! tell by which difference a row of its tables differs.

use crate::cmc_regimes::policy::{Align, LabelSet, Orders, Policy, Risk, Rule, UNKNOWN};

/// The labels of a row, those that make the key first; of a row without labels, `Unknown`.
fn labels<'a>([l0, l1, l2, l3, l4]: LabelSet<'a>) -> impl Iterator<Item = &'a str> + Clone {
    let labels = [l2, l1, l0, l3, l4];
    let none = labels.iter().all(Option::is_none).then_some(UNKNOWN);
    labels.into_iter().flatten().chain(none)
}

/// The rule of a label by its words: the first all of whose words are in the label, in any place.
fn rule_by_words<'a>(policy: &'a Policy, label: &str) -> &'a Rule {
    let matches = |rule: &&Rule| match rule.pattern.align() {
        Align::Glob => rule.pattern.matches(label),
        Align::Left | Align::Right => rule.match_text().split('-').all(|word| label.contains(word)),
    };
    let table = policy.table();
    table.rules().iter().find(matches).unwrap_or(table.fallback())
}

/// The risk of labels where the first rule all of whose words are in a label is its only rule: difference 2.
pub fn risk_by_words(policy: &Policy, all: LabelSet) -> Risk {
    labels(all).fold(Risk::START, |risk, label| risk.tighten(Risk::of_rule(rule_by_words(policy, label))))
}

/// Setups of labels where rules match by words: those of the key, and those of all labels: differences 2 and 3. Sorted; `None`
/// is no restriction.
pub fn setups_by_words(policy: &Policy, all: LabelSet) -> [Option<Vec<String>>; 2] {
    let setups = |label| rule_by_words(policy, label).setups.clone();
    [labels(all).next().and_then(setups), united(labels(all).map(setups))]
}

/// The setups of all labels, where rules match by places: difference 3. Sorted; `None` is no restriction.
pub fn setups_of_all(policy: &Policy, all: LabelSet) -> Option<Vec<String>> {
    united(labels(all).map(|label| policy.effect_of(label).setups))
}

/// The setups that any of these lists.
fn united(setups: impl Iterator<Item = Option<Vec<String>>>) -> Option<Vec<String>> {
    let mut all: Vec<String> = setups.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// Whether orders are those of one of several labels alone, and looser than those of all together: difference 3.
pub fn orders_were_loosened(policy: &Policy, all: LabelSet, orders: Orders) -> bool {
    let (together, _) = policy.resolve(all);
    let of_one = |label: &str| {
        orders == policy.effect_of(label).risk.orders || Some(orders) == rule_by_words(policy, label).orders
    };
    labels(all).count() > 1 && orders < together.orders && labels(all).any(of_one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::policy::PolicyTable;

    fn policy() -> Policy {
        Policy::new(PolicyTable::built_in())
    }

    fn daily(label: &str) -> LabelSet<'_> {
        [None, None, Some(label), None, None]
    }

    #[test]
    fn words_match_in_any_place_and_the_first_rule_alone_acts() {
        let policy = policy();
        let by_words = |label| risk_by_words(&policy, daily(label));
        let by_place = |label| policy.resolve(daily(label)).0;
        assert_eq!(by_words("Up-High-Normal"), by_place("Up-Normal-Normal"));
        assert_ne!(by_words("Up-High-Normal"), by_place("Up-High-Normal"));
        assert_eq!(by_words("Up-Low-Normal"), by_place("Up-Low-Normal"));
        assert!(by_words("Down-Low-Stressed").orders < by_place("Down-Low-Stressed").orders);
    }

    #[test]
    fn setups_are_united_and_orders_loosened() {
        let policy = policy();
        let both = [None, Some("Up-Low-Normal"), Some("Down-Low-Normal"), None, None];
        let ours = policy.resolve(both).1.expect("restricted");
        let all = setups_of_all(&policy, both).expect("restricted");
        assert!(ours.iter().all(|setup| all.contains(setup)) && all.len() > ours.len());
        assert_eq!(setups_by_words(&policy, both), [Some(ours), Some(all)]);
        let strict = [None, Some("Up-Low-Normal"), Some("Up-High-Normal"), None, None];
        assert!(orders_were_loosened(&policy, strict, Orders::Mixed));
        assert!(!orders_were_loosened(&policy, strict, policy.resolve(strict).0.orders));
        assert!(!orders_were_loosened(&policy, daily("Up-High-Normal"), Orders::Mixed));
    }

    #[test]
    fn no_label_is_unknown() {
        let policy = policy();
        assert_eq!(risk_by_words(&policy, [None; 5]), policy.resolve([None; 5]).0);
    }
}
