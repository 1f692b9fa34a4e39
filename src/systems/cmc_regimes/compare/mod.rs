//! What is known of the layered regimes of others: by which difference from the original a row differs.
//!
//! A difference explains a value only where the values of the row, or computing the asset anew the other way, decide that it
//! does. A value that takes several differences counts under the one of them that was tried last.

mod again;
mod risk;

use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::compare::Cell;

use crate::output::compare::{Compared, In, Pair, Subject, Verdicts};
use crate::pg::{Db, Result};
use crate::systems::cmc_regimes::compare::again::{Again, Rows, name};
use crate::systems::cmc_regimes::tables::{COMOVEMENT, FLIPS, REGIMES, STATS};

/// The differences that `docs/cmc_regimes.md` numbers.
const DIFFERENCES: &[&str] = &[
    "a bar without a full confirmation window is not confirmed; the original calls the first bar Up",
    "rules match place by place; the original takes the first rule whose words are in the label",
    "orders only tighten, and setups follow the key; the original loosens orders and unites setups",
    "the market proxy caps a row by its state as of the row; the original by its state of today",
    "a pending change already tightens the policy; in the original it does not",
    "a row without a label has the policy of Unknown; in the original full size",
    "flips of all layers are recorded; in the original those of composite alone",
    "returns are forward returns from the bars; in the original they are NULL",
    "the version hash covers values of rules and parameters; in the original the names of rules alone",
    "the data budget of a row is that of the bars up to it; in the original that of the whole history",
];

/// The tables.
pub const COMPARED: &[Compared] = &[
    Compared { table: &REGIMES, is_snapshot: false, differences: DIFFERENCES, decide: regimes },
    Compared { table: &FLIPS, is_snapshot: false, differences: DIFFERENCES, decide: flips },
    Compared { table: &STATS, is_snapshot: false, differences: DIFFERENCES, decide: stats },
    Compared { table: &COMOVEMENT, is_snapshot: true, differences: DIFFERENCES, decide: Verdicts::none },
];

/// Places of columns of `cmc_regimes`. The labels of L0 to L4 are the first five columns.
struct Places {
    key: usize,
    risk: std::ops::RangeInclusive<usize>,
    hash: usize,
}

impl Places {
    fn find() -> Self {
        let place = |name| REGIMES.place(name);
        Self {
            key: place("regime_key"),
            risk: place("size_mult")..=place("setups"),
            hash: place("regime_version_hash"),
        }
    }
}

fn regimes(db: Db, subject: &Subject) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    let places = Places::find();
    let pairs = || subject.pairs.iter().enumerate().filter(|(_, pair)| pair.of == In::Both);
    let needs_more = pairs().any(|(_, pair)| pair.differing().any(|column| column != places.hash));
    let again = if needs_more { Again::of(db, subject)? } else { None };
    let mut first_bars = FirstBars::default();
    for (n, pair) in pairs() {
        pgrx::check_for_interrupts!();
        let ways = again.as_ref().map(|again| again.ways(&pair.key[0]));
        let whole = ways.iter().flatten().find_map(|(number, row)| row.filter(|_| *number == 10));
        first_bars.next(subject, pair, whole);
        let in_a_way = |column: usize| {
            ways.iter().flatten().find_map(|(number, row)| {
                pair.theirs[column].agrees(&row.as_ref()?[column]).then_some(*number)
            })
        };
        for column in pair.differing() {
            let number = match column {
                column if column == places.hash => Some(9),
                column if column < places.key => {
                    in_a_way(column).or_else(|| first_bars.explains(column).then_some(1))
                }
                column if column == places.key => {
                    in_a_way(column).or_else(|| of_key(&verdicts, n, pair, column))
                }
                column if places.risk.contains(&column) => in_a_way(column).or_else(|| {
                    let of_label = (0..places.key).find_map(|label| verdicts.of(n, label));
                    risk::explain(again.as_ref(), pair, column, of_label)
                }),
                column => in_a_way(column),
            };
            if let Some(number) = number {
                verdicts.explain(n, column, number);
            }
        }
    }
    Ok(verdicts)
}

/// The labels of L2, L1, L0, of which the first makes the key.
const OF_KEY: [usize; 3] = [2, 1, 0];

