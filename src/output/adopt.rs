//! Adopting output tables that are there already: their columns, types, key and indexes.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::system::{Kind, Own};
use crate::pg::arg::arg;
use crate::pg::catalog::{UNCHANGED, without_modifier};
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees};
use crate::sync::table::{Column, Index, OnChange, Table, Type, column};

/// A relation of refresh's own is there: it must be of this version. Looked up in the catalogs, which takes no
/// privilege on the working schema.
pub fn check_own(db: Db, schema: &str, relation: &str, own: &Own) -> Result<String> {
    let sql = "SELECT w::text FROM pg_catalog.unnest($3::text[]) AS w WHERE NOT EXISTS \
         (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name AND a.attname = w::name AND NOT a.attisdropped)";
    let args = [arg(own.schema(schema)), arg(own.name), arg(own.columns.to_vec())];
    let missing = db.first(sql, &args, Sees::Now, |row| Ok(row.string(0)))?.flatten();
    let what = if own.kind == Kind::View { "view" } else { "table" };
    match missing {
        None => Ok(UNCHANGED.to_owned()),
        Some(column) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("{what} {relation} has no column {column}"),
        )
        .detail(format!("The {what} was not made by this version of pg_regime."))
        .hint(format!(
            "{}; SELECT * FROM {}.regime_setup({});",
            // Nothing is lost with the others: they say where computations stand.
            match own.kind {
                Kind::Record => format!("ALTER TABLE {relation} RENAME TO {}_old", own.name),
                Kind::Work => format!("DROP TABLE {relation} CASCADE"),
                Kind::View => format!("DROP VIEW {relation} CASCADE"),
            },
            crate::pg::catalog::extension_schema(db)?,
            pgrx::spi::quote_literal(schema)
        ))),
    }
}

/// Checks a table that is there against what is needed; adds columns that are missing.
pub fn adopt(db: Db, relation: &str, table: &Table) -> Result<String> {
    let mut found: Vec<(String, String, bool, bool)> = Vec::new();
    let sql = "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, atthasdef OR attidentity <> '' \
         FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    db.rows(sql, &[arg(relation)], Sees::Now, |row| {
        let flag = |column| row.bool(column) == Some(true);
        found.push((row.string(0).unwrap_or_default(), row.string(1).unwrap_or_default(), flag(2), flag(3)));
        Ok(())
    })?;
    let stamp = column(table.stamp, Type::Timestamptz);
    let columns: Vec<Column> = [table.scope, table.key, table.values, &[stamp]].concat();
    let mut added = Vec::new();
    for column in &columns {
        match found.iter().find(|(name, ..)| name == column.name) {
            Some((_, _, true, _)) if column.nullable => {
                return Err(Error::new(
                    PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
                    format!("column {} of table {relation} is NOT NULL", column.name),
                )
                .detail("Refresh writes NULL there where there is no value.")
                .hint(format!("ALTER TABLE {relation} ALTER COLUMN {} DROP NOT NULL;", column.name)));
            }
            Some((_, type_name, ..)) if fits(type_name, column.kind) => {}
            Some((_, type_name, ..)) => return Err(wrong_type(relation, column, type_name)),
            None => {
                add_column(db, relation, column, column.name == table.stamp)?;
                added.push(column.name);
            }
        }
    }
    let unknown = found
        .iter()
        .find(|(name, _, required, filled)| *required && !*filled && !columns.iter().any(|c| c.name == name));
    if let Some((name, ..)) = unknown {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("table {relation} has a column {} that is NOT NULL without a default", quoted(name)),
        )
        .detail("Refresh does not fill it, so that no row could be inserted.")
        .hint(format!("ALTER TABLE {relation} ALTER COLUMN {} DROP NOT NULL;", quoted(name))));
    }
    let keyed = ensure_key(db, relation, table)?;
    for index in table.indexes {
        ensure_index(db, relation, index)?;
    }
    Ok(match (added.is_empty(), keyed) {
        (true, false) => UNCHANGED.to_owned(),
        (true, true) => "added a unique key".to_owned(),
        (false, keyed) => {
            format!("added {}{}", added.join(", "), if keyed { " and a unique key" } else { "" })
        }
    })
}

