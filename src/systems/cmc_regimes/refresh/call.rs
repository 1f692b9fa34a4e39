//! A refresh call: which assets, one after another, and a summary of each.

use crate::output::entry::{self, About, Done, Entry};
use crate::output::refresh::{Attempt, Refreshed};
use crate::output::set_up;
use crate::pg::{
    Result, attempt, invalid_parameter, lock, lock::lock_subject, memory, read_only_transaction, session,
    settings, spi,
};
use crate::systems::cmc_regimes::assets::{ids_to_refresh, sorted_ids};
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::asset::{Call, OfAsset};
use crate::systems::cmc_regimes::refresh::{dirty, notify};
use crate::systems::cmc_regimes::tables::CMC;
use crate::systems::cmc_regimes::{params, tracked};

/// The summary of an asset that was refreshed.
#[derive(Clone, Debug)]
pub struct Summary {
    pub id: i32,
    pub entry: Entry,
    /// Rows in the output tables, in the order of [`TABLES`](crate::systems::cmc_regimes::tables::TABLES); `None` after
    /// a failure.
    pub rows: Option<[i64; 4]>,
    /// `None` without rows.
    pub feature_tier: Option<&'static str>,
}

/// How to refresh assets.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub dry_run: bool,
    /// Compute all rows, whether their inputs changed or not.
    pub full_refresh: bool,
    /// Only assets whose rows a refresh would change.
    pub only_dirty: bool,
}

/// Refreshes assets, or every active asset, in ascending order, each whole or not at all (specification 2, Refresh).
///
/// # Errors
/// Options that exclude each other, a read-only transaction, parameters or sources that cannot be used, `only_dirty`
/// without tracking, or a cancel; an asset that fails is told in its summary.
pub fn refresh(ids: Option<Vec<Option<i32>>>, given: &Given, how: How) -> Result<Vec<Summary>> {
    if !how.dry_run && session::transaction_is_read_only() {
        return Err(
            read_only_transaction("refresh_cmc_regimes()").detail("A call with dry_run => true only reads.")
        );
    }
    if how.full_refresh && how.only_dirty {
        return Err(invalid_parameter("full_refresh and only_dirty are both true")
            .hint("Leave one of them out: full_refresh computes assets whether they changed or not."));
    }
    let listed = ids.map(sorted_ids).transpose()?;
    spi::connect(|db| {
        let setup = params::load_held(db, given)?;
        let schema = settings::target_schema();
        set_up::prepare(db, &schema, &CMC, how.dry_run)?;
        let tracking = tracked::tracking(db, &schema, &setup.sources)?;
        if how.only_dirty && tracking.is_none() {
            return Err(tracked::not_tracked(db, &setup.sources)?);
        }
        let engine = Engine::new(db, setup, None);
        let is_marked = tracking.as_ref().is_some_and(|tracking| tracking.is_complete());
        let basis = engine.basis(db, &schema, tracking.map(|tracking| tracking.fingerprint.clone()))?;
        let ids = match listed {
            Some(ids) => ids,
            None => ids_to_refresh(db, &engine, &schema, &basis)?,
        };
        let ids =
            if how.only_dirty && is_marked { dirty::among(db, &engine, &schema, &basis, ids)? } else { ids };
        let of_asset = Call {
            db,
            engine: &engine,
            schema: &schema,
            basis: &basis,
            is_marked,
            full_refresh: how.full_refresh,
            dry_run: how.dry_run,
        };
        let space = lock::space(db, &schema)?;
        let version = engine.version_hash();
        let call = entry::Call { db, system: &CMC, schema: &schema, version, dry_run: how.dry_run };
        let lock = |id: &i32| {
            lock_subject(db, space, *id);
            Ok(())
        };
        let attempt = |id: &i32| {
            let done = memory::in_own_memory(|| attempt(|| of_asset.refresh(*id)));
            Attempt { read: engine.rows_read(), done }
        };
        let all = call.each(ids, |id| about(*id, given), lock, attempt)?;
        Ok(all.into_iter().map(|refreshed| summary(refreshed, how.dry_run)).collect())
    })
}

/// An asset as the subject of an entry.
pub fn about(id: i32, given: &Given) -> About<'_> {
    About {
        system: &CMC,
        id: Some(id),
        name: None,
        cal_scheme: given.cal_scheme.as_deref(),
        lacks: "daily bars",
    }
}

fn summary(refreshed: Refreshed<i32, OfAsset>, dry_run: bool) -> Summary {
    let Refreshed { subject: id, entry, done } = refreshed;
    let Some(Done { rows, more, .. }) = done else {
        return Summary { id, entry, rows: None, feature_tier: None };
    };
    if !dry_run {
        notify::newest_regime(id, more.before, more.after);
    }
    Summary { id, entry, rows: Some(more.rows), feature_tier: (rows > 0).then_some(more.feature_tier) }
}
