//! What is known of the regimes of candles of others.

use regime_core::compare::Cell;

use crate::output::compare::{Compared, In, Subject, Verdicts};
use crate::pg::{Db, Result};
use crate::systems::market_regimes::tables::MARKET_REGIMES;

/// The table, and the differences that `docs/market_regimes.md` numbers.
pub const COMPARED: &[Compared] = &[Compared {
    table: &MARKET_REGIMES,
    is_snapshot: false,
    differences: &["full_regime ends with MOM in the original"],
    decide,
}];

/// Difference 1: their text is ours with this at its end.
const ENDING: &str = "MOM";

fn decide(_: Db, subject: &Subject) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    let full = MARKET_REGIMES.place("full_regime");
    for (n, pair) in subject.pairs.iter().enumerate().filter(|(_, pair)| pair.of == In::Both) {
        let texts = [&pair.theirs, &pair.ours].map(|side| side.get(full).and_then(Cell::text));
        if let [Some(theirs), Some(ours)] = texts
            && theirs.strip_suffix(ENDING) == Some(ours)
        {
            verdicts.explain(n, full, 1);
        }
    }
    Ok(verdicts)
}
