//! Complaints about source rows, and their summary: a row for each kind, however many assets or series have it.

use regime_core::calendar::civil::MICROS_PER_DAY;

use crate::output::finding::{Severity, is_statement, of_error};
use crate::pg::plural;

/// A fault of the source rows of one asset or series, `Who`, in one layer or timeframe, `Place`.
#[derive(Clone, Debug)]
pub struct Complaint<Who, Place> {
    pub severity: Severity,
    /// `None` where the fault concerns all.
    pub who: Option<Who>,
    /// `None` where the fault concerns all layers or timeframes.
    pub place: Option<Place>,
    /// What is wrong, in words that are the same for everyone.
    pub kind: String,
    /// What follows these words and varies, or nothing.
    pub varying: String,
    /// How many rows have the fault.
    pub n: Option<i64>,
    /// The time of the first of them, in microseconds since 2000.
    pub first: Option<i64>,
    /// A statement that runs as it stands, and shows or repairs the fault.
    pub command: Option<String>,
    /// What else to do, in words.
    pub advice: Option<String>,
}

impl<Who, Place> Complaint<Who, Place> {
    /// What complaints share that are summed up as one.
    fn key(&self) -> (Severity, Option<&Place>, &str) {
        (self.severity, self.place.as_ref(), &self.kind)
    }

    /// A fault of no one and no rows in particular.
    pub fn of_all(severity: Severity, kind: impl Into<String>) -> Self {
        Self {
            severity,
            who: None,
            place: None,
            kind: kind.into(),
            varying: String::new(),
            n: None,
            first: None,
            command: None,
            advice: None,
        }
    }

    /// What is wrong, in full.
    pub fn problem(&self) -> String {
        format!("{}{}", self.kind, self.varying)
    }

    /// The complaint with a statement to type.
    pub fn typed(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    /// The complaint with what to do, in words.
    pub fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// The complaint with the hint of an error: of ours a statement to type, or words; any other one, which somebody else may have
    /// chosen, is words.
    pub fn hinted(self, own: Option<&str>, any: Option<&str>) -> Self {
        match (own, any) {
            (Some(hint), _) if is_statement(hint) => self.typed(hint),
            (Some(hint), _) => self.advised(hint),
            (None, Some(hint)) => self.advised(of_error(hint)),
            (None, None) => self,
        }
    }
}

/// How many rows have a fault, and the time of the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub n: i64,
    /// Microseconds since 2000.
    pub first: Option<i64>,
}

impl Tally {
    /// Counts one more, at this time.
    pub fn add(&mut self, ts: i64) {
        self.n += 1;
        self.first = Some(self.first.map_or(ts, |first| first.min(ts)));
    }

    /// The tally of these times.
    pub fn of(moments: impl IntoIterator<Item = i64>) -> Self {
        let mut tally = Tally::default();
        moments.into_iter().for_each(|ts| tally.add(ts));
        tally
    }
}

/// A kind of fault in one layer or timeframe, and who has it.
pub struct Summary<Who, Place> {
    pub severity: Severity,
    pub place: Option<Place>,
    /// In full where all have the same, else the words that are the same.
    pub problem: String,
    /// All who have the fault.
    pub who: Vec<Who>,
    /// The rows of all of them.
    pub n: Option<i64>,
    pub first: Option<i64>,
    pub command: Option<String>,
    pub advice: Option<String>,
}

/// The complaints summed up, the worst first. Where the commands of several differ, `details` gives one for all, of the place, the words of the
/// kind, and who has the fault.
pub fn summed_up<Who: Clone + PartialEq, Place: Clone + Ord>(
    mut complaints: Vec<Complaint<Who, Place>>,
    details: impl Fn(Option<&Place>, &str, &[Who]) -> String,
) -> Vec<Summary<Who, Place>> {
    let summary = |all: &[Complaint<Who, Place>]| {
        let mut who: Vec<Who> = all.iter().filter_map(|complaint| complaint.who.clone()).collect();
        // Who has a fault in several variations, such as periods, has them one after another.
        who.dedup();
        let Complaint { severity, place, kind, varying, command, advice, .. } = &all[0];
        let is_same = all.iter().all(|other| other.varying == *varying);
        let command = match all.iter().all(|other| other.command == *command) {
            true => command.clone(),
            false => Some(details(place.as_ref(), kind, &who)),
        };
        Summary {
            severity: *severity,
            place: place.clone(),
            problem: if is_same { all[0].problem() } else { kind.clone() },
            n: all.iter().filter_map(|complaint| complaint.n).reduce(|a, b| a + b),
            first: all.iter().filter_map(|complaint| complaint.first).min(),
            command,
            advice: advice.clone(),
            who,
        }
    };
    complaints.sort_by(|a, b| a.key().cmp(&b.key()));
    complaints.chunk_by(|a, b| a.key() == b.key()).map(summary).collect()
}

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// A length of time for a reader, to the hour, or to the minute where it is shorter than an hour.
pub fn told_length(micros: i64) -> String {
    let unit = |n: i64, name: &str| format!("{n} {}", plural(n.unsigned_abs(), name));
    match (micros / MICROS_PER_DAY, micros % MICROS_PER_DAY / HOUR) {
        (0, 0) => unit(micros / 60_000_000, "minute"),
        (0, hours) => unit(hours, "hour"),
        (days, 0) => unit(days, "day"),
        (days, hours) => format!("{} {}", unit(days, "day"), unit(hours, "hour")),
    }
}
