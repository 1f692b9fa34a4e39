//! The daily closes of a symbol: where they are, and reading them by trading day.

use std::rc::Rc;

use regime_core::Layer;
use regime_core::calendar::rhythm::MOST;
use regime_core::market_regime_history::{LOOKBACK, REACH};

use crate::pg::{
    Arg, Days, Db, Error, Micros, Result, Row, Same, Sees, arg, columns, data_exception, extension_schema,
    known, midnight, no_data_found, qualified, quote_literal, quoted, settings, syscache, timestamp_arg,
    undefined_object, utc,
};
use crate::source::map::MapRow;
use crate::source::nearest::nearest;
use crate::source::relation::Relation;
use crate::source::rhythm::Watch;
use crate::source::usable::{POSITIVE, check_bars, sort_by_time};
use crate::source::{candles, map, names};
use crate::systems::market_regime_history::days::{Span, day_of};

/// The timeframe of daily candles.
const TIMEFRAME: &str = "1d";

/// Where the closes of a symbol are.
pub struct Closes {
    pub symbol: String,
    pub relation: Relation,
    id: Id,
    tf: Option<String>,
}

/// The key of the rows of a symbol.
enum Id {
    Symbol,
    Asset(i32),
}

/// Closes by trading day, ascending.
pub struct Series {
    /// Days since 2000, in UTC.
    pub days: Vec<i32>,
    pub close: Vec<f64>,
}

/// Trading days that have no row yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missing {
    pub days: i64,
    pub first: Option<i32>,
    /// The last one of a batch.
    pub last: Option<i32>,
}

impl Closes {
    /// Finds the closes of a symbol: its candles of timeframe 1d, else the daily bars of the asset with the symbol.
    /// Specification 4, section 5.
    ///
    /// # Errors
    /// Where there is neither, or the current role may not read the table.
    pub fn find(db: Db, symbol: &str) -> Result<Self> {
        let candles = candles::Source::find(db, candles::Reads::Prices)?;
        if let Some(source) = &candles {
            let (relation, tf) = (source.relation.clone(), Some(TIMEFRAME.to_owned()));
            let closes = Self { symbol: symbol.to_owned(), relation, id: Id::Symbol, tf };
            if closes.newest(db)?.is_some() {
                return Ok(closes);
            }
        }
        let daily = daily(db)?;
        if let Some(row) = &daily
            && let Some(asset) = names::id_if_known(db, symbol)?
        {
            let relation = known("closes", &Same(Rc::clone(row)), || row.bars(db, &[]))?.as_ref().clone();
            let closes =
                Self { symbol: symbol.to_owned(), relation, id: Id::Asset(asset), tf: row.tf.clone() };
            return match closes.newest(db)? {
                Some(_) => Ok(closes),
                None => Err(closes.no_bars(asset)),
            };
        }
        Err(unknown(db, symbol, candles.as_ref(), daily.as_deref(), &extension_schema(db)?)?)
    }

    /// [`Closes::find`] for a function that writes: locks the tables first, so that later statements see the tables as
    /// of the lock.
    ///
    /// # Errors
    /// As [`Closes::find`].
    pub fn find_held(db: Db, symbol: &str) -> Result<Self> {
        let candles = candles::Source::find(db, candles::Reads::Prices)?.map(|source| source.table);
        for [schema, name] in candles.into_iter().chain(daily(db)?.map(|row| row.bars.clone())) {
            if syscache::readable(&schema, &name) == Some(true) {
                db.hold(&schema, &name)?;
            }
        }
        db.with_new_snapshot(|| Self::find(db, symbol))
    }

    /// The rows of the symbol: `$1` is its id, `$2` the timeframe.
    fn condition(&self) -> String {
        let Relation { id, tf, filters, .. } = &self.relation;
        let is_own = match self.id {
            Id::Symbol => format!("{id} = $1"),
            Id::Asset(_) => self.relation.is("$1"),
        };
        let tf = tf.as_ref().map_or("$2::text IS NULL".to_owned(), |tf| format!("{tf} = $2"));
        [is_own, tf].into_iter().chain(filters.iter().cloned()).collect::<Vec<_>>().join(" AND ")
    }

    fn args(&self) -> Vec<Arg> {
        let id = match self.id {
            Id::Symbol => arg(self.symbol.as_str()),
            Id::Asset(id) => arg(id),
        };
        vec![id, arg(self.tf.as_deref())]
    }

    /// SQL: the time of which the date is the trading day.
    fn time(&self) -> &str {
        let Relation { day_time, columns, .. } = &self.relation;
        day_time.as_ref().or(columns.first()).map_or("", String::as_str)
    }

