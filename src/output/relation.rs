//! Output and working relations by name.

use crate::output::mend::{self, Output};
use crate::output::shape::{self, set_up_again, shape_of};
use crate::pg::{
    Db, Error, Result, current_user, known, no_privilege, no_usage, qualified, quoted, settings, syscache,
    syscache::relation_oid, undefined_table, work_schema,
};
use crate::sync::table::Table;

/// An output table in the target schema, as SQL.
///
/// # Errors
/// Where the table does not exist or the current role may not read it, and where a column is missing or of another type.
pub fn output_relation(db: Db, table: &'static Table) -> Result<String> {
    let schema = settings::target_schema();
    let relation = readable(db, &schema, &schema, table.name)?;
    known("output table", &(table.name, schema.clone()), || {
        let shape = &shape_of(db, &schema, table.name)?;
        let Err(error) = shape::check_readable(&relation, table, shape, &set_up_again(db, &schema)?) else {
            return Ok(());
        };
        let mended = match relation_oid(&schema, table.name) {
            Some(oid) if error.report().hint.is_none() => {
                mend::check(db, &schema, &[Output { oid, relation: &relation, table, shape }])?
            }
            _ => None,
        };
        Err(mended.unwrap_or(error))
    })?;
    Ok(relation)
}

/// A relation of the working schema, as SQL.
///
/// # Errors
/// Where the relation does not exist or the current role may not read it.
pub fn work_relation(db: Db, name: &str) -> Result<String> {
    let schema = settings::target_schema();
    readable(db, &schema, &work_schema(&schema), name)
}

/// Why the current role may not read relations, given as SQL, of a schema.
pub fn not_readable(schema: &str, relations: &str) -> Error {
    match syscache::may_use(schema) {
        true => no_privilege(relations, "SELECT", &current_user()),
        false => no_usage(schema, &current_user()),
    }
}

fn readable(db: Db, target: &str, schema: &str, name: &str) -> Result<String> {
    let relation = qualified(schema, name);
    match syscache::readable(schema, name) {
        Some(true) => Ok(relation),
        Some(false) => Err(not_readable(schema, &relation)),
        None => Err(undefined_table(format!("output table {relation} does not exist"))
            .detail(format!("The schema is that of pg_regime.target_schema: {}.", quoted(target)))
            .hint(set_up_again(db, target)?)),
    }
}
