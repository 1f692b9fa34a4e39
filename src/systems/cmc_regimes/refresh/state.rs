//! The state of an asset between refreshes: what its rows were computed from and with, and what further rows need.

use std::collections::HashMap;
use std::fmt::Display;

use pgrx::prelude::*;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::hysteresis;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::budget_of;
use regime_core::{Label, Layer, PerLayer, Tier};

use crate::pg::{Arg, Db, Micros, Result, Row, Sees, arg, timestamps_arg, work_relation};
use crate::sync::working::Upsert;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::proxy::ProxyPrint;
use crate::systems::cmc_regimes::tables::{INPUTS, STATE, TF};

/// The columns of `cmc_regime_state` beside its key (id, tf) and its stamp, with their types.
const VALUES: [(&str, &str); 15] = [
    ("ts", "timestamptz"),
    ("regime_key", "text"),
    ("feature_tier", "text"),
    ("layers", "text[]"),
    ("bars", "int[]"),
    ("accepted", "text[]"),
    ("pending", "text[]"),
    ("pending_rows", "int[]"),
    ("regime_version_hash", "text"),
    ("policy_hash", "text"),
    ("sources", "text"),
    ("arguments", "text"),
    ("tracking", "text"),
    ("proxy", "text"),
    ("memory", "bytea"),
];

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
    db.by_key().first(&sql, &[arg(id), arg(TF)], Sees::Snapshot, state)
}

/// [`load`] of assets: the states of those that have one.
///
/// # Errors
/// As [`load`].
pub fn load_each(db: Db, schema: &str, ids: &[i32]) -> Result<HashMap<i32, State>> {
    let sql = format!("{} WHERE id = ANY ($1) AND tf = $2", select(schema));
    let args = [arg(ids.to_vec()), arg(TF)];
    let all = db.once().all(&sql, &args, Sees::Snapshot, |row| Ok((row.get::<i32>("id")?, state(row)?)))?;
    Ok(all.into_iter().collect())
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
    // Arrays come as texts: unnest would take arrays of arrays apart.
    let arrays = VALUES.iter().enumerate().map(|(n, (_, kind))| {
        let element = kind.strip_suffix("[]").map_or(*kind, |_| "text");
        format!("pg_catalog.unnest(${}::{element}[])", n + 3)
    });
    let value = |(n, (_, kind)): (usize, &(&str, &str))| match kind.ends_with("[]") {
        true => format!("s.c{n}::{kind}"),
        false => format!("s.c{n}"),
    };
    let names: Vec<String> = (0..VALUES.len()).map(|n| format!("c{n}")).collect();
    let upsert = Upsert {
        relation: &work_relation(schema, STATE),
        key: &["id", "tf"],
        values: &VALUES.map(|(name, _)| name),
        stamp: "computed_at",
        only_changed: false,
        rows: &format!(
            "SELECT s.id, $2, {} FROM ROWS FROM (pg_catalog.unnest($1::int[]), {}) AS s (id, {})",
            VALUES.iter().enumerate().map(value).collect::<Vec<_>>().join(", "),
            arrays.collect::<Vec<_>>().join(", "),
            names.join(", ")
        ),
    };
    fn each<'a, T>(all: &'a [Kept<'a>], of: impl Fn(&'a Kept<'a>) -> T) -> Arg
    where
        Vec<T>: IntoDatum,
    {
        arg(all.iter().map(of).collect::<Vec<_>>())
    }
    let states = |kept: &Kept| kept.memory.layers.each_ref().map(|layer| layer.hysteresis);
    let labels = |label: fn(&hysteresis::State) -> Option<Label>| {
        each(all, |kept| array(states(kept).iter().map(|s| label(s).map(|l| l.as_str()))))
    };
    let args = [
        each(all, |kept| kept.id),
        arg(TF),
        timestamps_arg(all.iter().map(|kept| kept.memory.newest).collect()),
        each(all, |kept| kept.memory.newest_key()),
        each(all, |kept| kept.standing.budget.tier.as_str()),
        each(all, |kept| array(layer_names(kept.standing.budget.enabled).iter().map(Some))),
        each(all, |kept| array(kept.standing.bars.iter().copied())),
        labels(|s| s.accepted),
        labels(|s| s.pending),
        each(all, |kept| array(states(kept).iter().map(|s| Some(s.count)))),
        each(all, |kept| kept.basis.version_hash.as_str()),
        each(all, |kept| kept.basis.policy_hash.as_str()),
        each(all, |kept| kept.basis.sources.as_str()),
        each(all, |kept| kept.basis.arguments.as_str()),
        each(all, |kept| kept.basis.tracking.as_deref()),
        each(all, |kept| kept.standing.proxy.map(|proxy| proxy.to_string())),
        each(all, |kept| kept.memory.encode()),
    ];
    upsert.of(all.len()).run(db, &args)
}

/// An array in PostgreSQL's text form, of numbers or of words without quotes; `None` is NULL.
fn array<T: Display>(values: impl Iterator<Item = Option<T>>) -> String {
    let element = |value: Option<T>| value.map_or("NULL".to_owned(), |value| format!("\"{value}\""));
    format!("{{{}}}", values.map(element).collect::<Vec<_>>().join(","))
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
