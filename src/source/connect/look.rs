//! What a relation of prices is: which column is what, how long its bars are, what its times mean.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use regime_core::connect::fields::{Field, is_day, is_opening};
use regime_core::connect::times::{Step as Length, Told, Unit};

use crate::pg::columns::{self, Table};
use crate::pg::{
    Column, Db, Error, Result, Sees, arg, attempt, data_exception, datatype_mismatch, invalid_parameter,
    json, no_data_found, qualified, quote_literal, quoted, settings, undefined_column, utc,
    wrong_object_type,
};
use crate::source::check::equals;
use crate::source::connect::ask::{Asked, in_words};
use crate::source::connect::choose::is_time;
use crate::source::connect::midnights::{is_known, zone_of};
use crate::source::connect::sample::{Of, Sample, Sampled, unit_of, where_};
use crate::source::connect::{Line, Step};

/// So many assets with one bar each are numbers of rows rather than assets.
const MANY: usize = 20;

/// What is added to a time at which a day begins.
const END_OF_DAY: &str = "1 day - 1 millisecond";

/// The fields in the order in which columns are chosen: each takes its column from those that come later.
const IN_ORDER: [Field; Field::ALL.len()] = [
    Field::Ts,
    Field::Timeframe,
    Field::Asset,
    Field::High,
    Field::Low,
    Field::Open,
    Field::Volume,
    Field::Close,
];

/// The fields that are numbers.
const NUMBERS: [Field; 5] = [Field::Close, Field::High, Field::Low, Field::Open, Field::Volume];

/// A column that was taken for a field.
#[derive(Clone)]
pub struct Taken {
    /// Not quoted.
    pub name: String,
    /// With a length or precision.
    pub type_name: String,
    pub(super) why: &'static str,
}

/// What a relation is.
pub struct Found {
    /// Schema and name, not quoted.
    pub table: [String; 2],
    /// The same as SQL.
    pub sql: String,
    /// Columns by [`Field`].
    pub columns: [Option<Taken>; Field::ALL.len()],
    /// The close that goes with the high and the low: not adjusted, where there is one.
    pub close_of_candles: Option<String>,
    /// A column of the times at which bars open, of the type of the time.
    pub opening: Option<String>,
    /// Whether assets are named by texts.
    pub by_symbol: bool,
    pub unit: Option<Unit>,
    pub zone: Option<String>,
    /// What is added to the times of daily bars, as an interval.
    pub shift: Option<String>,
    /// How long bars are; a day where there is a column of timeframes with such bars.
    pub length: Length,
    /// The value of the column of timeframes that means a day.
    pub day: Option<String>,
    /// The conditions of the filter, as SQL.
    pub conditions: Vec<String>,
    pub lines: Vec<Line>,
}

impl Found {
    /// The column of a field.
    pub fn column(&self, field: Field) -> Option<&str> {
        self.columns[field as usize].as_ref().map(|taken| taken.name.as_str())
    }

    /// The column of a field that every relation has.
    pub fn needed(&self, field: Field) -> &str {
        self.column(field).unwrap_or_default()
    }
}

/// A look at a relation.
pub(super) struct Look<'a, 'c> {
    pub(super) db: Db<'c>,
    pub(super) asked: &'a Asked,
    /// The quoted schema of the extension.
    pub(super) own: &'a str,
    pub(super) table: Rc<Table>,
    /// The schema of the relation, quoted.
    pub(super) schema: String,
    pub(super) taken: [Option<Taken>; Field::ALL.len()],
}

/// Looks at a relation; `own` is the quoted schema of the extension.
///
/// # Errors
/// A relation that is no table of prices, and what cannot be told: the error names the argument that tells.
pub fn look(db: Db, asked: &Asked, own: &str) -> Result<Found> {
    let table = columns::find(db, asked.relation, "").map_err(|error| {
        error.hint("SELECT schemaname, tablename FROM pg_catalog.pg_tables ORDER BY 1, 2;")
    })?;
    let name = check_kind(db, asked, own, &table)?;
    let look = Look { db, asked, own, table, schema: quoted(&name[0]), taken: Default::default() };
    look.found(name)
}

