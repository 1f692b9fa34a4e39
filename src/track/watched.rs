//! A table that is watched, and what of a row is marked.

use regime_core::hash::of_texts;

use crate::source::clock::Times;
use crate::track::marks::Marks;

/// The version of the names of functions and of the arguments of triggers. A function with another text is found by its
/// text ([`triggers::of`](crate::track::triggers::of)).
const VERSION: &str = "7";

/// A relation whose changes are marked.
#[derive(Clone)]
pub struct Watched {
    pub marks: &'static Marks,
    /// Further marks that the same triggers leave.
    pub beside: Option<&'static Marks>,
    /// Two systems that read the same rows by the same key, whose marks the same triggers may leave.
    pub pair: Option<[&'static Marks; 2]>,
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
        let beside = self.beside.map(|marks| marks.few);
        let texts = [VERSION, schema, &self.relation, &self.key, &self.ts];
        of_texts(texts.into_iter().chain(beside)).to_string()
    }

    /// All marks that its triggers leave.
    pub fn all_marks(&self) -> impl Iterator<Item = &'static Marks> + use<> {
        std::iter::once(self.marks).chain(self.beside)
    }

    /// The same with triggers that leave the marks of both systems of its pair, if there is one.
    pub fn shared(&self) -> Option<Self> {
        let [marks, beside] = self.pair.filter(|_| self.beside.is_none())?;
        Some(Self { marks, beside: Some(beside), ..self.clone() })
    }
}
