//! The marks of a time axis or a price axis, and their texts.

use crate::calendar::civil::{MICROS_PER_DAY, civil, date, day_of, first_of, month_of};

const MINUTES_PER_DAY: i64 = 1_440;

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick<T> {
    /// Position: microseconds since 2000, or a price.
    pub at: T,
    /// Text of the mark.
    pub text: String,
}

/// The distance between two marks of a time axis.
#[derive(Clone, Copy, Debug)]
enum Step {
    Minutes(i64),
    Days(i64),
    Months(i64),
}

impl Step {
    /// From the shortest on; those within days only where asked for.
    fn all(within_days: bool) -> impl Iterator<Item = Step> {
        let minutes = [1, 5, 15, 30, 60, 120, 180, 360, 720].map(Step::Minutes);
        let minutes = minutes.into_iter().filter(move |_| within_days);
        let years = (0..6).flat_map(|power| [1, 2, 5].map(|n| Step::Months(12 * n * 10i64.pow(power))));
        let days = [1, 2, 7, 14].map(Step::Days);
        minutes.chain(days).chain([1, 2, 3, 6].map(Step::Months)).chain(years)
    }

    /// Rough length in days, and the number of characters of a mark.
    fn size(self) -> (f64, usize) {
        match self {
            Step::Minutes(minutes) => (minutes as f64 / MINUTES_PER_DAY as f64, 10),
            Step::Days(days) => (days as f64, 10),
            Step::Months(months) if months < 12 => (months as f64 * 28.0, 7),
            Step::Months(months) => (months as f64 * 30.4, 4),
        }
    }

    fn ticks(self, from: i64, to: i64) -> Vec<Tick<i64>> {
        if let Step::Minutes(minutes) = self {
            return minute_ticks(from, to, minutes);
        }
        let (first, last) = (day_of(from), day_of(to));
        let day_of = |n: i64| match self {
            // Weeks begin on Monday; 2000-01-01 was a Saturday.
            Step::Days(days) => n * days + if days % 7 == 0 { 2 } else { 0 },
            Step::Months(months) => first_of(n * months),
            Step::Minutes(_) => n,
        };
        let number = |day: i64| match self {
            Step::Days(days) => day.div_euclid(days),
            Step::Months(months) => month_of(day).div_euclid(months),
            Step::Minutes(_) => day,
        };
        let text = |day: i64, at: i64| {
            let (year, month, _) = civil(day);
            match self {
                Step::Minutes(_) | Step::Days(_) => date(at),
                Step::Months(months) if months < 12 => format!("{year:04}-{month:02}"),
                Step::Months(_) => format!("{year}"),
            }
        };
        let days = (number(first) - 1..=number(last) + 1).map(day_of);
        let marks = days.filter_map(|day| Some((day, day.checked_mul(MICROS_PER_DAY)?)));
        let within = marks.filter(|(_, at)| (from..=to).contains(at));
        within.map(|(day, at)| Tick { at, text: text(day, at) }).collect()
    }
}

/// Marks each so many minutes: a date at midnight, the time of day between.
fn minute_ticks(from: i64, to: i64, minutes: i64) -> Vec<Tick<i64>> {
    const MICROS: i64 = MICROS_PER_DAY / MINUTES_PER_DAY;
    let step = minutes * MICROS;
    let text = |at: i64| match at.rem_euclid(MICROS_PER_DAY) / MICROS {
        0 => date(at),
        minute => format!("{:02}:{:02}", minute / 60, minute % 60),
    };
    let marks = (from.div_euclid(step)..=to.div_euclid(step)).filter_map(|n| n.checked_mul(step));
    marks.filter(|at| *at >= from).map(|at| Tick { at, text: text(at) }).collect()
}

/// Marks of a time axis between two moments (microseconds since 2000): days, months or years in UTC, as many
/// as fit, or, `within_days`, minutes or hours. `room` gives the share of the axis, 0 to 1, that a text of so many characters takes, spacing
/// included.
pub fn times(from: i64, to: i64, within_days: bool, room: impl Fn(usize) -> f64) -> Vec<Tick<i64>> {
    let days = (to as f64 - from as f64) / MICROS_PER_DAY as f64;
    let fits = |step: &Step| {
        let (length, characters) = step.size();
        length >= room(characters) * days
    };
    Step::all(within_days).find(fits).map_or_else(Vec::new, |step| step.ticks(from, to))
}

/// Marks of a price axis from `low` to `high` at round numbers, at least the share `room` (0 to 1) of the
/// axis apart. On a logarithmic axis both prices must be above 0. None if the axis has no length.
pub fn prices(low: f64, high: f64, log: bool, room: f64) -> Vec<Tick<f64>> {
    let place = |price: f64| if log { price.ln() } else { price };
    let least = room * (place(high) - place(low));
    if !(least.is_finite() && least > 0.0) {
        return Vec::new();
    }
    let apart = |ticks: &Vec<Tick<f64>>| ticks.windows(2).all(|t| place(t[1].at) - place(t[0].at) >= least);
    // Within one power of ten, even steps are easier to read.
    let decades = if log && high / low >= 10.0 { powers(low, high) } else { Vec::new() };
    decades.into_iter().chain(steps(low, high, room)).find(apart).unwrap_or_default()
}

