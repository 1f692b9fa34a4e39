//! Questions to the catalogs that need a statement: schemas and types.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::hash::of_texts;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::error::{Error, Result, invalid_parameter};
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};

/// The schema exists.
pub fn check_schema(db: Db, schema: &str) -> Result<()> {
    if schema.is_empty() {
        return Err(
            invalid_parameter("target_schema is empty").hint("SET pg_regime.target_schema = 'public';")
        );
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

/// The current user may create in the schema, and use what was created there.
pub fn check_may_create(db: Db, schema: &str) -> Result<()> {
    let sql = "SELECT pg_catalog.string_agg(p, ', ') FROM pg_catalog.unnest('{USAGE,CREATE}'::text[]) AS p \
         WHERE NOT has_schema_privilege($1::name::text, p)";
    let lacking: Option<String> = db.one(sql, &[arg(schema)], Sees::Now, |row| row.get(0))?;
    let Some(lacking) = lacking else {
        return Ok(());
    };
    let schema = quoted(schema);
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied to create tables in schema {schema}"),
    )
    .hint(format!(
        "GRANT {lacking} ON SCHEMA {schema} TO {}; or let a role that may create their tables call this.",
        current_user()
    )))
}

/// A type's name without its modifier.
pub fn without_modifier(type_name: &str) -> String {
    match (type_name.find('('), type_name.find(')')) {
        (Some(open), Some(close)) => format!("{}{}", &type_name[..open], &type_name[close + 1..]),
        _ => type_name.to_owned(),
    }
}

/// The quoted schema of the extension.
pub fn extension_schema(db: Db) -> Result<String> {
    let find = || {
        let sql = "SELECT n.nspname::text FROM pg_catalog.pg_extension e \
             JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_regime'";
        let schema: Option<String> = db.first(sql, &[], Sees::Snapshot, |row| row.get(0))?;
        schema.map(|s| quoted(&s)).ok_or_else(|| {
            Error::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
                "extension pg_regime is not installed in this database",
            )
            .hint("CREATE EXTENSION pg_regime;")
        })
    };
    Ok(known("extension schema", &(), find)?.as_ref().clone())
}

/// The schema of the working tables of a target schema: `regime_work` for `public`, `NAME_regime_work` for another.
/// Where that is longer than a name can be, a part of the name and a hash of all of it.
pub fn work_schema(target: &str) -> String {
    const WORK: &str = "regime_work";
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
pub struct Action {
    pub relation: String,
    pub action: String,
}

/// What is said of a relation that is as it should be.
pub const UNCHANGED: &str = "unchanged";
