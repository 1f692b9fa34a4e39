//! The steps in time from bar to bar: which are usual, and the gaps where bars are missing.

use crate::calendar::rhythm::Gaps;

/// A stretch of time in which bars are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Time of the bar before the gap, in microseconds.
    pub from: i64,
    /// Time of the bar after the gap, in microseconds.
    pub to: i64,
}

/// The usual steps of a series of bars: those up to three times the median, plus a twentieth for changes of the clock, and, in
/// a market that closes as a habit ([`Gaps::rests`]), those that have a like ([`Gaps::has_like`]). Thus a weekend or a holiday is no gap in
/// a market of weekdays, while a weekend is a gap in a market that never closes.
#[derive(Clone, Debug)]
pub struct Habit {
    gaps: Gaps,
}

impl Habit {
    /// The habit of times that ascend, in microseconds; equal times count as one. `None` with fewer than two steps.
    pub fn of(ts: &[i64]) -> Option<Self> {
        Gaps::of(ts).filter(|gaps| gaps.steps() > 1).map(|gaps| Self { gaps })
    }

    /// The median step, in microseconds.
    pub fn median(&self) -> i64 {
        self.gaps.spacing
    }

    /// Whether a step of the series is usual.
    pub fn is_usual(&self, step: i64) -> bool {
        step <= self.tolerated() || (self.gaps.rests() && self.gaps.has_like(step))
    }

    /// The longest step of the series that is usual, in microseconds.
    pub fn longest(&self) -> i64 {
        let closures = self.gaps.closures().iter().rev();
        closures.copied().find(|step| self.is_usual(*step)).unwrap_or(self.gaps.spacing)
    }

    /// The length up to which any step is usual.
    fn tolerated(&self) -> i64 {
        let longest = self.gaps.spacing.saturating_mul(3);
        longest.saturating_add(longest / 20)
    }
}

/// The steps of a series that are not usual ([`Habit`]), in ascending time; none with fewer than two steps.
pub fn gaps(ts: &[i64]) -> Vec<Gap> {
    let Some(habit) = Habit::of(ts) else { return Vec::new() };
    let steps = ts.windows(2).map(|pair| Gap { from: pair[0], to: pair[1] });
    steps.filter(|gap| gap.to > gap.from && !habit.is_usual(gap.to.saturating_sub(gap.from))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::civil::MICROS_PER_DAY;

    #[test]
    fn a_missing_week_is_a_gap_and_a_weekend_is_none() {
        // Day 0 is a Monday.
        let mut bars: Vec<i64> = (0..400).filter(|day| day % 7 < 5).map(|day| day * MICROS_PER_DAY).collect();
        assert_eq!(gaps(&bars), []);
        let habit = Habit::of(&bars).map(|habit| (habit.median(), habit.longest()));
        assert_eq!(habit, Some((MICROS_PER_DAY, 3 * MICROS_PER_DAY)));
        bars.retain(|ts| !(70 * MICROS_PER_DAY..77 * MICROS_PER_DAY).contains(ts));
        assert_eq!(gaps(&bars), [Gap { from: 67 * MICROS_PER_DAY, to: 77 * MICROS_PER_DAY }]);
    }

    #[test]
    fn three_days_are_missing_where_a_market_never_closes() {
        let bars: Vec<i64> =
            (0..40).filter(|day| !(20..23).contains(day)).map(|day| day * MICROS_PER_DAY).collect();
        assert_eq!(gaps(&bars), [Gap { from: 19 * MICROS_PER_DAY, to: 23 * MICROS_PER_DAY }]);
    }

    #[test]
    fn holidays_of_every_year_are_no_gaps_and_outages_of_a_coin_are() {
        // Closed: new year, two holidays of one day, a week in spring that moves, and most of a week in autumn.
        let is_open = |day: i64| {
            let (year, of_year) = (day / 365, day % 365);
            let spring = 21 + 7 * year;
            let closed = [0, 98, 244].contains(&of_year) || (spring..spring + 7).contains(&of_year);
            day % 7 < 5 && !closed && !(273..278).contains(&of_year)
        };
        let days = |is_open: &dyn Fn(i64) -> bool| -> Vec<i64> {
            (0..3 * 365).filter(|day| is_open(*day)).map(|day| day * MICROS_PER_DAY).collect()
        };
        let bars = days(&is_open);
        assert_eq!(gaps(&bars), []);
        assert!(Habit::of(&bars).is_some_and(|habit| habit.longest() >= 8 * MICROS_PER_DAY));
        let with_outage = days(&|day| is_open(day) && !(500..525).contains(&day));
        assert_eq!(gaps(&with_outage).len(), 1);
        // Where nothing closes as a habit, outages make no other one usual.
        let coin = days(&|day| ![200, 201, 202, 600, 601, 602].contains(&day));
        let from = |day: i64| Gap { from: day * MICROS_PER_DAY, to: (day + 4) * MICROS_PER_DAY };
        assert_eq!(gaps(&coin), [from(199), from(599)]);
    }

    #[test]
    fn hours_of_a_market_that_closes_on_weekends_have_no_gaps() {
        let hours: Vec<i64> =
            (0..60 * 24).filter(|hour| hour / 24 % 7 < 5).map(|hour| hour * MICROS_PER_DAY / 24).collect();
        assert_eq!(gaps(&hours), []);
    }

    #[test]
    fn little_says_nothing() {
        assert!(Habit::of(&[]).is_none() && Habit::of(&[1, 5]).is_none());
        assert_eq!(gaps(&[1, 2, 900]), [Gap { from: 2, to: 900 }]);
        assert_eq!(gaps(&[i64::MIN, 0, i64::MAX]), []);
    }
}
