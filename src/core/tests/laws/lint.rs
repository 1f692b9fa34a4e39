//! Laws of the lint: what it says of a rule is so, for every label.

use crate::common::{cases, key, naive, policy};
use proptest::prelude::*;

use regime_core::Label;
use regime_core::cmc_regimes::policy::{
    MOST_STANDING_DOWN, Policy, PolicyTable, Problem, Risk, Rule, parse_rules,
};

use serde_json::json;

/// All labels, and none.
fn labels() -> impl Iterator<Item = &'static str> {
    Label::all().map(Label::as_str).chain(["Unknown"])
}

/// What any one label, and some pairs of them, resolve to.
fn resolved(table: &PolicyTable) -> Vec<(Risk, Option<Vec<String>>)> {
    let policy = Policy::new(table.clone());
    let one = labels().map(|l2| policy.resolve([None, None, Some(l2), None, None]));
    let two = labels().enumerate().map(|(i, l2)| {
        let l1 = labels().nth(i * 11 % 28);
        policy.resolve([None, l1, Some(l2), None, None])
    });
    one.chain(two).chain([policy.resolve([None; 5])]).collect()
}

/// The table with a rule changed.
fn with(table: &PolicyTable, index: usize, change: impl FnOnce(&mut Rule)) -> PolicyTable {
    let mut rule = table.rules()[index].clone();
    change(&mut rule);
    table.clone().overlay(vec![rule])
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_rule_that_is_said_never_to_act_never_does(policy in policy(), keys in prop::collection::vec(key(), 20)) {
        let table = policy.table();
        let acts = |index, key: &str| {
            let found = table.find(key);
            found.base == Some(index) || found.overrides.contains(&index)
        };
        for lint in table.lint() {
            let Some(index) = lint.rule else { continue };
            match &lint.problem {
                Problem::ShadowedBy(earlier) => {
                    prop_assert!(*earlier < index);
                    let acting = keys.iter().map(String::as_str).find(|key| acts(index, key)).or(labels().find(|key| acts(index, key)));
                    prop_assert_eq!(acting, None);
                }
                Problem::TakenBy(earlier) => {
                    prop_assert!(earlier.iter().all(|e| *e < index) && !earlier.is_empty());
                    let text = table.rules()[index].match_text();
                    for label in labels().filter(|label| naive::matches(text, label)) {
                        prop_assert!(!acts(index, label));
                        prop_assert!(earlier.iter().any(|e| table.find(label).base == Some(*e)));
                    }
                }
                Problem::NoLabel => {
                    let text = table.rules()[index].match_text();
                    prop_assert_eq!(labels().find(|label| naive::matches(text, label)), None);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_rule_that_acts_for_no_label_is_named(policy in policy()) {
        let table = policy.table();
        let lints = table.lint();
        for (index, rule) in table.rules().iter().enumerate() {
            let acts = |label: &str| {
                let found = table.find(label);
                found.base == Some(index) || found.overrides.contains(&index)
            };
            let named = lints.iter().any(|lint| lint.rule == Some(index) && matches!(lint.problem,
                Problem::ShadowedBy(_) | Problem::TakenBy(_) | Problem::NoLabel));
            // But for globs that match none: they are for L4 labels.
            let for_l4 = !labels().any(|label| rule.pattern.matches(label));
            prop_assert!(named != labels().any(acts) || (!named && for_l4), "{}", rule.match_text());
        }
    }

    #[test]
    fn a_value_that_is_said_never_to_be_let_through_changes_nothing(policy in policy()) {
        let table = policy.table();
        for lint in table.lint() {
            let Some(index) = lint.rule else { continue };
            let changed = match lint.problem {
                Problem::SizeNotLetThrough(_) => with(table, index, |rule| rule.size_mult = None),
                Problem::StopNotLetThrough(_) => with(table, index, |rule| rule.stop_mult = None),
                Problem::CapNotLetThrough(_) => with(table, index, |rule| rule.gross_cap = None),
                Problem::OrdersNotLetThrough(_) => with(table, index, |rule| rule.orders = None),
                Problem::SetupsOfOverride(ref names) => with(table, index, |rule| {
                    rule.setups.iter_mut().for_each(|own| own.retain(|setup| !names.contains(setup)));
                }),
                Problem::ChangesNothing | Problem::ShadowedBy(_) | Problem::TakenBy(_) | Problem::NoLabel =>
                    table.clone().without(index),
                _ => continue,
            };
            prop_assert!(resolved(&changed) == resolved(table), "{:?}", lint);
        }
    }

    #[test]
    fn every_value_beyond_where_resolving_starts_is_named(policy in policy()) {
        let table = policy.table();
        let lints = table.lint();
        for (index, rule) in table.rules().iter().enumerate() {
            let named = |problem| lints.iter().any(|lint| lint.rule == Some(index) && lint.problem == problem);
            for (value, is_beyond, problem) in [
                (rule.size_mult, rule.size_mult > Some(1.0), Problem::SizeNotLetThrough as fn(f64) -> Problem),
                (rule.stop_mult, rule.stop_mult.is_some_and(|v| v < 1.5), Problem::StopNotLetThrough),
                (rule.gross_cap, rule.gross_cap > Some(1.0), Problem::CapNotLetThrough),
            ] {
                prop_assert_eq!(value.is_some_and(|value| named(problem(value))), is_beyond);
            }
        }
    }

    #[test]
    fn holes_are_what_falls_to_the_fallback(policy in policy()) {
        let table = policy.table();
        let mut in_holes = Vec::new();
        for lint in table.lint() {
            let Problem::Hole(hole) = lint.problem else { continue };
            prop_assert_eq!(lint.rule, None);
            // The rule that is proposed takes these keys, and changes no other label.
            let rule = parse_rules(&json!([{"match": hole.fill, "size_mult": 0.01}])).expect("a rule");
            let filled = table.clone().overlay(rule);
            for label in labels() {
                let (before, after) = (table.find(label), filled.find(label));
                match hole.keys.contains(&label) {
                    true => prop_assert!(before.base.is_none() && after.base == Some(table.rules().len())),
                    false => prop_assert_eq!(before, after),
                }
            }
            in_holes.extend(hole.keys);
        }
        let mut fall: Vec<&str> = labels().filter(|label| table.find(label).base.is_none()).collect();
        fall.sort_unstable();
        in_holes.sort_unstable();
        prop_assert_eq!(in_holes, fall);
    }

    #[test]
    fn setups_that_contradict_the_size_do(policy in policy()) {
        let table = policy.table();
        for lint in table.lint() {
            let Some(rule) = lint.rule.map(|index| &table.rules()[index]) else { continue };
            let setups = rule.setups.clone().unwrap_or_default();
            match lint.problem {
                Problem::StandsDownAt(size) => {
                    prop_assert!(setups.iter().any(|s| s == "stand_down") && size > MOST_STANDING_DOWN && size <= 1.0);
                }
                Problem::NothingToHold(_) => {
                    prop_assert!(rule.size_mult == Some(0.0) || rule.gross_cap == Some(0.0));
                    prop_assert!(setups.iter().any(|s| s != "stand_down"));
                }
                Problem::NoSetup(size) => prop_assert!(rule.setups == Some(vec![]) && size > 0.0),
                _ => {}
            }
        }
    }
}
