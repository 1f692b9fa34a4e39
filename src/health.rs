//! What is not as it should be, and what to type against it.

use pgrx::prelude::*;

use crate::db::{self, Db, Sees, arg};
use crate::error::{Error, Result};
use crate::fresh::Fresh;
use crate::state::STATE;
use crate::status;
use crate::system::{CMC, SYSTEMS, System};
use crate::work::WORK;
use crate::{guc, output, source};

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
    let set_up = output::is_set_up(db, &guc::target_schema(), system)?;
    let source = (system.source)(db);
    if !set_up {
        // One that nobody uses need not be there: the layered regimes only where another is in use.
        let others = SYSTEMS.iter().filter(|other| other.name != CMC.name);
        let mut in_use = Vec::new();
        for other in others {
            in_use.push(output::is_set_up(db, &guc::target_schema(), other)?);
        }
        let is_needed = system.name == CMC.name && !in_use.contains(&true);
        if !is_needed && !matches!(source, Ok(Some(_))) {
            return Ok(findings);
        }
        let severity = if system.name == CMC.name { Severity::Error } else { Severity::Info };
        findings.push(Finding {
            severity,
            what: "not set up",
            asset: None,
            detail: format!(
                "Tables of {} are missing in schema {target}, or not of this version.",
                system.name
            ),
            command: format!(
                "SELECT * FROM {own}.regime_setup({});",
                spi::quote_literal(guc::target_schema())
            ),
        });
    }
    match source {
        Err(error) => findings.push(unusable("source map", &error)),
        Ok(_) if !set_up => {}
        Ok(untracked) => {
            findings.extend(untracked.and_then(|untracked| self::untracked(system, own, &untracked)));
            match grants(db, system, target)? {
                Some(Finding { severity: Severity::Error, detail, command, .. }) => {
                    findings.push(Finding {
                        severity: Severity::Error,
                        what: "missing grants",
                        asset: None,
                        detail,
                        command,
                    });
                }
                finding => {
                    findings.extend(finding);
                    findings.extend((system.fresh)(db)?.iter().flat_map(|fresh| of_subject(system, fresh)));
                    if system.name == CMC.name {
                        findings.extend(mixed_hashes(db, target, own)?);
                        findings.extend(unfinished_round(db, target, own)?);
                    }
                }
            }
            findings.extend(bloat(db, system)?);
        }
    }
    Ok(findings)
}

fn unusable(what: &'static str, error: &Error) -> Finding {
    let report = error.report();
    Finding {
        severity: Severity::Error,
        what,
        asset: None,
        detail: report.message.clone(),
        command: report.hint.clone().unwrap_or_default(),
    }
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
fn grants(db: Db, system: &System, target: &str) -> Result<Option<Finding>> {
    let tables: Vec<String> = system.table_names().map(|table| format!("{target}.{table}")).collect();
    let sql = "SELECT t, has_table_privilege(t, 'SELECT') FROM pg_catalog.unnest($1::text[]) AS t \
         WHERE NOT (has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT') \
         AND has_table_privilege(t, 'UPDATE') AND has_table_privilege(t, 'DELETE'))";
    let (mut missing, mut unreadable) = (Vec::new(), false);
    db.rows(sql, &[arg(tables)], Sees::Snapshot, |row| {
        missing.extend(row.string(0));
        unreadable |= row.bool(1) == Some(false);
        Ok(())
    })?;
    let user = source::current_user();
    Ok((!missing.is_empty()).then(|| Finding {
        severity: if unreadable { Severity::Error } else { Severity::Info },
        what: "missing grants",
        asset: None,
        detail: format!("Role {user} may not read and write {}, and so not refresh.", missing.join(", ")),
        command: output::grants(system, &guc::target_schema(), &user),
    }))
}

fn mixed_hashes(db: Db, target: &str, own: &str) -> Result<Option<Finding>> {
    let sql = format!(
        "SELECT string_agg(h.hash || ' (' || h.assets || ')', ', ' ORDER BY h.assets DESC, h.hash) FROM \
         (SELECT regime_version_hash AS hash, count(*) AS assets FROM {target}.{STATE} GROUP BY 1) AS h HAVING count(*) > 1"
    );
    let mixed = db.first(&sql, &[], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten();
    Ok(mixed.map(|hashes| Finding {
        severity: Severity::Warning,
        what: "mixed version hashes",
        asset: None,
        detail: format!("Assets were computed with different policies or parameters: {hashes}."),
        command: format!("SELECT * FROM {own}.refresh_cmc_regimes();"),
    }))
}

fn unfinished_round(db: Db, target: &str, own: &str) -> Result<Option<Finding>> {
    let sql = format!(
        "SELECT round, count(*) FILTER (WHERE status = 'waiting') FROM {target}.{WORK} GROUP BY round \
         HAVING bool_or(status = 'waiting') AND GREATEST(max(began), max(finished)) < clock_timestamp() - $1 * interval '1 minute' \
         ORDER BY round DESC LIMIT 1"
    );
    let args = [arg(f64::from(guc::resume_minutes()))];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.long(0), row.long(1))))?;
    Ok(found.map(|(round, waiting)| Finding {
        severity: Severity::Warning,
        what: "unfinished round",
        asset: None,
        detail: format!(
            "Round {} of refresh_all_cmc_regimes stopped; assets that wait: {}.",
            round.unwrap_or_default(),
            waiting.unwrap_or_default()
        ),
        command: format!("CALL {own}.refresh_all_cmc_regimes();"),
    }))
}

/// Tables of which more is dead than alive, and not just a little.
fn bloat(db: Db, system: &System) -> Result<Vec<Finding>> {
    let schema = guc::target_schema();
    let sql = "SELECT c.oid::regclass::text, s.live, s.dead FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL (SELECT pg_stat_get_live_tuples(c.oid) AS live, pg_stat_get_dead_tuples(c.oid) AS dead) AS s \
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
    db::connect(check)
}
