//! What the columns and the key of a table have to be, and whether the catalogs agree. Output tables are compared with
//! their specification, since users may have made the tables; working tables with the statement that creates them.

use pgrx::pg_sys;

use crate::pg::{
    Column as Found, Db, Error, Result, Sees, columns_of, datatype_mismatch, extension_schema,
    indeterminate_collation, invalid_table_definition, keys_of, quote_literal, quoted, syscache::is_table,
    syscache::relation_oid, undefined_column,
};
use crate::sync::table::{Column, OnChange, Table, Type};

/// What the catalogs say of a table.
#[derive(Default)]
pub struct Shape {
    pub columns: Vec<Found>,
    /// The columns of each unique key, in alphabetical order.
    pub keys: Vec<Vec<String>>,
    /// Whether the relation is a table, partitioned or not, and so can have keys.
    pub is_table: bool,
}

/// The shape of the relation of this name in a schema, which the current role need not be able to use; no columns where
/// there is no such relation.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn shape_of(db: Db, schema: &str, name: &str) -> Result<Shape> {
    let shapes = relation_oid(schema, name).map_or(Ok(Vec::new()), |oid| Shape::of(db, &[oid]))?;
    Ok(shapes.into_iter().next().unwrap_or_default())
}

impl Shape {
    /// The shapes of relations, in their order.
    ///
    /// # Errors
    /// Where the catalogs cannot be read.
    pub fn of(db: Db, relations: &[pg_sys::Oid]) -> Result<Vec<Self>> {
        let mut shapes: Vec<Self> =
            relations.iter().map(|oid| Self { is_table: is_table(*oid), ..Self::default() }).collect();
        let mut put = |oid, put: &mut dyn FnMut(&mut Self)| {
            relations.iter().zip(&mut shapes).filter(|(of, _)| **of == oid).for_each(|(_, shape)| put(shape));
        };
        for (oid, column) in columns_of(db, relations, Sees::Now)? {
            let mut column = Some(column);
            put(oid, &mut |shape| shape.columns.extend(column.take()));
        }
        for (oid, key) in keys_of(db, relations, Sees::Now)? {
            put(oid, &mut |shape| shape.keys.push(key.clone()));
        }
        Ok(shapes)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Found> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of an output table that are not at their place in CREATE TABLE, each with its number: a column that was
    /// added later, also to a copy of the table that lacked the column, is at another place.
    pub fn moved(&self, table: &Table) -> Vec<String> {
        let found = table.columns().zip(1..).filter_map(|(name, place)| Some((self.column(name)?, place)));
        let moved = found.filter(|(column, place)| column.number != *place);
        moved.map(|(column, _)| format!("{}.{}.{}", table.name, column.name, column.number)).collect()
    }

    /// Whether these columns are a unique key.
    pub fn has_key(&self, key: &[&str]) -> bool {
        let mut key = key.to_vec();
        key.sort_unstable();
        self.keys.contains(&key.iter().map(|name| (*name).to_owned()).collect())
    }

    /// A column that is NOT NULL, gets no value by itself and is none of those written.
    fn unfilled(&self, is_written: impl Fn(&str) -> bool) -> Option<&Found> {
        let mut others = self.columns.iter().filter(|column| !is_written(&column.name));
        others.find(|column| column.is_not_null && !column.is_filled)
    }
}

/// The statement that sets up the tables of a schema.
///
/// # Errors
/// Where the extension is not installed.
pub fn set_up_again(db: Db, schema: &str) -> Result<String> {
    Ok(format!("SELECT * FROM {}.regime_setup({});", extension_schema(db)?, quote_literal(schema)))
}

/// The columns of the key of an output table.
pub fn key(table: &Table) -> Vec<&'static str> {
    let stamp = (table.on_change == OnChange::ReplaceAll).then_some(table.stamp);
    table.scope.iter().chain(table.key).map(|column| column.name).chain(stamp).collect()
}

/// What keeps an output table from being written, and what mends the table.
pub struct Flaw {
    pub error: Error,
    /// The action of ALTER TABLE that mends the table.
    pub action: String,
    /// The column where the action changes its type or collation, and the type.
    pub retyped: Option<(&'static str, &'static str)>,
}