/// Sets of marks, the densest first: at 1, 2, 3, 5, 7 times powers of ten, then at fewer of these.
fn powers(low: f64, high: f64) -> Vec<Vec<Tick<f64>>> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let choices: [(&[i32], usize); 8] = [
        (&[1, 2, 3, 5, 7], 1),
        (&[1, 2, 5], 1),
        (&[1, 3], 1),
        (&[1], 1),
        (&[1], 2),
        (&[1], 5),
        (&[1], 20),
        (&[1], 100),
    ];
    let ticks = |(factors, every): (&[i32], usize)| -> Vec<Tick<f64>> {
        let powers = (first..=last).filter(|power| power.rem_euclid(every as i32) == 0);
        let marks = powers.flat_map(|power| factors.iter().map(move |factor| (*factor, power)));
        let known = marks.map(|(factor, power)| (decimal(factor.into(), power), power));
        let within = known.filter(|(at, _)| (low..=high).contains(at));
        within.map(|(at, power)| Tick { at, text: number(at, power) }).collect()
    };
    choices.into_iter().map(ticks).collect()
}

/// Sets of marks, the densest first: at multiples of 1, 2, 5 times a power of ten, then of the next powers.
fn steps(low: f64, high: f64, room: f64) -> Vec<Vec<Tick<f64>>> {
    let first = ((high - low) * room).log10().floor().clamp(-300.0, 300.0) as i32;
    let sizes = (first..first + 4).flat_map(|power| [1, 2, 5].map(|factor| (factor, power)));
    let ticks = |(factor, power): (i64, i32)| -> Vec<Tick<f64>> {
        let step = decimal(factor, power);
        let [from, to] = [(low / step).ceil(), (high / step).floor()];
        // An f64 does not tell whole numbers apart beyond 2^53; more marks than this never fit.
        if !(from.abs() < 9e15 && to.abs() < 9e15 && to - from < 10.0 / room.max(0.001)) {
            return Vec::new();
        }
        let at = |n: i64| decimal(n * factor, power);
        (from as i64..=to as i64).map(|n| Tick { at: at(n), text: number(at(n), power) }).collect()
    };
    sizes.map(ticks).filter(|ticks| !ticks.is_empty()).collect()
}

/// The number nearest to `factor * 10^power`.
fn decimal(factor: i64, power: i32) -> f64 {
    format!("{factor}e{power}").parse().unwrap_or(f64::NAN)
}

/// A price with as many decimals as the power of ten needs, thousands separated by commas.
fn number(value: f64, power: i32) -> String {
    if value != 0.0 && (value.abs() >= 1e9 || power < -8) {
        return format!("{value:e}");
    }
    let text = format!("{value:.*}", power.min(0).unsigned_abs() as usize);
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 && digit.is_ascii_digit() && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<T>(ticks: Vec<Tick<T>>) -> Vec<String> {
        ticks.into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn round_numbers() {
        assert_eq!(
            texts(prices(130.0, 70_000.0, true, 0.1)),
            ["200", "500", "1,000", "2,000", "5,000", "10,000", "20,000", "50,000"]
        );
        assert_eq!(texts(prices(0.00012, 2.0, true, 0.15)), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(texts(prices(91.0, 112.0, true, 0.15)), ["95", "100", "105", "110"]);
        assert_eq!(texts(prices(0.913, 0.931, false, 0.2)), ["0.915", "0.920", "0.925", "0.930"]);
        assert_eq!(texts(prices(-1500.0, 1500.0, false, 0.2)), ["-1,000", "0", "1,000"]);
    }

    #[test]
    fn dates_that_make_sense() {
        let day = |day: i64| day * MICROS_PER_DAY;
        assert_eq!(
            texts(times(day(5844), day(8844), true, |_| 0.07)),
            ["2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024"]
        );
        assert_eq!(
            texts(times(day(8800), day(8844), true, |_| 0.3)),
            ["2024-02-12", "2024-02-26", "2024-03-11"]
        );
        assert_eq!(
            texts(times(day(8700), day(8844), false, |n| n as f64 / 50.0)),
            ["2023-11", "2023-12", "2024-01", "2024-02", "2024-03"]
        );
        assert_eq!(
            texts(times(day(8800) - 1, day(8801), true, |_| 0.2)),
            ["2024-02-04", "06:00", "12:00", "18:00", "2024-02-05"]
        );
        assert_eq!(texts(times(day(8800) - 1, day(8801), false, |_| 0.2)), ["2024-02-04", "2024-02-05"]);
    }
}
