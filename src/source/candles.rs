//! Candles by symbol and timeframe: where they are, which series there are, and reading a series into flat
//! arrays.

use std::collections::{BTreeSet, HashMap, HashSet};

use regime_core::calendar::rhythm::MOST;
use regime_core::hash::of_texts;
use regime_core::market_states::PRICES;

use crate::pg::timescale::{Part, Recent, has_large_chunks, of_parts};
use crate::pg::{
    Arg, Db, Error, Micros, Result, Row, Sees, arg, citus, extension_schema, internal, no_data_found,
    read_once, syscache, timestamp_arg, timestamps_arg,
};
use crate::source::bars::{MOST_LATER, Span};
use crate::source::candle_map::MapRow;
use crate::source::relation::{Relation, after_args};
use crate::source::series::Series;
use crate::source::usable::{POSITIVE, Usable, check_bars, sort_by_time};

/// Which columns of candles are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reads {
    /// High, low and close.
    Prices,
    /// Also the open and, where it is mapped, the volume.
    All,
}

/// The row of the source map for candles, checked against the catalogs.
#[derive(Clone)]
pub struct Source {
    /// Schema and name.
    pub table: [String; 2],
    /// Quoted columns of symbol, timeframe and time; the timeframe is a literal where it is the only one.
    pub key: [String; 3],
    /// Whether all candles are of one timeframe, which no column has.
    pub has_only_tf: bool,
    /// Columns of the relation: time, high, low, close; with [`Reads::All`] open, and volume where it is mapped.
    pub relation: Relation,
    reads: Reads,
}

/// Columns of the statement that reads candles, by index since every candle is read.
const TS: usize = 0;
const HIGH: usize = 1;
const LOW: usize = 2;
const CLOSE: usize = 3;
const OPEN: usize = 4;
const VOLUME: usize = 5;

/// The candles of a series after a moment.
struct Later {
    /// When the newest candle opened, in microseconds since 2000, also where that is not after the moment.
    newest: i64,
    /// The number of candles after the moment; of all candles where no moment is given.
    count: i64,
}

/// Candles of one series, in ascending time: one element for each candle in every vector.
#[derive(Default)]
pub struct Candles {
    /// When each opened, in microseconds since 2000.
    pub ts: Vec<i64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Closing prices.
    pub close: Vec<f64>,
    /// Opening prices; empty unless [`Reads::All`].
    pub open: Vec<f64>,
    /// Volumes, NaN where unknown; empty unless [`Reads::All`].
    pub volume: Vec<f64>,
}

impl Source {
    /// The relation of checked columns; `key` are those of symbol, timeframe and time, quoted.
    pub(super) fn new(
        table: [String; 2],
        key: [String; 3],
        has_only_tf: bool,
        relation: Relation,
        reads: Reads,
    ) -> Self {
        Self { table, key, has_only_tf, relation, reads }
    }

    /// The candles that the source map names, checked against the catalogs.
    ///
    /// # Errors
    /// Where the map has no row for candles, or the row is wrong.
    pub fn load(db: Db, reads: Reads) -> Result<Self> {
        let schema = extension_schema(db)?;
        MapRow::load(db, &schema)?.source(db, &schema, reads)
    }

    /// [`Source::load`]; `None` where the map has no row for candles, or names a relation that does not
    /// exist.
    ///
    /// # Errors
    /// Where the row of the map is wrong.
    pub fn find(db: Db, reads: Reads) -> Result<Option<Self>> {
        let schema = extension_schema(db)?;
        let Some(row) = MapRow::find(db, &schema)? else { return Ok(None) };
        let [bars_schema, bars_table] = &row.table;
        if syscache::readable(bars_schema, bars_table).is_none() {
            return Ok(None);
        }
        row.source(db, &schema, reads).map(Some)
    }

    /// [`Source::load`] for a function that writes: locks the table first, so that later statements see the table as of
    /// the lock.
    ///
    /// # Errors
    /// As [`Source::load`].
    pub fn load_held(db: Db, reads: Reads) -> Result<Self> {
        let row = MapRow::load(db, &extension_schema(db)?)?;
        let [schema, name] = &row.table;
        if syscache::readable(schema, name) == Some(true) {
            db.hold(schema, name)?;
        }
        db.with_new_snapshot(|| Self::load(db, reads))
    }

    /// SQL: the timeframe of a candle of the FROM item `rel`.
    fn timeframe(&self) -> String {
        let [_, timeframe, _] = &self.key;
        if self.has_only_tf { timeframe.clone() } else { format!("rel.{timeframe}") }
    }

