//! Rounds of `refresh_all_cmc_regimes`: the assets to refresh, shared by all sessions that call it for the same task.
//! A session claims assets by row locks, which end with the session, and commits the outcome together with the rows.

use std::fmt;

use regime_core::hash::of_texts;

use crate::output::entry::{Began, Call, Done, Status};
use crate::output::failed::{self, Failed};
use crate::output::grants::with_grants;
use crate::output::run_log::Run;
use crate::pg::asset::Asset;
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt, attempt_unless_cancelled, check_can_commit, check_range,
    check_writable, environment, extension_schema, lock, lock::sharers, lock::try_join, null_argument, owner,
    plural, session, settings, spi, sqlstate, work_relation, work_schema,
};
use crate::source::names;
use crate::sync::working::Working;
use crate::systems::cmc_regimes::assets::sorted_ids;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::call::{about, refresh};
use crate::systems::cmc_regimes::refresh::groups::{Groups, Preparing};
use crate::systems::cmc_regimes::refresh::shared::How;
use crate::systems::cmc_regimes::tables::{CMC, WORK};
use crate::systems::cmc_regimes::{params, profiles};

/// The status of an asset that no session has refreshed yet; the others are those of [`Status`].
const WAITING: &str = "waiting";
const FAILED: &str = Status::Failed.as_str();

/// The table of work, as SQL.
fn work() -> String {
    work_relation(&settings::target_schema(), WORK)
}

/// To be called before the table of rounds is written.
fn hold(db: Db) -> Result<()> {
    owner::hold_for_writing(db, &[(work_schema(&settings::target_schema()), WORK)])
}

/// What a round is for, as its caller says.
pub struct Asked<'a> {
    pub given: &'a Given,
    pub only_dirty: bool,
    /// Assets by symbol, or by id as text; `None` for all.
    pub assets: Option<Vec<Option<Asset>>>,
    /// Compute assets with the arguments of the call also where these are not what the profile of an asset says.
    pub force: bool,
}

/// Finds an unfinished round of the task, or begins one; gives its number. An invalid batch size is refused here,
/// before there is a round. `None` in a transaction that keeps its snapshot, which cannot share a round with others.
///
/// # Errors
/// A batch size out of range, a read-only transaction or a transaction block, invalid label parameters, an unknown asset,
/// or `only_dirty` without tracking.
pub fn begin(asked: &Asked, batch_size: Option<i32>) -> Result<Option<i64>> {
    check_writable("refresh_all_cmc_regimes()")?;
    check_batch_size(batch_size)?;
    let own = spi::connect(extension_schema)?;
    check_can_commit(
        "refresh_all_cmc_regimes",
        &format!("CALL {own}.refresh_all_cmc_regimes();"),
        &format!("In a transaction block or a function: SELECT * FROM {own}.refresh_cmc_regimes();"),
    )?;
    if session::keeps_its_snapshot() {
        return Ok(None);
    }
    attempt(|| spi::connect(|db| find_or_begin(db, asked)))
        .map(Some)
        .map_err(|error| with_grants(error, &CMC, &settings::target_schema()))
}

fn check_batch_size(batch_size: Option<i32>) -> Result<i32> {
    Ok(check_range("batch_size", batch_size, 1, 100_000)?.unwrap_or(50))
}

fn find_or_begin(db: Db, asked: &Asked) -> Result<i64> {
    let Asked { given, only_dirty, assets, force } = asked;
    let schema = settings::target_schema();
    let listed = assets.as_ref().map(|assets| ids_of(db, assets, given)).transpose()?;
    let preparing = Preparing { to_write: true, dry_run: false, only_dirty: *only_dirty, force: *force };
    let mut groups = Groups::prepare(db, &schema, listed.clone(), given, preparing)?;
    let assets = groups.assets()?;
    let task = task(*only_dirty, listed.as_deref(), *force, &groups);
    // Concurrent calls share a round.
    lock(db, &rounds_of(&schema))?;
    if let Some(round) = Unfinished::to_resume(db, &task)? {
        return Ok(round);
    }
    let assets = if *only_dirty { groups.dirty(assets, true)? } else { assets };
    new_round(db, &task, assets.into_iter().map(|(id, _)| id).collect())
}

/// The ids of listed assets, ascending, each once.
fn ids_of(db: Db, assets: &[Option<Asset>], given: &Given) -> Result<Vec<i32>> {
    let id_of = |asset: &Option<Asset>| {
        let asset = asset.as_ref().ok_or_else(|| {
            null_argument("an asset")
                .hint("Name each asset: array_remove(assets, NULL) leaves out those without a name.")
        })?;
        Ok(Some(names::id(db, asset, given.cal_scheme.as_deref())?))
    };
    sorted_ids(assets.iter().map(id_of).collect::<Result<_>>()?)
}

