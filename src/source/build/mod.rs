//! Weekly and monthly bars and all EMAs for those who have daily bars only.

pub mod demo;
pub mod demo_candles;

use std::collections::BTreeMap;

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::Layer;
use regime_core::calendar::{Calendar, DailyBars, Span, ema, period_bars};

use crate::output::set_up::{check_may_create, check_schema, lock_schema};
use crate::pg::error::{Error, Result, invalid_parameter};
use crate::pg::spi;
use crate::pg::spi::{Db, Sees, arg};
use crate::pg::subtransaction::attempt;
use crate::source::bars::check_bars;
use crate::source::map;
use crate::source::map::{MapRow, extension_schema, relation_args};
use crate::sync::{Column, Content, OnChange, Table, Type, Value, Written, finished, sync};
use crate::systems::cmc_regimes::refresh::call::TF;

const DDL: &str = include_str!("../../../sql/set_up/source_tables.sql");

/// The comment by which a table is known to be ours to fill.
pub const BUILT: &str = "Built from daily bars by pg_regime; its rows are replaced when it is built again";

const fn column(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: false }
}

/// Bars. A row is replaced, not updated: numbering bars anew would stumble over their keys.
pub const BARS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text)],
    key: &[column("time_close", Type::Timestamptz)],
    values: &[
        column("bar_seq", Type::Int),
        column("tf_days", Type::Int),
        column("open", Type::Float),
        column("high", Type::Float),
        column("low", Type::Float),
        column("close", Type::Float),
        column("volume", Type::Float),
        column("market_cap", Type::Float),
    ],
    stamp: "ingested_at",
    on_change: OnChange::Replace,
    indexes: &[],
    finish: finished,
    name: "bars",
};

/// Candles. Rows are updated in place: those of `market_regimes` go with them when they are deleted.
pub const CANDLES: Table = Table {
    scope: &[column("symbol", Type::Text), column("timeframe", Type::Text)],
    key: &[column("open_time", Type::Timestamptz)],
    values: &[
        column("open", Type::Float),
        column("high", Type::Float),
        column("low", Type::Float),
        column("close", Type::Float),
        column("volume", Type::Float),
    ],
    stamp: "",
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
    name: "candles",
};

const EMA_KEY: &[Column] = &[column("ts", Type::Timestamptz), column("period", Type::Int)];
const EMA_VALUES: &[Column] = &[column("ema", Type::Float), column("tf_days", Type::Int)];

const CALENDAR_EMAS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text), column("roll", Type::Bool)],
    key: EMA_KEY,
    values: EMA_VALUES,
    stamp: "ingested_at",
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
    name: "calendar emas",
};

const DAILY_EMAS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text), column("alignment_source", Type::Text)],
    key: EMA_KEY,
    values: EMA_VALUES,
    stamp: "ingested_at",
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
    name: "daily emas",
};

/// What was done with a relation.
pub struct Built {
    pub relation: String,
    pub action: &'static str,
    pub written: Written,
}

/// A table of the source shape on its way to being filled.
pub struct Target {
    pub relation: String,
    action: &'static str,
    written: Written,
}

impl Target {
    /// Whether it may be filled: it was made by us, or it was empty.
    pub fn is_ours(&self) -> bool {
        self.action != "left alone"
    }

    pub fn add(&mut self, written: Written) {
        self.written += written;
    }

    pub fn done(self) -> Built {
        let action = match (self.action, self.written.total()) {
            ("filled", 0) => "unchanged",
            (action, _) => action,
        };
        Built { relation: self.relation, action, written: self.written }
    }
}

