//! The run log of all systems: what each refresh did with which subjects, and what went wrong.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::output::entry::{Began, Entry, Status};
use crate::output::grants::with_grants;
use crate::output::own::RUN_LOG;
use crate::output::system::System;
use crate::pg::{
    Db, Result, arg, attempt, owner, report_warning, session, settings, sqlstate, syscache, timestamps_arg,
    work_relation, work_schema,
};
use crate::sync::compare::Written;

/// How often a session deletes old entries.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// The most characters of a subject in the log, which has an index on the subject.
const MOST_CHARACTERS: usize = 500;

thread_local! {
    static PRUNED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The name of a subject as the log has it: its first characters.
pub fn subject(name: &str) -> String {
    name.chars().take(MOST_CHARACTERS).collect()
}

/// A refresh call that runs.
pub struct Run<'a> {
    system: &'a System,
    began: Began,
}

impl<'a> Run<'a> {
    /// Begins a call now.
    pub fn begin(system: &'a System) -> Self {
        Self { system, began: Began::now() }
    }

    /// Writes the call and its subjects into the log, and deletes old entries. Best effort: if the log cannot be written,
    /// a WARNING is raised and the rows are kept.
    pub fn end<'e>(&self, db: Db, schema: &str, version: &str, entries: impl Iterator<Item = &'e Entry>) {
        let entries: Vec<&Entry> = entries.collect();
        if let Err(error) = attempt(|| self.log(db, schema, version, &entries)) {
            let error = with_grants(error, self.system, schema);
            report_warning(&format!("this refresh is missing in {RUN_LOG}"), &error, None);
        }
    }

    fn log(&self, db: Db, schema: &str, version: &str, entries: &[&Entry]) -> Result<()> {
        let days = settings::run_log_days();
        if days == 0 {
            return Ok(());
        }
        let log = work_relation(schema, RUN_LOG);
        owner::hold_for_writing(db, &[(work_schema(schema), RUN_LOG)])?;
        self.write(db, &log, version, entries)?;
        if PRUNED.get().is_none_or(|at| at.elapsed() > PRUNE_EVERY) {
            PRUNED.set(Some(Instant::now()));
            // The newest failure of a subject stays, however old.
            let later = |same: &str| {
                format!(
                    "EXISTS (SELECT FROM {log} AS n WHERE {same} AND n.status = 'failed' AND n.run > g.run)"
                )
            };
            let old = format!(
                "DELETE FROM {log} AS g WHERE g.finished_at < now() - $1 * interval '1 day' AND CASE \
                 WHEN g.status <> 'failed' OR g.id IS NULL AND g.subject IS NULL THEN true \
                 WHEN g.id IS NULL THEN {} ELSE {} END",
                later("n.system = g.system AND n.subject = g.subject"),
                later("n.id = g.id")
            );
            // A role that may not delete leaves old entries to a role that may.
            if syscache::may_delete(&work_schema(schema), RUN_LOG) {
                db.doing("trim the run log").execute_small(&old, &[arg(f64::from(days))])?;
            }
        }
        Ok(())
    }

    fn write(&self, db: Db, log: &str, version: &str, entries: &[&Entry]) -> Result<()> {
        let call = self.call(version, entries);
        let all = || [&call].into_iter().chain(entries.iter().copied());
        let ended = |e: &Entry| Some(e.started + (e.elapsed_ms * 1000.0) as i64);
        let report = |e: &Entry| e.error.as_ref().map(|error| error.report().clone());
        let count = |of: fn(&Written) -> u64| arg(all().map(|e| of(&e.written) as i64).collect::<Vec<_>>());
        let sql = format!(
            "INSERT INTO {log} (run, system, id, subject, started_at, finished_at, status, mode, reason, rows_read, inserted, updated, deleted, \
             elapsed_ms, sqlstate, message, hint, regime_version_hash, run_by) SELECT r.run, $1, a.*, $18 \
             FROM (SELECT pg_catalog.nextval(pg_catalog.pg_get_serial_sequence($19, 'run')::regclass) AS run OFFSET 0) AS r, \
             ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::timestamptz[]), \
             pg_catalog.unnest($5::timestamptz[]), pg_catalog.unnest($6::text[]), pg_catalog.unnest($7::text[]), pg_catalog.unnest($8::text[]), \
             pg_catalog.unnest($9::int8[]), pg_catalog.unnest($10::int8[]), pg_catalog.unnest($11::int8[]), pg_catalog.unnest($12::int8[]), \
             pg_catalog.unnest($13::float8[]), pg_catalog.unnest($14::text[]), pg_catalog.unnest($15::text[]), pg_catalog.unnest($16::text[]), pg_catalog.unnest($17::text[])) AS a"
        );
        let args = [
            arg(self.system.name),
            arg(all().map(|e| e.id).collect::<Vec<_>>()),
            arg(all().map(|e| e.name.as_deref().map(subject)).collect::<Vec<_>>()),
            timestamps_arg(all().map(|e| Some(e.started)).collect()),
            timestamps_arg(all().map(ended).collect()),
            arg(all().map(|e| e.status.as_str()).collect::<Vec<_>>()),
            arg(all().map(|e| e.mode.map(|mode| mode.as_str())).collect::<Vec<_>>()),
            arg(all().map(|e| e.reason.clone()).collect::<Vec<_>>()),
            arg(all().map(|e| e.rows_read as i64).collect::<Vec<_>>()),
            count(|w| w.inserted),
            count(|w| w.updated),
            count(|w| w.deleted),
            arg(all().map(|e| e.elapsed_ms).collect::<Vec<_>>()),
            arg(all().map(|e| report(e).map(|r| sqlstate(r.code))).collect::<Vec<_>>()),
            arg(all().map(|e| e.message.clone()).collect::<Vec<_>>()),
            arg(all().map(|e| report(e).and_then(|r| r.hint)).collect::<Vec<_>>()),
            arg(all().map(|e| e.version.clone()).collect::<Vec<_>>()),
            arg(session::current_user()),
            arg(log),
        ];
        db.doing("write the run log").execute_small(&sql, &args).map(|_| ())
    }

    /// The entry of the call as a whole.
    fn call(&self, version: &str, entries: &[&Entry]) -> Entry {
        let mut written = Written::default();
        entries.iter().for_each(|e| written += e.written);
        let count = |status: Status| entries.iter().filter(|e| e.status == status).count();
        let [failed, ok] = [Status::Failed, Status::Ok].map(count);
        Entry {
            status: if failed > 0 {
                Status::Failed
            } else if ok > 0 || written.total() > 0 {
                Status::Ok
            } else {
                Status::Unchanged
            },
            written,
            version: version.to_owned(),
            elapsed_ms: self.began.elapsed_ms(),
            message: Some(format!(
                "{} {}: {ok} ok, {} unchanged, {} empty, {failed} failed",
                entries.len(),
                self.system.subject[usize::from(entries.len() != 1)],
                count(Status::Unchanged),
                count(Status::Empty),
            )),
            rows_read: entries.iter().map(|e| e.rows_read).sum(),
            started: self.began.at(),
            ..Entry::default()
        }
    }
}