    /// The same candles as far as another table has them, given as SQL.
    pub fn in_table(&self, table: String) -> Self {
        let relation = Relation { sql: table, ..self.relation.clone() };
        Self { relation, ..self.clone() }
    }

    /// A hash of everything that determines what is read.
    pub fn fingerprint(&self) -> String {
        let Relation { sql, condition, columns, .. } = &self.relation;
        let texts = [sql, condition].into_iter().chain(columns).map(String::as_str);
        of_texts(texts).to_string()
    }

    /// Everything that determines which series there are, whichever columns of the candles are read.
    fn listed(&self) -> String {
        let [symbol, timeframe, _] = &self.key;
        format!("{} by {symbol}, {timeframe}{}", self.relation.sql, self.filter(" where "))
    }

    /// The candles of a series in a span.
    ///
    /// # Errors
    /// Where candles cannot be used ([`check_bars`]) or the relation cannot be read.
    pub fn read(&self, db: Db, series: &Series, span: Span) -> Result<Candles> {
        let Relation { condition, later_condition, .. } = &self.relation;
        let all = self.all();
        let (condition, moment) = match span {
            Span::Until(None) => (&all, None),
            Span::Until(moment) => (condition, moment),
            Span::After(moment) => (later_condition, Some(moment)),
        };
        let sql = self.relation.select(condition);
        let mut candles = Candles::default();
        let [symbol, timeframe, moment] = series_args(series, moment);
        let mut args = vec![symbol, timeframe];
        if !matches!(span, Span::Until(None)) {
            args.push(moment);
        }
        let each = |row: &Row| self.take(&mut candles, row);
        let whose = || Ok(format!("candles of {}", series.name()));
        self.relation.reading(db, (condition, &args), (&whose, ""), || {
            db.doing("read candles").rows(&sql, &args, Sees::Snapshot, each)
        })?;
        self.checked(series, candles)
    }

    /// The candles of each of many series that opened after a moment each, in microseconds since 2000, as [`Source::read`] gives
    /// them, by one statement a timeframe.
    ///
    /// # Errors
    /// As [`Source::read`]: those of one series are its own. A series with [`MOST_LATER`] new candles is one, too.
    pub fn later_of_each(&self, db: Db, all: &[Series], after: &[i64]) -> Result<Vec<Result<Candles>>> {
        let db = db.of_each(&self.relation.sql)?.doing("read new candles");
        let mut candles: Vec<Candles> = all.iter().map(|_| Candles::default()).collect();
        let number = self.relation.columns.len();
        let timeframes: BTreeSet<&str> = all.iter().map(|series| series.timeframe.as_str()).collect();
        for timeframe in timeframes {
            let places: Vec<usize> = (0..all.len()).filter(|n| all[*n].timeframe == timeframe).collect();
            let symbols: Vec<&str> = places.iter().map(|place| all[*place].symbol.as_str()).collect();
            let moments: Vec<i64> = places.iter().map(|place| after[*place]).collect();
            let sql = self.relation.select_of_each(("text", Some(timeframe)), Some(MOST_LATER), "true");
            let args: Vec<Arg> = [arg(symbols)].into_iter().chain(after_args(&moments)).collect();
            db.rows(&sql, &args, Sees::Snapshot, |row| {
                self.take(&mut candles[places[row.get::<i64>(number)? as usize - 1]], row)
            })?;
        }
        let checked = |(candles, series): (Candles, &Series)| {
            if candles.ts.len() as u64 >= MOST_LATER {
                let name = series.name();
                return Err(internal(format!("{name} has too many new candles to be read beside others")));
            }
            self.checked(series, candles)
        };
        Ok(candles.into_iter().zip(all).map(checked).collect())
    }

    /// Adds the candle of a row.
    fn take(&self, candles: &mut Candles, row: &Row) -> Result<()> {
        candles.ts.push(row.get::<Option<Micros>>(TS)?.map_or(i64::MAX, |Micros(ts)| ts));
        candles.high.push(row.price(HIGH));
        candles.low.push(row.price(LOW));
        candles.close.push(row.price(CLOSE));
        if self.reads == Reads::All {
            let has_volume = self.relation.columns.len() > VOLUME;
            candles.open.push(row.price(OPEN));
            candles.volume.push(if has_volume { row.price(VOLUME) } else { f64::NAN });
        }
        Ok(())
    }

