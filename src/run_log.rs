//! The run log: what each refresh did, with which assets, and what went wrong.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pgrx::spi::quote_identifier as quoted;

use crate::db::{self, Db, arg, timestamps_arg};
use crate::error::Result;
use crate::guc;
use crate::refresh::Summary;
use crate::subxact::sqlstate;
use crate::write::Written;

pub const RUN_LOG: &str = "cmc_regime_run_log";

/// How often a session looks for entries that are too old.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

thread_local! {
    static PRUNED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// One call, while it runs.
pub struct Run {
    began: Instant,
    started: i64,
}

impl Run {
    pub fn begin() -> Self {
        Self { began: Instant::now(), started: db::clock() }
    }

    /// Writes the call and its assets into the log, with one statement, and removes what is too old.
    pub fn end(&self, db: Db, schema: &str, version_hash: &str, assets: &[Summary]) -> Result<()> {
        let days = guc::run_log_days();
        if days == 0 {
            return Ok(());
        }
        let log = format!("{}.{RUN_LOG}", quoted(schema));
        self.write(db, &log, version_hash, assets)?;
        if PRUNED.get().is_none_or(|at| at.elapsed() > PRUNE_EVERY) {
            PRUNED.set(Some(Instant::now()));
            let old = format!("DELETE FROM {log} WHERE finished < now() - $1 * interval '1 day'");
            // A role that may not delete leaves it to one that may.
            if crate::db::may_delete(schema, RUN_LOG) {
                db.execute_small(&old, &[arg(f64::from(days))])?;
            }
        }
        Ok(())
    }

    fn write(&self, db: Db, log: &str, version_hash: &str, assets: &[Summary]) -> Result<()> {
        let call = self.call(version_hash, assets);
        let all = || [&call].into_iter().chain(assets);
        let ended = |s: &Summary| Some(s.started + (s.elapsed_ms * 1000.0) as i64);
        let report = |s: &Summary| s.error.as_ref().map(|error| error.report().clone());
        let count = |of: fn(&Written) -> u64| arg(all().map(|s| of(&s.written) as i64).collect::<Vec<_>>());
        let sql = format!(
            "INSERT INTO {log} (run, id, started, finished, status, mode, reason, rows_read, inserted, updated, deleted, elapsed_ms, \
             sqlstate, message, hint, regime_version_hash, run_by) SELECT r.run, a.*, $15, $16 \
             FROM (SELECT pg_catalog.nextval(pg_catalog.pg_get_serial_sequence($17, 'run')::regclass) AS run OFFSET 0) AS r, \
             ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::timestamptz[]), pg_catalog.unnest($3::timestamptz[]), \
             pg_catalog.unnest($4::text[]), pg_catalog.unnest($5::text[]), pg_catalog.unnest($6::text[]), pg_catalog.unnest($7::int8[]), \
             pg_catalog.unnest($8::int8[]), pg_catalog.unnest($9::int8[]), pg_catalog.unnest($10::int8[]), pg_catalog.unnest($11::float8[]), \
             pg_catalog.unnest($12::text[]), pg_catalog.unnest($13::text[]), pg_catalog.unnest($14::text[])) AS a"
        );
        let args = [
            arg([None].into_iter().chain(assets.iter().map(|s| Some(s.id))).collect::<Vec<Option<i32>>>()),
            timestamps_arg(all().map(|s| Some(s.started)).collect()),
            timestamps_arg(all().map(ended).collect()),
            arg(all().map(|s| s.status).collect::<Vec<_>>()),
            arg(all().map(|s| s.mode.map(|mode| mode.as_str())).collect::<Vec<_>>()),
            arg(all().map(|s| s.reason.clone()).collect::<Vec<_>>()),
            arg(all().map(|s| s.rows_read as i64).collect::<Vec<_>>()),
            count(|w| w.inserted),
            count(|w| w.updated),
            count(|w| w.deleted),
            arg(all().map(|s| s.elapsed_ms).collect::<Vec<_>>()),
            arg(all().map(|s| report(s).map(|r| sqlstate(r.code))).collect::<Vec<_>>()),
            arg(all().map(|s| s.message.clone()).collect::<Vec<_>>()),
            arg(all().map(|s| report(s).and_then(|r| r.hint)).collect::<Vec<_>>()),
            arg(version_hash),
            arg(db::current_user()),
            arg(log),
        ];
        db.execute_small(&sql, &args).map(|_| ())
    }

    /// The call as a whole, in the form of an asset.
    fn call(&self, version_hash: &str, assets: &[Summary]) -> Summary {
        let mut written = Written::default();
        assets.iter().for_each(|s| written += s.written);
        let count = |status: &str| assets.iter().filter(|s| s.status == status).count();
        let [failed, ok] = [count("failed"), count("ok")];
        Summary {
            id: 0,
            status: if failed > 0 {
                "failed"
            } else if ok > 0 || written.total() > 0 {
                "ok"
            } else {
                "unchanged"
            },
            rows: None,
            written,
            feature_tier: None,
            version_hash: version_hash.to_owned(),
            elapsed_ms: (self.began.elapsed().as_micros() as f64) / 1000.0,
            message: Some(format!(
                "{} asset{}: {ok} ok, {} unchanged, {} empty, {failed} failed",
                assets.len(),
                if assets.len() == 1 { "" } else { "s" },
                count("unchanged"),
                count("empty"),
            )),
            mode: None,
            reason: None,
            rows_read: assets.iter().map(|s| s.rows_read).sum(),
            started: self.started,
            error: None,
        }
    }
}
