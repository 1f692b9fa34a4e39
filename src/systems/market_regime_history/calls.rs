//! The table of running backfills: what each was asked for, where it stands, and what went wrong.

use pgrx::prelude::*;

use crate::pg::arg::{arg, date_arg};
use crate::pg::catalog::work_relation;
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees};
use crate::systems::market_regime_history::asked::Asked;
use crate::systems::market_regime_history::batch::{Batch, Differing};
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::outcome::Outcome;
use crate::systems::market_regime_history::tables::BACKFILLS;

fn relation(schema: &str) -> String {
    work_relation(schema, BACKFILLS)
}

/// A call and where it stands.
pub struct Call {
    pub asked: Asked,
    /// What is left of its span.
    pub rest: Span,
    pub outcome: Outcome,
}

/// Notes a call that begins with so many days to do, and gives its number. Calls for the symbol that are over, or
/// whose sessions are gone, are removed.
pub fn open(db: Db, schema: &str, asked: &Asked, days: i64) -> Result<i64> {
    let relation = relation(schema);
    let over = format!(
        "DELETE FROM {relation} WHERE backfill IN (SELECT b.backfill FROM {relation} AS b WHERE b.market_symbol = $1 \
         AND (b.status <> 'running' OR b.worker = pg_catalog.pg_backend_pid() \
         OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = b.worker)) FOR UPDATE SKIP LOCKED)"
    );
    db.execute_small(&over, &[arg(asked.symbol.as_str())])?;
    let insert = format!(
        "INSERT INTO {relation} (market_symbol, start_date, end_date, batch_size, full_refresh, worker, began, reported, next_day, days, days_left) \
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
    Ok(db.first(&insert, &args, Sees::Now, |row| Ok(row.long(0)))?.flatten().unwrap_or_default())
}

/// The call of this number.
pub fn load(db: Db, schema: &str, backfill: i64) -> Result<Call> {
    let relation = relation(schema);
    let sql = format!(
        "SELECT market_symbol, start_date, end_date, batch_size, full_refresh, next_day, days, days_left, days_failed, batches, failed, \
         failures, sqlstate, differing, first_differing FROM {relation} WHERE backfill = $1"
    );
    let found = db.first(&sql, &[arg(backfill)], Sees::Now, |row| {
        let (long, int) = (|c| row.long(c).unwrap_or_default(), |c| row.int(c).unwrap_or_default());
        let span = Span { from: row.date(1).unwrap_or(i32::MIN), to: row.date(2).unwrap_or(i32::MAX) };
        Ok(Call {
            asked: Asked {
                symbol: row.string(0).unwrap_or_default(),
                span,
                batch_size: int(3),
                full_refresh: row.bool(4) == Some(true),
            },
            rest: Span { from: row.date(5).unwrap_or(span.from), to: span.to },
            outcome: Outcome {
                days: long(6),
                left: long(7),
                days_failed: long(8),
                batches: int(9),
                failed: int(10),
                failures: row.strings(11).unwrap_or_default(),
                sqlstate: row.string(12),
                differing: Differing { days: long(13), first: row.date(14) },
                ..Outcome::default()
            },
        })
    })?;
    found.ok_or_else(|| {
        Error::new(PgSqlErrorCode::ERRCODE_NO_DATA_FOUND, format!("{relation} has no backfill {backfill}"))
            .hint(format!("SELECT backfill FROM {relation};"))
    })
}

/// Notes what a batch did.
pub fn report(db: Db, schema: &str, backfill: i64, batch: &Batch, outcome: &Outcome) -> Result<()> {
    let sql = format!(
        "UPDATE {} SET worker = pg_catalog.pg_backend_pid(), reported = clock_timestamp(), status = $2, next_day = $3, days_left = $4, \
         days_failed = $5, batches = $6, failed = $7, failures = $8, sqlstate = $9, differing = $10, first_differing = $11 WHERE backfill = $1",
        relation(schema)
    );
    let status = match (batch.left, outcome.failed) {
        (1.., _) => "running",
        (_, 0) => "done",
        _ => "failed",
    };
    let args = [
        arg(backfill),
        arg(status),
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
    db.execute_small(&sql, &args).map(|_| ())
}
