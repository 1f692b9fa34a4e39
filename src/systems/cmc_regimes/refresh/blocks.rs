//! Fingerprints of bars, and daily EMAs, stored in blocks.

use std::collections::HashMap;

use regime_core::cmc_regimes::fingerprint::{BLOCK, Print};
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::series::Series;
use regime_core::hash::Hash;
use regime_core::{Layer, PerLayer};

use crate::pg::{Db, Micros, Result, Row, Sees, arg, internal, timestamps_arg, work_relation};
use crate::sync::working::Upsert;
use crate::systems::cmc_regimes::tables::{INPUTS, TF};

/// The stored fingerprints of the bars of assets in each layer, in the order of the blocks.
///
/// # Errors
/// A table of fingerprints that cannot be read.
pub fn prints(db: Db, schema: &str, ids: &[i32]) -> Result<Vec<PerLayer<Vec<Print>>>> {
    let sql = format!(
        "SELECT id, layer, block, first_ts, bars, print FROM {} WHERE id = ANY ($1) AND tf = $2",
        work_relation(schema, INPUTS)
    );
    let place = places(ids.iter().copied());
    let mut all: Vec<PerLayer<Vec<(i32, Print)>>> = ids.iter().map(|_| PerLayer::default()).collect();
    db.once().doing("read fingerprints of bars").rows(
        &sql,
        &[arg(ids.to_vec()), arg(TF)],
        Sees::Snapshot,
        |row| {
            let prints = &mut all[place[&row.get("id")?]][layer(row)?];
            // A damaged fingerprint is left out, like a missing one.
            let block = row.get("block")?;
            let (first, bars) = (row.get::<Micros>("first_ts")?.0, row.get::<i32>("bars")? as u32);
            prints
                .extend(Hash::from_bytes(row.get("print")?).map(|hash| (block, Print { first, bars, hash })));
            Ok(())
        },
    )?;
    let in_order = |mut prints: Vec<(i32, Print)>| {
        prints.sort_by_key(|(block, _)| *block);
        prints.into_iter().map(|(_, print)| print).collect()
    };
    Ok(all.into_iter().map(|of_asset| of_asset.map(in_order)).collect())
}

/// The fast, mid and slow EMA of each daily row.
pub type Emas = [Vec<f64>; 3];

/// The fast, mid and slow daily EMA of all rows of assets, each of which has so many rows; `None` where blocks are missing.
///
/// # Errors
/// A table of fingerprints that cannot be read.
pub fn emas(db: Db, schema: &str, assets: &[(i32, u64)]) -> Result<Vec<Option<Emas>>> {
    let sql = format!(
        "SELECT id, block, emas FROM {} WHERE id = ANY ($1) AND tf = $2 AND layer = 'L2'",
        work_relation(schema, INPUTS)
    );
    let place = places(assets.iter().map(|(id, _)| *id));
    let room = |(_, rows): &(i32, u64)| {
        let mut emas = [(); 3].map(|()| Vec::with_capacity(*rows as usize + BLOCK));
        emas.iter_mut().for_each(|ema| ema.resize(*rows as usize, f64::NAN));
        emas
    };
    let mut all: Vec<(Emas, u64)> = assets.iter().map(|asset| (room(asset), 0)).collect();
    let ids: Vec<i32> = assets.iter().map(|(id, _)| *id).collect();
    db.once().doing("read stored EMAs").rows(&sql, &[arg(ids), arg(TF)], Sees::Snapshot, |row| {
        let (emas, found) = &mut all[place[&row.get("id")?]];
        let from = row.get::<i32>("block")? as usize * BLOCK;
        let (values, _) = row.get::<Option<&[u8]>>("emas")?.unwrap_or_default().as_chunks::<8>();
        let (bars, _) = values.as_chunks::<3>();
        for (n, ema) in emas.iter_mut().enumerate() {
            if let Some(rows) = ema.get_mut(from..from + bars.len()) {
                rows.iter_mut().zip(bars).for_each(|(ema, bar)| *ema = f64::from_le_bytes(bar[n]));
            }
        }
        *found += bars.len() as u64;
        Ok(())
    })?;
    let whole = |((emas, found), (_, rows)): ((Emas, u64), &(i32, u64))| (found == *rows).then_some(emas);
    Ok(all.into_iter().zip(assets).map(whole).collect())
}

/// The place of each of these ids.
fn places(ids: impl Iterator<Item = i32>) -> HashMap<i32, usize> {
    ids.enumerate().map(|(place, id)| (id, place)).collect()
}

fn layer(row: &Row) -> Result<Layer> {
    let name = row.get::<&str>("layer")?;
    let layer = Layer::ALL.into_iter().find(|layer| layer.as_str() == name);
    layer.ok_or_else(|| internal(format!("{INPUTS} holds an unknown layer: {name}")))
}

/// A stored block of bars.
pub struct Block {
    layer: Layer,
    /// Its number in the layer, from 0.
    block: usize,
    print: Print,
    /// For L2, the fast, mid and slow EMA of each bar, 8 bytes each.
    emas: Option<Vec<u8>>,
}