/// The name of the lock of whoever begins a round.
pub fn rounds_of(schema: &str) -> String {
    format!("rounds of {schema}")
}

/// What a round is for; calls for the same task share one.
pub fn task(only_dirty: bool, listed: Option<&[i32]>, force: bool, groups: &Groups) -> String {
    let assets = match (listed, only_dirty) {
        (None, false) => "all assets".to_owned(),
        (None, true) => "changed assets".to_owned(),
        (Some(ids), false) => of_list(ids),
        (Some(ids), true) => format!("changed of {}", of_list(ids)),
    };
    format!("{assets} as of {}{}", groups.task(), if force { ", forced" } else { "" })
}

/// The assets of a list.
fn of_list(ids: &[i32]) -> String {
    let texts: Vec<String> = ids.iter().map(i32::to_string).collect();
    let print = of_texts(texts.iter().map(String::as_str)).to_string();
    format!("{} listed {} ({})", ids.len(), plural(ids.len() as u64, "asset"), &print[..8])
}

/// The number of assets that wait in rounds.
///
/// # Errors
/// Where the table of rounds cannot be read.
pub fn waiting(db: Db) -> Result<i64> {
    let sql = format!("SELECT count(*) FROM {} AS w WHERE w.status = '{WAITING}'", work());
    db.one(&sql, &[], Sees::Snapshot, |row| row.only())
}

/// A round in which assets wait.
pub struct Unfinished {
    pub round: i64,
    pub task: String,
    /// Assets that wait.
    pub waiting: i64,
    /// Whether it was active within `pg_regime.resume_minutes`.
    is_recent: bool,
}

impl Unfinished {
    /// The newest of those that meet a condition, in which $2 is `argument`.
    fn newest(db: Db, condition: &str, argument: Option<&str>, sees: Sees) -> Result<Option<Self>> {
        let sql = format!(
            "SELECT * FROM (SELECT round, min(task) AS task, count(*) FILTER (WHERE status = '{WAITING}') AS waiting, \
             GREATEST(max(started_at), max(finished_at)) >= clock_timestamp() - $1 * interval '1 minute' AS is_recent \
             FROM {} GROUP BY round) AS rounds WHERE waiting > 0 AND {condition} ORDER BY round DESC LIMIT 1",
            work()
        );
        let mut args = vec![arg(f64::from(settings::resume_minutes()))];
        args.extend(argument.map(arg));
        // Reads the whole table, for which any plan serves, however large the table grows.
        db.first(&sql, &args, sees, |row| {
            Ok(Self {
                round: row.get("round")?,
                task: row.get("task")?,
                waiting: row.get("waiting")?,
                is_recent: row.get("is_recent")?,
            })
        })
    }

    /// The round of a task to resume: a round another session works on, or that was active within
    /// `pg_regime.resume_minutes`.
    fn to_resume(db: Db, task: &str) -> Result<Option<i64>> {
        let Some(found) = Self::newest(db, "task = $2", Some(task), Sees::Now)? else { return Ok(None) };
        Ok((found.is_recent || is_in_work(db, found.round)?).then_some(found.round))
    }

    /// The newest round that was not active within `pg_regime.resume_minutes`, if no session works on it.
    ///
    /// # Errors
    /// A table of work that cannot be read.
    pub fn stopped(db: Db) -> Result<Option<Self>> {
        let Some(found) = Self::newest(db, "NOT is_recent", None, Sees::Snapshot)? else { return Ok(None) };
        Ok(if is_in_work(db, found.round)? { None } else { Some(found) })
    }

    /// The assets of the round, ascending.
    ///
    /// # Errors
    /// A table of work that cannot be read.
    pub fn ids(&self, db: Db) -> Result<Vec<i32>> {
        let sql = format!("SELECT id FROM {} WHERE round = $1 ORDER BY id", work());
        db.anew().all(&sql, &[arg(self.round)], Sees::Snapshot, |row| row.get("id"))
    }

    /// The statement that deletes the round.
    pub fn delete(&self) -> String {
        format!("DELETE FROM {} WHERE round = {};", work(), self.round)
    }
}

