//! What a refresh did with one subject (an asset; a symbol and timeframe; a batch of days): a row of its result
//! and of the run log.

use regime_core::words;
use std::time::Instant;

use pgrx::prelude::*;

use crate::output::grants::with_grants;
use crate::output::system::System;
use crate::pg::{Db, Error, Result, attempt, plural, session, warn, warning};
use crate::source::names;
use crate::sync::compare::Written;

/// The most failed subjects that an error names.
pub const MOST_NAMED: usize = 20;

words!(
    /// How many rows were computed.
    Mode {
        /// All rows.
        Full = "full",
        /// New rows only.
        Incremental = "incremental",
        /// None: nothing was new.
        None = "none",
    }
);

words!(
    /// How the refresh of a subject ended.
    #[derive(Default)]
    Status {
        /// Rows were written.
        Ok = "ok",
        /// The stored rows were up to date.
        Unchanged = "unchanged",
        /// The subject has no source rows.
        Empty = "empty",
        /// The attempt failed and was rolled back.
        #[default]
        Failed = "failed",
        /// Rows were computed and not written.
        DryRun = "dry_run",
    }
);

/// What was done with a subject.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The asset, where the subject is one.
    pub id: Option<i32>,
    /// The symbol of the asset, as far as it is known; the name of any other subject.
    pub name: Option<String>,
    pub status: Status,
    pub written: Written,
    pub version: String,
    pub elapsed_ms: f64,
    pub message: Option<String>,
    pub mode: Option<Mode>,
    /// Why all rows were computed.
    pub reason: Option<String>,
    /// The number of source rows that were read.
    pub rows_read: u64,
    /// When the refresh of the subject began, in microseconds since 2000.
    pub started: i64,
    /// What went wrong.
    pub error: Option<Error>,
}

/// When the refresh of a subject began: by the monotonic clock, and in microseconds since 2000.
#[derive(Clone, Copy)]
pub struct Began {
    clock: Instant,
    at: i64,
    /// Milliseconds that the subject took, where these are not those since.
    took: Option<f64>,
}

impl Began {
    /// Now; also where a refresh can be cancelled between subjects.
    pub fn now() -> Self {
        pgrx::check_for_interrupts!();
        Self { clock: Instant::now(), at: session::clock(), took: None }
    }

    /// The same beginning for each of so many subjects that were refreshed together until now.
    pub fn shared(self, subjects: usize) -> Self {
        Self { took: Some(self.elapsed_ms() / subjects.max(1) as f64), ..self }
    }

    /// Milliseconds since then, or the part of a subject in them.
    pub fn elapsed_ms(&self) -> f64 {
        self.took.unwrap_or_else(|| (self.clock.elapsed().as_micros() as f64) / 1000.0)
    }

    /// The start, in microseconds since 2000.
    pub fn at(&self) -> i64 {
        self.at
    }
}

/// What was done with a subject; `more` is what only its system reports.
pub struct Done<M> {
    /// Rows that the result holds, in the main table.
    pub rows: i64,
    pub written: Written,
    pub mode: Mode,
    /// Why all rows were computed.
    pub reason: Option<String>,
    /// The ids of the array rows of marks that named the subject.
    pub of_many: Vec<String>,
    pub more: M,
}

impl<M> Done<M> {
    /// What was done without marks and for no reason to be told.
    pub fn new(rows: i64, written: Written, mode: Mode, more: M) -> Self {
        Self { rows, written, mode, reason: None, of_many: Vec::new(), more }
    }
}

/// A refresh call.
pub struct Call<'a, 'c> {
    pub db: Db<'c>,
    pub system: &'static System,
    /// The target schema.
    pub schema: &'a str,
    /// The version of the rows that are computed; that of the first subjects where there are several.
    pub version: &'a str,
    pub dry_run: bool,
    /// Where a subject that fails is to end the call with an error, the hint of the error.
    pub strict: Option<String>,
}

/// A subject as entries and messages name it.
pub struct About<'a> {
    pub system: &'a System,
    pub id: Option<i32>,
    pub name: Option<String>,
    /// The calendar scheme of an asset; `None` is that of the settings.
    pub cal_scheme: Option<&'a str>,
    /// The source rows, in the plural: candles.
    pub lacks: &'static str,
    /// The version of the rows that are computed; empty where it cannot be told.
    pub version: &'a str,
}

impl About<'_> {
    fn shown(&self, db: Db) -> String {
        match (self.id, &self.name) {
            // A symbol that was given its id by this call has its name, too.
            (Some(id), _) => attempt(|| db.with_new_snapshot(|| names::in_words(db, id, self.cal_scheme)))
                .unwrap_or_else(|_| format!("{} {id}", self.system.subject[0])),
            (None, name) => format!("{} {}", self.system.subject[0], name.as_deref().unwrap_or_default()),
        }
    }

    /// The entry of an attempt; a failure raises a WARNING.
    pub fn entry<M>(
        self,
        call: &Call,
        done: Result<Done<M>>,
        rows_read: u64,
        began: Began,
    ) -> (Entry, Option<Done<M>>) {
        let mut entry = Entry {
            id: self.id,
            name: self.name.clone(),
            version: self.version.to_owned(),
            rows_read,
            started: began.at(),
            ..Entry::default()
        };
        let done = match done {
            Ok(done) => {
                self.describe(&mut entry, &done, call);
                Some(done)
            }
            Err(error) => {
                let error = with_grants(error, self.system, call.schema);
                warn(&format!("refresh of {} failed", self.shown(call.db)), &error);
                entry.message = Some(error.report().message.clone());
                entry.error = Some(error);
                None
            }
        };
        entry.elapsed_ms = began.elapsed_ms();
        (entry, done)
    }

    fn describe<M>(&self, entry: &mut Entry, done: &Done<M>, call: &Call) {
        let dry_run = call.dry_run;
        let (rows, changes) = (done.rows, done.written.total());
        let changed_rows = format!("{changes} {}", plural(changes, "row"));
        entry.status = match (dry_run, rows, changes) {
            (true, ..) => Status::DryRun,
            (_, 0, _) => Status::Empty,
            (.., 0) => Status::Unchanged,
            _ => Status::Ok,
        };
        entry.message = match (dry_run, rows) {
            (true, _) => Some(format!("would write {changed_rows}")),
            (_, 0) if changes > 0 => Some(format!("no {} any more: {changed_rows} deleted", self.lacks)),
            (_, 0) => Some(format!("no {}", self.lacks)),
            _ => None,
        };
        if rows == 0 && changes > 0 && !dry_run {
            let gone =
                format!("{} has no {} any more: {changed_rows} deleted", self.shown(call.db), self.lacks);
            warning(gone).report_as(PgLogLevel::WARNING);
        }
        entry.mode = Some(done.mode);
        entry.reason = done.reason.clone();
        if !dry_run {
            entry.written = done.written;
        }
    }
}
