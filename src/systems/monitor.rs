//! The state of all systems in one row, for programs that watch: `regime_monitor`.

use pgrx::PgSqlErrorCode;

use regime_core::words;

use crate::output::finding::Severity;
use crate::output::fresh::Fresh;
use crate::output::own::RUN_LOG;
use crate::output::set_up::{self, Flaw};
use crate::output::system::System;
use crate::pg::syscache::relation_oid;
use crate::pg::{
    Db, Micros, Result, Sees, arg, attempt_unless_cancelled, extension_schema, plural, qualified,
    reading_once, settings, spi, utc,
};
use crate::systems::registry::ALL;

words!(
    /// How bad it is; the words are those of Nagios.
    Level {
        /// Nothing is wrong with what can be seen.
        Ok = "ok",
        /// Newest rows may not be trusted, or nothing is known of a system.
        Warning = "warning",
        /// Refreshes fail, or a system cannot be read.
        Critical = "critical",
    }
);

/// Figures over all systems; `None` where a system cannot be seen. Subjects that the user has taken out do not count.
pub struct Monitor {
    pub level: Level,
    /// One line.
    pub text: String,
    /// The number of assets, series and symbols.
    pub subjects: Option<i64>,
    /// Those whose newest row may not be trusted.
    pub stale: Option<i64>,
    /// Those whose feed is silent.
    pub silent: Option<i64>,
    /// Those whose last refresh failed.
    pub failing: Option<i64>,
    /// The earliest of the last successes of all subjects, in microseconds since 2000.
    pub oldest_success: Option<i64>,
    /// The number of keys with changes that are marked.
    pub marks: Option<i64>,
    /// The number of assets that wait in rounds.
    pub waiting: Option<i64>,
    /// Why something cannot be seen, each with its system.
    pub not_seen: Vec<String>,
}

/// A figure: the sum of what is seen, and whether everything is.
#[derive(Clone, Copy)]
struct Sum {
    seen: i64,
    is_whole: bool,
}

impl Sum {
    const NOTHING: Self = Self { seen: 0, is_whole: true };

    fn add(&mut self, figure: Option<i64>) {
        self.seen += figure.unwrap_or_default();
        self.is_whole &= figure.is_some();
    }

    fn whole(self) -> Option<i64> {
        self.is_whole.then_some(self.seen)
    }
}

/// What one system says.
#[derive(Default)]
struct Seen {
    subjects: Option<i64>,
    stale: Option<i64>,
    silent: Option<i64>,
    failing: Option<i64>,
    oldest_success: Option<i64>,
}

impl Seen {
    fn of(all: &[Fresh]) -> Self {
        let active: Vec<&Fresh> = all.iter().filter(|fresh| !fresh.is_retired).collect();
        let count = |is: fn(&Fresh) -> bool| Some(active.iter().filter(|fresh| is(fresh)).count() as i64);
        Self {
            subjects: count(|_| true),
            stale: count(|fresh| fresh.is_stale() == Some(true)),
            silent: count(|fresh| fresh.silent.is_some()),
            failing: count(Fresh::is_failing),
            oldest_success: active.iter().filter_map(|fresh| fresh.last.success).min(),
        }
    }

    /// What the run log alone tells, for a role that may not read the sources.
    fn of_log(db: Db, name: &str) -> Result<Self> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE l.failed > coalesce(l.done, 0)) AS failing, min(l.success) AS success FROM \
             (SELECT max(g.run) FILTER (WHERE g.status = 'failed') AS failed, max(g.run) FILTER (WHERE g.status <> 'failed') AS done, \
               max(g.finished_at) FILTER (WHERE g.status <> 'failed') AS success FROM {} AS g \
             WHERE g.system = $1 AND (g.id IS NOT NULL OR g.subject IS NOT NULL) GROUP BY coalesce(g.id::text, g.subject)) AS l",
            qualified(&settings::target_schema(), RUN_LOG)
        );
        db.one(&sql, &[arg(name)], Sees::Snapshot, |row| {
            Ok(Self {
                failing: Some(row.get("failing")?),
                oldest_success: row.get::<Option<Micros>>("success")?.map(|at| at.0),
                ..Self::default()
            })
        })
    }
}

/// The state of all systems that are set up.
///
/// # Errors
/// Where the catalogs cannot be read; what else cannot be read is not seen.
pub fn monitor() -> Result<Monitor> {
    reading_once(|| spi::connect(of_all))
}

