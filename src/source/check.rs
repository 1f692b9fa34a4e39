//! Checking one row of the source map against the catalogs: the relation, its columns, their types, what the
//! current role may read. An error names the row to edit.

use serde_json::Value;

use crate::pg::{
    Column, Db, Error, Result, Sees, arg, columns, current_user, datatype_mismatch, indeterminate_collation,
    insufficient_privilege, invalid_parameter, json, quote_literal, quoted, syscache, undefined_column,
    undefined_table,
};
use crate::source::build::tables::BUILT;
use crate::source::clock::{Clock, Times};
use crate::source::dim_assets::DimAssets;
use crate::source::kind::{BARS_ID, Kind, Mapped, is_text};
use crate::source::relation::{EACH, EACH_TOO, Relation};
use crate::source::symbols;

/// The row of the map that is checked, as errors name it.
pub struct Place<'a> {
    /// The quoted schema of the extension.
    pub schema: &'a str,
    /// Calendar scheme of the row.
    pub cal_scheme: &'a str,
    /// Layer of the row.
    pub layer: &'a str,
    /// Schema of the table of ids, not quoted.
    pub symbols_schema: &'a str,
    /// How times are read.
    pub clock: &'a Clock,
    /// The timeframe of all rows, where there is no column of it and rows are selected by it nevertheless.
    pub only_tf: Option<&'a str>,
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

/// SQL: whether a row is of an asset, given as SQL, which is a parameter even where it is not read.
fn is_of_asset(id: &str, symbols: Option<&str>, has_ids: bool, asset: &str) -> String {
    match symbols {
        _ if !has_ids => format!("{asset}::int IS NOT NULL"),
        Some(dim) => format!("{id} = {}", symbols::of(dim, asset)),
        None => format!("{id} = {asset}"),
    }
}

