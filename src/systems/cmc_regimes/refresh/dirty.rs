//! Which assets' rows are not what a refresh would make of them, by marks and states alone.

use std::collections::{HashMap, HashSet};

use regime_core::Layer;

use crate::pg::arg::arg;
use crate::pg::catalog::work_relation;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::{Engine, proxy_text};
use crate::systems::cmc_regimes::tables::{ASSETS, STATE, TF};

/// What a state says of an asset, as far as it matters here.
struct Known {
    basis: Basis,
    proxy: Option<String>,
}

/// Those of the assets, in their order, that are marked, were computed on another basis, depend on a
/// market proxy that has changed, or have bars and no state.
pub fn among(db: Db, engine: &Engine, schema: &str, basis: &Basis, ids: Vec<i32>) -> Result<Vec<i32>> {
    db.with_new_snapshot(|| {
        let marked = marked(db, schema)?;
        let states = states(db, schema)?;
        let mut dirty = Vec::new();
        for id in ids {
            let is_dirty = marked.contains(&id)
                || match states.get(&id) {
                    None => has_bars(db, engine, id)?,
                    Some(known) if known.basis != *basis => true,
                    Some(known) => {
                        known.proxy.as_ref().is_some_and(|before| proxy_has_changed(engine, before))
                    }
                };
            if is_dirty {
                dirty.push(id);
            }
        }
        Ok(dirty)
    })
}

/// Whether the market proxy is another than it was when rows that depend on it were computed, by the fingerprint
/// of it in their state. The proxy is read at the first call alone.
pub fn proxy_has_changed(engine: &Engine, before: &str) -> bool {
    // The moment up to which it mattered stands behind its fingerprint.
    let until = before.split(' ').nth(1).and_then(|until| until.parse().ok());
    let now = |proxy| proxy_text(proxy, until.unwrap_or(i64::MAX));
    // Where the proxy cannot be used, the refresh of the asset says so.
    engine.proxy().map_or(true, |proxy| before != now(proxy))
}

fn marked(db: Db, schema: &str) -> Result<HashSet<i32>> {
    let mut marked = HashSet::new();
    db.rows(&ASSETS.all(schema), &[], Sees::Snapshot, |row| {
        marked.extend(row.int(0));
        Ok(())
    })?;
    Ok(marked)
}

fn states(db: Db, schema: &str) -> Result<HashMap<i32, Known>> {
    let sql = format!(
        "SELECT id, regime_version_hash, policy_hash, sources, tracking, proxy FROM {} WHERE tf = $1",
        work_relation(schema, STATE)
    );
    let mut states = HashMap::new();
    db.rows(&sql, &[arg(TF)], Sees::Snapshot, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        let basis =
            Basis { version_hash: text(1), policy_hash: text(2), sources: text(3), tracking: row.string(4) };
        let known = Known { basis, proxy: row.string(5) };
        states.extend(row.int(0).map(|id| (id, known)));
        Ok(())
    })?;
    Ok(states)
}

fn has_bars(db: Db, engine: &Engine, id: i32) -> Result<bool> {
    let Some(daily) = engine.reader(Layer::L2).map(|reader| reader.source()) else { return Ok(false) };
    let sql = format!(
        "SELECT true FROM {} WHERE {} = $2 AND {} LIMIT 1",
        daily.bars.sql, daily.bars.id, daily.bars.shared_condition
    );
    let args = [arg(daily.tf.as_deref()), arg(id)];
    Ok(db.first(&sql, &args, Sees::Snapshot, |_| Ok(()))?.is_some())
}
