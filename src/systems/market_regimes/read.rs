//! Reading the regimes of candles: computed on the fly, stored, and both in one.

use std::collections::HashMap;
use std::ops::RangeBounds;

use regime_core::market_regimes::{Config, Label, Machine};

use crate::output::relation::{not_readable, output_relation};
use crate::output::set_up;
use crate::pg::{
    Db, Error, Result, Sees, arg, check_order, extension_schema, invalid_parameter, qualified,
    result_set::Field, result_set::Rows, result_set::Template, result_set::Text, settings, spi, syscache,
    timestamp_arg, utc, work_schema,
};
use crate::source::bars::Span;
use crate::source::candle_names;
use crate::source::candles::{Candles, Series, Source};
use crate::sync::content::Value;
use crate::sync::kept;
use crate::systems::market_regimes::label::LabelTexts;
use crate::systems::market_regimes::rows::{newest_row, run};
use crate::systems::market_regimes::tables::{MARKET, MARKET_REGIMES};
use crate::systems::market_regimes::{marks, state, tables};

/// A range of opening times, in microseconds since 2000; both ends are included.
#[derive(Clone, Copy)]
pub struct Times {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Times {
    /// The range, checked.
    ///
    /// # Errors
    /// Where the range ends before it begins.
    pub fn check(self) -> Result<Self> {
        check_order(["from_time", "to_time"], [self.from, self.to], utc)?;
        Ok(self)
    }

    fn first_of(self, ts: &[i64]) -> usize {
        self.from.map_or(0, |from| ts.partition_point(|ts| *ts < from))
    }
}

/// Puts labels into the rows of a function.
struct Writer<'a> {
    texts: LabelTexts,
    symbol: Text,
    timeframe: Text,
    version: Text,
    /// The last column of each row, if the function has one more.
    last: &'a [Field<'a>],
}

impl<'a> Writer<'a> {
    fn new(series: &Series, version: &str, last: &'a [Field<'a>]) -> Self {
        Self {
            texts: LabelTexts::new(),
            symbol: Text::new(&series.symbol),
            timeframe: Text::new(&series.timeframe),
            version: Text::new(version),
            last,
        }
    }

    /// Feeds all candles to the machine, and writes the rows of a range of indexes.
    fn write(
        &self,
        rows: &mut Rows,
        machine: &mut Machine,
        candles: &Candles,
        wanted: impl RangeBounds<usize>,
    ) -> Result<()> {
        // There are few distinct labels, and neighbouring candles mostly share one.
        let mut templates: Vec<Template> = Vec::new();
        let mut known = HashMap::new();
        let mut last = None;
        for (i, label) in run(machine, candles).enumerate() {
            if !wanted.contains(&i) {
                continue;
            }
            let at = match last {
                Some((same, at)) if same == label => at,
                _ => {
                    let key = (label.full_index(), label.confidence.to_bits(), label.warmup);
                    let next = templates.len();
                    let at = *known.entry(key).or_insert(next);
                    if at == next {
                        templates.push(rows.template(&self.fields(label), 2)?);
                    }
                    at
                }
            };
            last = Some((label, at));
            if let Some(template) = templates.get_mut(at) {
                rows.push_at(template, candles.ts[i]);
            }
        }
        Ok(())
    }

    /// The columns of a row; its time, the third, is still to come.
    fn fields(&self, label: Label) -> Vec<Field<'_>> {
        let mut fields = vec![Field::text(&self.symbol), Field::text(&self.timeframe), Field::timestamp(0)];
        fields.extend(self.texts.fields(label));
        fields.extend([
            Field::float(label.confidence),
            Field::text(&self.version),
            Field::bool(label.warmup),
        ]);
        fields.extend(self.last);
        fields
    }
}

/// The regimes of a series, computed from its first candle on.
///
/// # Errors
/// Where the candles of the series cannot be found or read.
pub fn compute(rows: &mut Rows, symbol: &str, timeframe: &str, times: Times, config: &Config) -> Result<()> {
    spi::connect(|db| {
        let source = Source::load(db)?;
        let (series, candles) = found(db, &source, symbol, timeframe, times.to)?;
        let first = times.first_of(&candles.ts);
        Writer::new(&series, &config.version(), &[]).write(rows, &mut Machine::new(config), &candles, first..)
    })
}

