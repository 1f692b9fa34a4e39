//! Words of messages, and templates of SQL.

use std::collections::HashMap;

/// A noun in the number that a count asks for: `row` or `rows`.
pub fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// A text as messages have it: whole up to `most` bytes, of a longer one the beginning and the end.
pub fn shortened(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let (begin, end) =
        (text.floor_char_boundary(most * 2 / 3), text.ceil_char_boundary(text.len() - most / 3));
    format!("{}…{}", &text[..begin], &text[end..])
}

/// A template with its placeholders, names in braces, replaced by their values. Braces around anything else stay, and
/// values are not searched for placeholders.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let placeholder = after.split_once('}').and_then(|(name, rest)| {
            let value = values.iter().find(|(known, _)| *known == name)?.1;
            Some((value, rest))
        });
        rest = match placeholder {
            Some((value, rest)) => {
                filled.push_str(value);
                rest
            }
            None => {
                filled.push('{');
                after
            }
        };
    }
    filled + rest
}

/// The parts of a file of templates, each below a line `--; NAME`, by their names.
pub fn blocks(file: &str) -> HashMap<&str, &str> {
    let parts = file.split("\n--; ").skip(1).filter_map(|part| part.split_once('\n'));
    parts.map(|(name, text)| (name, text.trim_end_matches('\n'))).collect()
}

/// The part of a file of templates below the line `--; NAME`, up to the next such line.
pub fn block<'a>(file: &'a str, name: &str) -> &'a str {
    let begin = format!("--; {name}\n");
    let rest = file.split_once(&begin).map_or("", |(_, rest)| rest);
    rest.split("\n--; ").next().unwrap_or(rest).trim_end_matches('\n')
}
