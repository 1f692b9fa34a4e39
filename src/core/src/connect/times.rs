//! What the times of some bars tell: how long a bar is, whether it is stamped when it opens, which days have bars.
//!
//! Times are microseconds since 2000-01-01 00:00 as clocks of the market show them.

use crate::calendar::civil::{MICROS_PER_DAY, day_of, weekday};
use crate::words;

words!(
    /// What an integer time counts since 1970.
    Unit {
        /// Seconds.
        Seconds = "s",
        /// Milliseconds.
        Millis = "ms",
        /// Microseconds.
        Micros = "us",
    }
);

impl Unit {
    /// The unit of a time between 1980 and 2100, by its magnitude; `None` for a number that is no such time.
    pub fn of(time: i64) -> Option<Self> {
        const FROM: i64 = 315_532_800;
        const TO: i64 = 4_102_444_800;
        let is_in = |by: i64| (FROM * by..TO * by).contains(&time);
        match () {
            () if is_in(1) => Some(Self::Seconds),
            () if is_in(1_000) => Some(Self::Millis),
            () if is_in(1_000_000) => Some(Self::Micros),
            () => None,
        }
    }
}

/// How long a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A day.
    Day,
    /// Less than a day, in microseconds.
    Shorter(i64),
    /// More than a day, in whole days.
    Longer(i64),
}

impl Step {
    /// The length as a timeframe: `1h`, `1d`, `1w`.
    pub fn timeframe(self) -> String {
        const MINUTE: i64 = 60_000_000;
        match self {
            Self::Day => "1d".to_owned(),
            Self::Longer(7) => "1w".to_owned(),
            Self::Longer(days) => format!("{days}d"),
            Self::Shorter(step) if step % (60 * MINUTE) == 0 => format!("{}h", step / (60 * MINUTE)),
            Self::Shorter(step) if step % MINUTE == 0 => format!("{}m", step / MINUTE),
            Self::Shorter(step) => format!("{}s", step / 1_000_000),
        }
    }
}

/// How long a bar of a timeframe is, as PostgreSQL writes intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// The length in UTC: `90 minutes` of `90m`, `1 months` of `1M`.
    pub interval: String,
    /// The shortest such bar, in microseconds: a month has 28 days.
    pub least: i64,
    /// By how much a bar of another zone can be longer or shorter: by an hour where clocks change, unless bars are as short as
    /// that; a month, which is then counted from another day, by three days.
    pub slack: &'static str,
    /// With what bars of UTC begin.
    pub begins: Begins,
}

/// With what bars of UTC begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// The first day of a month.
    Month,
    /// A day.
    Day,
    /// A whole number of these seconds after 1970.
    Every(u64),
}

/// Most units of a timeframe.
const MOST_UNITS: u32 = 10_000;

/// The length of a bar of a timeframe, by its name; `None` where the name is of another form.
pub fn length_of(timeframe: &str) -> Option<Length> {
    const HOUR: u64 = 3_600;
    let digits = timeframe.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = timeframe.split_at(digits);
    let count: u32 = if count.is_empty() { 1 } else { count.parse().ok()? };
    let (unit, seconds) = match unit {
        "s" => ("seconds", 1),
        "m" | "min" => ("minutes", 60),
        "h" | "H" => ("hours", HOUR),
        "d" | "D" => ("days", 24 * HOUR),
        "w" | "W" => ("weeks", 7 * 24 * HOUR),
        "M" | "mo" => ("months", 28 * 24 * HOUR),
        _ => return None,
    };
    let seconds = seconds * u64::from(count);
    let (slack, begins) = match unit {
        "months" => ("3 days 1 hour", Begins::Month),
        _ if seconds >= 24 * HOUR => ("1 hour", Begins::Day),
        _ if seconds > HOUR => ("1 hour", Begins::Every(seconds)),
        _ => ("0", Begins::Every(1)),
    };
    let least = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    (1..=MOST_UNITS).contains(&count).then(|| Length {
        interval: format!("{count} {unit}"),
        least,
        slack,
        begins,
    })
}

/// What the times of some assets tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// How long a bar is; `None` where no asset has two times.
    pub step: Option<Step>,
    /// Whether most bars are stamped at midnight; the one of today may have the time of its last trade.
    pub at_midnight: bool,
    /// Whether bars are missing on Saturdays and Sundays alone; `None` where the times are too few to tell.
    pub weekdays_only: Option<bool>,
}

/// What the times of some assets tell, each list in any order.
pub fn told(assets: &[Vec<i64>]) -> Told {
    let mut steps = Vec::new();
    let mut days = Vec::new();
    let [mut at_midnight, mut all] = [0; 2];
    for times in assets {
        let mut times = times.clone();
        times.sort_unstable();
        times.dedup();
        at_midnight += times.iter().filter(|ts| ts.rem_euclid(MICROS_PER_DAY) == 0).count();
        all += times.len();
        days.extend(times.iter().copied().map(day_of));
        steps.extend(times.windows(2).map(|pair| pair[1] - pair[0]));
    }
    days.sort_unstable();
    days.dedup();
    steps.sort_unstable();
    let span = days.last().zip(days.first()).map_or(0, |(last, first)| last - first);
    let weekdays_only = (span >= 13).then(|| days.iter().all(|day| weekday(*day) < 5));
    Told { step: step_of(&steps), at_midnight: at_midnight * 2 > all, weekdays_only }
}

