//! Stored rows of an asset beside the closes of its bars: what statistics and pictures are made of.

use std::collections::HashMap;
use std::rc::Rc;

use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::periods::Change;
use regime_core::{Label, Layer};

use crate::output::relation::output_relation;
use crate::pg::arg::{arg, timestamp_arg};
use crate::pg::cache::known;
use crate::pg::catalog::extension_schema;
use crate::pg::error::{Result, invalid_parameter};
use crate::pg::settings;
use crate::pg::spi::{Db, Sees};
use crate::source::map;
use crate::source::relation::{Relation, relation_args};
use crate::systems::cmc_regimes::tables::{FLIPS, REGIMES, TF};

/// The layer of this name, whose flips are stored; NULL is the key.
pub fn flip_layer(name: Option<&str>) -> Result<FlipLayer> {
    let Some(name) = name else { return Ok(FlipLayer::Composite) };
    let layers = [Layer::L0, Layer::L1, Layer::L2].map(FlipLayer::Layer);
    layers.into_iter().chain([FlipLayer::Composite]).find(|layer| layer.as_str() == name).ok_or_else(|| {
        invalid_parameter(format!("layer is \"{name}\", which is not known"))
            .hint("Pass layer => 'L0', 'L1', 'L2' or 'composite' (the regime_key).")
    })
}

/// The column of `cmc_regimes` that holds a layer's label.
fn column(layer: FlipLayer) -> &'static str {
    match layer {
        FlipLayer::Layer(Layer::L0) => "l0_label",
        FlipLayer::Layer(Layer::L1) => "l1_label",
        FlipLayer::Layer(Layer::L2) => "l2_label",
        FlipLayer::Layer(Layer::L3) => "l3_label",
        FlipLayer::Composite => "regime_key",
    }
}

/// The assets that have rows, ascending: one look into the key for each.
pub fn assets(db: Db) -> Result<Vec<i32>> {
    let regimes = output_relation(db, REGIMES.name)?;
    let sql = format!(
        "WITH RECURSIVE asset AS ((SELECT id FROM {regimes} ORDER BY id LIMIT 1) UNION ALL \
         SELECT (SELECT r.id FROM {regimes} r WHERE r.id > a.id ORDER BY r.id LIMIT 1) FROM asset a WHERE a.id IS NOT NULL) \
         SELECT id::int FROM asset WHERE id IS NOT NULL"
    );
    let mut ids = Vec::new();
    db.rows(&sql, &[], Sees::Snapshot, |row| {
        ids.extend(row.int(0));
        Ok(())
    })?;
    Ok(ids)
}

/// The flips of a layer, ascending.
pub fn changes(db: Db, asset: i32, layer: FlipLayer) -> Result<Vec<Change<String>>> {
    let sql = format!(
        "SELECT ts::timestamptz, new_regime::text, duration_bars::int FROM {} \
         WHERE id = $1 AND tf = $2 AND layer = $3 AND pg_catalog.isfinite(ts) ORDER BY ts",
        output_relation(db, FLIPS.name)?
    );
    let mut changes = Vec::new();
    db.rows(&sql, &[arg(asset), arg(TF), arg(layer.as_str())], Sees::Snapshot, |row| {
        if let (Some(ts), Some(new)) = (row.micros(0), row.string(1)) {
            changes.push(Change { ts, new, lasted: row.int(2).and_then(|bars| u32::try_from(bars).ok()) });
        }
        Ok(())
    })?;
    Ok(changes)
}

/// How many rows with a label there are from a moment on, and the time of the newest.
pub fn newest(db: Db, asset: i32, layer: FlipLayer, from: i64) -> Result<(u32, Option<i64>)> {
    let sql = format!(
        "SELECT count(*), max(ts)::timestamptz FROM {} \
         WHERE id = $1 AND tf = $2 AND ts >= $3 AND {} IS NOT NULL AND pg_catalog.isfinite(ts)",
        output_relation(db, REGIMES.name)?,
        column(layer)
    );
    let args = [arg(asset), arg(TF), timestamp_arg(Some(from))];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.long(0), row.micros(1))))?;
    let (rows, newest) = found.unwrap_or_default();
    Ok((rows.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(0), newest))
}

