//! What is counted of a subject: a line of the keys, and of each column a line for each difference.

use std::collections::BTreeMap;

use regime_core::compare::Cell;

use crate::output::compare::{In, Pair, Subject, Theirs, Verdicts, text_of};
use crate::pg::midnight;

/// A line of a comparison.
#[derive(Debug, Default)]
pub struct Line {
    pub id: Option<i32>,
    pub symbol: Option<String>,
    pub timeframe: Option<String>,
    /// `None` for the keys.
    pub column: Option<&'static str>,
    /// Rows in both tables.
    pub n: i64,
    /// Of a column: rows that agree, and rows that differ by the difference of the line.
    pub agree: Option<i64>,
    pub differ: Option<i64>,
    /// Of the keys: rows that are in one table only, by the difference of the line.
    pub only_theirs: Option<i64>,
    pub only_ours: Option<i64>,
    /// The first of them: its time in microseconds since 2000, the rest of its key, its values.
    pub first: Option<i64>,
    pub first_key: Option<String>,
    pub theirs: Option<String>,
    pub ours: Option<String>,
    /// The number of the known difference, and what it is.
    pub difference: Option<u32>,
    pub explanation: Option<&'static str>,
}

/// Lines in the order of the numbers of their differences; what no difference explains comes last.
type ByDifference = BTreeMap<(bool, Option<u32>), Line>;

/// The lines of a subject.
pub fn lines(theirs: &Theirs, subject: &Subject, verdicts: &Verdicts) -> Vec<Line> {
    let compared = theirs.compared;
    let line = |column, difference: Option<u32>| Line {
        id: subject.id,
        symbol: subject.symbol.clone(),
        timeframe: subject.timeframe.clone(),
        column,
        n: subject.both as i64,
        difference,
        explanation: difference.and_then(|number| compared.differences.get(number as usize - 1).copied()),
        ..Line::default()
    };
    let mut all = of_keys(subject, verdicts, |number| line(None, number));
    let columns = compared.table.values.iter().enumerate().filter(|(n, _)| theirs.values[*n].is_some());
    for (n, column) in columns {
        all.extend(of_column(subject, verdicts, n, |number| line(Some(column.name), number)));
    }
    all
}

/// The lines of the keys, from a line without counts of each difference.
fn of_keys(subject: &Subject, verdicts: &Verdicts, line: impl Fn(Option<u32>) -> Line) -> Vec<Line> {
    let mut lines = ByDifference::new();
    for (n, pair) in subject.pairs.iter().enumerate().filter(|(_, pair)| pair.of != In::Both) {
        let number = verdicts.of_row(n);
        let line = lines.entry((number.is_none(), number)).or_insert_with(|| first(line(number), pair));
        let count = if pair.of == In::Theirs { &mut line.only_theirs } else { &mut line.only_ours };
        *count.get_or_insert_default() += 1;
    }
    let lines = if lines.is_empty() { vec![line(None)] } else { lines.into_values().collect() };
    let counted = |line: Line| Line {
        only_theirs: line.only_theirs.or(Some(0)),
        only_ours: line.only_ours.or(Some(0)),
        ..line
    };
    lines.into_iter().map(counted).collect()
}

/// The lines of a column, from a line without counts of each difference.
fn of_column(
    subject: &Subject,
    verdicts: &Verdicts,
    column: usize,
    line: impl Fn(Option<u32>) -> Line,
) -> Vec<Line> {
    let mut lines = ByDifference::new();
    let mut differ = 0;
    for (n, pair) in subject.pairs.iter().enumerate().filter(|(_, pair)| pair.differs(column)) {
        let number = verdicts.of(n, column);
        let line = lines.entry((number.is_none(), number)).or_insert_with(|| Line {
            theirs: text_of(&pair.theirs[column]),
            ours: text_of(&pair.ours[column]),
            ..first(line(number), pair)
        });
        *line.differ.get_or_insert_default() += 1;
        differ += 1;
    }
    let lines = if lines.is_empty() { vec![line(None)] } else { lines.into_values().collect() };
    let agree = Some(subject.both as i64 - differ);
    lines.into_iter().map(|line| Line { agree, differ: line.differ.or(Some(0)), ..line }).collect()
}

/// A line with the key of its first row.
fn first(line: Line, pair: &Pair) -> Line {
    let (first, rest) = match pair.key.split_first() {
        Some((Cell::Micros(at), rest)) => (Some(*at), rest),
        Some((Cell::Days(days), rest)) => (Some(midnight(*days)), rest),
        _ => (None, &pair.key[..]),
    };
    let rest: Vec<String> = rest.iter().filter_map(text_of).collect();
    Line { first, first_key: (!rest.is_empty()).then(|| rest.join(", ")), ..line }
}
