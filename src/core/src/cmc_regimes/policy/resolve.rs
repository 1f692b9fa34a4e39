//! Resolving labels into a policy: start loose, and tighten by the rules of each label (specification 1,
//! section 5).

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::policy::rule::{Orders, Rule, STAND_DOWN, STRESSED, UNKNOWN};
use crate::cmc_regimes::policy::table::{Match, PolicyTable};

/// The five risk fields. They form a lattice with the meet [`Risk::tighten`], so that the order of labels
/// does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// Position size as a multiple of the base size.
    pub size_mult: f64,
    /// Stop distance as a multiple of the base distance; wider is tighter.
    pub stop_mult: f64,
    /// The way in which orders may be placed.
    pub orders: Orders,
    /// Largest gross exposure as a multiple of equity.
    pub gross_cap: f64,
    /// Whether positions may be added to.
    pub pyramids: bool,
}

impl Risk {
    /// The risk from which resolving starts. Specification 1, section 5.
    pub const START: Risk =
        Risk { size_mult: 1.0, stop_mult: 1.5, orders: Orders::Mixed, gross_cap: 1.0, pyramids: true };

    /// The restraint that leaves any risk as it is.
    pub const NEUTRAL: Risk = Risk {
        size_mult: f64::INFINITY,
        stop_mult: 0.0,
        orders: Orders::Mixed,
        gross_cap: f64::INFINITY,
        pyramids: true,
    };

    /// The tighter of both in each field. Specification 1, section 5.
    pub fn tighten(self, other: Risk) -> Risk {
        Risk {
            size_mult: self.size_mult.min(other.size_mult),
            stop_mult: self.stop_mult.max(other.stop_mult),
            orders: self.orders.max(other.orders),
            gross_cap: self.gross_cap.min(other.gross_cap),
            pyramids: self.pyramids && other.pyramids,
        }
    }

    /// Whether a change to this risk reduces risk: a smaller size, or the same size and a wider stop. Specification 1, section 4.
    pub fn is_tighter(self, than: Risk) -> bool {
        let [size, other] = [self.size_mult, than.size_mult];
        size < other || (size == other && self.stop_mult > than.stop_mult)
    }

    /// The restraint of a rule, neutral where the rule gives nothing.
    pub fn of_rule(rule: &Rule) -> Risk {
        Risk {
            size_mult: rule.size_mult.unwrap_or(Risk::NEUTRAL.size_mult),
            stop_mult: rule.stop_mult.unwrap_or(Risk::NEUTRAL.stop_mult),
            orders: rule.orders.unwrap_or(Risk::NEUTRAL.orders),
            gross_cap: rule.gross_cap.unwrap_or(Risk::NEUTRAL.gross_cap),
            pyramids: rule.pyramids.unwrap_or(Risk::NEUTRAL.pyramids),
        }
    }
}

/// The effect of one label on a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The restraint on risk, neutral where the rules of the label give nothing.
    pub risk: Risk,
    /// Setups of the rule of the label, sorted, which apply if the label makes the key; `None` is no
    /// restriction.
    pub setups: Option<Vec<String>>,
    /// Whether a rule of the label lists `stand_down`.
    pub stands_down: bool,
    /// The rules of the label.
    pub rules: Match,
}

/// A part of a table that acts on a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The rule with this index (from 0): the first match that is no override, or an override.
    Rule(usize),
    /// The fallback, where only overrides match.
    Fallback,
    /// The place `Stressed` of the label, which makes orders passive.
    Stressed,
}

/// Labels to resolve together: L0, L1, L2, L3, L4.
pub type LabelSet<'a> = [Option<&'a str>; 5];

/// A policy table with the effects of all labels, resolved once.
#[derive(Clone, Debug)]
pub struct Policy {
    table: PolicyTable,
    effects: Vec<Effect>,
    unknown: Effect,
}

impl Policy {
    /// Resolves the labels by a table.
    pub fn new(table: PolicyTable) -> Self {
        let effects = Label::all().map(|label| effect(&table, label.as_str())).collect();
        let unknown = effect(&table, UNKNOWN);
        Self { table, effects, unknown }
    }

    /// The table of the policy.
    pub fn table(&self) -> &PolicyTable {
        &self.table
    }

    /// The effect of a label.
    pub fn effect(&self, label: Label) -> &Effect {
        &self.effects[label.index()]
    }

    /// The effect of `Unknown`, by which a row without a label is resolved.
    pub fn unknown(&self) -> &Effect {
        &self.unknown
    }

    /// The effect of any text as a label, such as an L4 label.
    pub fn effect_of(&self, text: &str) -> Effect {
        match Label::parse(text) {
            Some(label) => self.effect(label).clone(),
            None => effect(&self.table, text),
        }
    }

    /// The parts of the table that act on any text as a label, in order, each with its restraint; together
    /// they give the risk of [`Policy::effect_of`].
    pub fn parts_of(&self, text: &str) -> Vec<(Part, Risk)> {
        parts(&self.table, text, &self.table.find(text)).collect()
    }

    /// The risk of a label resolved alone.
    pub fn alone(&self, label: Label) -> Risk {
        Risk::START.tighten(self.effect(label).risk)
    }

    /// Whether a change of label reduces risk: resolved alone, the new label has a smaller size, or the same
    /// size and a wider stop. Specification 1, section 4.
    pub fn tightens(&self, old: Label, new: Label) -> bool {
        self.alone(new).is_tighter(self.alone(old))
    }

