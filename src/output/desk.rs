//! What a desk looks at: the run of one label that a subject is in, beside the runs of its past, and how many subjects have
//! which label.

use std::collections::BTreeMap;

use pgrx::prelude::*;

use regime_core::math::flips::flips_after;
use regime_core::math::periods::{Change, Period, durations, periods, simple_return};

use crate::output::picture::{History, Shown};
use crate::pg::{self, Arg, Db, Result, Sees, arg, attempt, check_order, check_range};

/// A subject of any system now.
#[derive(Default)]
pub struct Line {
    /// The asset, where the subject is one.
    pub id: Option<i32>,
    /// `None` for an asset without a symbol that can be read.
    pub symbol: Option<String>,
    pub timeframe: Option<String>,
    /// `None` where no stored row has a label.
    pub run: Option<Run>,
    /// What the newest row says beside its label, in words.
    pub in_force: Option<String>,
    /// The changes that hysteresis holds back, in words.
    pub waiting: Option<String>,
    /// The rows on which the first of these changes must still be seen.
    pub missing_bars: Option<u32>,
    pub is_stale: Option<bool>,
}

/// The current run of a label.
pub struct Run {
    pub regime: String,
    /// Time of its first row, in microseconds since 2000.
    pub since: i64,
    /// Rows so far; `None` where unknown.
    pub bars: Option<u32>,
    /// Share, 0 to 1, of the ended runs of the label that were at most as long; `None` without one.
    pub percentile: Option<f64>,
    /// The simple return from the close of the first row to that of the newest; `None` where a close is unknown.
    pub return_since: Option<f64>,
}

impl Run {
    /// The last of the periods of a subject, ascending, with its return; `None` without periods.
    pub fn last(periods: &[Period<String>], return_since: Option<f64>) -> Option<Self> {
        let last = periods.last()?;
        let same = durations(periods).into_iter().find(|durations| durations.regime == last.regime);
        Some(Self {
            regime: last.regime.clone(),
            since: last.from,
            bars: last.bars,
            percentile: same.and_then(|durations| durations.current_percentile()),
            return_since,
        })
    }

    /// The last run of a history, whose closes may be missing; `None` where no row has a label.
    pub fn of(history: &History) -> Option<Self> {
        let labels = history.cells.iter().map(|cell| cell.map(|cell| history.look.name(cell)));
        let mut current = None;
        let flips = flips_after(&mut current, labels);
        let first = flips.last()?.row;
        let close = |row: usize| history.close.get(row).copied().unwrap_or(f64::NAN);
        let changes: Vec<Change<String>> = flips
            .into_iter()
            .map(|flip| Change { ts: history.ts[flip.row], new: flip.new.to_owned(), lasted: flip.duration })
            .collect();
        let all = periods(&changes, current.map_or(0, |run| run.rows));
        Self::last(&all, simple_return(close(first), close(history.ts.len() - 1)))
    }
}

/// A history with its closes; without them where they are gone or the role may read the outputs only.
///
/// # Errors
/// Where the labels cannot be read.
pub fn history(read: impl Fn(Shown) -> Result<History>) -> Result<History> {
    attempt(|| read(Shown { closes: true, ..Shown::LABELS })).or_else(|_| read(Shown::LABELS))
}

/// How many subjects had a label on a day, by day (since 2000) and label.
pub type Breadth = BTreeMap<(i32, String), i64>;

/// A span of days since 2000, both ends included, and the timeframe of series of candles.
#[derive(Clone, Copy)]
pub struct Days<'a> {
    pub span: [Option<i32>; 2],
    pub timeframe: Option<&'a str>,
}

impl Days<'_> {
    /// Checks that the span does not end before it begins.
    ///
    /// # Errors
    /// Where it does.
    pub fn check(self) -> Result<Self> {
        check_order(["from_date", "to_date"], self.span, pg::day_shown)?;
        Ok(self)
    }

    /// Adds the counts that a statement returns: a day, a label and a number. The span is `$1` and `$2`, further parameters follow.
    ///
    /// # Errors
    /// Where the statement fails.
    pub fn count(
        self,
        db: Db,
        sql: &str,
        further: impl IntoIterator<Item = Arg>,
        all: &mut Breadth,
    ) -> Result<()> {
        let args: Vec<Arg> =
            self.span.map(|day| arg(day.map(Date::saturating_from_raw))).into_iter().chain(further).collect();
        db.rows(sql, &args, Sees::Snapshot, |row| {
            let (pg::Days(day), label): (_, String) = (row.get(0)?, row.get(1)?);
            *all.entry((day, label)).or_default() += row.get::<i64>(2)?;
            Ok(())
        })
    }
}

/// The last `n` of the items of each subject, which follow one another; all of them without `n`.
pub fn newest_of_each<T>(all: Vec<T>, n: Option<usize>, same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let Some(n) = n else { return all };
    let mut skipped = Vec::with_capacity(all.len());
    for chunk in all.chunk_by(same) {
        let skip = chunk.len().saturating_sub(n);
        skipped.extend((0..chunk.len()).map(|place| place < skip));
    }
    all.into_iter().zip(skipped).filter(|(_, skip)| !skip).map(|(item, _)| item).collect()
}

/// The number of newest flips that is asked for.
///
/// # Errors
/// Where it is not positive.
pub fn newest(n: Option<i32>) -> Result<Option<usize>> {
    let checked = check_range("n", n, 1, i32::MAX)?;
    Ok(checked.and_then(|n| usize::try_from(n).ok()))
}
