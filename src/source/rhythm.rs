//! When the next bar is due, and whether a feed is silent: the newest bars of each asset or series, read only where the newest one
//! is so old that its successor could be late.

use std::collections::HashMap;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::calendar::rhythm::{MOST, REACH, due, of_openings};
use regime_core::connect::times::length_of;

use crate::pg::{
    Arg, Db, Micros, Result, Row, Sees, arg, citus, session, settings, timestamp_arg, timestamps_arg,
};
use crate::source::candles;
use crate::source::map::Source;
use crate::source::series::Series;

/// Daily bars by which most that are older than two days are found not to be late: nine weeks. What is usual of few bars is usual of
/// all; the others are read only where these few would tell of silence.
pub const FEW: usize = 45;

/// The span of so few bars, in microseconds, beyond which they are no bars of days.
const SPAN_OF_FEW: i64 = 120 * MICROS_PER_DAY;

/// The earliest time of PostgreSQL, 4713 BC.
const EARLIEST: i64 = -211_813_488_000_000_000;

/// The age of the newest daily bar up to which its successor cannot be late.
const YOUNG: i64 = 2 * MICROS_PER_DAY;

/// The moment at which silence is judged, and how late a bar may be.
#[derive(Clone, Copy)]
pub struct Watch {
    at: i64,
    grace: Option<i64>,
}

impl Watch {
    /// Judges by `now()` and `pg_regime.feed_grace`.
    pub fn now() -> Self {
        Self::at(session::now())
    }

    /// Judges by a moment, in microseconds since 2000, and `pg_regime.feed_grace`.
    pub fn at(at: i64) -> Self {
        Self { at, grace: settings::feed_grace() }
    }

    /// Whether the next bar after a moment could be late, where bars are no closer than half of `young`.
    pub fn may_be_silent(self, newest: i64, young: i64) -> bool {
        let is_finite = self.at != i64::MIN && self.at != i64::MAX && newest != i64::MIN;
        let grace = self.grace.filter(|_| is_finite);
        // A bar of the future says nothing of the feed: the bars before do.
        grace.is_some_and(|grace| {
            newest > self.at || self.at.saturating_sub(newest) > young.saturating_add(grace)
        })
    }

    /// The moment after which bars tell the rhythm before the newest bar that is not of the future, which is not known where the
    /// newest of all is.
    pub fn reach(self, newest: i64) -> i64 {
        if newest > self.at { EARLIEST } else { reach(newest) }
    }

    /// The same of daily bars.
    pub fn may_be_silent_by_day(self, newest: i64) -> bool {
        self.may_be_silent(newest, YOUNG)
    }

    /// When the bar after these times was due, if that is over. The times are those of daily bars, in any order.
    pub fn silent_by_day(self, mut times: Vec<i64>) -> Option<i64> {
        times.retain(|ts| *ts <= self.at);
        times.sort_unstable();
        let are_openings = times.last().is_some_and(|newest| of_openings(*newest));
        self.silent(due(&times, are_openings))
    }

    /// Whether the [`FEW`] newest daily bars, in any order, do not tell that the feed runs.
    pub fn needs_all(self, few: &[i64]) -> bool {
        let ends = few.iter().min().zip(few.iter().max());
        let is_long = ends.is_some_and(|(first, last)| last.saturating_sub(*first) > SPAN_OF_FEW);
        is_long || self.silent_by_day(few.to_vec()).is_some()
    }

    /// The moment at which a bar was due, if that is over.
    fn silent(self, due: Option<i64>) -> Option<i64> {
        due.zip(self.grace).filter(|(due, grace)| due.saturating_add(*grace) < self.at).map(|(due, _)| due)
    }

    /// Of assets and the times of their newest daily bars, those whose feed is silent, each with the moment at which its next bar was
    /// due.
    ///
    /// # Errors
    /// Where the bars cannot be read.
    pub fn silent_assets(
        self,
        db: Db,
        daily: &Source,
        newest: impl Iterator<Item = (i32, Option<i64>)>,
    ) -> Result<HashMap<i32, i64>> {
        let may_be = |(id, newest): (i32, Option<i64>)| {
            newest.filter(|newest| self.may_be_silent(*newest, YOUNG)).map(|newest| (id, self.reach(newest)))
        };
        let mut asked: Vec<(i32, i64)> = newest.filter_map(may_be).collect();
        let mut silent = HashMap::new();
        for most in if citus::is_loaded() { [MOST].as_slice() } else { &[FEW, MOST] } {
            if asked.is_empty() {
                break;
            }
            let times = self.newest_bars(db, daily, &asked, *most)?;
            silent =
                times.into_iter().filter_map(|(id, times)| Some((id, self.silent_by_day(times)?))).collect();
            asked.retain(|(id, _)| silent.contains_key(id));
        }
        Ok(silent)
    }

