//! Questions to the catalogs that need a statement: schemas, columns and their types.

use std::fmt::{self, Display, Formatter};

use pgrx::prelude::*;

use regime_core::hash::of_texts;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::environment::quoted;
use crate::pg::error::{Error, Result, insufficient_privilege, invalid_parameter, undefined_object};
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};
use crate::pg::syscache;

/// Checks that a schema exists.
///
/// # Errors
/// Where the name is empty, is that of a schema of PostgreSQL or of working tables, or there is no such schema.
pub fn check_schema(db: Db, schema: &str) -> Result<()> {
    if schema.is_empty() {
        return Err(
            invalid_parameter("target_schema is empty").hint("SET pg_regime.target_schema = 'public';")
        );
    }
    let owner = match schema {
        "information_schema" => Some("PostgreSQL's own"),
        _ if schema.starts_with("pg_") => Some("PostgreSQL's own"),
        _ if schema == WORK || schema.strip_suffix(WORK).is_some_and(|name| name.ends_with('_')) => {
            Some("for working tables")
        }
        _ => None,
    };
    if let Some(owner) = owner {
        return Err(invalid_parameter(format!("target schema {} is {owner}", quoted(schema)))
            .hint("SET pg_regime.target_schema = 'public';"));
    }
    let sql = "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = $1::name";
    match db.first(sql, &[arg(schema)], Sees::Now, |_| Ok(()))? {
        Some(()) => Ok(()),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
            format!("target schema {} does not exist", quoted(schema)),
        )
        .hint(format!("CREATE SCHEMA {};", quoted(schema)))),
    }
}

/// Checks that the current user may create tables in a schema, and use what was created there.
///
/// # Errors
/// Where a privilege is missing; the hint is the GRANT.
pub fn check_may_create(db: Db, schema: &str) -> Result<()> {
    let sql = "SELECT pg_catalog.string_agg(p, ', ') FROM pg_catalog.unnest('{USAGE,CREATE}'::text[]) AS p \
         WHERE NOT has_schema_privilege($1::name::text, p)";
    let Some(lacking) = db.one(sql, &[arg(schema)], Sees::Now, |row| row.only::<Option<String>>())? else {
        return Ok(());
    };
    let schema = quoted(schema);
    Err(insufficient_privilege(format!("permission denied to create tables in schema {schema}"))
        .detail("A role that may create tables in the schema can make the call, too.")
        .hint(format!("GRANT {lacking} ON SCHEMA {schema} TO {};", current_user())))
}

/// A column of a relation.
pub struct Column {
    /// Not quoted.
    pub name: String,
    /// The number of the column, which no later column of the relation gets.
    pub number: i32,
    /// With a length or precision.
    pub type_name: String,
    pub type_oid: pg_sys::Oid,
    /// The length or precision, as `pg_attribute.atttypmod` has it.
    pub modifier: i32,
    /// Without its schema; `None` for a type that has no collation.
    pub collation: Option<String>,
    /// Whether only equal texts are equal to the collation; true for a type that has no collation.
    pub is_deterministic: bool,
    /// Whether the type is a string type: `text`, `varchar`, `citext`, a domain over a string type.
    pub is_text: bool,
    /// Whether the column is declared NOT NULL.
    pub is_not_null: bool,
    /// Whether a row that leaves the column out gets a value nevertheless: a default, an identity, a
    /// generated value.
    pub is_filled: bool,
    /// Whether the column is computed from others (GENERATED ALWAYS AS).
    pub is_generated: bool,
    /// Whether the column is an identity that takes no other value (GENERATED ALWAYS AS IDENTITY).
    pub is_identity: bool,
    /// Whether the current role may SELECT it; true of a column that was dropped after an old snapshot.
    pub may_read: bool,
    /// Whether the current role may UPDATE it.
    pub may_update: bool,
}

impl Column {
    /// SQL: the value as a text. A cast from a type of a user could run code of that user; the output function of a type
    /// cannot.
    pub fn as_text(&self) -> String {
        let name = quoted(&self.name);
        match syscache::is_own(self.type_oid) {
            true => format!("{name}::pg_catalog.text"),
            false => format!("CASE WHEN {name} IS NOT NULL THEN pg_catalog.format('%s', {name}) END"),
        }
    }

    /// Whether PostgreSQL's own code makes a word of the values: of a text, an integer, a truth, an enum, or a domain over one of
    /// these.
    pub fn is_word(&self) -> bool {
        let is_of_text = || self.is_text && syscache::is_own(self.type_oid);
        let others = [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID, pg_sys::BOOLOID];
        is_of_text()
            || syscache::is_enum(self.type_oid)
            || others.contains(&syscache::base_type(self.type_oid))
    }

    /// The collation, if it takes texts of different bytes for equal.
    pub fn nondeterministic(&self) -> Option<&str> {
        self.collation.as_deref().filter(|_| !self.is_deterministic)
    }

