//! What a series of bars normally leaves open, learnt from its own bars, and when its next bar is due at the latest.

use crate::calendar::civil::MICROS_PER_DAY;

const WEEK: i64 = 7 * MICROS_PER_DAY;

/// How far back the bars are worth reading, in microseconds: a year and the weeks by which its holidays move.
pub const REACH: i64 = 400 * MICROS_PER_DAY;

/// The most bars that are worth reading, the newest: more than a year of hours on an exchange, nine days of five minutes.
pub const MOST: usize = 2600;

/// What is left open of a series that is not known for more than a week: a long weekend.
const LONG_WEEKEND: i64 = 4 * MICROS_PER_DAY;

/// Whether daily bars are taken to be stamped when they open: those of which the newest has a midnight. One that is stamped with the
/// midnight after it is then due a day later than it could be.
pub fn of_openings(newest: i64) -> bool {
    newest.rem_euclid(MICROS_PER_DAY) == 0
}

/// The gaps from bar to bar of a series, and which of them are usual.
#[derive(Clone, Debug)]
pub struct Gaps {
    /// The median gap, in microseconds.
    pub spacing: i64,
    /// All gaps in ascending order, in microseconds.
    sorted: Vec<i64>,
    /// The time from the first bar to the last, without the greatest gap, in microseconds.
    span: i64,
}

impl Gaps {
    /// The gaps between times in microseconds, which ascend and may repeat: equal ones leave no gap. `None` with fewer than two
    /// different times.
    pub fn of(times: &[i64]) -> Option<Self> {
        let mut sorted: Vec<i64> =
            times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).filter(|gap| *gap > 0).collect();
        sorted.sort_unstable();
        let spacing = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
        let span = times.last()?.saturating_sub(*times.first()?).saturating_sub(*sorted.last()?);
        Some(Self { spacing, sorted, span })
    }

    /// Up to here a gap is none: one and a half times the spacing. A longer gap is a closure.
    pub fn margin(&self) -> i64 {
        self.spacing.saturating_add(self.spacing / 2)
    }

    /// Whether a gap of the series has a like: it is a closure, and another closure of the series is about as long, shorter by at most
    /// a quarter of the gap, longer by at most half of it, or different by at most `1.5` times the spacing. So weekends and
    /// holidays have likes; an outage that happened once has none.
    pub fn has_like(&self, gap: i64) -> bool {
        let margin = self.margin();
        let shortest = gap.saturating_sub(margin.max(gap / 4)).max(margin.saturating_add(1));
        let longest = gap.saturating_add(margin.max(gap / 2));
        let from = self.sorted.partition_point(|other| *other < shortest);
        let to = self.sorted.partition_point(|other| *other <= longest);
        // The gap itself is one of them.
        gap > margin && to.saturating_sub(from) > 1
    }

    /// Whether the market closes as a habit, as over weekends or at night: there is a closure in every second week, on average.
    pub fn rests(&self) -> bool {
        let closures = self.closures().len() as i64;
        closures.saturating_mul(2 * WEEK) >= self.span && closures > 0
    }

    /// The number of gaps.
    pub fn steps(&self) -> usize {
        self.sorted.len()
    }

    /// The greatest gap.
    pub fn greatest(&self) -> i64 {
        self.sorted.last().copied().unwrap_or(self.spacing)
    }

    /// The closures in ascending order.
    pub fn closures(&self) -> &[i64] {
        let margin = self.margin();
        &self.sorted[self.sorted.partition_point(|gap| *gap <= margin)..]
    }
}

/// The moment after which the silence of a series is a fault; `None` where there is no bar.
///
/// `times` are those of the bars in ascending order, in microseconds; infinite times and repeated ones count for nothing.
/// `are_openings` says that a bar is stamped when it opens, and so can be had one spacing later.
///
/// The moment is `newest + rest + grace`. The spacing `u` is the median gap between bars (a day where there is one bar), and
/// `grace` is `u`, of bars stamped at their opening `2 u`. `rest` is what the series normally leaves open after such a moment:
///
/// - Where bars are at most two days apart and the series is known for more than eight days, a week is looked at like the next: in each
///   earlier week `k`, the wait from `newest - 7 k days` to the first bar more than `u / 2` later. `rest` is the greatest wait that
///   is *usual*: at most `1.5 u`, or within a gap that has a like ([`Gaps::has_like`]). So a Friday waits for Monday and a Tuesday
///   does not, a holiday of the year past counts, and an outage that has no like does not. Weeks that wait for the same bar count
///   once.
/// - Where the series is known for eight days or less, weekends are not known: `rest` is the greatest gap, or four days if that is
///   more.
/// - Where bars are more than two days apart, `rest` is the greatest gap that is usual.
pub fn due(times: &[i64], are_openings: bool) -> Option<i64> {
    let mut times: Vec<i64> = times.iter().copied().filter(|ts| *ts != i64::MIN && *ts != i64::MAX).collect();
    times.dedup();
    let (first, newest) = (*times.first()?, *times.last()?);
    let gaps = Gaps::of(&times);
    let spacing = gaps.as_ref().map_or(MICROS_PER_DAY, |gaps| gaps.spacing);
    let rest = match &gaps {
        Some(gaps) if spacing > 2 * MICROS_PER_DAY => {
            greatest_usual(gaps.sorted.iter().map(|gap| (*gap, *gap)), gaps)
        }
        Some(gaps) if newest.saturating_sub(first) > WEEK + MICROS_PER_DAY => {
            greatest_usual(waits(&times, spacing).into_iter(), gaps)
        }
        _ => gaps.map_or(spacing, |gaps| gaps.greatest()).max(LONG_WEEKEND),
    };
    let grace = if are_openings { spacing.saturating_mul(2) } else { spacing };
    Some(newest.saturating_add(rest.max(spacing)).saturating_add(grace))
}

