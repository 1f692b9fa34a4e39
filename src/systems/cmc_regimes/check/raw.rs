//! Reading bars and EMAs as they are: what `source/bars` refuses is only counted here.

use std::rc::Rc;

use regime_core::Layer;

use crate::output::complaint::Tally;
use crate::pg::{Column, Db, Micros, Result, Row, Same, Sees, columns, known, syscache};
use crate::source::clock::Clock;
use crate::source::map::{MapRow, Source};
use crate::source::names;
use crate::source::relation::relation_args;

/// Columns of the statement of bars. Optional columns come from [`OPTIONAL`] on, then the lowest and the highest price.
const TS: usize = 0;
const CLOSE: usize = 1;
const OPTIONAL: usize = 2;

/// Columns of the statement of EMAs beside [`TS`].
const PERIOD: usize = 1;
const EMA: usize = 2;

/// Reads one layer of any asset.
pub struct RawReader<'c> {
    db: Db<'c>,
    pub source: Rc<Source>,
    bars: String,
    emas: String,
    /// Whether the bars relation has the columns `high` and `low`, both of them numbers.
    has_range: bool,
    /// Whether these are of the same prices as the close.
    pub is_close_of_range: bool,
    /// The clock of the daily bars, which says what day an instant is in.
    days: Clock,
    /// The fields of `regime_source` that map optional columns of the bars.
    optional: Vec<&'static str>,
}

/// A bar.
#[derive(Clone, Copy, Debug)]
pub struct RawBar {
    /// Microseconds since 2000; `i64::MAX` also for NULL.
    pub ts: i64,
    /// `None` is NULL.
    pub close: Option<f64>,
    /// Lowest and highest price, NaN where unknown.
    pub range: [f64; 2],
}

/// The bars and EMAs of an asset in one layer.
#[derive(Default)]
pub struct Raw {
    /// In ascending time.
    pub bars: Vec<RawBar>,
    /// For each period and each bar, whether the bar has an EMA that is a number.
    pub known: [Vec<bool>; 3],
    /// EMAs of a bar and period that have more than one.
    pub twice: Tally,
    /// EMAs at a time without a bar.
    pub strangers: Tally,
    /// For each optional column, by the field of `regime_source` that maps it, bars where it is unknown though an
    /// earlier bar has it.
    pub unknown: Vec<(&'static str, Tally)>,
}

impl<'c> RawReader<'c> {
    /// The reader of a layer's source.
    ///
    /// # Errors
    /// Where the columns `high` and `low` of the bars cannot be read.
    pub fn new(db: Db<'c>, row: &Rc<MapRow>, source: Rc<Source>, days: Clock) -> Result<Self> {
        let range = known("lowest and highest price", &Same(Rc::clone(row)), || range(db, row))?;
        let (range, is_close_of_range) = (&range.0, range.1);
        let mut bars = source.bars.clone();
        bars.columns.extend(range.iter().map(|price| format!("{price}::float8")));
        // As float8, which, unlike `Row::price`, keeps NaN and infinity apart.
        bars.columns[CLOSE] += "::float8";
        let params = &source.params;
        let mut optional = Vec::new();
        optional.extend(params.atr.then_some("atr_column"));
        optional.extend(params.adx_floor.map(|_| "adx_column"));
        optional.extend(params.costs.then_some(["spread_column", "slippage_column"]).into_iter().flatten());
        Ok(Self {
            db,
            bars: bars.select(&bars.condition),
            emas: source.select_emas(&source.ema.condition),
            has_range: !range.is_empty(),
            is_close_of_range,
            days,
            optional,
            source,
        })
    }

    /// Instants as the clocks of the daily bars show them, both in microseconds since 2000.
    ///
    /// # Errors
    /// A time that is out of range.
    pub fn on_days(&self, ts: &[i64]) -> Result<Vec<i64>> {
        self.days.in_zone(self.db, ts)
    }

    /// The zone of [`RawReader::on_days`].
    pub fn zone(&self) -> &str {
        self.days.zone.as_deref().unwrap_or("UTC")
    }

    /// The layer that is read.
    pub fn layer(&self) -> Layer {
        self.source.layer
    }

