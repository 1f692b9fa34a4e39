//! A history of labels as a strip of cells, each with the dominant label of its rows.

use std::ops::Range;

/// A label as a strip shows it: its group, and its degree within the group, each from the least to the most cautious.
pub type Cell = (u8, u8);

/// The group of most rows, and the degree of most rows in that group; `None` where most rows have no label, or without
/// rows. A tie goes to the more cautious: known before unknown, the later group, the higher degree.
pub fn dominant(labels: &[Option<Cell>]) -> Option<Cell> {
    let group = most(labels.iter().map(|label| label.map(|(group, _)| group)))??;
    let degrees = labels.iter().flatten().filter(|(own, _)| *own == group).map(|(_, degree)| *degree);
    most(degrees).map(|degree| (group, degree))
}

/// The most frequent key, of several the greatest.
fn most<K: Ord>(keys: impl Iterator<Item = K>) -> Option<K> {
    // There are few keys.
    let mut counts = Vec::<(usize, K)>::new();
    for key in keys {
        match counts.iter_mut().find(|(_, known)| *known == key) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, key)),
        }
    }
    counts.into_iter().max().map(|(_, key)| key)
}

/// The ranges of row indices of `cells` cells: all rows in order, divided as evenly as possible. With fewer
/// rows than cells, rows are in more than one cell.
pub fn cells(rows: usize, cells: usize) -> impl Iterator<Item = Range<usize>> {
    let begin = move |cell: usize| (cell as u128 * rows as u128 / cells.max(1) as u128) as usize;
    (0..cells).map(move |cell| begin(cell)..begin(cell + 1).max(begin(cell) + 1).min(rows))
}

/// The rows whose label is not that of the last row before that has one; rows without a label, and the first with one,
/// are none of these.
pub fn changes<T: PartialEq>(labels: impl IntoIterator<Item = Option<T>>) -> Vec<usize> {
    let mut last = None;
    let mut changed = |(row, label): (usize, Option<T>)| {
        let label = label?;
        let before = last.replace(label)?;
        (last.as_ref() != Some(&before)).then_some(row)
    };
    labels.into_iter().enumerate().filter_map(&mut changed).collect()
}

/// A history, one label per row in ascending time, as one line of `width` characters, each for the
/// [`dominant`] label of its cell; empty without rows.
pub fn line(labels: &[Option<Cell>], width: usize, glyph: impl Fn(Option<Cell>) -> char) -> String {
    let width = if labels.is_empty() { 0 } else { width };
    cells(labels.len(), width).map(|rows| glyph(dominant(&labels[rows]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyph(cell: Option<Cell>) -> char {
        cell.map_or('?', |(group, degree)| char::from(b'a' + 3 * group + degree))
    }

    #[test]
    fn the_group_is_chosen_before_the_degree() {
        let down = Some((2, 0));
        let cell = [down, down, Some((0, 0)), Some((0, 1)), Some((0, 1))];
        assert_eq!(dominant(&cell), Some((0, 1)));
        assert_eq!(dominant(&cell[..4]), Some((2, 0)));
        assert_eq!(dominant(&[None, down]), down);
        assert_eq!(dominant(&[None, None, down]), None);
        assert_eq!(dominant(&[]), None);
        assert_eq!(line(&cell, 5, glyph), "ggabb");
        assert_eq!(line(&cell[2..3], 3, glyph), "aaa");
        assert_eq!(line(&[None], 1, glyph), "?");
        assert_eq!(line(&[], 3, glyph), "");
    }

    #[test]
    fn a_gap_is_no_change() {
        let labels = [None, Some('a'), None, Some('a'), Some('b'), None, Some('a')];
        assert_eq!(changes(labels), [4, 6]);
    }
}
