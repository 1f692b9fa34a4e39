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
    /// A value that `of`, a column or a term, is made of.
    fn value(&mut self, of: &'static str, name: &'static str, value: f64) {
        let _ = (of, name, value);
    }

    /// The gate of the metric `of`: whether it is open.
    fn gate(&mut self, of: &'static str, gate: Gate, is_open: bool) {
        let _ = (of, gate, is_open);
    }

    /// The terms of a weighted sum in `of`, called `name`.
    fn sum(&mut self, of: &'static str, name: &'static str, terms: &[Term]) {
        let _ = (of, name, terms);
    }

    /// A comparison of a rule.
    fn compared(&mut self, rule: &Rule, name: &'static str, value: f64, is: Comparison, limit: f64) {
        let _ = (rule, name, value, is, limit);
    }

    /// A rule, after its comparisons: whether it holds.
    fn rule(&mut self, rule: &Rule, holds: bool) {
        let _ = (rule, holds);
    }

    /// How a component, or the escalation, ranks.
    fn ranked(&mut self, of: &'static str, rank: Rank) {
        let _ = (of, rank);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// What a [`Watch`] is told, by the name of the column or component it is told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// [`Watch::value`]: its name and value.
    Value(&'static str, f64),
    /// [`Watch::gate`]: the gate, and whether it is open.
    Gate(Gate, bool),
    /// [`Watch::sum`]: its name and terms.
    Sum(&'static str, Vec<Term>),
    /// [`Watch::compared`]: the name and value, the comparison, the limit, and whether it holds.
    Compared(&'static str, f64, Comparison, f64, bool),
    /// [`Watch::rule`]: the rule, and whether it holds.
    Rule(Rule, bool),
    /// [`Watch::ranked`].
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
    fn value(&mut self, of: &'static str, name: &'static str, value: f64) {
        self.0.push((of, Note::Value(name, value)));
    }

    fn gate(&mut self, of: &'static str, gate: Gate, is_open: bool) {
        self.0.push((of, Note::Gate(gate, is_open)));
    }

    fn sum(&mut self, of: &'static str, name: &'static str, terms: &[Term]) {
        self.0.push((of, Note::Sum(name, terms.to_vec())));
    }

    fn compared(&mut self, rule: &Rule, name: &'static str, value: f64, is: Comparison, limit: f64) {
        self.0.push((rule.of, Note::Compared(name, value, is, limit, is.holds(value, limit))));
    }

    fn rule(&mut self, rule: &Rule, holds: bool) {
        self.0.push((rule.of, Note::Rule(*rule, holds)));
    }

    fn ranked(&mut self, of: &'static str, rank: Rank) {
        self.0.push((of, Note::Ranked(rank)));
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
    watch.sum(of, name, &terms);
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
    watch.compared(rule, name, value, is, limit);
    is.holds(value, limit)
}
