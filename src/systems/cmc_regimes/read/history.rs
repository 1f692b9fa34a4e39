//! Stored rows of an asset beside the closes of its bars: what statistics and pictures are made of.

use std::collections::HashMap;
use std::rc::Rc;

use regime_core::cmc_regimes::outside::OutsideLayer;
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::periods::Change;
use regime_core::{Label, Layer};

use crate::output::relation::output_relation;
use crate::pg::{
    Db, Micros, Result, Row, Same, Sees, arg, citus, environment::ours, extension_schema, invalid_parameter,
    known, settings, timestamp_arg,
};
use crate::source::map;
use crate::source::names;
use crate::source::relation::{Relation, relation_args};
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles;
use crate::systems::cmc_regimes::tables::{FLIPS, REGIMES, TF};

/// The layer of this name, whose flips are stored; NULL is the key.
///
/// # Errors
/// Where there is no such layer.
pub fn flip_layer(name: Option<&str>) -> Result<FlipLayer> {
    let Some(name) = name else { return Ok(FlipLayer::Composite) };
    let layers = Layer::ALL.map(FlipLayer::Layer);
    // Labels of L3 have one column and one name of flips, whether of bars or from elsewhere.
    let l4 = FlipLayer::Outside(OutsideLayer::L4);
    layers.into_iter().chain([l4, FlipLayer::Composite]).find(|layer| layer.as_str() == name).ok_or_else(
        || {
            invalid_parameter(format!("layer is \"{name}\", which is not known"))
                .hint("Pass layer => 'L0', 'L1', 'L2', 'L3', 'L4' or 'composite' (the regime_key).")
        },
    )
}

/// The column of `cmc_regimes` that holds a layer's label.
fn column(layer: FlipLayer) -> &'static str {
    match layer {
        FlipLayer::Layer(Layer::L0) => "l0_label",
        FlipLayer::Layer(Layer::L1) => "l1_label",
        FlipLayer::Layer(Layer::L2) => "l2_label",
        FlipLayer::Layer(Layer::L3) | FlipLayer::Outside(OutsideLayer::L3) => "l3_label",
        FlipLayer::Outside(OutsideLayer::L4) => "l4_label",
        FlipLayer::Composite => "regime_key",
    }
}

/// The assets that have rows, ascending; found by one look into the index for each. The statement is qualified throughout, for
/// [`spi::connect_as_caller`](crate::pg::spi::connect_as_caller).
///
/// # Errors
/// Where the table cannot be read.
pub fn assets(db: Db) -> Result<Vec<i32>> {
    let sql = known("assets with rows", &settings::target_schema(), || ours(|| select_assets(db)))?;
    let db = if citus::is_loaded() { db.anew() } else { db.by_key() };
    db.all(&sql, &[], Sees::Snapshot, |row| row.get("id"))
}

fn select_assets(db: Db) -> Result<String> {
    let regimes = output_relation(db, &REGIMES)?;
    // Citus refuses recursive queries.
    Ok(match citus::is_loaded() {
        true => format!("SELECT DISTINCT id::pg_catalog.int4 AS id FROM {regimes} ORDER BY 1"),
        false => format!(
            "WITH RECURSIVE asset AS ((SELECT id FROM {regimes} ORDER BY id LIMIT 1) UNION ALL \
             SELECT (SELECT r.id FROM {regimes} r WHERE r.id OPERATOR(pg_catalog.>) a.id ORDER BY r.id LIMIT 1) FROM asset a WHERE a.id IS NOT NULL) \
             SELECT id::pg_catalog.int4 FROM asset WHERE id IS NOT NULL"
        ),
    })
}

/// The flips of a layer, ascending.
///
/// # Errors
/// Where the table cannot be read.
pub fn changes(db: Db, asset: i32, layer: FlipLayer) -> Result<Vec<Change<String>>> {
    /// Columns of the statement, by index since there may be many rows.
    const TS: usize = 0;
    const NEW_REGIME: usize = 1;
    const DURATION_BARS: usize = 2;
    let sql = format!(
        "SELECT ts::timestamptz, new_regime::text, duration_bars::int FROM {} \
         WHERE id = $1 AND tf = $2 AND layer = $3 AND pg_catalog.isfinite(ts) ORDER BY ts",
        output_relation(db, &FLIPS)?
    );
    let mut changes = Vec::new();
    db.rows(&sql, &[arg(asset), arg(TF), arg(layer.as_str())], Sees::Snapshot, |row| {
        // An adopted table can hold flips to nothing.
        let Some(new) = row.get(NEW_REGIME)? else { return Ok(()) };
        let (Micros(ts), bars): (_, Option<i32>) = (row.get(TS)?, row.get(DURATION_BARS)?);
        changes.push(Change { ts, new, lasted: bars.and_then(|bars| u32::try_from(bars).ok()) });
        Ok(())
    })?;
    Ok(changes)
}

/// The labelled rows of an asset from a moment on.
pub struct Recent {
    pub rows: u32,
    /// The time of the newest, in microseconds since 2000.
    pub newest: Option<i64>,
}

