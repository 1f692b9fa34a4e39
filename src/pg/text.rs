//! Words of messages.

/// A noun in the number that a count asks for: `row` or `rows`.
pub fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
