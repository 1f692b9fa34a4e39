//! The lines of an explanation.

use crate::output::relation::output_relation;
use crate::output::set_up::{Flaw, flaw};
use crate::output::shape::set_up_again;
use crate::output::system::System;
use crate::pg::{Db, Error};
use crate::sync::table::Table;

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

/// The relation of a table whose rows can be compared with computed ones; otherwise why there is none to compare, and the
/// statement that helps.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn comparable(
    db: Db,
    schema: &str,
    system: &'static System,
    table: &'static Table,
) -> crate::pg::Result<Result<String, String>> {
    let relation = match output_relation(db, table) {
        Ok(relation) => relation,
        Err(error) => return Ok(Err(in_words(&error))),
    };
    Ok(match flaw(db, schema, system)? {
        None => Ok(relation),
        Some(Flaw::Altered(error)) => Err(in_words(&error)),
        Some(Flaw::Missing) => {
            Err(format!("some output tables or columns are missing: {}", set_up_again(db, schema)?))
        }
    })
}

/// An error and its hint in a line.
fn in_words(error: &Error) -> String {
    let report = error.report();
    let hint = report.hint.as_deref().map_or(String::new(), |hint| format!(": {hint}"));
    format!("{}{hint}", report.message)
}
