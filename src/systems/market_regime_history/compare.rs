//! What is known of the market regime histories of others.

use crate::output::compare::{Compared, In, Pair, Subject, Verdicts};
use crate::pg::{Db, Result};
use crate::systems::market_regime_history::tables::MARKET_REGIME_HISTORY;

/// The table, and the differences that `docs/market_regime_history.md` numbers. Whether a value is of the second cannot be told
/// from the rows.
pub const COMPARED: &[Compared] = &[Compared {
    table: &MARKET_REGIME_HISTORY,
    is_snapshot: false,
    differences: &[
        "days without a bar have no row; the original repeats the values of the day before",
        "indicators are those of the whole history up to the day; the original reads 100 days before each batch",
    ],
    decide,
}];

fn decide(_: Db, subject: &Subject) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    for (n, pair) in subject.pairs.iter().enumerate() {
        if pair.of == In::Theirs && is_repeated(pair) {
            verdicts.explain_row(n, 1);
        }
    }
    Ok(verdicts)
}

/// Whether a row says what the row before says.
fn is_repeated(pair: &Pair) -> bool {
    let Some(before) = &pair.before else { return false };
    pair.theirs.iter().zip(before).all(|(own, before)| own.agrees(before))
}
