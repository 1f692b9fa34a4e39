//! Days counted from 2000-01-01, a Saturday, and their dates in the proleptic Gregorian calendar.

/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

const DAYS_PER_400_YEARS: i64 = 146_097;
/// Days from 2000-01-01 to 2000-03-01.
const TO_MARCH: i64 = 60;

/// The UTC day of a moment: microseconds since 2000 to days since 2000-01-01.
pub const fn day_of(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_DAY)
}

/// The day of the week of a day since 2000-01-01, from 0 for Monday to 6 for Sunday.
pub const fn weekday(day: i64) -> i64 {
    (day + 5).rem_euclid(7)
}

/// Year, month (1 to 12) and day of the month (1 to 31) of a day since 2000-01-01.
pub const fn civil(day: i64) -> (i64, i64, i64) {
    // Years that begin on 1 March have the leap day last: the months of such a year begin on day
    // `(153 * month + 2) / 5`, whatever the year.
    let (era, of_era) =
        ((day - TO_MARCH).div_euclid(DAYS_PER_400_YEARS), (day - TO_MARCH).rem_euclid(DAYS_PER_400_YEARS));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let next = if month >= 10 { 1 } else { 0 };
    (2000 + 400 * era + year + next, month + 3 - 12 * next, date)
}

/// The month of a day since 2000-01-01, counted from January of year 0.
pub const fn month_of(day: i64) -> i64 {
    let (year, month, _) = civil(day);
    12 * year + month - 1
}

/// The first day of a month, in days since 2000-01-01; months are counted from January of year 0.
pub const fn first_of(month: i64) -> i64 {
    let (year, of_year) = ((month - 2).div_euclid(12), (month - 2).rem_euclid(12));
    let of_era = year.rem_euclid(400);
    let days = 365 * of_era + of_era / 4 - of_era / 100 + (153 * of_year + 2) / 5;
    // Five times 400 years lie between 1 March of year 0 and 1 March 2000.
    (year.div_euclid(400) - 5) * DAYS_PER_400_YEARS + days + TO_MARCH
}

/// The UTC date of a moment in microseconds since 2000, such as `2024-03-18`.
pub fn date(micros: i64) -> String {
    date_of(day_of(micros))
}

/// A day since 2000-01-01 as a date, such as `2024-03-18`, or `0044-03-15 BC` as PostgreSQL writes years before 1.
pub fn date_of(day: i64) -> String {
    let (year, month, day) = civil(day);
    match year {
        1.. => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{:04}-{month:02}-{day:02} BC", 1 - year),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (day, text) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (-1, "1999-12-31"),
            (8843, "2024-03-18"),
            (-10957, "1970-01-01"),
            (-36465, "1900-03-01"),
        ] {
            assert_eq!(date(day * MICROS_PER_DAY), text);
        }
    }

    #[test]
    fn months_follow_each_other_as_in_the_gregorian_calendar() {
        // From 1600-01-01, 146,097 days before 2000-01-01, over 800 years.
        let mut day = -DAYS_PER_400_YEARS;
        for year in 1600..2400 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                assert_eq!(first_of(12 * year + month - 1), day);
                for date in 1..=length {
                    assert_eq!(civil(day), (year, month, date));
                    assert_eq!(month_of(day), 12 * year + month - 1);
                    day += 1;
                }
            }
        }
        assert_eq!(day, DAYS_PER_400_YEARS);
    }

    #[test]
    fn known_weekdays() {
        // 1999-12-27 and 2024-01-01 are Mondays.
        assert_eq!([-5, 0, 1, 2, 8_766].map(weekday), [0, 5, 6, 0, 0]);
    }
}
