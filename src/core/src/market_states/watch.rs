//! Watching a computation: which terms, gates and comparisons make a row. The values of a row and their explanation
//! come from the same code.

use crate::market_states::ranks::Rank;
use crate::words;

/// A term of a weighted sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What is weighted, in the letters of specification 5; empty for a constant.
    pub name: &'static str,
    /// The weight.
    pub weight: f64,
    /// The value, 1 for a constant.
    pub value: f64,
}

impl Term {
    /// What the term adds to the sum.
    pub fn contribution(&self) -> f64 {
        self.weight * self.value
    }
}

words!(
    /// How two numbers are compared.
    Comparison {
        /// `>`
        Above = ">",
        /// `>=`
        AtLeast = ">=",
        /// `<=`
        AtMost = "<=",
        /// `<`
        Below = "<",
        /// `=`
        Equal = "=",
    }
);

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::AtMost => value <= limit,
            Comparison::Below => value < limit,
            Comparison::Equal => value == limit,
        }
    }
}

/// What a metric needs to have a value. Specification 5, section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The number of the first bar, from 0.
    pub bar: u64,
    /// Whether the ATR must be known and not 0.
    pub atr: bool,
    /// Whether the deviation of 20 returns must be known and not 0.
    pub deviation: bool,
}

/// A rule of the state label, the bias or the posture. Specification 5, section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The column that the rule decides.
    pub of: &'static str,
    /// The value of the column where the rule holds.
    pub name: &'static str,
    /// Which of its comparisons must hold: `all`, `one`, or in words.
    pub needs: &'static str,
}

/// Is told what a computation does, in the order of specification 5.
pub trait Watch {
    /// Takes a note of a column or a term; the note is made only if the watcher keeps notes.
    fn note(&mut self, of: &'static str, note: impl FnOnce() -> Note);

    /// A value that `of` is made of.
    fn value(&mut self, of: &'static str, name: &'static str, value: f64) {
        self.note(of, || Note::Value(name, value));
    }

    /// A rule, after its comparisons. Gives whether it holds.
    fn rule(&mut self, rule: &Rule, holds: bool) -> bool {
        self.note(rule.of, || Note::Rule(*rule, holds));
        holds
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn note(&mut self, _: &'static str, _: impl FnOnce() -> Note) {}
}

/// What a [`Watch`] is told, by the name of the column or component it is told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The name and the value of what the column or component is made of.
    Value(&'static str, f64),
    /// The gate of the metric, and whether it is open.
    Gate(Gate, bool),
    /// The name and the terms of a weighted sum.
    Sum(&'static str, Vec<Term>),
    /// A comparison of a rule: the name and value, the comparison, the limit, and whether it holds.
    Compared(&'static str, f64, Comparison, f64, bool),
    /// A rule, after its comparisons, and whether it holds.
    Rule(Rule, bool),
    /// How a component, or the escalation, ranks.
    Ranked(Rank),
}

/// Notes down all that it is told, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes(Vec<(&'static str, Note)>);

impl Notes {
    /// The notes of a column or component, in order.
    pub fn of<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a Note> {
        self.0.iter().filter(move |(name, _)| *name == of).map(|(_, note)| note)
    }
}

impl Watch for Notes {
    fn note(&mut self, of: &'static str, note: impl FnOnce() -> Note) {
        self.0.push((of, note()));
    }
}

/// The sum of terms, from the first on.
#[inline]
pub(super) fn sum<const N: usize>(
    watch: &mut impl Watch,
    of: &'static str,
    name: &'static str,
    terms: [(&'static str, f64, f64); N],
) -> f64 {
    let terms = terms.map(|(name, weight, value)| Term { name, weight, value });
    watch.note(of, || Note::Sum(name, terms.to_vec()));
    terms.iter().map(Term::contribution).reduce(|sum, term| sum + term).unwrap_or(0.0)
}

/// Whether a comparison of a rule holds.
#[inline]
pub(super) fn is(
    watch: &mut impl Watch,
    rule: &Rule,
    name: &'static str,
    value: f64,
    is: Comparison,
    limit: f64,
) -> bool {
    let holds = is.holds(value, limit);
    watch.note(rule.of, || Note::Compared(name, value, is, limit, holds));
    holds
}
