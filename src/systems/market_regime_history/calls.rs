//! The table of backfills: the arguments of each call, its progress and its failures.

use pgrx::prelude::*;

use crate::output::own::RUN_LOG;
use crate::pg::{
    Days, Db, Error, Result, Sees, arg, date_arg, no_data_found, owner, work_relation, work_schema,
};
use crate::sync::compare::Written;
use crate::sync::swallowed;
use crate::sync::working::Working;
use crate::systems::market_regime_history::asked::Asked;
use crate::systems::market_regime_history::batch::{Batch, Differing};
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::outcome::Outcome;
use crate::systems::market_regime_history::tables::{BACKFILLS, HISTORY};
use regime_core::words;

fn relation(schema: &str) -> String {
    work_relation(schema, BACKFILLS)
}

/// To be called before the table is written.
fn hold(db: Db, schema: &str) -> Result<()> {
    owner::hold_for_writing(db, &[(work_schema(schema), BACKFILLS)])
}

words!(
    /// Where a call stands, as `status` of the table says.
    Status {
        /// Days are left, also after an interruption.
        Running = "running",
        /// Every batch was stored.
        Done = "done",
        /// Every batch was attempted, and at least one failed.
        Failed = "failed",
    }
);

/// A call and where it stands.
pub struct Call {
    pub asked: Asked,
    /// The part of the span that no batch has reached yet.
    pub rest: Span,
    pub outcome: Outcome,
}

/// Records a call that begins with `days` trading days to do; gives its number. Calls for the symbol that are over, or
/// whose sessions are gone, are removed.
///
/// # Errors
/// Where the table cannot be written.
pub fn open(db: Db, schema: &str, asked: &Asked, days: i64) -> Result<i64> {
    hold(db, schema)?;
    let relation = relation(schema);
    let over = format!(
        "DELETE FROM {relation} WHERE backfill IN (SELECT b.backfill FROM {relation} AS b WHERE b.market_symbol = $1 \
         AND (b.status <> $2 OR b.worker = pg_catalog.pg_backend_pid() \
         OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = b.worker)) FOR UPDATE SKIP LOCKED)"
    );
    db.execute_small(&over, &[arg(asked.symbol.as_str()), arg(Status::Running.as_str())])?;
    let insert = format!(
        "INSERT INTO {relation} (market_symbol, start_date, end_date, batch_size, full_refresh, worker, started_at, reported_at, next_day, days, days_left) \
         VALUES ($1, $2, $3, $4, $5, pg_catalog.pg_backend_pid(), clock_timestamp(), clock_timestamp(), $2, $6, $6) RETURNING backfill"
    );
    let args = [
        arg(asked.symbol.as_str()),
        date_arg(asked.span.from),
        date_arg(asked.span.to),
        arg(asked.batch_size),
        arg(asked.full_refresh),
        arg(days),
    ];
    match db.first(&insert, &args, Sees::Now, |row| row.get("backfill"))? {
        Some(backfill) => Ok(backfill),
        None => Err(swallowed::error(db, &relation, Written { inserted: 1, ..Written::default() })),
    }
}

/// The call of this number.
///
/// # Errors
/// Where there is no such call, or the table cannot be read.
pub fn load(db: Db, schema: &str, backfill: i64) -> Result<Call> {
    let relation = relation(schema);
    let sql = format!(
        "SELECT market_symbol, start_date, end_date, batch_size, full_refresh, next_day, days, days_left, days_failed, batches, failed, \
         failures, sqlstate, differing, first_differing FROM {relation} WHERE backfill = $1"
    );
    let found = db.first(&sql, &[arg(backfill)], Sees::Now, |row| {
        let date = |name| Ok::<i32, Error>(row.get::<Days>(name)?.0);
        let span = Span { from: date("start_date")?, to: date("end_date")? };
        Ok(Call {
            asked: Asked {
                symbol: row.get("market_symbol")?,
                span,
                batch_size: row.get("batch_size")?,
                full_refresh: row.get("full_refresh")?,
            },
            rest: Span { from: date("next_day")?, to: span.to },
            outcome: Outcome {
                days: row.get("days")?,
                left: row.get("days_left")?,
                days_failed: row.get("days_failed")?,
                batches: row.get("batches")?,
                failed: row.get("failed")?,
                failures: row.get("failures")?,
                sqlstate: row.get("sqlstate")?,
                differing: Differing {
                    days: row.get("differing")?,
                    first: row.get::<Option<Days>>("first_differing")?.map(|day| day.0),
                },
                ..Outcome::default()
            },
        })
    })?;
    found.ok_or_else(|| {
        no_data_found(format!("{relation} has no backfill {backfill}"))
            .hint(format!("SELECT backfill FROM {relation};"))
    })
}

/// The hint of the last batch of a symbol that failed.
///
/// # Errors
/// Where the run log cannot be read.
pub fn last_hint(db: Db, schema: &str, symbol: &str) -> Result<Option<String>> {
    let sql = format!(
        "SELECT hint FROM {} WHERE system = $1 AND pg_catalog.starts_with(subject, $2) AND status = 'failed' ORDER BY run DESC LIMIT 1",
        work_relation(schema, RUN_LOG)
    );
    let args = [arg(HISTORY.name), arg(format!("{symbol} "))];
    Ok(db.first(&sql, &args, Sees::Snapshot, |row| row.get("hint"))?.flatten())
}

/// Records what a batch did.
///
/// # Errors
/// Where the table cannot be written.
pub fn report(db: Db, schema: &str, backfill: i64, batch: &Batch, outcome: &Outcome) -> Result<()> {
    hold(db, schema)?;
    let relation = relation(schema);
    let write = format!(
        "UPDATE {relation} SET worker = pg_catalog.pg_backend_pid(), reported_at = clock_timestamp(), status = $2, next_day = $3, days_left = $4, \
         days_failed = $5, batches = $6, failed = $7, failures = $8, sqlstate = $9, differing = $10, first_differing = $11 WHERE backfill = $1"
    );
    let stored = format!(
        "SELECT FROM {relation} WHERE backfill = $1 AND (status, next_day, days_left, days_failed, batches, failed, failures, sqlstate, \
         differing, first_differing) IS NOT DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    let status = match (batch.left, outcome.failed) {
        (1.., _) => Status::Running,
        (_, 0) => Status::Done,
        _ => Status::Failed,
    };
    let args = [
        arg(backfill),
        arg(status.as_str()),
        date_arg(batch.span.to.saturating_add(1)),
        arg(outcome.left),
        arg(outcome.days_failed),
        arg(outcome.batches),
        arg(outcome.failed),
        arg(outcome.failures.clone()),
        arg(outcome.sqlstate.as_deref()),
        arg(outcome.differing.days),
        arg(outcome.differing.first.map(Date::saturating_from_raw)),
    ];
    Working { relation: &relation, write, stored, rows: 1 }.run(db, &args)
}