/// Begins a round; the assets refreshed longest ago in earlier rounds of the task come first.
fn new_round(db: Db, task: &str, ids: Vec<i32>) -> Result<i64> {
    hold(db)?;
    let work = work();
    let next = "SELECT pg_catalog.nextval(pg_catalog.pg_get_serial_sequence($1, 'round')::regclass) AS round";
    let round: i64 = db.one(next, &[arg(work.as_str())], Sees::Now, |row| row.get("round"))?;
    let write = format!(
        "INSERT INTO {work} (round, id, place, task, started_at) \
         SELECT $1, a.id, row_number() OVER (ORDER BY w.finished_at NULLS FIRST, a.id), $2, clock_timestamp() \
         FROM (SELECT pg_catalog.unnest($3::int[]) AS id) AS a \
         LEFT JOIN (SELECT id, max(finished_at) AS finished_at FROM {work} WHERE task = $2 GROUP BY id) AS w USING (id)"
    );
    let stored = format!("SELECT FROM {work} WHERE round = $1 AND task = $2 AND id = ANY ($3)");
    let round_of = Working { relation: &work, write, stored, rows: ids.len() };
    round_of.run_many(db, &[arg(round), arg(task), arg(ids)])?;
    // Earlier rounds of the task, and old rounds that nobody resumed; rows that a session has claimed stay.
    let delete = format!(
        "DELETE FROM {work} WHERE (round, id) IN (SELECT round, id FROM {work} WHERE round < $1 \
         AND (task = $2 OR COALESCE(finished_at, started_at) < now() - interval '30 days') FOR UPDATE SKIP LOCKED)"
    );
    db.execute(&delete, &[arg(round), arg(task)])?;
    Ok(round)
}

/// The outcome of an asset of a batch.
struct Settled {
    id: i32,
    status: Status,
    error: Option<Error>,
}

/// Claims the next batch of a round, refreshes its assets and stores the outcomes. Gives whether more may be left to
/// do, which it denies after `deadline`, in microseconds since 2000.
///
/// # Errors
/// A batch size out of range, working tables that cannot be written, or a cancel; an asset that fails is an outcome.
pub fn next(
    given: &Given,
    force: bool,
    round: i64,
    batch_size: Option<i32>,
    deadline: Option<i64>,
) -> Result<bool> {
    let batch_size = check_batch_size(batch_size)?;
    let claimed = attempt(|| {
        spi::connect(|db| {
            CMC.check_owners(db, &settings::target_schema())?;
            claim(db, round, share(db, round, batch_size)?)
        })
    })
    .map_err(|error| with_grants(error, &CMC, &settings::target_schema()))?;
    if !claimed.is_empty() {
        let settled = match batch(given, force, &claimed) {
            Ok(settled) => settled,
            // The error of one asset that ends a whole call must not keep the rest of the batch waiting forever.
            Err(_) => {
                let alone = claimed.iter().map(|id| alone(given, force, *id)).collect::<Result<Vec<_>>>()?;
                alone.into_iter().flatten().collect()
            }
        };
        spi::connect(|db| settle(db, round, &settled))?;
    }
    let progress = spi::connect(|db| Progress::read(db, round))?;
    let Progress { waiting, .. } = progress;
    if claimed.is_empty() {
        if waiting > 0 {
            pgrx::notice!(
                "round {round}: {progress}; the remaining assets are being refreshed by other sessions"
            );
        }
        return Ok(false);
    }
    pgrx::notice!("round {round}: {progress}");
    if waiting > 0 && deadline.is_some_and(|at| session::clock() >= at) {
        let assets = plural(waiting as u64, "asset");
        pgrx::notice!("round {round}: max_runtime reached; {waiting} {assets} left for the next call");
        return Ok(false);
    }
    Ok(waiting > 0)
}

/// Refreshes assets in one subtransaction.
fn batch(given: &Given, force: bool, ids: &[i32]) -> Result<Vec<Settled>> {
    attempt_unless_cancelled(|| {
        let ids = ids.iter().copied().map(Some).collect();
        let settled = refresh(Some(ids), given, How { force, ..How::default() })?.into_iter();
        let settled =
            settled.map(|s| Settled { id: s.id, status: s.entry.status, error: s.entry.error }).collect();
        // Constraints that would fail at the commit fail here; nothing else is in the transaction. Their triggers run
        // under the settings of the caller, as at a commit.
        spi::connect(|db| environment::callers(|| db.execute("SET CONSTRAINTS ALL IMMEDIATE", &[])))?;
        Ok(settled)
    })
}

/// Refreshes an asset by itself; an error that ends the call is its outcome.
fn alone(given: &Given, force: bool, id: i32) -> Result<Vec<Settled>> {
    let (log, began) = (Run::begin(&CMC), Began::now());
    batch(given, force, &[id]).or_else(|error| {
        // The entry in the run log was rolled back with the asset.
        let schema = settings::target_schema();
        let (given, version) = of_asset(given, id);
        spi::connect(|db| {
            let call =
                Call { db, system: &CMC, schema: &schema, version: &version, dry_run: false, strict: None };
            let (entry, _) = about(id, &given, &version).entry(&call, Err::<Done<()>, _>(error), 0, began);
            log.end(db, &schema, &version, [&entry].into_iter());
            Ok(vec![Settled { id, status: entry.status, error: entry.error }])
        })
    })
}