    /// The type without a length or precision.
    pub fn base_type(&self) -> String {
        without_modifier(&self.type_name)
    }
}

/// The columns of a relation, in their order; none where there is no relation of this oid.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn columns(db: Db, relation: pg_sys::Oid, sees: Sees) -> Result<Vec<Column>> {
    let columns = columns_of(db, &[relation], sees)?.into_iter();
    Ok(columns.map(|(_, column)| column).collect())
}

/// [`columns`] of several relations, each with the oid of its relation.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn columns_of(db: Db, relations: &[pg_sys::Oid], sees: Sees) -> Result<Vec<(pg_sys::Oid, Column)>> {
    let sql = include_str!("../../sql/read/columns.sql");
    db.once().all(sql, &[arg(relations.to_vec())], sees, |row| {
        let column = Column {
            name: row.get("attname")?,
            number: row.get("attnum")?,
            type_name: row.get("type_name")?,
            type_oid: row.get("atttypid")?,
            modifier: row.get("atttypmod")?,
            collation: row.get("collation")?,
            is_deterministic: row.get("is_deterministic")?,
            is_text: row.get("is_text")?,
            is_not_null: row.get("attnotnull")?,
            is_filled: row.get("is_filled")?,
            is_generated: row.get("is_generated")?,
            is_identity: row.get("is_identity")?,
            may_read: row.get("may_read")?,
            may_update: row.get("may_update")?,
        };
        Ok((row.get("attrelid")?, column))
    })
}

/// The unique keys of relations: for each valid unique index of all rows on columns alone, the oid of its relation and
/// the columns in alphabetical order.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn keys_of(db: Db, relations: &[pg_sys::Oid], sees: Sees) -> Result<Vec<(pg_sys::Oid, Vec<String>)>> {
    let sql = include_str!("../../sql/read/unique_keys.sql");
    db.once()
        .all(sql, &[arg(relations.to_vec())], sees, |row| Ok((row.get("indrelid")?, row.get("columns")?)))
}

/// A type's name without its modifier.
pub fn without_modifier(type_name: &str) -> String {
    match (type_name.find('('), type_name.find(')')) {
        (Some(open), Some(close)) => format!("{}{}", &type_name[..open], &type_name[close + 1..]),
        _ => type_name.to_owned(),
    }
}

/// The schema of the extension, not quoted. The statement is qualified throughout, so that signals are judged under the
/// path of the caller.
///
/// # Errors
/// Where the extension is not installed in this database.
pub fn extension_schema_name(db: Db) -> Result<String> {
    let find = || {
        let sql = "SELECT n.nspname::pg_catalog.text FROM pg_catalog.pg_extension e \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace \
             WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'";
        let schema: Option<String> = db.first(sql, &[], Sees::Snapshot, |row| row.only())?;
        schema.ok_or_else(|| {
            undefined_object("extension pg_regime is not installed in this database")
                .hint("CREATE EXTENSION pg_regime;")
        })
    };
    Ok(known("extension schema", &(), find)?.as_ref().clone())
}

/// The schema of the extension, quoted.
///
/// # Errors
/// As [`extension_schema_name`].
pub fn extension_schema(db: Db) -> Result<String> {
    extension_schema_name(db).map(|name| quoted(&name))
}

/// What the name of every working schema ends with; all of it for the target schema `public`.
const WORK: &str = "regime_work";

/// The schema of the working tables of a target schema: `regime_work` for `public`, `NAME_regime_work` for another.
/// Where that exceeds the length of a name, a part of the target's name and a hash of the whole.
pub fn work_schema(target: &str) -> String {
    /// Most bytes of a name.
    const MOST: usize = 63;
    if target == "public" {
        return WORK.to_owned();
    }
    let name = format!("{target}_{WORK}");
    if name.len() <= MOST {
        return name;
    }
    let hash = &of_texts([target]).to_string()[..8];
    let kept = target.floor_char_boundary(MOST - WORK.len() - hash.len() - 2);
    format!("{}_{hash}_{WORK}", &target[..kept])
}

/// A name in a schema, as SQL.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}

/// A relation of the working schema of a target schema, as SQL.
pub fn work_relation(target: &str, name: &str) -> String {
    qualified(&work_schema(target), name)
}

/// What was done with a relation.
#[derive(Clone)]
pub struct Action {
    /// Quoted, with its schema.
    pub relation: String,
    pub action: Outcome,
}

/// The kind of an action. `Display` gives the text that a caller reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relation is as it should be.
    Unchanged,
    Created,
    /// A view was created anew in place of the existing one.
    Replaced,
    /// Rows were written into an existing table.
    Filled,
    /// The rows of a table are not pg_regime's, so the table was not written.
    LeftAlone,
    /// Anything else, in words: `added …`.
    Did(String),
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "unchanged",
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Filled => "filled",
            Self::LeftAlone => "left alone",
            Self::Did(what) => what,
        })
    }
}