    /// Candles as they were read, in ascending time.
    fn checked(&self, series: &Series, mut candles: Candles) -> Result<Candles> {
        let Candles { ts, high, low, close, open, volume } = &mut candles;
        let mut values = vec![high, low, close];
        if self.reads == Reads::All {
            values.extend([open, volume]);
        }
        sort_by_time(ts, values.into_iter());
        self.check(series, &candles)?;
        Ok(candles)
    }

    /// Checks that candles can be used.
    fn check(&self, series: &Series, candles: &Candles) -> Result<()> {
        let Candles { ts, high, low, close, open, .. } = candles;
        let mut prices = vec![("high", high.as_slice()), ("low", low), ("close", close)];
        let usable = match self.reads {
            Reads::Prices => POSITIVE,
            Reads::All => {
                prices.insert(0, ("open", open));
                IN_RANGE
            }
        };
        let whose = || Ok(format!("candles of {}", series.name()));
        check_bars(ts, &prices, usable, &whose, "", &self.relation.sql)
    }

    /// All candles of a series: `$1` is the symbol, `$2` the timeframe.
    fn all(&self) -> String {
        let [symbol, timeframe, _] = &self.key;
        format!("{symbol} = $1 AND {timeframe} = $2{}", self.filter(" AND "))
    }