fn fits(type_name: &str, kind: Type) -> bool {
    let base = without_modifier(type_name);
    match kind {
        Type::Timestamptz => base == "timestamp with time zone",
        Type::Int => matches!(base.as_str(), "integer" | "bigint"),
        Type::Float => base == "double precision",
        Type::Bool => base == "boolean",
        Type::Text => matches!(base.as_str(), "text" | "character varying"),
        Type::TextArray => base == "text[]",
        Type::Date => base == "date",
    }
}

fn wrong_type(relation: &str, column: &Column, found: &str) -> Error {
    let wanted = column.kind.sql();
    Error::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column {} of table {relation} is of type {found}, not {wanted}", column.name),
    )
    .detail(
        "The table was there before; it is adopted only with columns that hold what refresh writes, exactly.",
    )
    .hint(format!(
        "ALTER TABLE {relation} ALTER COLUMN {0} TYPE {wanted} USING {1};",
        column.name,
        if column.kind == Type::Timestamptz && found.starts_with("timestamp") {
            format!("{} AT TIME ZONE 'UTC'", column.name)
        } else {
            format!("{}::{wanted}", column.name)
        }
    ))
}

/// Adds a column. Rows that are there get NULL, a value that the next refresh replaces, or the only value that the
/// column has ever had.
fn add_column(db: Db, relation: &str, column: &Column, is_stamp: bool) -> Result<()> {
    let add = format!("ALTER TABLE {relation} ADD COLUMN {} {}", column.name, column.kind.sql());
    if is_stamp {
        db.execute(&format!("{add} NOT NULL DEFAULT now()"), &[])?;
    } else if let Some(before) = column.before {
        db.execute(&format!("{add} NOT NULL DEFAULT {}", pgrx::spi::quote_literal(before)), &[])?;
        db.execute(&format!("ALTER TABLE {relation} ALTER COLUMN {} DROP DEFAULT", column.name), &[])?;
    } else {
        db.execute(&add, &[])?;
    }
    Ok(())
}

/// A unique index on just the key, without which rows cannot be told apart.
fn ensure_key(db: Db, relation: &str, table: &Table) -> Result<bool> {
    let mut key: Vec<&str> = table.scope.iter().chain(table.key).map(|c| c.name).collect();
    if table.on_change == OnChange::ReplaceAll {
        key.push(table.stamp);
    }
    let sql = "SELECT true FROM pg_catalog.pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indpred IS NULL \
         AND i.indexprs IS NULL AND i.indisvalid AND (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attname::text) FROM pg_catalog.pg_attribute a \
         WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) \
         = (SELECT pg_catalog.array_agg(k ORDER BY k) FROM pg_catalog.unnest($2::text[]) AS k)";
    if db.first(sql, &[arg(relation), arg(key.clone())], Sees::Now, |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let list = key.join(", ");
    let duplicates =
        format!("SELECT count(*) FROM (SELECT 1 FROM {relation} GROUP BY {list} HAVING count(*) > 1) AS d");
    let count = db.first(&duplicates, &[], Sees::Now, |row| Ok(row.long(0)))?.flatten().unwrap_or(0);
    if count > 0 {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION,
            format!("table {relation} has no unique key on ({list}), and {count} keys more than once"),
        )
        .hint(format!("Delete the extra rows: SELECT {list}, count(*) FROM {relation} GROUP BY {list} HAVING count(*) > 1;")));
    }
    db.execute(&format!("ALTER TABLE {relation} ADD UNIQUE ({list})"), &[])?;
    Ok(true)
}

/// An index that serves queries which must be fast.
fn ensure_index(db: Db, relation: &str, index: &Index) -> Result<()> {
    let sql = "SELECT true FROM pg_catalog.pg_index i WHERE i.indrelid = $1::regclass AND i.indisvalid AND (i.indpred IS NOT NULL) = $3 \
         AND (SELECT pg_catalog.array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n) FROM pg_catalog.generate_series(1, $4) AS n) = $2";
    let columns = index.columns.to_vec();
    let args = [arg(relation), arg(columns), arg(index.partial), arg(index.columns.len() as i32)];
    if db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_none() {
        db.execute(&format!("CREATE INDEX ON {relation} {}", index.on), &[])?;
    }
    Ok(())
}
