//! The state of an asset between refreshes: what its rows were computed from and with, and what further rows need.

use std::collections::HashMap;

use pgrx::prelude::*;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::hysteresis;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::budget_of;
use regime_core::{Label, Layer, PerLayer, Tier};

use crate::pg::{Arg, Db, Micros, Result, Row, Sees, arg, timestamps_arg, work_relation};
use crate::sync::content::braced;
use crate::sync::working::Upsert;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::proxy::ProxyPrint;
use crate::systems::cmc_regimes::tables::{INPUTS, STATE, TF};

/// The columns of `cmc_regime_state` beside its key (id, tf) and its stamp, with their types. `unnest` would take arrays of arrays
/// apart: an array comes as text, and one with an element for each layer, NULL or not, as so many columns, since the text NULL
/// is not always read as a NULL.
const VALUES: [(&str, Form); 15] = [
    ("ts", Form::Plain("timestamptz")),
    ("regime_key", Form::Plain("text")),
    ("feature_tier", Form::Plain("text")),
    ("layers", Form::Array("text[]")),
    ("bars", Form::PerLayer("int")),
    ("accepted", Form::PerLayer("text")),
    ("pending", Form::PerLayer("text")),
    ("pending_rows", Form::PerLayer("int")),
    ("regime_version_hash", Form::Plain("text")),
    ("policy_hash", Form::Plain("text")),
    ("sources", Form::Plain("text")),
    ("arguments", Form::Plain("text")),
    ("tracking", Form::Plain("text")),
    ("proxy", Form::Plain("text")),
    ("memory", Form::Plain("bytea")),
];

