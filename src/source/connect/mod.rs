//! Connecting a relation of prices: what it is (`look`), what is made so that it can be read (`make`), and what was made, so
//! that it can be taken away again (`record`).

pub mod ask;
mod assets;
mod choose;
pub mod look;
pub mod make;
mod midnights;
pub mod record;
mod rows;
pub mod sample;

use regime_core::words;

words!(
    /// What a line of `regime_connect` tells.
    Step {
        /// What the relation is, or what is there already.
        Found = "found",
        /// What was made.
        Made = "made",
        /// What would be made.
        ToMake = "to make",
        /// What is left to the caller.
        ToDo = "to do",
    }
);

/// A line of what `regime_connect` tells.
#[derive(Clone, Debug)]
pub struct Line {
    pub step: Step,
    /// What the line is about.
    pub item: String,
    pub detail: String,
    /// The statement that shows or changes it.
    pub command: Option<String>,
}

impl Line {
    /// A line without a statement.
    pub fn new(step: Step, item: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { step, item: item.into(), detail: detail.into(), command: None }
    }

    /// The same line with a statement.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}
