//! Which column of a relation is which field.

use pgrx::prelude::*;

use regime_core::connect::fields::{Field, is_adjusted};

use crate::pg::{Column, Error, Result, columns, quote_literal, quoted, syscache, undefined_column};
use crate::source::connect::ask::in_words;
use crate::source::connect::look::{Look, Taken};
use crate::source::kind::Kind;
use crate::source::nearest::nearest;

fn of(column: &Column, why: &'static str) -> Option<Taken> {
    Some(Taken { name: column.name.clone(), type_name: column.type_name.clone(), why })
}

impl Look<'_, '_> {
    /// The column of a field: the one given, or the likeliest by name, or the only one of its type.
    pub(super) fn choose(&self, field: Field) -> Result<Option<Taken>> {
        if let Some(name) = self.asked.column(field) {
            let column = self.column_of(field.as_str(), name)?;
            if !fits(field, column) {
                return Err(self.unfit(field, column));
            }
            return Ok(of(column, "given"));
        }
        let taken = |column: &&Column| {
            let is_of = |taken: &Taken| taken.name == column.name;
            !self.taken.iter().flatten().any(is_of)
                && self.asked.columns.iter().flatten().all(|name| *name != column.name)
        };
        let free: Vec<&Column> = self
            .table
            .columns
            .iter()
            .filter(|column| column.may_read && fits(field, column))
            .filter(taken)
            .collect();
        let ranked = free.iter().filter_map(|column| Some((field.rank(&column.name)?, *column)));
        let mut ranked: Vec<(usize, &Column)> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        match ranked[..] {
            [(first, _), (second, _), ..] if first == second => {
                let same: Vec<&str> =
                    ranked.iter().filter(|(rank, _)| rank == &first).map(|(_, c)| c.name.as_str()).collect();
                Err(self.asked.which(self.own, &self.table.sql, field, &same))
            }
            [(_, first), ..] => {
                let why = if field == Field::Close && is_adjusted(&first.name) {
                    "adjusted, by name"
                } else {
                    "by name"
                };
                Ok(of(first, why))
            }
            [] => self.only_of_type(field, &free),
        }
    }

    /// The column of a field among those whose names say nothing: the only one of its type.
    fn only_of_type(&self, field: Field, free: &[&Column]) -> Result<Option<Taken>> {
        let is_of_other = |column: &&&Column| {
            Field::ALL.iter().any(|other| *other != field && other.rank(&column.name).is_some())
        };
        let others: Vec<&Column> = free.iter().filter(|column| !is_of_other(column)).copied().collect();
        let likely: Vec<&Column> = match field {
            Field::Ts => others.into_iter().filter(|column| is_time(column)).collect(),
            Field::Close => others.into_iter().filter(|column| is_number(column)).collect(),
            Field::Asset => match others.iter().any(|column| column.is_text) {
                true => others.into_iter().filter(|column| column.is_text).collect(),
                false => others,
            },
            // Bars of several timeframes would be taken for those of one.
            Field::Timeframe => return self.named_unfit(field).map_or(Ok(None), Err),
            _ => return Ok(None),
        };
        match likely[..] {
            [] => Ok(None),
            [only] => Ok(of(only, "the only one of its type")),
            _ => {
                let names: Vec<&str> = likely.iter().map(|column| column.name.as_str()).collect();
                Err(self.asked.which(self.own, &self.table.sql, field, &names))
            }
        }
    }

    /// The column of a name that the caller gives.
    pub(super) fn column_of(&self, argument: &str, name: &str) -> Result<&Column> {
        let look = || format!("SELECT * FROM {} LIMIT 10;", self.table.sql);
        columns::check_name(argument, name).map_err(|error| error.hint(look()))?;
        columns::column(&self.table, argument, name).map_err(|error| match error.report().code {
            PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN => {
                let near = nearest(name, self.table.columns.iter().map(|column| &column.name));
                let call = near.filter(|_| argument != "bars_filter").map(|near| self.call(argument, &near));
                error.hint(call.unwrap_or_else(look))
            }
            _ => error,
        })
    }

    /// The error for a column that cannot be the field.
    fn unfit(&self, field: Field, column: &Column) -> Error {
        let error = columns::wrong_type(&self.table, field.as_str(), column, wanted(field));
        if !is_name(field, column) {
            return error.hint(format!("SELECT * FROM {} LIMIT 10;", self.table.sql));
        }
        let (relation, name) = (&self.table.sql, quoted(&column.name));
        if matches!(self.table.kind.as_str(), "r" | "p") {
            return error.hint(format!("ALTER TABLE {relation} ALTER COLUMN {name} TYPE text;"));
        }
        let (field, text) = match field {
            Field::Timeframe => (field, "timeframe_of_text"),
            _ => (Field::Asset, "symbol_of_text"),
        };
        error.hint(self.by_view("prices_by_text", field, text, &format!("{name}::text")))
    }

