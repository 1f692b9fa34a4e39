//! A table that is watched, and what of a row is marked.

use regime_core::hash::of_texts;

use crate::source::clock::Times;
use crate::track::marks::Marks;

/// The version of the names of functions and of the arguments of triggers. A function with another text is found by its
/// text ([`triggers::of`](crate::track::triggers::of)).
const VERSION: &str = "7";

/// A relation whose changes are marked.
pub struct Watched {
    pub marks: &'static Marks,
    /// Quoted, with its schema.
    pub relation: String,
    /// SQL expressions of a row's key and time.
    pub key: String,
    pub ts: String,
    /// The columns that both read, quoted; that of the time is the last.
    pub columns: Vec<String>,
    /// Whether the key is made of a text.
    pub is_of_text: bool,
    /// What the column of the time is.
    pub times: Times,
    /// Whether a change marks every key that has been refreshed: rows that belong to all keys.
    pub is_of_all: bool,
}

impl Watched {
    /// What its triggers' marks depend on; stands in each trigger as its argument.
    pub fn definition(&self, schema: &str) -> String {
        of_texts([VERSION, schema, &self.relation, &self.key, &self.ts]).to_string()
    }
}
