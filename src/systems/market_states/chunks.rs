//! The newest row of each series where rows or candles are in parts: a hypertable of many chunks, which a statement would open,
//! lock and look into one by one, or a table of Citus, which refuses recursive queries and lateral joins.

use std::collections::{HashMap, HashSet};

use crate::output::fresh::Now;
use crate::output::series::{newest_times, state};
use crate::pg::timescale::{Recent, at};
use crate::pg::{Arg, Db, Error, Micros, Result, Row, Sees, arg, citus, timestamps_arg, work_relation};
use crate::source::candles::Source;
use crate::source::relation::may_hide_rows;
use crate::source::series::Series;
use crate::systems::market_states::latest::{by_steps, newest_row};
use crate::systems::market_states::state::changed_of_rows;
use crate::systems::market_states::tables::{MARKET_STATES, OF_SERIES, STATE};

/// A series and the time of its newest candle in the newest chunks, in microseconds since 2000.
type Found = (Series, Option<i64>);

/// Rows or candles in chunks, or on nodes.
pub struct Chunks<'a> {
    db: Db<'a>,
    schema: &'a str,
    /// The output table, as SQL.
    states: &'a str,
    candles: Option<&'a Source>,
    /// The newest chunks of the output table.
    recent: Recent,
    /// The newest chunks of the candles.
    recent_candles: Recent,
    /// Whether these are tables of Citus.
    is_of_citus: bool,
}

impl<'a> Chunks<'a> {
    /// `None` where neither rows nor candles are in many chunks or on nodes.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB or the metadata of Citus cannot be read.
    pub fn of(
        db: Db<'a>,
        schema: &'a str,
        states: &'a str,
        candles: Option<&'a Source>,
    ) -> Result<Option<Self>> {
        let recent = Recent::of(db, states)?;
        let of_candles = candles.map_or(Ok(Recent::ALL), |source| Recent::of(db, &source.relation.sql))?;
        let kept = |relation| Ok::<_, Error>(citus::kept(db, relation)?.is_some());
        let is_of_citus = kept(states)? || candles.map_or(Ok(false), |source| kept(&source.relation.sql))?;
        let is_in_many = is_of_citus || !recent.is_all() || !of_candles.is_all();
        Ok(is_in_many.then_some(Self {
            db,
            schema,
            states,
            candles,
            recent,
            recent_candles: of_candles,
            is_of_citus,
        }))
    }

    /// SQL: what has the rows of the states, where the statement of [`Chunks::newest`] reads them apart.
    pub fn states_read(&self) -> Option<String> {
        self.is_of_citus.then(|| "state_".to_owned())
    }

