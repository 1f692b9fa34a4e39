//! Labels from elsewhere as a layer: of a relation of labels, each with the time when it was known, carried forward onto daily
//! rows and never seen earlier.

use std::collections::HashMap;

use crate::cmc_regimes::align::as_of;
use crate::cmc_regimes::fingerprint::{Print, prints_of};
use crate::cmc_regimes::hysteresis::{Decision, Mode, State};
use crate::cmc_regimes::policy::{Effect, Policy, Risk};
use crate::words;

words!(
    /// A layer whose labels may come from elsewhere.
    OutsideLayer {
        /// In place of intraday bars.
        L3 = "L3",
        /// Macro regimes, or the states of a model.
        L4 = "L4",
    }
);

/// A value for L3 and one for L4.
pub type PerOutside<T> = [T; 2];

/// A label as its relation has it; moments are microseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The time that the label is of.
    pub ts: i64,
    /// When the label was known.
    pub known: i64,
    /// The label.
    pub label: String,
}

impl Told {
    /// The moment from which rows may see the label: once it is known, and not before the time that it is of.
    pub fn from(&self) -> i64 {
        self.ts.max(self.known)
    }
}

/// The labels of a layer for an asset that are ever in force, each from the moment on that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideLabels {
    /// Moments from which each label is in force, strictly ascending.
    from: Vec<i64>,
    /// The labels, and the index in `names` of each.
    told: Vec<Told>,
    name: Vec<u32>,
    /// The different labels.
    names: Vec<String>,
}

impl OutsideLabels {
    /// The labels that are ever in force of these, in any order: one of a later time stays in force when an earlier time is
    /// labelled anew, and of the labels of a time the one that was known last is in force.
    ///
    /// # Errors
    /// The earliest time and moment that two labels share.
    pub fn of(mut all: Vec<Told>) -> Result<Self, Told> {
        all.sort_unstable_by_key(|told| (told.from(), told.ts, told.known));
        let same = |pair: &&[Told]| (pair[0].ts, pair[0].known) == (pair[1].ts, pair[1].known);
        if let Some(twice) = all.windows(2).find(same) {
            return Err(twice[0].clone());
        }
        let mut labels = Self::default();
        for told in all {
            if labels.told.last().is_some_and(|last| (told.ts, told.known) < (last.ts, last.known)) {
                continue;
            }
            if labels.from.last() == Some(&told.from()) {
                labels.from.pop();
                labels.told.pop();
            }
            labels.from.push(told.from());
            labels.told.push(told);
        }
        let mut index: HashMap<&str, u32> = HashMap::new();
        for told in &labels.told {
            let name = *index.entry(&told.label).or_insert_with(|| {
                labels.names.push(told.label.clone());
                labels.names.len() as u32 - 1
            });
            labels.name.push(name);
        }
        Ok(labels)
    }

    /// The different labels, in the order in which they first come into force.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Number of labels that are in force at or before a moment, in microseconds.
    pub fn until(&self, moment: i64) -> usize {
        self.from.partition_point(|from| *from <= moment)
    }

    /// The label in force at a moment, in microseconds.
    pub fn at(&self, moment: i64) -> Option<&Told> {
        self.told.get(self.until(moment).checked_sub(1)?)
    }

    /// Fingerprints of the labels in force up to a moment (microseconds), block by block.
    pub fn prints(&self, until: i64) -> Vec<Print> {
        let words = |i: usize| {
            let Told { ts, known, label } = &self.told[i];
            let (whole, rest) = label.as_bytes().as_chunks::<8>();
            let last = rest.iter().fold(label.len() as u64, |word, byte| word << 8 | u64::from(*byte));
            let text = whole.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect::<Vec<_>>();
            [*ts as u64, *known as u64, last].into_iter().chain(text)
        };
        prints_of(None, &self.from, self.until(until), words)
    }
}

/// How changes of the labels of a layer are held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutsideParams {
    /// Consecutive labels of the layer that must show a held change; 0 accepts every label.
    pub hold: u32,
    /// Whether a column says when a label was known.
    pub known: bool,
}

