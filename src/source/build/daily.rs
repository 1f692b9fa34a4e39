//! Reading the daily bars that other tables are built from.

use regime_core::calendar::DailyBars;

use crate::pg::{Db, Micros, Result, Sees, arg, columns, spi, syscache::oid_of};
use crate::source::assets::distinct_ids;
use crate::source::map::MapRow;
use crate::source::names;
use crate::source::relation::relation_args;
use crate::source::usable::{POSITIVE, check_bars};

/// Columns of the statement that reads daily bars, by index since every bar is read: the time, then open, high, low,
/// close, volume and market cap.
const TS: usize = 0;
const OPEN: usize = 1;

/// Reads daily bars with their open, high, low, volume and market cap, as far as the relation has them.
pub struct DailyReader<'c> {
    db: Db<'c>,
    sql: String,
    relation: String,
    id: String,
    shared_condition: String,
    tf: Option<String>,
    cal_scheme: String,
}

impl<'c> DailyReader<'c> {
    /// A reader of the relation that the map names for daily bars.
    ///
    /// # Errors
    /// Where the row of the map is wrong.
    pub fn new(db: Db<'c>, daily: &MapRow) -> Result<Self> {
        let relation = daily.bars(db, &[])?;
        let columns = columns(db, oid_of(&relation.sql)?, Sees::Now)?;
        let is_there = |name: &str| columns.iter().any(|column| column.name == name);
        let [ts, close] = [0, 1].map(|i: usize| relation.columns[i].as_str());
        let price = |name: &str| {
            if is_there(name) { format!("{name}::float8") } else { close.to_owned() }
        };
        let amount = |name: &str| {
            if is_there(name) { format!("{name}::float8") } else { "NULL::float8".to_owned() }
        };
        let sql = format!(
            "SELECT {ts}, {}, {}, {}, {close}, {}, {} FROM {} WHERE {} ORDER BY 1",
            price("open"),
            price("high"),
            price("low"),
            amount("volume"),
            amount("market_cap"),
            relation.sql,
            relation.condition
        );
        let (id, shared_condition) = (relation.id, relation.shared_condition);
        Ok(Self {
            db,
            sql,
            relation: relation.sql,
            id,
            shared_condition,
            tf: daily.tf.clone(),
            cal_scheme: daily.cal_scheme.clone(),
        })
    }

    /// Hands each id with daily bars to `take`, as a row of one `int8`.
    ///
    /// # Errors
    /// Where the relation cannot be read.
    pub fn ids(&self, take: &mut impl FnMut(&spi::Row) -> Result<()>) -> Result<()> {
        let sql = distinct_ids(&self.relation, &self.id, &self.shared_condition);
        self.db.rows(&sql, &[arg(self.tf.as_deref())], Sees::Now, take)
    }

    /// The daily bars of an asset in ascending time; an open, high or low that is unknown is the close.
    ///
    /// # Errors
    /// Where bars cannot be used ([`check_bars`]).
    pub fn bars(&self, id: i32) -> Result<DailyBars> {
        let mut bars = DailyBars::default();
        let args = relation_args(id, self.tf.as_deref(), None);
        self.db.rows(&self.sql, &args, Sees::Snapshot, |row| {
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
                values.push(row.known(column));
            }
            Ok(())
        })?;
        let prices = [("close", bars.close.as_slice())];
        check_bars(
            &bars.ts,
            &prices,
            POSITIVE,
            &|| names::in_words(self.db, id, Some(&self.cal_scheme)),
            "daily ",
            &self.relation,
        )?;
        // Every bar has a close; a missing price is the close.
        for i in 0..bars.ts.len() {
            for values in [&mut bars.open, &mut bars.high, &mut bars.low] {
                if !values[i].is_finite() {
                    values[i] = bars.close[i];
                }
            }
        }
        Ok(bars)
    }
}