/// The schema and the name of a relation with rows that stay.
fn check_kind(db: Db, asked: &Asked, own: &str, table: &Table) -> Result<[String; 2]> {
    let sql = "SELECT n.nspname::text, c.relname::text, c.relpersistence = 't' AS is_temporary \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let (name, is_temporary) = db.one(sql, &[arg(asked.relation)], Sees::Now, |row| {
        Ok((row.each::<String, 2>(["nspname", "relname"])?, row.get::<bool>("is_temporary")?))
    })?;
    let is_own = name[0].starts_with("pg_") || name[0] == "information_schema";
    if !["r", "p", "v", "m", "f"].contains(&table.kind.as_str()) || is_temporary || is_own {
        let what = if is_temporary { "a temporary table" } else { "no table or view of prices" };
        let relation = if is_temporary { quoted(&name[1]) } else { table.sql.clone() };
        let hint = match is_temporary {
            true => {
                let name = qualified(&settings::target_schema(), &name[1]);
                format!(
                    "CREATE TABLE {name} AS TABLE pg_temp.{relation}; SELECT * FROM {own}.regime_connect({});",
                    quote_literal(&name)
                )
            }
            false => format!("SELECT * FROM {own}.regime_connection;"),
        };
        return Err(wrong_object_type(format!("{relation} is {what}")).hint(hint));
    }
    Ok(name)
}

/// How long bars are, from what their times tell, and from whether there is a column of timeframes, with days among them.
fn length(step: Option<Length>, has_days: bool, is_by_name: bool) -> Length {
    match step {
        _ if has_days => Length::Day,
        // Candles of other lengths than a day.
        _ if is_by_name => Length::Shorter(0),
        step => step.unwrap_or(Length::Day),
    }
}

impl Look<'_, '_> {
    fn found(mut self, table: [String; 2]) -> Result<Found> {
        let conditions = self.conditions()?;
        for field in IN_ORDER {
            self.taken[field as usize] = self.choose(field)?;
        }
        let columns = |field: Field| self.column_taken(field);
        let needed = |field: Field| columns(field).ok_or_else(|| self.nothing(field));
        let [asset, time, _] = [needed(Field::Asset)?, needed(Field::Ts)?, needed(Field::Close)?];
        let unit = self.unit(time, &conditions)?;
        let zone = self.zone()?;
        let prices = NUMBERS.into_iter().filter_map(columns);
        let texts: Vec<&Column> = prices.filter(|column| column.is_text).collect();
        let sampled = Sampled {
            relation: &self.table.sql,
            asset,
            time,
            unit,
            zone: zone.as_deref(),
            timeframe: columns(Field::Timeframe),
            texts: &texts,
            conditions: &conditions,
        };
        let sample = sampled.read(self.db)?;
        self.check_sample(&sample, &texts, &conditions)?;
        let day = self.day(&sample, columns(Field::Timeframe))?;
        let of_day = day.as_deref().unwrap_or("");
        let (told, times_of) = (sample.told(of_day), sample.times.get(of_day));
        if told.step.is_none() && times_of.is_some_and(|assets| assets.len() >= MANY) && !asset.is_text {
            return Err(self.each_row(asset));
        }
        let is_by_name = columns(Field::Timeframe).is_some();
        let length = length(told.step, day.is_some(), is_by_name);
        let is_daily = length == Length::Day;
        if is_daily {
            sample.twice(of_day).map_or(Ok(()), |(asset, ts)| Err(self.twice(asset, ts)))?;
            self.check_midnights(time, unit, &told, times_of)?;
        }
        let shift = self.shift(time, &told, is_daily)?;
        let close_of_candles = self.close_of_candles();
        let mut lines = self.lines();
        lines.push(times(time, unit, zone.as_deref(), shift.as_deref(), &told, is_daily));
        lines.push(self.bars(length, day.as_deref(), &told, is_by_name));
        let by_symbol = asset.is_text;
        Ok(Found {
            opening: self.opening(time),
            table,
            sql: self.table.sql.clone(),
            columns: self.taken,
            close_of_candles,
            by_symbol,
            unit,
            zone,
            shift,
            length,
            day,
            conditions,
            lines,
        })
    }

    /// The column that was taken for a field.
    fn column_taken(&self, field: Field) -> Option<&Column> {
        let name = self.taken[field as usize].as_ref()?.name.as_str();
        self.table.columns.iter().find(|column| column.name == name)
    }