fn of_all(db: Db) -> Result<Monitor> {
    let schema = settings::target_schema();
    let [mut subjects, mut stale, mut silent, mut failing, mut marks, mut waiting] = [Sum::NOTHING; 6];
    let (mut oldest_success, mut not_seen, mut is_broken) = (None, Vec::new(), false);
    let own = extension_schema(db)?;
    let mut counted = Vec::new();
    let (mut errors, mut is_any) = (0, false);
    for registered in ALL {
        let system = registered.system;
        if let Some(flaw) = set_up::flaw(db, &schema, system)? {
            let problem = match flaw {
                Flaw::Altered(error) => Some(error.report().message.clone()),
                Flaw::Missing => has_part(system, &schema).then(|| "tables are missing".to_owned()),
            };
            is_broken |= problem.is_some();
            is_any |= problem.is_some();
            not_seen.extend(problem.map(|problem| format!("{}: {problem}", system.name)));
            continue;
        }
        is_any = true;
        let seen = match attempt_unless_cancelled(|| (registered.fresh)(db)) {
            Ok(all) => {
                // What fails before any asset does is in no log.
                let found =
                    registered.findings.iter().map(|check| attempt_unless_cancelled(|| check(db, &own)));
                let found = found.flatten().flatten();
                errors += found.filter(|finding| finding.severity == Severity::Error).count();
                Seen::of(&all)
            }
            Err(error) => {
                let report = error.report();
                is_broken |= report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE;
                not_seen.push(format!("{}: {}", system.name, report.message));
                attempt_unless_cancelled(|| Seen::of_log(db, system.name)).unwrap_or_default()
            }
        };
        subjects.add(seen.subjects);
        stale.add(seen.stale);
        silent.add(seen.silent);
        failing.add(seen.failing);
        oldest_success = oldest_success.into_iter().chain(seen.oldest_success).min();
        // Two systems can share their marks.
        if let Some(all) = system.marks.filter(|marks| !counted.contains(&marks.few)) {
            counted.push(all.few);
            marks.add(attempt_unless_cancelled(|| count(db, &all.all(&schema))).ok());
        }
        waiting.add(attempt_unless_cancelled(|| (registered.waiting)(db)).ok());
    }
    let level = match () {
        () if is_broken || errors > 0 || failing.seen > 0 => Level::Critical,
        // Where nothing is set up, or not even the log can be read, nothing is known.
        () if !is_any || stale.seen > 0 || silent.seen > 0 || !failing.is_whole => Level::Warning,
        () => Level::Ok,
    };
    let figures =
        [subjects, stale, silent, failing].map(|sum| (sum.is_whole || sum.seen > 0).then_some(sum.seen));
    let figures = if is_any { figures } else { [None; 4] };
    let text = told(level, figures, oldest_success, &not_seen, errors);
    Ok(Monitor {
        level,
        text,
        subjects: subjects.whole(),
        stale: stale.whole(),
        silent: silent.whole(),
        failing: failing.whole(),
        oldest_success,
        marks: marks.whole(),
        waiting: waiting.whole(),
        not_seen,
    })
}

/// Whether a system has a table of its own, beside the run log, which all systems share.
fn has_part(system: &System, schema: &str) -> bool {
    let tables = system.relations(schema).into_iter().filter(|(_, name)| *name != RUN_LOG);
    tables.into_iter().any(|(schema, name)| relation_oid(&schema, name).is_some())
}

fn count(db: Db, sql: &str) -> Result<i64> {
    db.one(&format!("SELECT count(*) FROM ({sql}) AS m"), &[], Sees::Snapshot, |row| row.only())
}

/// The line: the level as Nagios writes it, then the figures that are known.
fn told(
    level: Level,
    [subjects, stale, silent, failing]: [Option<i64>; 4],
    oldest_success: Option<i64>,
    not_seen: &[String],
    errors: usize,
) -> String {
    let figure = |n: Option<i64>, what: &str| n.map(|n| format!("{n} {what}"));
    let of = subjects.map(|n| format!(" of {n}")).unwrap_or_default();
    let mut parts: Vec<String> = [
        figure(failing, "failing"),
        figure(stale, "stale").map(|stale| stale + &of),
        figure(silent, "silent"),
        oldest_success.map(|at| format!("oldest success {}", utc(at))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if errors > 0 {
        parts.push(format!("{errors} {} in regime_health()", plural(errors as u64, "error")));
    }
    if !not_seen.is_empty() {
        let n = not_seen.len();
        parts.push(format!("{n} {} not seen", plural(n as u64, "system")));
    }
    if parts.is_empty() {
        parts.push("nothing is set up".to_owned());
    }
    format!("{}: {}", level.as_str().to_uppercase(), parts.join(", "))
}
