//! What is wrong in any system, each finding with a command: `regime_health`.

use std::collections::BTreeMap;

use crate::output::finding::{Finding, Severity};
use crate::output::fresh::{Because, Fresh, Last};
use crate::output::grants::with_grants;
use crate::output::set_up::Flaw;
use crate::output::system::System;
use crate::output::{grants, set_up};
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt_unless_cancelled, catalog, lock, lock::Key, qualified,
    quote_literal, quoted, reading_once, session, settings, shortened, spi, syscache::relation_oid, utc,
};
use crate::systems::distribute;
use crate::systems::registered::{Registered, Wording};
use crate::systems::registry::ALL;
use crate::systems::tracking;
use crate::track::triggers;
use crate::track::untrackable::{Untrackable, why_untrackable};

/// Most subjects that a finding names.
const MOST_NAMED: usize = 5;

/// All findings, the worst first.
fn check(db: Db) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let own = catalog::extension_schema(db)?;
    for registered in ALL {
        findings.extend(of_system(db, registered, &own)?);
    }
    findings.extend(part(ALL[0].system, &own, || distribute::findings(db, &own)));
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.severity, f.what, f.asset);
        key(a).cmp(&key(b)).then_with(|| a.detail.cmp(&b.detail))
    });
    findings.dedup();
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
            findings.push(unusable("altered table", own, &error));
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
        Err(error) => findings.push(unusable("source map", own, &error)),
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
    let finding = Finding {
        severity: if registered.is_default { Severity::Error } else { Severity::Info },
        what: "not set up",
        asset: None,
        detail: format!(
            "Tables of {} are missing in schema {}, or not of this version.",
            registered.system.name,
            quoted(&schema)
        ),
        command: String::new(),
    };
    // What regime_setup would refuse comes first.
    let error = attempt_unless_cancelled(|| check_may_set_up(db, &schema)).err();
    advised(finding, error.as_ref().map_or(Some(setup.as_str()), |error| error.report().own_hint()), &setup)
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
    let Registered { system, wording, .. } = registered;
    let mut findings = part(system, own, || Ok(grants(db, system)?.into_iter().collect()));
    let may_read = findings.iter().all(|finding| finding.severity != Severity::Error);
    if may_read && is_readable {
        findings.extend(part(system, own, || {
            let all = (registered.fresh)(db)?;
            let unmarked = if is_tracked { unmarked(system, own, &all) } else { Vec::new() };
            Ok(all
                .iter()
                .flat_map(|fresh| of_subject(wording, own, fresh))
                .chain(refused(system, own, &all))
                .chain(lost(system, &all))
                .chain(silent(registered, own, &all))
                .chain(old(registered, own, &all))
                .chain(unmarked)
                .collect())
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
        vec![of_system_named(system, unusable("failed check", own, &error))]
    })
}

/// The finding with the system in its detail.
fn of_system_named(system: &System, finding: Finding) -> Finding {
    Finding { detail: format!("{}: {}", system.name, finding.detail), ..finding }
}

fn unusable(what: &'static str, own: &str, error: &Error) -> Finding {
    let report = error.report();
    let foreign = report.hint.as_deref().filter(|_| report.is_foreign);
    let finding = Finding {
        severity: Severity::Error,
        what,
        asset: None,
        detail: with_hint(report.message.clone(), foreign),
        command: String::new(),
    };
    advised(finding, report.own_hint(), &format!("SELECT * FROM {own}.regime_source;"))
}

/// A detail with the hint of an error that somebody else may have chosen: the code of a view, or who may write to the run log. As
/// words, since a command is typed.
fn with_hint(detail: String, hint: Option<&str>) -> String {
    hint.map_or(detail.clone(), |hint| format!("{}. Hint of the error: {hint}", detail.trim_end_matches('.')))
}

/// The finding with a hint of ours as its command, if the hint is a statement that runs as it stands; any other advice goes to the
/// detail, and the command is another one.
fn advised(mut finding: Finding, hint: Option<&str>, otherwise: &str) -> Finding {
    let is_statement = |hint: &&str| {
        let word = hint.split(' ').next().unwrap_or_default();
        word.len() > 1
            && word.chars().all(|c| c.is_ascii_uppercase())
            && hint.ends_with(';')
            && !hint.contains('…')
    };
    let command = match hint {
        Some(hint) if !is_statement(&hint) => {
            finding.detail = format!("{}. {hint}", finding.detail.trim_end_matches('.'));
            otherwise
        }
        hint => hint.unwrap_or_default(),
    };
    command.clone_into(&mut finding.command);
    finding
}

fn of_subject(wording: &Wording, own: &str, fresh: &Fresh) -> Vec<Finding> {
    let subject = if fresh.id.is_some() { String::new() } else { format!("{}: ", fresh.name) };
    let finding = |severity, what, detail, hint: Option<&str>| {
        let finding = Finding {
            severity,
            what,
            asset: fresh.id,
            detail: format!("{subject}{detail}"),
            command: String::new(),
        };
        let map = format!("SELECT * FROM {own}.regime_source;");
        let otherwise = if fresh.refused.is_some() { &map } else { &fresh.command };
        advised(finding, Some(hint.unwrap_or(fresh.advice())), otherwise)
    };
    let mut findings = Vec::new();
    if fresh.is_failing() {
        let Last { message, sqlstate, hint, .. } = &fresh.last;
        let code = sqlstate.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let detail = format!("{}{code}", message.as_deref().unwrap_or_default());
        findings.push(finding(Severity::Error, wording.failing, with_hint(detail, hint.as_deref()), None));
    }
    if fresh.is_behind() == Some(true) {
        let detail = fresh.complaint(wording.made_of, wording.made_of_short);
        findings.push(finding(Severity::Warning, wording.stale, detail, None));
    }
    findings
}

/// Subjects with rows of other arguments than the defaults, and without a state that keeps these: one finding.
fn lost(system: &System, all: &[Fresh]) -> Option<Finding> {
    let lost: Vec<(&Fresh, &String)> =
        all.iter().filter_map(|fresh| Some((fresh, fresh.lost.as_ref()?))).collect();
    let (first, command) = *lost.first()?;
    let [one, many] = system.subject;
    let (subjects, verb) = match lost.len() {
        1 => (format!("{one} {}", first.name), "was"),
        n => (format!("{n} {many}"), "were"),
    };
    Some(Finding {
        severity: Severity::Warning,
        what: "unknown arguments",
        asset: if lost.len() == 1 { first.id } else { None },
        detail: format!(
            "{}: {subjects} {verb} last refreshed with arguments that are not the defaults and that nothing keeps any more. A refresh \
             with the arguments of the job that made the rows keeps the rows; any other refresh rewrites them.",
            system.name
        ),
        command: command.clone(),
    })
}

/// Subjects whose next bar is late, without those that the user has taken out: one finding.
fn silent(registered: &Registered, own: &str, all: &[Fresh]) -> Option<Finding> {
    let mut silent: Vec<(i64, i64, &Fresh)> = all
        .iter()
        .filter(|fresh| !fresh.is_retired)
        .filter_map(|fresh| Some((fresh.newest_source?, fresh.silent?, fresh)))
        .collect();
    silent.sort_by(|a, b| (a.0, a.2.id, &a.2.name).cmp(&(b.0, b.2.id, &b.2.name)));
    let [one, _] = registered.wording.made_of;
    let first = silent.first()?.2;
    let detail = match silent.as_slice() {
        [(newest, due, fresh)] => {
            let subject = if fresh.id.is_some() { "F".to_owned() } else { format!("{}: f", fresh.name) };
            match newest <= due {
                true => format!(
                    "{subject}eed silent since {}, the newest {one}; the next was due by {}.",
                    utc(*newest),
                    utc(*due)
                ),
                false => format!(
                    "{subject}eed silent: a {one} was due by {}, and the newest is of the future, of {}.",
                    utc(*due),
                    utc(*newest)
                ),
            }
        }
        many => {
            let told = |(newest, due, fresh): &(i64, i64, &Fresh)| {
                let since = if newest <= due { "since" } else { "with one of the future," };
                format!("{} {since} {}, next due by {}", fresh.name, utc(*newest), utc(*due))
            };
            let shown: Vec<String> = many.iter().take(MOST_NAMED).map(told).collect();
            let subjects = if first.id.is_some() { "assets" } else { "series" };
            let rest = match many.len() - shown.len() {
                0 => String::new(),
                rest => format!("; and {rest} more"),
            };
            format!("Feeds of {} {subjects} are silent: {}{rest}.", many.len(), shown.join("; "))
        }
    };
    Some(Finding {
        severity: Severity::Warning,
        what: "feed silent",
        asset: if silent.len() == 1 { first.id } else { None },
        detail,
        command: registered.wording.newest(own, &first.name),
    })
}

/// Subjects whose newest row is older than `pg_regime.max_age`, and that is all that is wrong with it: one finding.
fn old(registered: &Registered, own: &str, all: &[Fresh]) -> Option<Finding> {
    let mut old: Vec<&Fresh> =
        all.iter().filter(|fresh| fresh.stale_because().1 == Some(Because::Old)).collect();
    old.sort_by_key(|fresh| fresh.newest_row);
    let first = *old.first()?;
    let [one, many] = registered.system.subject;
    let newest = first.newest_row.map(utc).unwrap_or_default();
    Some(Finding {
        severity: Severity::Warning,
        what: "old rows",
        asset: if old.len() == 1 { first.id } else { None },
        detail: match old.len() {
            1 => format!(
                "The newest row of {one} {}, of {newest}, is older than pg_regime.max_age.",
                first.name
            ),
            n => format!(
                "The newest rows of {n} {many} are older than pg_regime.max_age, the oldest, of {}, is of {newest}.",
                first.name
            ),
        },
        command: registered.wording.newest(own, &first.name),
    })
}

/// Subjects whose refresh with the arguments that they keep would fail: one finding for those that fail alike.
fn refused(system: &System, own: &str, all: &[Fresh]) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<&Fresh>> = BTreeMap::new();
    for fresh in all {
        let Some(report) = fresh.refused.as_ref().map(Error::report) else { continue };
        groups.entry((&report.message, report.hint.as_deref())).or_default().push(fresh);
    }
    let [_, many] = system.subject;
    let finding = |group: Vec<&Fresh>| {
        let finding = unusable("refused arguments", own, group[0].refused.as_ref()?);
        Some(match group[..] {
            [Fresh { id: Some(id), .. }] => Finding { asset: Some(*id), ..finding },
            [Fresh { name, .. }] => Finding { detail: format!("{name}: {}", finding.detail), ..finding },
            _ => Finding { detail: format!("{} {many}: {}", group.len(), finding.detail), ..finding },
        })
    };
    groups.into_values().filter_map(finding).collect()
}