    /// The policy of these labels: risk, and the setups (sorted, `None` is no restriction) of the label that
    /// makes the key, the first of L2, L1, L0, L3, L4, with `stand_down` if a rule of any label lists it.
    /// Specification 1, section 5.
    pub fn resolve(&self, labels: LabelSet) -> (Risk, Option<Vec<String>>) {
        let [l0, l1, l2, l3, l4] = labels;
        let effects: Vec<Effect> =
            [l2, l1, l0, l3, l4].into_iter().flatten().map(|text| self.effect_of(text)).collect();
        self.combine(effects.iter())
    }

    /// [`Policy::resolve`] of the effects of labels, the label of the key first; without effects, of
    /// `Unknown`.
    pub fn combine<'a>(
        &'a self,
        effects: impl Iterator<Item = &'a Effect> + Clone,
    ) -> (Risk, Option<Vec<String>>) {
        let key = effects.clone().next().unwrap_or(&self.unknown);
        let start = Risk::START.tighten(key.risk);
        let risk = effects.clone().fold(start, |risk, effect| risk.tighten(effect.risk));
        (risk, self.setups(effects))
    }

    /// The setups (sorted, `None` is no restriction) of the effects of labels, the label of the key first;
    /// without effects, those of `Unknown`.
    pub fn setups<'a>(&'a self, effects: impl Iterator<Item = &'a Effect>) -> Option<Vec<String>> {
        let mut effects = effects.peekable();
        let key = effects.peek().copied().unwrap_or(&self.unknown);
        let stands_down = effects.fold(key.stands_down, |any, effect| any || effect.stands_down);
        let mut setups = key.setups.clone();
        if stands_down {
            let setups = setups.get_or_insert_default();
            if let Err(place) = setups.binary_search_by(|s| s.as_str().cmp(STAND_DOWN)) {
                setups.insert(place, STAND_DOWN.to_owned());
            }
        }
        setups
    }
}

/// The parts of a table that act on a label, in order: the rule or the fallback, then overrides, then stress.
fn parts<'a>(
    table: &'a PolicyTable,
    text: &str,
    found: &'a Match,
) -> impl Iterator<Item = (Part, Risk)> + use<'a> {
    let of_rule = |i: usize| (Part::Rule(i), Risk::of_rule(&table.rules()[i]));
    let base = found.base.map_or_else(|| (Part::Fallback, Risk::of_rule(table.fallback())), of_rule);
    let is_stressed = text.split('-').any(|place| place == STRESSED);
    let stressed = (Part::Stressed, Risk { orders: Orders::Passive, ..Risk::NEUTRAL });
    let overrides = found.overrides.iter().map(move |&i| of_rule(i));
    std::iter::once(base).chain(overrides).chain(is_stressed.then_some(stressed))
}

fn effect(table: &PolicyTable, text: &str) -> Effect {
    effect_by(table, text, table.find(text))
}

/// The effect of a label by these rules.
pub(super) fn effect_by(table: &PolicyTable, text: &str, found: Match) -> Effect {
    let base = found.base.map_or(table.fallback(), |i| &table.rules()[i]);
    let overrides = found.overrides.iter().map(|&i| &table.rules()[i]);
    let stands_down = overrides.fold(base.lists_stand_down(), |any, rule| any || rule.lists_stand_down());
    let risk = parts(table, text, &found).fold(Risk::NEUTRAL, |risk, (_, part)| risk.tighten(part));
    Effect { risk, setups: base.setups.clone(), stands_down, rules: found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(labels: LabelSet) -> (Risk, Option<Vec<String>>) {
        Policy::new(PolicyTable::built_in()).resolve(labels)
    }

    #[test]
    fn no_label_is_not_full_size() {
        let (risk, setups) = resolve([None; 5]);
        assert_eq!((risk.size_mult, risk.stop_mult), (0.8, 1.5));
        assert_eq!(setups, Some(vec!["pullback".to_owned()]));
    }

    #[test]
    fn tighten_only_holds_back_a_rule_above_one() {
        let (risk, _) = resolve([None, None, Some("Up-Low-Normal"), None, None]);
        assert_eq!((risk.size_mult, risk.stop_mult), (1.0, 1.5));
    }

    #[test]
    fn setups_follow_the_key_and_any_label_can_stand_down() {
        let (risk, setups) = resolve([None, Some("Sideways-High-Normal"), Some("Up-Low-Normal"), None, None]);
        assert_eq!(setups, Some(["breakout", "pullback", "stand_down"].map(str::to_owned).to_vec()));
        assert_eq!((risk.size_mult, risk.stop_mult, risk.orders), (0.4, 2.0, Orders::Passive));
    }

    #[test]
    fn stress_anywhere_makes_orders_passive() {
        let (risk, _) = resolve([Some("Up-Normal-Normal"), None, None, None, Some("Calm-Stressed-Calm")]);
        assert_eq!(risk.orders, Orders::Passive);
    }

    #[test]
    fn size_decides_first_whether_a_change_tightens() {
        let policy = Policy::new(PolicyTable::built_in());
        let label = |text| Label::parse(text).expect("label");
        assert!(policy.tightens(label("Up-Normal-Normal"), label("Up-High-Normal")));
        assert!(!policy.tightens(label("Sideways-Low-Normal"), label("Up-High-Normal")));
        assert!(!policy.tightens(label("Up-Normal-Normal"), label("Up-Low-Normal")));
    }
}
