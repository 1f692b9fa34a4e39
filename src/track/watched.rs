//! A table that is watched, and what of a row is marked.

use regime_core::hash::of_texts;

use crate::source::clock::Times;
use crate::track::marks::Marks;

/// The version of the names of functions and of the arguments of triggers. A function with another text is found by its
/// text ([`triggers::of`](crate::track::triggers::of)).
const VERSION: &str = "9";

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
    /// SQL: the key of a row.
    pub key: String,
    /// The columns of the key, quoted.
    pub of_key: Vec<String>,
    /// Whether the key is made of a text.
    pub is_of_text: bool,
    /// How the time of a row is read, each way once: rows count as changed from the earliest of these times on.
    pub times: Vec<Time>,
    /// Whether a change marks every key that has been refreshed: rows that belong to all keys.
    pub is_of_all: bool,
}

/// How the time of a row is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// SQL: the time.
    pub ts: String,
    /// The column, quoted.
    pub column: String,
    /// What the column is.
    pub kind: Times,
}

impl Watched {
    /// SQL: the earliest time of a row.
    pub fn ts(&self) -> String {
        earliest(self.times.iter().map(|time| time.ts.clone()))
    }

    /// What its triggers' marks depend on; stands in each trigger as its argument.
    pub fn definition(&self, schema: &str) -> String {
        let beside = self.beside.map(|marks| marks.few);
        let ts = self.ts();
        let texts = [VERSION, schema, &self.relation, &self.key, &ts];
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

/// SQL: the earliest of times that are given as SQL.
pub fn earliest(times: impl Iterator<Item = String>) -> String {
    let mut times: Vec<String> = times.collect();
    match times.len() {
        1 => times.remove(0),
        _ => format!("LEAST({})", times.join(", ")),
    }
}
