//! Reading the bars and EMAs of one asset into flat arrays.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use regime_core::PerLayer;
use regime_core::cmc_regimes::outside::OutsideLabels;
use regime_core::cmc_regimes::series::Series;

use crate::pg::{
    Arg, Db, Micros, Result, Row, Sees, arg, cardinality_violation, internal, plural, quote_literal, utc,
};
use crate::source::map::Source;
use crate::source::names;
use crate::source::outside::LabelSource;
use crate::source::relation::{Relation, after_args, relation_args};
use crate::source::usable::{POSITIVE, check_bars, sort_by_time};

/// The timeframe of daily bars, in the tables that are built here and unless the source map names another.
pub const DAILY_TF: &str = "1D";

/// Columns of the statement that reads bars, by index since every bar is read: the time, the close, then the
/// optional numbers of the map in the order of [`Series`].
const TS: usize = 0;
const CLOSE: usize = 1;
const OPTIONAL: usize = 2;

/// Columns of the statement that reads EMAs, beside [`TS`].
const PERIOD: usize = 1;
const EMA: usize = 2;

/// What statements do, by the layer.
const READS_BARS: PerLayer<&str> =
    PerLayer::new(["read L0 bars", "read L1 bars", "read L2 bars", "read L3 bars"]);
const READS_EMAS: PerLayer<&str> =
    PerLayer::new(["read L0 EMAs", "read L1 EMAs", "read L2 EMAs", "read L3 EMAs"]);

/// New rows of an asset in a layer from which on these are not read beside those of others.
pub const MOST_LATER: u64 = 400;

/// Reads one layer of any asset.
pub struct Reader<'c> {
    db: Db<'c>,
    source: Rc<Source>,
    /// The statements that read bars and EMAs up to a moment and after one, made when first used.
    statements: [OnceCell<String>; 4],
    /// The number of rows read since the counter was last reset.
    pub read: Cell<u64>,
}

/// Which bars of an asset are read; moments are in microseconds since 2000.
#[derive(Clone, Copy)]
pub enum Span {
    /// Up to a moment, or all.
    Until(Option<i64>),
    /// After a moment.
    After(i64),
}

impl<'c> Reader<'c> {
    /// A reader of a checked source.
    pub const fn new(db: Db<'c>, source: Rc<Source>) -> Self {
        Self { db, statements: [const { OnceCell::new() }; 4], read: Cell::new(0), source }
    }