/// Subjects whose last refresh was not under the tracking of now: one finding for those that one statement refreshes with
/// the arguments that they keep.
fn unmarked(system: &System, own: &str, all: &[Fresh]) -> Vec<Finding> {
    let mut groups: BTreeMap<&str, Vec<&Fresh>> = BTreeMap::new();
    for fresh in all
        .iter()
        .filter(|fresh| fresh.is_behind().is_none() && fresh.refused.is_none() && fresh.lost.is_none())
    {
        groups.entry(&fresh.arguments).or_default().push(fresh);
    }
    let [one, many] = system.subject;
    let finding = |n: usize, command: String| Finding {
        severity: Severity::Info,
        what: "unknown changes",
        asset: None,
        detail: format!(
            "{}: {n} {} last refreshed before changes were marked as now; an earlier change may have left no mark.",
            system.name,
            if n == 1 { one } else { many }
        ),
        command,
    };
    let refresh = |arguments: String| format!("SELECT * FROM {own}.refresh_{}({arguments});", system.name);
    let mut findings = Vec::new();
    for (arguments, group) in groups {
        let ids: Vec<String> = group.iter().filter_map(|fresh| fresh.id).map(|id| id.to_string()).collect();
        if !ids.is_empty() {
            findings.push(finding(group.len(), refresh(format!("ARRAY[{}]{arguments}", ids.join(", ")))));
        } else if all.iter().all(|fresh| fresh.arguments == arguments && fresh.lost.is_none()) {
            let arguments = arguments.strip_prefix(", ").unwrap_or_default();
            findings.push(finding(group.len(), refresh(arguments.to_owned())));
        } else {
            findings.extend(group.iter().map(|fresh| finding(1, fresh.command.clone())));
        }
    }
    findings
}

