//! What explains a value of the policy of a row: what the original makes of the labels of the row.

use regime_core::cmc_regimes::original;
use regime_core::cmc_regimes::policy::{LabelSet, Orders, Policy, Risk};
use regime_core::cmc_regimes::proxy::PROXY_CAP;
use regime_core::compare::Cell;

use crate::output::compare::{Pair, cell};
use crate::systems::cmc_regimes::compare::again::Again;
use crate::systems::cmc_regimes::row::Row;
use crate::systems::cmc_regimes::tables::REGIMES;

/// The number of labels of a row, which are its first columns.
const LABELS: usize = 5;

/// The difference that explains a column of the policy: by their labels, and ours where they have no such column. `of_label` is
/// the difference of the first label that differs and is explained.
pub fn explain(again: Option<&Again>, pair: &Pair, column: usize, of_label: Option<u32>) -> Option<u32> {
    let theirs = &pair.theirs[column];
    let side = |n: usize| if pair.theirs[n] == Cell::Absent { &pair.ours[n] } else { &pair.theirs[n] };
    let labels: LabelSet = std::array::from_fn(|n| side(n).text());
    let setups = REGIMES.place("setups");
    if labels.iter().all(Option::is_none) && column != setups && *theirs == value(Risk::START, None, column) {
        return Some(6);
    }
    let again = again?;
    let policy = again.policy();
    // The caps of today fall on assets without a monthly or weekly layer.
    let is_off = |name| again.caps_today && *side(REGIMES.place(name)) == Cell::Bool(false);
    let capped = |risk: Risk| Risk {
        gross_cap: if is_off("l0_enabled") { risk.gross_cap.min(PROXY_CAP) } else { risk.gross_cap },
        size_mult: if is_off("l1_enabled") { risk.size_mult.min(PROXY_CAP) } else { risk.size_mult },
        ..risk
    };
    let is = |risk: Risk, setups: Option<Vec<String>>| {
        [risk, capped(risk)].into_iter().any(|risk| theirs.agrees(&value(risk, setups.clone(), column)))
    };
    let (place, place_setups) = policy.resolve(labels);
    if is(place, place_setups) {
        let same = (0..LABELS).all(|n| pair.theirs[n].agrees(&pair.ours[n]));
        return if same { Some(5).filter(|_| column != setups) } else { of_label };
    }
    if column == setups {
        return by_setups(policy, labels, theirs);
    }
    if is(original::risk_by_words(policy, labels), None) {
        return Some(2);
    }
    let orders = REGIMES.place("orders") == column;
    let loosened = |orders| original::orders_were_loosened(policy, labels, orders);
    (orders && theirs.text().and_then(Orders::parse).is_some_and(loosened)).then_some(3)
}

/// The difference that explains setups: those of the rule by words, or those of all labels.
fn by_setups(policy: &Policy, labels: LabelSet, theirs: &Cell) -> Option<u32> {
    let is = |setups: &Option<Vec<String>>| {
        *theirs == setups.as_ref().map_or(Cell::Null, |setups| Cell::texts(setups.clone()))
    };
    let [of_key, of_all] = original::setups_by_words(policy, labels);
    match () {
        () if is(&original::setups_of_all(policy, labels)) => Some(3),
        () if is(&of_key) => Some(2),
        () if is(&of_all) => Some(3),
        () => None,
    }
}

/// A column of a row of this policy.
fn value(risk: Risk, setups: Option<Vec<String>>, column: usize) -> Cell {
    cell(Row { setups, ..Row::of_risk(risk) }.values()[column])
}
