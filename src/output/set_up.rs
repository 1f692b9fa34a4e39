//! Setting up the output tables and the working tables: whether they exist, and creating what is missing.

use pgrx::prelude::*;

use crate::output::adopt::{adopt, check_own};
use crate::output::own::Own;
use crate::output::system::System;
use crate::pg::{
    Action, Db, Error, Outcome, Result, Row, Sees, arg, block, check_may_create, check_schema, current_user,
    fill, known, lock_schema, owner, qualified, quote_literal, quoted, work_schema,
};

/// Whether every table and view of a system exists with all its columns.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn is_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    Ok(*known("set up", &(system.name, schema.to_owned()), || find_set_up(db, schema, system))?)
}

fn find_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    // One element for each column that must be there.
    let (mut schemas, mut relations, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let mut want = |schema: &str, relation, column| {
        schemas.push(schema.to_owned());
        relations.push(relation);
        columns.push(column);
    };
    for table in system.tables {
        table.columns().for_each(|column| want(schema, table.name, column));
    }
    for own in system.all_own() {
        let schema = own.schema(schema);
        own.columns.iter().for_each(|column| want(&schema, own.name, column));
    }
    let wanted = columns.len() as i64;
    let sql = "SELECT count(*) AS found FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) \
         AS w (schema, relation, attribute) JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema::name \
         JOIN pg_catalog.pg_class c ON c.relname = w.relation::name AND c.relnamespace = n.oid \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute::name AND NOT a.attisdropped";
    let args = [arg(schemas), arg(relations), arg(columns)];
    Ok(db.one(sql, &args, Sees::Now, |row| row.get::<i64>("found"))? == wanted)
}

/// Creates the relations of systems that are missing, and checks and completes the existing ones.
///
/// # Errors
/// Where an existing relation cannot serve, or the current role lacks a privilege to create what is missing.
pub fn set_up(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    lock_schema(db, schema)?;
    owner::check_schema_owner(&work_schema(schema))?;
    systems.iter().try_for_each(|system| owner::check_tables(db, &system.everything(schema)))?;
    let mut actions = vec![create_work_schema(db, schema)?];
    for system in systems {
        let setup = Setup { db, system, target: schema, templates: system.templates() };
        for (i, table) in system.tables.iter().enumerate() {
            let relation = qualified(schema, table.name);
            let mut action = match kind(db, schema, table.name)?.as_deref() {
                None => {
                    setup.create(schema, &format!("{{schema}}.{}", table.name))?;
                    Outcome::Created
                }
                Some("r" | "p") => adopt(db, &relation, table)?,
                Some(_) => return Err(wrong_kind(&relation, "table")),
            };
            let finish = system.finish.filter(|_| i == 0);
            if let Some(further) = finish.map_or(Ok(None), |finish| finish(db, &relation))? {
                action = Outcome::Did(match action {
                    Outcome::Unchanged => further,
                    before => format!("{before}; {further}"),
                });
            }
            actions.push(Action { relation, action });
        }
        for own in system.all_own() {
            let action = setup.own(&own)?;
            // The run log belongs to every system.
            if !actions.iter().any(|before| before.relation == action.relation) {
                actions.push(action);
            }
        }
    }
    Ok(actions)
}

/// The setting up of one system.
struct Setup<'a, 'c> {
    db: Db<'c>,
    system: &'a System,
    /// The target schema.
    target: &'a str,
    templates: Vec<String>,
}

impl Setup<'_, '_> {
    fn own(&self, own: &Own) -> Result<Action> {
        let schema = own.schema(self.target);
        let relation = qualified(&schema, own.name);
        let create = || self.create(&schema, &own.placeholder());
        let action = match (kind(self.db, &schema, own.name)?.as_deref(), own.is_view()) {
            (None, _) => create().map(|()| Outcome::Created)?,
            (Some("v"), true) => {
                let unchanged = check_own(self.db, self.target, &relation, own)?;
                match self.reads_others(own)? {
                    false => unchanged,
                    true => create().map(|()| Outcome::Replaced)?,
                }
            }
            (Some("r" | "p"), false) => check_own(self.db, self.target, &relation, own)?,
            _ => return Err(wrong_kind(&relation, own.noun())),
        };
        Ok(Action { relation, action })
    }

