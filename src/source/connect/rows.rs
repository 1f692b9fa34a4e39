//! The rows of the source map by which a relation that is connected is read.

use regime_core::connect::fields::{Field, is_opening};
use regime_core::connect::times::Step as Length;

use crate::pg::{Arg, Result, Sees, arg, qualified, quote_literal, quoted, syscache::relation_oid};
use crate::source::connect::make::Make;
use crate::source::connect::record::Record;
use crate::source::connect::{Line, Step};
use crate::source::map::rows_of_map;

impl Make<'_, '_> {
    /// Brings the rows of the map for the layers to what was found.
    pub(super) fn map(&mut self, record: &Record, cal_scheme: &str, calendar: &str) -> Result<()> {
        let (Some(schema), [bars, emas, daily_emas]) = (&record.built_schema, &record.built[..]) else {
            return Ok(());
        };
        let text = |value: &str| Some(value.to_owned());
        let mut changed = false;
        for (layer, tf, periods) in [("L0", "1M", "{12,24,48}"), ("L1", "1W", "{20,50,200}")] {
            changed |= self.put(
                cal_scheme,
                layer,
                &[
                    ("tf", text(tf)),
                    ("periods", text(periods)),
                    ("bars_schema", text(schema)),
                    ("bars_table", text(bars)),
                    ("ema_schema", text(schema)),
                    ("ema_table", text(emas)),
                    ("ema_filter", text("{\"roll\": false}")),
                    ("build_calendar", text(calendar)),
                ],
            )?;
        }
        let mut daily = self.of_bars(
            self.found.needed(Field::Ts),
            self.found.needed(Field::Close),
            self.found.shift.as_deref(),
        );
        daily.extend([
            ("tf", self.found.day.clone()),
            ("periods", text("{20,50,100}")),
            ("ema_schema", text(schema)),
            ("ema_table", text(daily_emas)),
            ("ema_filter", text("{\"alignment_source\": \"multi_tf\"}")),
            ("build_calendar", text(calendar)),
        ]);
        changed |= self.put(cal_scheme, "L2", &daily)?;
        let weeks = if calendar == "us" { "Sunday to Saturday" } else { "Monday to Sunday" };
        let step = if changed { Step::Made } else { Step::Found };
        self.lines.push(
            Line::new(
                step,
                "source map",
                format!("calendar scheme {}, weeks from {weeks}", quote_literal(cal_scheme)),
            )
            .command(format!(
                "SELECT * FROM {}.regime_source WHERE cal_scheme = {};",
                self.own,
                quote_literal(cal_scheme)
            )),
        );
        Ok(())
    }

    /// The columns of a row of the map that are about bars of the relation.
    pub(super) fn of_bars(
        &self,
        ts: &str,
        close: &str,
        shift: Option<&str>,
    ) -> Vec<(&'static str, Option<String>)> {
        let [schema, name] = &self.found.table;
        let text = |value: &str| Some(value.to_owned());
        vec![
            ("bars_schema", text(schema)),
            ("bars_table", text(name)),
            ("bars_filter", text(self.asked.filter.as_deref().unwrap_or("{}"))),
            ("bars_id_column", text(self.found.needed(Field::Asset))),
            ("bars_tf_column", text(self.found.column(Field::Timeframe).unwrap_or("tf"))),
            ("bars_ts_column", text(ts)),
            ("bars_ts_unit", self.found.unit.map(|unit| unit.as_str().to_owned())),
            ("bars_zone", self.found.zone.clone()),
            ("bars_shift", shift.map(str::to_owned)),
            ("close_column", text(close)),
        ]
    }

