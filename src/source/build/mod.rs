//! Weekly and monthly bars and all EMAs, built for users who have daily bars only.

pub mod daily;
pub mod demo;
pub mod demo_candles;
pub mod tables;
pub mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgrx::prelude::*;

use regime_core::Layer;
use regime_core::calendar::{Calendar, Span, period_bars};

use crate::pg::{
    Db, Outcome, Result, Sees, attempt, check_schema, extension_schema, invalid_parameter, lock, lock_schema,
    memory, not_in_prerequisite_state, owner, qualified, quote_literal, quoted, remark, spi,
    undefined_object,
};
use crate::source::assets::distinct_ids;
use crate::source::bars::DAILY_TF;
use crate::source::build::daily::{Daily, DailyReader};
use crate::source::build::tables::{BARS, BUILT, CALENDAR_EMAS, DAILY_EMAS, bars_content, ema_content};
use crate::source::build::target::{Built, Target, is_built, is_unmarked, not_marked, target};
use crate::source::map::{self, MapRow};
use crate::sync::compare::Written;
use crate::sync::content::Value;
use crate::sync::sync;

/// Builds the inputs of assets (all with daily bars where `ids` is `None`) in a schema, and gives what was done with
/// each table. A failing asset raises a WARNING; all other assets are built.
///
/// # Errors
/// Where the calendar is unknown, the map lacks a layer, or a table cannot be made.
pub fn build(db: Db, ids: Option<Vec<i32>>, cal_scheme: &str, target_schema: &str) -> Result<Vec<Built>> {
    let schema = extension_schema(db)?;
    let ToBuild { monthly, weekly, daily, intraday } = ToBuild::find(db, cal_scheme, &schema)?;
    check_schema(db, target_schema)?;
    lock_schema(db, target_schema)?;
    lock::lock(db, &of_tables(target_schema))?;
    // A new snapshot: the same statement may have created the daily bars.
    let reader = db.with_new_snapshot(|| DailyReader::new(db, &daily))?;
    let mut targets = Targets { db, schema: target_schema, all: BTreeMap::new() };
    let mut outputs = Vec::new();
    // EMAs of intraday bars that are elsewhere are the user's own.
    let intraday = intraday.filter(|row| row.ema[0] == target_schema);
    for row in [&monthly, &weekly, &daily].into_iter().chain(&intraday) {
        let Some(calendar) = row.calendar().or_else(|| daily.calendar()) else { continue };
        let span = span_of(row.layer);
        outputs.push(Output {
            bars: span.map_or(Ok(None), |_| targets.fillable(&row.bars[1], "bars"))?,
            emas: targets
                .fillable(&row.ema[1], if row.layer == Layer::L2 { "daily emas" } else { "calendar emas" })?,
            own: intraday_reader(db, row)?,
            calendar,
            row: Rc::clone(row),
        });
    }
    let ids = match ids {
        Some(ids) => ids,
        None => {
            reader.name_new()?;
            targets.all_ids(&reader)?
        }
    };
    for id in ids {
        pgrx::check_for_interrupts!();
        let one = || db.with_new_snapshot(|| fill(db, &reader, &outputs, &reader.bars(id)?, id));
        match memory::in_own_memory(|| attempt(one)) {
            Ok(written) => written.into_iter().for_each(|(relation, w)| targets.add(&relation, w)),
            Err(error) => crate::pg::error::warn(&format!("inputs of asset {id} were not built"), &error),
        }
    }
    for row in [&monthly, &weekly, &daily] {
        note_mapping(row, target_schema, &schema);
    }
    Ok(targets.all.into_values().map(Target::done).collect())
}

/// The rows of the map that inputs are built for.
struct ToBuild {
    monthly: Rc<MapRow>,
    weekly: Rc<MapRow>,
    daily: Rc<MapRow>,
    intraday: Option<Rc<MapRow>>,
}

impl ToBuild {
    /// Those of a calendar scheme; `schema` is that of the extension.
    ///
    /// # Errors
    /// Where the calendar is unknown or the map lacks a layer.
    fn find(db: Db, cal_scheme: &str, schema: &str) -> Result<Self> {
        let [monthly, weekly, daily, intraday] = map::map(db, cal_scheme, schema)?.into_array();
        if daily.as_ref().map_or_else(|| Calendar::parse(cal_scheme), |daily| daily.calendar()).is_none() {
            return Err(invalid_parameter(format!("the calendar of scheme \"{cal_scheme}\" is not known"))
                .detail("Weeks are from Monday to Sunday by 'iso', from Sunday to Saturday by 'us'.")
                .hint(format!(
                    "UPDATE {schema}.regime_source SET build_calendar = 'iso' WHERE cal_scheme = {} AND layer IN ('L0', 'L1', 'L2');",
                    quote_literal(cal_scheme)
                )));
        }
        let (Some(monthly), Some(weekly), Some(daily)) = (monthly, weekly, daily) else {
            return Err(undefined_object(format!(
                "calendar scheme \"{cal_scheme}\" does not map all of L0, L1 and L2"
            ))
            .hint(format!(
                "SELECT * FROM {schema}.regime_source WHERE cal_scheme = {};",
                quote_literal(cal_scheme)
            )));
        };
        Ok(Self { monthly, weekly, daily, intraday })
    }
}

