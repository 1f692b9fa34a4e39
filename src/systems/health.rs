//! What is not as it should be, and what to type against it.

use pgrx::spi::quote_identifier as quoted;

use crate::output::entry::with_grants;
use crate::output::fresh::Fresh;
use crate::output::set_up;
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees, arg};
use crate::pg::subtransaction::attempt_unless_cancelled;
use crate::pg::{settings, spi};
use crate::source::map;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::call::all_ids;
use crate::systems::cmc_regimes::refresh::rounds::{WORK, is_in_work, task};
use crate::systems::cmc_regimes::refresh::state::STATE;
use crate::systems::cmc_regimes::tables::{CMC, SYSTEMS, System};
use crate::systems::cmc_regimes::{params, status};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Rows are missing or cannot be made.
    Error,
    /// Rows are old, or not all made alike.
    Warning,
    /// It works, but could be better.
    Info,
}

impl Severity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// One thing.
#[derive(PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub what: &'static str,
    pub asset: Option<i32>,
    pub detail: String,
    /// What to type.
    pub command: String,
}

/// All there is to say, the worst first.
pub fn check(db: Db) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let [target, own] = status::schemas(db)?;
    for system in SYSTEMS {
        findings.extend(of_system(db, system, &target, &own)?);
    }
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.severity, f.what, f.asset);
        key(a).cmp(&key(b)).then_with(|| a.detail.cmp(&b.detail))
    });
    findings.dedup();
    Ok(findings)
}

fn of_system(db: Db, system: &System, target: &str, own: &str) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let set_up = set_up::is_set_up(db, &settings::target_schema(), system)?;
    let source = attempt_unless_cancelled(|| (system.source)(db));
    if !set_up {
        // One that nobody uses need not be there: the layered regimes only where another is in use.
        let others = SYSTEMS.iter().filter(|other| other.name != CMC.name);
        let mut in_use = Vec::new();
        for other in others {
            in_use.push(set_up::is_set_up(db, &settings::target_schema(), other)?);
        }
        let is_needed = system.name == CMC.name && !in_use.contains(&true);
        if !is_needed && !matches!(source, Ok(Some(_))) {
            return Ok(findings);
        }
        let severity = if system.name == CMC.name { Severity::Error } else { Severity::Info };
        let schema = settings::target_schema();
        let setup = format!("SELECT * FROM {own}.regime_setup({});", pgrx::spi::quote_literal(&schema));
        // The schema comes first.
        let command = match set_up::check_schema(db, &schema) {
            Ok(()) => setup,
            Err(error) => error.report().hint.clone().unwrap_or(setup),
        };
        findings.push(Finding {
            severity,
            what: "not set up",
            asset: None,
            detail: format!(
                "Tables of {} are missing in schema {target}, or not of this version.",
                system.name
            ),
            command,
        });
    }
    let is_readable = source.is_ok();
    match source {
        Err(error) => findings.push(unusable("source map", error.report().message.clone(), &error)),
        Ok(_) if !set_up => {}
        Ok(untracked) => {
            findings.extend(untracked.and_then(|untracked| self::untracked(system, own, &untracked)));
        }
    }
    if !set_up {
        return Ok(findings);
    }
    let grants = part(system, || Ok(grants(db, system)?.into_iter().collect()));
    let may_read = grants.iter().all(|finding| finding.severity != Severity::Error);
    findings.extend(grants);
    if may_read && is_readable {
        findings.extend(part(system, || {
            Ok((system.fresh)(db)?.iter().flat_map(|fresh| of_subject(system, fresh)).collect())
        }));
    }
    if may_read && is_readable && system.name == CMC.name {
        findings.extend(part(system, || Ok(mixed_hashes(db, target, own)?.into_iter().collect())));
        findings.extend(part(system, || Ok(unfinished_round(db, target, own)?.into_iter().collect())));
    }
    findings.extend(part(system, || bloat(db, system)));
    Ok(findings)
}

