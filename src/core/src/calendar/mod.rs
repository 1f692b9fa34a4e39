//! Weekly and monthly bars from daily ones.
//!
//! For users who have daily bars only; where calendar tables exist, those are used (specification 1, section
//! 1). Times are microseconds since 2000-01-01 00:00 UTC. A daily bar belongs to the UTC date of its time: a
//! bar stamped at midnight belongs to the day that begins then.

pub mod civil;
pub mod rhythm;
pub mod stamps;
pub mod steps;
pub mod ticks;

use crate::calendar::civil::{MICROS_PER_DAY, day_of, first_of, month_of, weekday};

/// The day on which weeks begin; months are the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// Monday to Sunday.
    Iso,
    /// Sunday to Saturday.
    Us,
}

impl Calendar {
    /// The calendar of this name: `iso` or `us`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "iso" => Some(Self::Iso),
            "us" => Some(Self::Us),
            _ => None,
        }
    }
}

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
}

/// Daily bars in ascending time, at most one per UTC date. All vectors have one element per bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DailyBars {
    /// Time of each bar, in microseconds since 2000.
    pub ts: Vec<i64>,
    /// First price of the bar.
    pub open: Vec<f64>,
    /// Highest price of the bar.
    pub high: Vec<f64>,
    /// Lowest price of the bar.
    pub low: Vec<f64>,
    /// Last price of the bar.
    pub close: Vec<f64>,
    /// Traded volume, NaN where unknown.
    pub volume: Vec<f64>,
    /// Market capitalisation at the close, NaN where unknown.
    pub market_cap: Vec<f64>,
}

/// Bars of whole weeks or months, in the same form as daily ones.
pub type PeriodBars = DailyBars;

/// One bar for each closed week or month of `daily`, in ascending time.
///
/// The first period counts only if it has a bar on its first day, the last period only if it is known to be
/// over, by a bar on its last day or in a later period. Periods in between count whichever days are missing;
/// a period without daily bars gives no bar.
///
/// If the last daily bar falls on the last day of the period, the period's bar has the time of that daily
/// bar. Otherwise it has the date of that last day at the time of day of the last daily bar: the week of a
/// market that closes on Friday is not known to be over before the weekend has passed, so that its bar must
/// not be visible to Friday's row. Hence the bars known at a row are the bars with a time at or before the
/// row, and a longer history changes none of them.
pub fn period_bars(daily: &DailyBars, span: Span, calendar: Calendar) -> PeriodBars {
    let days: Vec<i64> = daily.ts.iter().copied().map(day_of).collect();
    let mut bars = PeriodBars::default();
    let mut start = 0;
    while start < days.len() {
        let (first_day, last_day) = period_of(days[start], span, calendar);
        let end = start + days[start..].iter().take_while(|day| **day <= last_day).count();
        let begun = start > 0 || days[start] == first_day;
        let over = end < days.len() || days[end - 1] == last_day;
        if begun && over {
            // Zero days are added where the last bar is on the last day. Saturating: PostgreSQL's
            // infinities are the ends of i64.
            let wait = (last_day - days[end - 1]).saturating_mul(MICROS_PER_DAY);
            bars.ts.push(daily.ts[end - 1].saturating_add(wait));
            bars.open.push(daily.open[start]);
            bars.high.push(daily.high[start..end].iter().copied().fold(f64::NAN, f64::max));
            bars.low.push(daily.low[start..end].iter().copied().fold(f64::NAN, f64::min));
            bars.close.push(daily.close[end - 1]);
            bars.volume.push(sum_of_known(&daily.volume[start..end]));
            bars.market_cap.push(daily.market_cap[end - 1]);
        }
        start = end;
    }
    bars
}

fn sum_of_known(values: &[f64]) -> f64 {
    values.iter().copied().filter(|v| !v.is_nan()).reduce(|sum, v| sum + v).unwrap_or(f64::NAN)
}

/// Whether a time (microseconds since 2000) lies on the first day, in UTC, of its week or month.
pub fn is_first_day(ts: i64, span: Span, calendar: Calendar) -> bool {
    let day = day_of(ts);
    period_of(day, span, calendar).0 == day
}

