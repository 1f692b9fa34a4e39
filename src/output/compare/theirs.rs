//! A relation of others: with which output table it is compared, and the SQL that reads its columns.

use std::rc::Rc;

use pgrx::pg_sys;

use crate::output::compare::Compared;
use crate::pg::columns::{self, Table as Relation};
use crate::pg::{
    Column, Db, Error, Result, current_user, datatype_mismatch, extension_schema, insufficient_privilege,
    invalid_parameter, no_privilege, quote_literal, quoted, undefined_column, wrong_object_type,
};
use crate::source::relation::may_hide_rows;
use crate::sync::table::{self, Table, Type};

/// An example for a caller who passes no relation.
const EXAMPLE: &str = "SELECT * FROM {schema}.regime_compare('…');";

/// The column that names the asset of a row by its id.
const ID: &str = "id";
/// The column that names the asset of a row by its symbol.
const SYMBOL: &str = "symbol";

/// A relation that is compared with an output table. What is read of the relation is SQL.
pub struct Theirs {
    pub sql: String,
    pub compared: &'static Compared,
    pub asset: String,
    /// Whether assets are named by their ids.
    pub by_id: bool,
    /// The timeframe, where the output table has one.
    pub tf: Option<String>,
    pub key: Vec<String>,
    /// `None` for a column that the relation does not have.
    pub values: Vec<Option<String>>,
    /// Whether a value has the precision of `real`, in the order of [`Theirs::values`].
    pub single: Vec<bool>,
    /// The columns that the rows are found by, quoted.
    pub named: Vec<String>,
    /// The time of the snapshot that a row is part of.
    pub snapshot: Option<String>,
}

/// The columns by which rows of a table may name their asset: the first that a relation has is read.
fn assets(table: &Table) -> Vec<&'static str> {
    let own = table.scope[0].name;
    [own, SYMBOL, ID]
        .into_iter()
        .enumerate()
        .filter(|(n, name)| *n == 0 || *name != own)
        .map(|(_, name)| name)
        .collect()
}

