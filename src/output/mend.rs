//! Output tables that were there before and do not hold what a refresh writes: why, and the statements that change the
//! tables, with everything that depends on their columns. Nothing is left half done: where ALTER TABLE cannot carry what
//! depends on a column, the table makes way for a new one.

use std::collections::BTreeSet;

use pgrx::pg_sys;

use crate::output::shape::{Flaw, Shape, flaws, set_up_again};
use crate::output::words;
use crate::pg::{Db, Error, Result, Sees, arg, datatype_mismatch, quoted};
use crate::sync::table::Table;

/// An existing output table.
pub struct Output<'a> {
    pub oid: pg_sys::Oid,
    /// As SQL.
    pub relation: &'a str,
    pub table: &'a Table,
    pub shape: &'a Shape,
}

/// A foreign key on or to an output table.
struct Key {
    /// The output table.
    table: pg_sys::Oid,
    /// The table that has the key, as SQL.
    of: String,
    /// Quoted.
    name: String,
    /// The columns of the output table.
    columns: Vec<String>,
    /// The types of two columns that are compared by the time zone of the session.
    compares: Option<String>,
}

/// Most bytes of the statements for one table.
const MOST_OF_STATEMENTS: usize = 6_000;

/// The error for output tables of a schema that refresh cannot write, if there are any; the HINT mends all of them.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn check(db: Db, schema: &str, outputs: &[Output]) -> Result<Option<Error>> {
    let keys = keys(db, outputs)?;
    let (mut first, mut hints, mut dropped, mut is_anew) = (None, Vec::new(), BTreeSet::new(), false);
    for output in outputs {
        let mut flaws = flaws(output.relation, output.table, output.shape);
        flaws.extend(words::flaws(db, output)?);
        let retyped: Vec<_> = flaws.iter().filter_map(|flaw| flaw.retyped).collect();
        let changes = |key: &Key| retyped.iter().any(|(name, _)| key.columns.iter().any(|of| of == name));
        let of_table = keys.iter().filter(|key| key.table == output.oid);
        let lost: Vec<&Key> = of_table.filter(|key| key.compares.is_some() || changes(key)).collect();
        let error = match (flaws.first(), lost.first()) {
            (Some(flaw), _) => flaw.error.clone(),
            (None, Some(key)) => unreliable(key),
            (None, None) => continue,
        };
        let depends = dependents(db, output, &retyped)?;
        let mut details: Vec<String> = error.report().detail.iter().map(ToString::to_string).collect();
        let stays = depends.iter().filter(|of| of.before.is_none()).map(|of| of.name.as_str());
        let stays: Vec<&str> = stays.collect();
        let statements = in_place(output, &flaws, &lost, &depends, &mut dropped);
        if stays.is_empty() && statements.len() <= MOST_OF_STATEMENTS {
            let keys = lost.iter().map(|key| key.name.as_str()).collect();
            details.extend(drops("foreign keys that contain the column", keys));
            let indexes = depends.iter().filter(|of| of.is_index).map(|of| of.name.as_str()).collect();
            details.extend(drops("indexes on expressions of the column", indexes));
            hints.push(statements);
        } else {
            is_anew = true;
            if !stays.is_empty() {
                details.push(format!(
                    "The type of the column cannot be changed because of {}.",
                    stays.join(", ")
                ));
            }
            details
                .push("The hint keeps the table, and all that depends on it, under another name.".to_owned());
            hints.push(format!("ALTER TABLE {} RENAME TO {}_old;", output.relation, output.table.name));
        }
        first.get_or_insert(error.detail(details.join(" ")));
    }
    let Some(error) = first else { return Ok(None) };
    hints.retain(|hint| !hint.is_empty());
    if is_anew {
        hints.push(set_up_again(db, schema)?);
    }
    Ok(Some(error.hint(hints.join(" "))))
}

/// What a HINT drops, as a sentence.
fn drops(what: &str, names: Vec<&str>) -> Option<String> {
    (!names.is_empty()).then(|| format!("The hint drops {what}: {}.", names.join(", ")))
}

