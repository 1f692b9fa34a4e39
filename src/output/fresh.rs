//! How fresh the rows of a subject are: of an asset, a series, a symbol.

use std::rc::Rc;

use regime_core::words;

use crate::output::own::RUN_LOG;
use crate::output::run_log::subject;
use crate::output::set_up;
use crate::output::system::System;
use crate::pg::{Db, Error, Micros, Result, Row, Sees, arg, session, settings, utc, work_relation};
use crate::track::fingerprint::Tracking;

/// What a refresh compares with what is kept of each subject, beside the source rows and their marks.
pub struct Now {
    /// The fingerprint of the sources ([`set_up::with_columns`]).
    pub sources: String,
    /// `None` if a source is not tracked.
    pub tracking: Option<Rc<Tracking>>,
}

impl Now {
    /// What has changed since a refresh from these sources, after "the"; `symbol` is given of a subject whose rows a symbol
    /// names, which it may have lost.
    pub fn changed(&self, sources: &str, symbol: Option<Option<&str>>) -> Option<&'static str> {
        let now = symbol.map(|symbol| set_up::with_symbol(&self.sources, symbol));
        set_up::other_sources(sources, now.as_ref().unwrap_or(&self.sources)).map(|other| other.what)
    }

    /// Whether a refresh under this tracking leaves no doubt which source rows have changed since: all of them are marked,
    /// or none are.
    pub fn is_sure(&self, tracking: Option<&str>) -> bool {
        match (&self.tracking, tracking) {
            (Some(now), Some(then)) => now.fingerprint == then && now.is_complete(),
            (now, then) => now.is_none() && then.is_none(),
        }
    }
}

words!(
    /// Why the newest row of a subject may not be trusted, the first of these that holds.
    Because {
        /// The newest row is not that of the newest bar.
        Rows = "rows behind bars",
        /// What the rows depend on has changed, and no refresh has followed.
        Changed = "changes not refreshed",
        /// The next bar is late, by the rhythm of the bars.
        Silent = "feed silent",
        /// The newest row is older than `pg_regime.max_age`.
        Old = "older than max_age",
    }
);

/// Whether one of these holds, `None` where that is unknown, and the first that does.
pub fn stale_because<const N: usize>(
    reasons: [(Because, Option<bool>); N],
) -> (Option<bool>, Option<Because>) {
    let because = reasons.iter().find(|(_, holds)| *holds == Some(true)).map(|(because, _)| *because);
    let is_known = reasons.iter().all(|(_, holds)| holds.is_some());
    (because.map(|_| true).or(is_known.then_some(false)), because)
}

/// Whether a row of a moment, in microseconds since 2000, is now older than `pg_regime.max_age`.
pub fn is_too_old(row: i64) -> bool {
    let is_finite = row != i64::MIN && row != i64::MAX;
    settings::max_age().is_some_and(|limit| !is_finite || session::now().saturating_sub(row) > limit)
}

/// How fresh a subject is. Moments are microseconds since 2000.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    /// The asset, where the subject is one.
    pub id: Option<i32>,
    /// The name of any other subject.
    pub name: String,
    pub newest_source: Option<i64>,
    pub newest_row: Option<i64>,
    /// The number of source rows after the newest row, up to the limit of the count.
    pub behind: i64,
    /// Whether source rows changed since the last refresh, as far as changes are tracked.
    pub marked: bool,
    /// What else the rows depend on and has changed since, each after "the".
    pub changed: Vec<&'static str>,
    /// Whether source rows may have changed since without a mark, though changes are marked now or were then.
    pub unsure: bool,
    /// Whether the source has no row for the newest row any more, which a refresh would delete.
    pub ahead: bool,
    /// When the bar after the newest one was due, where that is over and the feed is silent.
    pub silent: Option<i64>,
    /// Whether the user has taken the subject out, so that no bars are expected.
    pub is_retired: bool,
    /// The version that the newest row was computed with.
    pub version: Option<String>,
    /// Why a refresh with the arguments that the subject keeps would fail.
    pub refused: Option<Error>,
    /// The statement that shows the versions of the rows, where the arguments that they were computed with are not known: a
    /// refresh with other arguments would rewrite them.
    pub lost: Option<String>,
    /// The statement that refreshes the subject.
    pub command: String,
    /// The arguments of the statement after the subject, each after a comma.
    pub arguments: String,
    pub last: Last,
}