/// A part of it. What cannot be found out is a finding too, and hides nothing else: health is asked for when
/// something is wrong.
fn part(system: &System, find: impl FnOnce() -> Result<Vec<Finding>>) -> Vec<Finding> {
    attempt_unless_cancelled(find).unwrap_or_else(|error| {
        let error = with_grants(error, system, &settings::target_schema());
        let detail = format!("{}: {}", system.name, error.report().message);
        vec![unusable("failed check", detail, &error)]
    })
}

fn unusable(what: &'static str, detail: String, error: &Error) -> Finding {
    let command = error.report().hint.clone().unwrap_or_default();
    Finding { severity: Severity::Error, what, asset: None, detail, command }
}

fn of_subject(system: &System, fresh: &Fresh) -> Vec<Finding> {
    let subject = if fresh.id.is_some() { String::new() } else { format!("{}: ", fresh.name) };
    let mut findings = Vec::new();
    if fresh.is_failing() {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        findings.push(Finding {
            severity: Severity::Error,
            what: system.failing,
            asset: fresh.id,
            detail: match &fresh.last.sqlstate {
                Some(code) => format!("{subject}{} ({code})", text(&fresh.last.message)),
                None => format!("{subject}{}", text(&fresh.last.message)),
            },
            command: fresh.last.hint.clone().unwrap_or_else(|| fresh.command.clone()),
        });
    }
    if fresh.is_stale() {
        findings.push(Finding {
            severity: Severity::Warning,
            what: system.stale,
            asset: fresh.id,
            detail: format!("{subject}{}", fresh.complaint(system.made_of)),
            command: fresh.command.clone(),
        });
    }
    findings
}

fn untracked(system: &System, own: &str, untracked: &[String]) -> Option<Finding> {
    (!untracked.is_empty()).then(|| Finding {
        severity: Severity::Info,
        what: "untracked source",
        asset: None,
        detail: format!(
            "Changes of {} are not marked: each refresh reads all rows of {}.",
            untracked.join(", "),
            system.untracked
        ),
        command: format!("SELECT * FROM {own}.regime_track();"),
    })
}

/// What the current role lacks to refresh; an error if it cannot even read.
fn grants(db: Db, system: &System) -> Result<Option<Finding>> {
    let (schema, user) = (settings::target_schema(), map::current_user());
    // By their ids, since names can be looked up only by those who may use the schema. A number GENERATED ALWAYS
    // is drawn by the INSERT itself and needs no privilege; the others are drawn by nextval().
    let sql = "WITH own AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name \
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[])) \
         SELECT o.name, false, has_table_privilege(o.oid, 'SELECT') FROM own o \
         WHERE NOT (has_table_privilege(o.oid, 'SELECT') AND has_table_privilege(o.oid, 'INSERT') \
           AND has_table_privilege(o.oid, 'UPDATE') AND has_table_privilege(o.oid, 'DELETE')) \
         UNION ALL SELECT format('%I.%I', n.nspname, s.relname), true, true FROM own o \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid AND a.attidentity = 'd' \
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid \
           AND d.refobjsubid = a.attnum AND d.classid = d.refclassid AND d.deptype = 'i' \
         JOIN pg_catalog.pg_class s ON s.oid = d.objid \
         JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace \
         WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END ORDER BY 1";
    let names: Vec<&str> = system.table_names().collect();
    let (mut tables, mut sequences, mut may_read) = (Vec::new(), Vec::new(), spi::may_use(&schema));
    let mut missing = Vec::new();
    if !may_read {
        missing.push(format!("use schema {}", quoted(&schema)));
    }
    db.rows(sql, &[arg(schema.as_str()), arg(names)], Sees::Snapshot, |row| {
        let of_kind = if row.bool(1) == Some(true) { &mut sequences } else { &mut tables };
        of_kind.extend(row.string(0));
        may_read &= row.bool(2) == Some(true);
        Ok(())
    })?;
    for (verb, relations) in [("read and write", tables), ("use", sequences)] {
        if !relations.is_empty() {
            missing.push(format!("{verb} {}", relations.join(", ")));
        }
    }
    Ok((!missing.is_empty()).then(|| Finding {
        severity: if may_read { Severity::Info } else { Severity::Error },
        what: "missing grants",
        asset: None,
        detail: format!("Role {user} may not {}, and so not refresh.", missing.join(" nor ")),
        command: set_up::grants(system, &schema, &user),
    }))
}

