//! Writing the regime of each signal beside it: one statement for a whole table.

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::policy::UNKNOWN;

use crate::db::{Db, Sees, arg};
use crate::error::{Error, Result, invalid_parameter, no_privilege};
use crate::refresh::{TF, output_relation};
use crate::source::{current_user, without_modifier};
use crate::system::REGIMES;
use crate::{as_of, guc};

/// Longest name that PostgreSQL keeps whole, in bytes.
const MOST_BYTES: usize = 63;

/// The columns of the signals, as the caller names them.
pub struct Names<'a> {
    pub asset: &'a str,
    pub ts: &'a str,
    pub key: &'a str,
}

/// A table of signals.
struct Table {
    /// Quoted, with its schema.
    sql: String,
    may_alter: bool,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    type_name: String,
    is_generated: bool,
    may_read: bool,
    may_update: bool,
}

/// Fills the key column where it is NULL, adding it if it is not there; gives the number of rows filled.
pub fn tag(db: Db, relation: pg_sys::Oid, names: &Names) -> Result<i64> {
    for (argument, name) in
        [("asset_column", names.asset), ("ts_column", names.ts), ("key_column", names.key)]
    {
        check_name(argument, name)?;
    }
    let regimes = output_relation(db, REGIMES.name)?;
    let mut table = find(db, relation)?;
    let asset = asset_expression(&table, names.asset)?;
    let ts = ts_expression(&table, names.ts)?;
    if !table.columns.iter().any(|c| c.name == names.key) {
        add_key(db, &table, names.key)?;
        table = find(db, relation)?;
    }
    check_key(&table, names.key)?;
    let key = quoted(names.key);
    let fresh = match guc::max_age() {
        Some(_) => format!(" AND r.ts >= {ts} - $1 * interval '1 microsecond'"),
        None => String::new(),
    };
    let sql = format!(
        "UPDATE {} AS s SET {key} = coalesce((SELECT r.regime_key::text FROM {regimes} r WHERE r.id = {asset} \
         AND r.tf = '{TF}' AND r.ts <= {ts}{fresh} ORDER BY r.ts DESC LIMIT 1), '{UNKNOWN}') \
         WHERE s.{key} IS NULL AND ($1::float8 IS NULL OR true)",
        table.sql
    );
    let limit = as_of::limit(None)?.map(|micros| micros as f64);
    Ok(db.execute(&sql, &[arg(limit)])? as i64)
}

fn check_name(argument: &str, name: &str) -> Result<()> {
    if (1..=MOST_BYTES).contains(&name.len()) {
        return Ok(());
    }
    Err(invalid_parameter(format!("{argument} has {} bytes, and a name has 1 to {MOST_BYTES}", name.len()))
        .hint(format!("Pass {argument} => the name of a column, without quotes.")))
}

fn find(db: Db, relation: pg_sys::Oid) -> Result<Table> {
    let sql = "SELECT n.nspname::text, c.relname::text, c.relkind::text, pg_has_role(c.relowner, 'USAGE') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let found = db.first(sql, &[arg(relation)], Sees::Now, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        Ok((format!("{}.{}", quoted(text(0)), quoted(text(1))), text(2), row.bool(3) == Some(true)))
    })?;
    let Some((sql, kind, may_alter)) = found else {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("there is no relation with oid {}", relation.to_u32()),
        )
        .hint("Pass the name of a table: SELECT regime_tag_signals('signals');"));
    };
    if !matches!(kind.as_str(), "r" | "p") {
        return Err(Error::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, format!("{sql} is not a table"))
            .hint("Pass the table that holds the signals; a view can join cmc_regimes itself."));
    }
    let columns = columns(db, relation)?;
    Ok(Table { sql, may_alter, columns })
}

fn columns(db: Db, relation: pg_sys::Oid) -> Result<Vec<Column>> {
    let sql = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '', \
         has_column_privilege(a.attrelid, a.attnum, 'SELECT'), has_column_privilege(a.attrelid, a.attnum, 'UPDATE') \
         FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    let mut columns = Vec::new();
    db.rows(sql, &[arg(relation)], Sees::Now, |row| {
        let (text, flag) = (|c| row.string(c).unwrap_or_default(), |c| row.bool(c) == Some(true));
        columns.push(Column {
            name: text(0),
            type_name: text(1),
            is_generated: flag(2),
            may_read: flag(3),
            may_update: flag(4),
        });
        Ok(())
    })?;
    Ok(columns)
}

/// A column that is there and may be read.
fn column<'a>(table: &'a Table, argument: &str, name: &str) -> Result<&'a Column> {
    let Some(column) = table.columns.iter().find(|c| c.name == name) else {
        let names: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
            format!("column {} of table {} does not exist", quoted(name), table.sql),
        )
        .detail(format!("It has the columns {}.", names.join(", ")))
        .hint(format!("Pass {argument} => one of them.")));
    };
    if column.may_read {
        return Ok(column);
    }
    Err(no_privilege(&table.sql, &format!("SELECT ({})", quoted(name)), &current_user()))
}

fn wrong_type(table: &Table, argument: &str, column: &Column, wanted: &str) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!(
            "column {} of table {} is of type {}, not {wanted}",
            quoted(&column.name),
            table.sql,
            column.type_name
        ),
    )
    .hint(format!("Pass {argument} => a column of that type."))
}

fn asset_expression(table: &Table, name: &str) -> Result<String> {
    let column = column(table, "asset_column", name)?;
    match without_modifier(&column.type_name).as_str() {
        "integer" | "bigint" | "smallint" => Ok(format!("s.{}", quoted(name))),
        _ => Err(wrong_type(table, "asset_column", column, "integer")),
    }
}

/// The moment of a signal; without a time zone it is UTC, as in the sources.
fn ts_expression(table: &Table, name: &str) -> Result<String> {
    let column = column(table, "ts_column", name)?;
    let sql = format!("s.{}", quoted(name));
    match without_modifier(&column.type_name).as_str() {
        "timestamp with time zone" => Ok(sql),
        "timestamp without time zone" => Ok(format!("({sql} AT TIME ZONE 'UTC')")),
        "date" => Ok(format!("({sql}::timestamp AT TIME ZONE 'UTC')")),
        _ => Err(wrong_type(table, "ts_column", column, "timestamp with time zone")),
    }
}

fn add_key(db: Db, table: &Table, name: &str) -> Result<()> {
    let statement = format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} text", table.sql, quoted(name));
    if !table.may_alter {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!(
                "column {} of table {} does not exist, and only its owner can add it",
                quoted(name),
                table.sql
            ),
        )
        .hint(format!("{statement}; as the owner of the table.")));
    }
    db.execute(&statement, &[]).map(|_| ())
}

fn check_key(table: &Table, name: &str) -> Result<()> {
    let key = column(table, "key_column", name)?;
    if !matches!(without_modifier(&key.type_name).as_str(), "text" | "character varying") {
        return Err(wrong_type(table, "key_column", key, "text"));
    }
    if key.is_generated {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_GENERATED_ALWAYS,
            format!("column {} of table {} is generated", quoted(name), table.sql),
        )
        .hint("Pass key_column => a plain column, or a name that is not taken."));
    }
    if key.may_update {
        return Ok(());
    }
    Err(no_privilege(&table.sql, &format!("UPDATE ({})", quoted(name)), &current_user()))
}
