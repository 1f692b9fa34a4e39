//! Pictures of a history of labels, one look for all systems: closes over bands as SVG, and a line of characters.

mod axis;
pub mod chart;
mod legend;
pub mod lines;
mod plot;
pub mod svg;
pub mod timeline;

use regime_core::strip::Cell;

use crate::output::picture::svg::Shade;
use crate::pg::asset::Asset;
use crate::pg::{Error, Result, invalid_parameter, no_data_found, qualified, quote_literal, settings, utc};

/// What a call shows of a history.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The first and the last moment, in microseconds since 2000; `None` is no limit.
    pub span: [Option<i64>; 2],
    /// Whether closes are drawn.
    pub closes: bool,
}

impl Shown {
    /// All rows, without closes.
    pub const LABELS: Self = Self { span: [None; 2], closes: false };

    /// The closes of a span.
    ///
    /// # Errors
    /// Where the span does not end after it begins.
    pub fn chart(span: [Option<i64>; 2]) -> Result<Self> {
        if let [Some(from), Some(to)] = span
            && from >= to
        {
            let message = format!("from_ts {} is not before to_ts {}", utc(from), utc(to));
            return Err(invalid_parameter(message)
                .hint("Pass from_ts => a moment before to_ts, or leave one of them out."));
        }
        Ok(Self { span, closes: true })
    }
}

/// A history as a caller asks for it.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub asset: &'a Asset,
    pub timeframe: Option<&'a str>,
    /// `None` and `composite` are the label as a whole.
    pub layer: Option<&'a str>,
    pub shown: Shown,
}

/// The symbol of a subject that has no id.
///
/// # Errors
/// Where an id is given.
pub fn symbol<'a>(asset: &'a Asset, system: &str) -> Result<&'a str> {
    match asset {
        Asset::Name(symbol) => Ok(symbol),
        Asset::Id(id) => {
            Err(invalid_parameter(format!("asset is the id {id}, but the subjects of {system} have symbols"))
                .hint(format!("SELECT * FROM {};", qualified(&settings::target_schema(), system))))
        }
    }
}

impl Wanted<'_> {
    /// Checks that no layer is asked for.
    ///
    /// # Errors
    /// Where one is.
    pub fn check_no_layer(&self, system: &str) -> Result<()> {
        match self.layer.filter(|layer| *layer != "composite") {
            Some(layer) => {
                Err(invalid_parameter(format!("layer is \"{layer}\", but {system} has no layers"))
                    .hint("Leave layer out."))
            }
            None => Ok(()),
        }
    }

    /// The error for a subject, in words, that has no rows in the span; `relation` is the table and `ends` are the times of
    /// the subject's first and last row.
    pub fn no_rows(&self, whose: &str, relation: &str, ends: [i64; 2]) -> Error {
        let limits = ["from", "to"].into_iter().zip(self.shown.span);
        let limits: Vec<String> =
            limits.filter_map(|(name, at)| Some(format!(" {name} {}", utc(at?)))).collect();
        let [first, last] = ends.map(utc);
        no_data_found(format!("{relation} has no rows of {whose}{}", limits.concat()))
            .detail(format!("Its rows range from {first} to {last}."))
            .hint(format!("Pass from_ts => {}, or leave from_ts and to_ts out.", quote_literal(&first)))
    }

    /// The error for a subject, in words, none of whose rows has a close; `source` is the table of the closes.
    pub fn no_closes(whose: &str, source: &str) -> Error {
        no_data_found(format!("{whose} has rows, but {source} has no close at the time of any of them"))
            .hint(format!("SELECT * FROM {source} LIMIT 10;"))
    }
}

/// What is drawn; vectors have one element a row, in ascending time.
pub struct History {
    /// The name of the subject, where it has one.
    pub subject: Option<String>,
    /// The subject as messages name it.
    pub whose: String,
    /// What the bands show, such as `regime`.
    pub what: String,
    /// Microseconds since 2000.
    pub ts: Vec<i64>,
    /// The band of each row's label in `look`, `None` where it has none.
    pub cells: Vec<Option<Cell>>,
    /// The rows whose label is not that of the row before.
    pub changes: Vec<usize>,
    /// NaN where unknown.
    pub close: Vec<f64>,
    /// What is drawn below the closes.
    pub gauge: Option<Gauge>,
    pub look: &'static Look,
}

/// How the labels of a system look.
pub struct Look {
    /// From the least to the most cautious.
    pub groups: &'static [Group],
    /// What the degrees of each group are.
    pub degrees: Option<&'static str>,
    /// What rows are called: `days`, `bars`.
    pub rows: &'static str,
}

/// A band that the legend names; of several degrees, from the least to the most cautious.
pub struct Group {
    pub name: &'static str,
    pub degrees: &'static [Band],
}

/// The look of a label.
pub struct Band {
    pub shade: Shade,
    /// In a line of characters.
    pub glyph: char,
}

impl Look {
    /// The cell of the label that a group is named after.
    pub fn cell(&self, label: &str) -> Option<Cell> {
        let group = self.groups.iter().position(|group| group.name == label)?;
        Some((group as u8, 0))
    }

    /// The label of a cell that [`Look::cell`] gives.
    pub fn name(&self, (group, _): Cell) -> &'static str {
        self.groups.get(usize::from(group)).map_or("", |group| group.name)
    }

    fn band(&self, cell: Option<Cell>) -> Option<&'static Band> {
        let (group, degree) = cell?;
        self.groups.get(usize::from(group))?.degrees.get(usize::from(degree))
    }
}

/// Values from 0 to 1, and the levels that divide them.
pub struct Gauge {
    pub name: &'static str,
    /// NaN where unknown.
    pub values: Vec<f64>,
    /// Ascending.
    pub levels: &'static [Level],
}

/// A level of a gauge, and how values at or above the level look.
pub struct Level {
    pub at: f64,
    /// The level on its axis.
    pub text: &'static str,
    pub name: &'static str,
    pub shade: Shade,
}
