//! Adopting existing output tables: their columns, types, key and indexes.

use pgrx::prelude::*;

use crate::output::own::{Kind, Own};
use crate::pg::{
    Db, Error, Outcome, Result, Sees, arg, catalog, columns, extension_schema, plural, quote_literal, quoted,
    syscache::oid_of, syscache::relation_oid,
};
use crate::sync::table::{Column, Index, OnChange, Table, Type, column};

/// Checks that an existing relation of a system's own is of this version. It is looked up in the catalogs, which takes
/// no privilege on the working schema.
///
/// # Errors
/// Where a column is missing.
pub fn check_own(db: Db, schema: &str, relation: &str, own: &Own) -> Result<Outcome> {
    let oid = relation_oid(&own.schema(schema), own.name);
    let found = oid.map_or(Ok(Vec::new()), |oid| columns(db, oid, Sees::Now))?;
    let missing = own.columns.iter().find(|name| !found.iter().any(|column| column.name == **name));
    let Some(column) = missing else { return Ok(Outcome::Unchanged) };
    let what = own.noun();
    let clear = match own.kind {
        Kind::Record => format!("ALTER TABLE {relation} RENAME TO {}_old", own.name),
        Kind::Work => format!("DROP TABLE {relation} CASCADE"),
        Kind::View => format!("DROP VIEW {relation} CASCADE"),
    };
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
        format!("{what} {relation} has no column {column}"),
    )
    .detail(format!("The {what} was not made by this version of pg_regime."))
    .hint(format!(
        "{clear}; SELECT * FROM {}.regime_setup({});",
        extension_schema(db)?,
        quote_literal(schema)
    )))
}

/// Checks an existing output table against its specification; adds missing columns, a missing key, missing indexes.
/// Gives what was done.
///
/// # Errors
/// Where the table cannot hold what refresh writes.
pub fn adopt(db: Db, relation: &str, table: &Table) -> Result<Outcome> {
    let found = columns(db, oid_of(relation)?, Sees::Now)?;
    let stamp = column(table.stamp, Type::Timestamptz);
    let wanted: Vec<Column> = [table.scope, table.key, table.values, &[stamp]].concat();
    let mut added = Vec::new();
    for column in &wanted {
        match found.iter().find(|found| found.name == column.name) {
            Some(found) => check_column(relation, column, found)?,
            None => {
                add_column(db, relation, column, column.name == table.stamp)?;
                added.push(column.name);
            }
        }
    }
    let is_unknown = |found: &&catalog::Column| !wanted.iter().any(|column| column.name == found.name);
    if let Some(found) = found.iter().filter(is_unknown).find(|found| found.is_not_null && !found.is_filled) {
        let name = quoted(&found.name);
        return Err(invalid(format!(
            "table {relation} has a column {name} that is NOT NULL without a default"
        ))
        .detail("Refresh does not fill the column, so that no row could be inserted.")
        .hint(format!("ALTER TABLE {relation} ALTER COLUMN {name} DROP NOT NULL;")));
    }
    let keyed = ensure_key(db, relation, table)?;
    for index in table.indexes {
        ensure_index(db, relation, index)?;
    }
    Ok(match (added.is_empty(), keyed) {
        (true, false) => Outcome::Unchanged,
        (true, true) => Outcome::Did("added a unique key".to_owned()),
        (false, keyed) => {
            let key = if keyed { " and a unique key" } else { "" };
            Outcome::Did(format!("added {}{key}", added.join(", ")))
        }
    })
}

fn check_column(relation: &str, column: &Column, found: &catalog::Column) -> Result<()> {
    let Column { name, kind, nullable, .. } = *column;
    if nullable && found.is_not_null {
        return Err(invalid(format!("column {name} of table {relation} is NOT NULL"))
            .detail("Refresh writes NULL into the column where there is no value.")
            .hint(format!("ALTER TABLE {relation} ALTER COLUMN {name} DROP NOT NULL;")));
    }
    if fits(&found.base_type(), kind) { Ok(()) } else { Err(wrong_type(relation, column, found)) }
}

fn invalid(message: String) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION, message)
}

fn fits(base: &str, kind: Type) -> bool {
    match kind {
        Type::Timestamptz => base == "timestamp with time zone",
        Type::Int => matches!(base, "integer" | "bigint"),
        Type::Float => base == "double precision",
        Type::Bool => base == "boolean",
        Type::Text => matches!(base, "text" | "character varying"),
        Type::TextArray => base == "text[]",
        Type::Date => base == "date",
    }
}

fn wrong_type(relation: &str, column: &Column, found: &catalog::Column) -> Error {
    let wanted = column.kind.sql();
    Error::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column {} of table {relation} is of type {}, not {wanted}", column.name, found.type_name),
    )
    .detail("An existing table is adopted only if its columns hold exactly what refresh writes.")
    .hint(format!(
        "ALTER TABLE {relation} ALTER COLUMN {0} TYPE {wanted} USING {1};",
        column.name,
        if column.kind == Type::Timestamptz && found.base_type() == "timestamp without time zone" {
            format!("{} AT TIME ZONE 'UTC'", column.name)
        } else {
            format!("{}::{wanted}", column.name)
        }
    ))
}

/// Adds a column. Existing rows get NULL, a value that the next refresh replaces, or the only value that the column has
/// ever had.
fn add_column(db: Db, relation: &str, column: &Column, is_stamp: bool) -> Result<()> {
    let add = format!("ALTER TABLE {relation} ADD COLUMN {} {}", column.name, column.kind.sql());
    if is_stamp {
        db.execute(&format!("{add} NOT NULL DEFAULT now()"), &[])?;
    } else if let Some(before) = column.before {
        db.execute(&format!("{add} NOT NULL DEFAULT {}", quote_literal(before)), &[])?;
        db.execute(&format!("ALTER TABLE {relation} ALTER COLUMN {} DROP DEFAULT", column.name), &[])?;
    } else {
        db.execute(&add, &[])?;
    }
    Ok(())
}

/// Adds a unique constraint on the key, unless there is a unique index on exactly the key; gives whether it did.
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
    let duplicates = format!(
        "SELECT count(*) AS keys FROM (SELECT 1 FROM {relation} GROUP BY {list} HAVING count(*) > 1) AS d"
    );
    let count: i64 = db.one(&duplicates, &[], Sees::Now, |row| row.get("keys"))?;
    if count > 0 {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION,
            format!(
                "table {relation} has no unique key on ({list}), and {count} {} more than once",
                plural(count as u64, "key")
            ),
        )
        .hint(format!("Delete the extra rows: SELECT {list}, count(*) FROM {relation} GROUP BY {list} HAVING count(*) > 1;")));
    }
    db.execute(&format!("ALTER TABLE {relation} ADD UNIQUE ({list})"), &[])?;
    Ok(true)
}

/// Creates an index of the specification, unless there is one on the same columns.
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