    /// A column of the times at which bars open, of the type of the time.
    fn opening(&self, time: &Column) -> Option<String> {
        let opens = |column: &&Column| {
            is_opening(&column.name)
                && Field::Ts.rank(&column.name).is_some()
                && column.type_oid == time.type_oid
        };
        self.table.columns.iter().find(opens).map(|column| column.name.clone())
    }

    pub(super) fn call(&self, argument: &str, value: &str) -> String {
        self.asked.call(self.own, &self.table.sql, Some((argument, value)))
    }

    /// The call with one more condition in its filter.
    fn filtered(&self, column: &str, value: &str) -> String {
        let given = self.asked.filter.as_deref().and_then(|filter| json::parse(filter).ok());
        let mut entries = match given {
            Some(Value::Object(entries)) => entries,
            _ => serde_json::Map::new(),
        };
        entries.insert(column.to_owned(), Value::from(value));
        self.call("bars_filter", &Value::from(entries).to_string())
    }

    /// The conditions of the filter.
    fn conditions(&self) -> Result<Vec<String>> {
        let Some(filter) = &self.asked.filter else { return Ok(Vec::new()) };
        let Value::Object(entries) = json::parse(filter)? else {
            return Err(invalid_parameter("bars_filter is no JSON object")
                .hint(self.call("bars_filter", "{\"venue\": \"X\"}")));
        };
        let condition = |(name, value): (&String, &Value)| {
            let column = self.column_of("bars_filter", name)?;
            equals(column, value).ok_or_else(|| {
                invalid_parameter(format!("bars_filter has no single value for {}", quoted(name)))
                    .hint(self.filtered(name, "X"))
            })
        };
        entries.iter().map(condition).collect()
    }

    fn unit(&self, time: &Column, conditions: &[String]) -> Result<Option<Unit>> {
        if is_time(time) {
            return Ok(None);
        }
        if let Some(unit) = &self.asked.unit {
            return match Unit::parse(unit) {
                Some(unit) => Ok(Some(unit)),
                None => Err(invalid_parameter(format!("unit is \"{unit}\", which is not known"))
                    .hint(self.call("unit", "ms"))),
            };
        }
        unit_of(self.db, &self.table.sql, time, conditions)?.map_err(|time_of| {
            let name = quoted(&time.name);
            if is_date_of_digits(time_of) {
                let date = format!("pg_catalog.to_date({name}::text, 'YYYYMMDD')");
                return data_exception(format!(
                    "column {name} of {} is of type {}, and {time_of} looks like a date",
                    self.table.sql, time.type_name
                ))
                .detail("An integer time counts seconds, milliseconds or microseconds since 1970.")
                .hint(self.by_view("prices_by_date", Field::Ts, "date_of_number", &date));
            }
            data_exception(format!(
                "cannot tell what the times in column {name} of {} count: {time_of}",
                self.table.sql
            ))
            .detail("An integer time counts seconds, milliseconds or microseconds since 1970.")
            .hint(self.call("unit", "ms"))
        })
    }

    fn zone(&self) -> Result<Option<String>> {
        let Some(zone) = &self.asked.zone else { return Ok(None) };
        let sql = "SELECT pg_catalog.timezone($1, timestamp '2000-01-01') IS NOT NULL";
        let is_known = || self.db.one(sql, &[arg(zone.as_str())], Sees::Snapshot, |row| row.only::<bool>());
        match attempt(is_known) {
            Ok(_) => Ok((zone != "UTC").then(|| zone.clone())),
            Err(_) => Err(invalid_parameter(format!("zone \"{zone}\" is not a time zone"))
                .hint(self.call("zone", "America/New_York"))),
        }
    }

    fn check_sample(&self, sample: &Sample, texts: &[&Column], conditions: &[String]) -> Result<()> {
        let relation = &self.table.sql;
        if sample.rows == 0 {
            return Err(no_data_found(format!("{relation} has no rows that could be looked at"))
                .hint(format!("SELECT count(*) FROM {relation}{};", where_(conditions))));
        }
        for (column, value) in texts.iter().zip(&sample.no_number) {
            if let Some(value) = value {
                let name = quoted(&column.name);
                return Err(datatype_mismatch(format!(
                    "column {name} of {relation} is of type {}, and {} is not a number",
                    column.type_name,
                    quote_literal(value)
                ))
                .hint(format!("SELECT * FROM {relation} WHERE {name} = {};", quote_literal(value))));
            }
        }
        Ok(())
    }

