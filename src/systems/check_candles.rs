//! What is wrong with candles, of what a refresh would refuse and of what it would accept although the rows are then wrong:
//! `regime_check_candles`. The candles are read once, series by series.

use pgrx::PgSqlErrorCode;

use regime_core::calendar::stamps::off_grid;
use regime_core::calendar::steps::{Habit, gaps};
use regime_core::connect::fields::is_adjusted;
use regime_core::connect::times::length_of;

use crate::output::complaint::{self, Summary, Tally, summed_up, told_length};
use crate::output::finding::{Severity, Together};
use crate::pg::{
    Db, Error, Micros, Result, Row, Sees, arg, attempt_unless_cancelled, extension_schema, quote_literal,
    session, spi, utc,
};
use crate::source::candles::{Reads, Source};
use crate::source::series::Series;

/// A complaint about the candles of a series, which has its timeframe as its place.
pub type Complaint = complaint::Complaint<Series, String>;

/// Columns of the statement of candles: those of the series, the time, then the prices.
const SYMBOL: usize = 0;
const TIMEFRAME: usize = 1;
const TS: usize = 2;
const PRICES: usize = 3;
/// The places of prices.
const HIGH: usize = 0;
const LOW: usize = 1;
const CLOSE: usize = 2;
const NAMES: [&str; 4] = ["high", "low", "close", "open"];

/// All complaints about candles, of these symbols or of all, in the order of their series.
///
/// # Errors
/// A symbol that is NULL, and where the catalogs cannot be read; any other error is a complaint.
pub fn details(symbols: Option<Vec<Option<String>>>) -> Result<Vec<Complaint>> {
    let symbols = symbols.map(|all| all.into_iter().collect::<Option<Vec<String>>>().ok_or_else(null_symbol));
    let symbols = symbols.transpose()?;
    spi::connect(|db| {
        attempt_unless_cancelled(|| of(db, symbols.as_deref())).or_else(|error| {
            let report = error.report();
            let complaint = Complaint::of_all(Severity::Error, report.message.clone());
            Ok(vec![complaint.hinted(report.own_hint(), report.hint.as_deref())])
        })
    })
}

/// [`details`] summed up: one for each severity, timeframe and kind.
///
/// # Errors
/// As [`details`].
pub fn check(symbols: Option<Vec<Option<String>>>) -> Result<Vec<Summary<Series, String>>> {
    let schema = spi::connect(extension_schema)?;
    Ok(summed_up(details(symbols)?, |timeframe, kind, who| {
        let list: Vec<String> = who.iter().map(|series| quote_literal(&series.symbol)).collect();
        let symbols =
            if who.len() <= Together::MOST { format!("ARRAY[{}]", list.join(", ")) } else { String::new() };
        format!(
            "SELECT * FROM {schema}.regime_check_candles_details({symbols}) WHERE timeframe {} AND starts_with(problem, {});",
            timeframe
                .map_or_else(|| "IS NULL".to_owned(), |timeframe| format!("= {}", quote_literal(timeframe))),
            quote_literal(kind)
        )
    }))
}

fn null_symbol() -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED, "a symbol must not be NULL").hint(
        "Give each symbol as the candles spell it: array_remove(…, NULL) leaves out those that are NULL.",
    )
}

fn of(db: Db, symbols: Option<&[String]>) -> Result<Vec<Complaint>> {
    // Candles without opens are those of one system alone.
    let source = attempt_unless_cancelled(|| Source::load(db, Reads::All))
        .or_else(|_| Source::load(db, Reads::Prices))?;
    let check = Check { source: &source, now: session::clock() };
    check.all(db, symbols)
}

/// The candles of one series, in ascending time.
#[derive(Default)]
struct Candles {
    ts: Vec<i64>,
    /// In the order of [`NAMES`], NaN where a price is NULL or infinite.
    prices: Vec<[f64; 4]>,
}

struct Check<'a> {
    source: &'a Source,
    /// The current time, in microseconds since 2000.
    now: i64,
}