    /// The connection.
    pub const fn db(&self) -> Db<'c> {
        self.db
    }

    /// The source that is read.
    pub const fn source(&self) -> &Rc<Source> {
        &self.source
    }

    /// The bars of an asset in a span, in ascending time, with their EMAs.
    ///
    /// # Errors
    /// Where bars cannot be used ([`check_bars`]), or two EMAs have the same bar and period.
    pub fn series(&self, asset: i32, span: Span) -> Result<Series> {
        let series = self.bars(asset, span)?;
        if series.ts.is_empty() { Ok(series) } else { self.with_emas(asset, span, series) }
    }

    /// The labels of an asset in a relation of labels that is joined to its rows.
    ///
    /// # Errors
    /// As [`LabelSource::labels`].
    pub fn labels(&self, source: &LabelSource, asset: i32) -> Result<OutsideLabels> {
        source.labels(self.db, asset, &|| self.in_words(asset))
    }

    fn statement(&self, of_emas: bool, asset: i32, span: Span) -> (&str, [Arg; 3]) {
        let (is_later, moment) = match span {
            Span::Until(moment) => (false, moment),
            Span::After(moment) => (true, Some(moment)),
        };
        let sql = self.statements[usize::from(of_emas) * 2 + usize::from(is_later)].get_or_init(|| {
            let relation = if of_emas { &self.source.ema } else { &self.source.bars };
            let condition = Self::condition(relation, span);
            if of_emas { self.source.select_emas(condition) } else { relation.select(condition) }
        });
        (sql, relation_args(asset, self.source.tf.as_deref(), moment))
    }

    fn condition(relation: &Relation, span: Span) -> &str {
        match span {
            Span::Until(_) => &relation.condition,
            Span::After(_) => &relation.later_condition,
        }
    }

    /// The asset as messages name it.
    ///
    /// # Errors
    /// Where its symbol cannot be looked up.
    pub fn in_words(&self, asset: i32) -> Result<String> {
        names::in_words(self.db, asset, Some(&self.source.cal_scheme))
    }

    /// The bars of assets, all or those that closed after a moment each, in microseconds since 2000, as [`Reader::series`] gives
    /// them, by one statement; with the number of rows that were read of each asset. The symbols of the assets are given where
    /// bars or EMAs name assets by them.
    ///
    /// # Errors
    /// As [`Reader::series`]: those of one asset are its own. An asset with [`MOST_LATER`] new rows is one, too.
    pub fn of_each(
        &self,
        ids: &[i32],
        symbols: &[&str],
        after: Option<&[i64]>,
    ) -> Result<Vec<(Result<Series>, u64)>> {
        let Source { bars, ema, tf, .. } = &*self.source;
        let args = |of: &Relation| {
            let assets = if of.symbols.is_some() { arg(symbols.to_vec()) } else { arg(ids.to_vec()) };
            let moments = after.map(after_args).into_iter().flatten();
            [assets].into_iter().chain(moments).collect::<Vec<Arg>>()
        };
        let place = |row: &Row, of: &Relation| -> Result<usize> {
            Ok(row.get::<i64>(of.columns.len())? as usize - 1)
        };
        let mut read: Vec<(Series, u64)> = ids.iter().map(|_| (self.no_bars(), 0)).collect();
        let of = |of: &Relation| (if of.symbols.is_some() { "text" } else { "int" }, tf.as_deref());
        let of_bars = bars.select_of_each(of(bars), after.map(|_| MOST_LATER), "true");
        self.db.of_each(&bars.sql)?.doing(self.reads(READS_BARS)).rows(
            &of_bars,
            &args(bars),
            Sees::Snapshot,
            |row| {
                let (series, read) = &mut read[place(row, bars)?];
                *read += 1;
                take_bar(series, row)
            },
        )?;
        let checked =
            |((series, read), id): ((Series, u64), &i32)| (self.checked(*id, series).map(Emas::new), read);
        let mut emas: Vec<(Result<Emas>, u64)> = read.into_iter().zip(ids).map(checked).collect();
        let has_bars = |emas: &Result<Emas>| emas.as_ref().is_ok_and(|emas| !emas.series.ts.is_empty());
        if emas.iter().any(|(emas, _)| has_bars(emas)) {
            let most = after.map(|_| MOST_LATER * self.source.params.periods.len() as u64);
            let of_emas = ema.select_of_each(of(ema), most, &self.source.of_periods().1);
            self.db.of_each(&ema.sql)?.doing(self.reads(READS_EMAS)).rows(
                &of_emas,
                &args(ema),
                Sees::Snapshot,
                |row| {
                    let (emas, read) = &mut emas[place(row, ema)?];
                    // Without a bar, no EMA counts as read.
                    if has_bars(emas)
                        && let Ok(emas) = emas
                    {
                        *read += 1;
                        emas.take(row, &self.source.params.periods)?;
                    }
                    Ok(())
                },
            )?;
        }
        let ended = |((emas, read), id): ((Result<Emas>, u64), &i32)| {
            // As many bars, or as many EMAs beside at least one bar.
            if after.is_some() && read >= MOST_LATER {
                return (
                    Err(internal(format!("asset {id} has too many new rows to be read beside others"))),
                    read,
                );
            }
            (emas.and_then(|emas| self.ended(*id, emas)), read)
        };
        Ok(emas.into_iter().zip(ids).map(ended).collect())
    }

    /// What a statement reads, of the layer.
    fn reads(&self, words: PerLayer<&'static str>) -> &'static str {
        words[self.source.layer]
    }

    /// A series without bars.
    fn no_bars(&self) -> Series {
        let params = &self.source.params;
        Series {
            atr: params.atr.then(Vec::new),
            adx: params.adx_floor.map(|_| Vec::new()),
            costs: params.costs.then(Default::default),
            ..Series::default()
        }
    }

    fn bars(&self, asset: i32, span: Span) -> Result<Series> {
        let mut series = self.no_bars();
        let (sql, args) = self.statement(false, asset, span);
        let each = |row: &Row| {
            self.read.set(self.read.get() + 1);
            take_bar(&mut series, row)
        };
        let of_layer = format!("{} ", self.source.layer.as_str());
        let whose = || self.in_words(asset);
        let bars = &self.source.bars;
        let statement = (Self::condition(bars, span), &args[..]);
        bars.reading(self.db, statement, (&whose, &of_layer), || {
            self.db.doing(self.reads(READS_BARS)).rows(sql, &args, Sees::Snapshot, each)
        })?;
        self.checked(asset, series)
    }

    /// Bars as they were read, in ascending time.
    fn checked(&self, asset: i32, mut series: Series) -> Result<Series> {
        let Series { ts, close, atr, adx, costs, .. } = &mut series;
        sort_by_time(ts, [close].into_iter().chain(atr).chain(adx).chain(costs.iter_mut().flatten()));
        let prices = [("close", series.close.as_slice())];
        let of_layer = format!("{} ", self.source.layer.as_str());
        check_bars(
            &series.ts,
            &prices,
            POSITIVE,
            &|| self.in_words(asset),
            &of_layer,
            &self.source.bars.sql,
        )?;
        Ok(series)
    }

    /// The bars with their EMAs.
    fn with_emas(&self, asset: i32, span: Span, series: Series) -> Result<Series> {
        let mut all = Emas::new(series);
        let (sql, args) = self.statement(true, asset, span);
        let each = |row: &Row| {
            self.read.set(self.read.get() + 1);
            all.take(row, &self.source.params.periods)
        };
        let emas = &self.source.ema;
        let of_layer = format!("{} EMA of the ", self.source.layer.as_str());
        let statement = (Self::condition(emas, span), &args[..]);
        emas.reading(self.db, statement, (&|| self.in_words(asset), &of_layer), || {
            self.db.doing(self.reads(READS_EMAS)).rows(sql, &args, Sees::Snapshot, each)
        })?;
        self.ended(asset, all)
    }

    /// The bars with the EMAs that were taken.
    fn ended(&self, asset: i32, emas: Emas) -> Result<Series> {
        let Emas { series, twice, first_twice, .. } = emas;
        if twice == 0 {
            return Ok(series);
        }
        let layer = self.source.layer.as_str();
        Err(cardinality_violation(format!(
                "{} has {twice} {} of layer {layer} beside another of the same bar and period, the first at {}",
                self.in_words(asset)?,
                plural(twice, "EMA"),
                utc(first_twice)
            ))
        .detail(format!(
            "The EMAs of a bar are distinguished by period alone; ema_filter in regime_source can exclude the others (cal_scheme = {}, layer = '{layer}').",
            quote_literal(&self.source.cal_scheme)
        ))
        .hint(format!(
            "SELECT {0}, {1}, count(*) FROM {2} WHERE {3} GROUP BY 1, 2 HAVING count(*) > 1;",
            self.source.ema.columns[0],
            self.source.ema.columns[1],
            self.source.ema.sql,
            self.source.ema.condition_of(asset, self.source.tf.as_deref())
        )))
    }
}

