//! Weekly and monthly bars and all EMAs, built for users who have daily bars only.

pub mod daily;
pub mod demo;
pub mod demo_candles;
pub mod tables;
pub mod target;

use std::collections::BTreeMap;

use pgrx::prelude::*;

use regime_core::Layer;
use regime_core::calendar::{Calendar, Span, period_bars};

use crate::pg::{
    Db, Result, Sees, attempt, check_schema, extension_schema, invalid_parameter, lock_schema, memory,
    quote_literal, quoted, remark, spi, undefined_object,
};
use crate::source::assets::distinct_ids;
use crate::source::bars::DAILY_TF;
use crate::source::build::daily::DailyReader;
use crate::source::build::tables::{BARS, BUILT, CALENDAR_EMAS, DAILY_EMAS, bars_content, ema_content};
use crate::source::build::target::{Built, Target, target};
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
    let calendar = match cal_scheme {
        "iso" => Calendar::Iso,
        "us" => Calendar::Us,
        other => {
            return Err(invalid_parameter(format!("the calendar of scheme \"{other}\" is not known"))
                .hint("Pass cal_scheme => 'iso' (weeks from Monday) or 'us' (weeks from Sunday)."));
        }
    };
    check_schema(db, target_schema)?;
    lock_schema(db, target_schema)?;
    let schema = extension_schema(db)?;
    let [monthly, weekly, daily, _] = map::map(db, cal_scheme, &schema)?.into_array();
    let (Some(monthly), Some(weekly), Some(daily)) = (monthly, weekly, daily) else {
        return Err(undefined_object(format!(
            "calendar scheme \"{cal_scheme}\" does not map all of L0, L1 and L2"
        ))
        .hint(format!(
            "SELECT * FROM {schema}.regime_source WHERE cal_scheme = {};",
            quote_literal(cal_scheme)
        )));
    };
    // A new snapshot: the same statement may have created the daily bars.
    let reader = db.with_new_snapshot(|| DailyReader::new(db, &daily))?;
    let mut builder = Builder { db, target_schema, targets: BTreeMap::new() };
    let mut outputs = Vec::new();
    for (row, span) in [(&monthly, Some(Span::Month)), (&weekly, Some(Span::Week)), (&daily, None)] {
        outputs.push(Output {
            bars: span.map(|_| builder.target(&row.bars[1], "bars")).transpose()?,
            emas: builder.target(&row.ema[1], if span.is_some() { "calendar emas" } else { "daily emas" })?,
            span,
            calendar,
            row,
        });
    }
    let ids = match ids {
        Some(ids) => ids,
        None => {
            reader.name_new()?;
            builder.all_ids(&reader)?
        }
    };
    for id in ids {
        pgrx::check_for_interrupts!();
        let built = memory::in_own_memory(|| attempt(|| builder.one(&reader, &outputs, id)));
        match built {
            Ok(written) => written.into_iter().for_each(|(relation, w)| builder.add(&relation, w)),
            Err(error) => crate::pg::error::warn(&format!("inputs of asset {id} were not built"), &error),
        }
    }
    for row in [&monthly, &weekly, &daily] {
        note_mapping(row, target_schema, &schema);
    }
    Ok(builder.targets.into_values().map(Target::done).collect())
}

/// What is built of one layer, and where.
struct Output<'a> {
    row: &'a MapRow,
    span: Option<Span>,
    calendar: Calendar,
    bars: Option<String>,
    emas: String,
}

struct Builder<'a, 'c> {
    db: Db<'c>,
    target_schema: &'a str,
    targets: BTreeMap<String, Target>,
}

impl Builder<'_, '_> {
    fn target(&mut self, name: &str, kind: &str) -> Result<String> {
        let made = target(self.db, self.target_schema, name, kind, BUILT)?;
        let relation = made.relation.clone();
        // Weekly and monthly layers share their tables: the first action counts.
        self.targets.entry(relation.clone()).or_insert(made);
        Ok(relation)
    }

    fn add(&mut self, relation: &str, written: Written) {
        if let Some(target) = self.targets.get_mut(relation) {
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
        for target in self.targets.values().filter(|t| t.is_ours()) {
            self.db.rows(&distinct_ids(&target.relation, "id", "true"), &[], Sees::Now, &mut take)?;
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    fn one(&self, reader: &DailyReader, outputs: &[Output], id: i32) -> Result<Vec<(String, Written)>> {
        let daily = self.db.with_new_snapshot(|| reader.bars(id))?;
        let mut written = Vec::new();
        for output in outputs {
            let (mut bars, tf_days) = match output.span {
                Some(Span::Month) => (period_bars(&daily, Span::Month, output.calendar), 30),
                Some(Span::Week) => (period_bars(&daily, Span::Week, output.calendar), 7),
                None => (daily.clone(), 1),
            };
            reader.stamp(&mut bars)?;
            let tf = output.row.tf.as_deref().unwrap_or(DAILY_TF);
            if let Some(relation) = output.bars.as_ref().filter(|r| self.may_fill(r)) {
                let scope = [Value::Int(id), Value::Text(tf)];
                let done = sync(self.db, relation, &BARS, &scope, &bars_content(&bars, tf_days))?;
                written.push((relation.clone(), done));
            }
            if self.may_fill(&output.emas) {
                let (table, mark) = match output.span {
                    Some(_) => (&CALENDAR_EMAS, Value::Bool(false)),
                    None => (&DAILY_EMAS, Value::Text("multi_tf")),
                };
                let scope = [Value::Int(id), Value::Text(tf), mark];
                let content = ema_content(&bars, output.row.periods, tf_days);
                written.push((output.emas.clone(), sync(self.db, &output.emas, table, &scope, &content)?));
            }
        }
        Ok(written)
    }

    fn may_fill(&self, relation: &str) -> bool {
        self.targets.get(relation).is_some_and(Target::is_ours)
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