/// Sources whose changes are not marked: one finding for those that can be tracked, and one for each other where the user can do
/// something about it.
fn untracked(db: Db, registered: &Registered, own: &str, untracked: Vec<String>) -> Result<Vec<Finding>> {
    let Registered { system, wording, .. } = registered;
    let schema = settings::target_schema();
    let finding = |relations: &[String], command: String| Finding {
        severity: Severity::Info,
        what: "untracked source",
        asset: None,
        detail: format!(
            "Changes of {} are not marked: each refresh reads all rows of {}.",
            relations.join(", "),
            wording.untracked
        ),
        command,
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
                let mut finding = finding(&[relation], String::new());
                let reason = format!(" {what} and cannot be tracked. {why}");
                finding.detail += reason.trim_end_matches([' ', '.']);
                let mut finding =
                    advised(finding, Some(&hint), &format!("SELECT * FROM {own}.regime_source;"));
                if !finding.detail.ends_with('.') {
                    finding.detail.push('.');
                }
                findings.push(finding);
            }
        }
    }
    if can_be.is_empty() {
        return Ok(findings);
    }
    let mut finding = finding(&can_be, format!("SELECT * FROM {own}.regime_track();"));
    // Triggers may leave the marks of two systems.
    let of_triggers = watched.iter().flat_map(|watched| triggers::kept(&schema, watched).all_marks());
    let mut lossy = None;
    for marks in system.marks.into_iter().chain(of_triggers) {
        lossy = lossy.or(tracking::lossy(db, &schema, marks)?);
    }
    let powerless = || attempt_unless_cancelled(|| tracking::powerless(db, &schema, &watched)).ok().flatten();
    if let Some(error) = lossy.or_else(powerless) {
        let report = error.report();
        finding.detail += &format!(" {}", report.detail.as_deref().unwrap_or_default());
        finding.command = report.own_hint().map(str::to_owned).unwrap_or(finding.command);
    }
    findings.push(finding);
    Ok(findings)
}