    /// The value of the column of timeframes that means a day.
    fn day(&self, sample: &Sample, timeframe: Option<&Column>) -> Result<Option<String>> {
        let Some(column) = timeframe else { return Ok(None) };
        let days: Vec<&str> =
            sample.times.keys().map(String::as_str).filter(|timeframe| is_day(timeframe)).collect();
        match days[..] {
            [day] => return Ok(Some(day.to_owned())),
            [first, second, ..] => {
                let name = quoted(&column.name);
                return Err(data_exception(format!(
                    "column {name} of {} has two values that mean a day: {}, {}",
                    self.table.sql,
                    quote_literal(first),
                    quote_literal(second)
                ))
                .hint(self.filtered(&column.name, first)));
            }
            [] => {}
        }
        // The first rows need not have every timeframe; statistics name the most common ones.
        let sql = "SELECT s.most_common_vals::text::text[] FROM pg_catalog.pg_stats AS s JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname \
             JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename WHERE c.oid = $1 AND s.attname = $2::name AND s.most_common_vals IS NOT NULL";
        let args = [arg(self.asked.relation), arg(column.name.as_str())];
        let common: Option<Vec<String>> = self.db.first(sql, &args, Sees::Now, |row| row.only())?;
        Ok(common.into_iter().flatten().find(|timeframe| is_day(timeframe)))
    }

    /// The error for a column of integers of which each is of one row, as numbers of rows are.
    fn each_row(&self, asset: &Column) -> Error {
        let name = quoted(&asset.name);
        undefined_column(format!(
            "column {name} of {} is another in each row, and no asset has two bars",
            self.table.sql
        ))
        .detail("A bar is found by its asset and its time.")
        .hint(format!("SELECT * FROM {} LIMIT 10;", self.table.sql))
    }

    /// The error for two bars of one asset and time.
    fn twice(&self, asset: &str, ts: i64) -> Error {
        let error = data_exception(format!(
            "asset {} of {} has two daily bars at {}",
            quote_literal(asset),
            self.table.sql,
            utc(ts)
        ));
        let is_free = |column: &&Column| {
            column.is_text
                && column.may_read
                && self.taken.iter().flatten().all(|taken| taken.name != column.name)
        };
        let other = self.table.columns.iter().find(is_free);
        let condition = format!("{}::text = {}", quoted(self.name(Field::Asset)), quote_literal(asset));
        match other.and_then(|column| Some((column, self.value_of(column).ok()??))) {
            Some((column, value)) => {
                let detail = format!("Column {} may tell them apart.", quoted(&column.name));
                error.detail(detail).hint(self.filtered(&column.name, &value))
            }
            None => error.hint(format!("SELECT * FROM {} WHERE {condition};", self.table.sql)),
        }
    }

    pub(super) fn name(&self, field: Field) -> &str {
        self.taken[field as usize].as_ref().map_or("", |taken| taken.name.as_str())
    }

    pub(super) fn value_of(&self, column: &Column) -> Result<Option<String>> {
        let sql = format!(
            "SELECT pg_catalog.min(v) FROM (SELECT {} AS v FROM {} LIMIT 1000) AS s",
            column.as_text(),
            self.table.sql
        );
        self.db.one(&sql, &[], Sees::Snapshot, |row| row.only())
    }

    /// Refuses instants that are the midnights of another zone than UTC, unless the caller says what they mean: taken as closes, bars
    /// that are stamped when their day begins would be known a day too early.
    fn check_midnights(
        &self,
        time: &Column,
        unit: Option<Unit>,
        told: &Told,
        assets: Option<&Of>,
    ) -> Result<()> {
        let is_instant = unit.is_some() || time.base_type() == "timestamp with time zone";
        let is_said = self.asked.zone.is_some() || self.asked.shift.is_some();
        let is_named = is_opening(&time.name) || time.name.to_lowercase().contains("close");
        if told.at_midnight || !is_instant || is_said || is_named {
            return Ok(());
        }
        let Some(zone) = zone_of(self.db, assets.into_iter().flat_map(BTreeMap::values))? else {
            return Ok(());
        };
        let name = quoted(&time.name);
        // One of the many zones of the same clock says nothing: these are rather the closes of a market.
        let hint = if is_known(&zone) { self.call("zone", &zone) } else { self.call("shift", "0") };
        Err(invalid_parameter(format!(
            "cannot tell whether the times in column {name} of {} are those of closes: they are midnights of another zone than UTC, as of {zone}",
            self.table.sql
        ))
        .detail(format!(
            "A daily bar that is stamped when its day begins is known when the day ends in its zone, such as zone => {}. Bars that close at these times take shift => '0'.",
            quote_literal(&zone)
        ))
        .hint(hint))
    }

