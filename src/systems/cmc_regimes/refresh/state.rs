//! The state of an asset between refreshes: what its rows were computed from and with, and what further rows need.

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::hysteresis;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::budget_of;
use regime_core::{Label, Layer, PerLayer, Tier};

use crate::pg::{Db, Micros, Result, Row, Sees, arg, timestamp_arg, work_relation};
use crate::sync::working::Upsert;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::proxy::ProxyPrint;
use crate::systems::cmc_regimes::tables::{INPUTS, STATE, TF};

/// The columns of `cmc_regime_state` beside its key (id, tf) and its stamp.
const VALUES: [&str; 15] = [
    "ts",
    "regime_key",
    "feature_tier",
    "layers",
    "bars",
    "accepted",
    "pending",
    "pending_rows",
    "regime_version_hash",
    "policy_hash",
    "sources",
    "arguments",
    "tracking",
    "proxy",
    "memory",
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
    let sql = format!(
        "SELECT ts, feature_tier, layers, bars, {}, proxy, memory FROM {} WHERE id = $1 AND tf = $2",
        Basis::COLUMNS,
        work_relation(schema, STATE)
    );
    db.by_key().first(&sql, &[arg(id), arg(TF)], Sees::Snapshot, state)
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

/// Stores the state of an asset, in place of an earlier one.
///
/// # Errors
/// A state table that cannot be written.
pub fn store(
    db: Db,
    schema: &str,
    id: i32,
    basis: &Basis,
    standing: &Standing,
    memory: &Memory,
) -> Result<()> {
    let Standing { budget, bars, proxy } = standing;
    let places: Vec<String> = (1..=VALUES.len() + 2).map(|n| format!("${n}")).collect();
    let upsert = Upsert {
        relation: &work_relation(schema, STATE),
        key: &["id", "tf"],
        values: &VALUES,
        stamp: "computed_at",
        only_changed: false,
        rows: &format!("SELECT {}", places.join(", ")),
    };
    let states = memory.layers.each_ref().map(|layer| layer.hysteresis);
    let labels = |label: fn(&hysteresis::State) -> Option<Label>| {
        arg(states.iter().map(|s| label(s).map(|l| l.as_str())).collect::<Vec<_>>())
    };
    let args = [
        arg(id),
        arg(TF),
        timestamp_arg(memory.newest),
        arg(memory.newest_key()),
        arg(budget.tier.as_str()),
        arg(layer_names(budget.enabled)),
        arg(bars.iter().map(|bars| bars.map(|n| n as i32)).collect::<Vec<_>>()),
        labels(|s| s.accepted),
        labels(|s| s.pending),
        arg(states.iter().map(|s| s.count as i32).collect::<Vec<_>>()),
        arg(basis.version_hash.as_str()),
        arg(basis.policy_hash.as_str()),
        arg(basis.sources.as_str()),
        arg(basis.arguments.as_str()),
        arg(basis.tracking.as_deref()),
        arg(proxy.map(|proxy| proxy.to_string())),
        arg(memory.encode()),
    ];
    upsert.of(1).run(db, &args)
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
