//! Fingerprints of bars and daily EMAs, stored block by block.

use regime_core::cmc_regimes::fingerprint::{BLOCK, Print};
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::series::Series;
use regime_core::hash::Hash;
use regime_core::{Layer, PerLayer};

use crate::pg::arg::arg;
use crate::pg::catalog::work_relation;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::systems::cmc_regimes::tables::{INPUTS, TF};

/// The stored fingerprints of an asset's bars, by layer.
pub fn prints(db: Db, schema: &str, id: i32) -> Result<PerLayer<Vec<Print>>> {
    let sql = format!(
        "SELECT layer, first_ts, bars, print FROM {} WHERE id = $1 AND tf = $2 ORDER BY layer, block",
        work_relation(schema, INPUTS)
    );
    let mut prints = PerLayer::<Vec<Print>>::default();
    db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let layer = Layer::ALL.into_iter().find(|l| row.text(0) == Some(l.as_str()));
        let hash = row.bytes_at(3).and_then(Hash::from_bytes);
        if let (Some(layer), Some(first), Some(bars), Some(hash)) = (layer, row.micros(1), row.int(2), hash) {
            prints[layer].push(Print { first, bars: bars as u32, hash });
        }
        Ok(())
    })?;
    Ok(prints)
}

/// The daily EMAs of all of an asset's rows.
pub fn emas(db: Db, schema: &str, id: i32, rows: u64) -> Result<[Vec<f64>; 3]> {
    let sql = format!(
        "SELECT emas FROM {} WHERE id = $1 AND tf = $2 AND layer = 'L2' ORDER BY block",
        work_relation(schema, INPUTS)
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
        let prints = &outcome.prints[layer];
        let last = (outcome.memory.layers[layer].bars as usize).saturating_sub(1) / BLOCK;
        for (i, print) in prints.iter().enumerate() {
            let block = last + 1 + i - prints.len();
            let bars = block * BLOCK..block * BLOCK + print.bars as usize;
            let bytes = |bar: usize| emas.into_iter().flat_map(move |ema| ema[bar].to_le_bytes());
            let hash = print.hash.to_bytes();
            let emas = (layer == Layer::L2).then(|| bars.flat_map(bytes).collect());
            blocks.push(Block { layer, block, print: *print, hash, emas });
        }
    }
    blocks
}

/// Stores all blocks of an asset in place of those that are there.
pub fn replace_blocks(db: Db, schema: &str, id: i32, mut blocks: Vec<Block>) -> Result<()> {
    let wanted = PerLayer::from_fn(|layer| blocks.iter().filter(|b| b.layer == layer).count() as i32);
    let sql = format!(
        "SELECT layer, block, first_ts, bars, print, emas FROM {} WHERE id = $1 AND tf = $2",
        work_relation(schema, INPUTS)
    );
    let mut surplus = false;
    let mut same: Vec<(Layer, usize)> = Vec::new();
    db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
        let layer = Layer::ALL.into_iter().find(|l| row.text(0) == Some(l.as_str()));
        let (Some(layer), Some(block)) = (layer, row.int(1)) else { return Ok(()) };
        surplus |= block >= wanted[layer];
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
            work_relation(schema, INPUTS)
        );
        let layers = Layer::ALL.map(Layer::as_str).to_vec();
        db.execute_small(&sql, &[arg(id), arg(TF), arg(layers), arg(wanted.into_array().to_vec())])?;
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
        work_relation(schema, INPUTS)
    );
    let args = [
        arg(id),
        arg(TF),
        arg(blocks.iter().map(|b| b.layer.as_str()).collect::<Vec<_>>()),
        arg(blocks.iter().map(|b| b.block as i32).collect::<Vec<_>>()),
        crate::pg::arg::timestamps_arg(blocks.iter().map(|b| Some(b.print.first)).collect()),
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
