//! Laws of the tightest policy of a table, which stands in where no label is known.

use crate::common::{Within, cases, key, policy, rule};
use proptest::option;
use proptest::prelude::*;

use regime_core::Label;
use regime_core::cmc_regimes::policy::{Orders, PolicyTable, Risk, parse_rules};

use serde_json::json;

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_labels_resolve_tighter(
        policy in policy(),
        labels in [(); 5].map(|()| option::weighted(0.7, key())),
    ) {
        let tightest = policy.table().tightest();
        let (risk, _) = policy.resolve(labels.each_ref().map(|l| l.as_deref()));
        prop_assert!(tightest.is_within(risk), "{:?} is looser than {:?}", tightest, risk);
        for label in Label::all() {
            prop_assert!(tightest.is_within(policy.effect(label).risk), "{}", label);
        }
    }

    #[test]
    fn it_is_never_full_size(policy in policy()) {
        let tightest = policy.table().tightest();
        prop_assert!(tightest.size_mult <= 0.8 && tightest.is_within(Risk::START));
    }

    #[test]
    fn a_further_rule_only_tightens(policy in policy(), mut added in rule()) {
        // A text of its own, so that no rule is replaced.
        added["match"] = json!("Of-Its-Own");
        let before = policy.table().tightest();
        let after = policy.table().clone().overlay(parse_rules(&json!([added])).expect("rule")).tightest();
        prop_assert!(after.is_within(before));
        let gives = |field: &str| added.get(field).is_some();
        prop_assert!(gives("size_mult") || after.size_mult == before.size_mult);
        prop_assert!(gives("stop_mult") || after.stop_mult == before.stop_mult);
    }

    #[test]
    fn every_field_is_that_of_a_rule_or_the_start(policy in policy()) {
        let (table, tightest) = (policy.table(), policy.table().tightest());
        let rules = || table.rules().iter().chain([table.fallback()]);
        let start = Risk::START;
        prop_assert!(tightest.size_mult == start.size_mult || rules().any(|r| r.size_mult == Some(tightest.size_mult)));
        prop_assert!(tightest.stop_mult == start.stop_mult || rules().any(|r| r.stop_mult == Some(tightest.stop_mult)));
        prop_assert!(tightest.gross_cap == start.gross_cap || rules().any(|r| r.gross_cap == Some(tightest.gross_cap)));
        prop_assert_eq!(tightest.pyramids, !rules().any(|r| r.pyramids == Some(false)));
    }
}

#[test]
fn the_built_in_table() {
    let expected =
        Risk { size_mult: 0.4, stop_mult: 2.0, orders: Orders::Passive, gross_cap: 1.0, pyramids: true };
    assert_eq!(PolicyTable::built_in().tightest(), expected);
}
