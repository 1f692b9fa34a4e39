//! What is wrong with one asset, series or symbol, for `regime_health`.

use crate::output::finding::{Finding, Kind, Severity, Subject, Together};
use crate::output::fresh::{Because, Fresh, Last};
use crate::output::system::System;
use crate::pg::{Error, utc};
use crate::systems::registered::{Registered, Wording};

/// The subjects of a system, and what findings about them share.
pub struct Subjects<'a> {
    system: &'static System,
    wording: &'a Wording,
    /// The quoted schema of the extension.
    own: &'a str,
    /// Whether one refresh without a list of subjects is right for all of them.
    is_alike: bool,
}

impl<'a> Subjects<'a> {
    /// These subjects of a system; `own` is the quoted schema of the extension.
    pub fn new(registered: &'a Registered, own: &'a str, all: &[Fresh]) -> Self {
        let Registered { system, wording, .. } = registered;
        let is_alike = |fresh: &Fresh| {
            // A refresh of all assets leaves out those that are not active.
            let is_in_all = fresh.id.is_none() || !fresh.is_retired;
            is_in_all && fresh.lost.is_none() && fresh.arguments == all[0].arguments
        };
        Self { system, wording, own, is_alike: all.iter().all(is_alike) }
    }

    /// The findings about a subject; `is_tracked` says that every source is tracked.
    pub fn findings(&self, fresh: &Fresh, is_tracked: bool) -> Vec<Finding> {
        let unmarked = if is_tracked { self.unmarked(fresh) } else { None };
        let of_rows = [self.failing(fresh), self.stale(fresh), self.refused(fresh), self.lost(fresh)];
        let of_times = [self.silent(fresh), self.old(fresh), unmarked];
        of_rows.into_iter().chain(of_times).flatten().collect()
    }

    fn finding(&self, severity: Severity, what: Kind, fresh: &Fresh, detail: &str) -> Finding {
        let detail = if fresh.id.is_some() { detail.to_owned() } else { format!("{}: {detail}", fresh.name) };
        Finding::of(severity, what, subject(fresh), detail)
    }

    /// The finding with the refresh of the subject, which may refresh others of the kind as well.
    fn refreshed(&self, finding: Finding, fresh: &Fresh) -> Finding {
        let map = format!("SELECT * FROM {}.regime_source;", self.own);
        let otherwise = if fresh.refused.is_some() { &map } else { &fresh.command };
        let finding = finding.hinted(Some(fresh.advice()), otherwise);
        let is_refresh = finding.command.as_ref() == Some(&fresh.command);
        let together = if is_refresh { self.together(finding.what, fresh) } else { None };
        Finding { together, ..finding }
    }

    /// The refresh of several subjects of a finding, with the arguments that they keep.
    fn together(&self, what: Kind, fresh: &Fresh) -> Option<Together> {
        let Self { own, system, .. } = self;
        // The days of a symbol are stored by a call for that symbol.
        system.marks?;
        let arguments = &fresh.arguments;
        let refresh = format!("SELECT * FROM {own}.refresh_{}(", system.name);
        let of_all = format!("{refresh}{});", arguments.strip_prefix(", ").unwrap_or_default());
        let of_all = self.is_alike.then_some(of_all);
        match fresh.id {
            Some(id) => Some(Together::of_assets([own, what.as_str()], [&refresh, arguments], id, of_all)),
            None => of_all.map(Together::whole),
        }
    }

    /// A subject whose last refresh failed.
    fn failing(&self, fresh: &Fresh) -> Option<Finding> {
        let Last { message, sqlstate, hint, .. } = &fresh.last;
        let code = sqlstate.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let detail = format!("{}{code}", message.as_deref().unwrap_or_default());
        let finding = || self.finding(Severity::Error, self.wording.failing, fresh, &detail);
        fresh.is_failing().then(|| self.refreshed(finding(), fresh).foreign(hint.as_deref()))
    }