/// Makes tables that are to be built, given by name and kind, unless they are there; gives whether any was made.
///
/// # Errors
/// Where a table cannot be made, or holds rows that were not built here.
pub fn make<'a>(db: Db, schema: &str, tables: impl Iterator<Item = (&'a str, &'a str)>) -> Result<bool> {
    check_schema(db, schema)?;
    let mut made = false;
    for (name, kind) in tables {
        let target = target(db, schema, name, kind, BUILT)?;
        if !target.is_ours() {
            let relation = target.relation;
            return Err(not_in_prerequisite_state(format!(
                "table {relation} holds rows that were not built from daily bars"
            ))
            .hint(format!("ALTER TABLE {relation} RENAME TO {};", quoted(format!("{name}_before")))));
        }
        made |= target.done().action == Outcome::Created;
    }
    Ok(made)
}

/// The name of the lock under which inputs are built in a schema: refreshes share it.
pub fn of_tables(schema: &str) -> String {
    format!("inputs in {schema}")
}

const fn span_of(layer: Layer) -> Option<Span> {
    match layer {
        Layer::L0 => Some(Span::Month),
        Layer::L1 => Some(Span::Week),
        _ => None,
    }
}

/// The reader of the bars of L3, whose EMAs are built from these, not from daily bars.
fn intraday_reader<'c>(db: Db<'c>, row: &MapRow) -> Result<Option<DailyReader<'c>>> {
    (row.layer == Layer::L3).then(|| db.with_new_snapshot(|| DailyReader::new(db, row))).transpose()
}

/// What is built of one layer, and where: the tables that may be filled, as SQL.
struct Output<'c> {
    row: Rc<MapRow>,
    calendar: Calendar,
    bars: Option<String>,
    emas: Option<String>,
    /// Of L3: what reads its bars.
    own: Option<DailyReader<'c>>,
}

/// Brings what is built of an asset to its daily bars.
fn fill(
    db: Db,
    reader: &DailyReader,
    outputs: &[Output],
    daily: &Daily,
    id: i32,
) -> Result<Vec<(String, Written)>> {
    let mut written = Vec::new();
    for output in outputs {
        let span = span_of(output.row.layer);
        let (mut bars, tf_days) = match span {
            Some(Span::Month) => (period_bars(&daily.bars, Span::Month, output.calendar), 30),
            Some(Span::Week) => (period_bars(&daily.bars, Span::Week, output.calendar), 7),
            None => (daily.bars.clone(), 1),
        };
        match &output.own {
            Some(reader) => {
                let own = reader.bars(id)?;
                bars = own.bars.clone();
                reader.stamp(&mut bars, &own)?;
            }
            None => reader.stamp(&mut bars, daily)?,
        }
        let tf_days = if output.own.is_some() { 0 } else { tf_days };
        let tf = output.row.tf.as_deref().unwrap_or(DAILY_TF);
        if let Some(relation) = &output.bars {
            let scope = [Value::Int(id), Value::Text(tf)];
            let done = sync(db, relation, &BARS, &scope, &bars_content(&bars, tf_days))?;
            written.push((relation.clone(), done));
        }
        if let Some(relation) = &output.emas {
            let (table, mark) = match span {
                None if output.own.is_none() => (&DAILY_EMAS, Value::Text("multi_tf")),
                _ => (&CALENDAR_EMAS, Value::Bool(false)),
            };
            let scope = [Value::Int(id), Value::Text(tf), mark];
            let content = ema_content(&bars, output.row.periods, tf_days);
            written.push((relation.clone(), sync(db, relation, table, &scope, &content)?));
        }
    }
    Ok(written)
}

/// The tables that are built in a schema.
struct Targets<'a, 'c> {
    db: Db<'c>,
    schema: &'a str,
    all: BTreeMap<String, Target>,
}

impl Targets<'_, '_> {
    /// Makes a table unless it exists; `None` where it may not be filled.
    fn fillable(&mut self, name: &str, kind: &str) -> Result<Option<String>> {
        let made = target(self.db, self.schema, name, kind, BUILT)?;
        let relation = made.relation.clone();
        // Weekly and monthly layers share their tables: the first action counts.
        let first = self.all.entry(relation.clone()).or_insert(made);
        Ok(first.is_ours().then_some(relation))
    }

