//! What readers of stored rows of series share: times, series with rows, the row at a moment.

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::connect::times::{Begins, Length, length_of};

use crate::output::picture::symbol;
use crate::output::relation::output_relation;
use crate::output::series::OfSeries;
use crate::pg::asset::Asset;
use crate::pg::{
    Db, Error, Result, Sees, arg, check_order, extension_schema, no_data_found, quote_literal,
    result_set::Rows, spi, timestamp_arg, timestamps_arg, utc,
};
use crate::source::candle_names;
use crate::source::candles::Source;
use crate::source::series::Series;

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
        check_order(["from_ts", "to_ts"], [self.from, self.to], utc)?;
        Ok(self)
    }

    /// The index of the first of these times that is in the range, or after.
    pub fn first_of(self, ts: &[i64]) -> usize {
        self.from.map_or(0, |from| ts.partition_point(|ts| *ts < from))
    }
}

/// Stored rows of some series: a condition with two parameters.
pub(super) const OF_GIVEN: &str = "($1 IS NULL OR symbol = $1) AND ($2 IS NULL OR timeframe = $2)";

impl OfSeries {
    /// Adds statistics of the stored rows for each label, a column, and version; `more` are further columns, each after a
    /// comma.
    ///
    /// # Errors
    /// Where the table does not exist, cannot be read, or has no rows of the named series.
    pub fn statistics(
        &self,
        rows: &mut Rows,
        label: &str,
        more: &str,
        [symbol, timeframe]: [Option<&str>; 2],
    ) -> Result<()> {
        spi::connect(|db| {
            let (relation, symbol) = self.named(db, symbol, timeframe)?;
            let sql = format!(
                "SELECT {label}::text, classifier_version::text, count(*), \
                 count(*)::float8 / sum(count(*)) OVER ()::float8, min(open_time)::timestamptz, max(open_time)::timestamptz, \
                 avg(confidence)::float8{more} FROM {relation} WHERE {OF_GIVEN} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
            );
            rows.query(db, &sql, &[arg(symbol), arg(timeframe)])
        })
    }

    /// Adds the counts of changes from one label, a column, to another, and their shares of the changes out of the first.
    ///
    /// # Errors
    /// As [`OfSeries::statistics`].
    pub fn transition_matrix(
        &self,
        rows: &mut Rows,
        label: &str,
        [symbol, timeframe]: [Option<&str>; 2],
    ) -> Result<()> {
        spi::connect(|db| {
            let (relation, symbol) = self.named(db, symbol, timeframe)?;
            let sql = format!(
                "SELECT before, after, count(*), count(*)::float8 / sum(count(*)) OVER (PARTITION BY before)::float8 FROM \
                 (SELECT {label}::text AS after, pg_catalog.lag({label}::text) OVER w AS before \
                 FROM {relation} WHERE {OF_GIVEN} WINDOW w AS (PARTITION BY symbol, timeframe ORDER BY open_time)) AS r \
                 WHERE before <> after GROUP BY 1, 2 ORDER BY before COLLATE \"C\", after COLLATE \"C\""
            );
            rows.query(db, &sql, &[arg(symbol), arg(timeframe)])
        })
    }

    /// Adds the row of the newest candle of a series that had closed at a moment ([`has_closed`]), and the age of the row, the time
    /// since the candle opened: none where no candle had. Where the name of the timeframe does not tell its length, a candle closes when
    /// the next one opens.
    ///
    /// # Errors
    /// As [`OfSeries::statistics`].
    pub fn at(&self, rows: &mut Rows, symbol: &str, timeframe: &str, at: i64) -> Result<()> {
        spi::connect(|db| {
            let (relation, symbol) = self.named(db, Some(symbol), Some(timeframe))?;
            let symbol = symbol.unwrap_or_default();
            let length = length_of(timeframe);
            let closed = length.as_ref().map(|length| has_closed(length, &relation));
            let mut args = vec![arg(symbol), arg(timeframe), timestamp_arg(Some(at))];
            if closed.is_some() {
                args.extend(other_half(at).map(|moment| timestamp_arg(Some(moment))));
            }
            let sql = format!(
                "SELECT {}, CASE WHEN pg_catalog.isfinite($3) AND pg_catalog.isfinite(r.open_time) THEN $3 - r.open_time::timestamptz END \
                 FROM {relation} AS r LEFT JOIN LATERAL (SELECT next.open_time::timestamptz AS open_time FROM {relation} AS next \
                 WHERE next.symbol = $1 AND next.timeframe = $2 AND next.open_time > r.open_time AND next.open_time <= $3 \
                 ORDER BY next.open_time LIMIT 1) AS n ON true \
                 WHERE r.symbol = $1 AND r.timeframe = $2 AND r.open_time <= $3 AND r.open_time < timestamptz '200000-01-01' AND {} \
                 ORDER BY r.open_time DESC LIMIT 1 OFFSET {}",
                self.table.selected("r."),
                closed.as_deref().unwrap_or("true"),
                i32::from(closed.is_none())
            );
            rows.query(db, &sql, &args)
        })
    }

