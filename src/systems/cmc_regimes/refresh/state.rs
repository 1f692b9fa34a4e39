//! The state of an asset between refreshes: what its rows were computed from and with, and what
//! further rows need.

use pgrx::spi::quote_identifier as quoted;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::fingerprint::{BLOCK, Hash, Print};
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::series::Series;
use regime_core::{Layer, Tier};

use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees, arg, timestamp_arg};
use crate::systems::cmc_regimes::refresh::call::TF;

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

pub const STATE: &str = "cmc_regime_state";
pub const INPUTS: &str = "cmc_regime_inputs";

/// What an asset's rows were computed with, beside its bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    pub version_hash: String,
    pub policy_hash: String,
    /// Of the source map.
    pub sources: String,
    /// Of the triggers that mark changes, and of the output tables, which someone may empty or drop;
    /// `None` where some source is not tracked.
    pub tracking: Option<String>,
}

/// A stored state.
pub struct State {
    pub basis: Basis,
    pub ts: i64,
    pub tier: Option<Tier>,
    /// Enabled layers.
    pub layers: Vec<String>,
    /// Bars by layer, those after the newest row included.
    pub bars: Vec<Option<i32>>,
    pub proxy: Option<String>,
    /// `None` if it cannot be gone on with.
    pub memory: Option<Memory>,
}

/// A hash as hex digits.
pub fn hex(hash: Hash) -> String {
    format!("{:016x}{:016x}", hash[0], hash[1])
}

/// The budget with these layers enabled.
pub fn budget_of(tier: Tier, layers: &[String]) -> Budget {
    Budget { tier, enabled: Layer::ALL.map(|layer| layers.iter().any(|name| name == layer.as_str())) }
}

/// Enabled layers by name.
pub fn layer_names(budget: Budget) -> Vec<String> {
    let enabled = |layer: &Layer| budget.enabled[*layer as usize];
    Layer::ALL.into_iter().filter(enabled).map(|layer| layer.as_str().to_owned()).collect()
}

fn relation(schema: &str, table: &str) -> String {
    format!("{}.{table}", quoted(schema))
}

/// The state of an asset, if it has one.
pub fn load(db: Db, schema: &str, id: i32) -> Result<Option<State>> {
    let sql = format!(
        "SELECT ts, feature_tier, layers, bars, regime_version_hash, policy_hash, sources, tracking, proxy, memory \
         FROM {} WHERE id = $1 AND tf = $2",
        relation(schema, STATE)
    );
    db.first(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        Ok(State {
            ts: row.micros(0).unwrap_or(i64::MIN),
            tier: row.text(1).and_then(Tier::parse),
            layers: row.strings(2).unwrap_or_default(),
            bars: row.optional_ints(3).unwrap_or_default(),
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
    pub bars: [Option<usize>; 4],
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
        relation(schema, STATE),
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
        arg(bars.map(|bars| bars.map(|n| n as i32)).to_vec()),
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
        let sql = format!("DELETE FROM {} WHERE id = $1 AND tf = $2", relation(schema, table));
        db.execute_small(&sql, &[arg(id), arg(TF)])?;
    }
    Ok(())
}

/// The stored fingerprints of an asset's bars, by layer.
pub fn prints(db: Db, schema: &str, id: i32) -> Result<[Vec<Print>; 4]> {
    let sql = format!(
        "SELECT layer, first_ts, bars, print FROM {} WHERE id = $1 AND tf = $2 ORDER BY layer, block",
        relation(schema, INPUTS)
    );
    let mut prints: [Vec<Print>; 4] = Default::default();
    db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let layer = Layer::ALL.into_iter().find(|l| row.text(0) == Some(l.as_str()));
        let hash = row.bytes_at(3).and_then(hash_from);
        if let (Some(layer), Some(first), Some(bars), Some(hash)) = (layer, row.micros(1), row.int(2), hash) {
            prints[layer as usize].push(Print { first, bars: bars as u32, hash });
        }
        Ok(())
    })?;
    Ok(prints)
}

/// The daily EMAs of all of an asset's rows.
pub fn emas(db: Db, schema: &str, id: i32, rows: u64) -> Result<[Vec<f64>; 3]> {
    let sql = format!(
        "SELECT emas FROM {} WHERE id = $1 AND tf = $2 AND layer = 'L2' ORDER BY block",
        relation(schema, INPUTS)
    );
    let mut emas = [(); 3].map(|()| Vec::with_capacity(rows as usize + BLOCK));
    db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let (values, _) = row.bytes_at(0).unwrap_or_default().as_chunks::<8>();
        let (bars, _) = values.as_chunks::<3>();
        for bar in bars {
            emas.iter_mut().zip(bar).for_each(|(ema, bytes)| ema.push(f64::from_le_bytes(*bytes)));
        }
        Ok(())
    })?;
    Ok(emas)
}

/// Fingerprints as they are stored, row by row: the layer, the block, and what is in it.
pub struct Block {
    pub layer: Layer,
    pub block: usize,
    pub print: Print,
    pub hash: Vec<u8>,
    pub emas: Option<Vec<u8>>,
}