/// The columns of the key beside that of the asset.
fn rest(table: &'static Table) -> impl Iterator<Item = &'static table::Column> {
    table.scope[1..].iter().chain(table.key)
}

/// A relation, and the output table that its columns fit, or that is named.
///
/// # Errors
/// Where there is no such relation, or it is an index or a sequence; where the table cannot be told; where a column of the key
/// is missing, a column is of a type that cannot be compared, or the current role may not read all rows.
pub fn choose(
    db: Db,
    relation: pg_sys::Oid,
    with_table: Option<&str>,
    all: &[&'static Compared],
) -> Result<Theirs> {
    let found = columns::find(db, relation, EXAMPLE)?;
    if !matches!(found.kind.as_str(), "r" | "p" | "v" | "m" | "f") {
        return Err(wrong_object_type(format!("{} is neither a table nor a view", found.sql)).hint(format!(
            "Pass the name of a table: {}",
            EXAMPLE.replace("{schema}", &extension_schema(db)?)
        )));
    }
    let compared = match with_table {
        Some(name) => named(db, &found, name, all)?,
        None => fitting(db, &found, all)?,
    };
    let theirs = Reader { db, found: &found, compared }.theirs()?;
    if may_hide_rows(db, &found.sql)? {
        return Err(hidden(&found.sql));
    }
    Ok(theirs)
}

/// The error for a relation of which row-level security may hide rows.
pub fn hidden(relation: &str) -> Error {
    let user = current_user();
    insufficient_privilege(format!("row-level security of {relation} may hide rows from {user}"))
        .detail("A row that is hidden would count as missing.")
        .hint(format!("ALTER ROLE {user} BYPASSRLS;"))
}

fn named(db: Db, found: &Relation, name: &str, all: &[&'static Compared]) -> Result<&'static Compared> {
    let compared = all.iter().map(|compared| (compared.table.name, *compared)).find(|(own, _)| *own == name);
    compared.map(|(_, compared)| compared).ok_or_else(|| {
        let schema = extension_schema(db);
        let names: Vec<&str> = all.iter().map(|compared| compared.table.name).collect();
        let error = invalid_parameter(format!("with_table is \"{name}\", and there is no such output table"))
            .detail(format!("Output tables are {}.", names.join(", ")));
        match (schema, fitting(db, found, all)) {
            (Ok(schema), Ok(fitting)) => error.hint(call(&schema, &found.sql, fitting.table)),
            _ => error.hint("Pass with_table => the name of one of them."),
        }
    })
}

/// The call that compares a relation with a table.
fn call(schema: &str, relation: &str, table: &Table) -> String {
    format!(
        "SELECT * FROM {schema}.regime_compare({}, with_table => '{}');",
        quote_literal(relation),
        table.name
    )
}

/// Whether a relation has a column.
fn has(found: &Relation, name: &str) -> bool {
    found.columns.iter().any(|column| column.name == name)
}

/// Columns of the key of a table that a relation has not.
fn missing(found: &Relation, table: &'static Table) -> Vec<String> {
    let assets = assets(table);
    let asset = (!assets.iter().any(|name| has(found, name))).then(|| assets.join(" or "));
    asset.into_iter().chain(rest(table).map(|c| c.name.to_owned()).filter(|name| !has(found, name))).collect()
}

/// The table whose keys a relation has, and with which it has the most other columns in common.
fn fitting(db: Db, found: &Relation, all: &[&'static Compared]) -> Result<&'static Compared> {
    let common = |compared: &&'static Compared| {
        compared.table.values.iter().filter(|column| has(found, column.name)).count()
    };
    let fits =
        |compared: &&&'static Compared| missing(found, compared.table).is_empty() && common(compared) > 0;
    let fitting: Vec<&&'static Compared> = all.iter().filter(fits).collect();
    let most = fitting.iter().map(|compared| common(compared)).max();
    let best: Vec<_> = fitting.iter().filter(|compared| Some(common(compared)) == most).collect();
    let told = |compared: &&&'static Compared| {
        let table = compared.table;
        let lacks = match missing(found, table) {
            missing if missing.is_empty() => "all of the key".to_owned(),
            missing => format!("no {}", missing.join(", no ")),
        };
        format!("{}: {lacks}, {} of {} other columns", table.name, common(compared), table.values.len())
    };
    let tell =
        || format!("What the relation has: {}.", all.iter().map(|c| told(&c)).collect::<Vec<_>>().join("; "));
    match best[..] {
        [one] => Ok(one),
        [first, ..] => Err(invalid_parameter(format!(
            "the columns of {} fit more than one output table: {}",
            found.sql,
            best.iter().map(|compared| compared.table.name).collect::<Vec<_>>().join(", ")
        ))
        .detail(tell())
        .hint(call(&extension_schema(db)?, &found.sql, first.table))),
        [] => Err(undefined_column(format!(
            "the columns of {} fit no output table, and with_table is not given",
            found.sql
        ))
        .detail(tell())
        .hint("Pass a view that gives the columns their names in the output table, and with_table => the name of that table.")),
    }
}

/// Reads what the columns of a relation are.
struct Reader<'a, 'c> {
    db: Db<'c>,
    found: &'a Rc<Relation>,
    compared: &'static Compared,
}

impl Reader<'_, '_> {
    fn theirs(&self) -> Result<Theirs> {
        let table = self.compared.table;
        let missing = missing(self.found, table);
        if !missing.is_empty() {
            let names = self.found.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>();
            return Err(undefined_column(format!(
                "{} has no column {}, by which rows of {} are found",
                self.found.sql,
                missing.join(", no column "),
                table.name
            ))
            .detail(format!("It has the columns {}.", names.join(", ")))
            .hint("Pass a view that gives the columns their names in the output table."));
        }
        let asset = assets(table).into_iter().find_map(|name| self.column(name));
        let by_id = asset.is_some_and(|column| column.name == ID);
        let asset_kind = if by_id { Type::Int } else { Type::Text };
        let of = |name: &'static str, kind| self.column(name).map(|column| (column, kind));
        let asset = asset.map(|column| (column, asset_kind));
        let tf = table.scope.get(1).and_then(|tf| of(tf.name, tf.kind));
        let key: Vec<_> = table.key.iter().filter_map(|column| of(column.name, column.kind)).collect();
        let values: Vec<_> = table.values.iter().map(|column| of(column.name, column.kind)).collect();
        let stamp = of(table.stamp, Type::Timestamptz)
            .filter(|(column, kind)| self.compared.is_snapshot && read(column, *kind).is_some());
        let read_all = asset.iter().chain(&tf).chain(&key).chain(values.iter().flatten()).chain(&stamp);
        let read_all: Vec<(&Column, Type)> = read_all.copied().collect();
        self.check(&read_all)?;
        let named =
            asset.iter().chain(&tf).chain(&key).map(|(column, _)| quoted(&column.name).to_string()).collect();
        let sql = |(column, kind): (&Column, Type)| read(column, kind).unwrap_or_default();
        Ok(Theirs {
            sql: self.found.sql.clone(),
            compared: self.compared,
            asset: asset.map(sql).unwrap_or_default(),
            by_id,
            named,
            tf: tf.map(sql),
            key: key.into_iter().map(sql).collect(),
            single: values.iter().map(|value| value.is_some_and(|(column, _)| is_single(column))).collect(),
            values: values.into_iter().map(|value| value.map(sql)).collect(),
            snapshot: stamp.map(sql),
        })
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.found.columns.iter().find(|column| column.name == name)
    }

    /// Checks that columns may be read and are of types that can be compared.
    fn check(&self, columns: &[(&Column, Type)]) -> Result<()> {
        if columns.iter().any(|(column, _)| !column.may_read) {
            return Err(no_privilege(&self.found.sql, "SELECT", &current_user()));
        }
        let wrong: Vec<_> = columns.iter().filter(|(column, kind)| read(column, *kind).is_none()).collect();
        let Some((first, kind)) = wrong.first() else { return Ok(()) };
        let all: Vec<String> = columns
            .iter()
            .map(|(column, kind)| match read(column, *kind) {
                Some(_) => quoted(&column.name).to_string(),
                None => format!("{} AS {}", converted(column, *kind), quoted(&column.name)),
            })
            .collect();
        let view = format!(
            "CREATE OR REPLACE TEMPORARY VIEW pg_regime_theirs AS SELECT {} FROM {};",
            all.join(", "),
            self.found.sql
        );
        let call = call(&extension_schema(self.db)?, "pg_temp.pg_regime_theirs", self.compared.table);
        let others: Vec<String> = wrong[1..].iter().map(|(c, _)| quoted(&c.name).to_string()).collect();
        let error = datatype_mismatch(format!(
            "column {} of {} is of type {}, not {}",
            quoted(&first.name),
            self.found.sql,
            first.type_name,
            kind.sql()
        ));
        let error = match others.is_empty() {
            true => error,
            false => error.detail(format!("Of other types are also {}.", others.join(", "))),
        };
        Err(error.hint(format!("{view} {call}")))
    }
}

/// Whether a column has numbers of the precision of `real`.
fn is_single(column: &Column) -> bool {
    matches!(column.base_type().as_str(), "real" | "real[]")
}

/// SQL: a column as the type of a column of an output table; `None` for a type that is not read as it. Times without a zone are
/// in UTC, and all numbers `float8`, but for ids.
fn read(column: &Column, kind: Type) -> Option<String> {
    let name = quoted(&column.name);
    let base = column.base_type();
    let is_number =
        matches!(base.as_str(), "smallint" | "integer" | "bigint" | "real" | "double precision" | "numeric");
    Some(match (kind, base.as_str()) {
        (Type::Timestamptz, "timestamp with time zone") => name.to_string(),
        (Type::Timestamptz, "timestamp without time zone") => format!("({name} AT TIME ZONE 'UTC')"),
        (Type::Timestamptz, "date") => format!("({name}::pg_catalog.timestamp AT TIME ZONE 'UTC')"),
        (Type::Date, "date") => name.to_string(),
        (Type::Date, "timestamp without time zone") => format!("{name}::pg_catalog.date"),
        (Type::Date, "timestamp with time zone") => format!("({name} AT TIME ZONE 'UTC')::pg_catalog.date"),
        (Type::Int, "smallint" | "integer" | "bigint") if column.name == ID => name.to_string(),
        (Type::Int, _) if column.name == ID => return None,
        (Type::Int | Type::Float, _) if is_number => format!("{name}::pg_catalog.float8"),
        (Type::Bool, "boolean") => name.to_string(),
        (Type::Text, _) if column.is_text => column.as_text(),
        (Type::TextArray, "text[]" | "character varying[]") => format!("{name}::pg_catalog.text[]"),
        (Type::FloatArray, "double precision[]" | "real[]" | "numeric[]") => {
            format!("{name}::pg_catalog.float8[]")
        }
        _ => return None,
    })
}

/// SQL: a column of another type, converted.
fn converted(column: &Column, kind: Type) -> String {
    let name = quoted(&column.name);
    match (kind, column.base_type().as_str()) {
        (Type::TextArray, "jsonb") => {
            format!("ARRAY(SELECT pg_catalog.jsonb_array_elements_text({name}))")
        }
        (Type::TextArray, "json") => format!("ARRAY(SELECT pg_catalog.json_array_elements_text({name}))"),
        (Type::TextArray, _) if column.is_text => {
            format!("pg_catalog.string_to_array(pg_catalog.btrim({name}, '{{}}[] '), ',')")
        }
        (Type::Text, _) => format!("{name}::pg_catalog.text"),
        // A text with a time zone says which; all other times are in UTC.
        (Type::Timestamptz, _) if column.is_text => format!(
            "(CASE WHEN {name} ~* '[0-9]:[0-9].*([-+][0-9]|z|[a-z]{{3}})' THEN {name}::pg_catalog.text ELSE {name} || ' UTC' END)::pg_catalog.timestamptz"
        ),
        (kind, _) => format!("{name}::pg_catalog.text::{}", kind.qualified()),
    }
}
