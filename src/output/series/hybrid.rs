//! Reading the rows of a series: computed on the fly, and stored ones as far as they are valid with computed ones after
//! them.

use std::ops::Range;

use crate::output::relation::{not_readable, output_relation};
use crate::output::series::read::Times;
use crate::output::series::refresh::{Place, Work};
use crate::output::series::state::State;
use crate::output::series::{OfSeries, newest_row, state};
use crate::pg::{
    Db, Result, qualified, result_set::Rows, settings, spi, syscache, timestamp_arg, work_schema,
};
use crate::source::bars::Span;
use crate::source::candle_names;
use crate::source::candles::{Candles, Source};
use crate::source::series::Series;
use crate::sync::content::Value;
use crate::sync::kept;

/// What a system makes of the candles of a series, as rows of a function.
pub trait Show: Work + Sized {
    /// What made the rows of a state; `None` if that cannot be read, as of another version.
    fn of_stored(state: &State) -> Option<Self>;

    /// Takes in candles up to the end of a range of indexes and writes the rows of the range, with `created_at`, which is
    /// NULL, if `stamped`. Gives the index at which it stopped: before the end only where it turns out that the stored
    /// state cannot be resumed.
    ///
    /// # Errors
    /// Where the state cannot be read, or the columns are not those of the function.
    fn show(
        &self,
        rows: &mut Rows,
        at: &Place,
        machine: &mut Self::Machine<'_>,
        candles: &Candles,
        wanted: Range<usize>,
        stamped: bool,
    ) -> Result<usize>;
}

/// The rows of a series, computed from its first candle on.
///
/// # Errors
/// Where the candles of the series cannot be found or read.
pub fn compute<W: Show>(
    work: &W,
    rows: &mut Rows,
    symbol: &str,
    timeframe: &str,
    times: Times,
) -> Result<()> {
    spi::connect(|db| {
        let source = Source::load(db, work.of().reads)?;
        let (series, candles) = found(db, &source, symbol, timeframe, times.to)?;
        let wanted = times.first_of(&candles.ts)..candles.ts.len();
        let reader = Reader::new(db, work);
        let at = reader.at(&series);
        work.show(rows, &at, &mut work.begin(&at)?, &candles, wanted, false).map(|_| ())
    })
}

/// The candles of a symbol and timeframe that a caller named, up to a moment.
///
/// # Errors
/// Where there are none, and where they cannot be used.
pub fn found(
    db: Db,
    source: &Source,
    symbol: &str,
    timeframe: &str,
    to: Option<i64>,
) -> Result<(Series, Candles)> {
    let series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
    let candles = source.read(db, &series, Span::Until(to))?;
    if !candles.ts.is_empty() {
        return Ok((series, candles));
    }
    // No candles up to the moment, or the candles are stored under another name of the symbol.
    let series = candle_names::named(db, source, symbol, timeframe)?;
    let candles = source.read(db, &series, Span::Until(to))?;
    Ok((series, candles))
}

/// The rows of a series: stored rows as far as they are known to be what a refresh would write, computed rows after
/// that. `default` is what computes a series without stored rows.
///
/// Stored rows are used where a refresh would resume the series: where the newest stored row matches the stored state, and
/// every change since the state was stored is marked. Rows from the earliest marked change on are computed.
///
/// # Errors
/// Where the series has neither stored rows nor candles, and where the table, the state or the candles cannot be read.
pub fn get<W: Show>(default: &W, rows: &mut Rows, symbol: &str, timeframe: &str, times: Times) -> Result<()> {
    let of = default.of();
    spi::connect(|db| {
        let source = Source::load(db, of.reads)?;
        let schema = settings::target_schema();
        let mut series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
        let mut known = stored(db, of, &schema, &series)?;
        if known.is_none() {
            series = candle_names::named(db, &source, symbol, timeframe)?;
            known = stored(db, of, &schema, &series)?;
        }
        // Rows of parameters that cannot be read are computed anew, as a refresh would.
        let Some((relation, state, work)) =
            known.and_then(|(relation, state)| W::of_stored(&state).map(|work| (relation, state, work)))
        else {
            return Reader::new(db, default).computed(rows, &source, &series, times, None);
        };
        let reader = Reader::new(db, &work);
        let now = of.now(db, &schema, &source)?;
        let is_marked = now.tracking.is_some() && now.is_sure(state.tracking.as_deref());
        let newest = source.newest(db, &series)?;
        let scope = [Value::Text(&series.symbol), Value::Text(&series.timeframe)];
        let kept = kept::from(db, &relation, of.table, &scope)?;
        let is_kept = kept.is_none_or(|kept| times.from.is_some_and(|from| from >= kept));
        // The version differs from that of the parameters where an earlier release wrote the rows.
        let is_of_now = state.version == work.version() && state.sources == now.sources;
        if !is_marked || !is_of_now || newest.is_none() || !is_kept {
            return reader.computed(rows, &source, &series, times, None);
        }
        // From this moment on, stored rows no longer match the candles.
        let marked = of.marks_seen(db, &schema, &series)?.since().filter(|since| *since <= state.newest);
        let since = marked.into_iter().chain((of.basis.changed)(db, &series, &state)?).min();
        let is_whole = since.is_none() && newest.is_some_and(|newest| newest <= state.newest);
        query(db, of, rows, &relation, &series, times, since)?;
        if is_whole || times.to.is_some_and(|to| since.unwrap_or(state.newest.saturating_add(1)) > to) {
            return Ok(());
        }
        let mut after = since.map_or(state.newest, |since| since.saturating_sub(1));
        let at = reader.at(&series);
        if since.is_none()
            && let Some(mut machine) = work.resume(&at, &state)?
        {
            let candles = source.read(db, &series, Span::After(state.newest))?;
            let end = times.to.map_or(candles.ts.len(), |to| candles.ts.partition_point(|ts| *ts <= to));
            let first = times.first_of(&candles.ts).min(end);
            let stopped = work.show(rows, &at, &mut machine, &candles, first..end, true)?;
            if stopped == end {
                return Ok(());
            }
            after = stopped.checked_sub(1).map_or(after, |last| candles.ts[last]);
        }
        reader.computed(rows, &source, &series, times, Some(after))
    })
}