/// The flaws of the columns of an output table, given as SQL, as far as they exist.
pub fn flaws(relation: &str, table: &Table, shape: &Shape) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let may_be_null = |name: &str| Flaw {
        error: invalid_table_definition(format!("column {name} of table {relation} is NOT NULL"))
            .detail("Refresh writes NULL into the column where there is no value."),
        action: format!("ALTER COLUMN {name} DROP NOT NULL"),
        retyped: None,
    };
    for column in table.scope.iter().chain(table.key).chain(table.values) {
        let Some(found) = shape.column(column.name) else { continue };
        let is_key = !table.values.iter().any(|value| value.name == column.name);
        if !has_type(column, found) {
            flaws.push(wrong_type(relation, column, found));
        } else if is_key && !found.is_deterministic {
            flaws.push(ambiguous(relation, column.name, found));
        }
        flaws.extend(not_writable(relation, found));
        if column.nullable && found.is_not_null {
            flaws.push(may_be_null(column.name));
        }
    }
    if let Some(found) = shape.column(table.stamp) {
        let stamp = crate::sync::table::column(table.stamp, Type::Timestamptz);
        if found.type_oid != pg_sys::TIMESTAMPTZOID {
            flaws.push(wrong_type(relation, &stamp, found));
        }
        flaws.extend(not_writable(relation, found));
    }
    if let Some(found) = shape.unfilled(|name| table.columns().any(|column| column == name)) {
        let name = quoted(&found.name);
        flaws.push(Flaw {
            error: invalid_table_definition(format!(
                "table {relation} has a column {name} that is NOT NULL without a default"
            ))
            .detail("Refresh does not fill the column, so that no row could be inserted."),
            action: format!("ALTER COLUMN {name} DROP NOT NULL"),
            retyped: None,
        });
    }
    flaws
}

/// Checks that the columns of an output table are there, and that its times can be read as what they are.
///
/// # Errors
/// Where a column is missing, or a time of another type; `set_up` is the statement that adds columns.
pub fn check_readable(relation: &str, table: &Table, shape: &Shape, set_up: &str) -> Result<()> {
    if let Some(missing) = table.columns().find(|name| shape.column(name).is_none()) {
        return Err(undefined_column(format!("output table {relation} has no column {missing}"))
            .detail("The column was dropped, or the table was made by another version or tool.")
            .hint(set_up));
    }
    // Other types are read by a cast; that of a time depends on the session's time zone.
    let times = table.key.iter().filter(|column| matches!(column.kind, Type::Timestamptz | Type::Date));
    for column in times {
        if let Some(found) = shape.column(column.name).filter(|found| !has_type(column, found)) {
            return Err(wrong_type(relation, column, found).error);
        }
    }
    Ok(())
}

/// Whether a column can hold just what is written to it.
fn has_type(column: &Column, found: &Found) -> bool {
    // A time of lower precision than microseconds is another time.
    let is_rounded = column.kind == Type::Timestamptz && (0..6).contains(&found.modifier);
    fits(found.type_oid, column.kind) && !is_rounded
}

/// The flaw of a column to which no value can be given.
fn not_writable(relation: &str, found: &Found) -> Option<Flaw> {
    let (what, without) = match (found.is_generated, found.is_identity) {
        (true, _) => ("computed from other columns", "DROP EXPRESSION"),
        (_, true) => ("an identity that is always generated", "SET GENERATED BY DEFAULT"),
        _ => return None,
    };
    let name = &found.name;
    Some(Flaw {
        error: invalid_table_definition(format!("column {name} of table {relation} is {what}"))
            .detail("Refresh writes the column."),
        action: format!("ALTER COLUMN {name} {without}"),
        retyped: None,
    })
}

fn ambiguous(relation: &str, name: &'static str, found: &Found) -> Flaw {
    let collation = found.collation.as_deref().unwrap_or_default();
    Flaw {
        error: indeterminate_collation(format!("column {name} of table {relation} has the nondeterministic collation \"{collation}\""))
        .detail(
            "Different keys are equal to the collation, so that rows of one would be taken for rows of another.",
        ),
        action: format!("ALTER COLUMN {name} TYPE {} COLLATE pg_catalog.\"default\"", found.type_name),
        retyped: Some((name, "text")),
    }
}

fn fits(oid: pg_sys::Oid, kind: Type) -> bool {
    match kind {
        Type::Timestamptz => oid == pg_sys::TIMESTAMPTZOID,
        Type::Int => oid == pg_sys::INT4OID || oid == pg_sys::INT8OID,
        Type::Float => oid == pg_sys::FLOAT8OID,
        Type::Bool => oid == pg_sys::BOOLOID,
        Type::Text => oid == pg_sys::TEXTOID || oid == pg_sys::VARCHAROID,
        Type::TextArray => oid == pg_sys::TEXTARRAYOID,
        Type::FloatArray => oid == pg_sys::FLOAT8ARRAYOID,
        Type::Date => oid == pg_sys::DATEOID,
    }
}

fn wrong_type(relation: &str, column: &Column, found: &Found) -> Flaw {
    let (name, wanted) = (column.name, column.kind.sql());
    // Times without a zone are those of UTC, whatever the zone of the session.
    let value = match (column.kind, found.type_oid) {
        (Type::Timestamptz, pg_sys::TIMESTAMPOID) => format!("{name} AT TIME ZONE 'UTC'"),
        (Type::Timestamptz, pg_sys::DATEOID) => format!("{name}::timestamp AT TIME ZONE 'UTC'"),
        (Type::Date, pg_sys::TIMESTAMPTZOID) => format!("({name} AT TIME ZONE 'UTC')::date"),
        _ => format!("{name}::{wanted}"),
    };
    Flaw {
        error: datatype_mismatch(format!(
            "column {name} of table {relation} is of type {}, not {wanted}",
            found.type_name
        ))
        .detail("An existing table is adopted only if its columns hold exactly what refresh writes."),
        action: format!("ALTER COLUMN {name} TYPE {wanted} USING {value}"),
        retyped: Some((name, wanted)),
    }
}

