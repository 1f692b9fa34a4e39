//! The source map: which relation and columns each layer is read from. Everything a mapping can be
//! wrong about is checked here, against the catalogs, before a row is read.

use std::collections::HashMap;

use pgrx::prelude::*;
use pgrx::spi::{quote_identifier as quoted, quote_literal};
use serde_json::Value;

use regime_core::Layer;
use regime_core::pipeline::SourceParams;

use crate::db::{Arg, Db, Sees, Tuple, arg};
use crate::error::{Error, Result, invalid_parameter};
use crate::json;

/// One row of `regime_source`.
pub struct Source {
    pub cal_scheme: String,
    pub layer: Layer,
    pub tf: Option<String>,
    /// Schema of the bars relation.
    pub bars_schema: String,
    pub bars: Relation,
    pub ema: Relation,
    pub params: SourceParams,
}

/// A mapped relation with what is read from it.
pub struct Relation {
    /// Quoted, with its schema.
    pub sql: String,
    /// The quoted column of the asset id.
    pub id: String,
    /// Conditions that hold for the rows of every asset: `$1` is the timeframe.
    pub shared_condition: String,
    /// SQL expressions of the columns read, in the order they were asked for.
    pub columns: Vec<String>,
    /// `WHERE` clause without the keyword: `$1` is the asset, `$2` the timeframe, `$3` the moment
    /// (or NULL) after which nothing is read.
    pub condition: String,
}

impl Relation {
    /// The clause that selects all of an asset, to be shown to the user.
    pub fn condition_of(&self, asset: i32, tf: Option<&str>) -> String {
        let shared = tf.map_or_else(
            || self.shared_condition.clone(),
            |tf| self.shared_condition.replace("$1", &quote_literal(tf)),
        );
        format!("{} = {asset} AND {shared}", self.id)
    }
}

/// What a column must be, and how it is read.
#[derive(Clone, Copy)]
enum Kind {
    /// Compared with the asset id.
    Id,
    /// Read as an `int4`.
    Int,
    /// Compared with the timeframe.
    Text,
    /// Read as `timestamptz`; a `timestamp` or `date` is taken as UTC.
    Time,
    /// Read as `float8`.
    Number,
}

/// A name in the map: which of its fields says it, and what it says.
struct Mapped<'a> {
    field: &'a str,
    name: &'a str,
    kind: Kind,
}

/// The rows of the map for a calendar scheme, by layer, unchecked.
pub fn map(db: Db, cal_scheme: &str, schema: &str) -> Result<[Option<MapRow>; 4]> {
    let sql = format!(
        "SELECT layer::text, tf::text, periods::int[], bars_schema::text, bars_table::text, bars_filter::text, bars_id_column::text, \
         bars_tf_column::text, bars_ts_column::text, close_column::text, atr_column::text, adx_column::text, \
         adx_floor::float8, spread_column::text, slippage_column::text, ema_schema::text, ema_table::text, \
         ema_filter::text, ema_id_column::text, ema_tf_column::text, ema_ts_column::text, \
         ema_period_column::text, ema_column::text \
         FROM {schema}.regime_source WHERE cal_scheme = $1"
    );
    let mut rows: [Option<MapRow>; 4] = [None, None, None, None];
    db.rows(&sql, &[arg(cal_scheme)], Sees::Snapshot, |row| {
        if let Some(layer) = Layer::ALL.into_iter().find(|l| row.text(0) == Some(l.as_str())) {
            rows[layer as usize] = Some(MapRow::read(row, schema, cal_scheme, layer));
        }
        Ok(())
    })?;
    if rows.iter().all(Option::is_none) {
        return Err(unknown_scheme(db, cal_scheme, schema)?);
    }
    Ok(rows)
}

/// Checks the map against the catalogs.
pub fn check(db: Db, map: [Option<MapRow>; 4]) -> Result<[Option<Source>; 4]> {
    let [l0, l1, l2, l3] = map.map(|row| row.map(|r| r.source(db)).transpose());
    Ok([l0?, l1?, l2?, l3?])
}

