//! Checking one row of the source map against the catalogs: the relation, its columns, their types, what the
//! current role may read. An error names the row to edit.

use serde_json::Value;

use crate::pg::{
    Column, Db, Error, Result, Sees, columns, current_user, datatype_mismatch, indeterminate_collation,
    insufficient_privilege, invalid_parameter, json, quote_literal, quoted, syscache, undefined_column,
    undefined_table,
};
use crate::source::relation::Relation;

/// What a column must be, and how it is read.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Compared with the asset id.
    Id,
    /// Compared with the symbol.
    Symbol,
    /// Read as an `int4`.
    Int,
    /// Compared with the timeframe.
    Text,
    /// Read as `timestamptz`; a `timestamp` or `date` is taken as UTC.
    Time,
    /// Read as `float8`.
    Number,
    /// Read as `float8` or `numeric`, whichever the column is: the cast of PostgreSQL from `numeric` to `float8` goes
    /// through text.
    Price,
}

impl Kind {
    /// Whether a column of a type, without its length or precision, can be read.
    fn reads(self, base_type: &str) -> bool {
        match self {
            Kind::Id | Kind::Int => matches!(base_type, "integer" | "bigint" | "smallint"),
            Kind::Symbol | Kind::Text => matches!(base_type, "text" | "character varying" | "character"),
            Kind::Number | Kind::Price => {
                matches!(
                    base_type,
                    "double precision" | "real" | "numeric" | "integer" | "bigint" | "smallint"
                )
            }
            Kind::Time => {
                matches!(base_type, "timestamp without time zone" | "date" | "timestamp with time zone")
            }
        }
    }

    /// The type that a column should have.
    const fn wanted(self) -> &'static str {
        match self {
            Kind::Id | Kind::Int => "integer",
            Kind::Symbol | Kind::Text => "text",
            Kind::Number | Kind::Price => "double precision",
            Kind::Time => "timestamp with time zone",
        }
    }
}

/// A column that the map names.
pub struct Mapped<'a> {
    /// The field of the map.
    pub field: &'a str,
    /// The value of the field: the name of the column, not quoted.
    pub name: &'a str,
    /// How the column is read.
    pub kind: Kind,
}

/// The columns that the fields of a row of the map name, in the order of the fields.
pub fn mapped<'a, const N: usize>(
    fields: &'a [(&'static str, Kind); N],
    names: &'a [String; N],
) -> Vec<Mapped<'a>> {
    fields.iter().zip(names).map(|((field, kind), name)| Mapped { field, name, kind: *kind }).collect()
}

/// The row of the map that is checked, as errors name it.
pub struct Place<'a> {
    /// The quoted schema of the extension.
    pub schema: &'a str,
    /// Calendar scheme of the row.
    pub cal_scheme: &'a str,
    /// Layer of the row.
    pub layer: &'a str,
    /// Whether rows are selected by their timeframe.
    pub tf_is_read: bool,
    /// The relations of the row that `regime_build_inputs` makes: `bars`, `ema`.
    pub built: &'a [&'a str],
}

/// Checks one row of the map.
pub struct Check<'a, 'c> {
    /// The connection to check with.
    pub db: Db<'c>,
    /// The row to check.
    pub place: Place<'a>,
}

