//! Stored flips and statistics of assets, as their tables have them.

use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::periods::simple_return;

use crate::output::desk::newest_of_each;
use crate::output::relation::output_relation;
use crate::pg::{Db, Micros, Result, Sees, arg, attempt, check_order, timestamp_arg, utc};
use crate::systems::cmc_regimes::read::history::{Closes, recent};
use crate::systems::cmc_regimes::tables::{FLIPS, STATS, TF};

/// A change of regime.
pub struct Flip {
    pub id: i32,
    /// The time of the first row after it, in microseconds since 2000.
    pub ts: i64,
    /// The regime before, and after.
    pub regimes: [Option<String>; 2],
    /// Rows that the regime before lasted.
    pub bars: Option<i32>,
    /// The simple return from the close of the first row to that of the newest row of the asset; `None` where a close is unknown.
    pub return_since: Option<f64>,
}

/// The flips of a layer, of one asset or of all, by asset and time; both ends of the span are included, and of each asset at most
/// `n`, the newest.
///
/// # Errors
/// Where the span ends before it begins, and where the table cannot be read.
pub fn flips(
    db: Db,
    asset: Option<i32>,
    layer: FlipLayer,
    span: [Option<i64>; 2],
    n: Option<usize>,
) -> Result<Vec<Flip>> {
    check_order(["from_ts", "to_ts"], span, utc)?;
    let of_asset = if asset.is_some() { "id = $1" } else { "$1 IS NULL" };
    let sql = format!(
        "SELECT id::int AS id, ts::timestamptz AS ts, old_regime::text AS old, new_regime::text AS new, duration_bars::int AS bars FROM {} \
         WHERE {of_asset} AND tf = $2 AND layer = $3 AND ts >= coalesce($4, '-infinity') AND ts <= coalesce($5, 'infinity') ORDER BY 1, 2",
        output_relation(db, &FLIPS)?
    );
    let [from, to] = span.map(timestamp_arg);
    let args = [arg(asset), arg(TF), arg(layer.as_str()), from, to];
    let found = db.all(&sql, &args, Sees::Snapshot, |row| {
        let Micros(ts) = row.get("ts")?;
        Ok(Flip {
            id: row.get("id")?,
            ts,
            regimes: [row.get("old")?, row.get("new")?],
            bars: row.get("bars")?,
            return_since: None,
        })
    })?;
    let mut found = newest_of_each(found, n, |a, b| a.id == b.id);
    for of_asset in found.chunk_by_mut(|a, b| a.id == b.id) {
        pgrx::check_for_interrupts!();
        let (id, first) = (of_asset[0].id, of_asset[0].ts);
        // A role that may read the outputs only still gets the flips.
        let closes = || Ok((Closes::read(db, id)?, recent(db, id, layer, first)?.newest));
        let Ok((closes, Some(newest))) = attempt(closes) else { continue };
        for flip in of_asset {
            flip.return_since = simple_return(closes.at(flip.ts), closes.at(newest));
        }
    }
    Ok(found)
}

/// The statistics of a regime of an asset.
pub struct OfRegime {
    pub id: i32,
    pub regime_key: Option<String>,
    /// Daily rows.
    pub n: Option<i64>,
    /// The share of the rows of the asset.
    pub share: Option<f64>,
    /// Mean and standard deviation of the returns from one daily close to the next.
    pub mean: Option<f64>,
    pub std: Option<f64>,
}

/// The statistics of each regime, of one asset or of all, by asset, the most frequent regime first.
///
/// # Errors
/// Where the table cannot be read.
pub fn statistics(db: Db, asset: Option<i32>) -> Result<Vec<OfRegime>> {
    let of_asset = if asset.is_some() { "id = $1" } else { "$1 IS NULL" };
    let sql = format!(
        "SELECT id::int AS id, regime_key::text AS regime_key, n_bars::int8 AS n, pct_of_history::float8 AS share, avg_ret_1d::float8 AS mean, \
         std_ret_1d::float8 AS std FROM {} WHERE {of_asset} AND tf = $2 ORDER BY 1, 3 DESC, regime_key::text COLLATE \"C\"",
        output_relation(db, &STATS)?
    );
    db.all(&sql, &[arg(asset), arg(TF)], Sees::Snapshot, |row| {
        Ok(OfRegime {
            id: row.get("id")?,
            regime_key: row.get("regime_key")?,
            n: row.get("n")?,
            share: row.get("share")?,
            mean: row.get("mean")?,
            std: row.get("std")?,
        })
    })
}
