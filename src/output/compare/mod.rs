//! Rows of a relation of others beside the stored rows of an output table: what agrees, what differs, and by which known
//! difference.

mod read;
mod tally;
mod theirs;

use std::collections::{HashMap, HashSet};

use regime_core::compare::Cell;

use crate::pg::{Db, Result, day_shown, moment};
use crate::sync::content::{Value, braced};
use crate::sync::table::Table;

pub use read::compare;
pub use tally::Line;
pub use theirs::{Theirs, choose};

/// An output table that a relation can be compared with.
pub struct Compared {
    pub table: &'static Table,
    /// Whether a relation may hold several snapshots of a subject, told apart by the stamp, of which the newest counts.
    pub is_snapshot: bool,
    /// The known differences of the table, each as one sentence; the first has the number 1.
    pub differences: &'static [&'static str],
    /// Which known difference explains what differs.
    pub decide: fn(Db, &Subject) -> Result<Verdicts>,
}

/// Which tables have a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    Both,
    /// Only theirs, with the values of their row before, if there is one.
    Theirs,
    Ours,
}

/// A row that is in one table only, or differs. Values are in the order of the columns of the output table.
pub struct Pair {
    pub of: In,
    /// The number of the row, from 0, among those of the subject that are in both tables.
    pub place: usize,
    /// The key without what names the subject.
    pub key: Vec<Cell>,
    pub theirs: Vec<Cell>,
    pub ours: Vec<Cell>,
    /// The values of the row before in their table; only where the row is in their table alone.
    pub before: Option<Vec<Cell>>,
}

impl Pair {
    /// Whether both tables have the row, and the values of a column, by its place, differ.
    pub fn differs(&self, column: usize) -> bool {
        self.of == In::Both && !self.theirs[column].agrees(&self.ours[column])
    }

    /// The columns, by their places, whose values differ.
    pub fn differing(&self) -> impl Iterator<Item = usize> {
        (0..self.theirs.len()).filter(|column| self.differs(*column))
    }
}

/// The rows of an asset or series, as far as they are not the same.
#[derive(Default)]
pub struct Subject {
    /// The asset, where it is known.
    pub id: Option<i32>,
    pub symbol: Option<String>,
    pub timeframe: Option<String>,
    /// Rows in both tables.
    pub both: usize,
    /// Of each column, the place of the first row where their value is known.
    pub first_known: Vec<Option<usize>>,
    /// The texts that end the keys of their rows.
    pub their_parts: HashSet<String>,
    /// Rows that are in one table only, or differ, in the order of the key.
    pub pairs: Vec<Pair>,
}

/// The numbers of the differences that explain what differs: by the place of a pair, and the place of a column or, of a row
/// that is missing in a table, `None`.
#[derive(Default)]
pub struct Verdicts(HashMap<(usize, Option<usize>), u32>);

impl Verdicts {
    /// Nothing is explained.
    pub fn none(_: Db, _: &Subject) -> Result<Self> {
        Ok(Self::default())
    }

    /// A difference explains a column of a pair.
    pub fn explain(&mut self, pair: usize, column: usize, number: u32) {
        self.0.insert((pair, Some(column)), number);
    }

    /// A difference explains that a row is in one table only.
    pub fn explain_row(&mut self, pair: usize, number: u32) {
        self.0.insert((pair, None), number);
    }

    /// The difference that explains a column of a pair.
    pub fn of(&self, pair: usize, column: usize) -> Option<u32> {
        self.0.get(&(pair, Some(column))).copied()
    }

    fn of_row(&self, pair: usize) -> Option<u32> {
        self.0.get(&(pair, None)).copied()
    }
}

/// A value of a computation as it is compared.
pub fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Micros(at) => Cell::Micros(at),
        Value::Date(days) => Cell::Days(days),
        Value::Int(number) => Cell::Number(number.into()),
        Value::Float(number) => Cell::Number(number),
        Value::Bool(is) => Cell::Bool(is),
        Value::Text(text) => Cell::Text(text.into()),
        Value::Texts(texts) => Cell::texts(texts.to_vec()),
        Value::Floats(numbers) => Cell::Numbers(numbers.into()),
    }
}

/// A value for a reader; `None` is NULL.
fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Absent | Cell::Null => None,
        Cell::Text(text) => Some(text.to_string()),
        Cell::Number(number) => Value::Float(*number).shown(),
        Cell::Bool(is) => Some(is.to_string()),
        Cell::Micros(at) => Some(moment(*at)),
        Cell::Days(days) => Some(day_shown(*days)),
        Cell::Texts(texts) => Some(braced(texts)),
        Cell::Numbers(numbers) => Value::Floats(numbers).shown(),
    }
}
