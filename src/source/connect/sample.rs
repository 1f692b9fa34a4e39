//! Some rows of a relation, and what their times tell.

use std::collections::{BTreeMap, BTreeSet};

use regime_core::connect::times::{Told, Unit, told};

use crate::pg::{Column, Db, Micros, Result, Sees, quote_literal, quoted};

/// Most rows that are looked at.
const MOST: usize = 20_000;

/// Columns and conditions of a sample, as SQL.
pub struct Sampled<'a> {
    pub relation: &'a str,
    pub asset: &'a Column,
    pub time: &'a Column,
    pub unit: Option<Unit>,
    /// `None` is UTC.
    pub zone: Option<&'a str>,
    pub timeframe: Option<&'a Column>,
    /// Columns of prices that are texts.
    pub texts: &'a [&'a Column],
    pub conditions: &'a [String],
}

/// The times of the bars of each asset, in microseconds since 2000.
pub type Of = BTreeMap<String, Vec<i64>>;

/// Some rows of a relation.
#[derive(Default)]
pub struct Sample {
    pub rows: usize,
    /// The times of the bars of each timeframe and asset, in microseconds since 2000, as clocks of the zone show them.
    pub times: BTreeMap<String, Of>,
    /// A value of each column of [`Sampled::texts`] that is no number.
    pub no_number: Vec<Option<String>>,
}

impl Sampled<'_> {
    /// Reads the first rows.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn read(&self, db: Db) -> Result<Sample> {
        let texts: String = self.texts.iter().map(|column| format!(", {}", column.as_text())).collect();
        let tf = self.timeframe.map_or_else(|| "''".to_owned(), Column::as_text);
        let sql = format!(
            "SELECT {}, ({}) AT TIME ZONE 'UTC', {tf}{texts} FROM {}{} LIMIT {MOST}",
            self.asset.as_text(),
            local(self.time, self.unit, self.zone),
            self.relation,
            where_(self.conditions)
        );
        let mut sample = Sample { no_number: vec![None; self.texts.len()], ..Sample::default() };
        db.rows(&sql, &[], Sees::Snapshot, |row| {
            sample.rows += 1;
            let (asset, ts): (Option<String>, Option<Micros>) = (row.get(0)?, row.get(1)?);
            if let (Some(asset), Some(Micros(ts))) = (asset, ts)
                && ![i64::MIN, i64::MAX].contains(&ts)
            {
                let tf: Option<String> = row.get(2)?;
                let of_tf = sample.times.entry(tf.unwrap_or_default()).or_default();
                of_tf.entry(asset).or_default().push(ts);
            }
            for (place, found) in sample.no_number.iter_mut().enumerate() {
                let text: Option<&str> = row.get(3 + place)?;
                let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
                if found.is_none() {
                    *found = text.filter(|text| !is_number(text)).map(str::to_owned);
                }
            }
            Ok(())
        })?;
        Ok(sample)
    }
}

impl Sample {
    /// What the times of the bars of a timeframe tell.
    pub fn told(&self, timeframe: &str) -> Told {
        let times: Vec<Vec<i64>> =
            self.times.get(timeframe).into_iter().flat_map(|assets| assets.values().cloned()).collect();
        told(&times)
    }

    /// The asset and time of two bars of a timeframe, if there are such bars.
    pub fn twice(&self, timeframe: &str) -> Option<(&str, i64)> {
        for (asset, times) in self.times.get(timeframe)? {
            let mut seen = BTreeSet::new();
            if let Some(ts) = times.iter().find(|ts| !seen.insert(**ts)) {
                return Some((asset, *ts));
            }
        }
        None
    }
}

/// The clause of conditions.
pub fn where_(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

/// SQL: the time as a `timestamp` that clocks of the zone show.
fn local(time: &Column, unit: Option<Unit>, zone: Option<&str>) -> String {
    let name = quoted(&time.name);
    let at_zone =
        |instant: String| format!("{instant} AT TIME ZONE {}", quote_literal(zone.unwrap_or("UTC")));
    match (time.base_type().as_str(), unit) {
        ("date" | "timestamp without time zone", _) => format!("{name}::timestamp"),
        ("timestamp with time zone", _) => at_zone(format!("{name}::timestamptz")),
        (_, unit) => {
            let by = match unit {
                Some(Unit::Micros) => "1e6",
                Some(Unit::Millis) => "1e3",
                _ => "1",
            };
            at_zone(format!("pg_catalog.to_timestamp({name}::float8 / {by}::float8)"))
        }
    }
}

/// The unit of integer times, by the largest of some; `Err` holds a time that is of no unit.
///
/// # Errors
/// Where the relation cannot be read.
pub fn unit_of(
    db: Db,
    relation: &str,
    time: &Column,
    conditions: &[String],
) -> Result<std::result::Result<Option<Unit>, i64>> {
    let name = quoted(&time.name);
    let sql = format!("SELECT {name}::int8 FROM {relation}{} LIMIT 1000", where_(conditions));
    let times: Vec<Option<i64>> = db.all(&sql, &[], Sees::Snapshot, |row| row.get(0))?;
    let Some(largest) = times.into_iter().flatten().max() else { return Ok(Ok(None)) };
    Ok(Unit::of(largest).map(Some).ok_or(largest))
}