/// How a column of a state is sent.
#[derive(Clone, Copy)]
enum Form {
    Plain(&'static str),
    Array(&'static str),
    PerLayer(&'static str),
}

impl Form {
    /// The types of the parameters, of which each is an array.
    fn sent(self) -> Vec<&'static str> {
        match self {
            Form::Plain(kind) => vec![kind],
            Form::Array(_) => vec!["text"],
            Form::PerLayer(kind) => vec![kind; Layer::ALL.len()],
        }
    }

    /// SQL: the value, of columns of these names.
    fn value(self, columns: &[String]) -> String {
        match self {
            Form::Plain(_) => columns[0].clone(),
            Form::Array(kind) => format!("{}::{kind}", columns[0]),
            Form::PerLayer(_) => format!("ARRAY[{}]", columns.join(", ")),
        }
    }
}

/// A stored state.
pub struct State {
    pub basis: Basis,
    /// Time of the newest row, in microseconds since 2000.
    pub ts: i64,
    /// `None` for a name that this version does not know.
    pub tier: Option<Tier>,
    /// Enabled layers.
    pub layers: Vec<String>,
    /// Bars of each layer, those after the newest row included; `None` without a source.
    pub bars: PerLayer<Option<i32>>,
    /// Fingerprint of the market proxy, for an asset that depends on it.
    pub proxy: Option<ProxyPrint>,
    /// `None` if the stored state cannot be resumed.
    pub memory: Option<Memory>,
}

/// Which layers have one of these names.
pub fn layers_of(names: &[String]) -> PerLayer<bool> {
    PerLayer::from_fn(|layer| names.iter().any(|name| name == layer.as_str()))
}

/// The names of the layers that are, such as those enabled, slowest first.
pub fn layer_names(are: PerLayer<bool>) -> Vec<String> {
    let all = Layer::ALL.into_iter().filter(|layer| are[*layer]);
    all.map(|layer| layer.as_str().to_owned()).collect()
}

impl State {
    /// The budget of all bars at the last refresh, with parameters that are those of the state.
    pub fn budget_of_all(&self, params: &Params) -> Budget {
        budget_of(self.bars.map(|bars| bars.map(|n| n as usize)), params)
    }
}

/// The state of an asset, if it has one.
///
/// # Errors
/// A state table that cannot be read, or that holds what no refresh stores.
pub fn load(db: Db, schema: &str, id: i32) -> Result<Option<State>> {
    let sql = format!("{} WHERE id = $1 AND tf = $2", select(schema));
    db.by_key().doing("read states").first(&sql, &[arg(id), arg(TF)], Sees::Snapshot, state)
}

/// [`load`] of assets: the states of those that have one that can be read.
///
/// # Errors
/// As [`load`].
pub fn load_each(db: Db, schema: &str, ids: &[i32]) -> Result<HashMap<i32, State>> {
    let sql = format!("{} WHERE id = ANY ($1) AND tf = $2", select(schema));
    let args = [arg(ids.to_vec()), arg(TF)];
    let all = db
        .once()
        .doing("read states")
        .all(&sql, &args, Sees::Snapshot, |row| Ok((row.get::<i32>("id")?, state(row).ok())))?;
    Ok(all.into_iter().filter_map(|(id, state)| Some((id, state?))).collect())
}

fn select(schema: &str) -> String {
    let (basis, table) = (Basis::COLUMNS, work_relation(schema, STATE));
    format!("SELECT id, ts, feature_tier, layers, bars, {basis}, proxy, memory FROM {table}")
}

fn state(row: &Row) -> Result<State> {
    let bars: Option<[Option<i32>; 4]> = row.get::<Vec<_>>("bars")?.try_into().ok();
    let print: Option<&str> = row.get("proxy")?;
    let proxy = print.and_then(ProxyPrint::parse);
    let memory = row.get::<&[u8]>("memory")?;
    Ok(State {
        basis: Basis::read(row)?,
        ts: row.get::<Micros>("ts")?.0,
        tier: Tier::parse(row.get("feature_tier")?),
        layers: row.get("layers")?,
        bars: bars.map(PerLayer::new).unwrap_or_default(),
        proxy,
        // Bars of other layers and a fingerprint in another form are of another version.
        memory: Memory::decode(memory).filter(|_| bars.is_some() && print.is_some() == proxy.is_some()),
    })
}

/// What can change without a new row.
pub struct Standing {
    pub budget: Budget,
    /// Bars of each layer; `None` without a source.
    pub bars: PerLayer<Option<usize>>,
    /// Fingerprint of the market proxy, for an asset that depends on it.
    pub proxy: Option<ProxyPrint>,
}

/// What is stored of an asset.
pub struct Kept<'a> {
    pub id: i32,
    pub basis: &'a Basis,
    pub standing: Standing,
    pub memory: &'a Memory,
}

/// Stores the states of assets, each once, in place of earlier ones.
///
/// # Errors
/// A state table that cannot be written.
pub fn store(db: Db, schema: &str, all: &[Kept]) -> Result<()> {
    let (mut arrays, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (_, form) in VALUES {
        let from = names.len();
        for kind in form.sent() {
            arrays.push(format!("pg_catalog.unnest(${}::{kind}[])", names.len() + 3));
            names.push(format!("c{}", names.len()));
        }
        values.push(form.value(&names[from..]));
    }
    let upsert = Upsert {
        relation: &work_relation(schema, STATE),
        key: &["id", "tf"],
        values: &VALUES.map(|(name, _)| name),
        stamp: "computed_at",
        only_changed: false,
        rows: &format!(
            "SELECT id, $2, {} FROM ROWS FROM (pg_catalog.unnest($1::int[]), {}) AS s (id, {})",
            values.join(", "),
            arrays.join(", "),
            names.join(", ")
        ),
    };
    fn each<'a, T>(all: &'a [Kept<'a>], of: impl Fn(&'a Kept<'a>) -> T) -> Arg
    where
        Vec<T>: IntoDatum,
    {
        arg(all.iter().map(of).collect::<Vec<_>>())
    }
    let of_layer = |layer: Layer| move |kept: &Kept| kept.memory.layers[layer].hysteresis;
    let label = |layer: Layer, of: fn(&hysteresis::State) -> Option<Label>| {
        each(all, |kept| of(&of_layer(layer)(kept)).map(|label| label.as_str()))
    };
    let mut args = vec![
        each(all, |kept| kept.id),
        arg(TF),
        timestamps_arg(all.iter().map(|kept| kept.memory.newest).collect()),
        each(all, |kept| kept.memory.newest_key()),
        each(all, |kept| kept.standing.budget.tier.as_str()),
        each(all, |kept| braced(&layer_names(kept.standing.budget.enabled))),
    ];
    args.extend(Layer::ALL.map(|layer| each(all, |kept| kept.standing.bars[layer].map(|bars| bars as i32))));
    args.extend(Layer::ALL.map(|layer| label(layer, |state| state.accepted)));
    args.extend(Layer::ALL.map(|layer| label(layer, |state| state.pending)));
    args.extend(Layer::ALL.map(|layer| each(all, |kept| of_layer(layer)(kept).count as i32)));
    args.extend([
        each(all, |kept| kept.basis.version_hash.as_str()),
        each(all, |kept| kept.basis.policy_hash.as_str()),
        each(all, |kept| kept.basis.sources.as_str()),
        each(all, |kept| kept.basis.arguments.as_str()),
        each(all, |kept| kept.basis.tracking.as_deref()),
        each(all, |kept| kept.standing.proxy.map(|proxy| proxy.to_string())),
        each(all, |kept| kept.memory.encode()),
    ]);
    upsert.of(all.len()).run(db, &args)
}

/// Deletes the state and the fingerprints of an asset.
///
/// # Errors
/// Working tables that cannot be written.
pub fn forget(db: Db, schema: &str, id: i32) -> Result<()> {
    for table in [STATE, INPUTS] {
        let sql = format!("DELETE FROM {} WHERE id = $1 AND tf = $2", work_relation(schema, table));
        db.execute_small(&sql, &[arg(id), arg(TF)])?;
    }
    Ok(())
}