    fn close(&self) -> &str {
        self.relation.columns.last().map_or("", String::as_str)
    }

    /// The closes of a span, and the closes before the span that its first day depends on, in ascending time.
    ///
    /// # Errors
    /// Where a bar cannot be used ([`check_bars`]) or two bars are of one day.
    pub fn read(&self, db: Db, span: Span) -> Result<Series> {
        let (ts, close, relation, condition) =
            (self.time(), self.close(), &self.relation.sql, self.condition());
        let sql = format!(
            "SELECT {ts}, {close} FROM {relation} WHERE {condition} AND {ts} >= $3 AND {ts} < $4 UNION ALL \
             (SELECT {ts}, {close} FROM {relation} WHERE {condition} AND {ts} < $3 ORDER BY {ts} DESC LIMIT {})",
            REACH - 1
        );
        let whose = || {
            Ok(match self.id {
                Id::Symbol => format!("candles of {} {TIMEFRAME}", self.symbol),
                Id::Asset(_) => format!("daily bars of {}", self.symbol),
            })
        };
        const TIME: usize = 0;
        const CLOSE: usize = 1;
        let (mut times, mut close) = (Vec::new(), Vec::new());
        let mut args = self.args();
        args.extend(span.moments().map(|moment| timestamp_arg(Some(moment))));
        let each = |row: &Row| {
            // A NULL time is refused like an infinite time.
            times.push(row.get::<Option<Micros>>(TIME)?.map_or(i64::MAX, |ts| ts.0));
            close.push(row.price(CLOSE));
            Ok(())
        };
        let read = || db.rows(&sql, &args, Sees::Snapshot, each);
        let of_symbol = self.args();
        self.relation.reading(db, (&condition, &of_symbol), (&whose, ""), read)?;
        sort_by_time(&mut times, [&mut close].into_iter());
        check_bars(&times, &[("close", close.as_slice())], POSITIVE, &whose, "", relation)?;
        let days: Vec<i32> = times.iter().map(|ts| day_of(*ts)).collect();
        match days.windows(2).position(|pair| pair[0] == pair[1]) {
            Some(first) => Err(self.of_one_day(db, &times, first, &whose()?)?),
            None => Ok(Series { days, close }),
        }
    }

    /// The trading days of a span, from the 60th bar on, that the table `history` has no row of, or all days without a
    /// table; `batch` is the number of days in a batch. Specification 4, section 4.
    ///
    /// # Errors
    /// Where the closes or the table cannot be read.
    pub fn missing(&self, db: Db, history: Option<&str>, span: Span, batch: i32) -> Result<Missing> {
        let (ts, relation, condition) = (self.time(), &self.relation.sql, self.condition());
        let stored = match history {
            Some(history) => {
                format!("EXISTS (SELECT FROM {history} AS h WHERE h.market_symbol = $5 AND h.date = b.day_)")
            }
            None => "$5 IS NULL".to_owned(),
        };
        let sql = format!(
            "SELECT count(*) AS days, min(day_) AS first, max(day_) FILTER (WHERE n_ <= $6) AS last FROM (SELECT day_, row_number() OVER (ORDER BY day_) AS n_ FROM \
             (SELECT ({ts} AT TIME ZONE 'UTC')::date AS day_ FROM {relation} WHERE {condition} AND {ts} >= $3 AND {ts} < $4 AND {ts} >= \
             (SELECT {ts} FROM {relation} WHERE {condition} AND {ts} IS NOT NULL ORDER BY {ts} OFFSET {} LIMIT 1)) AS b WHERE NOT {stored}) AS m",
            LOOKBACK - 1
        );
        let mut args = self.args();
        args.extend(span.moments().map(|moment| timestamp_arg(Some(moment))));
        args.extend([arg(self.symbol.as_str()), arg(batch)]);
        db.one(&sql, &args, Sees::Snapshot, |row| {
            let date = |name| Ok::<Option<i32>, Error>(row.get::<Option<Days>>(name)?.map(|day| day.0));
            Ok(Missing { days: row.get("days")?, first: date("first")?, last: date("last")? })
        })
    }

    /// The newest trading day, in days since 2000.
    ///
    /// # Errors
    /// Where the closes cannot be read.
    pub fn newest(&self, db: Db) -> Result<Option<i32>> {
        let ts = self.time();
        let sql = format!(
            "SELECT {ts} AS newest FROM {} WHERE {} ORDER BY {ts} DESC NULLS LAST LIMIT 1",
            self.relation.sql,
            self.condition()
        );
        // NULL where no bar has a time, which reading the bars refuses.
        let read = |row: &Row| row.get::<Option<Micros>>("newest");
        let found = db.first(&sql, &self.args(), Sees::Snapshot, read)?;
        Ok(found.map(|ts| day_of(ts.map_or(i64::MAX, |ts| ts.0))))
    }

