//! What a refresh did with one subject (an asset; a symbol and timeframe; a batch of days): a row of its result
//! and of the run log.

use std::time::Instant;

use crate::output::grants::with_grants;
use crate::output::system::System;
use crate::pg::error::{Error, Result, warn};
use crate::pg::session;
use crate::sync::compare::Written;

/// Most failed subjects that an error names.
pub const MOST_NAMED: usize = 20;

/// How much was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All rows.
    Full,
    /// The rows that are new.
    Incremental,
    /// Nothing: there was nothing new.
    None,
}

impl Mode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Full => "full",
            Mode::Incremental => "incremental",
            Mode::None => "none",
        }
    }
}

/// What was done with a subject.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The subject: an asset, or a name.
    pub id: Option<i32>,
    pub name: Option<String>,
    pub status: &'static str,
    pub written: Written,
    pub version: String,
    pub elapsed_ms: f64,
    pub message: Option<String>,
    pub mode: Option<Mode>,
    /// Why all rows were computed.
    pub reason: Option<String>,
    /// Rows of the sources.
    pub rows_read: u64,
    /// When it began, in microseconds since 2000.
    pub started: i64,
    /// What went wrong.
    pub error: Option<Error>,
}

/// The part of it that its work tells.
pub trait Work {
    /// Rows that the result holds.
    fn rows(&self) -> i64;
    fn written(&self) -> Written;
    fn mode(&self) -> Mode;
    fn reason(&self) -> Option<String>;
}

/// When a subject was begun.
pub struct Began(Instant, i64);

impl Began {
    pub fn now() -> Self {
        pgrx::check_for_interrupts!();
        Self(Instant::now(), session::clock())
    }

    pub fn elapsed_ms(&self) -> f64 {
        (self.0.elapsed().as_micros() as f64) / 1000.0
    }

    /// In microseconds since 2000.
    pub fn at(&self) -> i64 {
        self.1
    }
}

/// What a subject is.
pub struct About<'a> {
    pub system: &'a System,
    pub id: Option<i32>,
    pub name: Option<&'a str>,
    /// What it has none of where there is nothing to compute.
    pub lacks: &'a str,
}

impl About<'_> {
    fn shown(&self) -> String {
        let name = self.id.map(|id| id.to_string());
        format!("{} {}", self.system.subject[0], name.as_deref().or(self.name).unwrap_or_default())
    }

    /// The entry of work that is done or has failed; of a failure it tells with a WARNING.
    pub fn entry<W: Work>(
        &self,
        work: Result<W>,
        version: &str,
        rows_read: u64,
        schema: &str,
        dry_run: bool,
        began: Began,
    ) -> (Entry, Option<W>) {
        let mut entry = Entry {
            id: self.id,
            name: self.name.map(str::to_owned),
            status: "failed",
            version: version.to_owned(),
            rows_read,
            started: began.at(),
            ..Entry::default()
        };
        let work = match work {
            Ok(work) => {
                self.describe(&mut entry, &work, dry_run);
                Some(work)
            }
            Err(error) => {
                let error = with_grants(error, self.system, schema);
                warn(&format!("refresh of {} failed", self.shown()), &error);
                entry.message = Some(error.report().message.clone());
                entry.error = Some(error);
                None
            }
        };
        entry.elapsed_ms = began.elapsed_ms();
        (entry, work)
    }

    fn describe<W: Work>(&self, entry: &mut Entry, work: &W, dry_run: bool) {
        let (rows, changes) = (work.rows(), work.written().total());
        entry.status = match (dry_run, rows, changes) {
            (true, ..) => "dry_run",
            (_, 0, _) => "empty",
            (.., 0) => "unchanged",
            _ => "ok",
        };
        entry.message = match (dry_run, rows) {
            (true, _) => Some(format!("would write {changes} row{}", if changes == 1 { "" } else { "s" })),
            (_, 0) if changes > 0 => Some(format!("no {} any more: {changes} rows were deleted", self.lacks)),
            (_, 0) => Some(format!("no {}", self.lacks)),
            _ => None,
        };
        if rows == 0 && changes > 0 && !dry_run {
            pgrx::warning!("{} has no {} any more: {changes} rows were deleted", self.shown(), self.lacks);
        }
        entry.mode = Some(work.mode());
        entry.reason = work.reason();
        if !dry_run {
            entry.written = work.written();
        }
    }
}
