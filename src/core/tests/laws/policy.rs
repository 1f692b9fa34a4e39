//! Laws of resolving labels by a policy table, of overlays, and of the version hash.

use crate::common::{Within, cases, key, label, match_text, naive, policy, rule, rules};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use regime_core::cmc_regimes::policy::{Policy, PolicyTable, Risk, Rule, parse_rules};
use regime_core::{Label, Liq};

use serde_json::{Value, json};

/// Five labels, any of them missing.
fn labels() -> impl Strategy<Value = [Option<String>; 5]> {
    [(); 5].map(|()| option::weighted(0.7, key()))
}

fn given(labels: &[Option<String>; 5]) -> [Option<&str>; 5] {
    labels.each_ref().map(|l| l.as_deref())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn resolving_is_the_naive_reading(policy in policy(), labels in labels()) {
        let labels = given(&labels);
        let (risk, setups) = policy.resolve(labels);
        prop_assert!(setups.as_ref().is_none_or(|s| s.is_sorted_by(|a, b| a < b)), "{:?}", setups);
        prop_assert_eq!((risk, setups), naive::resolve(policy.table(), labels));
    }

    #[test]
    fn adding_a_label_only_tightens(
        policy in policy(),
        labels in labels(),
        other in key(),
        added in key(),
        at in 0usize..5,
        further in 1usize..5,
    ) {
        // One other label at least: without any, the row is `Unknown`, which is a label of its own.
        let mut labels = labels;
        labels[(at + further) % 5] = Some(other);
        labels[at] = None;
        let (before, _) = policy.resolve(given(&labels));
        labels[at] = Some(added);
        let (after, _) = policy.resolve(given(&labels));
        prop_assert_eq!(naive::looser(after, before), Vec::<&str>::new(), "{:?} to {:?}", before, after);
        prop_assert_eq!(naive::looser(after, naive::START), Vec::<&str>::new());
        prop_assert!(after.is_within(before) && after.is_within(Risk::START));
        prop_assert_eq!(before.is_within(after), before == after);
    }

    #[test]
    fn the_order_of_layers_does_not_matter(
        policy in policy(),
        labels in labels(),
        order in Just([0usize, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let labels = given(&labels);
        let shuffled = order.map(|slot| labels[slot]);
        prop_assert_eq!(policy.resolve(shuffled).0, policy.resolve(labels).0);
    }

    #[test]
    fn a_label_twice_is_the_label_once(policy in policy(), label in key(), slot in 0usize..4) {
        let mut labels = [None; 5];
        labels[4] = Some(label.as_str());
        let once = policy.resolve(labels);
        labels[slot] = Some(label.as_str());
        prop_assert_eq!(policy.resolve(labels), once);
    }

    #[test]
    fn no_label_is_the_key_unknown(policy in policy(), slot in 0usize..5) {
        let mut labels = [None; 5];
        let none = policy.resolve(labels);
        labels[slot] = Some("Unknown");
        prop_assert_eq!(policy.resolve(labels), none);
    }

    #[test]
    fn stress_is_passive_whatever_the_table_says(policy in policy(), label in label(), labels in labels(), slot in 0usize..5) {
        let stressed = Label::new(label.trend(), label.vol(), Liq::Stressed);
        let mut labels = given(&labels);
        labels[slot] = Some(stressed.as_str());
        prop_assert_eq!(policy.resolve(labels).0.orders.as_str(), "passive");
    }

    #[test]
    fn tightening_is_a_strict_order_on_labels(policy in policy()) {
        let alone = |label: Label| (label, naive::tightened(policy.table(), naive::START, label.as_str()));
        let all: Vec<(Label, Risk)> = Label::all().map(alone).collect();
        for &(a, old) in &all {
            for &(b, new) in &all {
                let (size, stop) = (new.size_mult - old.size_mult, new.stop_mult - old.stop_mult);
                let expected = size < 0.0 || (size == 0.0 && stop > 0.0);
                prop_assert_eq!(policy.tightens(a, b), expected, "{} to {}", a, b);
                prop_assert!(!(policy.tightens(a, b) && policy.tightens(b, a)));
            }
        }
    }

    #[test]
    fn an_overlay_twice_is_the_overlay_once(over in rules(1..10)) {
        let built_in = PolicyTable::built_in();
        let once = built_in.clone().overlay(over.clone());
        prop_assert_eq!(&once.clone().overlay(over.clone()), &once);
        // Places of the built-in rules stay; what is new follows in its own order.
        let texts: Vec<&str> = built_in.rules().iter().map(|r| r.match_text()).collect();
        let new = over.iter().map(|r| r.match_text()).filter(|t| !texts.contains(t));
        let expected: Vec<&str> = texts.iter().copied().chain(new).collect();
        let got: Vec<&str> = once.rules().iter().map(|r| r.match_text()).collect();
        prop_assert_eq!(got, expected);
        for (rule, i) in once.rules().iter().zip(0..) {
            let own = over.iter().find(|r| r.match_text() == rule.match_text());
            prop_assert_eq!(Some(rule), own.or(built_in.rules().get(i)));
        }
    }

    #[test]
    fn a_shadowed_rule_can_go(policy in policy()) {
        let table = policy.table();
        let kept: Vec<_> = (0..table.rules().len())
            .filter(|&i| !matches!(table.finding(i), Some(regime_core::cmc_regimes::policy::Finding::ShadowedBy(_))))
            .map(|i| table.rules()[i].clone())
            .collect();
        // Built-in rules cannot be taken away, so the naive reading of what is left is asked.
        for key in Label::all().map(Label::as_str).chain(["Unknown", "Hiking-RiskOff-Stressed", ""]) {
            let applying: Vec<_> = naive::applying(table, key);
            prop_assert!(applying.iter().all(|r| kept.contains(r) || *r == table.fallback()), "{}", key);
        }
    }
}

#[test]
fn the_built_in_rules_are_those_of_the_specification() {
    let table = PolicyTable::built_in();
    let shown: Vec<String> = table
        .rules()
        .iter()
        .chain([table.fallback()])
        .map(|r| {
            let Rule { size_mult: Some(size), stop_mult: Some(stop), orders: Some(orders), .. } = r else {
                panic!("a value is missing")
            };
            assert_eq!((r.gross_cap, r.pyramids), (None, None));
            let setups = r.setups.as_ref().map_or("none given".to_owned(), |s| s.join(", "));
            format!("{} {size:.2} {stop:.2} {setups} {}", r.match_text(), orders.as_str())
        })
        .collect();
    let expected = [
        "Up-Normal-Normal 1.00 1.50 breakout, pullback mixed",
        "Up-Normal-Easy 1.00 1.50 breakout, pullback mixed",
        "Up-Low- 1.10 1.25 breakout, pullback mixed",
        "Up-High- 0.75 1.75 pullback conservative",
        "Sideways-Low- 0.70 1.25 mean_revert passive",
        "Sideways-High- 0.40 2.00 mean_revert, stand_down passive",
        "Down- 0.60 1.60 hedge, short_rallies mixed",
        "-Stressed 0.60 1.25 none given passive",
        "* 0.80 1.50 pullback mixed",
    ];
    assert_eq!(shown, expected);
}

/// The labels of all layers with this liquidity in place of their own.
fn with_liquidity(labels: [Option<Label>; 5], liq: Liq) -> [Option<&'static str>; 5] {
    labels.map(|label| label.map(|label| Label::new(label.trend(), label.vol(), liq).as_str()))
}

/// Over all labels that differ in liquidity alone, by themselves.
#[test]
fn better_liquidity_is_never_tighter() {
    let policy = Policy::new(PolicyTable::built_in());
    for label in Label::all() {
        let of = |liq| policy.resolve(with_liquidity([None, None, Some(label), None, None], liq)).0;
        let liqs = [Liq::Easy, Liq::Normal, Liq::Stressed].map(|liq| (liq, of(liq)));
        for (i, (better, looser)) in liqs.iter().enumerate() {
            for (worse, tighter) in &liqs[i..] {
                assert!(tighter.is_within(*looser), "{label}: {better:?} {looser:?}, {worse:?} {tighter:?}");
            }
        }
    }
}

/// A list of rules, one of them with one value that it may not have.
fn spoilt() -> impl Strategy<Value = (Vec<Value>, usize, &'static str)> {
    let bad = vec![
        ("size_mult", json!(-0.01)),
        ("size_mult", json!(10.01)),
        ("size_mult", json!("1")),
        ("size_mult", json!(f64::MAX)),
        ("stop_mult", json!(0)),
        ("stop_mult", json!(100.5)),
        ("stop_mult", json!(null)),
        ("gross_cap", json!(-1)),
        ("gross_cap", json!(11)),
        ("orders", json!("Passive")),
        ("orders", json!(1)),
        ("setups", json!("hedge")),
        ("setups", json!(["hedge", 1])),
        ("setups", json!([""])),
        ("pyramids", json!("true")),
        ("match", json!(3)),
        ("match", json!("Up-[ab")),
        ("sizemult", json!(0.5)),
        ("*size_mult", json!(1.01)),
        ("*gross_cap", json!(1.01)),
    ];
    (1usize..6, proptest::sample::select(bad)).prop_flat_map(|(n, (field, value))| {
        (0..n).prop_map(move |at| {
            let mut rules: Vec<Value> =
                (0..n).map(|i| json!({"match": format!("Up-{i}"), "size_mult": 1.0})).collect();
            let plain = field.trim_start_matches('*');
            if plain != field {
                rules[at]["match"] = json!("?own-*");
            }
            rules[at][plain] = value.clone();
            (rules, at + 1, plain)
        })
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn one_bad_value_refuses_the_whole_load((rules, number, field) in spoilt()) {
        for document in [json!(rules), json!({"rules": rules})] {
            let message = parse_rules(&document).expect_err("must be refused").to_string();
            prop_assert!(message.contains(&format!("rule {number}")), "{}", message);
            prop_assert!(message.contains(&format!("\"{field}\"")), "{}", message);
        }
    }

    #[test]
    fn a_match_alone_is_no_rule(mut list in vec(rule(), 0..4), at in 0usize..5, text in match_text()) {
        list.iter_mut().enumerate().for_each(|(i, rule)| rule["match"] = json!(format!("Of-Its-Own-{i}")));
        let at = at.min(list.len());
        list.insert(at, json!({"match": text}));
        let message = parse_rules(&json!(list)).expect_err("must be refused").to_string();
        prop_assert_eq!(message, format!("rule {} (\"{}\"): no field beside \"match\"", at + 1, text.trim()));
    }

    #[test]
    fn blanks_around_a_match_are_nothing(rule in rule(), before in "[ \t\n]{0,3}", after in "[ \t\r\u{a0}]{0,3}") {
        let mut padded = rule.clone();
        padded["match"] = json!(format!("{before}{}{after}", rule["match"].as_str().expect("a text")));
        let parsed = parse_rules(&json!([padded])).expect("rules");
        prop_assert_eq!(&parsed, &parse_rules(&json!([rule])).expect("rules"));
        prop_assert_eq!(parsed[0].match_text(), parsed[0].match_text().trim());
        prop_assert!(parse_rules(&json!([rule, padded])).is_err());
    }

    #[test]
    fn numbers_at_the_edge_of_their_range_are_taken(size in 0.0..=10.0, stop in 1e-300..=100.0) {
        for (size, stop) in [(size, stop), (0.0, 1e-300), (10.0, 100.0)] {
            let one = json!([{"match": "Up-", "size_mult": size, "gross_cap": size, "stop_mult": stop}]);
            let rules = parse_rules(&one).expect("in range");
            prop_assert_eq!((rules[0].size_mult, rules[0].gross_cap), (Some(size), Some(size)));
            prop_assert_eq!(rules[0].stop_mult, Some(stop));
        }
    }

    #[test]
    fn better_liquidity_of_any_layer_is_never_tighter(
        mut labels in [(); 5].map(|()| option::weighted(0.7, label())),
        label in label(),
        at in 0usize..5,
    ) {
        let policy = Policy::new(PolicyTable::built_in());
        let [easy, normal, stressed] = [Liq::Easy, Liq::Normal, Liq::Stressed].map(|liq| {
            labels[at] = Some(Label::new(label.trend(), label.vol(), liq));
            policy.resolve(labels.map(|label| label.map(Label::as_str))).0
        });
        prop_assert!(stressed.is_within(normal) && normal.is_within(easy), "{easy:?} {normal:?} {stressed:?}");
        // The same with the liquidity of all layers at once.
        let [easy, normal, stressed] =
            [Liq::Easy, Liq::Normal, Liq::Stressed].map(|liq| policy.resolve(with_liquidity(labels, liq)).0);
        prop_assert!(stressed.is_within(normal) && normal.is_within(easy), "{easy:?} {normal:?} {stressed:?}");
    }

    #[test]
    fn what_a_label_does_is_what_any_text_does(policy in policy(), label in label()) {
        let fresh = Policy::new(policy.table().clone());
        prop_assert_eq!(policy.effect(label), &fresh.effect_of(label.as_str()));
        prop_assert_eq!(policy.unknown(), &fresh.effect_of("Unknown"));
    }
}