    /// Whether a view reads other tables than the working tables: tables that were renamed and created anew since.
    fn reads_others(&self, view: &Own) -> Result<bool> {
        let sql = "SELECT true FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace s ON s.oid = v.relnamespace \
             JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid \
             JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid \
             AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid \
             JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p') \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE s.nspname = $1::name AND v.relname = $2::name \
             AND NOT (n.nspname = $3::name AND c.relname::text = ANY ($4)) LIMIT 1";
        let own = self.system.all_own().into_iter().filter(|own| !own.is_view());
        let tables: Vec<&str> = own.map(|own| own.name).collect();
        let args = [arg(self.target), arg(view.name), arg(work_schema(self.target)), arg(tables)];
        Ok(self.db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_some())
    }

    /// Runs the statements that create and describe a relation of a schema, which is given as the templates name it.
    fn create(&self, schema: &str, placeholder: &str) -> Result<()> {
        check_may_create(self.db, schema)?;
        let (target, work) = (quoted(self.target), quoted(work_schema(self.target)));
        for template in &self.templates {
            let statements = block(template, placeholder);
            if !statements.is_empty() {
                self.db.execute(&fill(statements, &[("schema", &target), ("work", &work)]), &[])?;
            }
        }
        Ok(())
    }
}

/// Creates the relations that a refresh misses; a dry run, which needs none, only checks the schema.
///
/// # Errors
/// As [`set_up`].
pub fn prepare(db: Db, schema: &str, system: &System, dry_run: bool) -> Result<()> {
    if is_set_up(db, schema, system)? {
        return if dry_run { Ok(()) } else { system.check_owners(db, schema) };
    }
    check_schema(db, schema)?;
    if !dry_run {
        set_up(db, schema, &[system])?;
    }
    Ok(())
}

/// Creates the working schema unless it exists.
fn create_work_schema(db: Db, schema: &str) -> Result<Action> {
    let work = work_schema(schema);
    let relation = quoted(&work);
    let sql = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database()::text, 'CREATE') AS may_create, \
         EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1::name) AS exists";
    let read = |row: &Row| Ok((row.get::<bool>("exists")?, row.get::<bool>("may_create")?));
    match db.one(sql, &[arg(work)], Sees::Now, read)? {
        (true, _) => return Ok(Action { relation, action: Outcome::Unchanged }),
        (false, true) => {}
        (false, false) => {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("permission denied to create schema {relation}"),
            )
            .detail("The schema holds the working tables of refreshes: states, marks, rounds, the run log.")
            .hint(format!("CREATE SCHEMA {relation} AUTHORIZATION {};", current_user())));
        }
    }
    db.execute(&format!("CREATE SCHEMA {relation}"), &[])?;
    let comment = quote_literal(format!(
        "Working tables of pg_regime for the output tables in schema {schema}: states, marks, rounds, the run log"
    ));
    db.execute(&format!("COMMENT ON SCHEMA {relation} IS {comment}"), &[])?;
    Ok(Action { relation, action: Outcome::Created })
}

/// The kind of a relation, as `pg_class` has it.
fn kind(db: Db, schema: &str, name: &str) -> Result<Option<String>> {
    let sql = "SELECT c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name";
    db.first(sql, &[arg(schema), arg(name)], Sees::Now, |row| row.get("relkind"))
}

fn wrong_kind(relation: &str, wanted: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, format!("{relation} is not a {wanted}"))
        .hint("Rename it, or choose another schema: SET pg_regime.target_schema = '…';")
}
