//! Refreshing the regimes of candles, series by series: what has to be computed, and why; computing it; writing
//! what differs.

use pgrx::PgSqlErrorCode;

use regime_core::market_regimes::{Config, Label, Machine};

use crate::output::entry::{self, About, Done, Entry, Mode};
use crate::output::grants::with_grants;
use crate::output::refresh::{Attempt, Refreshed};
use crate::output::relation::output_relation;
use crate::output::set_up;
use crate::pg::{
    Db, Error, Result, arg, attempt, extension_schema, lock, memory, qualified, quote_literal,
    read_only_transaction, session, settings, spi, utc,
};
use crate::source::bars::Span;
use crate::source::candle_names;
use crate::source::candles::{Candles, Series, Source};
use crate::source::relation::check_none_hidden;
use crate::sync::compare::Written;
use crate::sync::content::Value;
use crate::sync::sync_after;
use crate::systems::market_regimes::marks::Marks;
use crate::systems::market_regimes::rows::{content, newest_row, run};
use crate::systems::market_regimes::tables::{MARKET, MARKET_REGIMES};
use crate::systems::market_regimes::{marks, reference, state};

/// How to refresh.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub dry_run: bool,
    /// Compute all rows, even rows that are up to date.
    pub full_refresh: bool,
}

/// What a refresh did with a series.
pub struct Summary {
    pub series: Series,
    pub entry: Entry,
    /// Rows that the result holds.
    pub rows: Option<i64>,
}

/// Refreshes the series of a symbol, a timeframe, or all, each whole or not at all.
///
/// # Errors
/// Where the transaction is read-only, the source map cannot be used, the series is unknown, or the tables cannot be
/// created or read; the failure of a single series is part of its summary.
pub fn refresh(
    symbol: Option<&str>,
    timeframe: Option<&str>,
    config: &Config,
    how: How,
) -> Result<Vec<Summary>> {
    if !how.dry_run && session::transaction_is_read_only() {
        return Err(read_only_transaction("refresh_market_regimes()")
            .detail("A call with dry_run => true only reads."));
    }
    spi::connect(|db| {
        let schema = settings::target_schema();
        let source = Source::load_held(db)?;
        set_up::prepare(db, &schema, &MARKET, how.dry_run)?;
        let set_up = set_up::is_set_up(db, &schema, &MARKET)?;
        let all =
            attempt(|| db.with_new_snapshot(|| wanted(db, &source, &schema, set_up, symbol, timeframe)));
        let all = all.map_err(|error| with_grants(error, &MARKET, &schema))?;
        let tracking = marks::tracking(db, &schema, &source)?;
        let call = Call {
            db,
            is_marked: tracking.as_ref().is_some_and(|tracking| tracking.is_complete()),
            tracking: tracking.map(|tracking| tracking.fingerprint.clone()),
            sources: set_up::with_columns(db, &schema, &MARKET, &source.fingerprint())?,
            version: config.version(),
            source,
            schema,
            config,
            set_up,
            how,
        };
        let (version, schema) = (&call.version, &call.schema);
        let of_system = entry::Call { db, system: &MARKET, schema, version, dry_run: how.dry_run };
        let about = |series: &Series| About {
            system: &MARKET,
            id: None,
            name: Some(series.name()),
            cal_scheme: None,
            lacks: "candles",
        };
        let lock = |series: &Series| lock(db, &lock_name(schema, series));
        let attempt = |series: &Series| {
            let done = call.attempt(series);
            Attempt { read: done.as_ref().map_or(0, |done| done.more.read), done }
        };
        let all = of_system.each(all, about, lock, attempt)?;
        Ok(all.into_iter().map(summary).collect())
    })
}

fn summary(refreshed: Refreshed<Series, OfSeries>) -> Summary {
    let Refreshed { subject: series, entry, done } = refreshed;
    Summary { series, entry, rows: done.map(|done| done.rows) }
}

/// The name of the lock that a writer of a series holds.
/// The name of the lock of a series.
pub fn lock_name(schema: &str, series: &Series) -> String {
    format!("{} of {schema}: {} {}", MARKET_REGIMES.name, series.timeframe, series.symbol)
}

