//! A history as a line of characters.

use regime_core::calendar::civil::date;
use regime_core::strip;

use crate::output::picture::svg::one_line;
use crate::output::picture::{History, Look};
use crate::pg::{Result, check_range, plural};

/// The character of rows without a label.
const UNKNOWN: char = '?';

/// The width that a caller asks for, in characters.
///
/// # Errors
/// Where the width is out of range.
pub fn characters(width: Option<i32>) -> Result<usize> {
    Ok(check_range("width", width, 10, 1000)?.unwrap_or(80) as usize)
}

/// The line, its dates with the subject between these, and what the characters mean; `None` without rows. `width` is in
/// characters.
pub fn timeline(history: &History, width: usize) -> Option<String> {
    let History { subject, ts, cells, look, .. } = history;
    let (first, last) = (date(*ts.first()?), date(*ts.last()?));
    let mut dates =
        format!("{first}{last:>rest$}", rest = width.saturating_sub(first.len()).max(last.len() + 1));
    if let Some(subject) = subject.as_deref().map(one_line) {
        // Between the dates, where there is room.
        let (letters, room) = (subject.chars().count(), dates.len() - first.len() - last.len());
        if letters + 2 <= room {
            let at = first.len() + (room - letters) / 2;
            dates.replace_range(at..at + letters, &subject);
        }
    }
    let glyph = |cell| look.band(cell).map_or(UNKNOWN, |band| band.glyph);
    Some(format!("{}\n{dates}\n{}", strip::line(cells, width, glyph), key(history, width)))
}

/// Most characters in a line of the key.
const KEY: usize = 100;

fn key(History { cells, look, .. }: &History, width: usize) -> String {
    let Look { groups, degrees, rows } = look;
    let mut key = String::new();
    let mut letters = 0;
    for group in *groups {
        let glyphs: String = group.degrees.iter().map(|band| band.glyph).collect();
        let named = format!("{glyphs} {}", group.name);
        let more = named.chars().count() + 2;
        let separator = if letters == 0 {
            ""
        } else if letters + more > KEY {
            letters = 0;
            ",\n"
        } else {
            ", "
        };
        letters += more;
        key = key + separator + &named;
    }
    let degrees = degrees.map_or(String::new(), |degrees| format!(" in {degrees}"));
    let unknown = if cells.contains(&None) { format!("; {UNKNOWN} no label") } else { String::new() };
    let bars = cells.len();
    let each = match rows.strip_suffix('s') {
        Some(row) if bars < width => format!("{bars} {} in {width} characters", plural(bars as u64, row)),
        _ => format!("{:.1} {rows} a character", bars as f64 / width as f64),
    };
    format!("{key}{degrees}{unknown}; {each}")
}
