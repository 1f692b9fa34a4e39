//! What is wrong in any system: `regime_health`, a row for each kind of finding, and `regime_health_details`, a row for each
//! finding.

use crate::output::finding::{Finding, Kind, Severity, Subject, Together};
use crate::output::grants::with_grants;
use crate::output::set_up::Flaw;
use crate::output::summary::{self, Row};
use crate::output::system::System;
use crate::output::{grants, set_up};
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt_unless_cancelled, catalog, invalid_parameter, lock, lock::Key,
    qualified, quote_literal, quoted, reading_once, session, settings, shortened, spi,
    syscache::relation_oid, utc,
};
use crate::systems::distribute;
use crate::systems::registered::Registered;
use crate::systems::registry::ALL;
use crate::systems::subjects::{Subjects, unusable};
use crate::systems::tracking;
use crate::track::triggers;
use crate::track::untrackable::{Untrackable, why_untrackable};

/// All findings, the worst first, each with the number of its system in the registry.
fn check(db: Db, own: &str) -> Result<Vec<(usize, Finding)>> {
    let mut findings = Vec::new();
    for (system, registered) in ALL.iter().enumerate() {
        findings.extend(of_system(db, registered, own)?.into_iter().map(|finding| (system, finding)));
    }
    let layout = part(ALL[0].system, own, || distribute::findings(db, own));
    findings.extend(layout.into_iter().map(|finding| (0, finding)));
    findings.sort_by(|(_, a), (_, b)| {
        let key = |f: &Finding| (f.severity, f.what, f.subject.clone());
        key(a).cmp(&key(b)).then_with(|| a.detail.cmp(&b.detail))
    });
    // Several systems can tell of one source.
    findings.dedup_by(|(_, a), (_, b)| a.is_like(b));
    Ok(findings)
}

fn of_system(db: Db, registered: &Registered, own: &str) -> Result<Vec<Finding>> {
    let system = registered.system;
    let mut findings = Vec::new();
    let flaw = set_up::flaw(db, &settings::target_schema(), system)?;
    let set_up = flaw.is_none();
    let source = attempt_unless_cancelled(|| (registered.untracked)(db));
    match flaw {
        None => {}
        Some(Flaw::Altered(error)) => {
            findings.push(unusable(Kind::AlteredTable, own, &error));
        }
        Some(Flaw::Missing) if !is_needed(db, registered)? && !matches!(source, Ok(Some(_))) => {
            return Ok(findings);
        }
        Some(Flaw::Missing) => findings.push(not_set_up(db, registered, own)),
    }
    findings.extend(part(system, own, || waits(db, registered)));
    let is_readable = source.is_ok();
    let is_tracked = matches!(&source, Ok(Some(untracked)) if untracked.is_empty());
    match source {
        Err(error) => findings.push(unusable(Kind::SourceMap, own, &error)),
        Ok(_) if !set_up => {}
        Ok(untracked) => {
            let untracked = untracked.filter(|untracked| !untracked.is_empty());
            findings.extend(
                untracked.into_iter().flat_map(|untracked| {
                    part(system, own, || self::untracked(db, registered, own, untracked))
                }),
            );
        }
    }
    if set_up {
        findings.extend(of_rows(db, registered, own, is_readable, is_tracked));
    }
    Ok(findings)
}

/// Whether the tables of a system must exist: those of the default system, unless another system is in use.
fn is_needed(db: Db, registered: &Registered) -> Result<bool> {
    let mut is_needed = registered.is_default;
    for other in ALL.iter().filter(|other| !other.is_default) {
        is_needed &= !set_up::is_set_up(db, &settings::target_schema(), other.system)?;
    }
    Ok(is_needed)
}

fn not_set_up(db: Db, registered: &Registered, own: &str) -> Finding {
    let schema = settings::target_schema();
    let setup = format!("SELECT * FROM {own}.regime_setup({});", quote_literal(&schema));
    let severity = if registered.is_default { Severity::Error } else { Severity::Info };
    let detail = format!(
        "Tables of {} are missing in schema {}, or not of this version.",
        registered.system.name,
        quoted(&schema)
    );
    // What regime_setup would refuse comes first.
    let error = attempt_unless_cancelled(|| check_may_set_up(db, &schema)).err();
    let hint = error.as_ref().and_then(|error| error.report().own_hint());
    Finding::of(severity, Kind::NotSetUp, Subject::All, detail).hinted(hint, &setup)
}

/// Checks that `regime_setup`, which sets up every system, would not be refused.
fn check_may_set_up(db: Db, schema: &str) -> Result<()> {
    for registered in ALL {
        set_up::check_may_set_up(db, schema, registered.system)?;
        // What a finished table refers to is in the source map.
        if registered.system.finish.is_some() {
            (registered.untracked)(db)?;
        }
    }
    Ok(())
}

