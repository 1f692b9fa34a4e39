//! The ordered table of rules, and the rules that match a key (specification 1, section 5).

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::policy::builtin;
use crate::cmc_regimes::policy::pattern::Align;
use crate::cmc_regimes::policy::rule::{Rule, UNKNOWN};

/// An ordered list of rules, and the fallback where none matches.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTable {
    rules: Vec<Rule>,
    fallback: Rule,
}

/// The rules that match a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Index (from 0) of the first matching rule that is no override; `None` is the fallback.
    pub base: Option<usize>,
    /// Indices (from 0, ascending) of the matching overrides, each of which tightens on top.
    pub overrides: Vec<usize>,
}

/// A reason why a rule never acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The earlier rule with this index matches all its keys first.
    ShadowedBy(usize),
    /// The rule matches no label computed from bars and not `Unknown`; only an L4 label could match.
    NoLabel,
}

impl PolicyTable {
    /// The table of the built-in rules. Specification 1, section 5.
    pub fn built_in() -> Self {
        Self { rules: builtin::rules(), fallback: builtin::fallback() }
    }

    /// The table with an overlay: a rule with the `match` text of an existing rule replaces that rule in its
    /// place, whole; other rules are appended in order. Specification 1, section 5.
    pub fn overlay(mut self, rules: Vec<Rule>) -> Self {
        for rule in rules {
            match self.rules.iter_mut().find(|r| r.match_text() == rule.match_text()) {
                Some(existing) => *existing = rule,
                None => self.rules.push(rule),
            }
        }
        self
    }

    /// The table without the rule at `index` (from 0), which must exist.
    pub fn without(mut self, index: usize) -> Self {
        self.rules.remove(index);
        self
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule for keys that only overrides match, or no rule.
    pub fn fallback(&self) -> &Rule {
        &self.fallback
    }

    /// The rules that match a key. Specification 1, section 5.
    pub fn find(&self, key: &str) -> Match {
        let mut found = Match { base: None, overrides: Vec::new() };
        for (i, rule) in self.rules.iter().enumerate() {
            let is_override = rule.pattern.align() == Align::Right;
            if (is_override || found.base.is_none()) && rule.pattern.matches(key) {
                if is_override {
                    found.overrides.push(i);
                } else {
                    found.base = Some(i);
                }
            }
        }
        found
    }

    /// Why the rule at `index` (from 0, which must exist) never acts; `None` if it may act.
    pub fn finding(&self, index: usize) -> Option<Finding> {
        let pattern = &self.rules[index].pattern;
        let shadowing = |r: &Rule| r.pattern.align() != Align::Right && r.pattern.covers(pattern);
        if pattern.align() != Align::Right
            && let Some(earlier) = self.rules[..index].iter().position(shadowing)
        {
            return Some(Finding::ShadowedBy(earlier));
        }
        let mut keys = Label::all().map(Label::as_str).chain([UNKNOWN]);
        // A glob may be meant for L4 labels, unless it begins with a hyphen, as no key does.
        let nowhere = pattern.align() != Align::Glob || pattern.text().starts_with('-');
        (nowhere && !keys.any(|key| pattern.matches(key))).then_some(Finding::NoLabel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::policy::parse_rules;

    fn table(json: serde_json::Value) -> PolicyTable {
        PolicyTable::built_in().overlay(parse_rules(&json).expect("rules"))
    }

    #[test]
    fn an_overlay_replaces_in_place_and_appends() {
        let table = table(
            serde_json::json!([{"match": "Up-Low-Normal", "size_mult": 1}, {"match": "Down-", "pyramids": false}]),
        );
        let texts: Vec<_> = table.rules().iter().map(Rule::match_text).collect();
        assert_eq!(texts[6..], ["Down-", "-Stressed", "Up-Low-Normal"]);
        assert_eq!(table.rules()[6].size_mult, None);
        assert_eq!(table.finding(8), Some(Finding::ShadowedBy(2)));
        assert_eq!(table.finding(6), None);
    }

    #[test]
    fn the_first_match_is_the_base_and_overrides_come_on_top() {
        let table = PolicyTable::built_in();
        assert_eq!(table.find("Up-Low-Stressed"), Match { base: Some(2), overrides: vec![7] });
        assert_eq!(table.find("Up-Normal-Stressed"), Match { base: None, overrides: vec![7] });
        assert_eq!(table.find("Unknown"), Match { base: None, overrides: vec![] });
    }

    #[test]
    fn a_misspelt_place_is_found() {
        let table = table(
            ["UP-Low-", "-Stresed", "*-RiskOff-*", "Unknown"]
                .map(|text| serde_json::json!({"match": text, "size_mult": 1}))
                .into(),
        );
        let findings: Vec<_> = (8..12).map(|i| table.finding(i)).collect();
        assert_eq!(findings, [Some(Finding::NoLabel), Some(Finding::NoLabel), None, None]);
    }
}