/// The parameters of an asset, and the version hash, or nothing where it cannot be determined.
fn of_asset(given: &Given, id: i32) -> (Given, String) {
    let own =
        attempt(|| spi::connect(|db| profiles::of_asset(db, id, given))).unwrap_or_else(|_| given.clone());
    let version = attempt(|| spi::connect(|db| params::version_of(db, &own))).unwrap_or_default();
    (own, version)
}

/// The name of the lock that sessions share while they work on a round.
fn workers(round: i64) -> String {
    format!("workers of round {round} of {}", settings::target_schema())
}

/// Whether a session works on a round.
fn is_in_work(db: Db, round: i64) -> Result<bool> {
    Ok(sharers(db, &workers(round), &work())? > 0)
}

/// How many assets to claim: a batch. While other sessions work on the round too, fewer towards its end, so that all
/// of them finish at about the same time.
fn share(db: Db, round: i64, batch_size: i32) -> Result<i32> {
    try_join(db, &workers(round))?;
    let workers = sharers(db, &workers(round), &work())?;
    if workers < 2 {
        return Ok(batch_size);
    }
    let Progress { waiting, .. } = Progress::read(db, round)?;
    Ok((waiting / (2 * workers)).clamp(1, i64::from(batch_size)) as i32)
}

/// Locks up to `most` assets that wait and that no other session has locked.
fn claim(db: Db, round: i64, most: i32) -> Result<Vec<i32>> {
    let sql = format!(
        "SELECT id FROM {} WHERE round = $1 AND status = '{WAITING}' ORDER BY place LIMIT $2 FOR UPDATE SKIP LOCKED",
        work()
    );
    db.once().all(&sql, &[arg(round), arg(most)], Sees::Now, |row| row.get("id"))
}

/// Stores outcomes.
fn settle(db: Db, round: i64, settled: &[Settled]) -> Result<()> {
    hold(db)?;
    let work = work();
    let rows = "ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]), \
        pg_catalog.unnest($5::text[])) AS s (id, status, sqlstate, message)";
    let is_of_row = "w.round = $1 AND w.id = s.id";
    let write = format!(
        "UPDATE {work} AS w SET status = s.status, sqlstate = s.sqlstate, message = s.message, worker = pg_catalog.pg_backend_pid(), \
         finished_at = clock_timestamp() FROM {rows} WHERE {is_of_row}"
    );
    let stored = format!(
        "SELECT FROM {work} AS w JOIN {rows} ON {is_of_row} \
         WHERE (w.status, w.sqlstate, w.message) IS NOT DISTINCT FROM (s.status, s.sqlstate, s.message)"
    );
    let error = |s: &Settled| s.error.as_ref().map(|error| error.report().clone());
    let args = [
        arg(round),
        arg(settled.iter().map(|s| s.id).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| s.status.as_str()).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| error(s).map(|e| sqlstate(e.code))).collect::<Vec<_>>()),
        arg(settled.iter().map(|s| error(s).map(|e| e.message)).collect::<Vec<_>>()),
    ];
    Working { relation: &work, write, stored, rows: settled.len() }.run_many(db, &args)
}

/// How far a round is, in assets.
struct Progress {
    /// Refreshed, `failed` included.
    done: i64,
    failed: i64,
    waiting: i64,
}

impl Progress {
    fn read(db: Db, round: i64) -> Result<Self> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE status <> '{WAITING}') AS done, count(*) FILTER (WHERE status = '{FAILED}') AS failed, \
             count(*) FILTER (WHERE status = '{WAITING}') AS waiting FROM {} WHERE round = $1",
            work()
        );
        db.once().one(&sql, &[arg(round)], Sees::Now, |row| {
            Ok(Self { done: row.get("done")?, failed: row.get("failed")?, waiting: row.get("waiting")? })
        })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, failed, waiting } = self;
        write!(f, "{done} of {} assets done, {failed} failed", done + waiting)
    }
}

/// Ends a call.
///
/// # Errors
/// Assets of the round failed; the error has the SQLSTATE of the first.
pub fn end(round: i64) -> Result<()> {
    let sql = format!(
        "SELECT id, sqlstate, message FROM {} WHERE round = $1 AND status = '{FAILED}' ORDER BY id",
        work()
    );
    let failed = spi::connect(|db| {
        db.all(&sql, &[arg(round)], Sees::Now, |row| {
            let id: i32 = row.get("id")?;
            let subject = id.to_string();
            Ok(Failed { subject, sqlstate: row.get("sqlstate")?, message: row.get("message")? })
        })
    })?;
    let Some(error) = failed::error(&CMC, &failed) else { return Ok(()) };
    let log = format!("SELECT * FROM {} WHERE round = {round} AND status = '{FAILED}';", work());
    Err(error.hint(format!("Earlier rows are kept. {log}")))
}