/// The findings about the tables of a system and their rows.
fn of_rows(db: Db, registered: &Registered, own: &str, is_readable: bool, is_tracked: bool) -> Vec<Finding> {
    let system = registered.system;
    let mut findings = part(system, own, || Ok(grants(db, system)?.into_iter().collect()));
    let may_read = findings.iter().all(|finding| finding.severity != Severity::Error);
    if may_read && is_readable {
        findings.extend(part(system, own, || {
            let all = (registered.fresh)(db)?;
            let subjects = Subjects::new(registered, own, &all);
            Ok(all.iter().flat_map(|fresh| subjects.findings(fresh, is_tracked)).collect())
        }));
        for find in registered.findings {
            findings.extend(part(system, own, || find(db, own)));
        }
    }
    findings.extend(part(system, own, || Ok(owners(db, system, own).into_iter().collect())));
    findings.extend(part(system, own, || bloat(db, system)));
    findings
}

/// The findings of one check. A check that fails is a finding too, and hides no other: health is asked for when
/// something is wrong.
fn part(system: &System, own: &str, find: impl FnOnce() -> Result<Vec<Finding>>) -> Vec<Finding> {
    attempt_unless_cancelled(find).unwrap_or_else(|error| {
        let error = with_grants(error, system, &settings::target_schema());
        vec![of_system_named(system, unusable(Kind::FailedCheck, own, &error))]
    })
}

/// The finding with the system in its detail.
fn of_system_named(system: &System, finding: Finding) -> Finding {
    Finding { detail: format!("{}: {}", system.name, finding.detail), ..finding }
}

/// Sources whose changes are not marked, as far as the user can do something about it.
fn untracked(db: Db, registered: &Registered, own: &str, untracked: Vec<String>) -> Result<Vec<Finding>> {
    let Registered { system, wording, .. } = registered;
    let schema = settings::target_schema();
    let finding = |relation: &str, why: &str| {
        let detail = format!(
            "Changes of {relation} are not marked: each refresh reads all rows of {}.{why}",
            wording.untracked
        );
        Finding::of(Severity::Info, Kind::UntrackedSource, Subject::Named(relation.to_owned()), detail)
    };
    // A role that may not read every source is told nothing of the triggers on them.
    let watched = attempt_unless_cancelled(|| (registered.watched)(db, &schema)).unwrap_or_default();
    let (mut can_be, mut findings) = (Vec::new(), Vec::new());
    for relation in untracked {
        let watched = watched.iter().find(|watched| watched.relation == relation);
        match watched.map_or(Ok(None), |watched| why_untrackable(db, watched))? {
            None => can_be.push(relation),
            Some(Untrackable { is_for_good: true, .. }) => {}
            Some(Untrackable { what, why, hint, .. }) => {
                let reason = format!(" {what} and cannot be tracked. {why}");
                let reason = format!("{}.", reason.trim_end_matches([' ', '.']));
                let map = format!("SELECT * FROM {own}.regime_source;");
                findings.push(finding(&relation, &reason).hinted(Some(&hint), &map));
            }
        }
    }
    if can_be.is_empty() {
        return Ok(findings);
    }
    // Triggers may leave the marks of two systems.
    let of_triggers = watched.iter().flat_map(|watched| triggers::kept(&schema, watched).all_marks());
    let mut lossy = None;
    for marks in system.marks.into_iter().chain(of_triggers) {
        lossy = lossy.or(tracking::lossy(db, &schema, marks)?);
    }
    let powerless = || attempt_unless_cancelled(|| tracking::powerless(db, &schema, &watched)).ok().flatten();
    let refused = lossy.or_else(powerless);
    let report = refused.as_ref().map(Error::report);
    let why = report.map(|report| format!(" {}", report.detail.as_deref().unwrap_or_default()));
    let track = format!("SELECT * FROM {own}.regime_track();");
    let hint = report.and_then(|report| report.own_hint());
    let of_relation =
        |relation: &String| finding(relation, why.as_deref().unwrap_or_default()).hinted(hint, &track);
    findings.extend(can_be.iter().map(of_relation));
    Ok(findings)
}

/// The privileges that the current role lacks to refresh; an error if the role cannot even read.
fn grants(db: Db, system: &System) -> Result<Option<Finding>> {
    let (schema, user) = (settings::target_schema(), session::current_user());
    let missing = grants::missing(db, system, &schema)?;
    Ok((!missing.is_empty()).then(|| {
        let severity = if missing.may_read { Severity::Info } else { Severity::Error };
        let detail = format!("Role {user} may not {}, and so cannot refresh.", missing.told());
        Finding::of(severity, Kind::MissingGrants, Subject::All, detail)
            .typed(missing.grants(system, &schema, &user))
    }))
}

