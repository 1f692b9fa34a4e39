//! Hysteresis: a label that reduces risk is accepted at once, any other only after enough consecutive rows
//! (specification 1, section 4).

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::label::Label;
use crate::words;

words!(
    /// Which changes of a label are held back.
    Mode {
        /// A tightening change is accepted at once; any other is held.
        Asymmetric = "asymmetric",
        /// Every change is held.
        Symmetric = "symmetric",
    }
);

/// The hysteresis of one layer with labels of a type: a state that can be stored and resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State<L = Label> {
    /// The label in force.
    pub accepted: Option<L>,
    /// The label that waits to be accepted.
    pub pending: Option<L>,
    /// Consecutive rows on which the change was seen.
    pub count: u32,
}

/// What was done with the raw label of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The row has no label: nothing changes.
    NoLabel,
    /// The first label of the layer: accepted.
    First,
    /// The label in force: a pending change is dropped.
    Same,
    /// Another label, and changes are not held: accepted.
    NotHeld,
    /// A label that reduces risk: accepted at once.
    Tightens,
    /// The change waits; seen on so many rows.
    Waits(u32),
    /// The change was seen on so many rows: accepted.
    SeenEnough(u32),
}

impl<L> Default for State<L> {
    fn default() -> Self {
        Self { accepted: None, pending: None, count: 0 }
    }
}

impl<L: Copy + PartialEq> State<L> {
    /// Takes the raw label of the next row and returns the label in force; arguments as for
    /// [`State::decide`].
    pub fn step(
        &mut self,
        raw: Option<L>,
        mode: Mode,
        hold: u32,
        tightens: impl FnOnce(L, L) -> bool,
    ) -> Option<L> {
        self.decide(raw, mode, hold, tightens);
        self.accepted
    }

    /// Takes the raw label of the next row and returns what was done with it. Specification 1, section 4.
    ///
    /// `hold` is the number of consecutive rows on which a held change must be seen; 0 accepts every change.
    /// `tightens(old, new)` says whether a change reduces risk, and is called in asymmetric mode only.
    pub fn decide(
        &mut self,
        raw: Option<L>,
        mode: Mode,
        hold: u32,
        tightens: impl FnOnce(L, L) -> bool,
    ) -> Decision {
        let Some(new) = raw else { return Decision::NoLabel };
        let decision = match self.accepted {
            None => Decision::First,
            Some(old) if old == new => Decision::Same,
            Some(_) if hold == 0 => Decision::NotHeld,
            Some(old) if mode == Mode::Asymmetric && tightens(old, new) => Decision::Tightens,
            Some(_) => {
                let continues = mode == Mode::Symmetric || self.pending == Some(new);
                self.count = if continues { self.count + 1 } else { 1 };
                self.pending = Some(new);
                if self.count < hold {
                    return Decision::Waits(self.count);
                }
                Decision::SeenEnough(self.count)
            }
        };
        self.accept(new);
        decision
    }

    fn accept(&mut self, label: L) {
        *self = State { accepted: Some(label), pending: None, count: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Label = Label::new(crate::Trend::Up, crate::Vol::Low, crate::Liq::Normal);
    const B: Label = Label::new(crate::Trend::Up, crate::Vol::Normal, crate::Liq::Normal);
    const C: Label = Label::new(crate::Trend::Down, crate::Vol::High, crate::Liq::Normal);

    fn run(mode: Mode, hold: u32, raw: &[Label]) -> Vec<Label> {
        let mut state = State::default();
        raw.iter().filter_map(|&l| state.step(Some(l), mode, hold, |_, new| new == C)).collect()
    }

    #[test]
    fn a_loosening_waits_and_a_tightening_does_not() {
        assert_eq!(run(Mode::Asymmetric, 3, &[A, B, B, B, C, A]), [A, A, A, B, C, C]);
    }

    #[test]
    fn a_different_label_restarts_the_count() {
        assert_eq!(run(Mode::Asymmetric, 2, &[C, A, B, A, B, B]), [C, C, C, C, C, B]);
    }

    #[test]
    fn an_equal_label_clears_what_is_pending() {
        assert_eq!(run(Mode::Asymmetric, 2, &[A, B, A, B, A]), [A, A, A, A, A]);
    }

    #[test]
    fn symmetric_counts_any_difference_and_takes_the_newest() {
        assert_eq!(run(Mode::Symmetric, 2, &[A, C, B, B, A, A]), [A, A, B, B, B, A]);
    }

    #[test]
    fn no_hold_gives_raw_labels() {
        assert_eq!(run(Mode::Asymmetric, 0, &[A, B, C, A]), [A, B, C, A]);
        assert_eq!(run(Mode::Symmetric, 1, &[A, B, C, A]), [A, B, C, A]);
    }
}
