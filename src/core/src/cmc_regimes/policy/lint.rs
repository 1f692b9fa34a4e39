//! The lint of a policy table: rules that never act, values that never take effect, setups that contradict
//! the size, keys without a rule.
//!
//! "Labels" here are the 27 labels computed from bars, and `Unknown`. An L4 label can be any text, so that a
//! rule without effect on these labels may still be meant for an L4 label.

use crate::cmc_regimes::label::{Label, Trend, Vol};
use crate::cmc_regimes::policy::pattern::Align;
use crate::cmc_regimes::policy::resolve::{Risk, effect_by};
use crate::cmc_regimes::policy::rule::{Orders, Rule, STAND_DOWN, STRESSED, UNKNOWN};
use crate::cmc_regimes::policy::table::{Finding, Match, PolicyTable};

/// Size above which a rule that lists `stand_down` contradicts itself.
pub const MOST_STANDING_DOWN: f64 = 0.5;

/// One remark on a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Lint {
    /// Index of the rule, from 0; `None` for keys without a rule.
    pub rule: Option<usize>,
    /// The problem.
    pub problem: Problem,
}

/// A problem of a rule, or keys without a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// The rule never acts: the earlier rule with this index matches all its keys first.
    ShadowedBy(usize),
    /// The rule acts for no label: the earlier rules with these indices together match all its labels.
    TakenBy(Vec<usize>),
    /// The rule matches no label.
    NoLabel,
    /// The rule acts, but all labels would resolve to the same without it.
    ChangesNothing,
    /// A `size_mult` above 1, which never takes effect: resolving starts from 1.
    SizeNotLetThrough(f64),
    /// A `stop_mult` below 1.5, which never takes effect: resolving starts from 1.5.
    StopNotLetThrough(f64),
    /// A `gross_cap` above 1, which never takes effect: resolving starts from 1.
    CapNotLetThrough(f64),
    /// `orders` of a rule that matches only stressed labels, whose orders are passive anyway.
    OrdersNotLetThrough(Orders),
    /// Setups of an override that have no effect: of its setups only `stand_down` counts.
    SetupsOfOverride(Vec<String>),
    /// `stand_down` beside a size above [`MOST_STANDING_DOWN`].
    StandsDownAt(f64),
    /// Setups are allowed, but no position: this field (`size_mult` or `gross_cap`) is 0.
    NothingToHold(&'static str),
    /// An empty list of setups, which allows none, with a size above 0.
    NoSetup(f64),
    /// Keys that resolve by the fallback.
    Hole(Hole),
}

/// Keys of one kind that resolve by the fallback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The `match` of a rule that, appended, would match these keys and change no other label.
    pub fill: String,
    /// The keys.
    pub keys: Vec<&'static str>,
}