impl Check<'_, '_> {
    /// A relation of the map with the SQL that reads it. The first column mapped is the id or symbol,
    /// the second the timeframe, the third the time.
    ///
    /// # Errors
    /// Where the relation or a column does not exist, may not be read, or is of a type that cannot be
    /// read.
    pub fn relation(
        &self,
        which: &str,
        [schema, table]: &[String; 2],
        mapped: &[Mapped],
        filter: &str,
    ) -> Result<Relation> {
        let tf_is_read = self.place.tf_is_read;
        let sql = format!("{}.{}", quoted(schema), quoted(table));
        let Some(oid) = syscache::source_oid(schema, table) else {
            return Err(undefined_table(format!("relation {sql} does not exist"))
                .detail(self.where_mapped(&format!("{which}_schema and {which}_table")))
                .hint(self.missing_hint(which, schema)));
        };
        if !syscache::may_use(schema) {
            let schema = quoted(schema);
            let (what, privilege) = (format!("schema {schema}"), format!("USAGE ON SCHEMA {schema}"));
            return Err(self.no_privilege(&what, &privilege));
        }
        let columns = Columns {
            check: self,
            which,
            relation: [schema, table],
            sql: &sql,
            mapped,
            all: columns(self.db, oid, Sees::Snapshot)?,
        };
        let mut expressions = Vec::with_capacity(mapped.len());
        for m in mapped {
            if matches!(m.kind, Kind::Text) && !tf_is_read {
                continue;
            }
            expressions.push(columns.expression(m)?);
        }
        let columns_read = expressions.split_off(1 + usize::from(tf_is_read));
        // The timeframe is a parameter even where it is not read, so that all statements take the same parameters.
        let tf = |n| expressions.get(1).map_or(format!("${n}::text IS NULL"), |tf| format!("{tf} = ${n}"));
        let filters = columns.filter(which, filter)?;
        let with = |time: String| {
            let own = [format!("{} = $1", expressions[0]), tf(2), time];
            own.into_iter().chain(filters.iter().cloned()).collect::<Vec<_>>().join(" AND ")
        };
        let bound = |operator| columns.bound(mapped, &columns_read[0], operator);
        let condition = with(format!("($3 IS NULL OR {})", bound("<=")));
        let later_condition = with(bound(">"));
        let at_utc = columns.has_no_zone(mapped);
        let time = mapped.iter().find(|m| matches!(m.kind, Kind::Time)).map(|m| quoted(m.name));
        let shared: Vec<String> = [tf(1)].into_iter().chain(filters.iter().cloned()).collect();
        Ok(Relation {
            sql,
            id: expressions[0].clone(),
            tf: expressions.get(1).cloned(),
            filters,
            shared_condition: shared.join(" AND "),
            columns: columns_read,
            time: time.unwrap_or_default(),
            at_utc,
            condition,
            later_condition,
        })
    }

    fn missing_hint(&self, which: &str, mapped: &str) -> String {
        let edit = self.edit(&format!("{which}_schema = '…', {which}_table = '…'"));
        let Place { schema, cal_scheme, built, .. } = self.place;
        if !built.contains(&which) {
            return edit;
        }
        format!(
            "If you have daily bars only: SELECT {schema}.regime_build_inputs(cal_scheme => {}, target_schema => {}); otherwise: {edit}",
            quote_literal(cal_scheme),
            quote_literal(mapped)
        )
    }

    fn where_mapped(&self, field: &str) -> String {
        format!(
            "The mapping is in {field} of {}.regime_source, in the row cal_scheme = {}, layer = '{}'.",
            self.place.schema,
            quote_literal(self.place.cal_scheme),
            self.place.layer
        )
    }

    fn edit(&self, assignment: &str) -> String {
        format!(
            "UPDATE {}.regime_source SET {assignment} WHERE cal_scheme = {} AND layer = '{}';",
            self.place.schema,
            quote_literal(self.place.cal_scheme),
            self.place.layer
        )
    }

    /// The statement that maps another column, or, where market states do without, none.
    fn map_another(&self, field: &str) -> String {
        self.edit(&format!("{field} = {}", if field == "volume_column" { "NULL" } else { "'…'" }))
    }

    fn no_privilege(&self, what: &str, privilege: &str) -> Error {
        insufficient_privilege(format!("permission denied for {what}"))
            .detail(format!(
                "Layer {} of calendar scheme \"{}\" is read from {what}.",
                self.place.layer, self.place.cal_scheme
            ))
            .hint(format!("GRANT {privilege} TO {};", current_user()))
    }
}

struct Columns<'a, 'b, 'c> {
    check: &'a Check<'b, 'c>,
    /// The relation of the row: `bars`, `ema`.
    which: &'a str,
    /// Schema and name.
    relation: [&'a str; 2],
    /// The same as SQL.
    sql: &'a str,
    mapped: &'a [Mapped<'a>],
    all: Vec<Column>,
}