    /// Adds the newest row of each series, its age, the newest candle, and whether the row is stale.
    ///
    /// # Errors
    /// Where candles, rows or the run log cannot be read.
    pub fn latest(&self, rows: &mut Rows) -> Result<()> {
        spi::connect(|db| {
            let relation = output_relation(db, self.table)?;
            let mut all = self.fresh_series(db)?;
            all.retain(|(_, fresh)| fresh.newest_row.is_some());
            let stale: Vec<_> = all.iter().map(|(_, fresh)| fresh.stale_because()).collect();
            let texts =
                |of: fn(&Series) -> &str| arg(all.iter().map(|(series, _)| of(series)).collect::<Vec<_>>());
            let sql = format!(
                "SELECT {}, now() - r.open_time::timestamptz, f.bar, f.is_stale, f.because FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::timestamptz[]), \
                 pg_catalog.unnest($4::timestamptz[]), pg_catalog.unnest($5::bool[]), pg_catalog.unnest($6::text[])) \
                 AS f (symbol, timeframe, ts, bar, is_stale, because) \
                 JOIN {relation} AS r ON r.symbol = f.symbol AND r.timeframe = f.timeframe AND r.open_time = f.ts \
                 ORDER BY r.symbol COLLATE \"C\", r.timeframe COLLATE \"C\"",
                self.table.selected("r.")
            );
            let args = [
                texts(|series| &series.symbol),
                texts(|series| &series.timeframe),
                timestamps_arg(all.iter().map(|(_, fresh)| fresh.newest_row).collect()),
                timestamps_arg(all.iter().map(|(_, fresh)| fresh.newest_source).collect()),
                arg(stale.iter().map(|(is_stale, _)| *is_stale).collect::<Vec<_>>()),
                arg(stale
                    .iter()
                    .map(|(_, because)| because.map(|because| because.as_str().to_owned()))
                    .collect::<Vec<_>>()),
            ];
            rows.query(db, &sql, &args)
        })
    }

    /// The table; an error where the table has no rows of the named series.
    ///
    /// # Errors
    /// As [`OfSeries::statistics`].
    pub fn existing(&self, db: Db, symbol: Option<&str>, timeframe: Option<&str>) -> Result<String> {
        let relation = output_relation(db, self.table)?;
        if (symbol, timeframe) == (None, None) || has_rows(db, &relation, symbol, timeframe)? {
            return Ok(relation);
        }
        // A refresh of a series without candles would fail.
        if let Some(error) = self.unknown(db, symbol, timeframe)? {
            return Err(error);
        }
        let what: Vec<String> =
            symbol.into_iter().chain(timeframe).map(|name| format!("\"{name}\"")).collect();
        let message = format!("{relation} has no rows of {}", what.join(" "));
        Err(no_data_found(message).hint(self.refresh(symbol, timeframe, &extension_schema(db)?)))
    }

    /// The error for series that have no candles; `None` also where the candles cannot be read.
    fn unknown(&self, db: Db, symbol: Option<&str>, timeframe: Option<&str>) -> Result<Option<Error>> {
        let Ok(Some(source)) = Source::find(db, self.reads) else { return Ok(None) };
        Ok(match (symbol, timeframe) {
            (Some(symbol), _) if candle_names::of_symbol(db, &source, symbol, timeframe)?.is_empty() => {
                Some(candle_names::unknown(db, &source, symbol, timeframe)?)
            }
            (None, Some(timeframe)) if source.series(db, None, Some(timeframe))?.is_empty() => {
                Some(candle_names::unknown_timeframe(db, &source, timeframe)?)
            }
            _ => None,
        })
    }

    /// The symbol under which the table has rows of an asset.
    ///
    /// # Errors
    /// Where an id is given, and where the table has no rows of the symbol.
    pub fn symbol_of(&self, db: Db, asset: &Asset) -> Result<String> {
        let named = self.named(db, Some(symbol(asset, self.system.name)?), None)?;
        Ok(named.1.unwrap_or_default())
    }

    /// The table, and the symbol under which the table has rows: the given symbol, or another name of the same asset.
    ///
    /// # Errors
    /// Where the table has no rows of the series.
    pub(super) fn named(
        &self,
        db: Db,
        symbol: Option<&str>,
        timeframe: Option<&str>,
    ) -> Result<(String, Option<String>)> {
        let relation = output_relation(db, self.table)?;
        if let Some(given) = symbol
            && let Some(stored) = stored_symbol(db, &relation, given, timeframe)?
        {
            return Ok((relation, Some(stored)));
        }
        // The error has the symbol as given.
        self.existing(db, symbol, timeframe).map(|relation| (relation, None))
    }

    /// The statement that refreshes these series.
    fn refresh(&self, symbol: Option<&str>, timeframe: Option<&str>, schema: &str) -> String {
        let given: Vec<String> = [("symbol", symbol), ("timeframe", timeframe)]
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name} => {}", quote_literal(value))))
            .collect();
        format!("SELECT * FROM {schema}.refresh_{}({});", self.table.name, given.join(", "))
    }
}