fn unknown_scheme(db: Db, cal_scheme: &str, schema: &str) -> Result<Error> {
    let sql = format!(
        "SELECT string_agg(DISTINCT cal_scheme, ', ' ORDER BY cal_scheme) FROM {schema}.regime_source"
    );
    let known = db.first(&sql, &[], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten().unwrap_or_default();
    Ok(invalid_parameter(format!("unknown calendar scheme \"{cal_scheme}\""))
        .detail(format!("{schema}.regime_source has rows for: {known}."))
        .hint(format!("Pass cal_scheme => 'iso' or 'us', or insert rows for your own scheme into {schema}.regime_source.")))
}

/// One row of the map, as it stands there.
pub struct MapRow {
    schema: String,
    pub cal_scheme: String,
    pub layer: Layer,
    pub tf: Option<String>,
    pub periods: [u32; 3],
    /// Schema and name of the bars relation.
    pub bars: [String; 2],
    bars_filter: String,
    bars_columns: [String; 4],
    atr: Option<String>,
    adx: Option<String>,
    adx_floor: Option<f64>,
    spread: Option<String>,
    slippage: Option<String>,
    /// Schema and name of the EMA relation.
    pub ema: [String; 2],
    ema_filter: String,
    ema_columns: [String; 5],
}

impl MapRow {
    fn read(row: &Tuple, schema: &str, cal_scheme: &str, layer: Layer) -> Self {
        let text = |column| row.string(column).unwrap_or_default();
        let periods = <[i32; 3]>::try_from(row.ints(2).unwrap_or_default()).unwrap_or_default();
        Self {
            schema: schema.to_owned(),
            cal_scheme: cal_scheme.to_owned(),
            layer,
            tf: row.string(1),
            periods: periods.map(|p| p as u32),
            bars: [3, 4].map(text),
            bars_filter: text(5),
            bars_columns: [6, 7, 8, 9].map(text),
            atr: row.string(10),
            adx: row.string(11),
            adx_floor: row.float(12).filter(|floor| *floor > 0.0),
            spread: row.string(13),
            slippage: row.string(14),
            ema: [15, 16].map(text),
            ema_filter: text(17),
            ema_columns: [18, 19, 20, 21, 22].map(text),
        }
    }

    /// What of the row can change a label.
    pub fn params(&self) -> SourceParams {
        SourceParams {
            periods: self.periods,
            atr: self.atr.is_some(),
            // Half of a pair is not read: an ADX without a floor, a spread without a slippage.
            adx_floor: self.adx_floor.filter(|_| self.adx.is_some()),
            costs: self.spread.is_some() && self.slippage.is_some(),
        }
    }

    fn source(&self, db: Db) -> Result<Source> {
        let params = self.params();
        let mut optional = Vec::new();
        let mut read = |wanted: bool, field, name: &'_ Option<String>| {
            optional.extend(name.clone().filter(|_| wanted).map(|name| (field, name)));
        };
        read(params.atr, "atr_column", &self.atr);
        read(params.adx_floor.is_some(), "adx_column", &self.adx);
        read(params.costs, "spread_column", &self.spread);
        read(params.costs, "slippage_column", &self.slippage);
        Ok(Source {
            cal_scheme: self.cal_scheme.clone(),
            layer: self.layer,
            tf: self.tf.clone(),
            bars_schema: self.bars[0].clone(),
            bars: self.bars(db, &optional)?,
            ema: self.ema(db)?,
            params,
        })
    }

    /// The bars relation with its times, closes and further number columns, each with the field
    /// that maps it.
    pub fn bars(&self, db: Db, numbers: &[(&'static str, String)]) -> Result<Relation> {
        let [id, tf, ts, close] = &self.bars_columns;
        let mut mapped = vec![
            Mapped { field: "bars_id_column", name: id, kind: Kind::Id },
            Mapped { field: "bars_tf_column", name: tf, kind: Kind::Text },
            Mapped { field: "bars_ts_column", name: ts, kind: Kind::Time },
            Mapped { field: "close_column", name: close, kind: Kind::Number },
        ];
        mapped.extend(numbers.iter().map(|(field, name)| Mapped { field, name, kind: Kind::Number }));
        Check { db, row: self }.relation("bars", &self.bars, &mapped, &self.bars_filter)
    }

    fn ema(&self, db: Db) -> Result<Relation> {
        let [id, tf, ts, period, ema] = &self.ema_columns;
        let mapped = [
            Mapped { field: "ema_id_column", name: id, kind: Kind::Id },
            Mapped { field: "ema_tf_column", name: tf, kind: Kind::Text },
            Mapped { field: "ema_ts_column", name: ts, kind: Kind::Time },
            Mapped { field: "ema_period_column", name: period, kind: Kind::Int },
            Mapped { field: "ema_column", name: ema, kind: Kind::Number },
        ];
        Check { db, row: self }.relation("ema", &self.ema, &mapped, &self.ema_filter)
    }
}

/// Checks one row of the map.
struct Check<'a, 'c> {
    db: Db<'c>,
    row: &'a MapRow,
}

impl Check<'_, '_> {
    fn relation(
        &self,
        which: &str,
        [schema, table]: &[String; 2],
        mapped: &[Mapped],
        filter: &str,
    ) -> Result<Relation> {
        let tf_is_read = self.row.tf.is_some();
        let sql = format!("{}.{}", quoted(schema), quoted(table));
        // One query for all columns: there are six relations to check before every refresh.
        let find = "SELECT has_schema_privilege(n.oid, 'USAGE'), a.attname::text, format_type(a.atttypid, a.atttypmod), \
             has_column_privilege(a.attrelid, a.attnum, 'SELECT') FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE n.nspname = $1::name AND c.relname = $2::name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
        let names = [arg(schema.as_str()), arg(table.as_str())];
        let mut columns = Columns { check: self, sql: &sql, types: HashMap::new() };
        let mut usable = None;
        self.db.rows(find, &names, Sees::Snapshot, |row| {
            usable = row.bool(0);
            if let (Some(name), Some(type_name)) = (row.string(1), row.string(2)) {
                columns.types.insert(name, (type_name, row.bool(3) == Some(true)));
            }
            Ok(())
        })?;
        match usable {
            None => {
                return Err(Error::new(
                    PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                    format!("relation {sql} does not exist"),
                )
                .detail(self.where_mapped(&format!("{which}_schema and {which}_table")))
                .hint(self.missing_hint(which)));
            }
            Some(false) => {
                let schema = quoted(schema);
                let (what, privilege) = (format!("schema {schema}"), format!("USAGE ON SCHEMA {schema}"));
                return Err(self.no_privilege(&what, &privilege));
            }
            Some(true) => {}
        }
        let mut expressions = Vec::with_capacity(mapped.len());
        for m in mapped {
            if matches!(m.kind, Kind::Text) && !tf_is_read {
                continue;
            }
            expressions.push(columns.expression(m)?);
        }
        let columns_read = expressions.split_off(1 + usize::from(tf_is_read));
        // The timeframe is always a parameter, so that every plan takes the same ones.
        let tf = |n| expressions.get(1).map_or(format!("${n}::text IS NULL"), |tf| format!("{tf} = ${n}"));
        let mut condition = vec![
            format!("{} = $1", expressions[0]),
            tf(2),
            format!("($3 IS NULL OR {} <= $3)", columns_read[0]),
        ];
        let filters = columns.filter(which, filter)?;
        condition.extend_from_slice(&filters);
        let shared: Vec<String> = [tf(1)].into_iter().chain(filters).collect();
        Ok(Relation {
            sql,
            id: expressions[0].clone(),
            shared_condition: shared.join(" AND "),
            columns: columns_read,
            condition: condition.join(" AND "),
        })
    }

    fn missing_hint(&self, which: &str) -> String {
        let edit = self.edit(&format!("{which}_schema = '…', {which}_table = '…'"));
        let row = self.row;
        let is_daily_bars = row.layer == Layer::L2 && which == "bars";
        if is_daily_bars || row.layer == Layer::L3 || !matches!(row.cal_scheme.as_str(), "iso" | "us") {
            return edit;
        }
        format!(
            "If you have daily bars only: SELECT {}.regime_build_inputs(cal_scheme => '{}'); otherwise: {edit}",
            row.schema, row.cal_scheme
        )
    }

    fn where_mapped(&self, field: &str) -> String {
        format!(
            "{}.regime_source maps it in {field} of the row cal_scheme = '{}', layer = '{}'.",
            self.row.schema,
            self.row.cal_scheme,
            self.row.layer.as_str()
        )
    }

    fn edit(&self, assignment: &str) -> String {
        format!(
            "UPDATE {}.regime_source SET {assignment} WHERE cal_scheme = '{}' AND layer = '{}';",
            self.row.schema,
            self.row.cal_scheme,
            self.row.layer.as_str()
        )
    }

    fn no_privilege(&self, what: &str, privilege: &str) -> Error {
        Error::new(PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE, format!("permission denied for {what}"))
            .detail(format!(
                "It is read for layer {} of calendar scheme \"{}\".",
                self.row.layer.as_str(),
                self.row.cal_scheme
            ))
            .hint(format!("GRANT {privilege} TO {};", current_user()))
    }
}

struct Columns<'a, 'b, 'c> {
    check: &'a Check<'b, 'c>,
    sql: &'a str,
    /// Of each column its type, and whether it may be read.
    types: HashMap<String, (String, bool)>,
}

impl Columns<'_, '_, '_> {
    /// The SQL that reads a mapped column. Always with a cast, which costs nothing where the type is
    /// the one wanted: a view could be replaced by one of other types before it is read.
    fn expression(&self, mapped: &Mapped) -> Result<String> {
        let type_name = self.type_of(mapped.name, mapped.field)?;
        let name = quoted(mapped.name);
        // Without a length or precision, wherever it stands: numeric(10,2), timestamp(3) with time zone.
        let base = without_modifier(type_name);
        let wanted = match (mapped.kind, base.as_str()) {
            (Kind::Id, "integer" | "bigint" | "smallint") => return Ok(name),
            (Kind::Int, "integer" | "bigint" | "smallint") => return Ok(format!("{name}::int")),
            (Kind::Text, "text" | "character varying" | "character") => return Ok(name),
            (Kind::Number, "double precision" | "real" | "numeric" | "integer" | "bigint" | "smallint") => {
                return Ok(format!("{name}::float8"));
            }
            (Kind::Time, "timestamp without time zone") => {
                return Ok(format!("({name} AT TIME ZONE 'UTC')::timestamptz"));
            }
            (Kind::Time, "date") => {
                return Ok(format!("({name}::timestamp AT TIME ZONE 'UTC')::timestamptz"));
            }
            (Kind::Time, "timestamp with time zone") => return Ok(format!("{name}::timestamptz")),
            (Kind::Id | Kind::Int, _) => "integer",
            (Kind::Text, _) => "text",
            (Kind::Number, _) => "double precision",
            (Kind::Time, _) => "timestamp with time zone",
        };
        Err(Error::new(
            PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
            format!("column {name} of relation {} is of type {type_name}, not {wanted}", self.sql),
        )
        .detail(self.check.where_mapped(mapped.field))
        .hint(format!(
            "Map a column of that type, or a view that casts it: {}",
            self.check.edit(&format!("{} = '…'", mapped.field))
        )))
    }

    fn type_of(&self, name: &str, field: &str) -> Result<&str> {
        match self.types.get(name) {
            Some((type_name, true)) => Ok(type_name),
            Some((_, false)) => Err(self
                .check
                .no_privilege(&format!("relation {}", self.sql), &format!("SELECT ON {}", self.sql))),
            None => Err(Error::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!("column {} of relation {} does not exist", quoted(name), self.sql),
            )
            .detail(self.check.where_mapped(field))
            .hint(self.check.edit(&format!("{field} = '…'")))),
        }
    }

    /// The conditions of a filter. A value of the kind that its column holds is compared as such,
    /// so that an index serves; any other with the column's text, so that no cast can fail.
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
                let base = without_modifier(self.type_of(name, &field)?);
                let name = quoted(name);
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
                    Value::String(text) => format!("{name}::text = {}", quote_literal(text)),
                    Value::Bool(_) | Value::Number(_) => {
                        format!("{name}::text = {}", quote_literal(value.to_string()))
                    }
                    Value::Array(_) | Value::Object(_) => {
                        return Err(invalid_parameter(format!(
                            "{field} gives {name} no single value: {value}"
                        ))
                        .detail(self.check.where_mapped(&field))
                        .hint(self.check.edit(&format!("{field} = '{{\"…\": \"…\"}}'"))));
                    }
                })
            })
            .collect()
    }
}