/// Closes by the time of the bar. One that is missing, is not a positive number or belongs to two bars
/// is unknown.
pub struct Closes(HashMap<i64, f64>);

impl Closes {
    /// Those of an asset's daily bars, of the calendar scheme of the settings.
    pub fn read(db: Db, asset: i32) -> Result<Self> {
        let (tf, bars) = &*daily_bars(db)?;
        let sql = format!("SELECT {} FROM {} WHERE {}", bars.columns.join(", "), bars.sql, bars.condition);
        let mut closes = HashMap::new();
        db.rows(&sql, &relation_args(asset, tf.as_deref(), None), Sees::Snapshot, |row| {
            let close = Some(row.known(1)).filter(|close| *close > 0.0).unwrap_or(f64::NAN);
            if let Some(ts) = row.micros(0) {
                closes.entry(ts).and_modify(|twice| *twice = f64::NAN).or_insert(close);
            }
            Ok(())
        })?;
        Ok(Self(closes))
    }

    /// The close at a moment, NaN where unknown.
    pub fn at(&self, ts: i64) -> f64 {
        self.0.get(&ts).copied().unwrap_or(f64::NAN)
    }
}

/// The daily bars of the settings' calendar scheme: their timeframe, and the times and closes.
fn daily_bars(db: Db) -> Result<Rc<(Option<String>, Relation)>> {
    let (schema, scheme) = (extension_schema(db)?, settings::cal_scheme());
    let [_, _, daily, _] = map::map(db, &scheme, &schema)?.into_array();
    let daily = daily.ok_or_else(|| map::no_source(Layer::L2, &scheme, &schema))?;
    known("daily bars", &daily, || Ok((daily.tf.clone(), daily.bars(db, &[])?)))
}

/// The rows of an asset in ascending time: one element each in every vector.
#[derive(Default)]
pub struct History {
    pub ts: Vec<i64>,
    /// The label of the layer, as it is stored.
    pub label: Vec<Option<Rc<str>>>,
}

impl History {
    /// The rows from one moment to another, both included; `None` is no limit.
    pub fn read(db: Db, asset: i32, layer: FlipLayer, [from, to]: [Option<i64>; 2]) -> Result<Self> {
        let sql = format!(
            "SELECT ts::timestamptz, {}::text FROM {} WHERE id = $1 AND tf = $2 \
             AND ts >= COALESCE($3, '-infinity') AND ts <= COALESCE($4, 'infinity') AND pg_catalog.isfinite(ts) ORDER BY ts",
            column(layer),
            output_relation(db, REGIMES.name)?
        );
        let args = [arg(asset), arg(TF), timestamp_arg(from), timestamp_arg(to)];
        let (mut history, mut names) = (Self::default(), HashMap::<String, Rc<str>>::new());
        db.rows(&sql, &args, Sees::Snapshot, |row| {
            let Some(ts) = row.micros(0) else { return Ok(()) };
            history.ts.push(ts);
            history.label.push(row.text(1).map(|text| match names.get(text) {
                Some(name) => Rc::clone(name),
                None => Rc::clone(names.entry(text.to_owned()).or_insert_with(|| text.into())),
            }));
            Ok(())
        })?;
        Ok(history)
    }

    /// The labels, `None` where a row has none or another text.
    pub fn labels(&self) -> Vec<Option<Label>> {
        self.label.iter().map(|text| Label::parse(text.as_deref()?)).collect()
    }

    /// The close of each row's bar, NaN where unknown.
    pub fn closes(&self, closes: &Closes) -> Vec<f64> {
        self.ts.iter().map(|ts| closes.at(*ts)).collect()
    }
}
