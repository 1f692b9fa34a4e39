//! Resolving labels into a policy: start loose, tighten by the rules of every label.

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::policy::rule::{Orders, Rule, STAND_DOWN, STRESSED, UNKNOWN};
use crate::cmc_regimes::policy::table::{Match, PolicyTable};

/// The five risk fields. They form a lattice: [`Risk::tighten`] is its meet, so the order in which
/// labels are applied does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// Position size as a multiple of the base size.
    pub size_mult: f64,
    /// Stop distance as a multiple of the base distance; wider is tighter.
    pub stop_mult: f64,
    /// How orders may be placed.
    pub orders: Orders,
    /// Gross exposure as a multiple of equity.
    pub gross_cap: f64,
    /// Whether positions may be added to.
    pub pyramids: bool,
}

impl Risk {
    /// Where resolving starts.
    pub const START: Risk =
        Risk { size_mult: 1.0, stop_mult: 1.5, orders: Orders::Mixed, gross_cap: 1.0, pyramids: true };

    /// Leaves any policy as it is.
    pub const NEUTRAL: Risk = Risk {
        size_mult: f64::INFINITY,
        stop_mult: 0.0,
        orders: Orders::Mixed,
        gross_cap: f64::INFINITY,
        pyramids: true,
    };

    /// Both restrictions at once.
    pub fn tighten(self, other: Risk) -> Risk {
        Risk {
            size_mult: self.size_mult.min(other.size_mult),
            stop_mult: self.stop_mult.max(other.stop_mult),
            orders: self.orders.max(other.orders),
            gross_cap: self.gross_cap.min(other.gross_cap),
            pyramids: self.pyramids && other.pyramids,
        }
    }

    /// Whether no field is looser than in `other`.
    pub fn is_within(self, other: Risk) -> bool {
        self.tighten(other) == self
    }

    pub(super) fn of_rule(rule: &Rule) -> Risk {
        Risk {
            size_mult: rule.size_mult.unwrap_or(Risk::NEUTRAL.size_mult),
            stop_mult: rule.stop_mult.unwrap_or(Risk::NEUTRAL.stop_mult),
            orders: rule.orders.unwrap_or(Risk::NEUTRAL.orders),
            gross_cap: rule.gross_cap.unwrap_or(Risk::NEUTRAL.gross_cap),
            pyramids: rule.pyramids.unwrap_or(Risk::NEUTRAL.pyramids),
        }
    }
}

/// What one label does to a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// How it tightens risk, neutral where its rules give nothing.
    pub risk: Risk,
    /// Setups of its rule, sorted, should this label make the key; `None` is unrestricted.
    pub setups: Option<Vec<String>>,
    /// Whether a rule of it lists `stand_down`.
    pub stands_down: bool,
    /// The rules behind it.
    pub rules: Match,
}

/// What of a table acts on a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first rule that matches and is no override, or an override, by its index in the table.
    Rule(usize),
    /// What applies where none but overrides matches.
    Fallback,
    /// That a place of the label is `Stressed`.
    Stressed,
}

/// Labels to resolve together, L0 to L4.
pub type LabelSet<'a> = [Option<&'a str>; 5];

/// A policy table with what each of the labels does, worked out once.
#[derive(Clone, Debug)]
pub struct Policy {
    table: PolicyTable,
    effects: Vec<Effect>,
    unknown: Effect,
}

impl Policy {
    /// Works out a table.
    pub fn new(table: PolicyTable) -> Self {
        let effects = Label::all().map(|label| effect(&table, label.as_str())).collect();
        let unknown = effect(&table, UNKNOWN);
        Self { table, effects, unknown }
    }

    /// The table behind it.
    pub fn table(&self) -> &PolicyTable {
        &self.table
    }

    /// What a label does.
    pub fn effect(&self, label: Label) -> &Effect {
        &self.effects[label.index()]
    }

    /// What a row without any label is resolved by.
    pub fn unknown(&self) -> &Effect {
        &self.unknown
    }

    /// What any text does as a label, L4 labels included.
    pub fn effect_of(&self, text: &str) -> Effect {
        match Label::parse(text) {
            Some(label) => self.effect(label).clone(),
            None => effect(&self.table, text),
        }
    }

    /// What acts on any text as a label, in order; folded, it gives the risk of [`Policy::effect_of`].
    pub fn parts_of(&self, text: &str) -> Vec<(Part, Risk)> {
        parts(&self.table, text, &self.table.find(text)).collect()
    }

    /// A label resolved alone.
    pub fn alone(&self, label: Label) -> Risk {
        Risk::START.tighten(self.effect(label).risk)
    }

    /// Whether going from one label to another reduces risk: resolved alone, the new one has a
    /// smaller size, or the same size and a wider stop.
    pub fn tightens(&self, old: Label, new: Label) -> bool {
        let (old, new) = (self.alone(old), self.alone(new));
        new.size_mult < old.size_mult || (new.size_mult == old.size_mult && new.stop_mult > old.stop_mult)
    }

    /// The policy of these labels: risk, and the setups of the label that makes the key (the first
    /// of L2, L1, L0, L3, L4), with `stand_down` where a rule of any label lists it.
    pub fn resolve(&self, labels: LabelSet) -> (Risk, Option<Vec<String>>) {
        let [l0, l1, l2, l3, l4] = labels;
        let effects: Vec<Effect> =
            [l2, l1, l0, l3, l4].into_iter().flatten().map(|text| self.effect_of(text)).collect();
        self.combine(effects.iter())
    }

    /// [`Policy::resolve`] of effects, that of the key first; without any, that of `Unknown`.
    pub fn combine<'a>(
        &'a self,
        effects: impl Iterator<Item = &'a Effect> + Clone,
    ) -> (Risk, Option<Vec<String>>) {
        let key = effects.clone().next().unwrap_or(&self.unknown);
        let start = Risk::START.tighten(key.risk);
        let risk = effects.clone().fold(start, |risk, effect| risk.tighten(effect.risk));
        (risk, self.setups(effects))
    }

    /// The setups of effects, that of the key first; without any, those of `Unknown`.
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

/// What of a table acts on a label, in order: the rule, or the fallback, then overrides, then stress.
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

/// What a label does by these rules.
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
