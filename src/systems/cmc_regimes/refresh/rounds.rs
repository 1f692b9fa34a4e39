//! Rounds of refresh_all_cmc_regimes: the assets to refresh, shared by all sessions that call it for the
//! same task. What a session has claimed is a row lock, gone with the session; what is done is committed
//! with the rows it is about.

use regime_core::cmc_regimes::version::version_hash;

use crate::output::entry::{Began, MOST_NAMED, Status};
use crate::output::grants::with_grants;
use crate::output::refresh::{Call, Done};
use crate::output::run_log::Run;
use crate::output::set_up;
use crate::pg::arg::arg;
use crate::pg::catalog::work_relation;
use crate::pg::error::{Error, Result, check_range, error_code, sqlstate};
use crate::pg::lock::{join, lock, sharers};
use crate::pg::session::{check_no_block, check_writable};
use crate::pg::spi::{Db, Sees};
use crate::pg::subtransaction::{attempt, attempt_unless_cancelled};
use crate::pg::{session, settings, spi};
use crate::systems::cmc_regimes::assets::ids_to_refresh;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::call::{Assets, How, about, refresh};
use crate::systems::cmc_regimes::refresh::dirty;
use crate::systems::cmc_regimes::tables::{CMC, WORK};
use crate::systems::cmc_regimes::{params, tracked};

fn work() -> String {
    work_relation(&settings::target_schema(), WORK)
}

/// Finds the round of a task to go on with, or begins one; gives its number. A batch size that could not be
/// used is refused here, before there is a round.
pub fn begin(given: &Given, only_dirty: bool, batch_size: Option<i32>) -> Result<i64> {
    check_writable("refresh_all_cmc_regimes()")?;
    check_batch_size(batch_size)?;
    check_no_block(
        "refresh_all_cmc_regimes",
        "CALL it outside of BEGIN … COMMIT, or use SELECT refresh_cmc_regimes() in the transaction.",
    )?;
    attempt(|| spi::connect(|db| find_or_begin(db, given, only_dirty)))
        .map_err(|error| with_grants(error, &CMC, &settings::target_schema()))
}

fn check_batch_size(batch_size: Option<i32>) -> Result<i32> {
    Ok(check_range("batch_size", batch_size, 1, 100_000)?.unwrap_or(50))
}

fn find_or_begin(db: Db, given: &Given, only_dirty: bool) -> Result<i64> {
    let setup = params::load_held(db, given)?;
    let schema = settings::target_schema();
    if !set_up::is_set_up(db, &schema, &CMC)? {
        set_up::set_up(db, &schema, &[&CMC])?;
    }
    let tracking = tracked::fingerprint(db, &schema, &setup.sources)?;
    if only_dirty && tracking.is_none() {
        return Err(tracked::not_tracked(db)?);
    }
    let engine = Engine::new(db, setup, None);
    let basis = engine.basis(tracking);
    let ids = ids_to_refresh(db, &engine, &schema, &basis)?;
    let task = task(only_dirty, &basis);
    // Two calls at once share a round.
    lock(db, &format!("rounds of {schema}"))?;
    if let Some(round) = unfinished(db, &task)? {
        return Ok(round);
    }
    let ids = if only_dirty { dirty::among(db, &engine, &schema, &basis, ids)? } else { ids };
    new_round(db, &task, ids)
}

/// What a round is for; calls for the same task share one.
pub fn task(only_dirty: bool, basis: &Basis) -> String {
    format!(
        "{} assets as of {}, sources {}",
        if only_dirty { "changed" } else { "all" },
        basis.version_hash,
        &basis.sources[..8]
    )
}

/// The round of a task to go on with: one that sessions are at, or were not long ago.
fn unfinished(db: Db, task: &str) -> Result<Option<i64>> {
    let sql = format!(
        "SELECT round, GREATEST(max(began), max(finished)) > clock_timestamp() - $2 * interval '1 minute' FROM {} \
         WHERE task = $1 GROUP BY round HAVING bool_or(status = 'waiting') ORDER BY round DESC LIMIT 1",
        work()
    );
    let args = [arg(task), arg(f64::from(settings::resume_minutes()))];
    let found = db.first(&sql, &args, Sees::Now, |row| Ok((row.long(0).unwrap_or_default(), row.bool(1))))?;
    let Some((round, is_recent)) = found else { return Ok(None) };
    Ok((is_recent == Some(true) || is_in_work(db, round)?).then_some(round))
}

