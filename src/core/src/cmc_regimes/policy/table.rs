//! The ordered table of rules, and which of them a key is for.

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::policy::builtin;
use crate::cmc_regimes::policy::pattern::Align;
use crate::cmc_regimes::policy::rule::{Rule, UNKNOWN};

/// An ordered list of rules and what applies where none matches.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTable {
    rules: Vec<Rule>,
    fallback: Rule,
}

/// The rules that a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Index of the first rule that matches and is no override; `None` is the fallback.
    pub base: Option<usize>,
    /// Indices of the overrides that match; each tightens on top.
    pub overrides: Vec<usize>,
}

/// Something about a rule that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every key that it matches is matched by this earlier rule first.
    ShadowedBy(usize),
    /// No label that is computed from bars matches it, nor the key of a row without one; only the
    /// L4 label that a caller passes in could.
    NoLabel,
}

impl PolicyTable {
    /// The built-in rules.
    pub fn built_in() -> Self {
        Self { rules: builtin::rules(), fallback: builtin::fallback() }
    }

    /// Puts an overlay over the rules: a rule with the `match` text of an existing one replaces it
    /// in its place, whole; others are appended in order.
    pub fn overlay(mut self, rules: Vec<Rule>) -> Self {
        for rule in rules {
            match self.rules.iter_mut().find(|r| r.match_text() == rule.match_text()) {
                Some(existing) => *existing = rule,
                None => self.rules.push(rule),
            }
        }
        self
    }

    /// The table without a rule, later ones moving up.
    pub fn without(mut self, index: usize) -> Self {
        self.rules.remove(index);
        self
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What applies to a key that no rule but overrides matches.
    pub fn fallback(&self) -> &Rule {
        &self.fallback
    }

    /// The rules for a key.
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

    /// What there is to say about the rule at `index`, if anything.
    pub fn finding(&self, index: usize) -> Option<Finding> {
        let pattern = &self.rules[index].pattern;
        let shadowing = |r: &Rule| r.pattern.align() != Align::Right && r.pattern.covers(pattern);
        if pattern.align() != Align::Right
            && let Some(earlier) = self.rules[..index].iter().position(shadowing)
        {
            return Some(Finding::ShadowedBy(earlier));
        }
        let mut keys = Label::all().map(Label::as_str).chain([UNKNOWN]);
        // A glob may be meant for L4 labels, but no key begins with a hyphen.
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
        let table =
            table(serde_json::json!([{"match": "Up-Low-Normal"}, {"match": "Down-", "pyramids": false}]));
        let texts: Vec<_> = table.rules().iter().map(Rule::match_text).collect();
        assert_eq!(texts[5..], ["Down-", "-Stressed", "Up-Low-Normal"]);
        assert_eq!(table.rules()[5].size_mult, None);
        assert_eq!(table.finding(7), Some(Finding::ShadowedBy(1)));
        assert_eq!(table.finding(5), None);
    }

    #[test]
    fn the_first_match_is_the_base_and_overrides_come_on_top() {
        let table = PolicyTable::built_in();
        assert_eq!(table.find("Up-Low-Stressed"), Match { base: Some(1), overrides: vec![6] });
        assert_eq!(table.find("Up-Normal-Stressed"), Match { base: None, overrides: vec![6] });
        assert_eq!(table.find("Unknown"), Match { base: None, overrides: vec![] });
    }

    #[test]
    fn a_misspelt_place_is_found() {
        let table = table(
            serde_json::json!([{"match": "UP-Low-"}, {"match": "-Stresed"}, {"match": "*-RiskOff-*"}, {"match": "Unknown"}]),
        );
        let findings: Vec<_> = (7..11).map(|i| table.finding(i)).collect();
        assert_eq!(findings, [Some(Finding::NoLabel), Some(Finding::NoLabel), None, None]);
    }
}
