//! Refreshing series of candles, one by one: what has to be computed, and why; computing it; writing what differs.

use pgrx::PgSqlErrorCode;

use crate::output::entry::{self, About, Done, Entry, Mode};
use crate::output::grants::with_grants;
use crate::output::refresh::{Attempt, Refreshed, Subjects};
use crate::output::series::marks::OfOne as Marks;
use crate::output::series::rounds::keeps_others;
use crate::output::series::state::{Kept, State};
use crate::output::series::{Newest, OfSeries, newest_row, reference, state};
use crate::output::set_up;
use crate::output::shape::set_up_again;
use crate::pg::{
    Db, Error, Result, attempt, citus, lock, memory, read_only_transaction, session, settings, spi, utc,
};
use crate::source::bars::Span;
use crate::source::candle_names;
use crate::source::candles::{Candles, Source};
use crate::source::relation::check_none_hidden;
use crate::source::series::Series;
use crate::sync::Write;
use crate::sync::compare::{Within, Written};
use crate::sync::content::{Content, Value};

/// What a system makes of the candles of a series.
pub trait Work {
    /// The computation of a series, as far as it has come.
    type Machine<'c>;

    /// Whether [`Work::content`] and the state are all that is written of new candles, so that those of many series are written
    /// together.
    const IS_SIMPLE: bool = false;

    /// The system.
    fn of(&self) -> &'static OfSeries;

    /// The version of the rows.
    fn version(&self) -> String;

    /// The computation before the first candle.
    ///
    /// # Errors
    /// Where what rows depend on beside the candles cannot be read.
    fn begin<'c>(&self, at: &Place<'_, 'c>) -> Result<Self::Machine<'c>>;

    /// The computation after the newest row; `None` if the stored state cannot be resumed.
    ///
    /// # Errors
    /// As [`Work::begin`].
    fn resume<'c>(&self, at: &Place<'_, 'c>, state: &State) -> Result<Option<Self::Machine<'c>>>;

    /// The number of candles that a computation has taken in.
    fn candles(machine: &Self::Machine<'_>) -> u64;

    /// Takes in candles and writes their rows; `after` is the moment after which rows are written, if not all are. `None`
    /// if it turns out that the stored state cannot be resumed.
    ///
    /// # Errors
    /// Where rows cannot be written.
    fn write(
        &self,
        at: &Place,
        machine: &mut Self::Machine<'_>,
        candles: &Candles,
        after: Option<i64>,
    ) -> Result<Option<Written>> {
        let Some(content) = self.content(machine, candles, at.version) else { return Ok(None) };
        at.bring(after.map(Within::After), &content).map(Some)
    }

    /// The rows of further candles of a version; `None` unless [`Work::IS_SIMPLE`].
    fn content<'v>(&self, _: &mut Self::Machine<'_>, _: &Candles, _: &'v str) -> Option<Content<'v>> {
        None
    }

    /// What the rows depend on beside candles and version, for [`State::basis`]; `newest` is the time of the newest row.
    ///
    /// # Errors
    /// Where it cannot be encoded.
    fn basis(&self, machine: &Self::Machine<'_>, newest: i64) -> Result<String>;

    /// What further rows need, encoded for [`State::memory`].
    fn memory(machine: &mut Self::Machine<'_>) -> Vec<u8>;

    /// Stores what of a computation lies in further tables.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn store_more(&self, _: &Place, _: &mut Self::Machine<'_>) -> Result<()> {
        Ok(())
    }
}

/// Where the rows of a series are, and how to write them.
pub struct Place<'a, 'c> {
    pub db: Db<'c>,
    pub of: &'static OfSeries,
    /// The target schema.
    pub schema: &'a str,
    pub series: &'a Series,
    pub version: &'a str,
    pub dry_run: bool,
    /// Whether there are tables.
    pub set_up: bool,
}

impl Place<'_, '_> {
    /// Brings the rows of the series, or those within a span, to their content.
    ///
    /// # Errors
    /// Where the table cannot be read or written.
    pub fn bring(&self, within: Option<Within>, content: &Content) -> Result<Written> {
        pgrx::check_for_interrupts!();
        if !self.set_up {
            return Ok(Written { inserted: content.entry.len() as u64, ..Written::default() });
        }
        let scope = [Value::Text(&self.series.symbol), Value::Text(&self.series.timeframe)];
        let (db, table, relation) = (self.db, self.of.table, self.of.relation(self.schema));
        let write = Write { db, relation: &relation, table, scope: &scope, content, within, only_new: false };
        write.bring(self.dry_run)
    }
}

/// How to refresh.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub dry_run: bool,
    /// Compute all rows, even rows that are up to date.
    pub full_refresh: bool,
    /// End the call with an error if a series failed.
    pub strict: bool,
}

/// Which series to refresh.
#[derive(Clone, Debug)]
pub enum Which<'a> {
    /// Those of a symbol, a timeframe, or all.
    Of(Option<&'a str>, Option<&'a str>),
    /// These.
    These(Vec<Series>),
}

