//! The steps in time from bar to bar: their usual length, and the gaps where bars are missing.

/// The usual steps of a series of bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// The median step, in microseconds.
    pub median: i64,
    /// The longest step that is still usual, in microseconds.
    pub longest: i64,
}

/// A stretch of time in which bars are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Time of the bar before the gap, in microseconds.
    pub from: i64,
    /// Time of the bar after the gap, in microseconds.
    pub to: i64,
}

/// The habit of a series: usual are steps up to three times the median, or up to the 99.5th percentile if
/// that is longer, plus a twentieth for changes of the clock.
///
/// `ts` is ascending, in microseconds; equal times count as one. The percentile is the element at index
/// `floor(0.995 * (steps - 1))` of the sorted steps, so that the single longest step of a short history does
/// not make itself usual. Thus a weekend or a yearly holiday is no gap in a market of weekdays, while a
/// weekend is a gap in a market that never closes. `None` with fewer than two steps.
pub fn habit(ts: &[i64]) -> Option<Habit> {
    let mut steps: Vec<i64> = steps(ts).map(|gap| gap.to.saturating_sub(gap.from)).collect();
    if steps.len() < 2 {
        return None;
    }
    steps.sort_unstable();
    let last = steps.len() - 1;
    let (median, percentile) = (steps[last / 2], steps[last * 995 / 1000]);
    let longest = median.saturating_mul(3).max(percentile);
    Some(Habit { median, longest: longest.saturating_add(longest / 20) })
}

/// The steps of a series that are longer than its [`habit`], in ascending time; none with fewer than two
/// steps.
pub fn gaps(ts: &[i64]) -> Vec<Gap> {
    let Some(habit) = habit(ts) else { return Vec::new() };
    steps(ts).filter(|gap| gap.to.saturating_sub(gap.from) > habit.longest).collect()
}

fn steps(ts: &[i64]) -> impl Iterator<Item = Gap> {
    ts.windows(2).map(|pair| Gap { from: pair[0], to: pair[1] }).filter(|gap| gap.to > gap.from)
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
        assert_eq!(habit(&bars).map(|habit| habit.median), Some(MICROS_PER_DAY));
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
    fn little_says_nothing() {
        assert_eq!(
            (habit(&[]), habit(&[1, 5]), gaps(&[1, 2, 900])),
            (None, None, vec![Gap { from: 2, to: 900 }])
        );
        assert_eq!(gaps(&[i64::MIN, 0, i64::MAX]), []);
    }
}