/// How many of the newest candles tell whether candles of a series overlap.
const NEWEST: u32 = 100;

/// SQL: whether the candle of `r` has closed at `$3`, by the length of the timeframe, the next candle, `n`, and other candles of the
/// series in `relation`. No candle that opens after `$3` is looked at, so that the answer stays however many come later, and none is
/// taken for closed that is not, whatever the zone that the candles are of. A candle has closed
/// - when it is over in any zone: its length and the slack have passed;
/// - when the next one has opened, its length later, of days and longer ones about that, unless candles overlap: more than one of
///   the newest opens sooner after the one before, as one does where clocks are put forward;
/// - at its end in UTC, if the series keeps to UTC: the candle and all those between `$4` and `$5`, of the other half of the
///   year, when clocks would differ, begin as those of UTC do.
fn has_closed(Length { interval, slack, begins, .. }: &Length, relation: &str) -> String {
    let utc = |time: &str| format!("({time}::timestamptz AT TIME ZONE 'UTC')");
    let after = |time: &str, more: &str| {
        format!("(({} + interval '{interval}'{more}) AT TIME ZONE 'UTC')", utc(time))
    };
    let end = after("r.open_time", "");
    let latest = after("r.open_time", &format!(" + interval '{slack}'"));
    // A month or a day of a zone is shorter where clocks change; shorter candles that are an hour apart overlap.
    let about = match begins {
        Begins::Every(_) => String::new(),
        Begins::Day | Begins::Month => format!(" - interval '{slack}'"),
    };
    let [next, sooner] = ["r.open_time", "o.before"].map(|time| after(time, &about));
    let overlap = format!(
        "(SELECT count(*) > 1 FROM (SELECT open_time, pg_catalog.lag(open_time) OVER (ORDER BY open_time) AS before FROM \
         (SELECT s.open_time::timestamptz AS open_time FROM {relation} AS s WHERE s.symbol = $1 AND s.timeframe = $2 AND s.open_time <= $3 \
         ORDER BY s.open_time DESC LIMIT {NEWEST}) AS newest) AS o WHERE o.open_time < {sooner})"
    );
    let begins_in_utc = |time: &str| {
        let open = utc(time);
        match begins {
            Begins::Month => format!("pg_catalog.date_trunc('month', {open}) = {open}"),
            Begins::Day => format!("pg_catalog.date_trunc('day', {open}) = {open}"),
            Begins::Every(seconds) => format!(
                "pg_catalog.mod(pg_catalog.date_part('epoch', {open})::numeric, {seconds}::numeric) = 0::numeric"
            ),
        }
    };
    let keeps_to_utc = format!(
        "(SELECT bool_and({}) FROM {relation} AS u WHERE u.symbol = $1 AND u.timeframe = $2 AND u.open_time BETWEEN $4 AND $5)",
        begins_in_utc("u.open_time")
    );
    format!(
        "({latest} <= $3 OR n.open_time >= {next} AND NOT {overlap} \
         OR {end} <= $3 AND {} AND {keeps_to_utc})",
        begins_in_utc("r.open_time")
    )
}

/// When the candles of the other half of a year opened, 330 to 270 days before a moment: in winter where clocks are put back at the
/// moment, north or south of the equator.
fn other_half(at: i64) -> [i64; 2] {
    [330, 270].map(|days| match at {
        i64::MIN | i64::MAX => at,
        at => at.saturating_sub(days * MICROS_PER_DAY).max(i64::MIN + 1),
    })
}

fn has_rows(db: Db, relation: &str, symbol: Option<&str>, timeframe: Option<&str>) -> Result<bool> {
    let given = [("symbol", symbol), ("timeframe", timeframe)];
    let (mut conditions, mut args) = (String::new(), Vec::new());
    for (column, value) in given.into_iter().filter_map(|(column, value)| Some((column, value?))) {
        args.push(arg(value));
        conditions += &format!(" AND {column} = ${}", args.len());
    }
    let sql = format!("SELECT true FROM {relation} WHERE true{conditions} LIMIT 1");
    Ok(db.once().first(&sql, &args, Sees::Snapshot, |_| Ok(()))?.is_some())
}

/// The symbol under which an output table has rows, of one timeframe or any: the given symbol, or another name of the same
/// asset; `None` where there are no rows.
///
/// # Errors
/// Where the table, the candles or `dim_assets` cannot be read.
pub fn stored_symbol(
    db: Db,
    relation: &str,
    symbol: &str,
    timeframe: Option<&str>,
) -> Result<Option<String>> {
    if has_rows(db, relation, Some(symbol), timeframe)? {
        return Ok(Some(symbol.to_owned()));
    }
    stored_otherwise(db, relation, symbol, timeframe)
}

/// [`stored_symbol`] of a symbol that has no rows itself.
///
/// # Errors
/// As [`stored_symbol`].
pub fn stored_otherwise(
    db: Db,
    relation: &str,
    symbol: &str,
    timeframe: Option<&str>,
) -> Result<Option<String>> {
    for name in candle_names::others(db, symbol)? {
        if has_rows(db, relation, Some(&name), timeframe)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