/// Adds the bar of a row to a series.
fn take_bar(series: &mut Series, row: &Row) -> Result<()> {
    series.ts.push(row.get::<Option<Micros>>(TS)?.map_or(i64::MAX, |Micros(ts)| ts));
    series.close.push(row.price(CLOSE));
    let optional = series.atr.iter_mut().chain(&mut series.adx).chain(series.costs.iter_mut().flatten());
    for (values, column) in optional.zip(OPTIONAL..) {
        values.push(row.price(column));
    }
    Ok(())
}

/// Bars that take their EMAs.
struct Emas {
    series: Series,
    /// Of each period, whether a bar has its EMA.
    taken: [Vec<bool>; 3],
    /// EMAs beside another of the same bar and period, and the time of the first.
    twice: u64,
    first_twice: i64,
    /// The bar of the row before: rows mostly come in the order of the bars.
    at: usize,
}

impl Emas {
    fn new(mut series: Series) -> Self {
        let bars = series.ts.len();
        series.ema = [(); 3].map(|()| vec![f64::NAN; bars]);
        Self { taken: [(); 3].map(|()| vec![false; bars]), series, twice: 0, first_twice: i64::MAX, at: 0 }
    }

    fn take(&mut self, row: &Row, periods: &[u32; 3]) -> Result<()> {
        let Self { series, taken, twice, first_twice, at } = self;
        let (Some(Micros(ts)), Some(period)) = (row.get(TS)?, row.get::<Option<i32>>(PERIOD)?) else {
            return Ok(());
        };
        if series.ts.get(*at) != Some(&ts) {
            *at = match series.ts.get(*at + 1) {
                Some(next) if *next == ts => *at + 1,
                _ => match series.ts.binary_search(&ts) {
                    Ok(found) => found,
                    Err(_) => return Ok(()),
                },
            };
        }
        for ((_, ema), taken) in
            periods.iter().zip(&mut series.ema).zip(taken).filter(|((p, _), _)| **p as i32 == period)
        {
            if std::mem::replace(&mut taken[*at], true) {
                *twice += 1;
                *first_twice = (*first_twice).min(ts);
            }
            ema[*at] = row.price(EMA);
        }
        Ok(())
    }
}