/// How the last refreshes of a subject ended, as far as the run log tells.
#[derive(Clone, Debug, Default)]
pub struct Last {
    /// When the last successful refresh finished.
    pub success: Option<i64>,
    /// When the last failed refresh finished, and its error.
    pub error: Option<i64>,
    pub message: Option<String>,
    pub sqlstate: Option<String>,
    pub hint: Option<String>,
}

impl Fresh {
    /// Whether the newest row may not be trusted, `None` where that is unknown, and why.
    pub fn stale_because(&self) -> (Option<bool>, Option<Because>) {
        let is_changed = self.marked || !self.changed.is_empty();
        stale_because([
            (Because::Rows, Some(self.behind > 0 || self.ahead)),
            (Because::Changed, (is_changed || !self.unsure).then_some(is_changed)),
            (Because::Silent, Some(self.silent.is_some())),
            (Because::Old, Some(self.newest_row.is_some_and(is_too_old))),
        ])
    }

    /// [`Fresh::stale_because`] without why.
    pub fn is_stale(&self) -> Option<bool> {
        self.stale_because().0
    }

    /// Whether the stored rows are not what a refresh would make of the source; `None` where this is unknown.
    pub fn is_behind(&self) -> Option<bool> {
        let is_behind = self.behind > 0 || self.marked || !self.changed.is_empty() || self.ahead;
        (is_behind || !self.unsure).then_some(is_behind)
    }

    /// The same where row-level security may hide source rows: a hidden row is not a missing one.
    pub fn of_hidden(self) -> Self {
        Self { ahead: false, unsure: true, silent: None, ..self }
    }

    /// The statement to type where the subject is to be refreshed: only shows what there is where a refresh would fail or
    /// would be with other arguments than the last.
    pub fn advice(&self) -> &str {
        let refused = self.refused.as_ref().and_then(|error| error.report().own_hint());
        refused.or(self.lost.as_deref()).unwrap_or(&self.command)
    }

    /// Whether the last refresh failed.
    pub fn is_failing(&self) -> bool {
        self.last.error.is_some() && self.last.error > self.last.success
    }

    /// The time from the newest row to the newest row of the source, in microseconds.
    pub fn lag(&self) -> Option<i64> {
        Some(self.newest_source?.saturating_sub(self.newest_row?).max(0))
    }

    /// Why the subject is stale, in a sentence; a source row, one and many, in full (daily bar, daily bars) and in
    /// short (bar, bars).
    pub fn complaint(&self, [one, many]: [&str; 2], [short_one, short_many]: [&str; 2]) -> String {
        let (things, short) = if self.behind == 1 { (one, short_one) } else { (many, short_many) };
        match (self.newest_row, self.newest_source) {
            (None, newest) if newest.is_some() || self.behind > 0 => {
                format!("{} {things} and no row yet.", self.behind)
            }
            (Some(row), Some(newest)) if self.behind > 0 => format!(
                "{} {short} behind: newest {short_one} {}, newest row {}.",
                self.behind,
                utc(newest),
                utc(row)
            ),
            (Some(row), newest) if self.ahead => match newest {
                Some(newest) => format!("Rows until {}, but no {one} after {}.", utc(row), utc(newest)),
                None => format!("Rows until {}, but no {one} any more.", utc(row)),
            },
            _ => {
                let rows = self.marked.then_some("source rows");
                let changed: Vec<&str> = rows.into_iter().chain(self.changed.iter().copied()).collect();
                format!("The {} have changed since the last refresh.", changed.join(" and the "))
            }
        }
    }
}

/// How refreshes of a named subject ended.
///
/// # Errors
/// Where the run log cannot be read.
pub fn last(db: Db, system: &System, name: &str) -> Result<Last> {
    let log = work_relation(&settings::target_schema(), RUN_LOG);
    let newest = |condition: &str| {
        format!(
            "SELECT finished_at, message, sqlstate, hint FROM {log} WHERE system = $1 AND subject = $2 AND status {condition} \
             ORDER BY run DESC LIMIT 1"
        )
    };
    let args = || [arg(system.name), arg(subject(name))];
    let finished = |row: &Row| Ok(row.get::<Micros>("finished_at")?.0);
    let success = db.first(&newest("<> 'failed'"), &args(), Sees::Snapshot, finished)?;
    let failed = db.first(&newest("= 'failed'"), &args(), Sees::Snapshot, |row| {
        Ok(Last {
            success,
            error: Some(finished(row)?),
            message: row.get("message")?,
            sqlstate: row.get("sqlstate")?,
            hint: row.get("hint")?,
        })
    })?;
    Ok(failed.unwrap_or(Last { success, ..Last::default() }))
}
