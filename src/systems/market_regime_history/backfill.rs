//! The steps of `backfill_market_regime_history`, which commits after each step: a batch is committed with the progress
//! of the call, and a lock per symbol keeps two calls from doing the same batch.

use regime_core::market_regime_history::VERSION;

use crate::output::grants::with_grants;
use crate::output::run_log::Run;
use crate::output::set_up;
use crate::pg::{
    Db, Result, attempt, check_can_commit, check_writable, day_shown, extension_schema, lock, notice,
    session, settings, spi,
};
use crate::systems::market_regime_history::asked::{Asked, Given};
use crate::systems::market_regime_history::batch::Job;
use crate::systems::market_regime_history::calls;
use crate::systems::market_regime_history::closes::{Closes, canonical};
use crate::systems::market_regime_history::days::{self, Span};
use crate::systems::market_regime_history::outcome::Outcome;
use crate::systems::market_regime_history::tables::{HISTORY, MARKET_REGIME_HISTORY};

/// Begins a call and gives its number; a dry run is done at once and has no number. `None` too in a transaction that keeps
/// its snapshot, which cannot share the days with others.
///
/// # Errors
/// Where an argument is invalid, the transaction is read-only or a transaction block, the symbol is unknown, or the
/// tables cannot be created or read; for a dry run, as [`dry_run`].
pub fn begin(given: &Given) -> Result<Option<i64>> {
    let (mut asked, dry_run) = given.check()?;
    asked.symbol = spi::connect(|db| canonical(db, &asked.symbol))?;
    if dry_run {
        return spi::connect(|db| self::dry_run(db, &asked)).map(|()| None);
    }
    check_writable("backfill_market_regime_history()")?;
    let own = spi::connect(extension_schema)?;
    let Span { from, to } = asked.span;
    let mut arguments = format!("start_date => '{}', ", day_shown(from));
    // The default is the current day.
    if to < days::day_of(session::clock()) {
        arguments += &format!("end_date => '{}', ", day_shown(to));
    }
    check_can_commit(
        "backfill_market_regime_history",
        &days::call(&own, &asked.symbol, &arguments),
        "A call with dry_run => true commits nothing.",
    )?;
    if session::keeps_its_snapshot() {
        return Ok(None);
    }
    let schema = settings::target_schema();
    let open = |db: Db| {
        let closes = Closes::find(db, &asked.symbol)?;
        set_up::prepare(db, &schema, &HISTORY, false)?;
        let job = job(db, &schema, &closes, asked.full_refresh, false);
        let days = db.with_new_snapshot(|| job.wanted(asked.span, asked.batch_size))?.days;
        calls::open(db, &schema, &asked, days)
    };
    attempt(|| spi::connect(open)).map(Some).map_err(|error| with_grants(error, &HISTORY, &schema))
}

/// The name of the lock of a symbol.
pub fn lock_name(schema: &str, symbol: &str) -> String {
    format!("{} of {schema}: {symbol}", MARKET_REGIME_HISTORY.name)
}

fn job<'a, 'c>(
    db: Db<'c>,
    schema: &'a str,
    closes: &'a Closes,
    full_refresh: bool,
    dry_run: bool,
) -> Job<'a, 'c> {
    Job { db, schema, closes, full_refresh, dry_run, set_up: true }
}

/// Does the next batch of a call; gives whether there is more to do.
///
/// # Errors
/// Where the transaction is read-only, the backfill or the closes cannot be read, or the user may not write the tables.
pub fn next(backfill: i64) -> Result<bool> {
    check_writable("backfill_market_regime_history()")?;
    let schema = settings::target_schema();
    spi::connect(|db| {
        let calls::Call { asked, rest, mut outcome } = calls::load(db, &schema, backfill)?;
        HISTORY.check_owners(db, &schema)?;
        let closes = Closes::find_held(db, &asked.symbol)?;
        // Outside the subtransaction, whose rollback would release the lock.
        lock(db, &lock_name(&schema, &asked.symbol))?;
        let log = Run::begin(&HISTORY);
        let batch = job(db, &schema, &closes, asked.full_refresh, false).next(rest, asked.batch_size)?;
        log.end(db, &schema, VERSION, [&batch.entry].into_iter());
        outcome.add(&batch);
        calls::report(db, &schema, backfill, &batch, &outcome)?;
        notice(outcome.progress(&asked.symbol));
        Ok(batch.left > 0)
    })
    .map_err(|error| with_grants(error, &HISTORY, &schema))
}

/// Ends a call: a WARNING where stored rows differ, an error where a batch failed.
///
/// # Errors
/// Where the backfill cannot be read, and where a batch failed; the error has the SQLSTATE of the first failed batch.
pub fn end(backfill: i64) -> Result<()> {
    let schema = settings::target_schema();
    let (asked, outcome) = spi::connect(|db| {
        let calls::Call { asked, mut outcome, .. } = calls::load(db, &schema, backfill)?;
        if outcome.failed > 0 {
            outcome.hint = attempt(|| calls::last_hint(db, &schema, &asked.symbol)).unwrap_or_default();
        }
        Ok((asked, outcome))
    })?;
    outcome.end(&asked, false)
}

/// Computes everything and stores nothing; commits nothing, and so works in any transaction.
///
/// # Errors
/// Where the closes cannot be found or read, and where a batch failed.
pub fn dry_run(db: Db, asked: &Asked) -> Result<()> {
    let schema = settings::target_schema();
    let closes = Closes::find(db, &asked.symbol)?;
    set_up::prepare(db, &schema, &HISTORY, true)?;
    let set_up = set_up::is_set_up(db, &schema, &HISTORY)?;
    let job = Job { set_up, ..job(db, &schema, &closes, asked.full_refresh, true) };
    let mut outcome = Outcome { days: job.wanted(asked.span, asked.batch_size)?.days, ..Outcome::default() };
    let mut rest = asked.span;
    loop {
        let batch = job.next(rest, asked.batch_size)?;
        outcome.add(&batch);
        if batch.left == 0 {
            break;
        }
        rest.from = batch.span.to.saturating_add(1);
    }
    notice(outcome.would_write(asked));
    outcome.end(asked, true)
}
