//! Whether bars are stamped with their close, as they should be, or with their open, which lets rows see
//! prices of the future.
//!
//! Weekly and monthly bars are compared with the daily bars that they were made from: a bar stamped with its
//! close has the close of the latest daily bar at or before it. Times are microseconds since 2000-01-01 00:00
//! UTC, ascending; closes have one element per time, NaN where unknown.

use std::collections::BTreeMap;

use crate::calendar::civil::{MICROS_PER_DAY, day_of, weekday};
use crate::calendar::{Calendar, Span, is_first_day};

/// How the close of a weekly or monthly bar compares with those of the daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Equal to the close of the latest daily bar at or before the bar, or there is no daily bar to compare
    /// with.
    Same,
    /// Equal to the close of a daily bar after the bar and before the next one of its kind: look-ahead.
    Later,
    /// Neither.
    Other,
}

/// Compares the close of each weekly or monthly bar with those of the daily bars; one element per bar.
///
/// Closes agree if they differ by at most one part in a hundred million; an unknown close agrees with any.
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

/// Whether a time is midnight in UTC, which as a close ends the day before.
pub fn is_midnight(ts: i64) -> bool {
    ts.rem_euclid(MICROS_PER_DAY) == 0
}

/// What daily bars stamped at midnight are stamped with, judged by the days of the week without bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midnight {
    /// At most half of the bars are at midnight.
    Few,
    /// Bars on Tuesday to Saturday: each ends the weekday before.
    Close,
    /// Bars on Monday to Friday: each begins a weekday.
    Open,
    /// Bars on all days of the week, or another pattern: it cannot be told.
    Either,
}

/// Judges daily bars by the bars at midnight. A day of the week counts as without bars if it has at most a
/// tenth of an equal share.
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

/// How many neighbouring bars with different times are on the same UTC day, and the time of the second bar of
/// the first such pair.
pub fn same_day(ts: &[i64]) -> (usize, Option<i64>) {
    let mut pairs = ts.windows(2).filter(|pair| pair[0] < pair[1] && day_of(pair[0]) == day_of(pair[1]));
    let first = pairs.next().map(|pair| pair[1]);
    (pairs.count() + usize::from(first.is_some()), first)
}

/// Whether a weekly or monthly bar is stamped within the first day of its period. Midnight at the start of
/// that day does not count: the period before ends there.
pub fn on_first_day(ts: i64, span: Span, calendar: Calendar) -> bool {
    !is_midnight(ts) && is_first_day(ts, span, calendar)
}

/// The times that are off the grid of the others, for bars of a length in microseconds that are stamped when they open: the time past the
/// last multiple of the length, of a day for longer bars, is one that fewer than one in twenty of the bars have. So the opening of an
/// exchange is on its grid in summer and in winter, and of fewer than twenty-one bars none is off.
pub fn off_grid(ts: &[i64], length: i64) -> Vec<i64> {
    let grid = length.clamp(1, MICROS_PER_DAY);
    let mut count: BTreeMap<i64, usize> = BTreeMap::new();
    for ts in ts {
        *count.entry(ts.rem_euclid(grid)).or_default() += 1;
    }
    let is_rare = |time: &i64| count.get(&time.rem_euclid(grid)).is_some_and(|n| n * 20 < ts.len());
    ts.iter().copied().filter(is_rare).collect()
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

    #[test]
    fn one_candle_between_others_is_off_their_grid() {
        const HOUR: i64 = MICROS_PER_DAY / 24;
        let hours = |from: i64| (0..200).map(move |n| (from + 4 * n) * HOUR);
        let mut times: Vec<i64> = hours(0).collect();
        assert!(off_grid(&times, 4 * HOUR).is_empty());
        times.push(801 * HOUR);
        assert_eq!(off_grid(&times, 4 * HOUR), [801 * HOUR]);
        // Clocks that are set forward for half of the year.
        let clocks: Vec<i64> = hours(0).chain(hours(801)).collect();
        assert!(off_grid(&clocks, 4 * HOUR).is_empty());
        assert!(off_grid(&[0, 5], HOUR).is_empty());
    }
}
