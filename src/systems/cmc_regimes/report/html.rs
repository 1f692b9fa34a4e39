//! A page of HTML as one line of ASCII, which any encoding holds and which COPY writes unchanged.

use std::fmt::Write;

/// The page, with its lines joined; characters beyond ASCII and the backslash become references to characters, control
/// characters the replacement character.
pub fn one_line(page: &str) -> String {
    let mut line = String::with_capacity(page.len());
    for part in page.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        for c in part.chars() {
            match c {
                '\\' => line.push_str("&#92;"),
                ' '..='~' => line.push(c),
                c => {
                    let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
                    // Writing to a String cannot fail.
                    let _ = write!(line, "&#{};", u32::from(c));
                }
            }
        }
    }
    line
}
