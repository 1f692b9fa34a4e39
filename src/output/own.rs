//! The relations that refreshes keep beside the output tables: working tables, and views by which users read them.

use std::borrow::Cow;

use crate::pg::work_schema;
use crate::track::marks::Marks;

/// A relation that only refreshes write to. Templates name it with its place: `{work}.NAME`, or `{schema}.NAME` for a
/// view.
#[derive(Clone)]
pub struct Own {
    pub name: &'static str,
    /// Columns that tell whether the relation is of this version.
    pub columns: Cow<'static, [&'static str]>,
    pub kind: Kind,
}

/// What is lost with the rows of a relation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A working table: nothing.
    Work,
    /// A table whose rows are a record, to be kept.
    Record,
    /// A view of working tables, for users: it has no rows.
    View,
}

/// A working table.
pub const fn work(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns: Cow::Borrowed(columns), kind: Kind::Work }
}

/// A view of working tables.
pub const fn view(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns: Cow::Borrowed(columns), kind: Kind::View }
}

impl Own {
    /// The schema of the relation, for a target schema.
    pub fn schema(&self, target: &str) -> String {
        if self.is_view() { target.to_owned() } else { work_schema(target) }
    }

    /// The relation as templates name it.
    pub fn placeholder(&self) -> String {
        format!("{}.{}", if self.is_view() { "{schema}" } else { "{work}" }, self.name)
    }

    /// Whether the relation is a view, which lies in the target schema.
    pub fn is_view(&self) -> bool {
        self.kind == Kind::View
    }

    /// What the relation is, as messages name it.
    pub fn noun(&self) -> &'static str {
        if self.is_view() { "view" } else { "table" }
    }
}

/// The run log of all systems, and the view of it.
pub const RUN_LOG: &str = "cmc_regime_run_log";

/// The relations of the run log.
pub const LOG: [Own; 2] = [
    Own { name: RUN_LOG, columns: Cow::Borrowed(LOG_COLUMNS), kind: Kind::Record },
    view(RUN_LOG, LOG_COLUMNS),
];

const LOG_COLUMNS: &[&str] =
    &["id", "run", "system", "subject", "mode", "reason", "rows_read", "sqlstate", "hint", "run_by"];

/// The template of the run log.
pub const LOG_DDL: &str = include_str!("../../sql/set_up/run_log.sql");

/// The relations of a system's marks.
pub fn of_marks(marks: &Marks) -> [Own; 4] {
    let work = |name, columns: &[&'static str]| Own {
        name,
        columns: Cow::Owned(columns.to_vec()),
        kind: Kind::Work,
    };
    [
        work(marks.few, &[marks.key, "mark", "source", "since", "of_many"]),
        work(marks.many, &["mark", "source", marks.keys, "sinces", "number", "first", "last"]),
        work(marks.done, &["mark", marks.key]),
        view(marks.view, &["since", "source", "marked_at"]),
    ]
}