    /// The times of at most so many of the newest bars of each of these assets, after a moment of each.
    fn newest_bars(
        self,
        db: Db,
        daily: &Source,
        asked: &[(i32, i64)],
        most: usize,
    ) -> Result<HashMap<i32, Vec<i64>>> {
        let Source { bars, tf, .. } = daily;
        let sql = if citus::is_loaded() {
            format!(
                "SELECT b.id::int AS id_, b.ts AS ts_ FROM ({}) AS b WHERE b.id = ANY ($2) AND b.ts > (SELECT min(a.ts) FROM pg_catalog.unnest($3::timestamptz[]) AS a (ts)) AND b.ts <= $4",
                bars.ids_and_times()
            )
        } else {
            let ts = &bars.columns[0];
            format!(
                "SELECT asset_.id AS id_, bar_.ts_ FROM ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::timestamptz[])) AS asset_ (id, after_) \
                 CROSS JOIN LATERAL (SELECT {ts} AS ts_ FROM {} WHERE {} AND {} AND {ts} > asset_.after_ AND {ts} <= $4 ORDER BY {} DESC LIMIT {most}) AS bar_",
                bars.sql,
                bars.is("asset_.id"),
                bars.shared_condition,
                bars.time
            )
        };
        let (ids, after): (Vec<i32>, Vec<Option<i64>>) =
            asked.iter().map(|(id, after)| (*id, Some(*after))).unzip();
        let args = [arg(tf.as_deref()), arg(ids), timestamps_arg(after), timestamp_arg(Some(self.at))];
        read(db, &sql, &args, |row| row.get::<i32>("id_"))
    }

    /// Of series of candles and the times of their newest candles, when the next candle was due, where the feed is silent.
    ///
    /// # Errors
    /// Where the candles cannot be read.
    pub fn silent_series(
        self,
        db: Db,
        source: &candles::Source,
        all: &[Series],
        newest: &[Option<i64>],
    ) -> Result<Vec<Option<i64>>> {
        let may_be = |(place, newest): (usize, &Option<i64>)| {
            let young = length_of(&all[place].timeframe).map_or(0, |length| length.least.saturating_mul(2));
            newest
                .filter(|newest| self.may_be_silent(*newest, young))
                .map(|newest| (place, self.reach(newest)))
        };
        let (places, after): (Vec<usize>, Vec<i64>) = newest.iter().enumerate().filter_map(may_be).unzip();
        let mut silent = vec![None; all.len()];
        if places.is_empty() {
            return Ok(silent);
        }
        if citus::is_loaded() {
            for (place, after) in places.into_iter().zip(after) {
                let times = source.times_after(db, &all[place], after)?;
                silent[place] = self.silent_candles(times);
            }
            return Ok(silent);
        }
        let asked: Vec<Series> = places.iter().map(|place| all[*place].clone()).collect();
        let [symbols, timeframes] = Series::args_of(&asked);
        let after = timestamps_arg(after.into_iter().map(Some).collect());
        let sql = format!(
            "SELECT s.place::int8 AS place_, candle_.ts AS ts_ FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::timestamptz[])) \
             WITH ORDINALITY AS s (symbol, timeframe, after_, place) CROSS JOIN LATERAL {} AS candle_",
            source.times_of("s", "s.after_")
        );
        let times = read(db, &sql, &[symbols, timeframes, after], |row| row.get::<i64>("place_"))?;
        for (place, times) in times {
            silent[places[place as usize - 1]] = self.silent_candles(times);
        }
        Ok(silent)
    }

    /// [`Watch::silent_by_day`] of candles, which are stamped when they open.
    fn silent_candles(self, mut times: Vec<i64>) -> Option<i64> {
        times.retain(|ts| *ts <= self.at);
        times.sort_unstable();
        self.silent(due(&times, true))
    }
}

/// The moment after which bars tell the rhythm before a newest bar.
pub fn reach(newest: i64) -> i64 {
    newest.saturating_sub(REACH).max(EARLIEST)
}

/// The times, `ts_`, of a statement by a key.
fn read<K: std::hash::Hash + Eq>(
    db: Db,
    sql: &str,
    args: &[Arg],
    key: impl Fn(&Row) -> Result<K>,
) -> Result<HashMap<K, Vec<i64>>> {
    let mut times: HashMap<K, Vec<i64>> = HashMap::new();
    db.by_key().rows(sql, args, Sees::Snapshot, |row| {
        let key = key(row)?;
        if let Some(Micros(ts)) = row.get("ts_")? {
            times.entry(key).or_default().push(ts);
        }
        Ok(())
    })?;
    Ok(times)
}