    /// A subject whose rows are not what a refresh would make.
    fn stale(&self, fresh: &Fresh) -> Option<Finding> {
        let detail = || fresh.complaint(self.wording.made_of, self.wording.made_of_short);
        let finding = || self.finding(Severity::Warning, self.wording.stale, fresh, &detail());
        (fresh.is_behind() == Some(true)).then(|| self.refreshed(finding(), fresh))
    }

    /// A subject whose refresh with the arguments that it keeps would fail.
    fn refused(&self, fresh: &Fresh) -> Option<Finding> {
        let error: &Error = fresh.refused.as_ref()?;
        let unusable = unusable(Kind::RefusedArguments, self.own, error);
        let named = self.finding(unusable.severity, unusable.what, fresh, &unusable.detail);
        Some(Finding { subject: named.subject, detail: named.detail, ..unusable })
    }

    /// A subject with rows of other arguments than the defaults, and without a state that keeps these.
    fn lost(&self, fresh: &Fresh) -> Option<Finding> {
        let detail = format!(
            "{}: last refreshed with arguments that are not the defaults and that nothing keeps any more. A refresh with the arguments \
             of the job that made the rows keeps the rows; any other refresh rewrites them.",
            self.system.name
        );
        let command = fresh.lost.clone()?;
        Some(Finding::of(Severity::Warning, Kind::UnknownArguments, subject(fresh), detail).typed(command))
    }

    /// A subject whose next bar is late, unless the user has taken it out.
    fn silent(&self, fresh: &Fresh) -> Option<Finding> {
        let (newest, due) = (fresh.newest_source?, fresh.silent.filter(|_| !fresh.is_retired)?);
        let [one, _] = self.wording.made_of;
        let (newest_told, due_told) = (utc(newest), utc(due));
        let feed = if fresh.id.is_some() { "Feed" } else { "feed" };
        let detail = match newest <= due {
            true => format!(
                "{feed} silent since {newest_told}, the newest {one}; the next was due by {due_told}."
            ),
            false => format!(
                "{feed} silent: a {one} was due by {due_told}, and the newest is of the future, of {newest_told}."
            ),
        };
        let finding = self.finding(Severity::Warning, Kind::FeedSilent, fresh, &detail);
        let command = self.wording.newest(self.own, &fresh.name);
        Some(Finding { rank: newest, ..finding.typed(command) })
    }

    /// A subject whose newest row is older than `pg_regime.max_age`, and that is all that is wrong with it.
    fn old(&self, fresh: &Fresh) -> Option<Finding> {
        if fresh.stale_because().1 != Some(Because::Old) {
            return None;
        }
        let newest = fresh.newest_row?;
        let row = if fresh.id.is_some() { "The newest row" } else { "the newest row" };
        let detail = format!("{row}, of {}, is older than pg_regime.max_age.", utc(newest));
        let finding = self.finding(Severity::Warning, Kind::OldRows, fresh, &detail);
        let command = self.wording.newest(self.own, &fresh.name);
        Some(Finding { rank: newest, ..finding.typed(command) })
    }

    /// A subject whose last refresh was not under the tracking of now.
    fn unmarked(&self, fresh: &Fresh) -> Option<Finding> {
        if fresh.is_behind().is_some() || fresh.refused.is_some() || fresh.lost.is_some() {
            return None;
        }
        let detail = format!(
            "{}: last refreshed before changes were marked as now; an earlier change may have left no mark.",
            self.system.name
        );
        let finding = Finding::of(Severity::Info, Kind::UnknownChanges, subject(fresh), detail);
        Some(self.refreshed(finding, fresh))
    }
}

fn subject(fresh: &Fresh) -> Subject {
    fresh.id.map_or_else(|| Subject::Named(fresh.name.clone()), Subject::Asset)
}

/// What cannot be used, by the error of it.
pub fn unusable(what: Kind, own: &str, error: &Error) -> Finding {
    let report = error.report();
    let finding = Finding::of(Severity::Error, what, Subject::All, report.message.clone());
    match (report.own_hint(), report.hint.as_deref()) {
        (None, None) => finding,
        (hint, any) => {
            let foreign = any.filter(|_| hint.is_none());
            finding.hinted(hint, &format!("SELECT * FROM {own}.regime_source;")).foreign(foreign)
        }
    }
}
