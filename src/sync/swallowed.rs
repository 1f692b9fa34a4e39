//! Writes that PostgreSQL reports as done although rows are not as written: because of a trigger, a rule, a policy.

use pgrx::prelude::*;

use crate::pg::environment::ours;
use crate::pg::syscache::{may_change_writes, oid_of};
use crate::pg::{
    Db, Error, Result, Row, Sees, arg, current_user, known, not_in_prerequisite_state, plural, quoted,
};
use crate::sync::compare::Written;
use crate::sync::kept::names;

/// SQL: the relation `$1`, given as SQL, and its partitions and children.
const TREE: &str = "WITH RECURSIVE part AS (SELECT $1::text::regclass::oid AS oid UNION \
     SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid) ";

/// SQL: triggers `t` of `part` on INSERT, UPDATE or DELETE, which can leave a row out, keep the row as it was, or delete or
/// rewrite the row afterwards, without a trace in the number of rows.
const TRIGGERS: &str = "FROM part JOIN pg_catalog.pg_trigger t ON t.tgrelid = part.oid \
     WHERE t.tgtype & 28 <> 0 AND t.tgenabled <> 'D' AND NOT t.tgisinternal";

/// SQL: rules `r` of `part` on INSERT, UPDATE or DELETE, which can do the same.
const RULES: &str = "FROM part JOIN pg_catalog.pg_rewrite r ON r.ev_class = part.oid WHERE r.ev_enabled <> 'D' AND r.ev_type <> '1'";

/// Whether the relation has triggers or rules because of which a row that counts as written is not stored as written.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn may_be(db: Db, relation: &str) -> Result<bool> {
    if !may_change_writes(oid_of(relation)?) {
        return Ok(false);
    }
    let find = || {
        let sql = format!("{TREE}SELECT EXISTS (SELECT {TRIGGERS}) OR EXISTS (SELECT {RULES})");
        db.one(&sql, &[arg(relation)], Sees::Now, |row| row.only())
    };
    Ok(*known("row triggers", &relation.to_owned(), find)?)
}

/// The error for rows that were not written, with what kept them from being written.
pub fn error(db: Db, relation: &str, left: Written) -> Error {
    db.forget_plans();
    let rows = left.total();
    let error = not_in_prerequisite_state(format!(
        "{rows} {} of {relation} {} not written",
        plural(rows, "row"),
        if rows == 1 { "was" } else { "were" }
    ));
    match ours(|| causes(db, relation)) {
        Ok(causes) if !causes.is_empty() => {
            let (told, commands): (Vec<_>, Vec<_>) =
                causes.into_iter().map(|cause| (cause.told, cause.command)).unzip();
            error
                .detail(format!("PostgreSQL reports the write as done. {}", told.join(" ")))
                .hint(commands.join(" "))
        }
        _ => error
            .detail("PostgreSQL reports the write as done.")
            .hint(format!("Look for triggers, rules and policies: \\d+ {relation}")),
    }
}

/// The error with its cause where stored rows, hidden by a policy, stand in the way of the same rows, or a policy refuses rows.
pub fn explained(db: Db, error: Error, relation: &str) -> Error {
    let report = error.report();
    let is_of_policy = match report.code {
        PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION => true,
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE => {
            relation.rsplit('.').next().is_some_and(|table| names(&report.message, table))
        }
        _ => false,
    };
    if report.hint.is_some() || !is_of_policy {
        return error;
    }
    let security = |cause: &Cause| cause.is_security;
    match causes(db, relation).ok().and_then(|causes| causes.into_iter().find(security)) {
        Some(Cause { told, command, .. }) => {
            let before = report.detail.as_deref().map_or(String::new(), |detail| format!("{detail} "));
            error.detail(format!("{before}{told}")).hint(command)
        }
        None => error,
    }
}

/// What decides on writes to a relation.
struct Cause {
    /// In a sentence.
    told: String,
    /// The statement that ends it.
    command: String,
    is_security: bool,
}

fn causes(db: Db, relation: &str) -> Result<Vec<Cause>> {
    let sql =
        format!(include_str!("../../sql/read/causes.sql"), tree = TREE, triggers = TRIGGERS, rules = RULES);
    let user = current_user();
    let mut is_restricted = false;
    let mut causes = Vec::new();
    db.rows(&sql, &[arg(relation)], Sees::Now, |row: &Row| {
        let of: &str = row.get("relation")?;
        let name = quoted(row.get::<Option<&str>>("name")?.unwrap_or_default());
        let what: &str = row.get("what")?;
        let (told, command) = match what {
            "restrictive" => {
                is_restricted = true;
                return Ok(());
            }
            "security" => (
                format!("Row-level security of {of} hides rows from role {user}."),
                match is_restricted {
                    true => format!("ALTER ROLE {user} BYPASSRLS;"),
                    false => {
                        format!("CREATE POLICY pg_regime ON {of} TO {user} USING (true) WITH CHECK (true);")
                    }
                },
            ),
            "trigger" => (
                format!("Trigger {name} of {of} can leave rows out, or as they were."),
                format!("ALTER TABLE {of} DISABLE TRIGGER {name};"),
            ),
            _ => (
                format!("Rule {name} of {of} runs {}.", if what == "also" { "as well" } else { what }),
                format!("ALTER TABLE {of} DISABLE RULE {name};"),
            ),
        };
        causes.push(Cause { told, command, is_security: what == "security" });
        Ok(())
    })?;
    Ok(causes)
}
