//! Reading bars and EMAs as they stand, however bad: what `read` refuses is here only counted.

use regime_core::Layer;

use crate::pg::catalog::{Column, columns};
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::syscache;
use crate::source::map::{MapRow, Source};
use crate::source::relation::relation_args;

/// Reads one layer of any asset.
pub struct RawReader<'c> {
    db: Db<'c>,
    pub source: Source,
    bars: String,
    emas: String,
    /// Whether the bars relation has the columns `high` and `low`, both of them numbers.
    has_range: bool,
    /// Further columns of the bars, as the fields of `regime_source` that map them.
    optional: Vec<&'static str>,
}

/// A bar; a moment of the far end stands for NULL.
#[derive(Clone, Copy, Debug)]
pub struct RawBar {
    pub ts: i64,
    pub close: Option<f64>,
    /// Lowest and highest price, NaN where unknown.
    pub range: [f64; 2],
}

/// How many there are of something, and the first of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub n: i64,
    pub first: Option<i64>,
}

impl Tally {
    pub fn add(&mut self, ts: i64) {
        self.n += 1;
        self.first = Some(self.first.map_or(ts, |first| first.min(ts)));
    }

    pub fn of(moments: impl IntoIterator<Item = i64>) -> Self {
        let mut tally = Tally::default();
        moments.into_iter().for_each(|ts| tally.add(ts));
        tally
    }
}

/// The bars and EMAs of an asset in one layer.
#[derive(Default)]
pub struct Raw {
    /// In ascending time.
    pub bars: Vec<RawBar>,
    /// Per period, for each bar, whether it has an EMA that is a number.
    pub known: [Vec<bool>; 3],
    /// EMAs beside another of the same bar and period.
    pub twice: Tally,
    /// EMAs at a time that no bar has.
    pub strangers: Tally,
    /// Per optional column, bars where it is unknown though an earlier bar has it.
    pub unknown: Vec<(&'static str, Tally)>,
}

impl<'c> RawReader<'c> {
    pub fn new(db: Db<'c>, row: &MapRow, source: Source) -> Result<Self> {
        let range = number_columns(db, &row.bars, ["low", "high"])?;
        let has_range = range.len() == 2;
        let mut columns = source.bars.columns.clone();
        if has_range {
            // The time and the close come first.
            let numbers = ["low", "high"].map(|name| ("bars_table", name.to_owned()));
            columns.extend(row.bars(db, &numbers)?.columns.split_off(2));
        }
        let params = &source.params;
        let mut optional = Vec::new();
        optional.extend(params.atr.then_some("atr_column"));
        optional.extend(params.adx_floor.map(|_| "adx_column"));
        optional.extend(params.costs.then_some(["spread_column", "slippage_column"]).into_iter().flatten());
        let periods = params.periods.map(|p| p.to_string()).join(", ");
        Ok(Self {
            db,
            bars: format!(
                "SELECT {} FROM {} WHERE {}",
                columns.join(", "),
                source.bars.sql,
                source.bars.condition
            ),
            emas: format!(
                "SELECT {} FROM {} WHERE {} AND {} IN ({periods})",
                source.ema.columns.join(", "),
                source.ema.sql,
                source.ema.condition,
                source.ema.columns[1]
            ),
            has_range,
            optional,
            source,
        })
    }

    pub fn layer(&self) -> Layer {
        self.source.layer
    }

    /// All bars of an asset, with what there is to say about their EMAs.
    pub fn read(&self, asset: i32) -> Result<Raw> {
        let mut raw =
            Raw { unknown: self.optional.iter().map(|f| (*f, Tally::default())).collect(), ..Raw::default() };
        // Of each optional column, the bars where it is known and where it is not.
        let mut seen: Vec<[Vec<i64>; 2]> = self.optional.iter().map(|_| Default::default()).collect();
        let args = || relation_args(asset, self.source.tf.as_deref(), None);
        self.db.rows(&self.bars, &args(), Sees::Snapshot, |row| {
            let ts = row.micros(0).unwrap_or(i64::MAX);
            let range_at = 2 + seen.len();
            for (seen, column) in seen.iter_mut().zip(2..) {
                seen[usize::from(row.known(column).is_nan())].push(ts);
            }
            let range = match self.has_range {
                true => [range_at, range_at + 1].map(|column| row.float(column).unwrap_or(f64::NAN)),
                false => [f64::NAN; 2],
            };
            raw.bars.push(RawBar { ts, close: row.float(1), range });
            Ok(())
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
        self.db.rows(&self.emas, &args, Sees::Snapshot, |row| {
            let (Some(ts), Some(period)) = (row.micros(0), row.int(1)) else { return Ok(()) };
            let Some(slot) = self.source.params.periods.iter().position(|p| *p as i32 == period) else {
                return Ok(());
            };
            match raw.bars.binary_search_by_key(&ts, |bar| bar.ts) {
                Err(_) => raw.strangers.add(ts),
                Ok(at) => {
                    if std::mem::replace(&mut taken[slot][at], true) {
                        raw.twice.add(ts);
                    }
                    raw.known[slot][at] |= !row.known(2).is_nan();
                }
            }
            Ok(())
        })
    }
}

/// Which of these columns a relation has that are numbers and may be read.
fn number_columns(db: Db, [schema, table]: &[String; 2], names: [&str; 2]) -> Result<Vec<String>> {
    let Some(oid) = syscache::relation_oid(schema, table) else { return Ok(Vec::new()) };
    let is_number = |column: &Column| {
        let base = column.base_type();
        ["double precision", "real", "numeric", "bigint", "integer", "smallint"].contains(&base.as_str())
    };
    let all = columns(db, oid, Sees::Snapshot)?.into_iter();
    let wanted = all.filter(|c| names.contains(&c.name.as_str()) && is_number(c) && c.may_read);
    Ok(wanted.map(|column| column.name).collect())
}