/// Makes a table of this kind where it is missing. One that is there is taken over when it is empty
/// or carries `mark` as its comment, and otherwise left alone.
pub fn target(db: Db, schema: &str, name: &str, kind: &str, mark: &str) -> Result<Target> {
    let relation = format!("{}.{}", quoted(schema), quoted(name));
    let made = |action| Ok(Target { relation: relation.clone(), action, written: Written::default() });
    let sql = "SELECT obj_description(to_regclass($1), 'pg_class') FROM (SELECT 1) AS one WHERE to_regclass($1) IS NOT NULL";
    let found = db.first(sql, &[arg(relation.as_str())], Sees::Now, |row| Ok(row.string(0)))?;
    if let Some(comment) = &found {
        if comment.as_deref() == Some(mark) {
            return made("filled");
        }
        if db.first(&format!("SELECT true FROM {relation} LIMIT 1"), &[], Sees::Now, |_| Ok(()))?.is_some() {
            return made("left alone");
        }
        check_shape(db, &relation, kind)?;
    } else {
        check_may_create(db, schema)?;
        let header = format!("--; {kind}\n");
        let statement =
            DDL.split_once(&header).map_or("", |(_, rest)| rest.split("--; ").next().unwrap_or(rest));
        db.execute(&statement.replace("{table}", &relation), &[])?;
    }
    db.execute(&format!("COMMENT ON TABLE {relation} IS {}", pgrx::spi::quote_literal(mark)), &[])?;
    made(if found.is_some() { "filled" } else { "created" })
}

/// An empty table is taken over only if it has the columns that are filled.
fn check_shape(db: Db, relation: &str, kind: &str) -> Result<()> {
    let wanted: Vec<&str> =
        match [&BARS, &CALENDAR_EMAS, &DAILY_EMAS, &CANDLES].into_iter().find(|t| t.name == kind) {
            Some(table) => [table.scope, table.key, table.values].concat().iter().map(|c| c.name).collect(),
            None => vec!["id", "symbol"],
        };
    let sql = "SELECT w FROM pg_catalog.unnest($2::text[]) WITH ORDINALITY AS u (w, n) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a \
         WHERE a.attrelid = $1::regclass AND a.attname = w::name AND NOT a.attisdropped) ORDER BY n LIMIT 1";
    match db.first(sql, &[arg(relation), arg(wanted)], Sees::Now, |row| Ok(row.string(0)))?.flatten() {
        None => Ok(()),
        Some(column) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
            format!("table {relation} is empty and could be filled, but has no column {column}"),
        )
        .detail("Nothing was changed.")
        .hint(format!("DROP TABLE {relation}; it is then made with all its columns."))),
    }
}

/// Builds the inputs of assets (all with daily bars where `ids` is `None`).
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
    let [monthly, weekly, daily, _] = map::map(db, cal_scheme, &schema)?;
    let (Some(monthly), Some(weekly), Some(daily)) = (monthly, weekly, daily) else {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
            format!("calendar scheme \"{cal_scheme}\" does not map all of L0, L1 and L2"),
        )
        .hint(format!("SELECT * FROM {schema}.regime_source WHERE cal_scheme = '{cal_scheme}';")));
    };
    // A new snapshot: the daily bars may have been made by the same statement.
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
        None => builder.all_ids(&reader)?,
    };
    for id in ids {
        pgrx::check_for_interrupts!();
        let built = spi::in_own_memory(|| attempt(|| builder.one(&reader, &outputs, id)));
        match built {
            Ok(written) => written.into_iter().for_each(|(relation, w)| builder.add(&relation, w)),
            Err(error) => crate::output::entry::warn(&format!("inputs of asset {id} were not built"), &error),
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
        // Weekly and monthly layers share their tables: what happened first counts.
        self.targets.entry(relation.clone()).or_insert(made);
        Ok(relation)
    }

    fn add(&mut self, relation: &str, written: Written) {
        if let Some(target) = self.targets.get_mut(relation) {
            target.add(written);
        }
    }

    /// Ids with daily bars, and those that only have rows in what was built before.
    fn all_ids(&self, reader: &DailyReader) -> Result<Vec<i32>> {
        let mut ids = Vec::new();
        let mut take = |row: &spi::Tuple| {
            ids.extend(row.long(0).and_then(|id| i32::try_from(id).ok()));
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
            let (bars, tf_days) = match output.span {
                Some(Span::Month) => (period_bars(&daily, Span::Month, output.calendar), 30),
                Some(Span::Week) => (period_bars(&daily, Span::Week, output.calendar), 7),
                None => (daily.clone(), 1),
            };
            let tf = output.row.tf.as_deref().unwrap_or(TF);
            if let Some(relation) = output.bars.as_ref().filter(|r| self.may_fill(r)) {
                let scope = [Value::Int(id), Value::Text(tf)];
                let done = self.sync(relation, &BARS, &scope, &bars_content(&bars, tf_days))?;
                written.push((relation.clone(), done));
            }
            if self.may_fill(&output.emas) {
                let (table, mark) = match output.span {
                    Some(_) => (&CALENDAR_EMAS, Value::Bool(false)),
                    None => (&DAILY_EMAS, Value::Text("multi_tf")),
                };
                let scope = [Value::Int(id), Value::Text(tf), mark];
                let content = ema_content(&bars, output.row.periods, tf_days);
                written.push((output.emas.clone(), self.sync(&output.emas, table, &scope, &content)?));
            }
        }
        Ok(written)
    }

    fn may_fill(&self, relation: &str) -> bool {
        self.targets.get(relation).is_some_and(Target::is_ours)
    }

    fn sync(&self, relation: &str, table: &Table, scope: &[Value], content: &Content) -> Result<Written> {
        self.db.with_new_snapshot(|| sync(self.db, relation, table, scope, content, false))
    }
}

