//! The rows that a table is to hold, as keys and entries.

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
}

impl<'a> Value<'a> {
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }

    pub fn float(number: Option<f64>) -> Self {
        number.map_or(Value::Null, Value::Float)
    }

    pub fn int(number: Option<i32>) -> Self {
        number.map_or(Value::Null, Value::Int)
    }
}

/// The rows a table should hold for a scope.
#[derive(Default)]
pub struct Content<'a> {
    /// Keys, row by row, ascending.
    pub keys: Vec<Value<'a>>,
    /// Per row, its index in `entries`.
    pub entry: Vec<u32>,
    /// Values, entry by entry.
    pub entries: Vec<Value<'a>>,
}

/// The key of a row that is there and should not be.
pub enum OwnedKey {
    Micros(i64),
    Date(i32),
    Int(i32),
    Text(String),
}
