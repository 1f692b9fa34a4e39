//! How fresh each series is.

use std::collections::HashSet;

use crate::output::fresh::{Fresh, Now, last};
use crate::output::series::{Newest, OfSeries, marks, newest_rows, state};
use crate::output::set_up;
use crate::pg::lock::{Key, named};
use crate::pg::timescale::Recent;
use crate::pg::{
    Db, Error, Result, Row, Sees, arg, attempt_unless_cancelled, extension_schema, known, quote_literal,
    settings, syscache::readable, written,
};
use crate::source::candle_map;
use crate::source::candles::{Reads, Source};
use crate::source::names;
use crate::source::relation::may_hide_rows;
use crate::source::rhythm::Watch;
use crate::source::series::{Series, series_key};
use crate::track::watched::Watched;

/// The candles and the newest row of a series.
struct Bars {
    row: Option<Newest>,
    /// The number of candles after that row.
    behind: i64,
    /// The time of the newest candle, in microseconds since 2000.
    newest_source: Option<i64>,
}

impl OfSeries {
    /// Every series with candles or rows.
    ///
    /// # Errors
    /// Where candles, rows or the run log cannot be read.
    pub fn fresh(&self, db: Db) -> Result<Vec<Fresh>> {
        Ok(self.fresh_series(db)?.into_iter().map(|(_, fresh)| fresh).collect())
    }

    /// [`fresh`](OfSeries::fresh), each with its series.
    ///
    /// # Errors
    /// As [`fresh`](OfSeries::fresh).
    pub fn fresh_series(&self, db: Db) -> Result<Vec<(Series, Fresh)>> {
        let schema = settings::target_schema();
        self.system.check_readable(db)?;
        let Some(source) = self.source(db, &schema)? else { return Ok(Vec::new()) };
        let own = extension_schema(db)?;
        let states = state::all(db, self, &schema)?;
        let now = self.now(db, &schema, &source)?;
        let (mut all, have_candles) = self.may_have_candles(db, &schema, &source, &now)?;
        all.extend(states.keys().cloned());
        all.sort_unstable();
        all.dedup();
        let thought: Vec<Option<i64>> = all.iter().map(|series| states.get(series).copied()).collect();
        let may_hide = may_hide_rows(db, &source.relation.sql)?;
        let rows = newest_rows(db, &self.relation(&schema), &all, &thought)?;
        let moments: Vec<Option<i64>> = rows.iter().map(|row| row.as_ref().map(|(ts, _)| *ts)).collect();
        let newest_sources =
            self.newest_sources(db, &schema, &source, Some(&now), &all, [&moments, &thought])?;
        let behind = source.count_after_each(db, &all, &moments, &newest_sources)?;
        let silent = Watch::now().silent_series(db, &source, &all, &newest_sources)?;
        let retired = attempt_unless_cancelled(|| names::retired(db)).unwrap_or_default();
        let stored = rows.into_iter().zip(behind).zip(newest_sources).zip(silent);
        let is_there = |series: &Series, newest: Option<i64>| {
            have_candles || newest.is_some() || states.contains_key(series)
        };
        let fresh = |(series, (((row, behind), newest_source), silent)): (&Series, _)| {
            let bars = Bars { row, behind, newest_source };
            let is_retired = retired.contains(&series.symbol);
            let fresh = self.fresh_one(db, &schema, &now, series, bars, &own)?;
            let fresh = Fresh { silent, is_retired, ..fresh };
            Ok((series.clone(), if may_hide { fresh.of_hidden() } else { fresh }))
        };
        let stored = all.iter().zip(stored).filter(|(series, ((_, newest), _))| is_there(series, *newest));
        stored.map(fresh).collect()
    }

