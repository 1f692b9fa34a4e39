//! Laws of the moment at which the next bar is due.

use std::collections::BTreeSet;

use crate::common::cases;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::calendar::rhythm::due;

const HOUR: i64 = MICROS_PER_DAY / 24;
const HOURS: i64 = 7 * 24;

/// Times of a series whose gaps are anything up to some days, in ascending order.
fn irregular() -> impl Strategy<Value = Vec<i64>> {
    vec(prop_oneof![8 => HOUR..25 * HOUR, 1 => HOUR..200 * HOUR], 1..200).prop_map(|gaps| {
        let sum = |sum: &mut i64, gap: i64| {
            *sum += gap;
            Some(*sum)
        };
        gaps.into_iter().scan(0, sum).collect()
    })
}

/// The hours of a week that have bars, and how many weeks the series lasts.
fn weekly() -> impl Strategy<Value = (BTreeSet<i64>, i64)> {
    (btree_set(0..HOURS, 1..HOURS as usize), 4i64..12)
}

/// The median gap.
fn spacing(times: &[i64]) -> i64 {
    let mut gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len().saturating_sub(1) / 2).copied().unwrap_or(MICROS_PER_DAY)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_series_of_another_time_is_due_at_another_time(times in irregular(), by in -1_000_000i64..1_000_000, are_openings: bool) {
        let shifted: Vec<i64> = times.iter().map(|ts| ts + by * HOUR / 7).collect();
        prop_assert_eq!(due(&shifted, are_openings), due(&times, are_openings).map(|due| due + by * HOUR / 7));
    }

    #[test]
    fn a_series_that_goes_on_as_ever_is_never_silent((hours, weeks) in weekly(), are_openings: bool) {
        let times: Vec<i64> = (0..weeks).flat_map(|week| hours.iter().map(move |hour| (week * HOURS + hour) * HOUR)).collect();
        // Two weeks and a day teach the rhythm of the week.
        let known = times.partition_point(|ts| *ts <= times[0] + (2 * HOURS + 24) * HOUR);
        for next in known..times.len() {
            let due = due(&times[..next], are_openings);
            prop_assert!(due >= Some(times[next]), "{:?} before bar {next} at {}", due, times[next]);
        }
    }

    #[test]
    fn a_bar_is_not_due_before_two_spacings_and_any_silence_ends(times in irregular(), are_openings: bool) {
        let (spacing, newest) = (spacing(&times), times[times.len() - 1]);
        let greatest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(spacing);
        let due = due(&times, are_openings).unwrap();
        prop_assert!(due >= newest + 2 * spacing);
        prop_assert!(due <= newest + greatest.max(4 * MICROS_PER_DAY) + 3 * spacing);
    }

    #[test]
    fn bars_stamped_at_their_opening_are_due_a_spacing_later(times in irregular()) {
        prop_assert_eq!(due(&times, true), due(&times, false).map(|due| due + spacing(&times)));
    }

    #[test]
    fn repeated_and_infinite_times_count_for_nothing(times in irregular(), places in vec(any::<prop::sample::Index>(), 0..20)) {
        let mut more = times.clone();
        more.extend(places.iter().map(|place| times[place.index(times.len())]));
        more.extend([i64::MIN, i64::MAX]);
        more.sort_unstable();
        prop_assert_eq!(due(&more, false), due(&times, false));
    }

    #[test]
    fn one_outage_without_a_like_changes_nothing(days in 60i64..300, from in 10i64..50, length in 2i64..40, hour in 0i64..24) {
        let all: Vec<i64> = (0..days + length).map(|day| day * MICROS_PER_DAY + hour * HOUR).collect();
        let with_outage: Vec<i64> = all.iter().enumerate().filter(|(day, _)| !(from..from + length).contains(&(*day as i64))).map(|(_, ts)| *ts).collect();
        prop_assert_eq!(due(&with_outage, false), due(&all, false));
    }
}