    /// All bars of an asset, and the faults of their EMAs.
    ///
    /// # Errors
    /// Where the relations cannot be read.
    pub fn read(&self, asset: i32) -> Result<Raw> {
        let mut raw =
            Raw { unknown: self.optional.iter().map(|f| (*f, Tally::default())).collect(), ..Raw::default() };
        // For each optional column, the times of the bars where it is known, and where it is not.
        let mut seen: Vec<[Vec<i64>; 2]> = self.optional.iter().map(|_| Default::default()).collect();
        let args = relation_args(asset, self.source.tf.as_deref(), None);
        let each = |row: &Row| {
            let ts = row.get::<Option<Micros>>(TS)?.map_or(i64::MAX, |Micros(ts)| ts);
            let low = OPTIONAL + seen.len();
            for (seen, column) in seen.iter_mut().zip(OPTIONAL..) {
                seen[usize::from(row.price(column).is_nan())].push(ts);
            }
            let mut range = [f64::NAN; 2];
            if self.has_range {
                for (price, column) in range.iter_mut().zip(low..) {
                    *price = row.get::<Option<f64>>(column)?.unwrap_or(f64::NAN);
                }
            }
            raw.bars.push(RawBar { ts, close: row.get(CLOSE)?, range });
            Ok(())
        };
        let whose = || names::in_words(self.db, asset, Some(&self.source.cal_scheme));
        let of_layer = format!("{} ", self.layer().as_str());
        let bars = &self.source.bars;
        bars.reading(self.db, (&bars.condition, &args), (&whose, &of_layer), || {
            self.db.rows(&self.bars, &args, Sees::Snapshot, each)
        })?;
        raw.bars.sort_by_key(|bar| bar.ts);
        for ((_, tally), [known, unknown]) in raw.unknown.iter_mut().zip(seen) {
            let first = known.into_iter().min().unwrap_or(i64::MIN);
            *tally = Tally::of(unknown.into_iter().filter(|ts| *ts > first));
        }
        self.add_emas(&mut raw, asset)?;
        Ok(raw)
    }

    fn add_emas(&self, raw: &mut Raw, asset: i32) -> Result<()> {
        let bars = raw.bars.len();
        raw.known = [(); 3].map(|()| vec![false; bars]);
        let mut taken = raw.known.clone();
        let args = relation_args(asset, self.source.tf.as_deref(), None);
        let each = |row: &Row| {
            let (Some(Micros(ts)), Some(period)) = (row.get(TS)?, row.get::<Option<i32>>(PERIOD)?) else {
                return Ok(());
            };
            let Some(slot) = self.source.params.periods.iter().position(|p| *p as i32 == period) else {
                return Ok(());
            };
            match raw.bars.binary_search_by_key(&ts, |bar| bar.ts) {
                Err(_) => raw.strangers.add(ts),
                Ok(at) => {
                    if std::mem::replace(&mut taken[slot][at], true) {
                        raw.twice.add(ts);
                    }
                    raw.known[slot][at] |= !row.price(EMA).is_nan();
                }
            }
            Ok(())
        };
        let whose = || names::in_words(self.db, asset, Some(&self.source.cal_scheme));
        let of_layer = format!("{} EMA of the ", self.layer().as_str());
        let emas = &self.source.ema;
        emas.reading(self.db, (&emas.condition, &args), (&whose, &of_layer), || {
            self.db.rows(&self.emas, &args, Sees::Snapshot, each)
        })
    }
}

/// How the columns `low` and `high` of the bars are read, nothing unless both are numbers that the current role may read, and
/// whether they are of the same prices as the close.
fn range(db: Db, row: &MapRow) -> Result<(Vec<String>, bool)> {
    let [schema, table] = &row.bars;
    let Some(oid) = syscache::relation_oid(schema, table) else { return Ok((Vec::new(), false)) };
    let is_number = |column: &Column| {
        let base = column.base_type();
        ["double precision", "real", "numeric", "bigint", "integer", "smallint"].contains(&base.as_str())
    };
    let all = columns(db, oid, Sees::Snapshot)?;
    let names = ["low", "high"];
    let is_there = |name: &&str| all.iter().any(|c| c.name == **name && is_number(c) && c.may_read);
    if !names.iter().all(is_there) {
        return Ok((Vec::new(), false));
    }
    let numbers = names.map(|name| ("bars_table", name.to_owned()));
    Ok((row.bars(db, &numbers)?.columns.split_off(OPTIONAL), row.is_close_of_bar(&all)))
}
