//! `refresh_all_on_workers`: every worker of Citus refreshes its assets, all workers at once.

use pgrx::prelude::*;

use crate::output::own::RUN_LOG;
use crate::pg::{Db, Error, Result, Row, Sees, arg, citus, extension_schema, qualified, settings, shortened};

/// Most bytes of the DETAIL that lists what failed.
const MOST: usize = 4_000;

/// Refreshes all assets of all workers; the number of workers.
///
/// # Errors
/// Where Citus is not in this database, and where a worker or an asset failed, once all others were refreshed: with the
/// reasons.
pub fn refresh(db: Db) -> Result<i64> {
    citus::check_created(db, "refresh_all_on_workers() calls the workers of Citus.")?;
    let call = format!("CALL {}.refresh_all_cmc_regimes()", extension_schema(db)?);
    let refreshed = on_workers(db, &call)?;
    let failed: Vec<&Answer> = refreshed.iter().filter(|answer| !answer.success).collect();
    if failed.is_empty() {
        return Ok(refreshed.len() as i64);
    }
    // A worker that could refresh tells which assets failed, and why.
    let why = format!(
        "SELECT pg_catalog.string_agg(pg_catalog.format('asset %s: %s', newest.id, newest.message), E'\n' ORDER BY newest.id) \
         FROM (SELECT DISTINCT ON (l.id) l.id, l.status, l.message FROM {} AS l WHERE l.id IS NOT NULL ORDER BY l.id, l.run DESC) AS newest \
         WHERE newest.status OPERATOR(pg_catalog.=) 'failed'",
        qualified(&settings::target_schema(), RUN_LOG)
    );
    let assets = on_workers(db, &why)?;
    let reasons = failed.iter().flat_map(|Answer { node, result, .. }| {
        let told = assets.iter().find(|told| told.node == *node && told.success && !told.result.is_empty());
        let reasons = told.map_or(result, |told| &told.result);
        reasons.lines().map(move |reason| format!("{node}: {reason}"))
    });
    let reasons = reasons.collect::<Vec<_>>().join("\n");
    let message = format!("refresh failed on {} of {} workers", failed.len(), refreshed.len());
    Err(Error::new(PgSqlErrorCode::ERRCODE_RAISE_EXCEPTION, message).detail(shortened(reasons, MOST)))
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
