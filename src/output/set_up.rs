//! The output tables: what columns they have, making them, and adopting those that are there.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::run_log::RUN_LOG;
use crate::pg::cache::known;
use crate::pg::error::{Error, Result, invalid_parameter};
use crate::pg::lock::lock;
use crate::pg::spi::{Db, Sees, arg, may_use};
use crate::source::map::{current_user, without_modifier};
use crate::sync::{Column, Index, OnChange, Table, Type};
use crate::systems::cmc_regimes::tables::{Own, System};

const DDL: [&str; 4] = [
    include_str!("../../sql/set_up/cmc_regimes.sql"),
    include_str!("../../sql/set_up/cmc_regimes_state.sql"),
    include_str!("../../sql/set_up/market_regimes.sql"),
    include_str!("../../sql/set_up/market_regime_history.sql"),
];

/// The grants that the current user needs to refresh.
pub fn grants(system: &System, schema: &str, user: &str) -> String {
    let tables: Vec<String> =
        system.table_names().map(|table| format!("{}.{table}", quoted(schema))).collect();
    let usage = match may_use(schema) {
        true => String::new(),
        false => format!("GRANT USAGE ON SCHEMA {} TO {user}; ", quoted(schema)),
    };
    format!(
        "{usage}GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {user}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {user};",
        tables.join(", "),
        quoted(schema)
    )
}

/// Whether every table and view of a system is there with all its columns.
pub fn is_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    Ok(*known(&format!("set up {} {schema}", system.name), || find_set_up(db, schema, system))?)
}

fn find_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    let (mut relations, mut columns) = (Vec::new(), Vec::new());
    for table in system.tables {
        let own = [table.scope, table.key, table.values].concat();
        for column in own.iter().map(|c| c.name).chain([table.stamp]) {
            relations.push(table.name);
            columns.push(column);
        }
    }
    for own in system.own {
        relations.extend(own.columns.iter().map(|_| own.name));
        columns.extend(own.columns);
    }
    let wanted = columns.len() as i64;
    let sql = "SELECT count(*) FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS w (relation, attribute) \
         JOIN pg_catalog.pg_class c ON c.relname = w.relation::name \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1::name \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute::name AND NOT a.attisdropped";
    let args = [arg(schema), arg(relations), arg(columns)];
    let found = db.first(sql, &args, Sees::Now, |row| Ok(row.long(0)))?;
    Ok(found.flatten() == Some(wanted))
}

/// What [`set_up`] did with a relation.
pub struct Action {
    pub relation: String,
    pub action: String,
}

/// Makes the tables of systems that are missing and checks and completes those that are there.
pub fn set_up(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    lock_schema(db, schema)?;
    let mut actions: Vec<Action> = Vec::new();
    for system in systems {
        for table in system.tables {
            let relation = format!("{}.{}", quoted(schema), table.name);
            let mut action = match kind(db, schema, table.name)?.as_deref() {
                None => create(db, schema, table.name)?,
                Some("r" | "p") => adopt(db, &relation, table)?,
                Some(_) => return Err(wrong_kind(&relation, "a table")),
            };
            if let Some(further) = (table.finish)(db, schema)? {
                let before = Some(action).filter(|action| action != UNCHANGED);
                action = before.into_iter().chain([further]).collect::<Vec<_>>().join("; ");
            }
            actions.push(Action { relation, action });
        }
        for own in system.own {
            let relation = format!("{}.{}", quoted(schema), own.name);
            if actions.iter().any(|action| action.relation == relation) {
                continue;
            }
            let action = match (kind(db, schema, own.name)?.as_deref(), own.is_view) {
                (None, _) => create(db, schema, own.name)?,
                (Some("v"), true) => UNCHANGED.to_owned(),
                (Some("r" | "p"), false) => check_own(db, schema, &relation, own)?,
                (Some(_), true) => return Err(wrong_kind(&relation, "a view")),
                (Some(_), false) => return Err(wrong_kind(&relation, "a table")),
            };
            actions.push(Action { relation, action });
        }
    }
    Ok(actions)
}

/// Makes what a refresh needs and finds missing; a dry run, which needs nothing, only looks at the schema.
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

/// What is said of a relation that is as it should be.
pub const UNCHANGED: &str = "unchanged";

fn kind(db: Db, schema: &str, name: &str) -> Result<Option<String>> {
    let sql = "SELECT c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name";
    Ok(db.first(sql, &[arg(schema), arg(name)], Sees::Now, |row| Ok(row.string(0)))?.flatten())
}

fn wrong_kind(relation: &str, wanted: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, format!("{relation} is not {wanted}"))
        .hint("Rename it, or choose another schema: SET pg_regime.target_schema = '…';")
}

