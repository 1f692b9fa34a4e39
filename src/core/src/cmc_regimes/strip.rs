//! A history of labels as a strip of cells, each with the dominant label of its rows.

use std::ops::Range;

use crate::cmc_regimes::label::{Label, Trend, Vol};

/// The trend of most rows, and the volatility of most rows with that trend; `None` where most rows have no
/// label, or without rows. A tie goes to the more cautious: known before unknown, `Down` before `Sideways`
/// before `Up`, the higher volatility.
pub fn dominant(labels: &[Option<Label>]) -> Option<(Trend, Vol)> {
    let trend_of = |label: &Option<Label>| label.map(Label::trend);
    let trends = [None].into_iter().chain(Trend::ALL.iter().copied().map(Some));
    let trend = trends.max_by_key(|trend| labels.iter().filter(|l| trend_of(l) == *trend).count())?;
    let trend = trend.filter(|_| !labels.is_empty())?;
    let of_trend =
        |vol: &Vol| labels.iter().flatten().filter(|l| (l.trend(), l.vol()) == (trend, *vol)).count();
    let vol = Vol::ALL.iter().copied().max_by_key(of_trend)?;
    Some((trend, vol))
}

/// The ranges of row indices of `cells` cells: all rows in order, divided as evenly as possible. With fewer
/// rows than cells, rows are in more than one cell.
pub fn cells(rows: usize, cells: usize) -> impl Iterator<Item = Range<usize>> {
    let begin = move |cell: usize| (cell as u128 * rows as u128 / cells.max(1) as u128) as usize;
    (0..cells).map(move |cell| begin(cell)..begin(cell + 1).max(begin(cell) + 1).min(rows))
}

/// The character of a cell: its direction shows the trend, its weight the volatility.
pub fn glyph(cell: Option<(Trend, Vol)>) -> char {
    let Some((trend, vol)) = cell else { return UNKNOWN };
    let of_trend = match trend {
        Trend::Up => ['▵', '▴', '▲'],
        Trend::Sideways => ['·', '─', '━'],
        Trend::Down => ['▿', '▾', '▼'],
    };
    of_trend[vol as usize]
}

/// The character of rows without a label.
pub const UNKNOWN: char = '?';

/// A history, one label per row in ascending time, as one line of `width` characters, each for the
/// [`dominant`] label of its cell; empty without rows.
pub fn line(labels: &[Option<Label>], width: usize) -> String {
    let width = if labels.is_empty() { 0 } else { width };
    cells(labels.len(), width).map(|rows| glyph(dominant(&labels[rows]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::label::Liq;

    #[test]
    fn the_trend_is_chosen_before_the_volatility() {
        let label = |trend, vol| Some(Label::new(trend, vol, Liq::Normal));
        let up = |vol| label(Trend::Up, vol);
        let down = label(Trend::Down, Vol::Low);
        let cell = [down, down, up(Vol::Low), up(Vol::Normal), up(Vol::Normal)];
        assert_eq!(dominant(&cell), Some((Trend::Up, Vol::Normal)));
        assert_eq!(dominant(&cell[..4]), Some((Trend::Down, Vol::Low)));
        assert_eq!(dominant(&[None, down]), Some((Trend::Down, Vol::Low)));
        assert_eq!(dominant(&[None, None, down]), None);
        assert_eq!(line(&cell, 5), "▿▿▵▴▴");
        assert_eq!(line(&cell[2..3], 3), "▵▵▵");
        assert_eq!(line(&[], 3), "");
    }
}