/// The candles of a symbol and timeframe that a caller named, up to a moment.
fn found(
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

/// The stored part of a series that a reader can rely on.
struct Stored {
    relation: String,
    state: state::State,
    config: Config,
}

/// The regimes of a series: stored rows as far as they are known to be what a refresh would write, computed rows after
/// that.
///
/// Stored rows are used where the newest stored row matches the stored state, and only those before the earliest marked
/// change; none where a change may not be marked yet. Where changes are not marked, late and corrected candles before the newest row are found by the next
/// refresh; newer candles are seen here.
///
/// # Errors
/// Where the series has neither stored rows nor candles, and where the table, the state or the candles cannot be read.
pub fn get(rows: &mut Rows, symbol: &str, timeframe: &str, times: Times) -> Result<()> {
    spi::connect(|db| {
        let source = Source::load(db)?;
        let schema = settings::target_schema();
        let mut series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
        let mut known = stored(db, &schema, &series)?;
        if known.is_none() {
            series = candle_names::named(db, &source, symbol, timeframe)?;
            known = stored(db, &schema, &series)?;
        }
        let Some(Stored { relation, state, config }) = known else {
            return computed(db, rows, &source, &series, times, None, &Config::default());
        };
        let tracking = marks::tracking(db, &schema, &source)?;
        // From this moment on, stored rows no longer match the candles.
        let since = match &tracking {
            None => None,
            Some(tracking) if !tracking.is_complete() => Some(i64::MIN),
            Some(_) => marks::seen(db, &schema, &series)?.since().filter(|since| *since <= state.newest),
        };
        let newest = source.newest(db, &series)?;
        let is_whole = since.is_none() && newest.is_some_and(|newest| newest <= state.newest);
        let sources = set_up::with_columns(db, &schema, &MARKET, &source.fingerprint())?;
        let scope = [Value::Text(&series.symbol), Value::Text(&series.timeframe)];
        let kept = kept::from(db, &relation, &MARKET_REGIMES, &scope)?;
        let is_kept = kept.is_none_or(|kept| times.from.is_some_and(|from| from >= kept));
        // The version differs from that of the parameters where an earlier release wrote the rows.
        let is_of_now = state.version == config.version() && state.sources == sources;
        if !is_of_now || newest.is_none() || !is_kept {
            return computed(db, rows, &source, &series, times, None, &config);
        }
        query(db, rows, &relation, &series, times, since)?;
        if is_whole || times.to.is_some_and(|to| since.unwrap_or(state.newest.saturating_add(1)) > to) {
            return Ok(());
        }
        let is_tracked = tracking.is_some_and(|now| state.tracking.as_ref() == Some(&now.fingerprint));
        match state.machine.filter(|_| since.is_none() && is_tracked) {
            Some(mut machine) => {
                let candles = source.read(db, &series, Span::After(state.newest))?;
                let first = times.first_of(&candles.ts);
                let end = times.to.map_or(candles.ts.len(), |to| candles.ts.partition_point(|ts| *ts <= to));
                let writer = Writer::new(&series, &state.version, COMPUTED);
                writer.write(rows, &mut machine, &candles, first..end)
            }
            None => {
                let after = since.map_or(state.newest, |since| since.saturating_sub(1));
                computed(db, rows, &source, &series, times, Some(after), &config)
            }
        }
    })
}

/// The last column, `created_at`, of a row that is computed.
const COMPUTED: &[Field] = &[Field::NULL];

/// Computes all candles and gives those after a moment.
fn computed(
    db: Db,
    rows: &mut Rows,
    source: &Source,
    series: &Series,
    times: Times,
    after: Option<i64>,
    config: &Config,
) -> Result<()> {
    let candles = source.read(db, series, Span::Until(times.to))?;
    let after = after.map_or(0, |after| candles.ts.partition_point(|ts| *ts <= after));
    let first = times.first_of(&candles.ts).max(after);
    Writer::new(series, &config.version(), COMPUTED).write(rows, &mut Machine::new(config), &candles, first..)
}

/// The stored part of a series, if its newest row matches its state.
fn stored(db: Db, schema: &str, series: &Series) -> Result<Option<Stored>> {
    let work = work_schema(schema);
    for (schema, table) in [(schema, MARKET_REGIMES.name), (work.as_str(), tables::STATE)] {
        match syscache::readable(schema, table) {
            None => return Ok(None),
            Some(true) => {}
            Some(false) => {
                let relation = qualified(schema, table);
                return Err(not_readable(schema, &relation));
            }
        }
    }
    let relation = output_relation(db, &MARKET_REGIMES)?;
    let Some(mut state) = state::load(db, schema, series)? else { return Ok(None) };
    // Rows of parameters that cannot be read are computed anew, as a refresh would.
    let Some(config) = state.config.take() else { return Ok(None) };
    let newest = newest_row(db, &relation, series)?;
    let is_newest =
        newest.is_some_and(|(ts, version)| ts == state.newest && version.as_ref() == Some(&state.version));
    Ok(is_newest.then_some(Stored { relation, state, config }))
}

/// Stored rows, before a moment.
fn query(
    db: Db,
    rows: &mut Rows,
    relation: &str,
    series: &Series,
    times: Times,
    before: Option<i64>,
) -> Result<()> {
    let mut args = vec![arg(series.symbol.as_str()), arg(series.timeframe.as_str())];
    let mut bounds = String::new();
    for (bound, moment) in [(">=", times.from), ("<=", times.to), ("<", before)] {
        if moment.is_some() {
            args.push(timestamp_arg(moment));
            bounds += &format!(" AND open_time {bound} ${}", args.len());
        }
    }
    let sql = format!(
        "SELECT symbol::text, timeframe::text, open_time::timestamptz, trend_state::text, volatility_state::text, momentum_state::text, \
         full_regime::text, simplified_regime::text, confidence::float8, classifier_version::text, warmup::bool, created_at::timestamptz \
         FROM {relation} WHERE symbol = $1 AND timeframe = $2{bounds} ORDER BY open_time"
    );
    rows.query(db, &sql, &args)
}

/// Stored rows of some series: a condition with two parameters.
const OF_SERIES: &str = "($1 IS NULL OR symbol = $1) AND ($2 IS NULL OR timeframe = $2)";

/// Statistics of stored rows per regime and version.
///
/// # Errors
/// Where the table does not exist, cannot be read, or has no rows of the named series.
pub fn statistics(rows: &mut Rows, symbol: Option<&str>, timeframe: Option<&str>) -> Result<()> {
    spi::connect(|db| {
        let relation = existing(db, symbol, timeframe)?;
        let sql = format!(
            "SELECT simplified_regime::text, classifier_version::text, count(*), \
             count(*)::float8 / sum(count(*)) OVER ()::float8, min(open_time)::timestamptz, max(open_time)::timestamptz, \
             avg(confidence)::float8 FROM {relation} WHERE {OF_SERIES} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        );
        rows.query(db, &sql, &[arg(symbol), arg(timeframe)])
    })
}

/// Candles whose regime differs from that of the candle before.
///
/// # Errors
/// Where `min_confidence` is outside 0 to 1, and as [`statistics`].
pub fn transitions(
    rows: &mut Rows,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    min_confidence: f64,
) -> Result<()> {
    if !(0.0..=1.0).contains(&min_confidence) {
        return Err(invalid_parameter(format!("min_confidence is {min_confidence}, outside 0 to 1"))
            .hint("Pass min_confidence => a number from 0 to 1, or leave it out."));
    }
    spi::connect(|db| {
        let relation = existing(db, symbol, timeframe)?;
        let sql = format!(
            "SELECT symbol::text, timeframe::text, before, after, open_time::timestamptz, confidence::float8 FROM \
             (SELECT symbol, timeframe, open_time, confidence, simplified_regime::text AS after, pg_catalog.lag(simplified_regime::text) OVER w AS before \
             FROM {relation} WHERE {OF_SERIES} WINDOW w AS (PARTITION BY symbol, timeframe ORDER BY open_time)) AS r \
             WHERE before <> after AND confidence >= $3 ORDER BY 1, 2, 5"
        );
        rows.query(db, &sql, &[arg(symbol), arg(timeframe), arg(min_confidence)])
    })
}

/// The table; an error where the table has no rows of the named series.
fn existing(db: Db, symbol: Option<&str>, timeframe: Option<&str>) -> Result<String> {
    let relation = output_relation(db, &MARKET_REGIMES)?;
    let sql = format!("SELECT true FROM {relation} WHERE {OF_SERIES} LIMIT 1");
    let args = [arg(symbol), arg(timeframe)];
    if (symbol, timeframe) == (None, None) || db.first(&sql, &args, Sees::Snapshot, |_| Ok(()))?.is_some() {
        return Ok(relation);
    }
    Err(not_refreshed(symbol, timeframe, &relation, &extension_schema(db)?))
}

fn not_refreshed(symbol: Option<&str>, timeframe: Option<&str>, relation: &str, schema: &str) -> Error {
    let quote = |name: &str| pgrx::spi::quote_literal(name);
    let given: Vec<String> = [("symbol", symbol), ("timeframe", timeframe)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} => {}", quote(value))))
        .collect();
    let what: Vec<&str> = symbol.into_iter().chain(timeframe).collect();
    Error::new(
        pgrx::PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        format!("{relation} has no rows of {}", what.join(" ")),
    )
    .hint(format!("SELECT * FROM {schema}.refresh_market_regimes({});", given.join(", ")))
}
