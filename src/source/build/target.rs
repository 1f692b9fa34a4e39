//! Target tables: creates tables, takes over existing tables, and tells which tables may be filled.

use std::collections::BTreeSet;

use crate::pg::{
    Db, Error, Outcome, Result, Sees, arg, block, check_may_create, citus, columns, fill,
    not_in_prerequisite_state, owner, qualified, quote_literal, quoted, syscache::is_table, syscache::oid_of,
    undefined_column,
};
use crate::source::build::tables::{BARS, BUILT, CALENDAR_EMAS, CANDLES, DAILY_EMAS, DDL};
use crate::sync::compare::Written;

/// The comment by which a table is known to hold demo data alone.
pub const DEMO: &str = "Demo data made by pg_regime's regime_demo; its rows are replaced when it runs again";

/// Whether a table carries the mark, a comment; `false` where it is missing or empty.
///
/// # Errors
/// Where the table does not carry the mark and holds rows.
pub fn check_ours(db: Db, schema: &str, name: &str, mark: &str) -> Result<bool> {
    let relation = format!("{}.{}", quoted(schema), quoted(name));
    let sql = "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class') IS NOT DISTINCT FROM $2 WHERE pg_catalog.to_regclass($1) IS NOT NULL";
    let found: Option<bool> =
        db.first(sql, &[arg(relation.as_str()), arg(mark)], Sees::Now, |row| row.only())?;
    if found != Some(false) {
        return Ok(found.is_some());
    }
    match has_rows(db, &relation)? {
        false => Ok(false),
        true => Err(foreign_rows(&relation)),
    }
}

/// Whether a table was built here from daily bars, by its comment.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn is_built(db: Db, [schema, name]: &[String; 2]) -> Result<bool> {
    let sql =
        "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class') IS NOT DISTINCT FROM $2";
    db.one(sql, &[arg(qualified(schema, name)), arg(BUILT)], Sees::Now, |row| row.only())
}

/// Whether a table that is not marked as built may have been: on a worker of Citus, which carries no comments there.
///
/// # Errors
/// Where the metadata of Citus cannot be read.
pub fn is_unmarked(db: Db, [schema, name]: &[String; 2]) -> Result<bool> {
    Ok(citus::kept(db, &qualified(schema, name))?.is_some() && citus::is_worker(db)?)
}

/// The error for tables, as SQL, that a refresh on a worker of Citus would take for the user's.
pub fn not_marked(tables: &BTreeSet<String>) -> Error {
    let all: Vec<&str> = tables.iter().map(String::as_str).collect();
    let marked = |table: &&str| {
        let comment = format!("COMMENT ON TABLE {table} IS {}", quote_literal(BUILT));
        format!("SELECT FROM pg_catalog.run_command_on_workers({});", quote_literal(&comment))
    };
    not_in_prerequisite_state(format!("refreshes build {}, which this node does not know as built", all.join(", ")))
        .detail("Tables are known as built by their comments, which Citus does not carry to workers. Where the tables are your own, set build_calendar of their rows in regime_source to NULL.")
        .hint(all.iter().map(marked).collect::<Vec<_>>().join(" "))
}

/// Whether a relation is a table with rows, or no table: a view would run code of its owner.
fn has_rows(db: Db, relation: &str) -> Result<bool> {
    if !is_table(oid_of(relation)?) {
        return Ok(true);
    }
    let first = format!("SELECT true FROM {relation} LIMIT 1");
    Ok(db.first(&first, &[], Sees::Now, |_| Ok(()))?.is_some())
}

/// The error for a table with rows that the demo did not make.
pub fn foreign_rows(relation: &str) -> Error {
    not_in_prerequisite_state(format!("table {relation} holds rows that regime_demo did not make"))
        .detail("Nothing was changed. The demo belongs in a database of its own.")
        .hint("CREATE DATABASE regime_demo;")
}

/// What was done with a table.
pub struct Built {
    /// Quoted, with its schema.
    pub relation: String,
    pub action: Outcome,
    /// Its rows.
    pub written: Written,
}

/// A table of the source shape on its way to being filled.
pub struct Target {
    /// Quoted, with its schema.
    pub relation: String,
    action: Outcome,
    written: Written,
}

impl Target {
    /// Whether the table may be filled: it was made here, or it was empty.
    pub fn is_ours(&self) -> bool {
        self.action != Outcome::LeftAlone
    }

    /// Adds to the count of rows written.
    pub fn add(&mut self, written: Written) {
        self.written += written;
    }

    /// What was done with the table in the end.
    pub fn done(self) -> Built {
        let action = match (self.action, self.written.total()) {
            (Outcome::Filled, 0) => Outcome::Unchanged,
            (action, _) => action,
        };
        Built { relation: self.relation, action, written: self.written }
    }
}

/// Makes a table of this kind unless it exists. An existing one is taken over where it is empty or carries
/// `mark` as its comment, and otherwise left alone.
///
/// # Errors
/// Where the table cannot be made, or is empty and lacks a column that is filled.
pub fn target(db: Db, schema: &str, name: &str, kind: &str, mark: &str) -> Result<Target> {
    let relation = format!("{}.{}", quoted(schema), quoted(name));
    let made = |action| Ok(Target { relation: relation.clone(), action, written: Written::default() });
    let sql = "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class') FROM (SELECT 1) AS one WHERE pg_catalog.to_regclass($1) IS NOT NULL";
    let found: Option<Option<String>> =
        db.first(sql, &[arg(relation.as_str())], Sees::Now, |row| row.only())?;
    if let Some(comment) = &found {
        let check_owner = || owner::hold_for_writing(db, &[(schema.to_owned(), name)]);
        if comment.as_deref() == Some(mark) {
            check_owner()?;
            return made(Outcome::Filled);
        }
        if has_rows(db, &relation)? {
            return made(Outcome::LeftAlone);
        }
        check_owner()?;
        check_shape(db, &relation, kind)?;
    } else {
        check_may_create(db, schema)?;
        db.execute(&fill(block(DDL, kind), &[("table", &relation)]), &[])?;
    }
    db.execute(&format!("COMMENT ON TABLE {relation} IS {}", pgrx::spi::quote_literal(mark)), &[])?;
    made(if found.is_some() { Outcome::Filled } else { Outcome::Created })
}

/// Checks that an empty table has the columns that are filled.
fn check_shape(db: Db, relation: &str, kind: &str) -> Result<()> {
    let wanted: Vec<&str> =
        match [&BARS, &CALENDAR_EMAS, &DAILY_EMAS, &CANDLES].into_iter().find(|t| t.name == kind) {
            Some(table) => [table.scope, table.key, table.values].concat().iter().map(|c| c.name).collect(),
            None => vec!["id", "symbol"],
        };
    let columns = columns(db, oid_of(relation)?, Sees::Now)?;
    match wanted.into_iter().find(|name| !columns.iter().any(|column| column.name == *name)) {
        None => Ok(()),
        Some(column) => Err(undefined_column(format!(
            "table {relation} is empty and could be filled, but has no column {column}"
        ))
        .detail("Nothing was changed.")
        .hint(format!("DROP TABLE {relation}; the next call creates the table with all its columns."))),
    }
}