/// What reads rows for a caller.
struct Reader<'a, 'c, W> {
    db: Db<'c>,
    work: &'a W,
    schema: String,
    version: String,
}

impl<'a, 'c, W: Show> Reader<'a, 'c, W> {
    fn new(db: Db<'c>, work: &'a W) -> Self {
        Self { db, work, schema: settings::target_schema(), version: work.version() }
    }

    fn at<'p>(&'p self, series: &'p Series) -> Place<'p, 'c> {
        let of = self.work.of();
        let (schema, version) = (&self.schema, &self.version);
        Place { db: self.db, of, schema, series, version, dry_run: true, set_up: false }
    }

    /// Computes all candles and gives those after a moment.
    fn computed(
        &self,
        rows: &mut Rows,
        source: &Source,
        series: &Series,
        times: Times,
        after: Option<i64>,
    ) -> Result<()> {
        let candles = source.read(self.db, series, Span::Until(times.to))?;
        let after = after.map_or(0, |after| candles.ts.partition_point(|ts| *ts <= after));
        let wanted = times.first_of(&candles.ts).max(after)..candles.ts.len();
        let at = self.at(series);
        self.work.show(rows, &at, &mut self.work.begin(&at)?, &candles, wanted, true).map(|_| ())
    }
}

/// The table and the state of a series, if its newest row matches its state.
fn stored(db: Db, of: &'static OfSeries, schema: &str, series: &Series) -> Result<Option<(String, State)>> {
    let work = work_schema(schema);
    let working = [of.marks.state].into_iter().chain(of.more.iter().copied());
    let tables = working.map(|table| (work.as_str(), table));
    for (schema, table) in [(schema, of.table.name)].into_iter().chain(tables) {
        match syscache::readable(schema, table) {
            None => return Ok(None),
            Some(true) => {}
            Some(false) => {
                let relation = qualified(schema, table);
                return Err(not_readable(schema, &relation));
            }
        }
    }
    let relation = output_relation(db, of.table)?;
    let Some(state) = state::load(db, of, schema, series)? else { return Ok(None) };
    let newest = newest_row(db, &relation, series)?;
    let is_newest =
        newest.is_some_and(|(ts, version)| ts == state.newest && version.as_ref() == Some(&state.version));
    Ok(is_newest.then_some((relation, state)))
}

/// Stored rows, before a moment.
fn query(
    db: Db,
    of: &OfSeries,
    rows: &mut Rows,
    relation: &str,
    series: &Series,
    times: Times,
    before: Option<i64>,
) -> Result<()> {
    let mut args = Vec::from(series.args());
    let mut bounds = String::new();
    for (bound, moment) in [(">=", times.from), ("<=", times.to), ("<", before)] {
        if moment.is_some() {
            args.push(timestamp_arg(moment));
            bounds += &format!(" AND open_time {bound} ${}", args.len());
        }
    }
    let columns = of.table.selected("");
    let sql = format!(
        "SELECT {columns} FROM {relation} WHERE symbol = $1 AND timeframe = $2{bounds} ORDER BY open_time"
    );
    rows.query(db, &sql, &args)
}