/// What a refresh did with a series.
pub struct Summary {
    pub series: Series,
    pub entry: Entry,
    /// Rows that the result holds.
    pub rows: Option<i64>,
}

/// Refreshes series, each whole or not at all.
///
/// # Errors
/// Where the transaction is read-only, the source map cannot be used, the series is unknown, or the tables cannot be
/// created or read; the failure of a single series is part of its summary.
pub fn refresh<W: Work>(work: &W, which: Which, how: How) -> Result<Vec<Summary>> {
    let of = work.of();
    let system = of.system;
    if !how.dry_run && session::transaction_is_read_only() {
        return Err(read_only_transaction(&format!("refresh_{}()", system.name))
            .detail("A call with dry_run => true only reads."));
    }
    spi::connect(|db| {
        let schema = settings::target_schema();
        let source = Source::load_held(db, of.reads)?;
        set_up::prepare(db, &schema, system, how.dry_run)?;
        let set_up = set_up::is_set_up(db, &schema, system)?;
        let strict = match (how.strict, &which) {
            (true, Which::Of(symbol, timeframe)) => Some(keeps_others(db, system, *symbol, *timeframe)?),
            _ => None,
        };
        let all = match which {
            Which::These(all) => all,
            Which::Of(symbol, timeframe) => {
                let all = || wanted(db, of, &source, &schema, set_up, symbol, timeframe);
                attempt(|| db.with_new_snapshot(all)).map_err(|error| with_grants(error, system, &schema))?
            }
        };
        let tracking = of.tracking(db, &schema, &source)?;
        let call = Call {
            db,
            of,
            is_marked: tracking.as_ref().is_some_and(|tracking| tracking.is_complete()),
            tracking: tracking.map(|tracking| tracking.fingerprint.clone()),
            sources: set_up::with_columns(db, &schema, system, &source.fingerprint())?,
            version: work.version(),
            source,
            schema,
            work,
            set_up,
            how,
        };
        let (version, schema) = (&call.version, &call.schema);
        let of_system = entry::Call { db, system, schema, version, dry_run: how.dry_run, strict };
        let about = |series: &Series| About {
            system,
            id: None,
            name: Some(series.name()),
            cal_scheme: None,
            lacks: "candles",
            version,
        };
        let lock = |all: &[Series]| {
            let names = all.iter().map(|series| of.lock_name(schema, series));
            lock::lock_all(db, names)
        };
        let one = |series: &Series| {
            let done = call.attempt(series);
            Attempt { read: done.as_ref().map_or(0, |done| done.more.read), done }
        };
        let together = |portion: &[Series]| call.attempt_together(portion);
        let all = of_system.each(all, &Subjects { about, lock, together, one })?;
        Ok(all.into_iter().map(summary).collect())
    })
}

fn summary(refreshed: Refreshed<Series, OfRefresh>) -> Summary {
    let Refreshed { subject: series, entry, done } = refreshed;
    Summary { series, entry, rows: done.map(|done| done.rows) }
}

