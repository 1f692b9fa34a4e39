//! Reading the daily bars that other tables are built from.

use std::collections::HashMap;

use regime_core::Layer;
use regime_core::calendar::DailyBars;

use crate::pg::{Column, Db, Micros, Result, Row, Sees, arg, columns, spi, syscache::oid_of};
use crate::source::kind::{Kind, is_text};
use crate::source::map::MapRow;
use crate::source::names;
use crate::source::relation::{Relation, relation_args};
use crate::source::symbols;
use crate::source::usable::{POSITIVE, check_bars};

/// Columns of the statement that reads daily bars, by index since every bar is read: the time, then open, high, low,
/// close, volume and market cap.
const TS: usize = 0;
const OPEN: usize = 1;
/// The time of which the date is the day of the bar, where that is not the time.
const DAY_TIME: usize = 7;

/// The daily bars of an asset.
pub struct Daily {
    /// Their times are those in the zone, without the shift, whose dates are the days of the bars.
    pub bars: DailyBars,
    /// The instant of each bar, in microseconds since 2000.
    instants: Vec<i64>,
}

/// Reads daily bars with their open, high, low, volume and market cap, as far as the relation has them and the prices go with
/// the close.
pub struct DailyReader<'c> {
    db: Db<'c>,
    sql: String,
    relation: Relation,
    /// Schema of the table of ids, not quoted.
    symbols_schema: String,
    tf: Option<String>,
    cal_scheme: String,
    /// The bars as messages name them, with a blank: `daily `, `L3 `.
    kind: &'static str,
}

impl<'c> DailyReader<'c> {
    /// A reader of the relation that the map names for daily bars, or for those of L3.
    ///
    /// # Errors
    /// Where the row of the map is wrong.
    pub fn new(db: Db<'c>, daily: &MapRow) -> Result<Self> {
        let relation = daily.bars(db, &[])?;
        let columns = columns(db, oid_of(&relation.sql)?, Sees::Now)?;
        // Texts are numbers where the close is one; of other columns, no label needs any.
        let fits = |column: &Column| {
            let base = column.base_type();
            Kind::Number.is_usual(&base)
                || (is_text(&base) && !relation.texts.is_empty() && column.name != "market_cap")
        };
        let is_there = |name: &str| columns.iter().any(|column| column.name == name && fits(column));
        let [ts, close] = [0, 1].map(|i: usize| relation.columns[i].as_str());
        let is_close_of_bar = daily.is_close_of_bar(&columns);
        let price = |name: &str| {
            if is_there(name) && is_close_of_bar { format!("{name}::float8") } else { close.to_owned() }
        };
        let amount = |name: &str| {
            if is_there(name) { format!("{name}::float8") } else { "NULL::float8".to_owned() }
        };
        let sql = format!(
            "SELECT {ts}, {}, {}, {}, {close}, {}, {}{} FROM {} WHERE {} ORDER BY 1",
            price("open"),
            price("high"),
            price("low"),
            amount("volume"),
            amount("market_cap"),
            relation.day_time.iter().map(|time| format!(", {time}")).collect::<String>(),
            relation.sql,
            relation.condition
        );
        Ok(Self {
            db,
            sql,
            relation,
            symbols_schema: daily.symbols_schema.clone(),
            tf: daily.tf.clone(),
            cal_scheme: daily.cal_scheme.clone(),
            kind: if daily.layer == Layer::L3 { "L3 " } else { "daily " },
        })
    }

    /// Gives bars whose times are those of `daily`, and ends of weeks and months, their instants. That of a daily bar is the
    /// instant that was read: the hour that clocks repeat has two.
    ///
    /// # Errors
    /// A time that is out of range.
    pub fn stamp(&self, bars: &mut DailyBars, daily: &Daily) -> Result<()> {
        if self.relation.day_time.is_none() {
            return Ok(());
        }
        let of_bars: HashMap<i64, i64> =
            daily.bars.ts.iter().copied().zip(daily.instants.iter().copied()).collect();
        let mut others = bars.ts.clone();
        others.retain(|ts| !of_bars.contains_key(ts));
        let instants = self.relation.clock.instants(self.db, &others)?;
        let others: HashMap<i64, i64> = others.into_iter().zip(instants).collect();
        for ts in &mut bars.ts {
            *ts = of_bars.get(ts).or_else(|| others.get(ts)).copied().unwrap_or(*ts);
        }
        Ok(())
    }

    /// Gives ids to the symbols of daily bars that have none, as far as that is possible.
    ///
    /// # Errors
    /// Where bars or the table of the ids cannot be read.
    pub fn name_new(&self) -> Result<()> {
        symbols::name_new(self.db, (&self.relation, self.tf.as_deref(), &self.symbols_schema), false)
    }

    /// Hands each id with daily bars to `take`, as a row of one `int8`.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn ids(&self, take: &mut impl FnMut(&spi::Row) -> Result<()>) -> Result<()> {
        self.db.rows(&self.relation.ids(), &[arg(self.tf.as_deref())], Sees::Now, take)
    }

    /// The daily bars of an asset in ascending time; an open, high or low that is unknown is the close.
    ///
    /// # Errors
    /// Where bars cannot be used ([`check_bars`]).
    pub fn bars(&self, id: i32) -> Result<Daily> {
        let (mut bars, mut day_times) = (DailyBars::default(), Vec::new());
        let args = relation_args(id, self.tf.as_deref(), None);
        let each = |row: &Row| {
            bars.ts.push(row.get::<Option<Micros>>(TS)?.map_or(i64::MAX, |Micros(ts)| ts));
            let columns = [
                &mut bars.open,
                &mut bars.high,
                &mut bars.low,
                &mut bars.close,
                &mut bars.volume,
                &mut bars.market_cap,
            ];
            for (values, column) in columns.into_iter().zip(OPEN..) {
                values.push(row.price(column));
            }
            day_times.extend(self.relation.day_time.as_ref().map(|_| row.get::<Option<Micros>>(DAY_TIME)));
            Ok(())
        };
        let whose = || names::in_words(self.db, id, Some(&self.cal_scheme));
        let statement = (self.relation.condition.as_str(), &args[..]);
        self.relation.reading(self.db, statement, (&whose, self.kind), || {
            self.db.rows(&self.sql, &args, Sees::Snapshot, each)
        })?;
        let prices = [("close", bars.close.as_slice())];
        check_bars(&bars.ts, &prices, POSITIVE, &whose, self.kind, &self.relation.sql)?;
        let instants = bars.ts.clone();
        if self.relation.day_time.is_some() {
            for (ts, day_time) in bars.ts.iter_mut().zip(day_times) {
                *ts = day_time?.map_or(i64::MAX, |Micros(ts)| ts);
            }
        }
        // Every bar has a close; a missing price is the close.
        for i in 0..bars.ts.len() {
            for values in [&mut bars.open, &mut bars.high, &mut bars.low] {
                if !values[i].is_finite() {
                    values[i] = bars.close[i];
                }
            }
        }
        Ok(Daily { bars, instants })
    }
}
