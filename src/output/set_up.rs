//! Setting up the output tables and the working tables: whether they are there, and making what is missing.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::adopt::{adopt, check_own};
use crate::output::system::{Kind, Own, System};
use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::catalog::{Action, UNCHANGED, check_may_create, check_schema, work_schema};
use crate::pg::error::{Error, Result};
use crate::pg::lock::lock_schema;
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};

/// Whether every table and view of a system is there with all its columns.
pub fn is_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    Ok(*known("set up", &(system.name, schema.to_owned()), || find_set_up(db, schema, system))?)
}

fn find_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    let (mut schemas, mut relations, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let mut want = |schema: &str, relation, column| {
        schemas.push(schema.to_owned());
        relations.push(relation);
        columns.push(column);
    };
    for table in system.tables {
        let own = [table.scope, table.key, table.values].concat();
        own.iter().map(|c| c.name).chain([table.stamp]).for_each(|c| want(schema, table.name, c));
    }
    for own in system.own {
        let schema = own.schema(schema);
        own.columns.iter().for_each(|column| want(&schema, own.name, column));
    }
    let wanted = columns.len() as i64;
    let sql = "SELECT count(*) FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) \
         AS w (schema, relation, attribute) JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema::name \
         JOIN pg_catalog.pg_class c ON c.relname = w.relation::name AND c.relnamespace = n.oid \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute::name AND NOT a.attisdropped";
    let args = [arg(schemas), arg(relations), arg(columns)];
    let found = db.first(sql, &args, Sees::Now, |row| Ok(row.long(0)))?;
    Ok(found.flatten() == Some(wanted))
}

/// Makes the relations of systems that are missing, and checks and completes those that are there.
///
/// # Errors
/// Where a relation is there that cannot serve, or the current role lacks a privilege to make what is missing.
pub fn set_up(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    lock_schema(db, schema)?;
    let mut actions = vec![make_work_schema(db, schema)?];
    for system in systems {
        for (i, table) in system.tables.iter().enumerate() {
            let relation = format!("{}.{}", quoted(schema), table.name);
            let mut action = match kind(db, schema, table.name)?.as_deref() {
                None => create(db, schema, system, &format!("{{schema}}.{}", table.name))?,
                Some("r" | "p") => adopt(db, &relation, table)?,
                Some(_) => return Err(wrong_kind(&relation, "a table")),
            };
            let finish = system.finish.filter(|_| i == 0);
            if let Some(further) = finish.map_or(Ok(None), |finish| finish(db, schema))? {
                let before = Some(action).filter(|action| action != UNCHANGED);
                action = before.into_iter().chain([further]).collect::<Vec<_>>().join("; ");
            }
            actions.push(Action { relation, action });
        }
        for own in system.own {
            let action = set_up_own(db, schema, system, own)?;
            // Some belong to every system.
            if !actions.iter().any(|before| before.relation == action.relation) {
                actions.push(action);
            }
        }
    }
    Ok(actions)
}

fn set_up_own(db: Db, schema: &str, system: &System, own: &Own) -> Result<Action> {
    let own_schema = own.schema(schema);
    let relation = format!("{}.{}", quoted(&own_schema), own.name);
    let is_view = own.kind == Kind::View;
    let action = match kind(db, &own_schema, own.name)?.as_deref() {
        None => {
            let place = if is_view { "{schema}" } else { "{work}" };
            create(db, schema, system, &format!("{place}.{}", own.name))?
        }
        Some("v") if is_view => {
            let unchanged = check_own(db, schema, &relation, own)?;
            match reads_others(db, schema, system, own)? {
                false => unchanged,
                true => create(db, schema, system, &format!("{{schema}}.{}", own.name))
                    .map(|_| "replaced".to_owned())?,
            }
        }
        Some("r" | "p") if !is_view => check_own(db, schema, &relation, own)?,
        Some(_) => return Err(wrong_kind(&relation, if is_view { "a view" } else { "a table" })),
    };
    Ok(Action { relation, action })
}

/// Whether a view reads other tables than the working tables: those that were renamed and made anew since.
fn reads_others(db: Db, schema: &str, system: &System, view: &Own) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace s ON s.oid = v.relnamespace \
         JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid \
         JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid \
         AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid \
         JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p') \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE s.nspname = $1::name AND v.relname = $2::name \
         AND NOT (n.nspname = $3::name AND c.relname::text = ANY ($4)) LIMIT 1";
    let tables: Vec<&str> =
        system.own.iter().filter(|own| own.kind != Kind::View).map(|own| own.name).collect();
    let args = [arg(schema), arg(view.name), arg(work_schema(schema)), arg(tables)];
    Ok(db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_some())
}

/// Makes the relations that a refresh needs and finds missing; a dry run, which needs none, only checks the schema.
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

/// Makes the working schema unless it is there.
fn make_work_schema(db: Db, schema: &str) -> Result<Action> {
    let work = work_schema(schema);
    let relation = quoted(&work);
    let sql = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database()::text, 'CREATE'), \
         EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1::name)";
    let found = db.first(sql, &[arg(work)], Sees::Now, |row| Ok((row.bool(0), row.bool(1))))?;
    match found {
        Some((_, Some(true))) => return Ok(Action { relation, action: UNCHANGED.to_owned() }),
        Some((Some(true), _)) => {}
        _ => {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("permission denied to create schema {relation}"),
            )
            .detail("The schema holds the working tables of refreshes: states, marks, rounds, the run log.")
            .hint(format!("CREATE SCHEMA {relation} AUTHORIZATION {};", current_user())));
        }
    }
    db.execute(&format!("CREATE SCHEMA {relation}"), &[])?;
    let comment = format!(
        "COMMENT ON SCHEMA {relation} IS {}",
        pgrx::spi::quote_literal(format!(
            "Working tables of pg_regime for the output tables in schema {schema}: states, marks, rounds, the run log"
        ))
    );
    db.execute(&comment, &[])?;
    Ok(Action { relation, action: "created".to_owned() })
}

fn kind(db: Db, schema: &str, name: &str) -> Result<Option<String>> {
    let sql = "SELECT c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name";
    Ok(db.first(sql, &[arg(schema), arg(name)], Sees::Now, |row| Ok(row.string(0)))?.flatten())
}

fn wrong_kind(relation: &str, wanted: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, format!("{relation} is not {wanted}"))
        .hint("Rename it, or choose another schema: SET pg_regime.target_schema = '…';")
}

/// Runs the statements of a system's templates that make or describe a relation, which is given as the templates
/// name it.
fn create(db: Db, schema: &str, system: &System, relation: &str) -> Result<String> {
    let work = work_schema(schema);
    check_may_create(db, if relation.starts_with("{work}") { &work } else { schema })?;
    let is_of_relation = |statement: &&str| {
        // The first relation named is the one that a statement makes or describes.
        let first = ["{schema}.", "{work}."].iter().filter_map(|place| statement.find(place)).min();
        let of_first = first.and_then(|at| statement[at..].strip_prefix(relation));
        of_first.is_some_and(|rest| !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric()))
    };
    for template in system.ddl {
        let template = match system.marks {
            Some(marks) => marks.ddl(template),
            None => (*template).to_owned(),
        };
        for statement in template.split("\n--;\n").filter(is_of_relation) {
            // One pass: a schema may be named like the other place.
            let parts: Vec<String> =
                statement.split("{schema}").map(|part| part.replace("{work}", &quoted(&work))).collect();
            db.execute(&parts.join(&quoted(schema)), &[])?;
        }
    }
    Ok("created".to_owned())
}