/// Active assets of which some were computed with other things than the rest; the others nobody refreshes.
fn mixed_hashes(db: Db, target: &str, own: &str) -> Result<Option<Finding>> {
    let active = all_ids(db, &params::load(db, &Given::default(), None)?)?;
    let sql = format!(
        "SELECT string_agg(h.hash || ' (' || h.assets || ')', ', ' ORDER BY h.assets DESC, h.hash) FROM \
         (SELECT regime_version_hash AS hash, count(*) AS assets FROM {target}.{STATE} WHERE id = ANY ($1) GROUP BY 1) AS h HAVING count(*) > 1"
    );
    let mixed = db.first(&sql, &[arg(active)], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten();
    Ok(mixed.map(|hashes| Finding {
        severity: Severity::Warning,
        what: "mixed version hashes",
        asset: None,
        detail: format!("Active assets were computed with different policies or parameters: {hashes}."),
        command: format!("SELECT * FROM {own}.refresh_cmc_regimes();"),
    }))
}

fn unfinished_round(db: Db, target: &str, own: &str) -> Result<Option<Finding>> {
    let sql = format!(
        "SELECT round, count(*) FILTER (WHERE status = 'waiting'), min(task) FROM {target}.{WORK} GROUP BY round \
         HAVING bool_or(status = 'waiting') AND GREATEST(max(began), max(finished)) < clock_timestamp() - $1 * interval '1 minute' \
         ORDER BY round DESC LIMIT 1"
    );
    let args = [arg(f64::from(settings::resume_minutes()))];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.long(0), row.long(1), row.string(2))))?;
    let Some((round, waiting, of)) = found else { return Ok(None) };
    let round = round.unwrap_or_default();
    if is_in_work(db, round)? {
        return Ok(None);
    }
    // A call goes on with a round of the same task alone, or removes it for a new one.
    let basis = Engine::new(db, params::load(db, &Given::default(), None)?, None).basis(None);
    let is = |only_dirty| of.as_deref() == Some(task(only_dirty, &basis).as_str());
    let (parameters, command) = if is(false) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes();"))
    } else if is(true) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes(only_dirty => true);"))
    } else {
        (
            ", with other parameters or sources than now,",
            format!("DELETE FROM {target}.{WORK} WHERE round = {round};"),
        )
    };
    Ok(Some(Finding {
        severity: Severity::Warning,
        what: "unfinished round",
        asset: None,
        detail: format!(
            "Round {round} of refresh_all_cmc_regimes{parameters} stopped; assets that wait: {}.",
            waiting.unwrap_or_default()
        ),
        command,
    }))
}

/// Tables of which more is dead than alive, and not just a little; in all of their partitions.
fn bloat(db: Db, system: &System) -> Result<Vec<Finding>> {
    let schema = settings::target_schema();
    let sql = "SELECT c.oid::regclass::text, s.live, s.dead FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL (SELECT sum(pg_stat_get_live_tuples(p.oid))::int8 AS live, sum(pg_stat_get_dead_tuples(p.oid))::int8 AS dead \
           FROM (SELECT c.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)) AS p (oid)) AS s \
         WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) AND s.dead > 10000 AND s.dead > s.live ORDER BY 1";
    let names: Vec<&str> = system.table_names().collect();
    let mut findings = Vec::new();
    db.rows(sql, &[arg(schema), arg(names)], Sees::Snapshot, |row| {
        let relation = row.string(0).unwrap_or_default();
        findings.push(Finding {
            severity: Severity::Warning,
            what: "bloated table",
            asset: None,
            detail: format!(
                "{relation} has {} dead rows beside {} live ones.",
                row.long(2).unwrap_or_default(),
                row.long(1).unwrap_or_default()
            ),
            command: format!("VACUUM (ANALYZE) {relation};"),
        });
        Ok(())
    })?;
    Ok(findings)
}

/// [`check`], opening the connection.
pub fn health() -> Result<Vec<Finding>> {
    spi::connect(check)
}
