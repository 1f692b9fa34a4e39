//! Which assets a refresh would change, told by marks and states alone.

use std::collections::{HashMap, HashSet};

use regime_core::Layer;

use crate::pg::{Db, Result, Sees, arg, work_relation};
use crate::source::symbols;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::proxy::ProxyPrint;
use crate::systems::cmc_regimes::tables::{ASSETS, STATE, TF};

/// What a stored state knows of its asset.
struct Known {
    basis: Basis,
    /// The stored fingerprint of the market proxy, for an asset that depends on it.
    proxy: Option<String>,
}

/// The assets, in the given order, that are marked, were computed on another basis, depend on a market proxy that
/// has changed, or have bars and no state.
///
/// # Errors
/// Sources or working tables that cannot be read.
pub fn among(db: Db, engine: &Engine, schema: &str, basis: &Basis, ids: Vec<i32>) -> Result<Vec<i32>> {
    db.with_new_snapshot(|| {
        let marked: HashSet<i32> = db
            .by_key()
            .all(&ASSETS.all(schema), &[], Sees::Snapshot, |row| row.only())?
            .into_iter()
            .collect();
        let states = states(db, schema)?;
        let named = engine.symbols().map(|dim| symbols::named(db, dim, None)).transpose()?;
        let named = |id: i32| named.as_ref().map(|named| named.get(&id));
        let is_marked = |id: i32| {
            marked.contains(&id) || named(id).flatten().is_some_and(|named| marked.contains(&named.key))
        };
        let of_asset = |id| basis.of(named(id));
        let mut dirty = Vec::new();
        for id in ids {
            let is_dirty = is_marked(id)
                || match states.get(&id) {
                    None => has_bars(db, engine, id)?,
                    Some(known) if known.basis != of_asset(id) => true,
                    Some(Known { proxy: Some(before), .. }) => proxy_has_changed(engine, before),
                    Some(_) => false,
                };
            if is_dirty {
                dirty.push(id);
            }
        }
        Ok(dirty)
    })
}

/// Whether the market proxy differs from the one of a stored fingerprint, or the fingerprint cannot be read.
pub fn proxy_has_changed(engine: &Engine, before: &str) -> bool {
    ProxyPrint::parse(before).is_none_or(|before| engine.proxy_has_changed(before))
}

fn states(db: Db, schema: &str) -> Result<HashMap<i32, Known>> {
    let sql =
        format!("SELECT id, {}, proxy FROM {} WHERE tf = $1", Basis::COLUMNS, work_relation(schema, STATE));
    let states = db.anew().all(&sql, &[arg(TF)], Sees::Snapshot, |row| {
        Ok((row.get("id")?, Known { basis: Basis::read(row)?, proxy: row.get("proxy")? }))
    })?;
    Ok(states.into_iter().collect())
}

fn has_bars(db: Db, engine: &Engine, id: i32) -> Result<bool> {
    let Some(daily) = engine.reader(Layer::L2).map(|reader| reader.source()) else { return Ok(false) };
    let sql = format!(
        "SELECT true FROM {} WHERE {} AND {} LIMIT 1",
        daily.bars.sql,
        daily.bars.is("$2"),
        daily.bars.shared_condition
    );
    let args = [arg(daily.tf.as_deref()), arg(id)];
    Ok(db.first(&sql, &args, Sees::Snapshot, |_| Ok(()))?.is_some())
}