/// The series with candles or with stored rows, in order.
fn wanted(
    db: Db,
    source: &Source,
    schema: &str,
    set_up: bool,
    symbol: Option<&str>,
    timeframe: Option<&str>,
) -> Result<Vec<Series>> {
    let mut all = match symbol {
        Some(symbol) => candle_names::of_symbol(db, source, symbol, timeframe)?,
        None => source.series(db, None, timeframe)?,
    };
    if set_up {
        all.extend(state::all(db, schema, symbol, timeframe)?);
    }
    all.sort_unstable();
    all.dedup();
    match (symbol, timeframe) {
        (Some(symbol), _) if all.is_empty() => Err(candle_names::unknown(db, source, symbol, timeframe)?),
        (None, Some(timeframe)) if all.is_empty() => {
            Err(candle_names::unknown_timeframe(db, source, timeframe)?)
        }
        _ => Ok(all),
    }
}

/// What refreshes of one call share.
struct Call<'a, 'c> {
    db: Db<'c>,
    source: Source,
    schema: String,
    config: &'a Config,
    version: String,
    sources: String,
    /// `None` where changes of the candles are not marked.
    tracking: Option<String>,
    /// Whether every change of the candles has been marked.
    is_marked: bool,
    set_up: bool,
    how: How,
}

/// What the refresh of a series reports beyond the entry of any subject.
struct OfSeries {
    /// Candles that were read.
    read: u64,
}

/// What there is to compute.
enum Plan {
    Full(String),
    /// The candles after a moment, with the resumed machine.
    Later(i64, Box<Machine>),
}