/// The statements that change an output table where it is; `dropped` are the foreign keys that statements for other tables
/// have dropped.
fn in_place(
    output: &Output,
    flaws: &[Flaw],
    keys: &[&Key],
    depends: &[Dependent],
    dropped: &mut BTreeSet<(String, String)>,
) -> String {
    let relation = output.relation;
    let (mut statements, mut actions) = (Vec::new(), Vec::new());
    for Key { of, name, .. } in keys.iter().filter(|key| dropped.insert((key.of.clone(), key.name.clone()))) {
        if of == relation {
            actions.push(format!("DROP CONSTRAINT {name}"));
        } else {
            statements.push(format!("ALTER TABLE {of} DROP CONSTRAINT {name};"));
        }
    }
    statements.extend(depends.iter().filter_map(|of| of.before.clone()).filter(|before| !before.is_empty()));
    actions.extend(depends.iter().filter_map(|of| of.default.as_ref()).map(|(drop, _)| drop.clone()));
    actions.extend(flaws.iter().map(|flaw| flaw.action.clone()));
    actions.extend(depends.iter().filter_map(|of| of.default.as_ref()).map(|(_, set)| set.clone()));
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {relation} {};", actions.join(", ")));
    }
    statements.extend(depends.iter().rev().filter_map(|of| of.after.clone()));
    statements.join(" ")
}

fn unreliable(key: &Key) -> Error {
    let Key { of, name, compares, .. } = key;
    let compares = compares.as_deref().unwrap_or_default();
    datatype_mismatch(format!("foreign key {name} of table {of} compares {compares}")).detail(
        "Which times are equal depends on the time zone of the session: outside UTC, rows are refused, or deleted with \
         a row of another hour.",
    )
}

/// The foreign keys on and to output tables.
fn keys(db: Db, outputs: &[Output]) -> Result<Vec<Key>> {
    let sql = include_str!("../../sql/read/foreign_keys.sql");
    let oids: Vec<pg_sys::Oid> = outputs.iter().map(|output| output.oid).collect();
    db.once().all(sql, &[arg(oids)], Sees::Now, |row| {
        Ok(Key {
            table: row.get("oid")?,
            of: row.get("of_table")?,
            name: row.get("name")?,
            columns: row.get("columns")?,
            compares: row.get("compares")?,
        })
    })
}

/// What depends on a column whose type is to change, and how it gets over the change.
#[derive(Default)]
struct Dependent {
    /// As SQL, or in words.
    name: String,
    is_index: bool,
    /// The statement that clears the way, possibly empty; `None` where the type cannot be changed.
    before: Option<String>,
    /// The actions of ALTER TABLE that drop a default, and set another.
    default: Option<(String, String)>,
    /// The statement that makes the dependent again.
    after: Option<String>,
}

/// What ALTER TABLE does not carry over to other types of columns, in the order in which it has to go.
fn dependents(db: Db, output: &Output, retyped: &[(&'static str, &'static str)]) -> Result<Vec<Dependent>> {
    if retyped.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = retyped.iter().map(|(name, _)| *name).collect();
    let mut all = db.all(DEPENDENTS, &[arg(output.oid), arg(names.clone())], Sees::Now, |row| {
        Ok(Dependent {
            name: row.get("name")?,
            is_index: row.get("is_index")?,
            before: row.get("before")?,
            default: None,
            after: row.get("after")?,
        })
    })?;
    let sql = include_str!("../../sql/read/defaults.sql");
    let defaults = db.all(sql, &[arg(output.oid), arg(names)], Sees::Now, |row| {
        Ok((row.get::<String>("name")?, row.get::<bool>("is_local")?, row.get::<String>("expr")?))
    })?;
    for (name, is_local, expr) in defaults {
        let Some((_, wanted)) = retyped.iter().find(|(column, _)| *column == name) else { continue };
        // The present moment stays what it is; PostgreSQL would cast other times by the time zone of whoever inserts.
        let value = match *wanted {
            _ if NOW.contains(&expr.as_str()) => continue,
            "timestamptz" if is_local => format!("({expr})::timestamp AT TIME ZONE 'UTC'"),
            wanted => format!("({expr})::{wanted}"),
        };
        let column = quoted(&name);
        let default = (
            format!("ALTER COLUMN {column} DROP DEFAULT"),
            format!("ALTER COLUMN {column} SET DEFAULT {value}"),
        );
        let before = Some(String::new());
        all.push(Dependent { name, before, default: Some(default), ..Dependent::default() });
    }
    Ok(all)
}

/// Defaults that are the present moment, cast to a time without a zone or not.
const NOW: [&str; 6] = [
    "now()",
    "transaction_timestamp()",
    "statement_timestamp()",
    "clock_timestamp()",
    "CURRENT_TIMESTAMP",
    "LOCALTIMESTAMP",
];

/// `$1` is the table, `$2` the columns whose types change. Views that only read are made again, with their options, owner,
/// comment and privileges; indexes on expressions are dropped; anything else keeps the type from being changed. Reads no
/// view, so that the statement runs under a `search_path` by which definitions name schemas.
const DEPENDENTS: &str = include_str!("../../sql/read/dependents.sql");