    /// When the newest candle of a series opened, in microseconds since 2000; `None` where the series
    /// has no candles.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn newest(&self, db: Db, series: &Series) -> Result<Option<i64>> {
        let ([_, _, key], ts) = (&self.key, &self.relation.columns[0]);
        // In the order of the key, so that a single step along an index is enough.
        let newest = Recent::of(db, &self.relation.sql)?.first(db, |db, recent| {
            let sql = format!(
                "SELECT {ts} FROM {} WHERE {}{} AND {key} IS NOT NULL ORDER BY {key} DESC LIMIT 1",
                self.relation.sql,
                self.relation.condition,
                recent.condition(ts)
            );
            db.first(&sql, &series_args(series, None), Sees::Snapshot, |row| row.only::<Micros>())
        })?;
        Ok(newest.map(|Micros(ts)| ts))
    }

    /// [`Source::newest`] of each of many series; beside each is the time that its newest candle is thought to have.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn newest_of_each(
        &self,
        db: Db,
        all: &[Series],
        thought: &[Option<i64>],
    ) -> Result<Vec<Option<i64>>> {
        if citus::is_loaded() {
            return all.iter().map(|series| self.newest(db, series)).collect();
        }
        let recent = Recent::of(db, &self.relation.sql)?;
        let sql = format!(
            "SELECT {} AS newest FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) \
             WITH ORDINALITY AS s (symbol, timeframe, place) ORDER BY s.place",
            self.newest_of("s", &recent)
        );
        let read = |row: &Row| Ok(row.get::<Option<Micros>>("newest")?.map(|Micros(ts)| ts));
        let mut newest = db.by_key().doing("read newest candles").all(
            &sql,
            &Series::args_of(all),
            Sees::Snapshot,
            read,
        )?;
        let others: Vec<(Series, Option<i64>)> = all
            .iter()
            .zip(thought)
            .zip(&newest)
            .filter(|(_, newest)| newest.is_none() && !recent.is_all())
            .map(|((series, thought), _)| (series.clone(), *thought))
            .collect();
        if !others.is_empty() {
            let others = self.later_in_chunks(db, &others)?;
            let of_all = |(series, newest): (&Series, Option<i64>)| {
                newest.or(others.get(series).map(|later| later.newest))
            };
            newest = all.iter().zip(newest).map(of_all).collect();
        }
        Ok(newest)
    }

    /// The newest candle, in any chunk, of each of these series that has candles, and the number of candles after the time beside the
    /// series.
    fn later_in_chunks(&self, db: Db, all: &[(Series, Option<i64>)]) -> Result<HashMap<Series, Later>> {
        let ([symbol, _, key], ts) = (&self.key, &self.relation.columns[0]);
        let timeframe = self.timeframe();
        let moments: HashMap<&Series, Option<i64>> =
            all.iter().map(|(series, moment)| (series, *moment)).collect();
        Recent::newest_of(db, &self.relation.sql, all, |db, parts| {
            let asked: HashSet<&Series> = parts.iter().flat_map(|part| &part.subjects).collect();
            let asked: Vec<Series> = asked.into_iter().cloned().collect();
            let mut args = Vec::from(Series::args_of(&asked));
            let moments = asked.iter().map(|series| moments.get(series).copied().flatten());
            args.push(timestamps_arg(moments.collect()));
            let found = of_parts(parts, |Part { chunks, subjects }| {
                let [symbols, timeframes] = Series::in_sql(subjects);
                format!(
                    "SELECT rel.{symbol}::text AS symbol, {timeframe}::text AS timeframe, {ts} AS ts FROM {} AS rel \
                     WHERE rel.{symbol} = ANY ({symbols}) AND {timeframe} = ANY ({timeframes}) AND rel.{key} IS NOT NULL{}{}",
                    self.relation.sql,
                    self.filter(" AND "),
                    chunks.condition(&format!("rel.{key}"))
                )
            });
            let sql = format!(
                "SELECT s.symbol AS symbol_, s.timeframe AS timeframe_, pg_catalog.max(candle_.ts) AS newest, \
                   count(*) FILTER (WHERE s.moment IS NULL OR candle_.ts > s.moment) AS later \
                 FROM ({found}) AS candle_ JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::timestamptz[])) \
                   AS s (symbol, timeframe, moment) ON s.symbol = candle_.symbol AND s.timeframe = candle_.timeframe GROUP BY s.symbol, s.timeframe"
            );
            db.all(&sql, &args, Sees::Snapshot, |row| {
                let series = Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? };
                Ok((series, Later { newest: row.get::<Micros>("newest")?.0, count: row.get("later")? }))
            })
        })
    }

    /// SQL: when the newest candle opened, in chunks of the relation, of the series in the columns `symbol` and `timeframe` of a
    /// FROM item; NULL where the series has no candles there.
    pub fn newest_of(&self, item: &str, recent: &Recent) -> String {
        let ([symbol, _, key], ts) = (&self.key, &self.relation.columns[0]);
        let timeframe = self.timeframe();
        format!(
            "(SELECT {ts} FROM {} AS rel WHERE rel.{symbol} = {item}.symbol AND {timeframe} = {item}.timeframe{} \
             AND rel.{key} IS NOT NULL{} ORDER BY rel.{key} DESC LIMIT 1)",
            self.relation.sql,
            self.filter(" AND "),
            recent.condition(&format!("rel.{key}"))
        )
    }

    /// SQL: the times, `ts`, of the newest candles of the series in the columns `symbol` and `timeframe` of a FROM item, as many as tell
    /// the rhythm of the series, after a moment, which is given as SQL.
    pub fn times_of(&self, item: &str, after: &str) -> String {
        let ([symbol, _, key], ts) = (&self.key, &self.relation.columns[0]);
        let timeframe = self.timeframe();
        format!(
            "(SELECT {ts} AS ts FROM {} AS rel WHERE rel.{symbol} = {item}.symbol AND {timeframe} = {item}.timeframe{} \
             AND {ts} > {after} ORDER BY rel.{key} DESC LIMIT {MOST})",
            self.relation.sql,
            self.filter(" AND ")
        )
    }

    /// The times of the candles of a series after a moment, in microseconds since 2000, in any order.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn times_after(&self, db: Db, series: &Series, moment: i64) -> Result<Vec<i64>> {
        let Relation { sql, columns, later_condition, .. } = &self.relation;
        let sql = format!("SELECT {} AS ts_ FROM {sql} WHERE {later_condition}", columns[0]);
        db.all(&sql, &series_args(series, Some(moment)), Sees::Snapshot, |row| {
            Ok(row.get::<Micros>("ts_")?.0)
        })
    }

    /// The number of candles of a series that opened after a moment, in microseconds since 2000; of all its candles
    /// where no moment is given.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn count_after(&self, db: Db, series: &Series, moment: Option<i64>) -> Result<i64> {
        let condition = match moment {
            Some(_) => &self.relation.later_condition,
            None => &self.relation.condition,
        };
        let recent = Recent::of(db, &self.relation.sql)?;
        let (db, recent) = match moment {
            _ if recent.holds(moment) => (db, recent),
            Some(moment) => (db.once(), Recent::since(db, &self.relation.sql, moment)?),
            None => (db.once(), Recent::ALL),
        };
        let is_recent = recent.condition(&self.relation.columns[0]);
        let sql = format!("SELECT count(*) FROM {} WHERE {condition}{is_recent}", self.relation.sql);
        db.one(&sql, &series_args(series, moment), Sees::Snapshot, |row| row.only())
    }

    /// [`Source::count_after`] of each of many series, each with a moment and the time of its newest candle.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn count_after_each(
        &self,
        db: Db,
        all: &[Series],
        moments: &[Option<i64>],
        newest: &[Option<i64>],
    ) -> Result<Vec<i64>> {
        let mut counts = vec![0; all.len()];
        // A candle without a time is not the newest.
        let may_be_behind = |place: &usize| moments[*place].is_none() || newest[*place] > moments[*place];
        let places: Vec<usize> = (0..all.len()).filter(may_be_behind).collect();
        if !places.is_empty() {
            let series: Vec<Series> = places.iter().map(|place| all[*place].clone()).collect();
            let moments: Vec<Option<i64>> = places.iter().map(|place| moments[*place]).collect();
            for (place, count) in places.into_iter().zip(self.count_later(db, &series, &moments)?) {
                counts[place] = count;
            }
        }
        Ok(counts)
    }

    fn count_later(&self, db: Db, all: &[Series], moments: &[Option<i64>]) -> Result<Vec<i64>> {
        if citus::is_loaded() {
            return all
                .iter()
                .zip(moments)
                .map(|(series, moment)| self.count_after(db, series, *moment))
                .collect();
        }
        let ([symbol, ..], ts) = (&self.key, &self.relation.columns[0]);
        let timeframe = self.timeframe();
        let recent = Recent::of(db, &self.relation.sql)?;
        let sql = format!(
            "SELECT (SELECT count(*) FROM {} AS rel WHERE rel.{symbol} = s.symbol AND {timeframe} = s.timeframe{} AND {ts} > s.moment{}) AS bars \
             FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::timestamptz[])) \
             WITH ORDINALITY AS s (symbol, timeframe, moment, place) ORDER BY s.place",
            self.relation.sql,
            self.filter(" AND "),
            recent.condition(ts)
        );
        let [symbols, timeframes] = Series::args_of(all);
        let args = [symbols, timeframes, timestamps_arg(moments.to_vec())];
        let counts: Vec<i64> =
            db.by_key().doing("count candles").all(&sql, &args, Sees::Snapshot, |row| row.get("bars"))?;
        // Of a series without a moment, all candles count.
        let is_counted = |moment: &Option<i64>| moment.is_some() && recent.holds(*moment);
        let others = all.iter().zip(moments).filter(|(_, moment)| !is_counted(moment));
        let others: Vec<_> = others.map(|(series, moment)| (series.clone(), *moment)).collect();
        if others.is_empty() {
            return Ok(counts);
        }
        let others = self.later_in_chunks(db, &others)?;
        let of_all = |((series, moment), count): ((&Series, &Option<i64>), i64)| {
            if is_counted(moment) {
                return Ok(count);
            }
            match others.get(series) {
                Some(later) => Ok(later.count),
                // Candles without a time are among all, too.
                None if moment.is_none() => self.count_after(db, series, None),
                None => Ok(0),
            }
        };
        all.iter().zip(moments).zip(counts).map(of_all).collect()
    }

    /// Whether there are no candles at all.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn is_empty(&self, db: Db) -> Result<bool> {
        let sql = format!("SELECT true FROM {}{} LIMIT 1", self.relation.sql, self.filter(" WHERE "));
        Ok(db.first(&sql, &[], Sees::Snapshot, |_| Ok(()))?.is_none())
    }

    /// The error for a source that holds no candles; `delete` is the function that deletes rows.
    ///
    /// # Errors
    /// Catalogs that cannot be read.
    pub fn no_candles(&self, db: Db, delete: &str) -> Result<Error> {
        let schema = extension_schema(db)?;
        Ok(no_data_found(format!("{} holds no candles", self.relation.sql))
        .detail(format!(
            "Stored rows are kept until there are candles again, or {schema}.{delete} deletes them."
        ))
        .hint(format!(
            "Load the candles, or correct their row of the source map: SELECT * FROM {schema}.regime_source WHERE layer = 'candles';"
        )))
    }

    fn filter(&self, before: &str) -> String {
        let filters = self.relation.filters.join(" AND ");
        if filters.is_empty() { filters } else { format!("{before}{filters}") }
    }

    /// The series of a symbol, of a timeframe, of both, or all, in the order of the key; found by steps along the key, each of
    /// which costs the same however many candles there are.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn series(&self, db: Db, symbol: Option<&str>, timeframe: Option<&str>) -> Result<Vec<Series>> {
        let mut all = match symbol {
            Some(symbol) => self.read_series(db, Some(symbol))?,
            None => read_once(&format!("series of {}", self.listed()), || self.read_series(db, None))?
                .as_ref()
                .clone(),
        };
        // Between two series of a timeframe may lie all candles of another.
        all.retain(|series| timeframe.is_none_or(|timeframe| series.timeframe == timeframe));
        Ok(all)
    }

    /// Whether a symbol has candles of any timeframe.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn has_symbol(&self, db: Db, symbol: &str) -> Result<bool> {
        let [symbol_column, ..] = &self.key;
        let sql = format!(
            "SELECT true FROM {} AS rel WHERE rel.{symbol_column} = $1 AND {} IS NOT NULL{} LIMIT 1",
            self.relation.sql,
            self.timeframe(),
            self.filter(" AND "),
        );
        Ok(db.by_key().first(&sql, &[arg(symbol)], Sees::Snapshot, |_| Ok(()))?.is_some())
    }

    /// [`Source::series`] of a symbol or all, read anew also during a call of [`read_once`].
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn read_series(&self, db: Db, symbol: Option<&str>) -> Result<Vec<Series>> {
        let [symbol_column, ..] = &self.key;
        let timeframe_column = self.timeframe();
        // Not `$1 IS NULL` of all symbols, for which TimescaleDB looks at each chunk again whenever the statement begins.
        let of_symbol = symbol.map(|_| format!(" AND rel.{symbol_column} = $1")).unwrap_or_default();
        let asked = format!("{of_symbol}{}", self.filter(" AND "));
        let candles = format!(
            "{} AS rel WHERE rel.{symbol_column} IS NOT NULL AND {timeframe_column} IS NOT NULL{asked}",
            self.relation.sql,
        );
        let of_candle = format!("rel.{symbol_column} AS symbol_, {timeframe_column} AS timeframe_");
        let next = |after: &str| {
            format!(
                "(SELECT {of_candle} FROM {candles}{after} ORDER BY rel.{symbol_column}, {timeframe_column} LIMIT 1)"
            )
        };
        // Of one symbol, a comparison of both columns would not be where the scan of the index begins.
        let after = match symbol {
            Some(_) => format!(" AND {timeframe_column} > seen.timeframe_"),
            None if self.has_only_tf => format!(" AND rel.{symbol_column} > seen.symbol_"),
            None => {
                format!(" AND (rel.{symbol_column}, {timeframe_column}) > (seen.symbol_, seen.timeframe_)")
            }
        };
        let by_steps = format!(
            "WITH RECURSIVE series_ AS ({} UNION ALL SELECT n.* FROM series_ AS seen, LATERAL {} AS n) \
             SELECT symbol_::text, timeframe_::text FROM series_",
            next(""),
            next(&after)
        );
        // TimescaleDB steps from series to series along the index of each chunk.
        let by_chunks = format!(
            "SELECT symbol_::text, timeframe_::text FROM (SELECT DISTINCT {of_candle} FROM {candles} ORDER BY 1, 2) AS series_"
        );
        // Grouping apart spares a node that groups for each chunk, and looking for NULL last, each candle from being looked at.
        let recent = Recent::of(db, &self.relation.sql)?;
        let apart = if recent.is_all() { "" } else { " OFFSET 0" };
        let by_reading = format!(
            "SELECT symbol_::text, timeframe_::text FROM (SELECT symbol_, timeframe_ FROM (SELECT {of_candle} FROM {} AS rel WHERE true{asked}{apart}) AS candle_ \
             GROUP BY 1, 2 ORDER BY 1, 2{apart}) AS series_ WHERE symbol_ IS NOT NULL AND timeframe_ IS NOT NULL",
            self.relation.sql
        );
        // Citus refuses recursive queries, of which each step would look into each chunk of a hypertable.
        let sql = match recent.is_all() {
            true if citus::is_loaded() => &by_reading,
            true => &by_steps,
            false if has_large_chunks(db, &self.relation.sql)? => &by_chunks,
            false => &by_reading,
        };
        // Where all candles are read, no index is wanted.
        let db = if symbol.is_some() { recent.all_of(db) } else { db };
        let args: Vec<Arg> = symbol.map(arg).into_iter().collect();
        db.all(sql, &args, Sees::Snapshot, |row| {
            Ok(Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? })
        })
    }
}

/// Prices that market states can be computed of. Specification 5, section 6.
pub const IN_RANGE: Usable =
    Usable { is: |price| PRICES.contains(&price), otherwise: "NULL, NaN or not in 1e-100 to 1e100" };

fn series_args(series: &Series, moment: Option<i64>) -> [Arg; 3] {
    let [symbol, timeframe] = series.args();
    [symbol, timeframe, timestamp_arg(moment)]
}