    /// When the bar after the newest day was due, where that is over.
    ///
    /// # Errors
    /// Where the closes cannot be read.
    pub fn silent(&self, db: Db, newest: i32) -> Result<Option<i64>> {
        let (watch, newest) = (Watch::now(), midnight(newest));
        if !watch.may_be_silent_by_day(newest) {
            return Ok(None);
        }
        let ts = self.time();
        let sql = format!(
            "SELECT {ts} AS ts_ FROM {} WHERE {} AND {ts} > $3 AND {ts} <= now() ORDER BY {ts} DESC LIMIT {MOST}",
            self.relation.sql,
            self.condition()
        );
        let mut args = self.args();
        args.push(timestamp_arg(Some(watch.reach(newest))));
        let times = db.all(&sql, &args, Sees::Snapshot, |row| Ok(row.get::<Micros>("ts_")?.0))?;
        Ok(watch.silent_by_day(times))
    }

    /// The number of bars after a day, which is in days since 2000.
    ///
    /// # Errors
    /// Where the closes cannot be read.
    pub fn bars_after(&self, db: Db, day: i32) -> Result<i64> {
        let sql = format!(
            "SELECT count(*) AS bars FROM {} WHERE {} AND {} >= $3",
            self.relation.sql,
            self.condition(),
            self.time()
        );
        let [_, end] = Span { from: day, to: day }.moments();
        let mut args = self.args();
        args.push(timestamp_arg(Some(end)));
        db.one(&sql, &args, Sees::Snapshot, |row| row.get("bars"))
    }

    /// The error of bars of one UTC day, the first of which is at an index of `times`. Which date a bar is meant for cannot
    /// be told from its time: a bar of 23:00 UTC is stamped with its close, or with midnight in another time zone.
    fn of_one_day(&self, db: Db, times: &[i64], first: usize, whose: &str) -> Result<Error> {
        let relation = &self.relation.sql;
        let (time, next) = (times[first], times[first + 1]);
        let error =
            data_exception(format!("{whose}: two bars of one UTC day, at {} and {}", utc(time), utc(next)));
        if let Some(zone) = midnights(db, times)?
            && let Id::Symbol = self.id
            && let Some(hint) = self.by_date(db, &zone)?
        {
            return Ok(error
                .detail(format!(
                    "The date of a daily bar is its UTC date. These bars are stamped with midnight in time zone {zone}: a view \
                     can give the UTC midnight of their dates instead."
                ))
                .hint(hint));
        }
        let (id, tf) = match self.id {
            Id::Symbol => {
                (quote_literal(&self.symbol), self.tf.as_deref().map_or("NULL".to_owned(), quote_literal))
            }
            Id::Asset(id) => (id.to_string(), self.tf.as_deref().map_or("NULL".to_owned(), quote_literal)),
        };
        Ok(error.detail("The date of a daily bar is its UTC date, and a date has one close.").hint(format!(
            "SELECT * FROM {relation} WHERE {} AND {} IN ('{}', '{}');",
            self.condition().replace("$1", &id).replace("$2", &tf),
            self.time(),
            utc(time),
            utc(next)
        )))
    }

    /// The statements that map a view of the candles with the daily ones at the UTC midnight of their dates in a time zone.
    fn by_date(&self, db: Db, zone: &str) -> Result<Option<String>> {
        let Some(candles::Source { table: [schema, name], key: [_, tf, ts], .. }) =
            candles::Source::find(db, candles::Reads::Prices)?
        else {
            return Ok(None);
        };
        let Some(oid) = syscache::relation_oid(&schema, &name) else { return Ok(None) };
        let (view, time) = (format!("{name}_by_date"), self.time());
        let columns: Vec<String> = columns(db, oid, Sees::Snapshot)?
            .iter()
            .map(|column| match quoted(&column.name) {
                name if name == ts => format!(
                    "CASE {tf} WHEN '{TIMEFRAME}' THEN ({time} AT TIME ZONE {}) AT TIME ZONE 'UTC' ELSE {time} END AS {ts}",
                    quote_literal(zone)
                ),
                name => name,
            })
            .collect();
        Ok(Some(format!(
            "CREATE VIEW {} AS SELECT {} FROM {}; UPDATE {}.regime_source SET bars_table = {} WHERE layer = 'candles';",
            qualified(&schema, &view),
            columns.join(", "),
            self.relation.sql,
            extension_schema(db)?,
            quote_literal(&view)
        )))
    }

