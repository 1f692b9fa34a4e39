//! Laws of what pictures are made of: cells of labels, marks of axes.

use crate::common::cases;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use regime_core::calendar::civil::{MICROS_PER_DAY as DAY, civil, date};
use regime_core::calendar::ticks::{prices, times};
use regime_core::strip::{Cell, cells, changes, dominant, line};

fn cell() -> impl Strategy<Value = Cell> {
    (0u8..3, 0u8..3)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn cells_hold_all_rows_evenly(rows in 1usize..500, width in 1usize..500) {
        let cells: Vec<_> = cells(rows, width).collect();
        prop_assert_eq!(cells.len(), width);
        prop_assert!(cells[0].start == 0 && cells[width - 1].end == rows);
        for pair in cells.windows(2) {
            prop_assert!(pair[1].start == pair[0].end || (rows < width && pair[1] == pair[0]));
        }
        let sizes = cells.iter().map(|cell| cell.len());
        prop_assert!(sizes.clone().max().expect("cells") - sizes.min().expect("cells") <= 1);
    }

    #[test]
    fn nothing_in_a_cell_is_more_common(labels in vec(option::weighted(0.8, cell()), 1..30)) {
        let group = |label: &Option<Cell>| label.map(|(group, _)| group);
        let count = |of: Option<u8>| labels.iter().filter(|l| group(l) == of).count();
        let got = dominant(&labels);
        let of = group(&got);
        // The later group on a tie; no label before any.
        let less = |other: Option<u8>| count(other) < count(of) + usize::from(other <= of);
        prop_assert!([None, Some(0), Some(1), Some(2)].into_iter().all(less));
        if let Some((group, degree)) = got {
            let count = |degree: u8| labels.iter().filter(|l| **l == Some((group, degree))).count();
            prop_assert!(count(degree) > 0);
            prop_assert!((0..3).all(|other| count(other) < count(degree) + usize::from(other <= degree)));
        }
    }

    #[test]
    fn a_line_is_as_wide_as_it_was_asked_to_be(labels in vec(option::weighted(0.8, cell()), 1..200), width in 1usize..200) {
        let glyph = |cell: Option<Cell>| cell.map_or('?', |(group, degree)| char::from(b'a' + 3 * group + degree));
        prop_assert_eq!(line(&labels, width, glyph).chars().count(), width);
        let each: String = labels.iter().map(|l| glyph(*l)).collect();
        prop_assert_eq!(line(&labels, labels.len(), glyph), each);
    }

    #[test]
    fn between_changes_labels_are_the_same(labels in vec(option::weighted(0.8, cell()), 0..60)) {
        let changes = changes(labels.iter().copied());
        let mut last = None;
        for (row, label) in labels.into_iter().enumerate().filter_map(|(row, label)| Some((row, label?))) {
            let before = last.replace(label).unwrap_or(label);
            prop_assert_eq!(changes.contains(&row), before != label);
        }
        prop_assert!(changes.is_sorted());
    }

    #[test]
    fn days_follow_each_other(day in -100_000_000i64..100_000_000) {
        let (year, month, date) = civil(day);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
        let next = match (month, date == length) {
            (12, true) => (year + 1, 1, 1),
            (_, true) => (year, month + 1, 1),
            _ => (year, month, date + 1),
        };
        prop_assert_eq!(civil(day + 1), next);
    }

    #[test]
    fn prices_are_round_and_apart(low in -9.0f64..9.0, span in 1e-4f64..9.0, log: bool, room in 0.02f64..0.5) {
        let (low, high) = (10f64.powf(low), 10f64.powf(low + span));
        let ticks = prices(low, high, log, room);
        let place = |x: f64| if log { x.ln() } else { x };
        let least = room * (place(high) - place(low));
        prop_assert!(ticks.iter().all(|tick| (low..=high).contains(&tick.at)));
        prop_assert!(ticks.windows(2).all(|t| place(t[1].at) - place(t[0].at) >= least && t[0].text != t[1].text));
        for tick in &ticks {
            let said: f64 = tick.text.replace(',', "").parse().expect("number");
            prop_assert_eq!(said, tick.at, "{}", tick.text);
        }
        prop_assert!(room > 0.2 || !ticks.is_empty());
    }

    #[test]
    fn times_are_dates_and_apart(from in -9_000_000i64..9_000_000, span in 1i64..9_000_000, into in 0..DAY, room in 0.02f64..0.5) {
        let (from, to) = (from * DAY / 100 + into, (from + span) * DAY / 100 + into);
        let ticks = times(from, to, false, |letters| room * letters as f64 / 10.0);
        for tick in &ticks {
            prop_assert!((from..=to).contains(&tick.at) && tick.at % DAY == 0);
            prop_assert!(date(tick.at).starts_with(&tick.text));
        }
        for pair in ticks.windows(2) {
            let letters = pair[0].text.len() as f64;
            // Months are up to three days shorter than a twelfth of a year.
            prop_assert!((pair[1].at - pair[0].at) as f64 >= 0.98 * room * letters / 10.0 * (to - from) as f64);
        }
    }

    #[test]
    fn times_within_days_are_apart(from in -9_000_000_000i64..9_000_000_000, span in 1i64..9_000_000_000, room in 0.02f64..0.5) {
        let (from, to) = (from * 1_000, (from + span) * 1_000);
        let ticks = times(from, to, true, |_| room);
        for tick in &ticks {
            prop_assert!((from..=to).contains(&tick.at) && tick.at % 60_000_000 == 0);
            prop_assert_eq!(tick.text.contains(':'), tick.at % DAY != 0);
        }
        for pair in ticks.windows(2) {
            prop_assert!((pair[1].at - pair[0].at) as f64 >= 0.9 * room * (to - from) as f64);
        }
    }

    #[test]
    fn nothing_is_too_large_for_an_axis(low: f64, high: f64, from: i64, to: i64, room in 0.0f64..2.0) {
        for log in [false, true] {
            prop_assert!(prices(low, high, log, room).len() <= 10_000);
        }
        for within_days in [false, true] {
            prop_assert!(times(from, to, within_days, |letters| 0.001 + room * letters as f64).len() <= 2_000);
        }
    }
}
