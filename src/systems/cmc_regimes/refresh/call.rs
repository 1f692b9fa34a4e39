//! Refreshing assets: which, one after the other, and one summary row each.

use std::collections::BTreeSet;

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::Layer;

use crate::output::entry::{About, Began, Entry, report_warning, with_grants};
use crate::output::run_log::Run;
use crate::output::set_up;
use crate::pg::error::{
    Error, Result, invalid_parameter, no_privilege, no_usage, null_argument, read_only_transaction,
};
use crate::pg::spi::{Db, Sees, arg};
use crate::pg::subtransaction::{attempt, attempt_unless_cancelled};
use crate::pg::{settings, spi};
use crate::source::build::distinct_ids;
use crate::source::dim_assets::DimAssets;
use crate::source::map;
use crate::source::map::Source;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::asset::{Call, Done};
use crate::systems::cmc_regimes::refresh::state::Basis;
use crate::systems::cmc_regimes::refresh::{dirty, notify, state};
use crate::systems::cmc_regimes::tables::{CMC, System};
use crate::systems::tracking;
use crate::track::marks::{ASSETS, Marks};

/// The timeframe of all output rows.
pub const TF: &str = "1D";

/// What a refresh did with an asset.
#[derive(Clone, Debug)]
pub struct Summary {
    pub id: i32,
    pub entry: Entry,
    /// Rows that the result holds: regimes, flips, statistics, comovement.
    pub rows: Option<[i64; 4]>,
    pub feature_tier: Option<&'static str>,
}

/// Which assets to refresh.
pub enum Assets {
    /// Every active asset.
    All,
    /// These.
    Listed(Vec<Option<i32>>),
}

/// How to refresh them.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub dry_run: bool,
    /// Compute all rows, whatever is known of them.
    pub full_refresh: bool,
    /// Only assets whose rows are not what a refresh would make of them.
    pub only_dirty: bool,
}

/// Refreshes assets, each whole or not at all.
pub fn refresh(assets: Assets, given: &Given, how: How) -> Result<Vec<Summary>> {
    if !how.dry_run && spi::transaction_is_read_only() {
        return Err(read_only_transaction("refresh_cmc_regimes()")
            .detail("regime_compute and dry_run => true only read."));
    }
    if how.full_refresh && how.only_dirty {
        return Err(invalid_parameter("full_refresh and only_dirty are both true")
            .hint("Leave one of them out: full_refresh computes assets whether they changed or not."));
    }
    let listed = match assets {
        Assets::Listed(ids) => Some(sorted_ids(ids)?),
        Assets::All => None,
    };
    spi::connect(|db| {
        let setup = params::load_held(db, given)?;
        let schema = settings::target_schema();
        set_up::prepare(db, &schema, &CMC, how.dry_run)?;
        let tracking = tracking::fingerprint(db, &schema, &setup.sources)?;
        if how.only_dirty && tracking.is_none() {
            return Err(tracking::not_tracked(db)?);
        }
        let engine = Engine::new(db, setup, None);
        let basis = engine.basis(tracking);
        let ids = match listed {
            Some(ids) => ids,
            None => ids_to_refresh(db, &engine, &schema, &basis)?,
        };
        let ids = if how.only_dirty { dirty::among(db, &engine, &schema, &basis, ids)? } else { ids };
        let call = Call {
            db,
            engine: &engine,
            schema: &schema,
            basis: &basis,
            full_refresh: how.full_refresh,
            dry_run: how.dry_run,
        };
        let log = Run::begin(&CMC);
        let lock_space = lock_space(db, &schema)?;
        let mut summaries = Vec::with_capacity(ids.len());
        let mut of_many = BTreeSet::new();
        for id in ids {
            let began = Began::now();
            // Outside the subtransaction, whose rollback would release the lock; in the order of
            // ids, so that two calls never wait for each other in a circle.
            if !how.dry_run {
                lock(db, lock_space, id)?;
            }
            let mut done = spi::in_own_memory(|| attempt(|| call.refresh(id)));
            of_many.extend(done.iter_mut().flat_map(|done| done.of_many.drain(..)));
            summaries.push(summary(&call, id, done, began));
        }
        if !of_many.is_empty() {
            settle(db, &schema, (&CMC, &ASSETS), of_many);
        }
        if !how.dry_run {
            log.end(db, &schema, engine.version_hash(), summaries.iter().map(|s| &s.entry));
        }
        Ok(summaries)
    })
}

/// Removes marks of many that have served. To leave them there harms nothing.
pub fn settle(db: Db, schema: &str, (system, marks): (&System, &Marks), of_many: BTreeSet<String>) {
    let of_many: Vec<String> = of_many.into_iter().collect();
    match attempt_unless_cancelled(|| marks.settle(db, schema, &of_many)) {
        Ok(()) => {}
        // By its snapshot they are there, but another session has removed them.
        Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE => {}
        Err(error) => {
            let error = with_grants(error, system, schema);
            report_warning(&format!("marks of many {} are not removed", system.subject[1]), &error, None);
        }
    }
}

