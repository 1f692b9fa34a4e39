//! Flips: where a series of labels changes.

/// A change of label at a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip<T> {
    /// Index of the first row with the new label.
    pub row: usize,
    /// The label before, `None` for the first of the series.
    pub old: Option<T>,
    /// The label from here on.
    pub new: T,
    /// Rows that the old one lasted, `None` for the first.
    pub duration: Option<u32>,
}

/// The flips of a series, in order; rows without a label are skipped.
pub fn flips<T: Copy + PartialEq>(labels: impl IntoIterator<Item = Option<T>>) -> Vec<Flip<T>> {
    let mut flips = Vec::new();
    let mut current: Option<(T, u32)> = None;
    for (row, label) in labels.into_iter().enumerate() {
        let Some(new) = label else { continue };
        current = match current {
            Some((old, rows)) if old == new => Some((old, rows + 1)),
            before => {
                let (old, duration) = (before.map(|b| b.0), before.map(|b| b.1));
                flips.push(Flip { row, old, new, duration });
                Some((new, 1))
            }
        };
    }
    flips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_label_are_skipped_and_do_not_count() {
        let got = flips([None, Some('a'), None, Some('a'), Some('b'), Some('a')]);
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
