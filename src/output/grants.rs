//! The privileges that a refresh needs, and the errors of a role that lacks them.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::system::System;
use crate::pg::catalog::work_schema;
use crate::pg::error::Error;
use crate::pg::session;
use crate::pg::syscache::may_use;

fn is_privilege(error: &Error) -> bool {
    // A row-level security policy has the same code, but no grant helps there.
    let report = error.report();
    report.code == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE
        && report.message.starts_with("permission denied")
}

/// The error with the grants that would have prevented it.
pub fn with_grants(error: Error, system: &System, schema: &str) -> Error {
    if error.report().hint.is_some() || !is_privilege(&error) {
        return error;
    }
    error.hint(grants(system, schema, &session::current_user()))
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
