//! The lines of an explanation.

/// One line of an explanation.
pub struct Line {
    /// The number of the step, from 1.
    pub step: i32,
    /// The part of the row that the line is about, such as a layer; `None` is the whole row.
    pub about: Option<&'static str>,
    pub what: String,
    pub value: String,
    pub detail: String,
}

/// A line about the whole row.
pub fn line(
    step: impl Into<i32>,
    what: impl Into<String>,
    value: impl Into<String>,
    detail: impl Into<String>,
) -> Line {
    Line { step: step.into(), about: None, what: what.into(), value: value.into(), detail: detail.into() }
}

impl Line {
    /// The line, about this part of the row.
    pub fn of(self, about: impl Into<Option<&'static str>>) -> Self {
        Self { about: about.into(), ..self }
    }
}
