//! Reading the bars and EMAs of one asset into flat arrays. The one place that reads source tables.

use pgrx::prelude::*;

use regime_core::pipeline::Series;

use crate::db::{Db, Plan, Sees};
use crate::error::{Error, Result};
use crate::source::{Source, relation_args};

/// Reads one layer of any asset.
pub struct Reader<'c> {
    source: Source,
    bars: Plan<'c>,
    emas: Plan<'c>,
}

impl<'c> Reader<'c> {
    pub fn new(db: Db<'c>, source: Source) -> Result<Self> {
        let types = [pg_sys::INT4OID, pg_sys::TEXTOID, pg_sys::TIMESTAMPTZOID];
        let select = |columns: &[String], from: &str, condition: &str| {
            format!("SELECT {} FROM {from} WHERE {condition}", columns.join(", "))
        };
        let bars = select(&source.bars.columns, &source.bars.sql, &source.bars.condition);
        // Only the layer's periods, by a constant list: most of a long EMA table is other periods.
        let periods = source.params.periods.map(|p| p.to_string()).join(", ");
        let condition = format!("{} AND {} IN ({periods})", source.ema.condition, source.ema.columns[1]);
        let emas = select(&source.ema.columns, &source.ema.sql, &condition);
        Ok(Self { bars: db.prepare(&bars, &types)?, emas: db.prepare(&emas, &types)?, source })
    }

    /// The layer's bars of an asset up to a moment, ascending, with their EMAs.
    ///
    /// An error says how many bars cannot be used and when the first of them closed: those with a
    /// close that is no positive finite number, those with the timestamp of another, those with two
    /// EMAs of one period.
    pub fn series(&self, asset: i32, as_of: Option<i64>) -> Result<Series> {
        let mut series = self.bars(asset, as_of)?;
        self.add_emas(asset, as_of, &mut series)?;
        Ok(series)
    }

    fn bars(&self, asset: i32, as_of: Option<i64>) -> Result<Series> {
        let params = &self.source.params;
        let mut series = Series {
            atr: params.atr.then(Vec::new),
            adx: params.adx_floor.map(|_| Vec::new()),
            costs: params.costs.then(Default::default),
            ..Series::default()
        };
        let mut untimed = 0;
        let args = relation_args(asset, self.source.tf.as_deref(), as_of);
        self.bars.rows(&args, Sees::Snapshot, |row| {
            match row.micros(0) {
                Some(ts) if ts != i64::MIN && ts != i64::MAX => series.ts.push(ts),
                _ => {
                    untimed += 1;
                    return Ok(());
                }
            }
            series.close.push(row.known(1));
            let optional =
                series.atr.iter_mut().chain(&mut series.adx).chain(series.costs.iter_mut().flatten());
            for (values, column) in optional.zip(2..) {
                values.push(row.known(column));
            }
            Ok(())
        })?;
        if untimed > 0 {
            return Err(self.bad_bars(asset, untimed, "a timestamp that is NULL or infinite", None));
        }
        sort_by_time(&mut series);
        self.check(asset, &series)?;
        Ok(series)
    }

    fn check(&self, asset: i32, series: &Series) -> Result<()> {
        let unusable = |close: &f64| !(close.is_finite() && *close > 0.0);
        if let Some(first) = series.close.iter().position(unusable) {
            let count = series.close.iter().filter(|c| unusable(c)).count();
            let problem = "a close that is NULL, NaN, infinite or not positive";
            return Err(self.bad_bars(asset, count, problem, Some(series.ts[first])));
        }
        if let Some(first) = series.ts.windows(2).position(|pair| pair[0] == pair[1]) {
            let count = series.ts.windows(2).filter(|pair| pair[0] == pair[1]).count();
            return Err(self.bad_bars(asset, count, "the timestamp of another bar", Some(series.ts[first])));
        }
        Ok(())
    }

    fn add_emas(&self, asset: i32, as_of: Option<i64>, series: &mut Series) -> Result<()> {
        let bars = series.ts.len();
        series.ema = [(); 3].map(|()| vec![f64::NAN; bars]);
        let mut taken = [(); 3].map(|()| vec![false; bars]);
        let (mut twice, mut first_twice) = (0, i64::MAX);
        // Rows mostly come in the order of the bars: look next to the previous hit first.
        let mut at = 0;
        let args = relation_args(asset, self.source.tf.as_deref(), as_of);
        self.emas.rows(&args, Sees::Snapshot, |row| {
            let (Some(ts), Some(period)) = (row.micros(0), row.int(1)) else { return Ok(()) };
            if series.ts.get(at) != Some(&ts) {
                at = match series.ts.get(at + 1) {
                    Some(next) if *next == ts => at + 1,
                    _ => match series.ts.binary_search(&ts) {
                        Ok(found) => found,
                        Err(_) => return Ok(()),
                    },
                };
            }
            let slots = self.source.params.periods.iter().zip(&mut series.ema).zip(&mut taken);
            for ((_, ema), taken) in slots.filter(|((p, _), _)| **p as i32 == period) {
                if std::mem::replace(&mut taken[at], true) {
                    twice += 1;
                    first_twice = first_twice.min(ts);
                }
                ema[at] = row.known(2);
            }
            Ok(())
        })?;
        if twice > 0 {
            let layer = self.source.layer.as_str();
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_CARDINALITY_VIOLATION,
                format!(
                    "asset {asset} has {} EMA{} of layer {layer} beside another of the same bar and period, the first at {}",
                    twice,
                    if twice == 1 { "" } else { "s" },
                    utc(first_twice)
                ),
            )
            .detail(format!("They are read from {} where {}.", self.source.ema.sql, self.source.ema.condition))
            .hint(format!(
                "Delete the extra rows, or set ema_filter in regime_source (cal_scheme = '{}', layer = '{layer}') so that one is left.",
                self.source.cal_scheme
            )));
        }
        Ok(())
    }

    fn bad_bars(&self, asset: i32, count: usize, problem: &str, first: Option<i64>) -> Error {
        let layer = self.source.layer.as_str();
        let first = first.map(|ts| format!(", the first at {}", utc(ts))).unwrap_or_default();
        let verb = if count == 1 { "bar of layer {layer} has" } else { "bars of layer {layer} have" };
        Error::new(
            PgSqlErrorCode::ERRCODE_DATA_EXCEPTION,
            format!("asset {asset}: {count} {} {problem}{first}", verb.replace("{layer}", layer)),
        )
        .hint(format!(
            "Correct or delete them in {}; the asset's earlier rows stand until then.",
            self.source.bars.sql
        ))
    }
}

fn sort_by_time(series: &mut Series) {
    if series.ts.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..series.ts.len()).collect();
    order.sort_by_key(|&i| series.ts[i]);
    let sorted = |values: &[f64]| order.iter().map(|&i| values[i]).collect::<Vec<_>>();
    series.close = sorted(&series.close);
    for values in series.atr.iter_mut().chain(&mut series.adx).chain(series.costs.iter_mut().flatten()) {
        *values = sorted(values);
    }
    series.ts = order.iter().map(|&i| series.ts[i]).collect();
}

/// A moment as text, in UTC whatever the session's time zone, so that messages compare.
pub fn utc(micros: i64) -> String {
    match Timestamp::try_from(micros) {
        Ok(ts) => format!("{}+00", ts.to_iso_string().replacen('T', " ", 1)),
        Err(_) => format!("{micros} microseconds after 2000-01-01 00:00:00+00"),
    }
}