impl PolicyTable {
    /// All remarks on the table, rule by rule, then the holes.
    pub fn lint(&self) -> Vec<Lint> {
        let keys: Vec<(&'static str, Match)> =
            Label::all().map(Label::as_str).chain([UNKNOWN]).map(|key| (key, self.find(key))).collect();
        let of_rule = |i| {
            let own = acting(self, &keys, i).into_iter().chain(fields(&self.rules()[i], &keys));
            own.map(move |problem| Lint { rule: Some(i), problem })
        };
        let rules = (0..self.rules().len()).flat_map(of_rule);
        rules.chain(holes(&keys).map(|hole| Lint { rule: None, problem: Problem::Hole(hole) })).collect()
    }
}

/// The problem if the rule at `i` does not act, or acts without effect.
fn acting(table: &PolicyTable, keys: &[(&'static str, Match)], i: usize) -> Option<Problem> {
    match table.finding(i) {
        Some(Finding::ShadowedBy(earlier)) => return Some(Problem::ShadowedBy(earlier)),
        Some(Finding::NoLabel) => return Some(Problem::NoLabel),
        None => {}
    }
    let rule = &table.rules()[i];
    let acts = |found: &Match| found.base == Some(i) || found.overrides.contains(&i);
    if keys.iter().any(|(_, found)| acts(found)) {
        let same = |(key, found): &(&str, Match)| !acts(found) || is_same_without(table, key, found, i);
        return keys.iter().all(same).then_some(Problem::ChangesNothing);
    }
    let matched = keys.iter().filter(|(key, _)| rule.pattern.matches(key));
    let mut earlier: Vec<usize> = matched.filter_map(|(_, found)| found.base).collect();
    earlier.sort_unstable();
    earlier.dedup();
    // Empty for a glob that matches no label: such a glob is meant for L4 labels.
    (!earlier.is_empty()).then_some(Problem::TakenBy(earlier))
}

/// Whether a key resolves to the same without the rule at `i`, alone and together with any other label.
fn is_same_without(table: &PolicyTable, key: &str, found: &Match, i: usize) -> bool {
    let mut without = found.clone();
    without.overrides.retain(|o| *o != i);
    if found.base == Some(i) {
        let later = table.rules().iter().enumerate().skip(i + 1);
        without.base = later
            .filter(|(_, rule)| rule.pattern.align() != Align::Right)
            .find(|(_, rule)| rule.pattern.matches(key))
            .map(|(later, _)| later);
    }
    let visible = |found| {
        let effect = effect_by(table, key, found);
        (Risk::START.tighten(effect.risk), effect.setups, effect.stands_down)
    };
    visible(found.clone()) == visible(without)
}

/// The problems of a rule's values, whichever keys the rule acts for.
fn fields(rule: &Rule, keys: &[(&'static str, Match)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let start = Risk::START;
    problems.extend(rule.size_mult.filter(|v| *v > start.size_mult).map(Problem::SizeNotLetThrough));
    problems.extend(rule.stop_mult.filter(|v| *v < start.stop_mult).map(Problem::StopNotLetThrough));
    problems.extend(rule.gross_cap.filter(|v| *v > start.gross_cap).map(Problem::CapNotLetThrough));
    let mut matched = keys.iter().filter(|(key, _)| rule.pattern.matches(key)).peekable();
    let stressed_only = matched.peek().is_some() && matched.all(|(key, _)| is_stressed(key));
    let looser = rule.orders.filter(|orders| stressed_only && *orders != Orders::Passive);
    problems.extend(looser.map(Problem::OrdersNotLetThrough));
    problems.extend(setups(rule));
    problems
}

fn is_stressed(key: &str) -> bool {
    key.split('-').any(|place| place == STRESSED)
}

fn setups(rule: &Rule) -> Option<Problem> {
    let listed = rule.setups.as_ref()?;
    let entries = || listed.iter().filter(|setup| *setup != STAND_DOWN);
    let is_override = rule.pattern.align() == Align::Right;
    if is_override && entries().next().is_some() {
        return Some(Problem::SetupsOfOverride(entries().cloned().collect()));
    }
    // A field that an override leaves out comes from the rule below.
    let size = match rule.size_mult {
        None if is_override => return None,
        size => size.unwrap_or(Risk::START.size_mult).min(Risk::START.size_mult),
    };
    if rule.lists_stand_down() && size > MOST_STANDING_DOWN {
        return Some(Problem::StandsDownAt(size));
    }
    if listed.is_empty() {
        return (size > 0.0 && !is_override).then_some(Problem::NoSetup(size));
    }
    let zero = match (size, rule.gross_cap) {
        (0.0, _) => "size_mult",
        (_, Some(0.0)) => "gross_cap",
        _ => return None,
    };
    entries().next().map(|_| Problem::NothingToHold(zero))
}

/// The keys without a rule, grouped by trend, by trend and volatility, and `Unknown`.
fn holes(keys: &[(&'static str, Match)]) -> impl Iterator<Item = Hole> {
    let without_rule =
        |key: &'static str| keys.iter().any(|(k, found)| *k == key && found.base.is_none()).then_some(key);
    let mut holes = Vec::new();
    for trend in Trend::ALL {
        let of_vol = |vol: &Vol| {
            let labels = Label::all().filter(|l| l.trend() == *trend && l.vol() == *vol);
            let keys: Vec<&'static str> = labels.map(Label::as_str).filter_map(without_rule).collect();
            (!keys.is_empty()).then(|| Hole { fill: format!("{}-{}-", trend.as_str(), vol.as_str()), keys })
        };
        let of_trend: Vec<Hole> = Vol::ALL.iter().filter_map(of_vol).collect();
        let keys: Vec<&'static str> = of_trend.iter().flat_map(|hole| hole.keys.iter().copied()).collect();
        match keys.len() * Trend::ALL.len() == Label::COUNT {
            true => holes.push(Hole { fill: format!("{}-", trend.as_str()), keys }),
            false => holes.extend(of_trend),
        }
    }
    holes.extend(without_rule(UNKNOWN).map(|key| Hole { fill: key.to_owned(), keys: vec![key] }));
    holes.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::policy::parse_rules;

    fn lint(overlay: serde_json::Value) -> Vec<(Option<usize>, Problem)> {
        let table = PolicyTable::built_in().overlay(parse_rules(&overlay).expect("rules"));
        let built_in = PolicyTable::built_in().lint();
        let new = table.lint().into_iter().filter(|lint| !built_in.contains(lint));
        new.map(|lint| (lint.rule, lint.problem)).collect()
    }

    #[test]
    fn of_the_built_in_rules_it_says_what_the_specification_does() {
        let found: Vec<_> = PolicyTable::built_in().lint().into_iter().map(|l| (l.rule, l.problem)).collect();
        let hole = |fill: &str, keys: &[&'static str]| {
            (None, Problem::Hole(Hole { fill: fill.to_owned(), keys: keys.to_vec() }))
        };
        let sideways = ["Sideways-Normal-Easy", "Sideways-Normal-Normal", "Sideways-Normal-Stressed"];
        let expected = [
            (Some(2), Problem::SizeNotLetThrough(1.1)),
            (Some(2), Problem::StopNotLetThrough(1.25)),
            (Some(4), Problem::StopNotLetThrough(1.25)),
            (Some(7), Problem::StopNotLetThrough(1.25)),
            hole("Up-Normal-", &["Up-Normal-Stressed"]),
            hole("Sideways-Normal-", &sideways),
            hole("Unknown", &["Unknown"]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn rules_that_never_act_name_those_that_take_their_keys() {
        let found = lint(serde_json::json!([
            {"match": "Up-Low-Normal", "size_mult": 1}, {"match": "Side*-*-Easy", "size_mult": 0.1}, {"match": "UP-", "size_mult": 1},
            {"match": "Sideways-Normal-", "size_mult": 0.5}, {"match": "Sideways-", "size_mult": 1}, {"match": "*-RiskOff-*", "size_mult": 1}
        ]));
        let of = |rule| found.iter().filter(|(r, _)| *r == Some(rule)).map(|(_, p)| p.clone()).collect();
        let of: [Vec<Problem>; 6] = [8, 9, 10, 11, 12, 13].map(of);
        assert_eq!(of[0], [Problem::ShadowedBy(2)]);
        // It takes Sideways-Normal-Easy.
        assert_eq!(of[1], []);
        assert_eq!(of[2], [Problem::NoLabel]);
        assert_eq!((&of[3], &of[4]), (&vec![], &vec![Problem::TakenBy(vec![4, 5, 9, 11])]));
        assert_eq!(of[5], []);
    }

    #[test]
    fn a_rule_that_says_what_the_next_says_changes_nothing() {
        let like_the_fallback =
            serde_json::json!({"match": "Unknown", "size_mult": 0.8, "setups": ["pullback"]});
        assert_eq!(lint(serde_json::json!([like_the_fallback])), [(Some(8), Problem::ChangesNothing)]);
        // Full size is not what the fallback says.
        assert_eq!(lint(serde_json::json!([{"match": "Unknown", "size_mult": 1}])), []);
        let above = lint(serde_json::json!([{"match": "-Easy", "gross_cap": 2}]));
        assert_eq!(above, [(Some(8), Problem::ChangesNothing), (Some(8), Problem::CapNotLetThrough(2.0))]);
    }

    #[test]
    fn setups_and_size_contradict_each_other() {
        let one = |rule: serde_json::Value| {
            let mut found = lint(serde_json::json!([rule]));
            found.retain(|(rule, _)| *rule == Some(6));
            found.into_iter().map(|(_, problem)| problem).collect::<Vec<_>>()
        };
        let down = |fields: serde_json::Value| {
            let mut rule = fields;
            rule["match"] = "Down-".into();
            one(rule)
        };
        assert_eq!(down(serde_json::json!({"setups": ["stand_down"]})), [Problem::StandsDownAt(1.0)]);
        assert_eq!(down(serde_json::json!({"setups": ["stand_down"], "size_mult": 0.5})), []);
        let size = Problem::NothingToHold("size_mult");
        assert_eq!(down(serde_json::json!({"setups": ["hedge"], "size_mult": 0})), [size]);
        let cap = Problem::NothingToHold("gross_cap");
        assert_eq!(down(serde_json::json!({"setups": ["hedge"], "gross_cap": 0})), [cap]);
        assert_eq!(down(serde_json::json!({"setups": [], "size_mult": 0.3})), [Problem::NoSetup(0.3)]);
        assert_eq!(down(serde_json::json!({"setups": [], "size_mult": 0})), []);
    }

    #[test]
    fn an_override_has_no_setups_but_standing_down() {
        let found = lint(serde_json::json!([
            {"match": "-Stressed", "size_mult": 0.3, "orders": "mixed", "setups": ["hedge", "stand_down"]}
        ]));
        let expected = [
            (Some(7), Problem::OrdersNotLetThrough(Orders::Mixed)),
            (Some(7), Problem::SetupsOfOverride(vec!["hedge".to_owned()])),
        ];
        assert_eq!(found, expected);
    }
}
