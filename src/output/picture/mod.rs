//! Pictures of a history of labels, one look for all systems: closes over bands as SVG, and a line of characters.

pub mod chart;
mod legend;
mod plot;
pub mod svg;
pub mod timeline;

use regime_core::strip::Cell;

use crate::output::picture::svg::Shade;
use crate::pg::{Result, invalid_parameter, utc};

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
