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

    /// The value beside another one of single precision, as of a column of type `real`: the other one, as far as that is the value
    /// at this precision.
    #[must_use]
    pub fn to_single(self, other: &Self) -> Self {
        let near = |own: f64, other: f64| if is_near_in_single(own, other) { other } else { own };
        match (self, other) {
            (Cell::Number(own), Cell::Number(other)) => Cell::Number(near(own, *other)),
            (Cell::Numbers(own), Cell::Numbers(other)) if own.len() == other.len() => {
                Cell::Numbers(own.iter().zip(other.iter()).map(|(own, other)| near(*own, *other)).collect())
            }
            (own, _) => own,
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

/// Whether a number of single precision is another number, up to a unit in its last place.
fn is_near_in_single(own: f64, single: f64) -> bool {
    (own - single).abs() <= f64::from(f32::EPSILON) * own.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beside_one_of_single_precision_is_taken_at_that_precision() {
        let of = |own: f64, other: f64| Cell::Number(own).to_single(&Cell::Number(other));
        for own in [0.8, 1.1, -0.3, 1e-20, 123_456.789, 0.0, f64::INFINITY, f64::NAN] {
            let single = f64::from(own as f32);
            assert!(Cell::Number(single).agrees(&of(own, single)), "{own}");
        }
        assert_eq!(of(0.8, 0.9), Cell::Number(0.8));
        assert_eq!(of(0.8, f64::from(0.8f32 + 2.0 * f32::EPSILON)), Cell::Number(0.8));
        let all = |numbers: &[f64]| Cell::Numbers(numbers.into());
        assert_eq!(
            all(&[0.8, 0.5]).to_single(&all(&[f64::from(0.8f32), 0.6])),
            all(&[f64::from(0.8f32), 0.5])
        );
        assert_eq!(Cell::Null.to_single(&Cell::Number(1.0)), Cell::Null);
    }

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
