//! Why a source relation cannot be tracked, and what its owner can do.

use pgrx::prelude::*;

use crate::pg::{Db, Error, Result, Sees, arg, citus, extension_schema, timescale};
use crate::track::marks::Marks;
use crate::track::parts::{Part, parts};
use crate::track::watched::Watched;

/// Why triggers on a relation could not see every change.
pub struct Untrackable {
    /// What the relation is, a clause with the relation as its subject.
    pub what: String,
    /// Why this keeps it from being tracked, a sentence and a blank; may be empty.
    pub why: &'static str,
    /// What the user can do, a sentence or statements.
    pub hint: String,
    /// Whether the relation stays untracked whatever the user does.
    pub is_for_good: bool,
    /// What [`put`](crate::track::triggers::put) says.
    pub action: &'static str,
}

/// Why a relation cannot be tracked, as far as this is known before triggers are created; `None` where it can.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn why_untrackable(db: Db, watched: &Watched) -> Result<Option<Untrackable>> {
    let is_hypertable = timescale::is_hypertable(db, &watched.relation)?;
    untrackable(db, watched, &parts(db, watched, is_hypertable)?)
}

/// [`why_untrackable`] of a relation with these parts.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn untrackable(db: Db, watched: &Watched, parts: &[Part]) -> Result<Option<Untrackable>> {
    let because = |what: String, why: &'static str, hint: &str, action: &'static str| {
        Ok(Some(Untrackable { what, why, hint: hint.to_owned(), is_for_good: false, action }))
    };
    for Part { table, kind, persistence } in parts {
        if !matches!(kind.as_str(), "r" | "p") {
            let hint =
                "Map the table beneath it in regime_source, with a filter in bars_filter or ema_filter.";
            return because(format!("{table} is not a table"), "", hint, "not a table: cannot be tracked");
        }
        if persistence != "p" {
            let hint = match persistence.as_str() {
                "u" => format!(
                    "ALTER TABLE {table} SET LOGGED; SELECT * FROM {}.regime_track();",
                    extension_schema(db)?
                ),
                _ => "Map a permanent table in regime_source.".to_owned(),
            };
            let why = "No trigger says so when a crash empties it. ";
            let what = format!("{table} is not a permanent table");
            return because(what, why, &hint, "not permanent: cannot be tracked");
        }
    }
    if citus::kept(db, &watched.relation)?.is_some() {
        let what = format!("{} is a table of Citus", watched.relation);
        let why = "Triggers of such tables do not see every change. ";
        let hint = format!("SELECT {}.refresh_all_on_workers();", extension_schema(db)?);
        let of_citus = because(what, why, &hint, "a table of Citus: cannot be tracked")?;
        return Ok(of_citus.map(|of_citus| Untrackable { is_for_good: true, ..of_citus }));
    }
    if timescale::is_chunk(db, &watched.relation)? {
        let what = format!("{} is a chunk of a hypertable", watched.relation);
        let hint = "Map the hypertable in regime_source.";
        return because(what, "", hint, "a chunk: cannot be tracked");
    }
    if marks_need_virtual(db, watched)? {
        let what = format!("{} has virtual columns as key or time", watched.relation);
        let hint = "Make these columns STORED ones.";
        return because(what, "", hint, "virtual columns: cannot be tracked");
    }
    Ok(None)
}

/// Whether a column of the key or the time is a virtual generated column (PostgreSQL 18), which is not computed in
/// transition tables: reading such a column there fails, and so would the statement that set the trigger off.
fn marks_need_virtual(db: Db, watched: &Watched) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attgenerated = 'v' \
         AND $2 ~ ('(^|[ ([])' || regexp_replace(quote_ident(attname), '(\\W)', '\\\\\\1', 'g') || '($|[ :])')";
    let args = [arg(watched.relation.as_str()), arg(format!("{} {}", watched.key, watched.ts()))];
    Ok(db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_some())
}

/// Reports with a WARNING that a relation cannot be tracked.
pub fn warn_untrackable(what: &str, why: &str, hint: &str, marks: &Marks) {
    let warning = Error::new(PgSqlErrorCode::ERRCODE_WARNING, format!("{what} and cannot be tracked")).detail(format!(
        "{why}Without tracking, a refresh finds late and corrected rows by itself, by reading all rows of {}.",
        marks.subjects[0]
    ));
    let warning = if hint.is_empty() { warning } else { warning.hint(hint) };
    warning.report_as(PgLogLevel::WARNING);
}