/// The privileges that the current role lacks to refresh; an error if the role cannot even read.
fn grants(db: Db, system: &System) -> Result<Option<Finding>> {
    let (schema, user) = (settings::target_schema(), session::current_user());
    let missing = grants::missing(db, system, &schema)?;
    Ok((!missing.is_empty()).then(|| Finding {
        severity: if missing.may_read { Severity::Info } else { Severity::Error },
        what: "missing grants",
        asset: None,
        detail: format!("Role {user} may not {}, and so cannot refresh.", missing.told()),
        command: missing.grants(system, &schema, &user),
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
        findings.push(Finding {
            severity: if wait.is_long { Severity::Warning } else { Severity::Info },
            what: "waiting",
            asset,
            detail: format!(
                "Process {} of role {} waits{since} for the lock of {what}, which {holder} holds.",
                wait.pid, wait.user
            ),
            command,
        });
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
        ..of_system_named(system, unusable("foreign owner", own, &error))
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
        Ok(Finding {
            severity: Severity::Warning,
            what: "bloated table",
            asset: None,
            detail: format!("{relation} has {dead} dead rows beside {live} live ones."),
            command: format!("VACUUM (ANALYZE) {relation};"),
        })
    })
}

/// All findings about all systems, the worst first.
///
/// # Errors
/// Where the extension's schema or the catalogs cannot be read; any other error is a finding.
pub fn health() -> Result<Vec<Finding>> {
    /// Most bytes of a detail, which may name anything that users named.
    const MOST: usize = 1000;
    let findings = reading_once(|| spi::connect(check))?;
    Ok(findings.into_iter().map(|f| Finding { detail: shortened(f.detail, MOST), ..f }).collect())
}
