//! `refresh_all_on_workers`: every worker of Citus refreshes its assets and series, all workers at once.

use std::collections::BTreeSet;

use pgrx::prelude::*;

use crate::output::own::RUN_LOG;
use crate::pg::{Db, Error, Result, Row, Sees, arg, citus, extension_schema, qualified, settings, shortened};
use crate::systems::distribute::Layout;
use crate::systems::registered::Registered;

/// Most bytes of the DETAIL that lists what failed.
const MOST: usize = 4_000;

/// Refreshes, on every worker, the assets and series whose sources are distributed; the number of workers.
///
/// # Errors
/// Where Citus is not in this database, and where a worker, an asset or a series failed, once all others were refreshed:
/// with the reasons.
pub fn refresh(db: Db) -> Result<i64> {
    citus::check_created(db, "refresh_all_on_workers() calls the workers of Citus.")?;
    let (own, schema) = (extension_schema(db)?, settings::target_schema());
    let (mut workers, mut failed, mut reasons) = (0, BTreeSet::new(), Vec::new());
    for &Registered { system, is_default, .. } in Layout::refreshed(db)? {
        // Of series, the statement itself gives what failed.
        let call = match is_default {
            true => format!("CALL {own}.refresh_all_cmc_regimes()"),
            false => format!(
                "SELECT pg_catalog.string_agg(pg_catalog.format('%s %s: %s', r.symbol, r.timeframe, r.message), E'\n' ORDER BY r.symbol, r.timeframe) \
                 FROM {own}.refresh_{}() AS r WHERE r.status OPERATOR(pg_catalog.=) 'failed'",
                system.name
            ),
        };
        let answers = on_workers(db, &call)?;
        workers = answers.len();
        let is_failed = |answer: &&Answer| !answer.success || (!is_default && !answer.result.is_empty());
        let not_done: Vec<&Answer> = answers.iter().filter(is_failed).collect();
        if not_done.is_empty() {
            continue;
        }
        // A worker that could refresh tells which assets failed, and why.
        let why = format!(
            "SELECT pg_catalog.string_agg(pg_catalog.format('asset %s: %s', newest.id, newest.message), E'\n' ORDER BY newest.id) \
             FROM (SELECT DISTINCT ON (l.id) l.id, l.status, l.message FROM {} AS l WHERE l.id IS NOT NULL ORDER BY l.id, l.run DESC) AS newest \
             WHERE newest.status OPERATOR(pg_catalog.=) 'failed'",
            qualified(&schema, RUN_LOG)
        );
        let assets = if is_default { on_workers(db, &why)? } else { Vec::new() };
        for Answer { node, result, .. } in not_done {
            let told =
                assets.iter().find(|told| told.node == *node && told.success && !told.result.is_empty());
            let lines = told.map_or(result, |told| &told.result).lines();
            reasons.extend(lines.map(|reason| format!("{node}: {reason}")));
            failed.insert(node.clone());
        }
    }
    if failed.is_empty() {
        return Ok(workers as i64);
    }
    // A worker that is down says so for each system.
    reasons.dedup();
    let message = format!("refresh failed on {} of {workers} workers", failed.len());
    Err(Error::new(PgSqlErrorCode::ERRCODE_RAISE_EXCEPTION, message)
        .detail(shortened(reasons.join("\n"), MOST)))
}

/// What a worker answered.
struct Answer {
    /// Host and port.
    node: String,
    success: bool,
    result: String,
}

/// Runs a statement on all workers at once.
fn on_workers(db: Db, statement: &str) -> Result<Vec<Answer>> {
    let sql = "SELECT pg_catalog.concat(w.nodename, ':', w.nodeport) AS node, w.success, COALESCE(w.result, '') AS result \
         FROM pg_catalog.run_command_on_workers($1) AS w ORDER BY 1";
    db.all(sql, &[arg(statement)], Sees::Now, |row: &Row| {
        Ok(Answer { node: row.get("node")?, success: row.get("success")?, result: row.get("result")? })
    })
}
