//! Watching a computation: which terms, gates and comparisons make a row. The values of a row and their explanation
//! come from the same code.

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

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
}

impl Comparison {
    /// The operator.
    pub const fn as_str(self) -> &'static str {
        match self {
            Comparison::Above => ">",
            Comparison::AtLeast => ">=",
            Comparison::AtMost => "<=",
            Comparison::Below => "<",
            Comparison::Equal => "=",
        }
    }

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

    /// A comparison of the rule `rule` of the state label, `bias` or `risk_posture`.
    fn compared(&mut self, rule: &'static str, name: &'static str, value: f64, is: Comparison, limit: f64) {
        let _ = (rule, name, value, is, limit);
    }

    /// A rule, after its comparisons: whether it holds.
    fn rule(&mut self, rule: &'static str, holds: bool) {
        let _ = (rule, holds);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

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
    rule: &'static str,
    name: &'static str,
    value: f64,
    is: Comparison,
    limit: f64,
) -> bool {
    watch.compared(rule, name, value, is, limit);
    is.holds(value, limit)
}