/// First and last day of the period that contains a day, all in days since 2000-01-01.
fn period_of(day: i64, span: Span, calendar: Calendar) -> (i64, i64) {
    let week = |first: i64| (first, first + 6);
    match (span, calendar) {
        (Span::Week, Calendar::Iso) => week(day - weekday(day)),
        (Span::Week, Calendar::Us) => week(day - weekday(day + 1)),
        (Span::Month, _) => {
            let month = month_of(day);
            (first_of(month), first_of(month + 1) - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END_OF_DAY: i64 = MICROS_PER_DAY - 1_000_000;
    const ALL: [(Span, Calendar); 4] = [
        (Span::Week, Calendar::Iso),
        (Span::Week, Calendar::Us),
        (Span::Month, Calendar::Iso),
        (Span::Month, Calendar::Us),
    ];

    /// Bars on these days since 2000-01-01, with prices and volumes that tell them apart.
    fn daily(days: impl IntoIterator<Item = i64>) -> DailyBars {
        let mut bars = DailyBars::default();
        for day in days {
            let price = 100.0 + day as f64 + if day % 2 == 0 { 0.0 } else { 50.0 };
            bars.ts.push(day * MICROS_PER_DAY + END_OF_DAY);
            bars.open.push(price - 1.0);
            bars.high.push(price + 2.0);
            bars.low.push(price - 2.0);
            bars.close.push(price + 1.0);
            bars.volume.push(if day % 5 == 0 { f64::NAN } else { price });
            bars.market_cap.push(10.0 * price);
        }
        bars
    }

    fn days_of(bars: &PeriodBars) -> Vec<i64> {
        bars.ts.iter().copied().map(day_of).collect()
    }

    /// Monday to Friday.
    fn is_weekday(day: &i64) -> bool {
        weekday(*day) < 5
    }

    #[test]
    fn weeks_begin_on_monday_or_sunday() {
        // 1999-12-27 and 2024-01-01 are Mondays.
        for monday in [-5, 8_766] {
            for into in 0..7 {
                let iso = period_of(monday + into, Span::Week, Calendar::Iso);
                assert_eq!(iso, (monday, monday + 6));
                let us = period_of(monday + into - 1, Span::Week, Calendar::Us);
                assert_eq!(us, (monday - 1, monday + 5));
            }
        }
    }

    #[test]
    fn a_bar_sums_up_its_days() {
        // 2000-01-03 is a Monday.
        let bars = period_bars(&daily(2..9), Span::Week, Calendar::Iso);
        assert_eq!(bars.ts, [8 * MICROS_PER_DAY + END_OF_DAY]);
        // Prices are 102, 153, 104, 155, 106, 157, 108; the fourth day has no volume.
        assert_eq!((bars.open[0], bars.high[0], bars.low[0], bars.close[0]), (101.0, 159.0, 100.0, 109.0));
        assert_eq!(
            (bars.volume[0], bars.market_cap[0]),
            (102.0 + 153.0 + 104.0 + 106.0 + 157.0 + 108.0, 1080.0)
        );
        let mut unknown = daily(2..9);
        unknown.volume.fill(f64::NAN);
        assert!(period_bars(&unknown, Span::Week, Calendar::Iso).volume[0].is_nan());
    }

    #[test]
    fn the_first_period_needs_its_first_day_and_the_last_one_its_end() {
        let weeks =
            |days: &[i64]| days_of(&period_bars(&daily(days.iter().copied()), Span::Week, Calendar::Iso));
        assert_eq!(weeks(&[2, 8]), [8]);
        assert!(weeks(&[3, 8]).is_empty());
        assert!(weeks(&[2, 7]).is_empty());
        // Over because of a later bar, but dated to its last day; a week without bars has none.
        assert_eq!(weeks(&[2, 5, 19]), [8]);
        assert_eq!(weeks(&[3, 8, 12, 22]), [15, 22]);
        assert!(weeks(&[]).is_empty());
    }

    #[test]
    fn a_weekday_market_sees_its_week_on_monday() {
        // Six weeks from Monday 2000-01-03.
        let market = daily((2..44).filter(is_weekday));
        let weeks = period_bars(&market, Span::Week, Calendar::Iso);
        assert_eq!(days_of(&weeks), [8, 15, 22, 29, 36]);
        assert!(weeks.ts.iter().all(|ts| ts.rem_euclid(MICROS_PER_DAY) == END_OF_DAY));
        // Friday's prices, all the same.
        assert_eq!(weeks.close[0], market.close[4]);
        // In American weeks the first one lacks its Sunday.
        assert_eq!(days_of(&period_bars(&market, Span::Week, Calendar::Us)), [14, 21, 28, 35]);
    }

    #[test]
    fn no_row_sees_what_its_own_history_does_not_tell() {
        let every_day = |_: &i64| true;
        let with_holes = |day: &i64| day * day % 11 < 4 && !(60..100).contains(day);
        for kept in [every_day, is_weekday, with_holes] {
            for first in [0, 1, 2, 31] {
                let market = daily((first..first + 150).filter(kept));
                for (span, calendar) in ALL {
                    let whole = period_bars(&market, span, calendar);
                    assert!(whole.ts.is_sorted_by(|a, b| a < b));
                    for rows in 0..=market.ts.len() {
                        let mut known = market.clone();
                        let DailyBars { ts, open, high, low, close, volume, market_cap } = &mut known;
                        ts.truncate(rows);
                        for column in [open, high, low, close, volume, market_cap] {
                            column.truncate(rows);
                        }
                        let then = period_bars(&known, span, calendar);
                        let visible =
                            known.ts.last().map_or(0, |row| whole.ts.partition_point(|ts| ts <= row));
                        assert_eq!(then.ts, whole.ts[..visible]);
                        assert_eq!(then.close, whole.close[..visible]);
                        assert_eq!(then.high, whole.high[..visible]);
                    }
                }
            }
        }
    }

    #[test]
    fn extreme_times_do_no_harm() {
        for ts in [i64::MIN, i64::MAX] {
            let mut bars = daily([0]);
            bars.ts[0] = ts;
            for (span, calendar) in ALL {
                assert!(period_bars(&bars, span, calendar).ts.len() <= 1);
            }
        }
    }
}