    fn add(&mut self, relation: &str, written: Written) {
        if let Some(target) = self.all.get_mut(relation) {
            target.add(written);
        }
    }

    /// Ids with daily bars, and ids with rows in tables of an earlier build only.
    fn all_ids(&self, reader: &DailyReader) -> Result<Vec<i32>> {
        let mut ids = Vec::new();
        let mut take = |row: &spi::Row| {
            ids.extend(i32::try_from(row.only::<i64>()?).ok());
            Ok(())
        };
        reader.ids(&mut take)?;
        for target in self.all.values().filter(|t| t.is_ours()) {
            self.db.rows(&distinct_ids(&target.relation, "id", "true"), &[], Sees::Now, &mut take)?;
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// The inputs of a calendar scheme that each refresh builds, in the tables that the map names.
pub struct Inputs<'c> {
    db: Db<'c>,
    reader: DailyReader<'c>,
    outputs: Vec<Output<'c>>,
    /// Schema and name of each table that is filled.
    tables: Vec<[String; 2]>,
}

impl<'c> Inputs<'c> {
    /// The inputs of a scheme; `None` where the map says of no layer that it is built. The tables are locked for writing.
    ///
    /// # Errors
    /// Where the map is wrong, or a table that pg_regime built belongs to another role.
    pub fn find(db: Db<'c>, cal_scheme: &str) -> Result<Option<Self>> {
        let map = map::map(db, cal_scheme, &extension_schema(db)?)?;
        let Some(daily) = &map[Layer::L2] else { return Ok(None) };
        let (mut outputs, mut tables, mut unmarked) = (Vec::new(), Vec::new(), BTreeSet::new());
        for row in map.iter().flatten() {
            let Some(calendar) = row.build_calendar else { continue };
            let mut fillable = |table: &[String; 2]| -> Result<Option<String>> {
                let is_ours = is_built(db, table)?;
                if !is_ours && is_unmarked(db, table)? {
                    unmarked.insert(qualified(&table[0], &table[1]));
                }
                tables.extend(is_ours.then(|| table.clone()));
                Ok(is_ours.then(|| qualified(&table[0], &table[1])))
            };
            let bars = span_of(row.layer).map_or(Ok(None), |_| fillable(&row.bars))?;
            let emas = fillable(&row.ema)?;
            let own = if emas.is_some() { intraday_reader(db, row)? } else { None };
            if row.layer < Layer::L3 || own.is_some() {
                outputs.push(Output { row: Rc::clone(row), calendar, bars, emas, own });
            }
        }
        if !unmarked.is_empty() {
            return Err(not_marked(&unmarked));
        }
        if tables.is_empty() {
            return Ok(None);
        }
        tables.sort_unstable();
        tables.dedup();
        Ok(Some(Self { db, reader: DailyReader::new(db, daily)?, outputs, tables }))
    }

    /// Waits for what builds the same tables whole, and locks the tables for writing.
    ///
    /// # Errors
    /// Where a table belongs to another role.
    pub fn hold(&self) -> Result<()> {
        for [schema, _] in &self.tables {
            lock::join(self.db, &of_tables(schema))?;
        }
        let tables: Vec<_> =
            self.tables.iter().map(|[schema, name]| (schema.clone(), name.as_str())).collect();
        owner::hold_for_writing(self.db, &tables)
    }

    /// Brings what is built of an asset to its daily bars as the snapshot in use shows these; gives the rows written.
    ///
    /// # Errors
    /// Bars that cannot be used, and tables that cannot be written.
    pub fn bring(&self, id: i32) -> Result<u64> {
        let written = fill(self.db, &self.reader, &self.outputs, &self.reader.bars(id)?, id)?;
        Ok(written.into_iter().map(|(_, written)| written.total()).sum())
    }
}

/// Raises a NOTICE for each relation of the map that is not the table that was built.
fn note_mapping(row: &MapRow, target_schema: &str, schema: &str) {
    let elsewhere = [("bars", &row.bars), ("ema", &row.ema)].into_iter().filter(|(which, relation)| {
        relation[0] != target_schema && !(row.layer == Layer::L2 && *which == "bars")
    });
    for (which, relation) in elsewhere {
        remark(format!(
            "layer {} is read from {}.{}, not from the table that was built",
            row.layer.as_str(),
            quoted(&relation[0]),
            quoted(&relation[1])
        ))
        .hint(format!(
            "UPDATE {schema}.regime_source SET {which}_schema = {} WHERE cal_scheme = {} AND layer = '{}';",
            quote_literal(target_schema),
            quote_literal(&row.cal_scheme),
            row.layer.as_str()
        ))
        .report_as(PgLogLevel::NOTICE);
    }
}