impl Columns<'_, '_, '_> {
    /// The SQL that reads a mapped column. Always with a cast, which costs nothing between equal types: a view can be
    /// replaced by a view with other types between the check and the read.
    fn expression(&self, mapped: &Mapped) -> Result<String> {
        let column = self.column(mapped.name, mapped.field)?;
        let name = quoted(mapped.name);
        // The type without its length or precision, wherever the name has it: numeric(10,2), timestamp(3) with time
        // zone.
        let base = column.base_type();
        if !mapped.kind.reads(&base) {
            let wanted = mapped.kind.wanted();
            return Err(datatype_mismatch(format!(
                "column {name} of relation {} is of type {}, not {wanted}",
                self.sql, column.type_name
            ))
            .detail(self.check.where_mapped(mapped.field))
            .hint(format!(
                "Map a column of type {wanted}, or a view that casts the column: {}",
                self.check.map_another(mapped.field)
            )));
        }
        Ok(match (mapped.kind, base.as_str()) {
            (Kind::Id, _) => name,
            (Kind::Int, _) => format!("{name}::int"),
            (Kind::Symbol | Kind::Text, _) => {
                self.check_deterministic(column, mapped)?;
                name
            }
            (Kind::Price, "numeric") => format!("{name}::numeric"),
            (Kind::Number | Kind::Price, _) => format!("{name}::float8"),
            (Kind::Time, "timestamp without time zone") => {
                format!("({name} AT TIME ZONE 'UTC')::timestamptz")
            }
            (Kind::Time, "date") => format!("({name}::timestamp AT TIME ZONE 'UTC')::timestamptz"),
            (Kind::Time, _) => format!("{name}::timestamptz"),
        })
    }

    /// Refuses a key that takes different texts for equal: marks and stored rows would be of one spelling, and source rows
    /// of another.
    fn check_deterministic(&self, column: &Column, mapped: &Mapped) -> Result<()> {
        let Some(collation) = column.nondeterministic() else { return Ok(()) };
        let name = quoted(mapped.name);
        Err(indeterminate_collation(format!(
            "column {name} of relation {} has the nondeterministic collation {}",
            self.sql,
            quoted(collation)
        ))
        .detail(self.check.where_mapped(mapped.field))
        .hint(format!(
            "Map a column of a deterministic collation, or a view that selects {name} COLLATE \"C\": {}",
            self.check.edit(&format!("{} = '…'", mapped.field))
        )))
    }

    /// Whether the time is of a type without a time zone.
    fn has_no_zone(&self, mapped: &[Mapped]) -> bool {
        let time = mapped.iter().find(|m| matches!(m.kind, Kind::Time));
        let column = time.and_then(|m| self.all.iter().find(|column| column.name == m.name));
        column.is_some_and(|c| ["timestamp without time zone", "date"].contains(&c.base_type().as_str()))
    }

    /// The condition that compares the time with `$3`; a `timestamp` is compared without a cast, so that an index can
    /// be used.
    fn bound(&self, mapped: &[Mapped], expression: &str, operator: &str) -> String {
        let time = mapped.iter().find(|m| matches!(m.kind, Kind::Time));
        let is_plain = |m: &&Mapped| {
            self.all.iter().any(|c| c.name == m.name && c.base_type() == "timestamp without time zone")
        };
        match time.filter(is_plain) {
            Some(m) => format!("{} {operator} ($3 AT TIME ZONE 'UTC')", quoted(m.name)),
            None => format!("{expression} {operator} $3"),
        }
    }

    /// The column that a field of the map names; an error where the column does not exist or may not be read.
    fn column(&self, name: &str, field: &str) -> Result<&Column> {
        match self.all.iter().find(|column| column.name == name) {
            Some(column) if column.may_read => Ok(column),
            Some(_) => Err(self
                .check
                .no_privilege(&format!("relation {}", self.sql), &format!("SELECT ON {}", self.sql))),
            None => Err(undefined_column(format!(
                "column {} of relation {} does not exist",
                quoted(name),
                self.sql
            ))
            .detail(self.check.where_mapped(field))
            .hint(match self.likeliest(name, field) {
                Some(likeliest) => self.map_everywhere(field, name, likeliest),
                None => self.check.map_another(field),
            })),
        }
    }

    /// The statement that maps another column in every row that maps this column of the relation.
    fn map_everywhere(&self, field: &str, before: &str, column: &str) -> String {
        let Self { check, which, relation: [schema, table], .. } = self;
        let [column, schema, table, before] = [column, schema, table, before].map(quote_literal);
        format!(
            "UPDATE {}.regime_source SET {field} = {column} WHERE {which}_schema = {schema} AND {which}_table = {table} AND {field} = {before};",
            check.place.schema
        )
    }

    /// The column that a missing one was probably renamed to: of a type that can be read, not mapped by another field, and with
    /// the most pairs of letters in common, or the only one that can be an id, a symbol or a timeframe.
    fn likeliest(&self, name: &str, field: &str) -> Option<&str> {
        /// The least share of pairs that two names have in common, from 0 to 1.
        const LEAST: f64 = 0.4;
        let kind = self.mapped.iter().find(|mapped| mapped.field == field)?.kind;
        let is_free = |column: &&Column| {
            column.may_read
                && kind.reads(&column.base_type())
                && self.mapped.iter().all(|mapped| mapped.name != column.name)
        };
        let free: Vec<&str> = self.all.iter().filter(is_free).map(|column| column.name.as_str()).collect();
        let name = name.to_lowercase();
        let likeness = |other: &str| {
            let other = other.to_lowercase();
            let contains = name.contains(&other) || other.contains(&name);
            strsim::sorensen_dice(&name, &other).max(if contains { LEAST } else { 0.0 })
        };
        match free[..] {
            [only] if matches!(kind, Kind::Id | Kind::Symbol | Kind::Text) => Some(only),
            _ => {
                let like = free.into_iter().map(|column| (likeness(column), column));
                like.filter(|(likeness, _)| *likeness >= LEAST)
                    .max_by(|a, b| a.0.total_cmp(&b.0))
                    .map(|(_, column)| column)
            }
        }
    }

    /// The conditions of a filter. A value of the column's own kind is compared directly, so that an index can be used;
    /// any other value is compared with the column as text, so that no cast can fail.
    fn filter(&self, which: &str, filter: &str) -> Result<Vec<String>> {
        let field = format!("{which}_filter");
        let Value::Object(entries) =
            json::parse(filter).map_err(|e| e.detail(self.check.where_mapped(&field)))?
        else {
            return Ok(Vec::new());
        };
        entries
            .iter()
            .map(|(name, value)| {
                let column = self.column(name, &field)?;
                let (base, name) = (column.base_type(), quoted(name));
                let is_text = matches!(base.as_str(), "text" | "character varying");
                let is_number = matches!(
                    base.as_str(),
                    "integer" | "bigint" | "smallint" | "double precision" | "numeric"
                );
                Ok(match value {
                    Value::Null => format!("{name} IS NULL"),
                    Value::Bool(truth) if base == "boolean" => format!("{name} = {truth}"),
                    Value::Number(number) if is_number => format!("{name} = {number}"),
                    Value::String(text) if is_text => format!("{name} = {}", quote_literal(text)),
                    Value::String(text) => format!("{} = {}", column.as_text(), quote_literal(text)),
                    Value::Bool(_) | Value::Number(_) => {
                        format!("{} = {}", column.as_text(), quote_literal(value.to_string()))
                    }
                    Value::Array(_) | Value::Object(_) => {
                        return Err(invalid_parameter(format!(
                            "value of {name} in {field} is not a scalar: {value}"
                        ))
                        .detail(self.check.where_mapped(&field))
                        .hint(self.check.edit(&format!("{field} = '{{\"…\": \"…\"}}'"))));
                    }
                })
            })
            .collect()
    }
}