/// The rows that have a label of this layer, from a moment on, in microseconds since 2000.
///
/// # Errors
/// Where the table cannot be read.
pub fn recent(db: Db, asset: i32, layer: FlipLayer, from: i64) -> Result<Recent> {
    let sql = format!(
        "SELECT count(*) AS rows, max(ts)::timestamptz AS newest FROM {} \
         WHERE id = $1 AND tf = $2 AND ts >= $3 AND {} IS NOT NULL AND pg_catalog.isfinite(ts)",
        output_relation(db, &REGIMES)?,
        column(layer)
    );
    let args = [arg(asset), arg(TF), timestamp_arg(Some(from))];
    db.one(&sql, &args, Sees::Snapshot, |row| {
        let rows: i64 = row.get("rows")?;
        let newest: Option<Micros> = row.get("newest")?;
        Ok(Recent { rows: u32::try_from(rows).unwrap_or(u32::MAX), newest: newest.map(|Micros(ts)| ts) })
    })
}

/// Columns of the statements that read all bars or rows of an asset.
const TS: usize = 0;
const CLOSE: usize = 1;
const LABEL: usize = 1;

/// Closes by the time of the bar. A close that is missing, not positive or of one of two bars at a time is unknown.
pub struct Closes(HashMap<i64, f64>);

impl Closes {
    /// The closes of an asset's daily bars of the calendar scheme of its profile.
    ///
    /// # Errors
    /// Where the scheme has no daily bars, or these cannot be read.
    pub fn read(db: Db, asset: i32) -> Result<Self> {
        Self::of_scheme(db, asset, &profiles::of_asset(db, asset, &NOTHING)?.scheme())
    }

    /// The closes of an asset's daily bars of a calendar scheme.
    ///
    /// # Errors
    /// Where the scheme has no daily bars, or these cannot be read.
    pub fn of_scheme(db: Db, asset: i32, scheme: &str) -> Result<Self> {
        let daily = daily_bars(db, scheme)?;
        let DailyBars { tf, bars } = &*daily;
        let sql = bars.select(&bars.condition);
        let mut closes = HashMap::new();
        let args = relation_args(asset, tf.as_deref(), None);
        let each = |row: &Row| {
            let close = Some(row.price(CLOSE)).filter(|close| *close > 0.0).unwrap_or(f64::NAN);
            if let Some(Micros(ts)) = row.get(TS)? {
                closes.entry(ts).and_modify(|twice| *twice = f64::NAN).or_insert(close);
            }
            Ok(())
        };
        let whose = || names::in_words(db, asset, None);
        bars.reading(db, (&bars.condition, &args), (&whose, "daily "), || {
            db.rows(&sql, &args, Sees::Snapshot, each)
        })?;
        Ok(Self(closes))
    }

    /// The close at a moment, NaN where unknown.
    pub fn at(&self, ts: i64) -> f64 {
        self.0.get(&ts).copied().unwrap_or(f64::NAN)
    }
}

/// Daily bars: the times and closes of a relation, and the timeframe its rows are selected by.
struct DailyBars {
    tf: Option<String>,
    bars: Relation,
}

/// The daily bars of a calendar scheme.
fn daily_bars(db: Db, scheme: &str) -> Result<Rc<DailyBars>> {
    let schema = extension_schema(db)?;
    let daily = map::map(db, scheme, &schema)?[Layer::L2].take();
    let daily = daily.ok_or_else(|| map::no_source(Layer::L2, scheme, &schema))?;
    known("daily bars", &Same(Rc::clone(&daily)), || {
        Ok(DailyBars { tf: daily.tf.clone(), bars: daily.bars(db, &[])? })
    })
}

/// The rows of an asset in ascending time; each vector has one element a row.
#[derive(Default)]
pub struct History {
    /// Microseconds since 2000.
    pub ts: Vec<i64>,
    /// The label of the layer, as it is stored.
    pub label: Vec<Option<Rc<str>>>,
}

impl History {
    /// The rows from one moment to another, both included, in microseconds since 2000; `None` is no limit.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn read(db: Db, asset: i32, layer: FlipLayer, [from, to]: [Option<i64>; 2]) -> Result<Self> {
        let sql = format!(
            "SELECT ts::timestamptz, {}::text FROM {} WHERE id = $1 AND tf = $2 \
             AND ts >= COALESCE($3, '-infinity') AND ts <= COALESCE($4, 'infinity') AND pg_catalog.isfinite(ts) ORDER BY ts",
            column(layer),
            output_relation(db, &REGIMES)?
        );
        let args = [arg(asset), arg(TF), timestamp_arg(from), timestamp_arg(to)];
        let (mut history, mut names) = (Self::default(), HashMap::<String, Rc<str>>::new());
        db.rows(&sql, &args, Sees::Snapshot, |row| {
            let Micros(ts) = row.get(TS)?;
            history.ts.push(ts);
            history.label.push(row.get::<Option<&str>>(LABEL)?.map(|text| match names.get(text) {
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