/// Begins a round, in which the assets come first that were refreshed longest ago in the last one.
fn new_round(db: Db, task: &str, ids: Vec<i32>) -> Result<i64> {
    let work = work();
    let next = "SELECT nextval(pg_get_serial_sequence($1, 'round')::regclass)";
    let round = db
        .first(next, &[arg(work.as_str())], Sees::Now, |row| Ok(row.long(0)))?
        .flatten()
        .unwrap_or_default();
    let insert = format!(
        "INSERT INTO {work} (round, id, place, task, began) \
         SELECT $1, a.id, row_number() OVER (ORDER BY w.finished NULLS FIRST, a.id), $2, clock_timestamp() \
         FROM (SELECT pg_catalog.unnest($3::int[]) AS id) AS a \
         LEFT JOIN (SELECT id, max(finished) AS finished FROM {work} WHERE task = $2 GROUP BY id) AS w USING (id)"
    );
    db.execute(&insert, &[arg(round), arg(task), arg(ids)])?;
    // Rounds that are over, or that nobody went on with; not what a session is at.
    let delete = format!(
        "DELETE FROM {work} WHERE (round, id) IN (SELECT round, id FROM {work} WHERE round < $1 \
         AND (task = $2 OR COALESCE(finished, began) < now() - interval '30 days') FOR UPDATE SKIP LOCKED)"
    );
    db.execute(&delete, &[arg(round), arg(task)])?;
    Ok(round)
}

/// What became of an asset of a batch.
struct Settled {
    id: i32,
    status: Status,
    error: Option<Error>,
}

/// Refreshes a further batch of a round: claims assets, refreshes them, says what became of them. Gives
/// whether there may be more to do; not after `deadline`.
pub fn next(given: &Given, round: i64, batch_size: Option<i32>, deadline: Option<i64>) -> Result<bool> {
    let batch_size = check_batch_size(batch_size)?;
    let claimed = attempt(|| spi::connect(|db| claim(db, round, share(db, round, batch_size)?)))
        .map_err(|error| with_grants(error, &CMC, &settings::target_schema()))?;
    if !claimed.is_empty() {
        let settled = match batch(given, &claimed) {
            Ok(settled) => settled,
            // An error that ends a whole call must not keep the others of the batch waiting for ever.
            Err(_) => {
                let alone = claimed.iter().map(|id| alone(given, *id)).collect::<Result<Vec<_>>>()?;
                alone.into_iter().flatten().collect()
            }
        };
        spi::connect(|db| settle(db, round, &settled))?;
    }
    let [done, failed, waiting] = spi::connect(|db| progress(db, round))?;
    let all = done + waiting;
    if claimed.is_empty() {
        if waiting > 0 {
            pgrx::notice!(
                "round {round}: {done} of {all} assets done, {failed} failed; other sessions are at the rest"
            );
        }
        return Ok(false);
    }
    pgrx::notice!("round {round}: {done} of {all} assets done, {failed} failed");
    if waiting > 0 && deadline.is_some_and(|at| session::clock() >= at) {
        pgrx::notice!("round {round}: max_runtime is over; assets that wait for the next call: {waiting}");
        return Ok(false);
    }
    Ok(waiting > 0)
}

fn batch(given: &Given, ids: &[i32]) -> Result<Vec<Settled>> {
    attempt_unless_cancelled(|| {
        let assets = Assets::Listed(ids.iter().copied().map(Some).collect());
        let settled = refresh(assets, given, How::default())?.into_iter();
        let settled =
            settled.map(|s| Settled { id: s.id, status: s.entry.status, error: s.entry.error }).collect();
        // What would fail at the commit fails here. The transaction is ours alone.
        spi::connect(|db| db.execute("SET CONSTRAINTS ALL IMMEDIATE", &[]))?;
        Ok(settled)
    })
}

fn alone(given: &Given, id: i32) -> Result<Vec<Settled>> {
    let (log, began) = (Run::begin(&CMC), Began::now());
    batch(given, &[id]).or_else(|error| {
        // What it had logged is rolled back with it.
        let (schema, version) = (settings::target_schema(), version(given));
        spi::connect(|db| {
            let call = Call { db, system: &CMC, schema: &schema, version: &version, dry_run: false };
            let (entry, _) = about(id).entry(&call, Err::<Done<()>, _>(error), 0, began);
            log.end(db, &schema, &version, [&entry].into_iter());
            Ok(vec![Settled { id, status: entry.status, error: entry.error }])
        })
    })
}

