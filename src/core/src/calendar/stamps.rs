//! What a bar's timestamp is: that of its close, as it should be, or of its open, which lets rows see
//! prices of the future.
//!
//! Weekly and monthly bars are compared with the daily ones, which they were made from: a bar that is
//! stamped with its close has the close of the latest daily bar at or before it. Times are microseconds
//! since 2000-01-01 00:00 UTC, ascending.

use crate::calendar::civil::{MICROS_PER_DAY, day_of, weekday};
use crate::calendar::{Calendar, Span, is_first_day};

/// How the close of a weekly or monthly bar compares with those of the daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It is the close of the latest daily bar at or before it, or there is no daily bar to compare it with.
    Same,
    /// It is the close of a daily bar after it, and before the next bar of its kind: look-ahead.
    Later,
    /// It is neither.
    Other,
}

/// Compares each weekly or monthly bar with the daily bars. Closes agree if they differ by less than one
/// part in a hundred million; one that is not known agrees with any.
pub fn agreement(ts: &[i64], close: &[f64], daily_ts: &[i64], daily_close: &[f64]) -> Vec<Agreement> {
    let differ = |a: f64, b: f64| (a - b).abs() > 1e-8 * a.abs().max(b.abs());
    let same = |a, b| !differ(a, b);
    let of_bar = |i: usize| {
        let until = daily_ts.partition_point(|day| *day <= ts[i]);
        if until == 0 || same(close[i], daily_close[until - 1]) {
            return Agreement::Same;
        }
        let end = ts.get(i + 1).map_or(daily_ts.len(), |next| daily_ts.partition_point(|day| day < next));
        let later = daily_close.get(until..end).unwrap_or_default();
        if later.iter().any(|day| !day.is_nan() && same(close[i], *day)) {
            Agreement::Later
        } else {
            Agreement::Other
        }
    };
    (0..ts.len()).map(of_bar).collect()
}

/// Whether a time is midnight, UTC: the end of a day, but of the day before it.
pub fn is_midnight(ts: i64) -> bool {
    ts.rem_euclid(MICROS_PER_DAY) == 0
}

/// What a series of daily bars at midnight says about itself, by the days of the week it leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midnight {
    /// At most half of the bars are at midnight.
    Few,
    /// There are bars on Tuesday to Saturday: each is the end of the weekday before.
    Close,
    /// There are bars on Monday to Friday: each is the begin of a weekday.
    Open,
    /// There are bars on all days of the week: nothing tells the one from the other.
    Either,
}

/// Judges daily bars by those at midnight. A day of the week is left out if it has at most a tenth of an equal
/// share.
pub fn midnight(ts: &[i64]) -> Midnight {
    let mut of_day = [0usize; 7];
    for ts in ts.iter().filter(|ts| is_midnight(**ts)) {
        of_day[weekday(day_of(*ts)) as usize] += 1;
    }
    let all: usize = of_day.iter().sum();
    if all * 2 <= ts.len() {
        return Midnight::Few;
    }
    let [monday, .., saturday, sunday] = of_day.map(|bars| bars * 70 > all);
    match (monday, saturday, sunday) {
        (false, true, false) => Midnight::Close,
        (true, false, false) => Midnight::Open,
        _ => Midnight::Either,
    }
}

/// How many pairs of neighbours are on one day, UTC, and the time of the second of the first such pair.
pub fn same_day(ts: &[i64]) -> (usize, Option<i64>) {
    let mut pairs = ts.windows(2).filter(|pair| pair[0] < pair[1] && day_of(pair[0]) == day_of(pair[1]));
    let first = pairs.next().map(|pair| pair[1]);
    (pairs.count() + usize::from(first.is_some()), first)
}

/// Whether a weekly or monthly bar is stamped with the first day of its period. Midnight, where that day
/// begins, does not count: there the period before it ends.
pub fn on_first_day(ts: i64, span: Span, calendar: Calendar) -> bool {
    !is_midnight(ts) && is_first_day(ts, span, calendar)
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = MICROS_PER_DAY - 1_000_000;

    /// Days since 2000-01-01, each at the same time of day.
    fn days(days: impl IntoIterator<Item = i64>, time: i64) -> Vec<i64> {
        days.into_iter().map(|day| day * MICROS_PER_DAY + time).collect()
    }

    #[test]
    fn a_week_stamped_with_its_monday_holds_the_close_of_its_sunday() {
        // 2000-01-03 is a Monday.
        let daily = days(2..30, END);
        let close: Vec<f64> = (0..28).map(|i| 100.0 + f64::from(i)).collect();
        let weekly = [close[6], close[13], close[20], close[27]];
        let at = |first: i64| {
            agreement(&days([first, first + 7, first + 14, first + 21], END), &weekly, &daily, &close)
        };
        assert_eq!(at(8), [Agreement::Same; 4]);
        assert_eq!(at(2), [Agreement::Later; 4]);
        assert!(on_first_day(2 * MICROS_PER_DAY + END, Span::Week, Calendar::Iso));
        assert!(!on_first_day(2 * MICROS_PER_DAY, Span::Week, Calendar::Iso));
        assert!(!on_first_day(2 * MICROS_PER_DAY + END, Span::Week, Calendar::Us));
        let wrong = agreement(&[8 * MICROS_PER_DAY + END], &[1.0], &daily, &close);
        assert_eq!(wrong, [Agreement::Other]);
        assert_eq!(agreement(&[0], &[1.0], &daily, &close), [Agreement::Same]);
    }

    #[test]
    fn midnight_is_told_by_the_days_left_out() {
        let weekdays = |shift: i64| days((2..702).filter(|d| (d + 5) % 7 < 5).map(|d| d + shift), 0);
        assert_eq!(midnight(&weekdays(0)), Midnight::Open);
        assert_eq!(midnight(&weekdays(1)), Midnight::Close);
        assert_eq!(midnight(&days(0..50, 0)), Midnight::Either);
        assert_eq!(midnight(&days(0..50, END)), Midnight::Few);
    }

    #[test]
    fn two_bars_of_one_day_are_counted() {
        let ts = [0, END, MICROS_PER_DAY, MICROS_PER_DAY + 1, MICROS_PER_DAY + 2];
        assert_eq!(same_day(&ts), (3, Some(END)));
        assert_eq!(same_day(&[0, 0, MICROS_PER_DAY]), (0, None));
    }
}
