//! Laws of what is said about timestamps: gaps, and bars stamped at their open.

use crate::common::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::calendar::civil::{MICROS_PER_DAY as DAY, weekday};
use regime_core::calendar::stamps::{Agreement, Midnight, agreement, midnight, on_first_day};
use regime_core::calendar::steps::{Gap, Habit, gaps};
use regime_core::calendar::{Calendar, DailyBars, Span, period_bars};

/// Days on which a market of this week is open, from a day on. Day 2 is a Monday.
fn open_days(first: i64, days: i64, weekdays: bool) -> Vec<i64> {
    (first..first + days).filter(|day| !weekdays || weekday(*day) < 5).collect()
}

fn daily(days: &[i64], time: i64, closes: &[f64]) -> DailyBars {
    let price: Vec<f64> = days.iter().zip(closes.iter().cycle()).map(|(_, close)| *close).collect();
    DailyBars {
        ts: days.iter().map(|day| day * DAY + time).collect(),
        open: price.clone(),
        high: price.clone(),
        low: price.clone(),
        volume: price.clone(),
        market_cap: price.clone(),
        close: price,
    }
}

proptest! {
    #![proptest_config(cases(512))]

    /// Neither weekends nor an hour more or less twice a year are gaps.
    #[test]
    fn a_market_that_keeps_its_hours_has_no_gap(
        first in 0i64..1000, days in 2i64..2000, weekdays: bool, time in 0i64..22, summer: bool,
    ) {
        let hour = |day: i64| time + i64::from(summer && (90..300).contains(&(day % 365)));
        let ts: Vec<i64> = open_days(first, days, weekdays).iter().map(|day| day * DAY + hour(*day) * DAY / 24).collect();
        prop_assert_eq!(gaps(&ts), []);
    }

    #[test]
    fn bars_taken_out_are_found(first in 0i64..1000, days in 300i64..2000, weekdays: bool, at in 0.1..0.9f64, out in 8i64..60) {
        let mut open = open_days(first, days, weekdays);
        let from = first + (days as f64 * at) as i64;
        open.retain(|day| !(from..from + out).contains(day));
        let ts: Vec<i64> = open.iter().map(|day| day * DAY).collect();
        let before = open.iter().rposition(|day| *day < from).expect("a bar before");
        prop_assume!(before + 1 < ts.len());
        prop_assert_eq!(gaps(&ts), [Gap { from: ts[before], to: ts[before + 1] }]);
    }

    #[test]
    fn gaps_are_longer_than_what_is_usual(mut ts in vec(0i64..1_000_000, 0..400)) {
        ts.sort_unstable();
        let found = gaps(&ts);
        let Some(habit) = Habit::of(&ts) else {
            prop_assert!(found.is_empty());
            return Ok(());
        };
        let is_long = |gap: &Gap| gap.to - gap.from > 3 * habit.median() && !habit.is_usual(gap.to - gap.from);
        prop_assert!(habit.median() > 0 && habit.is_usual(habit.longest()));
        prop_assert!(found.iter().all(is_long));
        prop_assert!(found.is_sorted_by(|a, b| a.to <= b.from));
        let mut distinct = ts.clone();
        distinct.dedup();
        prop_assert_eq!(gaps(&distinct), found);
    }

    /// Weeks and months built from daily bars agree with them; the same stamped with their first day do not.
    #[test]
    fn bars_at_their_close_agree_and_bars_at_their_open_do_not(
        first in 0i64..1000, days in 60i64..800, weekdays: bool, time in 1i64..24, scheme in select(vec![Calendar::Iso, Calendar::Us]),
        month: bool,
    ) {
        let span = if month { Span::Month } else { Span::Week };
        // No two days of a period have one price.
        let closes: Vec<f64> = (0..97).map(|i| 100.0 + f64::from(i * 37 % 97)).collect();
        let daily = daily(&open_days(first, days, weekdays), time * DAY / 24, &closes);
        let mut bars = period_bars(&daily, span, scheme);
        let of = |bars: &DailyBars| agreement(&bars.ts, &bars.close, &daily.ts, &daily.close);
        prop_assert!(of(&bars).iter().all(|a| *a == Agreement::Same));
        prop_assert!(!bars.ts.iter().any(|ts| on_first_day(*ts, span, scheme)));
        for ts in &mut bars.ts {
            while !on_first_day(*ts, span, scheme) {
                *ts -= DAY;
            }
        }
        // Where the market is closed on the first day, the bar before is compared; its price is another.
        let late = of(&bars).iter().filter(|a| **a == Agreement::Later).count();
        prop_assert!(late + 1 >= bars.ts.len(), "{} of {}", late, bars.ts.len());
    }

    #[test]
    fn midnight_is_told_apart_where_the_market_closes(first in 0i64..1000, days in 30i64..900, weekdays: bool, close: bool, time in 0i64..2) {
        let ts: Vec<i64> = open_days(first, days, weekdays).iter().map(|day| (day + i64::from(close)) * DAY + time).collect();
        let expected = match (time, weekdays, close) {
            (1, ..) => Midnight::Few,
            (_, false, _) => Midnight::Either,
            (_, _, true) => Midnight::Close,
            _ => Midnight::Open,
        };
        prop_assert_eq!(midnight(&ts), expected);
    }
}
