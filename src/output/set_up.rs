//! The output tables: what columns they have, making them, and adopting those that are there.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::adopt::{adopt, check_own};
use crate::output::system::System;
use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::catalog::{check_may_create, check_schema};
use crate::pg::error::{Error, Result};
use crate::pg::lock::lock_schema;
use crate::pg::spi::{Db, Sees};

const DDL: [&str; 4] = [
    include_str!("../../sql/set_up/cmc_regimes.sql"),
    include_str!("../../sql/set_up/cmc_regimes_state.sql"),
    include_str!("../../sql/set_up/market_regimes.sql"),
    include_str!("../../sql/set_up/market_regime_history.sql"),
];

/// Whether every table and view of a system is there with all its columns.
pub fn is_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    Ok(*known("set up", &(system.name, schema.to_owned()), || find_set_up(db, schema, system))?)
}

fn find_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    let (mut relations, mut columns) = (Vec::new(), Vec::new());
    for table in system.tables {
        let own = [table.scope, table.key, table.values].concat();
        for column in own.iter().map(|c| c.name).chain([table.stamp]) {
            relations.push(table.name);
            columns.push(column);
        }
    }
    for own in system.own {
        relations.extend(own.columns.iter().map(|_| own.name));
        columns.extend(own.columns);
    }
    let wanted = columns.len() as i64;
    let sql = "SELECT count(*) FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS w (relation, attribute) \
         JOIN pg_catalog.pg_class c ON c.relname = w.relation::name \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1::name \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute::name AND NOT a.attisdropped";
    let args = [arg(schema), arg(relations), arg(columns)];
    let found = db.first(sql, &args, Sees::Now, |row| Ok(row.long(0)))?;
    Ok(found.flatten() == Some(wanted))
}

/// What [`set_up`] did with a relation.
pub struct Action {
    pub relation: String,
    pub action: String,
}

/// Makes the tables of systems that are missing and checks and completes those that are there.
pub fn set_up(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    lock_schema(db, schema)?;
    let mut actions: Vec<Action> = Vec::new();
    for system in systems {
        for table in system.tables {
            let relation = format!("{}.{}", quoted(schema), table.name);
            let mut action = match kind(db, schema, table.name)?.as_deref() {
                None => create(db, schema, table.name)?,
                Some("r" | "p") => adopt(db, &relation, table)?,
                Some(_) => return Err(wrong_kind(&relation, "a table")),
            };
            if let Some(further) = (table.finish)(db, schema)? {
                let before = Some(action).filter(|action| action != UNCHANGED);
                action = before.into_iter().chain([further]).collect::<Vec<_>>().join("; ");
            }
            actions.push(Action { relation, action });
        }
        for own in system.own {
            let relation = format!("{}.{}", quoted(schema), own.name);
            if actions.iter().any(|action| action.relation == relation) {
                continue;
            }
            let action = match (kind(db, schema, own.name)?.as_deref(), own.is_view) {
                (None, _) => create(db, schema, own.name)?,
                (Some("v"), true) => UNCHANGED.to_owned(),
                (Some("r" | "p"), false) => check_own(db, schema, &relation, own)?,
                (Some(_), true) => return Err(wrong_kind(&relation, "a view")),
                (Some(_), false) => return Err(wrong_kind(&relation, "a table")),
            };
            actions.push(Action { relation, action });
        }
    }
    Ok(actions)
}

/// Makes what a refresh needs and finds missing; a dry run, which needs nothing, only looks at the schema.
pub fn prepare(db: Db, schema: &str, system: &System, dry_run: bool) -> Result<()> {
    if is_set_up(db, schema, system)? {
        return Ok(());
    }
    check_schema(db, schema)?;
    if !dry_run {
        set_up(db, schema, &[system])?;
    }
    Ok(())
}

/// What is said of a relation that is as it should be.
pub const UNCHANGED: &str = "unchanged";

pub fn kind(db: Db, schema: &str, name: &str) -> Result<Option<String>> {
    let sql = "SELECT c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name";
    Ok(db.first(sql, &[arg(schema), arg(name)], Sees::Now, |row| Ok(row.string(0)))?.flatten())
}

fn wrong_kind(relation: &str, wanted: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, format!("{relation} is not {wanted}"))
        .hint("Rename it, or choose another schema: SET pg_regime.target_schema = '…';")
}

pub fn create(db: Db, schema: &str, name: &str) -> Result<String> {
    check_may_create(db, schema)?;
    let of_relation = format!("{{schema}}.{name}");
    let mentions = |statement: &&str| {
        statement.find(&of_relation).is_some_and(|at| {
            let after = statement[at + of_relation.len()..].chars().next();
            // The first relation named is the one that a statement makes or describes.
            statement.find("{schema}.") == Some(at) && !after.is_some_and(|c| c == '_' || c.is_alphanumeric())
        })
    };
    for statement in DDL.iter().flat_map(|ddl| ddl.split("\n--;\n")).filter(mentions) {
        db.execute(&statement.replace("{schema}", &quoted(schema)), &[])?;
    }
    Ok("created".to_owned())
}