    /// The series with candles, and whether all of them have candles. In many chunks, finding the series means reading all candles. So
    /// while marks tell of every change, the series that once had candles are remembered: a series that has got its first candles
    /// since has a mark or a state, and whoever deletes the state announces that ([`delete`](super::delete::delete)).
    fn may_have_candles(
        &self,
        db: Db,
        schema: &str,
        source: &Source,
        now: &Now,
    ) -> Result<(Vec<Series>, bool)> {
        let relation = &source.relation.sql;
        let tracking = now.tracking.as_ref().filter(|tracking| tracking.is_complete());
        let is_in_many =
            || Ok::<_, Error>(!Recent::of(db, relation)?.is_all() && !may_hide_rows(db, relation)?);
        let (Some(tracking), Some(written), true) = (tracking, written(), is_in_many()?) else {
            return Ok((source.series(db, None, None)?, true));
        };
        let key = (source.fingerprint(), tracking.fingerprint.clone(), written);
        let mut all = known("series of candles", &key, || source.read_series(db, None))?.as_ref().clone();
        let sql = format!(
            "SELECT (m.key::text[])[1] AS symbol_, (m.key::text[])[2] AS timeframe_ FROM ({}) AS m (key)",
            self.marks.all(schema)
        );
        let read = |row: &Row| Ok(Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? });
        all.extend(db.by_key().all(&sql, &[], Sees::Snapshot, read)?);
        Ok((all, false))
    }

    /// The newest candle of each series, whose newest rows, and those that the states tell, are given. Where these are the same and
    /// candles in chunks have not changed since the last refresh, as far as `marked` tells, it is that of the row.
    ///
    /// # Errors
    /// Where candles, states or marks cannot be read.
    pub fn newest_sources(
        &self,
        db: Db,
        schema: &str,
        source: &Source,
        marked: Option<&Now>,
        all: &[Series],
        [rows, stated]: [&[Option<i64>]; 2],
    ) -> Result<Vec<Option<i64>>> {
        let unchanged = match marked {
            Some(now) if !Recent::of(db, &source.relation.sql)?.is_all() => {
                self.unchanged(db, schema, now)?
            }
            _ => HashSet::new(),
        };
        let is_sure = |place: usize| {
            rows[place].is_some() && rows[place] == stated[place] && unchanged.contains(&all[place])
        };
        let places: Vec<usize> = (0..all.len()).filter(|place| !is_sure(*place)).collect();
        let mut newest = rows.to_vec();
        if !places.is_empty() {
            let others: Vec<Series> = places.iter().map(|place| all[*place].clone()).collect();
            let thought: Vec<Option<i64>> = places.iter().map(|place| rows[*place]).collect();
            for (place, found) in places.into_iter().zip(source.newest_of_each(db, &others, &thought)?) {
                newest[place] = found;
            }
        }
        Ok(newest)
    }

    /// The series whose candles have not changed since the last refresh, as marks tell: the newest candle of each is that of the
    /// newest row that the state tells.
    fn unchanged(&self, db: Db, schema: &str, now: &Now) -> Result<HashSet<Series>> {
        let Some(tracking) = now.tracking.as_ref().filter(|tracking| tracking.is_complete()) else {
            return Ok(HashSet::new());
        };
        let sql = format!(
            "SELECT k.symbol AS symbol_, k.timeframe AS timeframe_ FROM {} AS k WHERE k.sources = $1 AND k.tracking = $2 AND NOT {}",
            state::relation(self, schema),
            self.marks.is_marked(schema, &series_key("k.symbol", "k.timeframe"))
        );
        let args = [arg(now.sources.as_str()), arg(tracking.fingerprint.as_str())];
        let read = |row: &Row| Ok(Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? });
        Ok(db.by_key().all(&sql, &args, Sees::Snapshot, read)?.into_iter().collect())
    }

    /// What a refresh would compare with the states of series.
    ///
    /// # Errors
    /// Where the catalogs cannot be read.
    pub fn now(&self, db: Db, schema: &str, source: &Source) -> Result<Now> {
        let sources = set_up::with_columns(db, schema, self.system, &source.fingerprint())?;
        Ok(Now { sources, tracking: self.tracking(db, schema, source)? })
    }

    fn fresh_one(
        &self,
        db: Db,
        schema: &str,
        now: &Now,
        series: &Series,
        Bars { row, behind, newest_source }: Bars,
        own: &str,
    ) -> Result<Fresh> {
        let newest_row = row.as_ref().map(|(ts, _)| *ts);
        let name = series.name();
        let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(quote_literal);
        let marked = self.marks(db, schema, series)?.since().is_some();
        let state = state::known(db, self, schema, series)?;
        let other_basis = match &state {
            Some(state) => (self.basis.changed)(db, series, state)?,
            None => (self.basis.of_rows)(db, &self.relation(schema), series)?,
        };
        let again = state.as_ref().and_then(self.again);
        let other_rows = state.as_ref().and_then(|state| {
            let is_other = again.as_ref().is_none_or(|again| again.version != state.version);
            let is_lost = row.as_ref() != Some(&(state.newest, Some(state.version.clone())));
            is_other.then_some("parameters").or(is_lost.then_some("stored rows"))
        });
        let other_sources = state.as_ref().and_then(|state| now.changed(&state.sources, None));
        let version = row.and_then(|(_, version)| version);
        // The arguments of rows without a state are not known.
        let is_lost =
            state.is_none() && version.as_deref().is_some_and(|version| !(self.is_default)(version));
        let lost = is_lost.then(|| {
            format!(
                "SELECT symbol, timeframe, classifier_version, count(*) AS rows FROM {} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;",
                self.relation(schema)
            )
        });
        let is_sure = state.map_or(newest_row.is_none(), |state| now.is_sure(state.tracking.as_deref()));
        let arguments = again.map(|again| again.arguments).unwrap_or_default();
        let changed = [other_basis.map(|_| self.basis.what), other_rows, other_sources];
        Ok(Fresh {
            newest_source,
            newest_row,
            behind,
            ahead: newest_row > newest_source,
            marked,
            changed: changed.into_iter().flatten().collect(),
            unsure: !is_sure,
            version,
            lost,
            command: format!(
                "SELECT * FROM {own}.refresh_{}({symbol}, {timeframe}{arguments});",
                self.table.name
            ),
            arguments,
            last: last(db, self.system, &name)?,
            name,
            ..Fresh::default()
        })
    }

    /// What a lock keeps others from refreshing: a series.
    ///
    /// # Errors
    /// Where the candles or the working tables cannot be read.
    pub fn locked(&self, db: Db, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
        let Key::Name(key) = key else { return Ok(None) };
        let set_up = set_up::is_set_up(db, schema, self.system)?;
        let mut all: Vec<Series> = match set_up {
            true => state::all(db, self, schema)?.into_keys().collect(),
            false => Vec::new(),
        };
        if let Some(source) = self.source(db, schema)? {
            all.extend(source.series(db, None, None)?);
        }
        let names = all.iter().map(|series| self.lock_name(schema, series)).collect();
        Ok(named(db, key, names)?.map(|place| (None, format!("series {}", all[place].name()))))
    }

    /// The relation of candles, as SQL, where its changes are not marked; `None` where there never were candles.
    ///
    /// # Errors
    /// Where the source map is wrong or the candles cannot be read.
    pub fn untracked(&self, db: Db) -> Result<Option<Vec<String>>> {
        let schema = settings::target_schema();
        let Some(source) = self.source(db, &schema)? else { return Ok(None) };
        let is_tracked = self.tracking(db, &schema, &source)?.is_some();
        Ok(Some(if is_tracked { Vec::new() } else { vec![source.relation.sql] }))
    }

    /// The candles; `None` where there never were candles: no table, no rows, and no edited row of the source map. Candles
    /// that lack a column which only this system reads count as none until there are rows.
    fn source(&self, db: Db, schema: &str) -> Result<Option<Source>> {
        let found = match Source::find(db, self.reads) {
            Err(_) if self.is_unused(db, schema)? => return Ok(None),
            found => found?,
        };
        match found {
            None if candle_map::is_mapped(db)? || self.has_rows(db, schema)? => {
                Source::load(db, self.reads).map(Some)
            }
            found => Ok(found),
        }
    }

    /// Whether the candles serve other systems alone: those that do with fewer columns can read them, and there are no rows
    /// of this system.
    fn is_unused(&self, db: Db, schema: &str) -> Result<bool> {
        Ok(self.reads != Reads::Prices
            && Source::find(db, Reads::Prices).is_ok()
            && !self.has_rows(db, schema)?)
    }

    /// The relations whose changes are to be marked: the candles, if a source is mapped. Ignores a table that has the default name but not
    /// the columns of candles, unless the user has mapped the table or the tables are set up.
    ///
    /// # Errors
    /// As [`Source::find`] if the candles are mapped or the tables are set up.
    pub fn watched(&self, db: Db, schema: &str) -> Result<Vec<Watched>> {
        let found = match Source::find(db, self.reads) {
            Err(_) if self.is_unused(db, schema)? => None,
            Err(_) if !candle_map::is_mapped(db)? && !set_up::is_set_up(db, schema, self.system)? => None,
            // Marks need the key and the time alone: a column that only this system reads stops no other system.
            Err(_) if self.reads != Reads::Prices => Source::find(db, Reads::Prices)?,
            found => found?,
        };
        Ok(found.iter().map(|source| marks::watched(self.marks, source)).collect())
    }

    fn has_rows(&self, db: Db, schema: &str) -> Result<bool> {
        if readable(schema, self.table.name) != Some(true) {
            return Ok(false);
        }
        let sql = format!("SELECT true FROM {} LIMIT 1", self.relation(schema));
        Ok(db.first(&sql, &[], Sees::Snapshot, |_| Ok(()))?.is_some())
    }
}
