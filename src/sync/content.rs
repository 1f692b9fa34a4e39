//! The rows that a table is to hold, as keys and entries.

use regime_core::math::number::plain;

use crate::pg::moment;

/// A value on its way into a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Micros(i64),
    /// Days since 2000.
    Date(i32),
    Int(i32),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Texts(&'a [String]),
    Floats(&'a [f64]),
}

impl<'a> Value<'a> {
    /// A text, or NULL.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }

    /// A `float8`, or NULL.
    pub fn float(number: Option<f64>) -> Self {
        number.map_or(Value::Null, Value::Float)
    }

    /// An `int4`, or NULL.
    pub fn int(number: Option<i32>) -> Self {
        number.map_or(Value::Null, Value::Int)
    }

    /// The value for a reader; `None` is NULL.
    pub fn shown(self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Micros(n) => Some(moment(n)),
            Value::Date(n) | Value::Int(n) => Some(n.to_string()),
            Value::Float(number) => Some(plain(number)),
            Value::Bool(is) => Some(is.to_string()),
            Value::Text(text) => Some(text.to_owned()),
            Value::Texts(texts) => Some(braced(texts)),
            Value::Floats(numbers) => Some(braced(&numbers.iter().map(|n| plain(*n)).collect::<Vec<_>>())),
        }
    }
}

/// Texts as PostgreSQL shows an array of names: `{breakout,pullback}`.
pub fn braced(texts: &[String]) -> String {
    format!("{{{}}}", texts.join(","))
}

/// The rows that a table is to hold for a scope.
#[derive(Default)]
pub struct Content<'a> {
    /// Keys, row by row, in ascending order; one value for each column of the key.
    pub keys: Vec<Value<'a>>,
    /// For each row, the index of its entry.
    pub entry: Vec<u32>,
    /// Values, entry by entry; one for each column of the values.
    pub entries: Vec<Value<'a>>,
}

/// A value of the key of a stored row that is not in the content.
pub enum OwnedKey {
    Micros(i64),
    Date(i32),
    Int(i32),
    Text(String),
}

impl OwnedKey {
    /// The key as a value.
    pub fn value(&self) -> Value<'_> {
        match self {
            OwnedKey::Micros(micros) => Value::Micros(*micros),
            OwnedKey::Date(days) => Value::Date(*days),
            OwnedKey::Int(number) => Value::Int(*number),
            OwnedKey::Text(text) => Value::Text(text),
        }
    }
}