pub fn sorted_ids(ids: Vec<Option<i32>>) -> Result<Vec<i32>> {
    let mut ids: Vec<i32> = ids
        .into_iter()
        .collect::<Option<_>>()
        .ok_or_else(|| null_argument("an element of ids").hint("Pass array_remove(ids, NULL)."))?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Every active asset of `dim_assets`, which sits beside the daily bars; without that table or its
/// `is_active`, every id with daily bars.
pub fn all_ids(db: Db, setup: &params::Setup) -> Result<Vec<i32>> {
    match &setup.sources[Layer::L2 as usize] {
        Some(daily) => Ok(ids_of(db, daily)?.0),
        None => Ok(Vec::new()),
    }
}

/// [`all_ids`] of an engine; where no table lists them, also assets that were computed from the same sources and
/// have no bars any more.
pub fn ids_to_refresh(db: Db, engine: &Engine, schema: &str, basis: &Basis) -> Result<Vec<i32>> {
    let Some(daily) = engine.reader(Layer::L2) else { return Ok(Vec::new()) };
    let (mut ids, is_listed) = ids_of(db, daily.source())?;
    if !is_listed && set_up::is_set_up(db, schema, &CMC)? {
        let sql =
            format!("SELECT id FROM {}.{} WHERE tf = $1 AND sources = $2", quoted(schema), state::STATE);
        db.rows(&sql, &[arg(TF), arg(basis.sources.as_str())], Sees::Now, |row| {
            ids.extend(row.int(0));
            Ok(())
        })?;
        ids.sort_unstable();
        ids.dedup();
    }
    Ok(ids)
}

/// The ids of all assets, and whether a table lists them.
fn ids_of(db: Db, daily: &Source) -> Result<(Vec<i32>, bool)> {
    let listed = DimAssets::find(db, &daily.bars_schema, Sees::Now)?
        .filter(|dim| dim.id.is_some() && dim.is_active.is_some());
    let mut ids = Vec::new();
    let mut take = |row: &spi::Tuple| {
        let id = row.long(0).unwrap_or_default();
        ids.push(i32::try_from(id).map_err(|_| too_large(id))?);
        Ok(())
    };
    if let Some(dim) = &listed {
        dim.check_readable(&[dim.id, dim.is_active])?;
        let sql =
            format!("SELECT id::int8 FROM {} WHERE is_active AND id IS NOT NULL ORDER BY id", dim.relation);
        db.rows(&sql, &[], Sees::Now, &mut take)?;
    } else {
        let sql = distinct_ids(&daily.bars.sql, &daily.bars.id, &daily.bars.shared_condition);
        db.rows(&sql, &[arg(daily.tf.as_deref())], Sees::Now, &mut take)?;
    }
    Ok((ids, listed.is_some()))
}

/// An id that no output row can have.
pub fn too_large(id: i64) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
        format!("asset id {id} is outside the range of int"),
    )
    .hint("Name the assets to refresh: refresh_cmc_regimes(ids => '{1,2}').")
}

/// The first key of this schema's advisory locks; the second is the asset.
fn lock_space(db: Db, schema: &str) -> Result<i32> {
    let sql =
        "SELECT hashtext('pg_regime') # oid::int4 FROM pg_catalog.pg_namespace WHERE nspname = $1::name";
    Ok(db.first(sql, &[arg(schema)], Sees::Now, |row| Ok(row.int(0)))?.flatten().unwrap_or(0))
}

/// Waits for the asset; held to the end of the transaction.
fn lock(db: Db, space: i32, id: i32) -> Result<()> {
    db.rows("SELECT pg_advisory_xact_lock($1, $2)", &[arg(space), arg(id)], Sees::Now, |_| Ok(()))
}

/// What an asset is in a result and in the log.
pub fn about(id: i32) -> About<'static> {
    About { system: &CMC, id: Some(id), name: None, lacks: "daily bars" }
}

fn summary(call: &Call, id: i32, done: Result<Done>, began: Began) -> Summary {
    let version = call.engine.version_hash();
    let (entry, done) =
        about(id).entry(done, version, call.engine.rows_read(), call.schema, call.dry_run, began);
    if let Some(done) = &done
        && !call.dry_run
    {
        notify::newest_regime(id, done.newest.clone());
    }
    let rows = done.as_ref().map(|done| done.rows);
    let tier = done.filter(|done| done.rows[0] > 0).map(|done| done.feature_tier);
    Summary { id, entry, rows, feature_tier: tier }
}

/// A relation of the target schema, quoted, that is there and may be read.
pub fn output_relation(db: Db, name: &str) -> Result<String> {
    let schema = settings::target_schema();
    let relation = format!("{}.{name}", quoted(&schema));
    match spi::readable(&schema, name) {
        Some(true) => Ok(relation),
        Some(false) if !spi::may_use(&schema) => Err(no_usage(&schema, &map::current_user())),
        Some(false) => Err(no_privilege(&relation, "SELECT", &map::current_user())),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("output table {relation} does not exist"),
        )
        .hint(format!(
            "SELECT {}.regime_setup({}); or name the schema it is in: SET pg_regime.target_schema = '…';",
            map::extension_schema(db)?,
            pgrx::spi::quote_literal(&schema)
        ))),
    }
}