impl Check<'_> {
    fn all(&self, db: Db, symbols: Option<&[String]>) -> Result<Vec<Complaint>> {
        let Source { key: [symbol, timeframe, _], relation, .. } = self.source;
        let prices = &relation.columns[1..relation.columns.len().min(1 + NAMES.len())];
        let mut conditions = relation.filters.clone();
        conditions.extend(symbols.map(|_| format!("{symbol}::text = ANY ($1)")));
        let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
        let sql = format!(
            "SELECT {symbol}::text, {timeframe}::text, {}, {} FROM {} WHERE {condition} ORDER BY 1, 2, 3",
            relation.columns[0],
            prices.join(", "),
            relation.sql
        );
        let args: Vec<_> = symbols.map(|symbols| arg(symbols.to_vec())).into_iter().collect();
        let (mut complaints, mut unnamed) = (Vec::new(), 0);
        let mut found: Vec<String> = Vec::new();
        let mut series: Option<Series> = None;
        let mut candles = Candles::default();
        let each = |row: &Row| {
            let names = (row.get::<Option<&str>>(SYMBOL)?, row.get::<Option<&str>>(TIMEFRAME)?);
            let (Some(symbol), Some(timeframe)) = names else {
                unnamed += 1;
                return Ok(());
            };
            if series.as_ref().is_none_or(|last| last.symbol != symbol || last.timeframe != timeframe) {
                pgrx::check_for_interrupts!();
                if let Some(last) = series.take() {
                    complaints.extend(self.series(&last, &candles));
                }
                if symbols.is_some() {
                    found.push(symbol.to_owned());
                }
                candles = Candles::default();
                series = Some(Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() });
            }
            candles.ts.push(row.get::<Option<Micros>>(TS)?.map_or(i64::MAX, |Micros(ts)| ts));
            let price = |place: usize| if place < prices.len() { row.price(PRICES + place) } else { 1.0 };
            candles.prices.push(std::array::from_fn(price));
            Ok(())
        };
        let whose = || Ok("candles".to_owned());
        relation
            .reading(db, (&condition, &args), (&whose, ""), || db.rows(&sql, &args, Sees::Snapshot, each))?;
        if series.is_none() && unnamed == 0 && symbols.is_none() {
            let complaint = Complaint::of_all(Severity::Error, format!("{} holds no candles", relation.sql));
            let schema = extension_schema(db)?;
            let show = format!("SELECT * FROM {schema}.regime_source WHERE layer = 'candles';");
            complaints.push(Complaint { n: Some(0), ..complaint.typed(show) });
        }
        if let Some(last) = series {
            complaints.extend(self.series(&last, &candles));
        }
        if unnamed > 0 {
            let show = format!(
                "SELECT * FROM {} WHERE {symbol} IS NULL OR {timeframe} IS NULL LIMIT 10;",
                relation.sql
            );
            let complaint =
                Complaint::of_all(Severity::Warning, "candle without a symbol or a timeframe is not read");
            complaints.push(Complaint { n: Some(unnamed), ..complaint.typed(show) });
        }
        for symbol in symbols.unwrap_or_default().iter().filter(|symbol| !found.contains(symbol)) {
            let series = Series { symbol: symbol.clone(), timeframe: String::new() };
            let show =
                format!("SELECT DISTINCT {} AS symbol FROM {} ORDER BY 1;", self.source.key[0], relation.sql);
            let complaint = Complaint::of_all(Severity::Warning, "no candles").typed(show);
            complaints.push(Complaint { who: Some(series), n: Some(0), ..complaint });
        }
        // Not in the order of a collation.
        complaints.sort_by(|a, b| a.who.cmp(&b.who));
        Ok(complaints)
    }

    /// The statement that shows the candles of a series that meet a condition; `rest` follows the condition.
    fn show(&self, columns: &str, series: &Series, rest: &str) -> String {
        let Source { key: [symbol, timeframe, _], relation, .. } = self.source;
        let of = |column: &str, value: &str| format!("{column} = {}", quote_literal(value));
        let mut own = vec![of(symbol, &series.symbol), of(timeframe, &series.timeframe)];
        own.extend(relation.filters.iter().cloned());
        format!("SELECT {columns} FROM {} WHERE {}{rest};", relation.sql, own.join(" AND "))
    }

    fn series(&self, series: &Series, candles: &Candles) -> Vec<Complaint> {
        let Candles { ts, prices } = candles;
        let [time, high, low, close] = [0, 1, 2, 3].map(|place: usize| &self.source.relation.columns[place]);
        let is_timed = |ts: i64| ts != i64::MIN && ts != i64::MAX;
        let where_is = |condition: &str| self.show("*", series, &format!(" AND {condition}"));
        let from = |tally: Tally| {
            let from = tally.first.filter(|ts| is_timed(*ts)).map_or_else(|| "-infinity".to_owned(), utc);
            where_is(&format!("{time} >= '{from}' ORDER BY {time} LIMIT 5"))
        };
        let complain = |severity, kind: String, tally: Tally, command: String| {
            (tally.n > 0).then(|| Complaint {
                who: Some(series.clone()),
                place: Some(series.timeframe.clone()),
                n: Some(tally.n),
                first: tally.first.filter(|ts| is_timed(*ts)),
                ..Complaint::of_all(severity, kind).typed(command)
            })
        };
        let tally = |is_bad: &dyn Fn(&[f64; 4]) -> bool| {
            Tally::of(ts.iter().zip(prices).filter(|(_, prices)| is_bad(prices)).map(|(ts, _)| *ts))
        };
        let timed: Vec<i64> = ts.iter().copied().filter(|ts| is_timed(*ts)).collect();
        let mut all = Vec::new();
        let untimed = Tally::of(ts.iter().copied().filter(|ts| !is_timed(*ts)));
        let show_untimed = where_is(&format!("isfinite({time}) IS NOT TRUE"));
        all.push(complain(
            Severity::Error,
            "open time is NULL or infinite".to_owned(),
            untimed,
            show_untimed,
        ));
        for (place, column) in self.source.relation.columns[1..].iter().take(NAMES.len()).enumerate() {
            let unusable = tally(&|prices| !(prices[place].is_finite() && prices[place] > 0.0));
            let kind = format!("{} is NULL, NaN, infinite or not positive", NAMES[place]);
            let show = format!("({column} > 0 AND {column} < 'Infinity') IS NOT TRUE");
            all.push(complain(Severity::Error, kind, unusable, where_is(&show)));
        }
        let repeated = Tally::of(timed.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[1]));
        let show_repeated =
            self.show(&format!("{time}, count(*)"), series, " GROUP BY 1 HAVING count(*) > 1");
        all.push(complain(
            Severity::Error,
            "open time of another candle".to_owned(),
            repeated,
            show_repeated,
        ));
        // A close that is the high or the low can be beyond it by rounding.
        let above = |a: f64, b: f64| a - b > 1e-9 * a.abs();
        let upside_down = tally(&|prices| above(prices[LOW], prices[HIGH]));
        all.push(complain(
            Severity::Warning,
            "high is below low".to_owned(),
            upside_down,
            where_is(&format!("{high} < {low}")),
        ));
        if !is_adjusted(close) {
            let outside = tally(&|prices| {
                let [high, low, close] = [HIGH, LOW, CLOSE].map(|place| prices[place]);
                !above(low, high) && (above(low, close) || above(close, high))
            });
            all.push(complain(
                Severity::Warning,
                "close is not between low and high".to_owned(),
                outside,
                where_is(&format!("{low} <= {high} AND ({close} < {low} OR {close} > {high})")),
            ));
        }
        let past = &timed[..timed.partition_point(|ts| *ts <= self.now)];
        all.push(self.gaps(past).and_then(|(tally, varying)| {
            let found = complain(Severity::Warning, "gap after candle".to_owned(), tally, from(tally));
            found.map(|found| Complaint { varying, ..found })
        }));
        let future = Tally::of(timed[past.len()..].iter().copied());
        let show_future = where_is(&format!("{time} > now()"));
        all.push(complain(Severity::Warning, "candle in the future".to_owned(), future, show_future));
        if let Some(length) = length_of(&series.timeframe) {
            let off = Tally::of(off_grid(&timed, length.least));
            let kind = "open time is off the grid of the others".to_owned();
            all.push(complain(Severity::Warning, kind, off, from(off)));
        }
        all.into_iter().flatten().collect()
    }

    /// Gaps that are not the market's, and how long they are.
    fn gaps(&self, past: &[i64]) -> Option<(Tally, String)> {
        let found = gaps(past);
        let longest = found.iter().map(|gap| gap.to.saturating_sub(gap.from)).max()?;
        let usual = Habit::of(past).map_or(0, |habit| habit.longest());
        let varying = format!(", up to {}, where {} is usual", told_length(longest), told_length(usual));
        Some((Tally::of(found.iter().map(|gap| gap.from)), varying))
    }
}
