//! Adopting existing tables: what is missing is added, and what does not fit is refused.

use pgrx::prelude::*;

use crate::output::own::{Kind, Own};
use crate::output::shape::{self, Declared, Shape, set_up_again, shape_of};
use crate::pg::{
    Db, Error, Outcome, Result, Sees, arg, invalid_table_definition, plural, qualified, quote_literal,
    syscache::relation_oid,
};
use crate::sync::table::{Column, Index, Table, Type, column};

/// The statement that makes a relation of a system's own anew; its rows, where they are a record, stay under another
/// name.
///
/// # Errors
/// Where the extension is not installed.
pub fn anew(db: Db, schema: &str, relation: &str, own: &Own, is_table: bool) -> Result<String> {
    let clear = match own.kind {
        Kind::Record => format!("ALTER TABLE {relation} RENAME TO {}_old", own.name),
        Kind::View if is_table => format!("ALTER TABLE {relation} RENAME TO {}_before", own.name),
        Kind::Work => format!("DROP TABLE {relation} CASCADE"),
        Kind::View => format!("DROP VIEW {relation} CASCADE"),
    };
    Ok(format!("{clear}; {}", set_up_again(db, schema)?))
}

/// Checks that an existing relation of a system's own is of this version, and as the statement that creates it makes
/// it; `declared` is `None` for a view.
///
/// # Errors
/// Where a column is missing or was altered.
pub fn check_own(
    db: Db,
    schema: &str,
    relation: &str,
    own: &Own,
    declared: Option<&Declared>,
    shape: &Shape,
) -> Result<()> {
    let anew = anew(db, schema, relation, own, shape.is_table)?;
    if let Some(column) = own.columns.iter().find(|name| shape.column(name).is_none()) {
        let what = own.noun();
        return Err(invalid_table_definition(format!("{what} {relation} has no column {column}"))
            .detail(format!("The {what} was not made by this version of pg_regime."))
            .hint(anew));
    }
    declared.map_or(Ok(()), |declared| declared.check(relation, shape, &anew))
}

/// [`check_own`] of a working table that is to be used from now on; adds its key where that is missing.
///
/// # Errors
/// As [`check_own`], and where a key comes more than once.
pub fn adopt_own(db: Db, schema: &str, relation: &str, own: &Own, declared: &Declared) -> Result<Outcome> {
    let shape = shape_of(db, &own.schema(schema), own.name)?;
    check_own(db, schema, relation, own, Some(declared), &shape)?;
    let anew = anew(db, schema, relation, own, shape.is_table)?;
    if declared.key().is_empty() {
        identify_rows(db, &own.schema(schema), own.name)?;
        return Ok(Outcome::Unchanged);
    }
    if shape.has_key(declared.key()) {
        return Ok(Outcome::Unchanged);
    }
    // The table may have the key of an earlier version.
    let sql = "SELECT pg_catalog.quote_ident(conname::text) AS name FROM pg_catalog.pg_constraint \
               WHERE conrelid = $1::regclass AND contype = 'p'";
    if let Some(former) = db.first(sql, &[arg(relation)], Sees::Now, |row| row.get::<String>("name"))? {
        db.execute(&format!("ALTER TABLE {relation} DROP CONSTRAINT {former}"), &[])?;
    }
    add_key(db, relation, declared.key(), "PRIMARY KEY").map_err(|error| match error.report().hint {
        Some(_) => error.hint(anew),
        None => error,
    })?;
    Ok(Outcome::Did("added a unique key".to_owned()))
}

/// Completes an existing output table whose columns refresh can write: adds missing columns, a missing key, missing
/// indexes. Gives what was done.
///
/// # Errors
/// Where a key comes more than once, and where the role may not alter the table.
pub fn adopt(db: Db, schema: &str, table: &Table) -> Result<Outcome> {
    let relation = &qualified(schema, table.name);
    let found = shape_of(db, schema, table.name)?;
    let stamp = column(table.stamp, Type::Timestamptz);
    let wanted = [table.scope, table.key, table.values, &[stamp]].concat();
    let mut added = Vec::new();
    for column in wanted.iter().filter(|column| found.column(column.name).is_none()) {
        add_column(db, relation, column, column.name == table.stamp)?;
        added.push(column.name);
    }
    let key = shape::key(table);
    let keyed = !found.has_key(&key);
    if keyed {
        add_key(db, relation, &key, "UNIQUE")?;
    }
    identify_rows(db, schema, table.name)?;
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

/// Adds a constraint of this kind, PRIMARY KEY or UNIQUE, on the key of a table, given as SQL.
///
/// # Errors
/// Where a key comes more than once, and where the role may not alter the table.
fn add_key(db: Db, relation: &str, key: &[&str], kind: &str) -> Result<()> {
    check_no_duplicates(db, relation, key)?;
    let list = key.join(", ");
    db.execute(&format!("ALTER TABLE {relation} ADD {kind} ({list})"), &[]).map(|_| ())
}

/// Checks that no key comes more than once in a table, given as SQL.
///
/// # Errors
/// Where one does.
pub fn check_no_duplicates(db: Db, relation: &str, key: &[&str]) -> Result<()> {
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
    Ok(())
}

/// Gives a table without a primary key, and its partitions, a replica identity: once all tables of the database are
/// published, no row could be updated or deleted otherwise.
fn identify_rows(db: Db, schema: &str, name: &str) -> Result<()> {
    let Some(oid) = relation_oid(schema, name) else { return Ok(()) };
    let sql = include_str!("../../sql/read/without_identity.sql");
    let unidentified = db.all(sql, &[arg(oid)], Sees::Now, |row| {
        Ok((row.get::<String>("relation")?, row.get::<Option<String>>("index")?))
    })?;
    for (relation, index) in unidentified {
        let identity = index.map_or("FULL".to_owned(), |index| format!("USING INDEX {index}"));
        db.execute(&format!("ALTER TABLE {relation} REPLICA IDENTITY {identity}"), &[])?;
    }
    Ok(())
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