    /// SQL: `newest_`, the newest row of each series, its newest candle, and whether rows without a state are of other eras
    /// than now; also how to plan the statement, whose parameters are added. Only series that have no row in the newest chunks
    /// make it open the others. `marked` is what a refresh would compare, where the marks can be read.
    ///
    /// # Errors
    /// Where states, rows or candles cannot be read.
    pub fn newest(
        self,
        may_read_states: bool,
        knows_eras: bool,
        marked: Option<&Now>,
        args: &mut Vec<Arg>,
    ) -> Result<(Db<'a>, String)> {
        let Self { db, states, ref recent, .. } = self;
        let with_state = match may_read_states {
            true => state::all(db, &OF_SERIES, self.schema)?,
            false => HashMap::new(),
        };
        let (in_recent, others) =
            if self.is_of_citus { self.stored()? } else { self.series(&with_state, may_read_states)? };
        let (in_recent, in_recent_candles): (Vec<Series>, Vec<Option<i64>>) = in_recent.into_iter().unzip();
        let others: Vec<_> =
            others.into_iter().map(|series| (series.clone(), with_state.get(&series).copied())).collect();
        let others = if others.is_empty() { HashMap::new() } else { newest_times(db, states, others)? };
        let (others, times): (Vec<Series>, Vec<Option<i64>>) =
            others.into_iter().map(|(series, newest)| (series, Some(newest))).unzip();
        let thought: Vec<_> = in_recent.iter().map(|series| with_state.get(series).copied()).collect();
        let stated = knows_eras.then_some(&with_state);
        let mut parts = Vec::new();
        if !in_recent.is_empty() || others.is_empty() {
            let candles = self.or_elsewhere(&in_recent, in_recent_candles, &thought)?;
            let of_series = self.unnested(&in_recent, [candles, thought], stated, args)?;
            if self.is_of_citus {
                return Ok((db, self.by_reading(may_read_states, &of_series)));
            }
            parts.push(format!(
                "SELECT r.*, s.newest_bar_, s.is_of_other_eras_ FROM {of_series} CROSS JOIN LATERAL {} AS r",
                newest_row(states, &recent.condition("n.open_time"))
            ));
        }
        let planned = if others.is_empty() { db.by_key() } else { db.once() };
        if !others.is_empty() {
            let place = args.len() + 1;
            let candles = self.candles_of(&others, &times, &with_state, marked)?;
            let is_there = at("n.open_time", times.iter().copied().flatten());
            let of_series = self.unnested(&others, [candles, times], stated, args)?;
            parts.push(format!(
                "SELECT r.*, s.newest_bar_, s.is_of_other_eras_ FROM \
                   (SELECT {} FROM {states} AS n WHERE n.symbol = ANY (${place}) AND n.timeframe = ANY (${}){is_there} OFFSET 0) AS r \
                 JOIN {of_series} ON s.symbol = r.symbol AND s.timeframe = r.timeframe AND s.thought_ = r.open_time",
                MARKET_STATES.selected("n."),
                place + 1
            ));
        }
        Ok((planned, format!("newest_ AS ({})", parts.join(" UNION ALL "))))
    }

    /// The newest candle of each series: that which was found, or of the others that of all chunks.
    fn or_elsewhere(
        &self,
        all: &[Series],
        mut found: Vec<Option<i64>>,
        thought: &[Option<i64>],
    ) -> Result<Vec<Option<i64>>> {
        let places: Vec<usize> = (0..all.len()).filter(|place| found[*place].is_none()).collect();
        if let Some(source) = self.candles.filter(|_| !places.is_empty()) {
            let others: Vec<Series> = places.iter().map(|place| all[*place].clone()).collect();
            let thought: Vec<Option<i64>> = places.iter().map(|place| thought[*place]).collect();
            for (place, newest) in places.into_iter().zip(source.newest_of_each(self.db, &others, &thought)?)
            {
                found[place] = newest;
            }
        }
        Ok(found)
    }

    /// The newest candle of each series, whose newest rows, which those of the states may be, are given.
    fn candles_of(
        &self,
        all: &[Series],
        rows: &[Option<i64>],
        with_state: &HashMap<Series, i64>,
        marked: Option<&Now>,
    ) -> Result<Vec<Option<i64>>> {
        let Some(source) = self.candles else { return Ok(vec![None; all.len()]) };
        let stated: Vec<_> = all.iter().map(|series| with_state.get(series).copied()).collect();
        OF_SERIES.newest_sources(self.db, self.schema, source, marked, all, [rows, &stated])
    }

    /// SQL: the FROM item `s` of series, whose parameters are added: symbol, timeframe, the newest candle, whether rows without
    /// a state, where `with_state` has the series with one, are of other eras than now, and the time of the newest row as far as
    /// known.
    fn unnested(
        &self,
        all: &[Series],
        [newest, thought]: [Vec<Option<i64>>; 2],
        with_state: Option<&HashMap<Series, i64>>,
        args: &mut Vec<Arg>,
    ) -> Result<String> {
        let mut differ = Vec::with_capacity(all.len());
        for series in all {
            let is_sure = with_state.is_none_or(|known| known.contains_key(series));
            differ.push(!is_sure && changed_of_rows(self.db, self.states, series)?.is_some());
        }
        let of_each: Vec<String> = ["text[]", "text[]", "timestamptz[]", "bool[]", "timestamptz[]"]
            .iter()
            .enumerate()
            .map(|(place, kind)| format!("pg_catalog.unnest(${}::{kind})", args.len() + 1 + place))
            .collect();
        args.extend(Series::args_of(all));
        args.extend([timestamps_arg(newest), arg(differ), timestamps_arg(thought)]);
        Ok(format!(
            "ROWS FROM ({}) AS s (symbol, timeframe, newest_bar_, is_of_other_eras_, thought_)",
            of_each.join(", ")
        ))
    }