/// The labels of a layer, those that hysteresis accepts, and what they do to a policy.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The labels as their relation has them.
    pub labels: &'a OutsideLabels,
    /// Hysteresis before and after each label, and what was done with the label.
    steps: Vec<(State<u32>, Decision, State<u32>)>,
    effects: Vec<Effect>,
}

/// The label of a layer on a row: accepted and raw, as indices of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The label in force.
    pub accepted: u32,
    /// The newest label.
    pub raw: u32,
}

/// The labels of a layer on rows, `None` before the first.
pub type Pairs = Vec<Option<Pair>>;

impl<'a> Prepared<'a> {
    /// Runs hysteresis over the labels; it counts labels, not rows.
    pub fn new(labels: &'a OutsideLabels, policy: &Policy, mode: Mode, hold: u32) -> Self {
        let effects: Vec<Effect> = labels.names.iter().map(|name| policy.effect_of(name)).collect();
        let alone = |name: u32| Risk::START.tighten(effects[name as usize].risk);
        let mut state = State::default();
        let step = |name: &u32| {
            let before = state;
            let decision =
                state.decide(Some(*name), mode, hold, |old, new| alone(new).is_tighter(alone(old)));
            (before, decision, state)
        };
        let steps = labels.name.iter().map(step).collect();
        Self { labels, steps, effects }
    }

    /// The labels on rows, by ascending time (microseconds).
    pub fn on(&self, rows: &[i64]) -> Pairs {
        let pair = |label: usize| {
            let (.., after) = self.steps[label];
            Some(Pair { accepted: after.accepted?, raw: self.labels.name[label] })
        };
        as_of(rows, &self.labels.from).into_iter().map(|label| label.and_then(pair)).collect()
    }

    /// The text of a label.
    pub fn text(&self, name: u32) -> &'a str {
        &self.labels.names[name as usize]
    }

    /// The effect of a label on a policy.
    pub fn effect(&self, name: u32) -> &Effect {
        &self.effects[name as usize]
    }

    /// The reasons for the label in force on a row, at a time in microseconds; `None` before the first.
    pub fn facts(&self, row: i64) -> Option<OutsideFacts> {
        let label = self.labels.until(row).checked_sub(1)?;
        let (before, decision, after) = self.steps[label];
        let text = |name: Option<u32>| name.map(|name| self.text(name).to_owned());
        Some(OutsideFacts {
            number: label + 1,
            told: self.labels.told[label].clone(),
            before: text(before.accepted),
            decision,
            accepted: text(after.accepted).unwrap_or_default(),
            pending: text(after.pending),
        })
    }
}

/// The reasons for the label of a layer on a row.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideFacts {
    /// The number of the newest label among those that are ever in force, from 1.
    pub number: usize,
    /// The newest label that was known.
    pub told: Told,
    /// The label in force before.
    pub before: Option<String>,
    /// What hysteresis did with the newest label.
    pub decision: Decision,
    /// The label in force.
    pub accepted: String,
    /// The label that waits.
    pub pending: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ts: i64, known: i64, label: &str) -> Told {
        Told { ts, known, label: label.to_owned() }
    }

    fn at(all: &[(i64, i64, &str)], moment: i64) -> Option<String> {
        let labels = OutsideLabels::of(all.iter().map(|(ts, known, l)| told(*ts, *known, l)).collect());
        labels.expect("labels").at(moment).map(|told| told.label.clone())
    }

    #[test]
    fn a_label_counts_from_when_it_was_known_and_not_before_its_time() {
        let all = [(10, 15, "late"), (20, 5, "early")];
        assert_eq!(
            [14, 15, 19, 20].map(|t| at(&all, t)),
            [None, Some("late".into()), Some("late".into()), Some("early".into())]
        );
    }

    #[test]
    fn a_revision_of_an_earlier_time_leaves_the_later_label_in_force() {
        let all = [(10, 11, "a"), (20, 21, "b"), (10, 30, "a again"), (20, 40, "b again")];
        assert_eq!([29, 30, 39, 40].map(|t| at(&all, t).expect("a label")), ["b", "b", "b", "b again"]);
    }

    #[test]
    fn two_labels_of_one_time_and_moment_are_refused() {
        let all = vec![told(1, 2, "a"), told(1, 2, "b")];
        assert_eq!(OutsideLabels::of(all), Err(told(1, 2, "a")));
    }
}