/// How long earlier weeks waited for a bar after the moment of the week at which the newest bar is, one wait for each bar that was
/// waited for, and the gap of the series before that bar.
fn waits(times: &[i64], spacing: i64) -> Vec<(i64, i64)> {
    let (Some(first), Some(newest)) = (times.first(), times.last()) else { return Vec::new() };
    let mut waits: Vec<(usize, i64)> = Vec::new();
    let mut moment = newest.saturating_sub(WEEK);
    let earliest = newest.saturating_sub(REACH).max(*first);
    while moment >= earliest {
        let next = times.partition_point(|ts| *ts <= moment + spacing / 2);
        let wait = times[next].saturating_sub(moment);
        match waits.last_mut() {
            Some((same, longest)) if *same == next => *longest = wait,
            _ => waits.push((next, wait)),
        }
        moment = moment.saturating_sub(WEEK);
    }
    let gap = |next: usize| times[next].saturating_sub(times[next.saturating_sub(1)]);
    waits.into_iter().map(|(next, wait)| (wait, gap(next))).collect()
}

/// The greatest of these waits, each with the gap that it is within, that is usual. 0 where none is.
fn greatest_usual(waits: impl Iterator<Item = (i64, i64)>, gaps: &Gaps) -> i64 {
    let is_usual = |(wait, gap): &(i64, i64)| *wait <= gaps.margin() || gaps.has_like(*gap);
    waits.filter(is_usual).map(|(wait, _)| wait).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = MICROS_PER_DAY / 24;

    /// The closes of days, of which the numbers are from 0, a Monday.
    fn closes(days: impl Iterator<Item = i64>) -> Vec<i64> {
        days.map(|day| day * MICROS_PER_DAY + 21 * HOUR).collect()
    }

    /// Days from the newest bar to the moment that its successor is due.
    fn waits_for(times: &[i64]) -> f64 {
        (due(times, false).unwrap() - times.last().unwrap()) as f64 / MICROS_PER_DAY as f64
    }

    fn weekdays(until: i64) -> Vec<i64> {
        closes((0..=until).filter(|day| day % 7 < 5))
    }

    #[test]
    fn a_coin_is_silent_after_two_days() {
        assert_eq!(waits_for(&closes(0..=300)), 2.0);
    }

    #[test]
    fn an_outage_without_a_like_does_not_count() {
        assert_eq!(waits_for(&closes((0..=300).filter(|day| !(100..=120).contains(day)))), 2.0);
        assert_eq!(waits_for(&closes((0..=300).filter(|day| *day != 300 - 7))), 2.0);
    }

    #[test]
    fn a_stock_waits_for_monday_after_friday_alone() {
        assert_eq!(waits_for(&weekdays(368)), 4.0, "Friday");
        assert_eq!(waits_for(&weekdays(365)), 2.0, "Tuesday");
    }

    #[test]
    fn holidays_of_the_year_past_count() {
        // A Monday, and the Thursday and Friday before a weekend.
        let times =
            |until: i64| closes((0..=until).filter(|day| day % 7 < 5 && ![70, 143, 144].contains(day)));
        assert_eq!(waits_for(&times(368)), 5.0, "Friday");
        assert_eq!(waits_for(&times(366)), 6.0, "Wednesday: Thursday to Sunday were closed");
        assert_eq!(waits_for(&times(365)), 2.0, "Tuesday");
    }

    #[test]
    fn a_new_listing_may_rest_over_a_long_weekend() {
        assert_eq!(waits_for(&weekdays(4)[2..]), 5.0);
        assert_eq!(waits_for(&weekdays(0)), 5.0);
        assert_eq!(due(&[], false), None);
        assert_eq!(due(&[i64::MIN, i64::MAX], false), None);
    }

    #[test]
    fn candles_of_an_exchange_rest_at_night_and_over_weekends() {
        let open = |until: i64| -> Vec<i64> {
            let hours = (0..=until).filter(|hour| hour / 24 % 7 < 5 && (14..21).contains(&(hour % 24)));
            hours.map(|hour| hour * HOUR).collect()
        };
        let hours = |times: &[i64]| (due(times, true).unwrap() - times.last().unwrap()) / HOUR;
        assert_eq!(hours(&open(365 * 24 + 20)), 18 + 2, "in the evening");
        assert_eq!(hours(&open(365 * 24 + 16)), 1 + 2, "while the exchange is open");
        assert_eq!(hours(&open(368 * 24 + 20)), 66 + 2, "over the weekend");
    }

    #[test]
    fn bars_of_weeks_and_months_may_be_one_late() {
        let weeks: Vec<i64> = (0..50).map(|week| week * WEEK).collect();
        assert_eq!(waits_for(&weeks), 14.0);
        let months: Vec<i64> =
            (0..24).map(|month| crate::calendar::civil::first_of(month) * MICROS_PER_DAY).collect();
        assert!((59.0..=62.0).contains(&waits_for(&months)));
    }
}