/// The blocks that an outcome touches, by layer. `emas` are the fast, mid and slow daily EMA of all rows.
pub fn blocks(outcome: &Outcome, emas: [&[f64]; 3]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for layer in Layer::ALL {
        let prints = &outcome.prints[layer];
        let last = (outcome.memory.layers[layer].bars as usize).saturating_sub(1) / BLOCK;
        for (i, print) in prints.iter().enumerate() {
            let block = last + 1 + i - prints.len();
            let bars = block * BLOCK..block * BLOCK + print.bars as usize;
            let bytes = |bar: usize| emas.into_iter().flat_map(move |ema| ema[bar].to_le_bytes());
            let emas = (layer == Layer::L2).then(|| bars.flat_map(bytes).collect());
            blocks.push(Block { layer, block, print: *print, emas });
        }
    }
    blocks
}

/// Stores all blocks of an asset, in place of its stored blocks.
///
/// # Errors
/// A table of fingerprints that cannot be written.
pub fn replace_blocks(db: Db, schema: &str, id: i32, mut blocks: Vec<Block>) -> Result<()> {
    let wanted = PerLayer::from_fn(|layer| blocks.iter().filter(|b| b.layer == layer).count() as i32);
    let sql = format!(
        "SELECT layer, block, first_ts, bars, print, emas FROM {} WHERE id = $1 AND tf = $2",
        work_relation(schema, INPUTS)
    );
    let mut surplus = false;
    let mut same: Vec<(Layer, usize)> = Vec::new();
    db.by_key().doing("read fingerprints of bars").rows(
        &sql,
        &[arg(id), arg(TF)],
        Sees::Snapshot,
        |row| {
            let (layer, block) = (layer(row)?, row.get::<i32>("block")?);
            surplus |= block >= wanted[layer];
            let stored = (
                row.get::<Micros>("first_ts")?.0,
                row.get::<i32>("bars")?,
                Hash::from_bytes(row.get("print")?),
                row.get::<Option<&[u8]>>("emas")?,
            );
            let is_same = |b: &Block| {
                stored == (b.print.first, b.print.bars as i32, Some(b.print.hash), b.emas.as_deref())
            };
            let new = blocks.iter().find(|b| b.layer == layer && b.block == block as usize);
            same.extend(new.filter(|b| is_same(b)).map(|b| (b.layer, b.block)));
            Ok(())
        },
    )?;
    if surplus {
        let sql = format!(
            "DELETE FROM {} AS i USING ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::int[])) AS w (layer, blocks) \
             WHERE i.id = $1 AND i.tf = $2 AND i.layer = w.layer AND i.block >= w.blocks",
            work_relation(schema, INPUTS)
        );
        let layers = Layer::ALL.map(Layer::as_str).to_vec();
        db.doing("write fingerprints of bars")
            .execute_small(&sql, &[arg(id), arg(TF), arg(layers), arg(wanted.into_array().to_vec())])?;
    }
    blocks.retain(|b| !same.contains(&(b.layer, b.block)));
    store_blocks(db, schema, &[(id, blocks)])
}

/// Stores blocks of assets, in place of stored blocks with the same layer and number.
///
/// # Errors
/// A table of fingerprints that cannot be written.
pub fn store_blocks(db: Db, schema: &str, assets: &[(i32, Vec<Block>)]) -> Result<()> {
    let blocks = || assets.iter().flat_map(|(id, blocks)| blocks.iter().map(move |block| (*id, block)));
    let number = blocks().count();
    if number == 0 {
        return Ok(());
    }
    let upsert = Upsert {
        relation: &work_relation(schema, INPUTS),
        key: &["id", "tf", "layer", "block"],
        values: &["first_ts", "bars", "print", "emas"],
        stamp: "updated_at",
        only_changed: false,
        rows: "SELECT b.id, $2, b.layer, b.block, b.first_ts, b.bars, b.print, b.emas FROM ROWS FROM (pg_catalog.unnest($1::int[]), \
            pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::int[]), pg_catalog.unnest($5::timestamptz[]), pg_catalog.unnest($6::int[]), \
            pg_catalog.unnest($7::bytea[]), pg_catalog.unnest($8::bytea[])) AS b (id, layer, block, first_ts, bars, print, emas)",
    };
    let args = [
        arg(blocks().map(|(id, _)| id).collect::<Vec<_>>()),
        arg(TF),
        arg(blocks().map(|(_, b)| b.layer.as_str()).collect::<Vec<_>>()),
        arg(blocks().map(|(_, b)| b.block as i32).collect::<Vec<_>>()),
        timestamps_arg(blocks().map(|(_, b)| Some(b.print.first)).collect()),
        arg(blocks().map(|(_, b)| b.print.bars as i32).collect::<Vec<_>>()),
        arg(blocks().map(|(_, b)| b.print.hash.to_bytes()).collect::<Vec<_>>()),
        arg(blocks().map(|(_, b)| b.emas.clone()).collect::<Vec<_>>()),
    ];
    upsert.of(number).run(db, &args)
}

/// The fast, mid and slow EMA of a daily series; empty without a series.
pub fn emas_of(daily: Option<&Series>) -> [&[f64]; 3] {
    daily.map_or([&[]; 3], |daily| daily.ema.each_ref().map(Vec::as_slice))
}