/// A query for the ids in a relation, that steps from one to the next along the key.
pub fn distinct_ids(relation: &str, id: &str, condition: &str) -> String {
    // Names that no relation or column has, so that each means what it says whatever the map names.
    let next = |after: &str| {
        format!(
            "(SELECT pg_regime_rel.{id} AS pg_regime_id FROM {relation} AS pg_regime_rel WHERE {condition}{after} \
             ORDER BY pg_regime_rel.{id} LIMIT 1)"
        )
    };
    format!(
        "WITH RECURSIVE pg_regime_ids AS ({} UNION ALL SELECT n.pg_regime_id FROM pg_regime_ids AS seen, LATERAL {} AS n) \
         SELECT pg_regime_id::int8 FROM pg_regime_ids ORDER BY pg_regime_id",
        next(""),
        next(&format!(" AND pg_regime_rel.{id} > seen.pg_regime_id"))
    )
}

/// Rows of a bars table.
pub fn bars_content(bars: &DailyBars, tf_days: i32) -> Content<'static> {
    let known = |value: f64| Value::float(Some(value).filter(|v| v.is_finite()));
    let mut content = Content::default();
    for i in 0..bars.ts.len() {
        content.keys.push(Value::Micros(bars.ts[i]));
        content.entry.push(i as u32);
        content.entries.extend([
            Value::Int(i as i32 + 1),
            Value::Int(tf_days),
            known(bars.open[i]),
            known(bars.high[i]),
            known(bars.low[i]),
            known(bars.close[i]),
            known(bars.volume[i]),
            known(bars.market_cap[i]),
        ]);
    }
    content
}

fn ema_content(bars: &DailyBars, mut periods: [u32; 3], tf_days: i32) -> Content<'static> {
    periods.sort_unstable();
    let emas = periods.map(|period| ema(&bars.close, period));
    let mut content = Content::default();
    for (i, ts) in bars.ts.iter().enumerate() {
        for (p, period) in periods.iter().enumerate() {
            let repeated = p > 0 && periods[p - 1] == *period;
            if repeated || !emas[p][i].is_finite() {
                continue;
            }
            content.keys.extend([Value::Micros(*ts), Value::Int(*period as i32)]);
            content.entry.push(content.entry.len() as u32);
            content.entries.extend([Value::Float(emas[p][i]), Value::Int(tf_days)]);
        }
    }
    content
}

