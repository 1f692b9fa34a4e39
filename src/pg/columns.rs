//! A relation that a caller names by its oid, and its columns: which there are, of what type, and what the
//! current user may do with them.

use std::rc::Rc;

use pgrx::pg_sys;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::catalog::{Column, columns, extension_schema};
use crate::pg::environment::quoted;
use crate::pg::error::{
    Error, Result, datatype_mismatch, invalid_parameter, no_privilege, undefined_column, undefined_table,
};
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};

/// Longest name that PostgreSQL keeps whole, in bytes.
const MOST_BYTES: usize = 63;

/// A relation with its columns.
pub struct Table {
    /// Quoted, with its schema.
    pub sql: String,
    /// As `pg_class.relkind` has it.
    pub kind: String,
    /// Whether the current user is, or is a member of, the owner.
    pub may_alter: bool,
    /// In the order of the table.
    pub columns: Vec<Column>,
}

/// Checks that an argument can be the name of a column.
///
/// # Errors
/// Where the name is empty or longer than PostgreSQL keeps.
pub fn check_name(argument: &str, name: &str) -> Result<()> {
    if (1..=MOST_BYTES).contains(&name.len()) {
        return Ok(());
    }
    Err(invalid_parameter(format!("{argument} has {} bytes, and a name has 1 to {MOST_BYTES}", name.len()))
        .hint(format!("Pass {argument} => the name of a column, without quotes.")))
}

/// The relation of an oid, with its columns; `example` is a call of the function for the
/// hint, with `{schema}` for the schema of the extension.
///
/// # Errors
/// Where there is no such relation.
pub fn find(db: Db, relation: pg_sys::Oid, example: &str) -> Result<Rc<Table>> {
    known("table", &relation, || read(db, relation, example))
}

fn read(db: Db, relation: pg_sys::Oid, example: &str) -> Result<Table> {
    let sql = "SELECT n.nspname::text, c.relname::text, c.relkind::text, pg_has_role(c.relowner, 'USAGE') AS may_alter \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let found = db.first(sql, &[arg(relation)], Sees::Now, |row| {
        let name = |column| row.get::<&str>(column).map(quoted);
        let sql = format!("{}.{}", name("nspname")?, name("relname")?);
        Ok((sql, row.get("relkind")?, row.get("may_alter")?))
    })?;
    let Some((sql, kind, may_alter)) = found else {
        return Err(undefined_table(format!("there is no relation with oid {}", relation.to_u32())).hint(
            format!("Pass the name of a table: {}", example.replace("{schema}", &extension_schema(db)?)),
        ));
    };
    Ok(Table { sql, kind, may_alter, columns: columns(db, relation, Sees::Now)? })
}

/// The column of this name, which the current user may read; `argument` is the argument that names the
/// column.
///
/// # Errors
/// Where there is no such column, or the SELECT privilege is missing.
pub fn column<'a>(table: &'a Table, argument: &str, name: &str) -> Result<&'a Column> {
    let Some(column) = table.columns.iter().find(|c| c.name == name) else {
        let names: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
        return Err(undefined_column(format!(
            "column {} of table {} does not exist",
            quoted(name),
            table.sql
        ))
        .detail(format!("Table {} has the columns {}.", table.sql, names.join(", ")))
        .hint(format!("Pass {argument} => one of these columns.")));
    };
    if column.may_read {
        return Ok(column);
    }
    Err(no_privilege(&table.sql, &format!("SELECT ({})", quoted(name)), &current_user()))
}

/// The error for a column of another type than `wanted`.
pub fn wrong_type(table: &Table, argument: &str, column: &Column, wanted: &str) -> Error {
    datatype_mismatch(format!(
        "column {} of table {} is of type {}, not {wanted}",
        quoted(&column.name),
        table.sql,
        column.type_name
    ))
    .hint(format!("Pass {argument} => a column of type {wanted}."))
}
