//! Refreshing assets: which, one after the other, and one summary row each.

use std::time::Instant;

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::Layer;

use crate::asset::{Call, Done, Mode};
use crate::compute::Engine;
use crate::db::{self, Db, Sees, arg};
use crate::error::{Error, Result, invalid_parameter, no_privilege, null_argument, read_only_transaction};
use crate::inputs::distinct_ids;
use crate::params::{self, Given};
use crate::subxact::attempt;
use crate::write::Written;
use crate::{dirty, guc, notify, output, run_log, source, tracking};

/// The timeframe of all output rows.
pub const TF: &str = "1D";

/// What a refresh did with an asset.
#[derive(Clone, Debug)]
pub struct Summary {
    pub id: i32,
    pub status: &'static str,
    /// Rows that the result holds: regimes, flips, statistics, comovement.
    pub rows: Option<[i64; 4]>,
    pub written: Written,
    pub feature_tier: Option<&'static str>,
    pub version_hash: String,
    pub elapsed_ms: f64,
    pub message: Option<String>,
    pub mode: Option<Mode>,
    /// Why all rows were computed.
    pub reason: Option<String>,
    /// Bars and EMAs.
    pub rows_read: u64,
    /// When it began, in microseconds since 2000.
    pub started: i64,
    /// What went wrong.
    pub error: Option<Error>,
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
    if !how.dry_run && db::transaction_is_read_only() {
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
    db::connect(|db| {
        let setup = params::load_held(db, given)?;
        let schema = guc::target_schema();
        if !output::is_set_up(db, &schema)? {
            output::check_schema(db, &schema)?;
            if !how.dry_run {
                output::set_up(db, &schema)?;
            }
        }
        let tracking = tracking::fingerprint(db, &schema, &setup.sources)?;
        if how.only_dirty && tracking.is_none() {
            return Err(tracking::not_tracked(db)?);
        }
        let ids = match listed {
            Some(ids) => ids,
            None => all_ids(db, &setup)?,
        };
        let engine = Engine::new(db, setup, None);
        let basis = engine.basis(tracking);
        let ids = if how.only_dirty { dirty::among(db, &engine, &schema, &basis, ids)? } else { ids };
        let call = Call {
            db,
            engine: &engine,
            schema: &schema,
            basis: &basis,
            full_refresh: how.full_refresh,
            dry_run: how.dry_run,
        };
        let log = run_log::Run::begin();
        let lock_space = lock_space(db, &schema)?;
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            pgrx::check_for_interrupts!();
            let started = (Instant::now(), db::clock());
            // Outside the subtransaction, whose rollback would release the lock; in the order of
            // ids, so that two calls never wait for each other in a circle.
            if !how.dry_run {
                lock(db, lock_space, id)?;
            }
            let done = db::in_own_memory(|| attempt(|| call.refresh(id)));
            summaries.push(summary(&call, id, done, started));
        }
        if !how.dry_run {
            // The rows matter more than the log of them.
            if let Err(error) = attempt(|| log.end(db, &schema, engine.version_hash(), &summaries)) {
                report_warning(
                    "this refresh is missing in cmc_regime_run_log",
                    &with_grants(error, &schema),
                    None,
                );
            }
        }
        Ok(summaries)
    })
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
    let Some(daily) = &setup.sources[Layer::L2 as usize] else { return Ok(Vec::new()) };
    let dim_assets = format!("{}.dim_assets", quoted(&daily.bars_schema));
    let sql = "SELECT true FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND NOT attisdropped \
         AND (attname = 'is_active' AND atttypid = 'boolean'::regtype OR attname = 'id' AND atttypid = ANY ('{int2,int4,int8}'::regtype[])) \
         HAVING count(*) = 2";
    let listed = db.first(sql, &[arg(dim_assets.as_str())], Sees::Now, |_| Ok(()))?.is_some();
    let mut ids = Vec::new();
    let mut take = |row: &db::Tuple| {
        let id = row.long(0).unwrap_or_default();
        ids.push(i32::try_from(id).map_err(|_| too_large(id))?);
        Ok(())
    };
    if listed {
        if db::readable(&daily.bars_schema, "dim_assets") != Some(true) {
            return Err(no_privilege(&dim_assets, "SELECT", &source::current_user()));
        }
        let sql = format!("SELECT id::int8 FROM {dim_assets} WHERE is_active AND id IS NOT NULL ORDER BY id");
        db.rows(&sql, &[], Sees::Now, &mut take)?;
    } else {
        let sql = distinct_ids(&daily.bars.sql, &daily.bars.id, &daily.bars.shared_condition);
        db.rows(&sql, &[arg(daily.tf.as_deref())], Sees::Now, &mut take)?;
    }
    Ok(ids)
}

