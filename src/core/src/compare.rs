//! Values of two tables side by side, and whether they agree.

use std::rc::Rc;

/// Relative difference up to which two numbers agree; of numbers below 1, the absolute difference.
const TOLERANCE: f64 = 1e-9;

/// A value of a row that is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// There is no such column, so that there is nothing to compare.
    Absent,
    /// NULL.
    Null,
    /// A text.
    Text(Rc<str>),
    /// A number of any kind.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// A moment in microseconds since 2000.
    Micros(i64),
    /// A day, in days since 2000.
    Days(i32),
    /// A set of texts, in ascending order.
    Texts(Rc<[String]>),
    /// Numbers in their order.
    Numbers(Rc<[f64]>),
}

impl Cell {
    /// A set of texts.
    pub fn texts(mut texts: Vec<String>) -> Self {
        texts.sort_unstable();
        Cell::Texts(texts.into())
    }

    /// The text; `None` for any other value.
    pub fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether two values agree: numbers to 1e-9, relative to the first where that is above 1, anything else exactly. What is
    /// absent agrees with everything.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Cell::Absent, _) | (_, Cell::Absent) => true,
            (Cell::Number(a), Cell::Number(b)) => is_near(*a, *b),
            (Cell::Numbers(a), Cell::Numbers(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_near(*a, *b))
            }
            (a, b) => a == b,
        }
    }
}

/// Whether two numbers agree. Infinities agree with themselves, and so does what is no number.
fn is_near(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * a.abs().clamp(1.0, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_to_a_tolerance() {
        let agree = |a, b| Cell::Number(a).agrees(&Cell::Number(b));
        assert!(agree(0.5, 0.5 + 0.9e-9) && agree(1e6, 1e6 + 0.9e-3) && agree(f64::NAN, f64::NAN));
        assert!(!agree(0.5, 0.5 + 1.1e-9) && !agree(1e6, 1e6 + 1.1e-3) && !agree(f64::NAN, 1.0));
        assert!(agree(f64::INFINITY, f64::INFINITY) && !agree(1.0, f64::INFINITY));
        assert!(!agree(f64::INFINITY, 1.0) && !agree(f64::INFINITY, f64::NEG_INFINITY));
    }

    #[test]
    fn sets_agree_in_any_order_and_null_agrees_with_null_alone() {
        let set = |texts: &[&str]| Cell::texts(texts.iter().map(|t| (*t).to_owned()).collect());
        assert!(set(&["b", "a"]).agrees(&set(&["a", "b"])) && !set(&["a"]).agrees(&set(&["a", "b"])));
        assert!(Cell::Null.agrees(&Cell::Null) && !Cell::Null.agrees(&set(&[])));
        assert!(Cell::Absent.agrees(&Cell::Bool(true)));
        assert!(!Cell::Numbers([1.0].into()).agrees(&Cell::Numbers([1.0, 2.0].into())));
    }
}