    /// The error for a column that has the name of the field, and names of a type that is not read.
    fn named_unfit(&self, field: Field) -> Option<Error> {
        let of_name = |column: &&Column| {
            field.rank(&column.name).is_some() && is_name(field, column) && !fits(field, column)
        };
        self.table.columns.iter().find(of_name).map(|column| self.unfit(field, column))
    }

    /// The statement that makes times of a column of texts: dates where the texts are dates, and instants only where they name a
    /// zone, since other texts would be taken for times of the session's zone.
    fn times_of_texts(&self, column: &Column) -> String {
        let (relation, name) = (&self.table.sql, quoted(&column.name));
        let text = self.value_of(column).ok().flatten().unwrap_or_default();
        let has_clock = text.contains(':');
        let clock = text.split_once(':').map_or("", |(_, clock)| clock);
        let type_ = match has_clock {
            false => "date",
            true if clock.contains(['+', '-', 'Z']) => "timestamptz",
            true => "timestamp",
        };
        if matches!(self.table.kind.as_str(), "r" | "p") {
            return format!("ALTER TABLE {relation} ALTER COLUMN {name} TYPE {type_} USING {name}::{type_};");
        }
        self.by_view("prices_by_time", Field::Ts, "time_of_text", &format!("{name}::{type_}"))
    }

    /// The statements that connect a view of the relation with one more column, for a field.
    pub(super) fn by_view(&self, view: &str, field: Field, column: &str, value: &str) -> String {
        let view = format!("{}.{view}", self.schema);
        format!(
            "CREATE VIEW {view} AS SELECT {value} AS {column}, p.* FROM {} AS p; {}",
            self.table.sql,
            self.asked.call(self.own, &view, Some((field.as_str(), column)))
        )
    }

    /// The error for a field without any column.
    pub(super) fn nothing(&self, field: Field) -> Error {
        let relation = &self.table.sql;
        if let Some(error) = self.named_unfit(field) {
            return error;
        }
        let error = undefined_column(format!("no column of {relation} can be the {}", in_words(field)));
        let of_text = self
            .table
            .columns
            .iter()
            .find(|c| field == Field::Ts && c.is_text && field.rank(&c.name).is_some());
        match (field, of_text) {
            (Field::Ts, Some(column)) => {
                let name = quoted(&column.name);
                error
                    .detail(format!("Column {name} is of type {}; a time is a timestamptz, timestamp or date, or an integer that counts since 1970.", column.type_name))
                    .hint(self.times_of_texts(column))
            }
            (Field::Asset, _) => error
                .detail("An asset is named by a text or an integer.")
                .hint({
                    let view = format!("{}.prices_of_one", self.schema);
                    format!(
                        "CREATE VIEW {view} AS SELECT 'ONE'::text AS symbol, p.* FROM {relation} AS p; SELECT * FROM {}.regime_connect({});",
                        self.own,
                        quote_literal(&view)
                    )
                }),
            _ => error
                .detail(format!("No column that is not taken otherwise is {}.", wanted(field)))
                .hint(format!("SELECT * FROM {relation} LIMIT 10;")),
        }
    }

    /// The close that goes with the high and the low.
    pub(super) fn close_of_candles(&self) -> Option<String> {
        let close = self.name(Field::Close);
        if !is_adjusted(close) {
            return None;
        }
        let is_raw = |column: &&Column| {
            fits(Field::Close, column)
                && !is_adjusted(&column.name)
                && Field::Close.rank(&column.name).is_some()
        };
        let raw = self.table.columns.iter().filter(is_raw);
        raw.min_by_key(|column| Field::Close.rank(&column.name)).map(|column| column.name.clone())
    }
}

/// Whether a column can be a field.
pub(super) fn fits(field: Field, column: &Column) -> bool {
    match field {
        Field::Asset => Kind::Id.reads(&column.base_type()),
        Field::Ts => is_time(column) || matches!(column.base_type().as_str(), "bigint" | "integer"),
        Field::Timeframe => matches!(column.base_type().as_str(), "text" | "character varying" | "character"),
        _ => is_number(column) || matches!(column.base_type().as_str(), "text" | "character varying"),
    }
}

/// Whether a column holds names, of assets or timeframes, whatever their type is.
fn is_name(field: Field, column: &Column) -> bool {
    matches!(field, Field::Asset | Field::Timeframe)
        && (column.is_text || syscache::is_enum(column.type_oid) || column.type_oid == pg_sys::UUIDOID)
}

/// What a column of a field is to be, in words.
pub(super) const fn wanted(field: Field) -> &'static str {
    match field {
        Field::Asset => "text, varchar or integer",
        Field::Ts => "timestamptz, timestamp, date or bigint",
        Field::Timeframe => "text",
        _ => "a number",
    }
}

pub(super) fn is_integer(column: &Column) -> bool {
    matches!(column.base_type().as_str(), "integer" | "bigint" | "smallint")
}

pub(super) fn is_number(column: &Column) -> bool {
    is_integer(column) || matches!(column.base_type().as_str(), "double precision" | "real" | "numeric")
}

pub(super) fn is_time(column: &Column) -> bool {
    matches!(column.base_type().as_str(), "timestamp without time zone" | "date" | "timestamp with time zone")
}