impl Check<'_, '_> {
    /// A relation of the map with the SQL that reads it. The first column mapped is the id or symbol,
    /// the second the timeframe, the third the time; a relation without ids, of which all rows are of every asset, maps
    /// neither id nor timeframe.
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
        let oid = self.readable(which, [schema, table], &sql)?;
        let columns = Columns {
            check: self,
            which,
            relation: [schema, table],
            sql: &sql,
            mapped,
            all: columns(self.db, oid, Sees::Snapshot)?,
            clock: self.clock(&sql)?,
        };
        let has_ids = mapped.iter().any(|m| matches!(m.kind, Kind::Id | Kind::Symbol));
        let mut expressions = columns.expressions(mapped, has_ids)?;
        let symbols = columns.symbols(mapped)?;
        let columns_read = expressions.split_off(1 + usize::from(tf_is_read));
        // The timeframe is a parameter even where it is not read, so that all statements take the same parameters.
        let only = self.place.only_tf.map(|tf| format!("{}::text", quote_literal(tf)));
        let of_row = expressions.get(1).cloned().or(only);
        let tf =
            |of: &str| of_row.as_ref().map_or(format!("{of}::text IS NULL"), |tf| format!("{tf} = {of}"));
        let filters = columns.filter(which, filter)?;
        let with_symbols = |symbols: Option<&str>, [asset, timeframe]: [&str; 2], time: String| {
            let is_of_asset = is_of_asset(&expressions[0], symbols, has_ids, asset);
            let own = [is_of_asset, tf(timeframe), time];
            own.into_iter().chain(filters.iter().cloned()).collect::<Vec<_>>().join(" AND ")
        };
        let with = |of, time| with_symbols(symbols.as_deref(), of, time);
        let time = columns.time(mapped);
        let until = columns.bound(time.as_ref(), &columns_read[0], "<=", "$3");
        let condition = with(["$1", "$2"], format!("($3 IS NULL OR {until})"));
        let later = |moment| columns.later(time.as_ref(), &columns_read[0], moment);
        let later_condition = with(["$1", "$2"], later("$3"));
        // All times are after the earliest of the moments, by which partitions and chunks are left out.
        let each = if table == EACH { EACH_TOO } else { EACH };
        let [asset, timeframe, moment] =
            ["asset", "timeframe", "moment"].map(|name| format!("{each}.{name}"));
        let after_each = format!("{} AND {}", later(&moment), later("$3::timestamptz"));
        // Where rows name assets by symbols, the list is of symbols.
        let of_each =
            ["true".to_owned(), after_each].map(|time| with_symbols(None, [&asset, &timeframe], time));
        let clock = columns.clock.clone();
        let (times, day_time) = match &time {
            Some((name, base)) => (clock.times(base).unwrap_or_default(), clock.day_time(name, base)),
            None => (Times::default(), None),
        };
        let shared_condition = [&[tf("$1")], &filters[..]].concat().join(" AND ");
        Ok(Relation {
            texts: columns.texts(mapped),
            sql,
            id: expressions[0].clone(),
            symbols,
            has_ids,
            tf: of_row.clone(),
            filters,
            shared_condition,
            columns: columns_read,
            time: time.map(|(name, _)| name).unwrap_or_default(),
            times,
            clock,
            day_time,
            condition,
            later_condition,
            each,
            of_each,
        })
    }

    /// The oid of a relation of the map, whose schema may be used.
    fn readable(&self, which: &str, [schema, table]: [&str; 2], sql: &str) -> Result<pgrx::pg_sys::Oid> {
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
        Ok(oid)
    }

    /// How the times of a relation are read: those of one that was built here are instants.
    fn clock(&self, sql: &str) -> Result<Clock> {
        let clock = self.place.clock;
        if clock.is_plain() {
            return Ok(Clock::default());
        }
        let is_built = "SELECT pg_catalog.obj_description($1::text::regclass, 'pg_class') IS NOT DISTINCT FROM $2 AS is_built";
        let args = [arg(sql), arg(BUILT)];
        if self.db.one(is_built, &args, Sees::Now, |row| row.get("is_built"))? {
            return Ok(Clock::default());
        }
        clock.check_zone(self.db).map_err(|error| {
            error.detail(self.where_mapped("bars_zone")).hint(self.edit("bars_zone = 'Europe/Zurich'"))
        })?;
        Ok(clock.clone())
    }

    fn missing_hint(&self, which: &str, mapped: &str) -> String {
        let edit = self.edit(&format!("{which}_schema = '…', {which}_table = '…'"));
        let Place { schema, cal_scheme, built, .. } = self.place;
        if !built.contains(&which) {
            return edit;
        }
        format!(
            "If you have {}bars only: SELECT {schema}.regime_build_inputs(cal_scheme => {}, target_schema => {}); otherwise: {edit}",
            if self.place.layer == "L3" { "" } else { "daily " },
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
    clock: Clock,
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
        // A text that is a key is no number.
        let is_key =
            |m: &Mapped| m.name == mapped.name && matches!(m.kind, Kind::Id | Kind::Symbol | Kind::Text);
        let is_number = matches!(mapped.kind, Kind::Number);
        let is_key = is_number && is_text(&base) && self.mapped.iter().any(is_key);
        let reads = match mapped.kind {
            Kind::Label => column.is_word(),
            kind => kind.reads(&base),
        };
        if !reads || is_key {
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
            (Kind::Id, base) => {
                if is_text(base) {
                    self.check_deterministic(column, mapped)?;
                }
                name
            }
            (Kind::Int, _) => format!("{name}::int"),
            (Kind::Label, _) => {
                self.check_deterministic(column, mapped)?;
                match syscache::is_own(column.type_oid) {
                    true => format!("{name}::text"),
                    false => column.as_text(),
                }
            }
            // What was known on a day is known when the day ends.
            (Kind::Known, "date") => self.clock.unshifted().time(&format!("({name} + 1)"), "date"),
            (Kind::Known, base) => match self.clock.times(base) {
                Some(_) => self.clock.unshifted().time(&name, base),
                None => return Err(self.no_unit(column, mapped.field)),
            },
            (Kind::Symbol | Kind::Text, _) => {
                self.check_deterministic(column, mapped)?;
                name
            }
            (Kind::Number, "numeric") => format!("{name}::numeric"),
            (Kind::Number, _) => format!("{name}::float8"),
            (Kind::Time, base) => match self.clock.times(base) {
                Some(_) => self.clock.time(&name, base),
                None => return Err(self.no_unit(column, mapped.field)),
            },
        })
    }

    /// SQL of the columns that are read: the id or symbol, the timeframe where it is read, then the others.
    fn expressions(&self, mapped: &[Mapped], has_ids: bool) -> Result<Vec<String>> {
        let is_read = |m: &&Mapped| !matches!(m.kind, Kind::Text) || self.check.place.tf_is_read;
        let no_id = (!has_ids).then(|| Ok("NULL::int".to_owned()));
        no_id.into_iter().chain(mapped.iter().filter(is_read).map(|m| self.expression(m))).collect()
    }

    /// The table of the ids, quoted, where the relation names its assets by symbols.
    fn symbols(&self, mapped: &[Mapped]) -> Result<Option<String>> {
        let Some(id) = mapped.iter().find(|m| matches!(m.kind, Kind::Id)) else { return Ok(None) };
        let column = self.column(id.name, id.field)?;
        if !is_text(&column.base_type()) {
            return Ok(None);
        }
        let schema = self.check.place.symbols_schema;
        let (name, relation) = (quoted(id.name), self.sql);
        let table = format!("{}.dim_assets", quoted(schema));
        let fill = format!(
            "INSERT INTO {table} (symbol) SELECT DISTINCT {name} FROM {relation} WHERE {name} IS NOT NULL ORDER BY 1;"
        );
        let holds = format!(
            "column {name} of relation {relation} holds symbols, and relation {table}, which is to give them ids,"
        );
        let Some(dim) = DimAssets::find(self.check.db, schema, Sees::Snapshot)? else {
            // The ids of bars that hold no symbols are given.
            let hint = match id.field == BARS_ID {
                true => format!(
                    "CREATE TABLE {table} (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, symbol text NOT NULL UNIQUE); {fill}"
                ),
                false => format!("CREATE TABLE {table} (id int PRIMARY KEY, symbol text NOT NULL UNIQUE);"),
            };
            return Err(undefined_table(format!("{holds} does not exist"))
                .detail(self.check.where_mapped(id.field))
                .hint(hint));
        };
        let added = ["int GENERATED BY DEFAULT AS IDENTITY", "text UNIQUE"];
        if let Some(lack) = dim.lack(added, |lack| format!("{holds} {lack}")) {
            return Err(lack.detail(self.check.where_mapped(id.field)));
        }
        dim.check_readable(&[dim.id, dim.symbol])?;
        Ok(Some(dim.relation))
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

    /// The column of the time, quoted, and its type.
    fn time(&self, mapped: &[Mapped]) -> Option<(String, String)> {
        let time = mapped.iter().find(|m| matches!(m.kind, Kind::Time))?;
        let column = self.all.iter().find(|column| column.name == time.name)?;
        Some((quoted(time.name), column.base_type()))
    }

    /// The number columns that are texts, quoted.
    fn texts(&self, mapped: &[Mapped]) -> Vec<String> {
        let numbers = mapped.iter().filter(|m| matches!(m.kind, Kind::Number));
        let is_of_text = |m: &&Mapped| self.all.iter().any(|c| c.name == m.name && is_text(&c.base_type()));
        numbers.filter(is_of_text).map(|m| quoted(m.name)).collect()
    }

    /// The condition that compares the time with a moment, given as SQL; a `timestamp` in UTC is compared without a cast, so
    /// that an index can be used.
    fn bound(
        &self,
        time: Option<&(String, String)>,
        expression: &str,
        operator: &str,
        moment: &str,
    ) -> String {
        match time {
            Some((name, base)) if base == "timestamp without time zone" && self.clock.has_utc_days() => {
                format!("{name} {operator} ({moment} AT TIME ZONE 'UTC')")
            }
            _ => format!("{expression} {operator} {moment}"),
        }
    }

    /// The condition of times after a moment, given as SQL: where it is of an expression, the column is compared too, so that an
    /// index can be used.
    fn later(&self, time: Option<&(String, String)>, expression: &str, moment: &str) -> String {
        let exact = self.bound(time, expression, ">", moment);
        let Some((name, base)) = time else { return exact };
        let is_of_column =
            matches!(base.as_str(), "timestamp with time zone" | "timestamp without time zone");
        if is_of_column && self.clock.has_utc_days() {
            return exact;
        }
        format!("{} AND {exact}", self.clock.later(name, base, moment))
    }

    /// The error for integer times of an unknown unit.
    fn no_unit(&self, column: &Column, field: &str) -> Error {
        let (name, relation) = (quoted(&column.name), self.sql);
        invalid_parameter(format!(
            "column {name} of relation {relation} is of type {}, and bars_ts_unit does not say what it counts",
            column.type_name
        ))
        .detail(format!(
            "{} An integer time counts seconds, milliseconds or microseconds since 1970.",
            self.check.where_mapped(field)
        ))
        .hint(self.check.edit("bars_ts_unit = 'ms'"))
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
        let is_usual = |column: &Column| match kind {
            Kind::Label => column.is_word(),
            kind => kind.is_usual(&column.base_type()),
        };
        let is_free = |column: &&Column| {
            column.may_read && is_usual(column) && self.mapped.iter().all(|mapped| mapped.name != column.name)
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
                equals(column, value).ok_or_else(|| {
                    invalid_parameter(format!(
                        "value of {} in {field} is not a scalar: {value}",
                        quoted(name)
                    ))
                    .detail(self.check.where_mapped(&field))
                    .hint(self.check.edit(&format!("{field} = '{{\"…\": \"…\"}}'")))
                })
            })
            .collect()
    }
}

/// SQL: the condition that a column has a value of a filter; `None` for a value that is an array or an object.
pub fn equals(column: &Column, value: &Value) -> Option<String> {
    let (base, name) = (column.base_type(), quoted(&column.name));
    let is_text = matches!(base.as_str(), "text" | "character varying");
    let is_number =
        matches!(base.as_str(), "integer" | "bigint" | "smallint" | "double precision" | "numeric");
    Some(match value {
        Value::Null => format!("{name} IS NULL"),
        Value::Bool(truth) if base == "boolean" => format!("{name} = {truth}"),
        Value::Number(number) if is_number => format!("{name} = {number}"),
        Value::String(text) if is_text => format!("{name} = {}", quote_literal(text)),
        Value::String(text) => format!("{} = {}", column.as_text(), quote_literal(text)),
        Value::Bool(_) | Value::Number(_) => {
            format!("{} = {}", column.as_text(), quote_literal(value.to_string()))
        }
        Value::Array(_) | Value::Object(_) => return None,
    })
}