    /// Brings columns of a row of the map to their values, given as texts, and makes the row unless there is one; gives whether
    /// anything was changed.
    pub(super) fn put(
        &self,
        cal_scheme: &str,
        layer: &str,
        columns: &[(&'static str, Option<String>)],
    ) -> Result<bool> {
        let own = self.own;
        let mut args: Vec<Arg> = vec![arg(cal_scheme), arg(layer)];
        args.extend(columns.iter().map(|(_, value)| arg(value.as_deref())));
        let value = |(n, (name, _)): (usize, &(&'static str, Option<String>))| {
            format!("${}::text::{}", n + 3, type_of(name))
        };
        let values: Vec<String> = columns.iter().enumerate().map(value).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("SELECT true FROM {} WHERE cal_scheme = $1 AND layer = $2", rows_of_map(own));
        let is_there = self.db.first(&sql, &[arg(cal_scheme), arg(layer)], Sees::Now, |_| Ok(()))?.is_some();
        if !is_there {
            let (names, values) = (names.join(", "), values.join(", "));
            let sql = format!(
                "INSERT INTO {own}.regime_source (cal_scheme, layer, {names}) VALUES ($1, $2, {values})"
            );
            self.db.execute(&sql, &args)?;
            return Ok(true);
        }
        // Periods do not follow from the relation: those of a row that is there are the user's.
        let decided = || names.iter().zip(&values).filter(|(name, _)| **name != "periods");
        let set: Vec<String> = decided().map(|(name, value)| format!("{name} = {value}")).collect();
        let differs: Vec<String> =
            decided().map(|(name, value)| format!("s.{name} IS DISTINCT FROM {value}")).collect();
        let sql = format!(
            "UPDATE {own}.regime_source AS s SET {} WHERE s.cal_scheme = $1 AND s.layer = $2 AND (s.origin = 'built-in' OR {})",
            set.join(", "),
            differs.join(" OR ")
        );
        Ok(self.db.execute(&sql, &args)? > 0)
    }

    /// Brings the row of the map for candles to the relation, where nothing else is mapped there.
    pub(super) fn candles(&mut self, record: &mut Record) -> Result<()> {
        let found = self.found;
        let (Some(high), Some(low)) = (found.column(Field::High), found.column(Field::Low)) else {
            return Ok(());
        };
        if !found.by_symbol || self.asked.candles == Some(false) || matches!(found.length, Length::Longer(_))
        {
            return Ok(());
        }
        let sql = format!(
            "SELECT bars_schema::text, bars_table::text, origin FROM {} WHERE layer = 'candles'",
            rows_of_map(self.own)
        );
        let row = self.db.first(&sql, &[], Sees::Now, |row| {
            Ok((row.each::<String, 2>(["bars_schema", "bars_table"])?, row.get::<String>("origin")?))
        })?;
        let is_free = match &row {
            _ if record.candles => true,
            Some(([schema, name], origin)) => origin == "built-in" && relation_oid(schema, name).is_none(),
            None => false,
        };
        if !is_free {
            let what =
                row.map_or_else(|| "no row".to_owned(), |([schema, name], _)| qualified(&schema, &name));
            self.tell(Step::Found, "candles", format!("read from {what} already, and left so"));
            return Ok(());
        }
        let close = found.close_of_candles.as_deref().unwrap_or(found.needed(Field::Close));
        let text = |value: &str| Some(value.to_owned());
        let opening = self.opening();
        let shift = self.shift_of_closes(&opening);
        let mut columns = self.of_bars(&opening, close, shift.as_deref());
        columns.extend([
            ("high_column", text(high)),
            ("low_column", text(low)),
            ("open_column", found.column(Field::Open).map(str::to_owned)),
            ("volume_column", found.column(Field::Volume).map(str::to_owned)),
        ]);
        if found.column(Field::Timeframe).is_none() {
            columns.push(("tf", Some(found.length.timeframe())));
        }
        let is_changed = self.put("any", "candles", &columns)?;
        let by_close = shift.map_or_else(String::new, |shift| {
            format!("; stamped with their closes, before which they open: {shift} is added")
        });
        let step = if is_changed { Step::Made } else { Step::Found };
        self.lines.push(
            Line::new(
                step,
                "candles",
                format!(
                    "of market_regimes and market_states: {}, with {} as the close{by_close}",
                    found.sql,
                    quoted(close)
                ),
            )
            .command(format!("SELECT * FROM {}.regime_source WHERE layer = 'candles';", self.own)),
        );
        record.candles = true;
        Ok(())
    }

    /// What is added to the times of candles that are stamped with their close, so that they open before it: the length of the
    /// candles, taken away. A relation of several timeframes has no one length.
    fn shift_of_closes(&self, opening: &str) -> Option<String> {
        let is_by_close = opening == self.found.needed(Field::Ts)
            && !is_opening(opening)
            && self.found.column(Field::Timeframe).is_none();
        match self.found.length {
            Length::Day if is_by_close && self.found.shift.is_none() => Some("-1 day".to_owned()),
            Length::Shorter(step) if is_by_close && step > 0 && opening.to_lowercase().contains("close") => {
                Some(format!("-{} seconds", step / 1_000_000))
            }
            _ => None,
        }
    }

    /// The column of the times at which candles open, where there is one beside the times at which they close.
    pub(super) fn opening(&self) -> String {
        let time = self.found.needed(Field::Ts);
        let opening = self.found.opening.as_deref().filter(|_| !is_opening(time));
        opening.unwrap_or(time).to_owned()
    }
}

/// The type of a column of the map.
fn type_of(column: &str) -> &'static str {
    match column {
        "periods" => "int[]",
        "bars_filter" | "ema_filter" => "jsonb",
        "bars_shift" => "interval",
        "tf" | "bars_ts_unit" | "bars_zone" | "build_calendar" => "text",
        _ => "name",
    }
}