impl Call<'_, '_> {
    /// [`Call::refresh`] in a subtransaction.
    fn attempt(&self, series: &Series) -> Result<Done<OfSeries>> {
        let once = || memory::in_own_memory(|| attempt(|| self.refresh(series)));
        match once() {
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_FOREIGN_KEY_VIOLATION => {
                match reference::refers_elsewhere(self.db, &self.relation()) {
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
        let (Ok(own), None) = (extension_schema(self.db), &error.report().hint) else { return error };
        error.hint(format!("SELECT * FROM {own}.regime_setup({});", quote_literal(&self.schema)))
    }

    /// Refreshes a series; to be called with its lock held, in a subtransaction.
    fn refresh(&self, series: &Series) -> Result<Done<OfSeries>> {
        if self.set_up {
            set_up::hold(self.db, &self.schema, &MARKET, self.how.dry_run)?;
        }
        // One snapshot for candles, marks and the rows that are there, taken after the lock: the candles are of
        // one moment, and include what the lock's last holder committed.
        self.db.with_new_snapshot(|| {
            if self.how.dry_run {
                return self.full(series, "dry_run".to_owned());
            }
            let marks = marks::of(self.db, &self.schema, series)?;
            let mut done = match self.plan(series, &marks)? {
                Plan::Full(reason) => self.full(series, reason)?,
                Plan::Later(newest, machine) => self.later(series, newest, *machine)?,
            };
            done.of_many = marks::clear(self.db, &self.schema, marks)?;
            Ok(done)
        })
    }

    fn plan(&self, series: &Series, marks: &Marks) -> Result<Plan> {
        let full = |reason: &str| Ok(Plan::Full(reason.to_owned()));
        if self.how.full_refresh {
            return full("full_refresh");
        }
        let newest = newest_row(self.db, &self.relation(), series)?;
        let Some(stored) = state::load(self.db, &self.schema, series)? else {
            return full(if newest.is_some() { "no state" } else { "first refresh" });
        };
        let (Some(machine), Some(_)) = (stored.machine, stored.config) else {
            return full("state of another version");
        };
        if stored.version != self.version {
            return full("parameters changed");
        }
        if let Some(reason) = set_up::other_sources(&stored.sources, &self.sources) {
            return full(reason);
        }
        if newest != Some((stored.newest, Some(stored.version))) {
            return full("stored rows changed");
        }
        let since = marks.since().filter(|since| *since <= stored.newest);
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
            None => Ok(Plan::Later(stored.newest, machine)),
            Some(since) => full(&format!("late candles from {}", &utc(since)[..10])),
        }
    }

    fn relation(&self) -> String {
        qualified(&self.schema, MARKET_REGIMES.name)
    }

    fn full(&self, series: &Series, reason: String) -> Result<Done<OfSeries>> {
        let candles = self.source.read(self.db, series, Span::Until(None))?;
        if candles.ts.is_empty() && self.set_up {
            self.check_not_all_gone(series)?;
        }
        let mut machine = Machine::new(self.config);
        let labels: Vec<Label> = run(&mut machine, &candles).collect();
        let written = self.write(series, &candles, &labels, None)?;
        if !self.how.dry_run {
            match candles.ts.last() {
                Some(newest) => self.remember(series, *newest, &machine)?,
                None => state::forget(self.db, &self.schema, series)?,
            }
        }
        Ok(Done {
            rows: labels.len() as i64,
            written,
            mode: Mode::Full,
            reason: Some(reason),
            of_many: Vec::new(),
            more: OfSeries { read: labels.len() as u64 },
        })
    }

    fn later(&self, series: &Series, newest: i64, mut machine: Machine) -> Result<Done<OfSeries>> {
        let candles = self.source.read(self.db, series, Span::After(newest))?;
        let labels: Vec<Label> = run(&mut machine, &candles).collect();
        let mut done = Done {
            rows: machine.candles() as i64,
            written: Written::default(),
            mode: Mode::None,
            reason: None,
            of_many: Vec::new(),
            more: OfSeries { read: labels.len() as u64 },
        };
        if let Some(last) = candles.ts.last() {
            done.written = self.write(series, &candles, &labels, Some(newest))?;
            done.mode = Mode::Incremental;
            self.remember(series, *last, &machine)?;
        }
        Ok(done)
    }

    fn remember(&self, series: &Series, newest: i64, machine: &Machine) -> Result<()> {
        let basis = state::Basis {
            version: &self.version,
            config: self.config,
            sources: &self.sources,
            tracking: self.tracking.as_deref(),
        };
        state::store(self.db, &self.schema, series, &basis, newest, machine)
    }

    /// Writes the rows after a moment, or all.
    fn write(
        &self,
        series: &Series,
        candles: &Candles,
        labels: &[Label],
        after: Option<i64>,
    ) -> Result<Written> {
        let content = content(&candles.ts, labels, &self.version);
        pgrx::check_for_interrupts!();
        if !self.set_up {
            return Ok(Written { inserted: labels.len() as u64, ..Written::default() });
        }
        let scope = [Value::Text(&series.symbol), Value::Text(&series.timeframe)];
        let table = &MARKET_REGIMES;
        let written =
            sync_after(self.db, &self.relation(), table, &scope, after, &content, self.how.dry_run)?;
        check_none_hidden(self.db, &self.source.relation, table.name, written.deleted)?;
        Ok(written)
    }

    /// Refuses to delete the rows of a series without candles where there are no candles at all: a mistake in the
    /// source map, or a table that is being reloaded.
    fn check_not_all_gone(&self, series: &Series) -> Result<()> {
        if newest_row(self.db, &self.relation(), series)?.is_none() || !self.source.is_empty(self.db)? {
            return Ok(());
        }
        Err(self.source.no_candles(self.db)?)
    }
}

/// Deletes the rows and the state of a series; gives the number of rows deleted.
///
/// # Errors
/// Where the transaction is read-only, and where the table does not exist or the user may not write to the table.
pub fn delete(symbol: &str, timeframe: &str) -> Result<i64> {
    session::check_writable("delete_market_regimes()")?;
    let series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
    let delete = |db: Db| {
        let schema = settings::target_schema();
        let relation = output_relation(db, &MARKET_REGIMES)?;
        lock(db, &lock_name(&schema, &series))?;
        MARKET.hold(db, &schema, false)?;
        let sql = format!("DELETE FROM {relation} WHERE symbol = $1 AND timeframe = $2");
        let args = [arg(symbol), arg(timeframe)];
        let deleted = db.execute_small(&sql, &args)?;
        state::forget(db, &schema, &series)?;
        Ok(deleted as i64)
    };
    attempt(|| spi::connect(delete)).map_err(|error| with_grants(error, &MARKET, &settings::target_schema()))
}