/// The version hash, as far as it can be told.
fn version(given: &Given) -> String {
    let found = attempt(|| spi::connect(|db| params::parameters(db, given, None)));
    found.map(|(_, params, table)| version_hash(&table, &params)).unwrap_or_default()
}

/// What sessions share while they are at a batch of a round.
fn workers(round: i64) -> String {
    format!("workers of round {round} of {}", settings::target_schema())
}

/// Whether a session is at a batch of a round.
pub fn is_in_work(db: Db, round: i64) -> Result<bool> {
    Ok(sharers(db, &workers(round))? > 0)
}

/// How many assets to claim: a batch. Where other sessions are at the round too, less towards its end, so
/// that none is left with a batch when the others have nothing more to do.
fn share(db: Db, round: i64, batch_size: i32) -> Result<i32> {
    join(db, &workers(round))?;
    let workers = sharers(db, &workers(round))?;
    if workers < 2 {
        return Ok(batch_size);
    }
    let [_, _, waiting] = progress(db, round)?;
    Ok((waiting / (2 * workers)).clamp(1, i64::from(batch_size)) as i32)
}

fn claim(db: Db, round: i64, most: i32) -> Result<Vec<i32>> {
    let sql = format!(
        "SELECT id FROM {} WHERE round = $1 AND status = 'waiting' ORDER BY place LIMIT $2 FOR UPDATE SKIP LOCKED",
        work()
    );
    let mut ids = Vec::new();
    db.rows(&sql, &[arg(round), arg(most)], Sees::Now, |row| {
        ids.extend(row.int(0));
        Ok(())
    })?;
    Ok(ids)
}

fn settle(db: Db, round: i64, settled: &[Settled]) -> Result<()> {
    let sql = format!(
        "UPDATE {} AS w SET status = s.status, sqlstate = s.sqlstate, message = s.message, worker = pg_catalog.pg_backend_pid(), \
         finished = clock_timestamp() FROM ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::text[]), \
         pg_catalog.unnest($4::text[]), pg_catalog.unnest($5::text[])) AS s (id, status, sqlstate, message) \
         WHERE w.round = $1 AND w.id = s.id",
        work()
    );
    let error = |s: &Settled| s.error.as_ref().map(|error| error.report().clone());
    let args = [
        arg(round),
        arg(settled.iter().map(|s| s.id).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| s.status.as_str()).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| error(s).map(|e| sqlstate(e.code))).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| error(s).map(|e| e.message)).collect::<Vec<_>>()),
    ];
    db.execute(&sql, &args).map(|_| ())
}

/// Assets of a round that are done, failed among them, and that wait.
fn progress(db: Db, round: i64) -> Result<[i64; 3]> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE status <> 'waiting'), count(*) FILTER (WHERE status = 'failed'), \
         count(*) FILTER (WHERE status = 'waiting') FROM {} WHERE round = $1",
        work()
    );
    let found = db.first(&sql, &[arg(round)], Sees::Now, |row| Ok([0, 1, 2].map(|c| row.long(c))))?;
    Ok(found.unwrap_or_default().map(Option::unwrap_or_default))
}

/// Ends a call: an error if assets of the round failed.
pub fn end(round: i64) -> Result<()> {
    let sql = format!(
        "SELECT id, sqlstate, message FROM {} WHERE round = $1 AND status = 'failed' ORDER BY id",
        work()
    );
    let mut failed: Vec<(i32, String, String)> = Vec::new();
    spi::connect(|db| {
        db.rows(&sql, &[arg(round)], Sees::Now, |row| {
            let text = |column| row.string(column).unwrap_or_default();
            failed.push((row.int(0).unwrap_or_default(), text(1), text(2)));
            Ok(())
        })
    })?;
    let Some((_, code, _)) = failed.first() else { return Ok(()) };
    let named: Vec<String> = failed.iter().take(MOST_NAMED).map(|(id, ..)| id.to_string()).collect();
    let more = if failed.len() > MOST_NAMED { ", …" } else { "" };
    let lines: Vec<String> = failed
        .iter()
        .take(MOST_NAMED)
        .map(|(id, code, message)| format!("{id}: {message} ({code})"))
        .collect();
    let assets = if failed.len() == 1 { "asset" } else { "assets" };
    Err(Error::new(
        error_code(code),
        format!("refresh of {} {assets} failed: {}{more}", failed.len(), named.join(", ")),
    )
    .detail(format!("{}{}", lines.join("\n"), if more.is_empty() { "" } else { "\n…" }))
    .hint(format!(
        "Earlier rows are kept. SELECT * FROM {} WHERE round = {round} AND status = 'failed';",
        work()
    )))
}
