//! What every system answers: the hooks of health, tracking and the overview.

use crate::output::compare::Compared;
use crate::output::desk::{Breadth, Days, Line};
use crate::output::finding::{Finding, Kind};
use crate::output::fresh::Fresh;
use crate::output::picture::{History, Wanted};
use crate::output::system::System;
use crate::pg::asset::Asset;
use crate::pg::lock::Key;
use crate::pg::{Db, Result, quote_literal};
use crate::track::watched::Watched;

/// A system and its answers.
pub struct Registered {
    pub system: &'static System,
    /// Whether missing tables are an error where no system is set up; true of one system only.
    pub is_default: bool,
    /// The source relations whose changes are to be marked; none for a system without marks.
    pub watched: fn(Db, &str) -> Result<Vec<Watched>>,
    /// The source relations that are not tracked; `None` if the system has nothing to read, or need not know.
    pub untracked: Untracked,
    /// How fresh each subject is.
    pub fresh: fn(Db) -> Result<Vec<Fresh>>,
    /// The number of subjects that wait in rounds.
    pub waiting: fn(Db) -> Result<i64>,
    /// The version of the rows that a refresh would compute.
    pub version: fn(Db) -> Result<String>,
    /// The rows of a subject as pictures show them.
    pub history: fn(Db, &Wanted) -> Result<History>,
    /// The subjects that have rows, or one of them, as a desk looks at them.
    pub desk: fn(Db, Option<&Asset>) -> Result<Vec<Line>>,
    /// How many subjects had which label at the end of each day.
    pub breadth: fn(Db, Days) -> Result<Breadth>,
    /// The output tables with which `regime_compare` compares, and what is known of the differences.
    pub compared: &'static [Compared],
    /// Further checks of `regime_health`, which are given the quoted schema of the extension.
    pub findings: &'static [Check],
    /// What a lock of the system stands for.
    pub locked: Locked,
    pub wording: Wording,
}

/// What the advisory lock of a key, in a target schema, keeps others from refreshing: an asset, or anything in words.
pub type Locked = fn(Db, &str, Key) -> Result<Option<(Option<i32>, String)>>;

/// The relations that are not tracked, quoted.
pub type Untracked = fn(Db) -> Result<Option<Vec<String>>>;

/// A check of `regime_health`.
pub type Check = fn(Db, &str) -> Result<Vec<Finding>>;

/// How findings word what they found.
pub struct Wording {
    /// A source row: one, many.
    pub made_of: [&'static str; 2],
    /// The same in short: one, many.
    pub made_of_short: [&'static str; 2],
    /// The finding of a subject whose last refresh failed.
    pub failing: Kind,
    /// The finding of a subject whose rows are stale.
    pub stale: Kind,
    /// The statement that shows the newest bars and rows of all subjects, or of one: `OWN` stands for the schema of the extension, `NAME`
    /// for the subject.
    pub newest: &'static str,
    /// The subject all of whose rows each refresh reads where the sources are not tracked.
    pub untracked: &'static str,
}

impl Wording {
    /// Of a system of series of candles, and the statement that shows the newest candles.
    pub const fn of_candles(newest: &'static str) -> Self {
        Self {
            made_of: ["candle", "candles"],
            made_of_short: ["candle", "candles"],
            failing: Kind::FailingSeries,
            stale: Kind::StaleSeries,
            newest,
            untracked: "a series",
        }
    }

    /// The statement that shows the newest bars and rows; `own` is the schema of the extension, quoted, `name` is a subject.
    pub fn newest(&self, own: &str, name: &str) -> String {
        self.newest.replace("OWN", own).replace("NAME", &quote_literal(name))
    }
}