/// What explains a key that is the key of their labels: the difference of the label that makes the key, there or here.
fn of_key(verdicts: &Verdicts, n: usize, pair: &Pair, key: usize) -> Option<u32> {
    let labels = OF_KEY.map(|label| &pair.theirs[label]);
    let first = labels.into_iter().find_map(Cell::text)?;
    if pair.theirs[key].text() != Some(first) {
        return None;
    }
    OF_KEY
        .into_iter()
        .find(|label| !pair.theirs[*label].agrees(&pair.ours[*label]))
        .and_then(|label| verdicts.of(n, label))
}

/// Difference 1, by layer: their label is still that of the first bar, `Up`, and has been another than ours ever since.
#[derive(Default)]
struct FirstBars([Option<(usize, String)>; 4]);

impl FirstBars {
    /// Takes a row; `whole` is ours by the data budget of the whole history, which has labels earlier.
    fn next(&mut self, subject: &Subject, pair: &Pair, whole: Option<&Vec<Cell>>) {
        for (layer, run) in self.0.iter_mut().enumerate() {
            let ours = pair.ours[layer].text().or_else(|| whole?[layer].text());
            let labels = [pair.theirs[layer].text(), ours];
            *run = match (run.take(), labels) {
                (_, [Some(theirs), Some(ours)])
                    if subject.first_known[layer] == Some(pair.place) && is_unconfirmed(theirs, ours) =>
                {
                    Some((pair.place, theirs.to_owned()))
                }
                (Some((last, label)), [Some(theirs), Some(ours)])
                    if last + 1 == pair.place && label == theirs && theirs != ours =>
                {
                    Some((pair.place, label))
                }
                _ => None,
            };
        }
    }

    fn explains(&self, layer: usize) -> bool {
        self.0.get(layer).is_some_and(Option::is_some)
    }
}

/// Whether two labels differ in the trend alone, which is up in the first of them only.
fn is_unconfirmed(theirs: &str, ours: &str) -> bool {
    match (theirs.split_once('-'), ours.split_once('-')) {
        (Some(("Up", theirs)), Some((trend, ours))) => trend != "Up" && theirs == ours,
        _ => false,
    }
}

fn flips(db: Db, subject: &Subject) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    let composite = FlipLayer::Composite.as_str();
    // Of their flips of layers none is there, so that flips of layers are missing for this reason.
    let of_composite = subject.their_parts.iter().all(|layer| layer == composite);
    let is_missing = |pair: &Pair| {
        pair.of == In::Ours && of_composite && pair.key[1].text().is_some_and(|layer| layer != composite)
    };
    for (n, _) in subject.pairs.iter().enumerate().filter(|(_, pair)| is_missing(pair)) {
        verdicts.explain_row(n, 7);
    }
    if subject.pairs.iter().any(|pair| !is_missing(pair)) {
        let whole = Again::of(db, subject)?.and_then(|again| again.flips);
        by_whole(subject, &mut verdicts, whole.as_ref(), &is_missing);
    }
    Ok(verdicts)
}

fn stats(db: Db, subject: &Subject) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    let returns = ["avg_ret_1d", "std_ret_1d"].map(|name| STATS.place(name));
    for (n, pair) in subject.pairs.iter().enumerate() {
        for column in
            pair.differing().filter(|column| returns.contains(column) && pair.theirs[*column] == Cell::Null)
        {
            verdicts.explain(n, column, 8);
        }
    }
    let is_left = |(n, pair): (usize, &Pair)| {
        pair.of != In::Both || pair.differing().any(|column| verdicts.of(n, column).is_none())
    };
    if subject.pairs.iter().enumerate().any(is_left) {
        let whole = Again::of(db, subject)?.and_then(|again| again.stats);
        by_whole(subject, &mut verdicts, whole.as_ref(), &|_| false);
    }
    Ok(verdicts)
}

/// Difference 10: their row, or that they have none, is as by the data budget of the whole history.
fn by_whole(
    subject: &Subject,
    verdicts: &mut Verdicts,
    whole: Option<&Rows>,
    is_explained: &dyn Fn(&Pair) -> bool,
) {
    let Some(whole) = whole else { return };
    for (n, pair) in subject.pairs.iter().enumerate().filter(|(_, pair)| !is_explained(pair)) {
        let row = whole.get(&name(&pair.key));
        match (pair.of, row) {
            (In::Theirs, Some(_)) | (In::Ours, None) => verdicts.explain_row(n, 10),
            (In::Both, Some(row)) => {
                for column in pair.differing().filter(|column| pair.theirs[*column].agrees(&row[*column])) {
                    if verdicts.of(n, column).is_none() {
                        verdicts.explain(n, column, 10);
                    }
                }
            }
            _ => {}
        }
    }
}
