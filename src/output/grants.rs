//! The privileges that a refresh needs, and the errors of a role that lacks them.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::system::System;
use crate::pg::arg::arg;
use crate::pg::catalog::work_schema;
use crate::pg::error::{Error, Result};
use crate::pg::session;
use crate::pg::spi::{self, Db, Sees};
use crate::pg::subtransaction::attempt;
use crate::pg::syscache::may_use;

/// The error with the grants that would have prevented it, where the current role lacks any. An error of a row-level
/// security policy has the same code, but no grant helps there.
pub fn with_grants(error: Error, system: &System, schema: &str) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE {
        return error;
    }
    match attempt(|| spi::connect(|db| missing(db, system, schema))) {
        Ok(missing) if !missing.is_empty() => error.hint(grants(system, schema, &session::current_user())),
        _ => error,
    }
}

/// The privileges that the current role lacks to refresh; names are quoted.
pub struct Missing {
    schemas: Vec<String>,
    tables: Vec<String>,
    sequences: Vec<String>,
    /// Whether the role may read every table.
    pub may_read: bool,
}

impl Missing {
    /// Whether no privilege is missing.
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty() && self.tables.is_empty() && self.sequences.is_empty()
    }

    /// What the role may not do.
    pub fn told(&self) -> String {
        let schemas = self.schemas.iter().map(|schema| format!("use schema {schema}"));
        let relations = [("read and write", &self.tables), ("use", &self.sequences)];
        let relations = relations.into_iter().filter(|(_, relations)| !relations.is_empty());
        let relations = relations.map(|(verb, relations)| format!("{verb} {}", relations.join(", ")));
        schemas.chain(relations).collect::<Vec<_>>().join(" nor ")
    }
}

/// Which of the privileges that a refresh needs the current role lacks.
pub fn missing(db: Db, system: &System, schema: &str) -> Result<Missing> {
    // By their ids, since names can be looked up only by those who may use the schema. A number GENERATED ALWAYS
    // is drawn by the INSERT itself and needs no privilege; the others are drawn by nextval().
    let sql = "WITH own AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name \
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (schema, relation) \
           ON n.nspname = w.schema::name AND c.relname = w.relation::name) \
         SELECT o.name, false, has_table_privilege(o.oid, 'SELECT') FROM own o \
         WHERE NOT (has_table_privilege(o.oid, 'SELECT') AND has_table_privilege(o.oid, 'INSERT') \
           AND has_table_privilege(o.oid, 'UPDATE') AND has_table_privilege(o.oid, 'DELETE')) \
         UNION ALL SELECT format('%I.%I', n.nspname, s.relname), true, true FROM own o \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid AND a.attidentity = 'd' \
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid \
           AND d.refobjsubid = a.attnum AND d.classid = d.refclassid AND d.deptype = 'i' \
         JOIN pg_catalog.pg_class s ON s.oid = d.objid \
         JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace \
         WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END ORDER BY 1";
    let (schemas, names): (Vec<String>, Vec<&str>) = system.relations(schema).into_iter().unzip();
    let work = work_schema(schema);
    let unusable: Vec<String> =
        [schema, &work].into_iter().filter(|schema| !may_use(schema)).map(quoted).collect();
    let (mut tables, mut sequences, mut may_read) = (Vec::new(), Vec::new(), unusable.is_empty());
    db.rows(sql, &[arg(schemas), arg(names)], Sees::Snapshot, |row| {
        let of_kind = if row.bool(1) == Some(true) { &mut sequences } else { &mut tables };
        of_kind.extend(row.string(0));
        may_read &= row.bool(2) == Some(true);
        Ok(())
    })?;
    Ok(Missing { schemas: unusable, tables, sequences, may_read })
}

/// The grants that the current user needs to refresh.
pub fn grants(system: &System, schema: &str, user: &str) -> String {
    let work = work_schema(schema);
    let relations = system.relations(schema);
    let tables: Vec<String> =
        relations.iter().map(|(schema, table)| format!("{}.{table}", quoted(schema))).collect();
    let unusable: Vec<String> =
        [schema, &work].into_iter().filter(|schema| !may_use(schema)).map(quoted).collect();
    let usage = match unusable.is_empty() {
        true => String::new(),
        false => format!("GRANT USAGE ON SCHEMA {} TO {user}; ", unusable.join(", ")),
    };
    format!(
        "{usage}GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {user}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {user};",
        tables.join(", "),
        quoted(&work)
    )
}