/// Waits for others that make tables in a schema: two at once would both create, while the second
/// after the first finds.
pub fn lock_schema(db: Db, schema: &str) -> Result<()> {
    lock(db, &format!("tables of {schema}"))
}

/// The schema exists.
pub fn check_schema(db: Db, schema: &str) -> Result<()> {
    if schema.is_empty() {
        return Err(
            invalid_parameter("target_schema is empty").hint("SET pg_regime.target_schema = 'public';")
        );
    }
    let sql = "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = $1::name";
    match db.first(sql, &[arg(schema)], Sees::Now, |_| Ok(()))? {
        Some(()) => Ok(()),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
            format!("target schema {} does not exist", quoted(schema)),
        )
        .hint(format!("CREATE SCHEMA {};", quoted(schema)))),
    }
}

/// The current user may create in the schema.
pub fn check_may_create(db: Db, schema: &str) -> Result<()> {
    let sql = "SELECT has_schema_privilege($1::name::text, 'CREATE')";
    let may = db.first(sql, &[arg(schema)], Sees::Now, |row| Ok(row.bool(0)))?.flatten();
    if may == Some(true) {
        return Ok(());
    }
    let schema = quoted(schema);
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied to create tables in schema {schema}"),
    )
    .hint(format!(
        "GRANT CREATE ON SCHEMA {schema} TO {}; or let a role that may create their tables call this.",
        current_user()
    )))
}

fn create(db: Db, schema: &str, name: &str) -> Result<String> {
    check_may_create(db, schema)?;
    let of_relation = format!("{{schema}}.{name}");
    let mentions = |statement: &&str| {
        statement.find(&of_relation).is_some_and(|at| {
            let after = statement[at + of_relation.len()..].chars().next();
            // The first relation named is the one that a statement makes or describes.
            statement.find("{schema}.") == Some(at) && !after.is_some_and(|c| c == '_' || c.is_alphanumeric())
        })
    };
    for statement in DDL.iter().flat_map(|ddl| ddl.split("\n--;\n")).filter(mentions) {
        db.execute(&statement.replace("{schema}", &quoted(schema)), &[])?;
    }
    Ok("created".to_owned())
}

/// A table of refresh's own is there: it must be of this version.
fn check_own(db: Db, schema: &str, relation: &str, own: &Own) -> Result<String> {
    let sql = "SELECT w::text FROM pg_catalog.unnest($2::text[]) AS w WHERE NOT EXISTS \
         (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::regclass AND a.attname = w::name AND NOT a.attisdropped)";
    let missing = db
        .first(sql, &[arg(relation), arg(own.columns.to_vec())], Sees::Now, |row| Ok(row.string(0)))?
        .flatten();
    match missing {
        None => Ok(UNCHANGED.to_owned()),
        Some(column) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("table {relation} has no column {column}"),
        )
        .detail("The table was not made by this version of pg_regime.")
        .hint(format!(
            "{}; SELECT * FROM {}.regime_setup({});",
            // Nothing is lost with the others: they say where computations stand.
            match own.name {
                RUN_LOG => format!("ALTER TABLE {relation} RENAME TO {RUN_LOG}_old"),
                _ => format!("DROP TABLE {relation} CASCADE"),
            },
            crate::source::map::extension_schema(db)?,
            pgrx::spi::quote_literal(schema)
        ))),
    }
}

/// Checks a table that is there against what is needed; adds columns that are missing.
fn adopt(db: Db, relation: &str, table: &Table) -> Result<String> {
    let mut found: Vec<(String, String, bool, bool)> = Vec::new();
    let sql = "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, atthasdef OR attidentity <> '' \
         FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    db.rows(sql, &[arg(relation)], Sees::Now, |row| {
        let flag = |column| row.bool(column) == Some(true);
        found.push((row.string(0).unwrap_or_default(), row.string(1).unwrap_or_default(), flag(2), flag(3)));
        Ok(())
    })?;
    let stamp = Column { name: table.stamp, kind: Type::Timestamptz, nullable: false };
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

/// Adds a column. Rows that are there get NULL, or a value that the next refresh replaces; the
/// timeframe has only ever been one.
fn add_column(db: Db, relation: &str, column: &Column, is_stamp: bool) -> Result<()> {
    let add = format!("ALTER TABLE {relation} ADD COLUMN {} {}", column.name, column.kind.sql());
    if is_stamp {
        db.execute(&format!("{add} NOT NULL DEFAULT now()"), &[])?;
    } else if column.name == "tf" {
        db.execute(
            &format!("{add} NOT NULL DEFAULT '{}'", crate::systems::cmc_regimes::refresh::call::TF),
            &[],
        )?;
        db.execute(&format!("ALTER TABLE {relation} ALTER COLUMN tf DROP DEFAULT"), &[])?;
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