/// A working table as the statement that creates it declares the table.
pub struct Declared<'a> {
    columns: Vec<DeclaredColumn<'a>>,
    key: Vec<&'a str>,
}

struct DeclaredColumn<'a> {
    name: &'a str,
    kind: &'a str,
    /// What follows the type.
    rest: &'a str,
}

/// The words that can follow the type of a column.
const AFTER_TYPE: [&str; 6] = [" COLLATE", " NOT NULL", " DEFAULT", " GENERATED", " PRIMARY KEY", " CHECK"];

impl<'a> Declared<'a> {
    /// The table of a CREATE TABLE statement that has a line for each column, and one for the key.
    pub fn parse(statement: &'a str) -> Self {
        let mut declared = Self { columns: Vec::new(), key: Vec::new() };
        for line in statement.lines().skip(1).take_while(|line| !line.starts_with(')')) {
            let line = line.trim().trim_end_matches(',');
            if let Some(key) = line.strip_prefix("PRIMARY KEY (") {
                declared.key = key.trim_end_matches(')').split(", ").collect();
            } else if let Some((name, rest)) = line.split_once(' ') {
                let end = AFTER_TYPE.into_iter().filter_map(|word| rest.find(word)).min();
                let (kind, rest) = rest.split_at(end.unwrap_or(rest.len()));
                if rest.contains(" PRIMARY KEY") {
                    declared.key = vec![name];
                }
                declared.columns.push(DeclaredColumn { name, kind, rest });
            }
        }
        declared
    }

    /// The columns of the primary key.
    pub fn key(&self) -> &[&'a str] {
        &self.key
    }

    /// Checks the columns of the table, given as SQL; `anew` is the statement that makes the table anew.
    ///
    /// # Errors
    /// Where a column is missing or was altered.
    pub fn check(&self, relation: &str, shape: &Shape, anew: &str) -> Result<()> {
        let altered = |column: &str, what: String| {
            Err(invalid_table_definition(format!("column {column} of table {relation} {what}"))
                .detail(
                    "The table was altered since pg_regime made it; its rows are computed anew without it.",
                )
                .hint(anew))
        };
        for column in &self.columns {
            let name = column.name;
            let Some(found) = shape.column(name) else { return altered(name, "is missing".to_owned()) };
            if type_of(column.kind).is_some_and(|oid| oid != found.type_oid) || found.modifier >= 0 {
                return altered(name, format!("is of type {}, not {}", found.type_name, column.kind));
            }
            let is_c = column.rest.starts_with(" COLLATE");
            if !found.is_deterministic || (is_c && found.collation.as_deref() != Some("C")) {
                let collation = found.collation.as_deref().unwrap_or_default();
                return altered(name, format!("has the collation \"{collation}\""));
            }
            let is_generated = column.rest.contains(" STORED");
            if is_generated != found.is_generated {
                return altered(
                    name,
                    format!("is{} generated", if is_generated { " no longer" } else { "" }),
                );
            }
            let is_filled = [" DEFAULT", " GENERATED"].iter().any(|word| column.rest.contains(word));
            if is_filled && !found.is_filled {
                return altered(name, "has no default any more".to_owned());
            }
            let may_be_null = !["NOT NULL", "IDENTITY"].iter().any(|word| column.rest.contains(word));
            if may_be_null && found.is_not_null && !self.key.contains(&name) {
                return altered(name, "is NOT NULL".to_owned());
            }
        }
        match shape.unfilled(|name| self.columns.iter().any(|column| column.name == name)) {
            Some(Found { name, .. }) => altered(name, "is NOT NULL without a default".to_owned()),
            None => Ok(()),
        }
    }
}

/// The type of this name in the templates.
fn type_of(name: &str) -> Option<pg_sys::Oid> {
    Some(match name {
        "int" => pg_sys::INT4OID,
        "int[]" => pg_sys::INT4ARRAYOID,
        "bigint" => pg_sys::INT8OID,
        "float8" => pg_sys::FLOAT8OID,
        "boolean" => pg_sys::BOOLOID,
        "text" => pg_sys::TEXTOID,
        "text[]" => pg_sys::TEXTARRAYOID,
        "date" => pg_sys::DATEOID,
        "timestamptz" => pg_sys::TIMESTAMPTZOID,
        "timestamptz[]" => pg_sys::TIMESTAMPTZARRAYOID,
        "uuid" => pg_sys::UUIDOID,
        "jsonb" => pg_sys::JSONBOID,
        "bytea" => pg_sys::BYTEAOID,
        _ => return None,
    })
}