/// The series with candles or with stored rows, in order.
pub(super) fn wanted(
    db: Db,
    of: &OfSeries,
    source: &Source,
    schema: &str,
    set_up: bool,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<Vec<Series>> {
    let here = match symbol {
        Some(_) => None,
        None => citus::shards_of_this_node(db, &source.relation.sql)?,
    };
    let is_of_part = here.is_some();
    let mut all = match (symbol, here) {
        (Some(symbol), _) => candle_names::of_symbol(db, source, symbol, timeframe)?,
        (None, None) => source.series(db, None, timeframe)?,
        (None, Some(shards)) => {
            let series = |shard| source.in_table(shard).series(db, None, timeframe);
            shards.into_iter().map(series).collect::<Result<Vec<_>>>()?.concat()
        }
    };
    if set_up {
        let states = state::relation(of, schema);
        let here = if is_of_part { citus::shards_of_this_node(db, &states)? } else { None };
        for states in here.unwrap_or_else(|| vec![states]) {
            all.extend(state::all_in(db, &states, symbol, timeframe)?);
        }
    }
    all.sort_unstable();
    all.dedup();
    match (symbol, timeframe) {
        (Some(symbol), _) if all.is_empty() => Err(candle_names::unknown(db, source, symbol, timeframe)?),
        (None, Some(timeframe)) if all.is_empty() && !is_of_part => {
            Err(candle_names::unknown_timeframe(db, source, timeframe)?)
        }
        _ => Ok(all),
    }
}

/// What refreshes of one call share.
pub(super) struct Call<'a, 'c, W> {
    pub db: Db<'c>,
    pub of: &'static OfSeries,
    pub source: Source,
    pub schema: String,
    pub work: &'a W,
    pub version: String,
    sources: String,
    /// `None` where changes of the candles are not marked.
    tracking: Option<String>,
    /// Whether every change of the candles has been marked.
    is_marked: bool,
    set_up: bool,
    pub how: How,
}

/// What the refresh of a series reports beyond the entry of any subject.
pub(super) struct OfRefresh {
    /// Candles that were read.
    pub read: u64,
}

/// What there is to compute.
pub(super) enum Plan<M> {
    Full(String),
    /// The candles after a moment, with the resumed machine.
    Later(i64, Box<M>),
}

impl<'c, W: Work> Call<'_, 'c, W> {
    /// [`Call::refresh`] in a subtransaction.
    fn attempt(&self, series: &Series) -> Result<Done<OfRefresh>> {
        let once = || memory::in_own_memory(|| attempt(|| self.refresh(series)));
        match once() {
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_FOREIGN_KEY_VIOLATION => {
                match reference::refers_elsewhere(self.db, self.of.table.name, &self.relation()) {
                    // A candle was deleted after the read: try again without this candle.
                    Ok(false) => once(),
                    _ => Err(self.with_setup(error)),
                }
            }
            done => done,
        }
    }

    /// The error for rows whose foreign key refers to another table than the candles.
    fn with_setup(&self, error: Error) -> Error {
        let (Ok(set_up), None) = (set_up_again(self.db, &self.schema), &error.report().hint) else {
            return error;
        };
        error.hint(set_up)
    }

    /// Refreshes a series; to be called with its lock held, in a subtransaction.
    fn refresh(&self, series: &Series) -> Result<Done<OfRefresh>> {
        if self.set_up {
            set_up::hold(self.db, &self.schema, self.of.system, self.how.dry_run)?;
        }
        // One snapshot for candles, marks and the rows that are there, taken after the lock: the candles are of
        // one moment, and include what the lock's last holder committed.
        self.db.with_new_snapshot(|| {
            if self.how.dry_run {
                return self.full(series, "dry_run".to_owned());
            }
            let marks = self.of.marks(self.db, &self.schema, series)?;
            let mut done = match self.plan(series, &marks)? {
                Plan::Full(reason) => self.full(series, reason)?,
                Plan::Later(newest, machine) => match self.later(series, newest, *machine)? {
                    Some(done) => done,
                    None => self.full(series, "incomplete state".to_owned())?,
                },
            };
            done.of_many = self.of.clear(self.db, &self.schema, marks)?;
            Ok(done)
        })
    }

    fn plan(&self, series: &Series, marks: &Marks) -> Result<Plan<W::Machine<'c>>> {
        if self.how.full_refresh {
            return Ok(Plan::Full("full_refresh".to_owned()));
        }
        let newest = newest_row(self.db, &self.relation(), series)?;
        let stored = state::load(self.db, self.of, &self.schema, series)?;
        self.plan_of(series, newest, stored, marks.since())
    }

    /// What there is to compute of a series with a newest row, a state, and marks since a moment.
    pub(super) fn plan_of(
        &self,
        series: &Series,
        newest: Option<Newest>,
        stored: Option<State>,
        since: Option<i64>,
    ) -> Result<Plan<W::Machine<'c>>> {
        let full = |reason: &str| Ok(Plan::Full(reason.to_owned()));
        let Some(stored) = stored else {
            return full(if newest.is_some() { "no state" } else { "first refresh" });
        };
        let Some(machine) = self.work.resume(&self.place(series), &stored)? else {
            return full("state of another version");
        };
        if stored.version != self.version {
            return full("parameters changed");
        }
        if let Some(other) = set_up::other_sources(&stored.sources, &self.sources) {
            return full(other.reason);
        }
        let basis_changed = (self.of.basis.changed)(self.db, series, &stored)?;
        if newest != Some((stored.newest, Some(stored.version))) {
            return full("stored rows changed");
        }
        if basis_changed.is_some() {
            return full(self.of.basis.reason);
        }
        let since = since.filter(|since| *since <= stored.newest);
        // The mark of a TRUNCATE, which changes the fingerprint too.
        if since == Some(i64::MIN) {
            return full("late candles");
        }
        if self.tracking.is_none() || stored.tracking != self.tracking {
            return full("not tracked");
        }
        if !self.is_marked {
            return full("changes not marked yet");
        }
        match since {
            None => Ok(Plan::Later(stored.newest, Box::new(machine))),
            Some(since) => full(&format!("late candles from {}", &utc(since)[..10])),
        }
    }

    pub(super) fn relation(&self) -> String {
        self.of.relation(&self.schema)
    }

    fn place<'p>(&'p self, series: &'p Series) -> Place<'p, 'c> {
        Place {
            db: self.db,
            of: self.of,
            schema: &self.schema,
            series,
            version: &self.version,
            dry_run: self.how.dry_run,
            set_up: self.set_up,
        }
    }

    fn full(&self, series: &Series, reason: String) -> Result<Done<OfRefresh>> {
        let candles = self.source.read(self.db, series, Span::Until(None))?;
        if candles.ts.is_empty() && self.set_up {
            self.check_not_all_gone(series)?;
        }
        let mut machine = self.work.begin(&self.place(series))?;
        let written = self.write(series, &mut machine, &candles, None)?.unwrap_or_default();
        if !self.how.dry_run {
            match candles.ts.last() {
                Some(newest) => self.remember(series, *newest, &mut machine)?,
                None => state::forget(self.db, self.of, &self.schema, series)?,
            }
        }
        let read = candles.ts.len() as u64;
        let done = Done::new(read as i64, written, Mode::Full, OfRefresh { read });
        Ok(Done { reason: Some(reason), ..done })
    }

    /// The refresh of the candles after the newest row; `None` if the stored state cannot be resumed.
    fn later(
        &self,
        series: &Series,
        newest: i64,
        mut machine: W::Machine<'c>,
    ) -> Result<Option<Done<OfRefresh>>> {
        let candles = self.source.read(self.db, series, Span::After(newest))?;
        let read = candles.ts.len() as u64;
        let rows = (W::candles(&machine) + read) as i64;
        let mut done = Done::new(rows, Written::default(), Mode::None, OfRefresh { read });
        if let Some(last) = candles.ts.last() {
            match self.write(series, &mut machine, &candles, Some(newest))? {
                Some(written) => done.written = written,
                None => return Ok(None),
            }
            done.mode = Mode::Incremental;
            self.remember(series, *last, &mut machine)?;
        }
        Ok(Some(done))
    }

    fn remember(&self, series: &Series, newest: i64, machine: &mut W::Machine<'c>) -> Result<()> {
        self.work.store_more(&self.place(series), machine)?;
        state::store(self.db, self.of, &self.schema, vec![self.kept(series, newest, machine)?], false)
    }

    /// What is to be stored of a series.
    pub(super) fn kept<'k>(
        &self,
        series: &'k Series,
        newest: i64,
        machine: &mut W::Machine<'c>,
    ) -> Result<Kept<'k>> {
        let state = State {
            newest,
            version: self.version.clone(),
            basis: self.work.basis(machine, newest)?,
            sources: self.sources.clone(),
            tracking: self.tracking.clone(),
            memory: W::memory(machine),
        };
        Ok(Kept { series, candles: W::candles(machine), state })
    }

    /// Writes the rows of candles, which are all or those after a moment.
    fn write(
        &self,
        series: &Series,
        machine: &mut W::Machine<'c>,
        candles: &Candles,
        after: Option<i64>,
    ) -> Result<Option<Written>> {
        let written = self.work.write(&self.place(series), machine, candles, after)?;
        if let Some(written) = written {
            check_none_hidden(self.db, &self.source.relation, self.of.table.name, written.deleted)?;
        }
        Ok(written)
    }

    /// Refuses to delete the rows of a series without candles where there are no candles at all: a mistake in the
    /// source map, or a table that is being reloaded.
    fn check_not_all_gone(&self, series: &Series) -> Result<()> {
        if newest_row(self.db, &self.relation(), series)?.is_none() || !self.source.is_empty(self.db)? {
            return Ok(());
        }
        Err(self.source.no_candles(self.db, &format!("delete_{}", self.of.system.name))?)
    }
}
