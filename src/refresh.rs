//! Refreshing assets: lock, read, compute, write what differs; one summary row each.

use std::time::Instant;

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::Layer;
use regime_core::pipeline::Outcome;

use crate::compute::Engine;
use crate::content;
use crate::db::{self, Db, Sees, arg};
use crate::error::{Error, Result, no_privilege, null_argument, read_only_transaction};
use crate::inputs::distinct_ids;
use crate::output;
use crate::params::{self, Given};
use crate::read::Reader;
use crate::subxact::attempt;
use crate::write::{Value, Written, sync};
use crate::{guc, source};

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
}

/// Which assets to refresh.
pub enum Assets {
    /// Every active asset.
    All,
    /// These.
    Listed(Vec<Option<i32>>),
}

/// Refreshes assets, each whole or not at all.
pub fn refresh(assets: Assets, given: &Given, dry_run: bool) -> Result<Vec<Summary>> {
    if !dry_run && db::transaction_is_read_only() {
        return Err(read_only_transaction("refresh_cmc_regimes()")
            .detail("regime_compute and dry_run => true only read."));
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
            if !dry_run {
                output::set_up(db, &schema)?;
            }
        }
        let ids = match listed {
            Some(ids) => ids,
            None => all_ids(db, &setup)?,
        };
        let engine = Engine::new(db, setup, None);
        let lock_space = lock_space(db, &schema)?;
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            pgrx::check_for_interrupts!();
            let started = Instant::now();
            // Outside the subtransaction, whose rollback would release the lock; in the order of
            // ids, so that two calls never wait for each other in a circle.
            if !dry_run {
                lock(db, lock_space, id)?;
            }
            let done = db::in_own_memory(|| attempt(|| one(db, &engine, &schema, id, dry_run)));
            summaries.push(summary(id, done, dry_run, &schema, &engine.version_hash, started));
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
fn all_ids(db: Db, setup: &params::Setup) -> Result<Vec<i32>> {
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

struct Done {
    rows: [i64; 4],
    written: Written,
    feature_tier: &'static str,
}

fn one(db: Db, engine: &Engine, schema: &str, id: i32, dry_run: bool) -> Result<Done> {
    let set_up = !dry_run || output::is_set_up(db, schema)?;
    if set_up {
        for table in output::TABLES {
            db.hold(schema, table.name)?;
        }
    }
    // One snapshot for bars, EMAs and the rows that are there, taken after the lock: the inputs are
    // of one moment, and include what the lock's last holder committed.
    db.with_new_snapshot(|| {
        let outcome = engine.compute(id)?;
        if outcome.ts.is_empty() {
            check_not_all_gone(db, engine, schema, id)?;
        }
        write(db, engine, schema, id, &outcome, set_up, dry_run)
    })
}

/// Where an asset with rows has no bars any more, its rows go; but not where there are no daily bars
/// of any asset, which is a mistake in the source map or a table being loaded anew.
fn check_not_all_gone(db: Db, engine: &Engine, schema: &str, id: i32) -> Result<()> {
    let Some(daily) = engine.reader(Layer::L2).map(Reader::source) else { return Ok(()) };
    if db::readable(schema, output::REGIMES.name) != Some(true) {
        return Ok(());
    }
    let rows = format!("SELECT true FROM {}.{} WHERE id = $1 LIMIT 1", quoted(schema), output::REGIMES.name);
    if db.first(&rows, &[arg(id)], Sees::Snapshot, |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let bars = format!("SELECT true FROM {} WHERE {} LIMIT 1", daily.bars.sql, daily.bars.shared_condition);
    match db.first(&bars, &[arg(daily.tf.as_deref())], Sees::Snapshot, |_| Ok(()))? {
        Some(()) => Ok(()),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
            format!("{} holds no daily bars of any asset", daily.bars.sql),
        )
        .detail(format!(
            "regime_source selects them by tf and bars_filter in the row cal_scheme = '{}', layer = 'L2'.",
            daily.cal_scheme
        ))
        .hint(
            "Correct the row of regime_source, or load the bars; to clear the outputs, delete their rows.",
        )),
    }
}

fn write(
    db: Db,
    engine: &Engine,
    schema: &str,
    id: i32,
    outcome: &Outcome,
    set_up: bool,
    dry_run: bool,
) -> Result<Done> {
    let names = content::ema_names(&engine.params);
    let contents = [
        content::regimes(outcome, &engine.params, &engine.version_hash),
        content::flips(outcome),
        content::stats(outcome),
        content::comovement(outcome, &names),
    ];
    let scope = [Value::Int(id), Value::Text(TF)];
    let mut written = Written::default();
    for (table, content) in output::TABLES.into_iter().zip(&contents) {
        written += if set_up {
            sync(db, &format!("{}.{}", quoted(schema), table.name), table, &scope, content, dry_run)?
        } else {
            Written { inserted: content.entry.len() as u64, ..Written::default() }
        };
    }
    Ok(Done {
        rows: contents.each_ref().map(|c| c.entry.len() as i64),
        written,
        feature_tier: outcome.budget.tier.as_str(),
    })
}

fn is_privilege(error: &Error) -> bool {
    // A row-level security policy has the same code, but no grant helps there.
    let report = error.report();
    report.code == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE
        && report.message.starts_with("permission denied")
}

fn summary(
    id: i32,
    done: Result<Done>,
    dry_run: bool,
    schema: &str,
    version_hash: &str,
    started: Instant,
) -> Summary {
    let mut summary = Summary {
        id,
        status: "failed",
        rows: None,
        written: Written::default(),
        feature_tier: None,
        version_hash: version_hash.to_owned(),
        elapsed_ms: 0.0,
        message: None,
    };
    match done {
        Ok(done) => {
            let changes = done.written.total();
            summary.status = match (dry_run, done.rows[0], changes) {
                (true, ..) => "dry_run",
                (_, 0, _) => "empty",
                (.., 0) => "unchanged",
                _ => "ok",
            };
            summary.message = match (dry_run, done.rows[0]) {
                (true, _) => {
                    Some(format!("would write {changes} row{}", if changes == 1 { "" } else { "s" }))
                }
                (_, 0) if changes > 0 => Some(format!("no daily bars any more: {changes} rows were deleted")),
                (_, 0) => Some("no daily bars".to_owned()),
                _ => None,
            };
            if done.rows[0] == 0 && changes > 0 && !dry_run {
                pgrx::warning!("asset {id} has no daily bars any more: {changes} rows were deleted");
            }
            summary.rows = Some(done.rows);
            summary.feature_tier = (done.rows[0] > 0).then_some(done.feature_tier);
            if !dry_run {
                summary.written = done.written;
            }
        }
        Err(error) => {
            let error = if error.report().hint.is_none() && is_privilege(&error) {
                let tables = output::TABLES.map(|t| format!("{}.{}", quoted(schema), t.name)).join(", ");
                error.hint(format!(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {};",
                    source::current_user()
                ))
            } else {
                error
            };
            warn(&format!("refresh of asset {id} failed"), &error);
            summary.message = Some(error.report().message.clone());
        }
    }
    summary.elapsed_ms = (started.elapsed().as_micros() as f64) / 1000.0;
    summary
}

/// Tells what was not done for one asset, and why; the others go on.
pub fn warn(what: &str, error: &Error) {
    let report = error.report();
    let mut warning =
        pg_sys::panic::ErrorReport::new(report.code, format!("{what}: {}", report.message), "pg_regime");
    let earlier = "Its earlier rows are kept.";
    warning =
        warning.set_detail(report.detail.as_ref().map_or(earlier.to_owned(), |d| format!("{d} {earlier}")));
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
