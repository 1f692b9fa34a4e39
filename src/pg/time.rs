//! Lengths of time: SQL intervals in microseconds. A day has 24 hours and a month 30 days, as when PostgreSQL
//! compares intervals.

use pgrx::prelude::*;

use pgrx::datum::Interval;

use regime_core::calendar::civil::{MICROS_PER_DAY, date_of};

/// An interval in microseconds.
pub fn micros(interval: &Interval) -> i128 {
    let days = i128::from(interval.months()) * 30 + i128::from(interval.days());
    days * i128::from(MICROS_PER_DAY) + i128::from(interval.micros())
}

/// Microseconds as an interval of days and time.
pub fn interval(micros: i64) -> Option<Interval> {
    Interval::new(0, i32::try_from(micros / MICROS_PER_DAY).ok()?, micros % MICROS_PER_DAY).ok()
}

/// Microseconds for a reader: `3 days 02:30:00`, without what is zero.
pub fn shown(micros: i64) -> String {
    let (days, rest) = (micros / MICROS_PER_DAY, micros % MICROS_PER_DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let mut parts = Vec::new();
    match days {
        0 => {}
        1 => parts.push("1 day".to_owned()),
        n => parts.push(format!("{n} days")),
    }
    if rest != 0 || days == 0 {
        let mut time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if fraction != 0 {
            time.push_str(format!(".{fraction:06}").trim_end_matches('0'));
        }
        parts.push(time);
    }
    parts.join(" ")
}

/// A moment that may be infinite as text, in UTC.
pub fn moment(micros: i64) -> String {
    match micros {
        i64::MIN => "-infinity".to_owned(),
        i64::MAX => "infinity".to_owned(),
        micros => utc(micros),
    }
}

/// A moment as text, in UTC whatever the session's time zone, so that messages compare.
pub fn utc(micros: i64) -> String {
    match Timestamp::try_from(micros) {
        Ok(ts) => {
            let text = ts.to_iso_string().replacen('T', " ", 1);
            if ts.is_infinity() || ts.is_neg_infinity() {
                return text;
            }
            match text.strip_suffix(" BC") {
                Some(text) => format!("{text}+00 BC"),
                None => format!("{text}+00"),
            }
        }
        Err(_) => format!("{micros} microseconds after 2000-01-01 00:00:00+00"),
    }
}

/// A day since 2000 as text.
pub fn day_shown(day: i32) -> String {
    match day {
        i32::MIN => "-infinity".to_owned(),
        i32::MAX => "infinity".to_owned(),
        day => date_of(i64::from(day)),
    }
}

/// When a day since 2000 begins in UTC, in microseconds since 2000; a day that no timestamp can have is infinite.
pub fn midnight(day: i32) -> i64 {
    i64::from(day).saturating_mul(MICROS_PER_DAY)
}