/// The length of most bars: the median of the steps between times, given in ascending order.
fn step_of(steps: &[i64]) -> Option<Step> {
    let median = *steps.get(steps.len() / 2)?;
    const HOUR: i64 = MICROS_PER_DAY / 24;
    Some(match median {
        // A day is 23 or 25 hours long where clocks are changed; two bars of a market that closes early are closer.
        step if step < 20 * HOUR => Step::Shorter(step),
        // Of a market without weekends, two bars of a few are three days apart.
        step if step <= 4 * MICROS_PER_DAY => Step::Day,
        step => Step::Longer((step + MICROS_PER_DAY / 2) / MICROS_PER_DAY),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = MICROS_PER_DAY / 24;

    fn days(kept: impl Fn(i64) -> bool, at: i64) -> Vec<i64> {
        (0..40).filter(|day| kept(*day)).map(|day| day * MICROS_PER_DAY + at).collect()
    }

    #[test]
    fn units_follow_from_the_magnitude() {
        for (time, unit) in [(1_700_000_000, "s"), (1_700_000_000_000, "ms"), (1_700_000_000_000_000, "us")] {
            assert_eq!(Unit::of(time).map(Unit::as_str), Some(unit));
        }
        assert_eq!([0, 20_240_101, i64::MAX].map(Unit::of), [None; 3]);
    }

    #[test]
    fn daily_bars_are_told_from_shorter_and_longer_ones() {
        let daily = told(&[days(|_| true, 0)]);
        assert_eq!(daily, Told { step: Some(Step::Day), at_midnight: true, weekdays_only: Some(false) });
        let stocks = told(&[days(|day| weekday(day) < 5, 16 * HOUR), days(|day| day % 9 == 3, 16 * HOUR)]);
        assert_eq!((stocks.step, stocks.at_midnight), (Some(Step::Day), false));
        let live = told(&[[days(|_| true, 0), vec![40 * MICROS_PER_DAY + 13 * HOUR]].concat()]);
        assert!(live.at_midnight);
        let stocks = told(&[days(|day| weekday(day) < 5, 0)]);
        assert_eq!(stocks.weekdays_only, Some(true));
        let hours: Vec<i64> = (0..100).map(|hour| hour * HOUR).collect();
        let hourly = told(&[hours]);
        assert_eq!((hourly.step, hourly.weekdays_only), (Some(Step::Shorter(HOUR)), None));
        assert_eq!(hourly.step.map(Step::timeframe).as_deref(), Some("1h"));
        let weekly = told(&[days(|day| weekday(day) == 4, 0)]);
        assert_eq!(weekly.step, Some(Step::Longer(7)));
    }

    #[test]
    fn a_timeframe_tells_its_length() {
        let told = |name: &str| length_of(name).map(|length| length.interval);
        for (name, length) in [("15m", "15 minutes"), ("4h", "4 hours"), ("1D", "1 days"), ("2w", "2 weeks")]
        {
            assert_eq!(told(name).as_deref(), Some(length));
        }
        assert_eq!([told("1M"), told("M")], [Some("1 months".to_owned()), Some("1 months".to_owned())]);
        let slack = |name: &str| length_of(name).map(|length| length.slack);
        assert_eq!(["15m", "1h", "60m"].map(slack), [Some("0"); 3]);
        assert_eq!(["2h", "240m", "1440m", "1d", "1w"].map(slack), [Some("1 hour"); 5]);
        let begins = |name: &str| length_of(name).map(|length| length.begins);
        assert_eq!(
            ["4h", "1440m", "3M"].map(begins),
            [Begins::Every(14_400), Begins::Day, Begins::Month].map(Some)
        );
        for name in ["", "0d", "1", "daily", "1 d", "-1d", "10001d", "99999999999d"] {
            assert_eq!(told(name), None);
        }
        for step in
            [Step::Day, Step::Shorter(HOUR), Step::Shorter(60_000_000), Step::Longer(7), Step::Longer(3)]
        {
            assert!(told(&step.timeframe()).is_some());
        }
    }

    #[test]
    fn two_dates_of_many_assets_are_enough() {
        let pair = vec![0, MICROS_PER_DAY];
        assert_eq!(told(&[pair.clone(), pair, vec![0]]).step, Some(Step::Day));
        assert_eq!(told(&[vec![0]]).step, None);
        assert_eq!(told(&[]), Told { step: None, at_midnight: false, weekdays_only: None });
    }
}