/// The blocks that an outcome has touched, by layer. `emas` are the daily EMAs of all rows.
pub fn blocks(outcome: &Outcome, emas: [&[f64]; 3]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for layer in Layer::ALL {
        let prints = &outcome.prints[layer as usize];
        let last = (outcome.memory.layers[layer as usize].bars as usize).saturating_sub(1) / BLOCK;
        for (i, print) in prints.iter().enumerate() {
            let block = last + 1 + i - prints.len();
            let bars = block * BLOCK..block * BLOCK + print.bars as usize;
            let bytes = |bar: usize| emas.into_iter().flat_map(move |ema| ema[bar].to_le_bytes());
            let hash = print.hash.iter().flat_map(|word| word.to_le_bytes()).collect();
            let emas = (layer == Layer::L2).then(|| bars.flat_map(bytes).collect());
            blocks.push(Block { layer, block, print: *print, hash, emas });
        }
    }
    blocks
}

fn hash_from(bytes: &[u8]) -> Option<Hash> {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = <[[u8; 8]; 2]>::try_from(words).ok().filter(|_| rest.is_empty())?;
    Some(words.map(u64::from_le_bytes))
}

/// Stores all blocks of an asset in place of those that are there.
pub fn replace_blocks(db: Db, schema: &str, id: i32, mut blocks: Vec<Block>) -> Result<()> {
    let wanted = Layer::ALL.map(|layer| blocks.iter().filter(|b| b.layer == layer).count() as i32);
    let sql = format!(
        "SELECT layer, block, first_ts, bars, print, emas FROM {} WHERE id = $1 AND tf = $2",
        relation(schema, INPUTS)
    );
    let mut surplus = false;
    let mut same: Vec<(Layer, usize)> = Vec::new();
    db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let layer = Layer::ALL.into_iter().find(|l| row.text(0) == Some(l.as_str()));
        let (Some(layer), Some(block)) = (layer, row.int(1)) else { return Ok(()) };
        surplus |= block >= wanted[layer as usize];
        let is_same = |b: &Block| {
            row.micros(2) == Some(b.print.first)
                && row.int(3) == Some(b.print.bars as i32)
                && row.bytes_at(4) == Some(&b.hash[..])
                && row.bytes_at(5) == b.emas.as_deref()
        };
        let stored = blocks.iter().find(|b| b.layer == layer && b.block == block as usize);
        same.extend(stored.filter(|b| is_same(b)).map(|b| (b.layer, b.block)));
        Ok(())
    })?;
    if surplus {
        let sql = format!(
            "DELETE FROM {} AS i USING ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::int[])) AS w (layer, blocks) \
             WHERE i.id = $1 AND i.tf = $2 AND i.layer = w.layer AND i.block >= w.blocks",
            relation(schema, INPUTS)
        );
        let layers = Layer::ALL.map(Layer::as_str).to_vec();
        db.execute_small(&sql, &[arg(id), arg(TF), arg(layers), arg(wanted.to_vec())])?;
    }
    blocks.retain(|b| !same.contains(&(b.layer, b.block)));
    store_blocks(db, schema, id, &blocks)
}

/// Stores blocks in place of those of the same number.
pub fn store_blocks(db: Db, schema: &str, id: i32, blocks: &[Block]) -> Result<()> {
    if blocks.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {} (id, tf, layer, block, first_ts, bars, print, emas) SELECT $1, $2, b.* \
         FROM ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::int[]), pg_catalog.unnest($5::timestamptz[]), \
         pg_catalog.unnest($6::int[]), pg_catalog.unnest($7::bytea[]), pg_catalog.unnest($8::bytea[])) AS b (layer, block, first_ts, bars, print, emas) \
         ON CONFLICT (id, tf, layer, block) DO UPDATE SET first_ts = excluded.first_ts, bars = excluded.bars, \
         print = excluded.print, emas = excluded.emas, updated_at = now()",
        relation(schema, INPUTS)
    );
    let args = [
        arg(id),
        arg(TF),
        arg(blocks.iter().map(|b| b.layer.as_str()).collect::<Vec<_>>()),
        arg(blocks.iter().map(|b| b.block as i32).collect::<Vec<_>>()),
        crate::pg::spi::timestamps_arg(blocks.iter().map(|b| Some(b.print.first)).collect()),
        arg(blocks.iter().map(|b| b.print.bars as i32).collect::<Vec<_>>()),
        arg(blocks.iter().map(|b| b.hash.clone()).collect::<Vec<_>>()),
        arg(blocks.iter().map(|b| b.emas.clone()).collect::<Vec<_>>()),
    ];
    db.execute_small(&sql, &args).map(|_| ())
}

/// The EMAs of a daily series, of no rows where there is none.
pub fn emas_of(daily: Option<&Series>) -> [&[f64]; 3] {
    daily.map_or([&[]; 3], |daily| daily.ema.each_ref().map(Vec::as_slice))
}