/// A layer that is needed has no row in the map.
pub fn no_source(layer: Layer, cal_scheme: &str, schema: &str) -> Error {
    let (tf, periods) = match layer {
        Layer::L0 => ("1M", "12,24,48"),
        Layer::L1 => ("1W", "20,50,200"),
        Layer::L2 => ("1D", "20,50,100"),
        Layer::L3 => ("1H", "34,55,89"),
    };
    let layer = layer.as_str();
    Error::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("layer {layer} of calendar scheme \"{cal_scheme}\" has no source"),
    )
    .hint(format!(
        "INSERT INTO {schema}.regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table) VALUES ('{cal_scheme}', '{layer}', '{tf}', '{{{periods}}}', '…', '…');"
    ))
}

/// A type's name without its modifier.
pub fn without_modifier(type_name: &str) -> String {
    match (type_name.find('('), type_name.find(')')) {
        (Some(open), Some(close)) => format!("{}{}", &type_name[..open], &type_name[close + 1..]),
        _ => type_name.to_owned(),
    }
}

/// The quoted name of the current user.
pub fn current_user() -> String {
    Spi::get_one::<String>("SELECT quote_ident(current_user)").ok().flatten().unwrap_or_default()
}

/// The quoted schema of the extension.
pub fn extension_schema(db: Db) -> Result<String> {
    let sql = "SELECT n.nspname::text FROM pg_catalog.pg_extension e \
         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_regime'";
    let schema = db.first(sql, &[], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten();
    schema.map(|s| quoted(&s)).ok_or_else(|| {
        Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
            "extension pg_regime is not installed in this database",
        )
        .hint("CREATE EXTENSION pg_regime;")
    })
}

/// The parameters of a plan over a [`Relation`].
pub fn relation_args(asset: i32, tf: Option<&str>, as_of: Option<i64>) -> [Arg; 3] {
    [arg(asset), arg(tf), crate::db::timestamp_arg(as_of)]
}