    fn no_bars(&self, asset: i32) -> Error {
        let relation = &self.relation.sql;
        no_data_found(format!("symbol \"{}\" has no daily bars", self.symbol))
            .detail(format!("{relation} has no bars of asset {asset}, which has this symbol."))
            .hint(format!(
                "SELECT * FROM {relation} WHERE {};",
                self.relation.condition_of(asset, self.tf.as_deref())
            ))
    }
}

/// The time zone in which all these times, in microseconds since 2000, are midnights: that of the session, or one whose
/// clocks are at UTC for a part of the year, so that two midnights can have one UTC date.
fn midnights(db: Db, times: &[i64]) -> Result<Option<String>> {
    let sql = "SELECT zone FROM pg_catalog.unnest(ARRAY[pg_catalog.current_setting('TimeZone'), 'Europe/London']) WITH ORDINALITY AS z (zone, place) \
         WHERE (SELECT bool_and((('2000-01-01 00:00Z'::timestamptz + t.micros * interval '1 microsecond') AT TIME ZONE zone)::time = '00:00') \
           FROM pg_catalog.unnest($1::int8[]) AS t (micros)) ORDER BY place LIMIT 1";
    db.first(sql, &[arg(times.to_vec())], Sees::Snapshot, |row| row.only())
}

/// The row of the source map for the daily bars of the settings' calendar scheme, if they are there.
fn daily(db: Db) -> Result<Option<Rc<MapRow>>> {
    let mut map = map::map(db, &settings::cal_scheme(), &extension_schema(db)?)?;
    let row = map[Layer::L2].take();
    Ok(row.filter(|row| syscache::readable(&row.bars[0], &row.bars[1]).is_some()))
}

/// The name under which the days of a symbol are stored: as given, or the symbol of an asset given by its id.
///
/// # Errors
/// Where the source map or `dim_assets` cannot be read.
pub fn canonical(db: Db, symbol: &str) -> Result<String> {
    let is_id = symbol.trim().parse::<i32>().is_ok();
    let has_candles = |source: candles::Source| source.series(db, Some(symbol), Some(TIMEFRAME));
    if !is_id
        || candles::Source::find(db, candles::Reads::Prices)?
            .map(has_candles)
            .transpose()?
            .is_some_and(|all| !all.is_empty())
    {
        return Ok(symbol.to_owned());
    }
    let asset = names::id_if_known(db, symbol)?;
    let of_asset = asset.map(|id| names::symbol_of(db, id, None)).transpose()?.flatten();
    Ok(of_asset.unwrap_or_else(|| symbol.to_owned()))
}

/// The error of an unknown symbol: where it was looked for, and the nearest known name.
fn unknown(
    db: Db,
    symbol: &str,
    candles: Option<&candles::Source>,
    daily: Option<&MapRow>,
    schema: &str,
) -> Result<Error> {
    let assets = daily.map(|row| format!("{}.dim_assets", quoted(&row.bars[0])));
    let mut looked = Vec::new();
    let mut known = names::symbols(db)?;
    let mut look = None;
    if let Some(source @ candles::Source { key: [column, tf, _], relation, .. }) = candles {
        known.extend(source.series(db, None, Some(TIMEFRAME))?.into_iter().map(|series| series.symbol));
        looked.push(format!("{} has no candles of this symbol with timeframe {TIMEFRAME}", relation.sql));
        look = Some(format!(
            "SELECT DISTINCT {column} FROM {} WHERE {tf} = '{TIMEFRAME}' ORDER BY 1;",
            relation.sql
        ));
    }
    if let Some(assets) = &assets {
        looked.push(format!("{assets} has no asset with this symbol"));
        look = look.or(Some(format!("SELECT id, symbol FROM {assets} ORDER BY symbol;")));
    }
    let error = undefined_object(format!("unknown symbol \"{symbol}\""));
    let Some(look) = look else {
        return Ok(error
            .detail("Neither the candles nor the daily bars that regime_source maps exist.")
            .hint(format!("SELECT layer, bars_schema, bars_table FROM {schema}.regime_source;")));
    };
    let hint = match nearest(symbol, known.iter()) {
        Some(near) => format!("Did you mean {}? {look}", quote_literal(near)),
        None => look,
    };
    Ok(error.detail(format!("{}.", looked.join(", and "))).hint(hint))
}