/// Refreshes that wait for a lock, and who holds the lock: any role that may connect can take an advisory lock.
fn waits(db: Db, registered: &Registered) -> Result<Vec<Finding>> {
    let (schema, mut findings) = (settings::target_schema(), Vec::new());
    for wait in lock::waits(db)? {
        let Some((asset, what)) = locked(db, registered, &schema, wait.key)? else { continue };
        let since = wait.since.map(|since| format!(" since {}", utc(since))).unwrap_or_default();
        let (holder, command) = match (wait.holder, wait.holder_user) {
            (0, _) => ("a prepared transaction".to_owned(), "SELECT * FROM pg_prepared_xacts;".to_owned()),
            (pid, user) => (
                format!("process {pid} of role {}", user.as_deref().unwrap_or("?")),
                format!("SELECT pg_terminate_backend({pid});"),
            ),
        };
        let severity = if wait.is_long { Severity::Warning } else { Severity::Info };
        let detail = format!(
            "Process {} of role {} waits{since} for the lock of {what}, {}.",
            wait.pid,
            wait.user,
            if wait.is_direct {
                format!("which {holder} holds")
            } else {
                format!("whose holder waits for {holder}")
            }
        );
        let subject = asset.map_or(Subject::Named(what), Subject::Asset);
        findings.push(Finding::of(severity, Kind::Waiting, subject, detail).typed(command));
    }
    Ok(findings)
}

/// What a lock keeps others from doing, if it is one of the system.
fn locked(db: Db, registered: &Registered, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
    match key {
        Key::Table(oid) => {
            let relations = registered.system.relations(schema);
            let mut own = relations.iter().filter(|(schema, name)| relation_oid(schema, name) == Some(oid));
            Ok(own.next().map(|(schema, name)| (None, qualified(schema, name))))
        }
        Key::Name(name) if lock::named(db, name, vec![lock::of_schema(schema)])?.is_some() => {
            Ok(Some((None, format!("the tables in schema {}", quoted(schema)))))
        }
        _ => (registered.locked)(db, schema, key),
    }
}

/// A table of another role, which the current role would not write to.
fn owners(db: Db, system: &System, own: &str) -> Option<Finding> {
    let error = system.check_owners(db, &settings::target_schema()).err()?;
    Some(Finding {
        severity: Severity::Warning,
        ..of_system_named(system, unusable(Kind::ForeignOwner, own, &error))
    })
}

/// Tables with more dead rows than live ones, and more than 10,000; partitions and chunks are summed up.
fn bloat(db: Db, system: &System) -> Result<Vec<Finding>> {
    let schema = settings::target_schema();
    let sql = "SELECT c.oid::regclass::text AS relation, s.live, s.dead FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL (SELECT sum(pg_stat_get_live_tuples(p.oid))::int8 AS live, sum(pg_stat_get_dead_tuples(p.oid))::int8 AS dead \
           FROM (SELECT c.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) \
             UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AS p (oid)) AS s \
         JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (schema, relation) \
           ON n.nspname = w.schema::name AND c.relname = w.relation::name \
         WHERE s.dead > 10000 AND s.dead > s.live ORDER BY 1";
    let (schemas, names): (Vec<String>, Vec<&str>) = system.relations(&schema).into_iter().unzip();
    db.all(sql, &[arg(schemas), arg(names)], Sees::Snapshot, |row| {
        let relation: String = row.get("relation")?;
        let (live, dead): (i64, i64) = (row.get("live")?, row.get("dead")?);
        let detail = format!("{relation} has {dead} dead rows beside {live} live ones.");
        let vacuum = |relations: &str| format!("VACUUM (ANALYZE) {relations};");
        let together = Together {
            around: ["VACUUM (ANALYZE) ", ", ", ";"].map(str::to_owned),
            of_many: vacuum(""),
            member: relation.clone(),
        };
        let subject = Subject::Named(relation.clone());
        let finding = Finding::of(Severity::Warning, Kind::BloatedTable, subject, detail);
        Ok(Finding { together: Some(together), ..finding.typed(vacuum(&relation)) })
    })
}

/// Most bytes of a detail, which may name anything that users named.
const MOST: usize = 1000;

/// The findings about all systems, the worst first: of a kind, or all.
///
/// # Errors
/// An unknown kind, and where the extension's schema or the catalogs cannot be read; any other error is a finding.
pub fn details(kind: Option<&str>) -> Result<Vec<Finding>> {
    let kind = kind.map(known).transpose()?;
    let all = reading_once(|| spi::connect(|db| check(db, &catalog::extension_schema(db)?)))?;
    let of_kind = all.into_iter().map(|(_, finding)| finding);
    let of_kind = of_kind.filter(|finding| kind.is_none_or(|kind| finding.what == kind));
    Ok(of_kind.map(|finding| Finding { detail: shortened(finding.detail, MOST), ..finding }).collect())
}

fn known(kind: &str) -> Result<Kind> {
    if let Some(kind) = Kind::parse(kind) {
        return Ok(kind);
    }
    let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Err(invalid_parameter(format!("unknown kind of finding \"{kind}\""))
        .detail(format!("The kinds are: {}.", all.join(", ")))
        .hint(format!(
            "SELECT DISTINCT what FROM {}.regime_health_details();",
            spi::connect(catalog::extension_schema)?
        )))
}

/// All findings summed up.
///
/// # Errors
/// Where the extension's schema or the catalogs cannot be read; any other error is a finding.
pub fn health() -> Result<Vec<Row>> {
    let all = reading_once(|| {
        spi::connect(|db| {
            let own = catalog::extension_schema(db)?;
            Ok(summary::rows(check(db, &own)?, &own))
        })
    })?;
    Ok(all.into_iter().map(|row| Row { detail: shortened(row.detail, MOST), ..row }).collect())
}