    /// SQL: `newest_` of tables of Citus, each read once, where its rows are.
    fn by_reading(&self, may_read_states: bool, of_series: &str) -> String {
        let known = match may_read_states {
            true => format!(
                "state_ AS MATERIALIZED (SELECT k.symbol, k.timeframe, k.newest, k.classifier_version, k.sources, k.tracking FROM {} AS k), ",
                work_relation(self.schema, STATE)
            ),
            false => String::new(),
        };
        format!(
            "{known}row_ AS MATERIALIZED (SELECT DISTINCT ON (n.symbol, n.timeframe) {} FROM {} AS n ORDER BY n.symbol, n.timeframe, n.open_time DESC), \
             newest_ AS (SELECT r.*, s.newest_bar_, s.is_of_other_eras_ FROM row_ AS r JOIN {of_series} ON s.symbol = r.symbol AND s.timeframe = r.timeframe)",
            MARKET_STATES.selected(""),
            self.states
        )
    }

    /// The series that have rows, and no others.
    fn stored(&self) -> Result<(Vec<Found>, Vec<Series>)> {
        let sql = format!(
            "SELECT n.symbol::text AS symbol_, n.timeframe::text AS timeframe_ FROM {} AS n GROUP BY 1, 2",
            self.states
        );
        let found = self.db.all(&sql, &[], Sees::Snapshot, |row| Ok((read(row)?, None)))?;
        Ok((found, Vec::new()))
    }

    /// The series that have rows in the newest chunks, and all others that may have rows.
    fn series(
        &self,
        with_state: &HashMap<Series, i64>,
        knows_states: bool,
    ) -> Result<(Vec<Found>, Vec<Series>)> {
        let Self { db, states, recent, .. } = self;
        let columns = "symbol::text AS symbol_, timeframe::text AS timeframe_";
        let candle = self.candles.map(|source| source.newest_of("series_", &self.recent_candles));
        let in_recent = format!(
            "WITH {} SELECT {columns}, {} AS newest_bar_ FROM series_",
            by_steps(states, &recent.condition("n.open_time")),
            candle.unwrap_or_else(|| "NULL::timestamptz".to_owned())
        );
        let in_recent = db.by_key().all(&in_recent, &[], Sees::Snapshot, |row| {
            Ok((read(row)?, row.get::<Option<Micros>>("newest_bar_")?.map(|Micros(ts)| ts)))
        })?;
        if recent.is_all() {
            return Ok((in_recent, Vec::new()));
        }
        let stored = Recent::keys(*db, states, !knows_states || may_hide_rows(*db, states)?, |db| {
            let sql = format!(
                "SELECT {columns} FROM (SELECT n.symbol, n.timeframe FROM {states} AS n OFFSET 0) AS r GROUP BY symbol, timeframe"
            );
            db.all(&sql, &[], Sees::Snapshot, read)
        })?;
        let known: HashSet<&Series> = in_recent.iter().map(|(series, _)| series).collect();
        let others: HashSet<&Series> =
            with_state.keys().chain(stored.iter()).filter(|series| !known.contains(series)).collect();
        let others = others.into_iter().cloned().collect();
        Ok((in_recent, others))
    }
}

fn read(row: &Row) -> Result<Series> {
    Ok(Series { symbol: row.get("symbol_")?, timeframe: row.get("timeframe_")? })
}
