//! The state of an asset between refreshes: what its rows were computed from and with, and what
//! further rows need.

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::{Layer, PerLayer, Tier};

use crate::pg::arg::{arg, timestamp_arg};
use crate::pg::catalog::work_relation;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::tables::{INPUTS, STATE, TF};

/// The columns of `cmc_regime_state` beside its key (id, tf) and its stamp.
const VALUES: [&str; 14] = [
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
    "tracking",
    "proxy",
    "memory",
];

/// A stored state.
pub struct State {
    pub basis: Basis,
    pub ts: i64,
    pub tier: Option<Tier>,
    /// Enabled layers.
    pub layers: Vec<String>,
    /// Bars by layer, those after the newest row included.
    pub bars: PerLayer<Option<i32>>,
    pub proxy: Option<String>,
    /// `None` if it cannot be gone on with.
    pub memory: Option<Memory>,
}

/// The budget with these layers enabled.
pub fn budget_of(tier: Tier, layers: &[String]) -> Budget {
    Budget { tier, enabled: PerLayer::from_fn(|layer| layers.iter().any(|name| name == layer.as_str())) }
}

/// Enabled layers by name.
pub fn layer_names(budget: Budget) -> Vec<String> {
    let enabled = |layer: &Layer| budget.enabled[*layer];
    Layer::ALL.into_iter().filter(enabled).map(|layer| layer.as_str().to_owned()).collect()
}

/// The state of an asset, if it has one.
pub fn load(db: Db, schema: &str, id: i32) -> Result<Option<State>> {
    let sql = format!(
        "SELECT ts, feature_tier, layers, bars, regime_version_hash, policy_hash, sources, tracking, proxy, memory \
         FROM {} WHERE id = $1 AND tf = $2",
        work_relation(schema, STATE)
    );
    db.first(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        Ok(State {
            ts: row.micros(0).unwrap_or(i64::MIN),
            tier: row.text(1).and_then(Tier::parse),
            layers: row.strings(2).unwrap_or_default(),
            bars: row
                .optional_ints(3)
                .and_then(|bars| bars.try_into().ok())
                .map(PerLayer::new)
                .unwrap_or_default(),
            basis: Basis {
                version_hash: text(4),
                policy_hash: text(5),
                sources: text(6),
                tracking: row.string(7),
            },
            proxy: row.string(8),
            memory: row.bytes_at(9).and_then(Memory::decode),
        })
    })
}

/// What can change without a new row.
pub struct Standing {
    pub budget: Budget,
    /// By layer, `None` without a source.
    pub bars: PerLayer<Option<usize>>,
    /// What says that the market proxy is the same, for an asset that depends on it.
    pub proxy: Option<String>,
}

/// Stores the state of an asset.
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
    let set: Vec<String> = VALUES.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO {} (id, tf, {}) VALUES ({}) ON CONFLICT (id, tf) DO UPDATE SET {}, computed_at = now()",
        work_relation(schema, STATE),
        VALUES.join(", "),
        places.join(", "),
        set.join(", ")
    );
    let states = memory.layers.each_ref().map(|layer| layer.hysteresis);
    let labels = |label: fn(&regime_core::cmc_regimes::hysteresis::State) -> Option<regime_core::Label>| {
        arg(states.iter().map(|s| label(s).map(|l| l.as_str())).collect::<Vec<_>>())
    };
    let args = [
        arg(id),
        arg(TF),
        timestamp_arg(memory.newest),
        arg(memory.newest_key()),
        arg(budget.tier.as_str()),
        arg(layer_names(*budget)),
        arg(bars.iter().map(|bars| bars.map(|n| n as i32)).collect::<Vec<_>>()),
        labels(|s| s.accepted),
        labels(|s| s.pending),
        arg(states.iter().map(|s| s.count as i32).collect::<Vec<_>>()),
        arg(basis.version_hash.as_str()),
        arg(basis.policy_hash.as_str()),
        arg(basis.sources.as_str()),
        arg(basis.tracking.as_deref()),
        arg(proxy.as_deref()),
        arg(memory.encode()),
    ];
    db.execute_small(&sql, &args).map(|_| ())
}

/// Forgets an asset.
pub fn forget(db: Db, schema: &str, id: i32) -> Result<()> {
    for table in [STATE, INPUTS] {
        let sql = format!("DELETE FROM {} WHERE id = $1 AND tf = $2", work_relation(schema, table));
        db.execute_small(&sql, &[arg(id), arg(TF)])?;
    }
    Ok(())
}