    /// What is added to the times of daily bars, so that a bar is known when its day ends.
    fn shift(&self, time: &Column, told: &Told, is_daily: bool) -> Result<Option<String>> {
        if let Some(shift) = &self.asked.shift {
            let sql = "SELECT $1::text::interval = '0'::interval";
            let is_none =
                || self.db.one(sql, &[arg(shift.as_str())], Sees::Snapshot, |row| row.only::<bool>());
            return match attempt(is_none) {
                Ok(is_none) => Ok((!is_none).then(|| shift.clone())),
                Err(_) => Err(invalid_parameter(format!("shift \"{shift}\" is no interval"))
                    .hint(self.call("shift", END_OF_DAY))),
            };
        }
        if !is_daily {
            return Ok(None);
        }
        let is_date = time.base_type() == "date";
        let is_open = is_opening(&time.name);
        let is_close = time.name.to_lowercase().contains("close");
        Ok((is_date || (told.at_midnight && !is_close) || is_open).then(|| END_OF_DAY.to_owned()))
    }

    /// A line for each column that was taken.
    fn lines(&self) -> Vec<Line> {
        let line = |field: &Field| {
            let Taken { name, type_name, why } = self.taken[*field as usize].as_ref()?;
            let detail = format!("{}, {type_name}: {why}", quoted(name));
            Some(Line::new(Step::Found, in_words(*field), detail))
        };
        Field::ALL.iter().filter_map(line).collect()
    }

    fn bars(&self, length: Length, day: Option<&str>, told: &Told, is_by_name: bool) -> Line {
        let weekdays = match told.weekdays_only {
            Some(true) => ", Monday to Friday",
            Some(false) => ", weekends too",
            None => "",
        };
        let detail = match (length, day) {
            (Length::Day, Some(day)) => format!("daily, timeframe {}{weekdays}", quote_literal(day)),
            (Length::Day, None) if told.step.is_none() => "one bar for each asset: taken as daily".to_owned(),
            (Length::Day, None) => format!("daily, by the times{weekdays}"),
            (_, _) if is_by_name => "candles of other lengths than a day".to_owned(),
            (length, _) => format!("{}, by the times", length.timeframe()),
        };
        Line::new(Step::Found, "bars", detail)
    }
}

/// Whether a number is a date in eight digits.
fn is_date_of_digits(number: i64) -> bool {
    let [month, day] = [number / 100 % 100, number % 100];
    (1900..2200).contains(&(number / 10_000)) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn times(
    time: &Column,
    unit: Option<Unit>,
    zone: Option<&str>,
    shift: Option<&str>,
    told: &Told,
    is_daily: bool,
) -> Line {
    let base = time.base_type();
    let what = match (unit, base.as_str()) {
        (Some(Unit::Seconds), _) => "seconds since 1970".to_owned(),
        (Some(Unit::Millis), _) => "milliseconds since 1970".to_owned(),
        (Some(Unit::Micros), _) => "microseconds since 1970".to_owned(),
        (None, "date") => "dates".to_owned(),
        (None, "timestamp without time zone") => format!("times of {}", zone.unwrap_or("UTC")),
        (None, _) => "instants".to_owned(),
    };
    let zone_of = zone.map_or_else(|| "UTC".to_owned(), str::to_owned);
    let known = match shift {
        Some(shift) if base == "date" => {
            format!("a bar is known when its day ends in {zone_of}: {shift} is added")
        }
        Some(shift) if told.at_midnight => {
            format!("stamped when the day begins in {zone_of}, and known when it ends: {shift} is added")
        }
        Some(shift) => format!("{shift} is added"),
        None if is_daily => "taken as the times at which bars close".to_owned(),
        None => "taken as they are".to_owned(),
    };
    Line::new(Step::Found, "times", format!("{what}; {known}"))
}