/// Tells where the map does not read what was built.
fn note_mapping(row: &MapRow, target_schema: &str, schema: &str) {
    let elsewhere = [("bars", &row.bars), ("ema", &row.ema)].into_iter().filter(|(which, relation)| {
        relation[0] != target_schema && !(row.layer == Layer::L2 && *which == "bars")
    });
    for (which, relation) in elsewhere {
        pg_sys::panic::ErrorReport::new(
            PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
            format!(
                "layer {} is read from {}.{}, not from what was built",
                row.layer.as_str(),
                quoted(&relation[0]),
                quoted(&relation[1])
            ),
            "pg_regime",
        )
        .set_hint(format!(
            "UPDATE {schema}.regime_source SET {which}_schema = {} WHERE cal_scheme = {} AND layer = '{}';",
            pgrx::spi::quote_literal(target_schema),
            pgrx::spi::quote_literal(&row.cal_scheme),
            row.layer.as_str()
        ))
        .report(PgLogLevel::NOTICE);
    }
}

/// Reads daily bars with their open, high, low, volume and market cap, as far as there are any.
struct DailyReader<'c> {
    db: Db<'c>,
    sql: String,
    relation: String,
    id: String,
    shared_condition: String,
    tf: Option<String>,
}

impl<'c> DailyReader<'c> {
    fn new(db: Db<'c>, daily: &MapRow) -> Result<Self> {
        let relation = daily.bars(db, &[])?;
        let sql = "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND NOT attisdropped \
             AND attname IN ('open', 'high', 'low', 'volume', 'market_cap')";
        let mut there = Vec::new();
        db.rows(sql, &[arg(relation.sql.as_str())], Sees::Now, |row| {
            there.extend(row.string(0));
            Ok(())
        })?;
        let [ts, close] = [0, 1].map(|i: usize| relation.columns[i].as_str());
        let price = |name: &str| {
            if there.iter().any(|t| t == name) { format!("{name}::float8") } else { close.to_owned() }
        };
        let amount = |name: &str| {
            if there.iter().any(|t| t == name) {
                format!("{name}::float8")
            } else {
                "NULL::float8".to_owned()
            }
        };
        let sql = format!(
            "SELECT {ts}, {}, {}, {}, {close}, {}, {} FROM {} WHERE {} ORDER BY 1",
            price("open"),
            price("high"),
            price("low"),
            amount("volume"),
            amount("market_cap"),
            relation.sql,
            relation.condition
        );
        let (id, shared_condition) = (relation.id, relation.shared_condition);
        Ok(Self { db, sql, relation: relation.sql, id, shared_condition, tf: daily.tf.clone() })
    }

    fn ids(&self, take: &mut impl FnMut(&spi::Tuple) -> Result<()>) -> Result<()> {
        let sql = distinct_ids(&self.relation, &self.id, &self.shared_condition);
        self.db.rows(&sql, &[arg(self.tf.as_deref())], Sees::Now, take)
    }

    fn bars(&self, id: i32) -> Result<DailyBars> {
        let mut bars = DailyBars::default();
        let args = relation_args(id, self.tf.as_deref(), None);
        self.db.rows(&self.sql, &args, Sees::Snapshot, |row| {
            bars.ts.push(row.micros(0).unwrap_or(i64::MAX));
            let columns = [
                &mut bars.open,
                &mut bars.high,
                &mut bars.low,
                &mut bars.close,
                &mut bars.volume,
                &mut bars.market_cap,
            ];
            for (values, column) in columns.into_iter().zip(1..) {
                values.push(row.known(column));
            }
            Ok(())
        })?;
        let prices = [("close", bars.close.as_slice())];
        check_bars(&bars.ts, &prices, &format!("asset {id}"), "daily ", &self.relation)?;
        // A close is known; what else a bar lacks is taken from it.
        for i in 0..bars.ts.len() {
            for values in [&mut bars.open, &mut bars.high, &mut bars.low] {
                if !values[i].is_finite() {
                    values[i] = bars.close[i];
                }
            }
        }
        Ok(bars)
    }
}