fn too_large(id: i64) -> Error {
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

fn is_privilege(error: &Error) -> bool {
    // A row-level security policy has the same code, but no grant helps there.
    let report = error.report();
    report.code == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE
        && report.message.starts_with("permission denied")
}

/// The error with the grants that would have prevented it.
pub fn with_grants(error: Error, schema: &str) -> Error {
    if error.report().hint.is_some() || !is_privilege(&error) {
        return error;
    }
    error.hint(output::grants(schema, &source::current_user()))
}

fn summary(call: &Call, id: i32, done: Result<Done>, (began, started): (Instant, i64)) -> Summary {
    let mut summary = Summary {
        id,
        status: "failed",
        rows: None,
        written: Written::default(),
        feature_tier: None,
        version_hash: call.engine.version_hash().to_owned(),
        elapsed_ms: 0.0,
        message: None,
        mode: None,
        reason: None,
        rows_read: call.engine.rows_read(),
        started,
        error: None,
    };
    match done {
        Ok(done) => {
            let changes = done.written.total();
            summary.status = match (call.dry_run, done.rows[0], changes) {
                (true, ..) => "dry_run",
                (_, 0, _) => "empty",
                (.., 0) => "unchanged",
                _ => "ok",
            };
            summary.message = match (call.dry_run, done.rows[0]) {
                (true, _) => {
                    Some(format!("would write {changes} row{}", if changes == 1 { "" } else { "s" }))
                }
                (_, 0) if changes > 0 => Some(format!("no daily bars any more: {changes} rows were deleted")),
                (_, 0) => Some("no daily bars".to_owned()),
                _ => None,
            };
            if done.rows[0] == 0 && changes > 0 && !call.dry_run {
                pgrx::warning!("asset {id} has no daily bars any more: {changes} rows were deleted");
            }
            summary.rows = Some(done.rows);
            summary.feature_tier = (done.rows[0] > 0).then_some(done.feature_tier);
            summary.mode = Some(done.mode);
            summary.reason = done.reason;
            if !call.dry_run {
                summary.written = done.written;
                notify::newest_regime(id, done.newest);
            }
        }
        Err(error) => {
            let error = with_grants(error, call.schema);
            warn(&format!("refresh of asset {id} failed"), &error);
            summary.message = Some(error.report().message.clone());
            summary.error = Some(error);
        }
    }
    summary.elapsed_ms = (began.elapsed().as_micros() as f64) / 1000.0;
    summary
}

/// Tells what was not done for one asset, and why; the others go on.
pub fn warn(what: &str, error: &Error) {
    report_warning(what, error, Some("Its earlier rows are kept."));
}

/// An error of one asset, or of what comes beside, as a WARNING.
pub fn report_warning(what: &str, error: &Error, consequence: Option<&str>) {
    let report = error.report();
    let mut warning =
        pg_sys::panic::ErrorReport::new(report.code, format!("{what}: {}", report.message), "pg_regime");
    let details: Vec<&str> = report.detail.as_deref().into_iter().chain(consequence).collect();
    if !details.is_empty() {
        warning = warning.set_detail(details.join(" "));
    }
    if let Some(hint) = &report.hint {
        warning = warning.set_hint(hint);
    }
    warning.report(PgLogLevel::WARNING);
}

/// A relation of the target schema, quoted, that is there and may be read.
pub fn output_relation(db: Db, name: &str) -> Result<String> {
    let schema = guc::target_schema();
    let relation = format!("{}.{name}", quoted(&schema));
    match db::readable(&schema, name) {
        Some(true) => Ok(relation),
        Some(false) => Err(no_privilege(&relation, "SELECT", &source::current_user())),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("output table {relation} does not exist"),
        )
        .hint(format!(
            "SELECT {}.regime_setup({}); or name the schema it is in: SET pg_regime.target_schema = '…';",
            source::extension_schema(db)?,
            spi::quote_literal(&schema)
        ))),
    }
}
