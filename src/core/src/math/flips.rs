//! Flips: the rows where a series of labels changes (specification 1, section 6).

use serde::{Deserialize, Serialize};

/// A change of label at a row; labels of type `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip<T> {
    /// Index of the first row with the new label, from 0.
    pub row: usize,
    /// The label before, `None` for the first flip of the series.
    pub old: Option<T>,
    /// The label from here on.
    pub new: T,
    /// Rows that the old label lasted, `None` for the first flip of the series.
    pub duration: Option<u32>,
}

impl<T> Flip<T> {
    /// The flip with its labels renamed.
    pub fn map<U>(self, name: impl Fn(T) -> U) -> Flip<U> {
        Flip { row: self.row, old: self.old.map(&name), new: name(self.new), duration: self.duration }
    }
}

/// The current label of a series and its number of rows so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run<T> {
    /// The label.
    pub label: T,
    /// Rows with the label so far.
    pub rows: u32,
}

/// The flips of further rows of a series in ascending time, counted from 0; rows without a label are skipped. `current` is
/// the run before these rows, `None` before the first, and afterwards the run at the last of these rows.
pub fn flips_after<T: Clone + PartialEq>(
    current: &mut Option<Run<T>>,
    labels: impl IntoIterator<Item = Option<T>>,
) -> Vec<Flip<T>> {
    let mut flips = Vec::new();
    for (row, label) in labels.into_iter().enumerate() {
        let Some(new) = label else { continue };
        match current.as_mut().filter(|run| run.label == new) {
            Some(run) => run.rows += 1,
            None => {
                let before = current.replace(Run { label: new.clone(), rows: 1 });
                let duration = before.as_ref().map(|run| run.rows);
                let old = before.map(|run| run.label);
                flips.push(Flip { row, old, new, duration });
            }
        }
    }
    flips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_label_are_skipped_and_do_not_count() {
        let got = flips_after(&mut None, [None, Some('a'), None, Some('a'), Some('b'), Some('a')]);
        assert_eq!(
            got,
            [
                Flip { row: 1, old: None, new: 'a', duration: None },
                Flip { row: 4, old: Some('a'), new: 'b', duration: Some(2) },
                Flip { row: 5, old: Some('b'), new: 'a', duration: Some(1) },
            ]
        );
    }
}
