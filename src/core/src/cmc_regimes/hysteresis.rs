//! Hysteresis: a layer's label changes at once where that reduces risk, and otherwise only after
//! it was seen on enough consecutive rows (specification 1, section 4).

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::label::Label;

/// How changes of a label are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A tightening change is accepted at once; any other is held.
    Asymmetric,
    /// Every change is held.
    Symmetric,
}

impl Mode {
    /// `asymmetric` or `symmetric`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Asymmetric => "asymmetric",
            Mode::Symmetric => "symmetric",
        }
    }

    /// The mode of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Mode::Asymmetric, Mode::Symmetric].into_iter().find(|m| m.as_str() == text)
    }
}

/// The memory of one layer: a value that can be stored and resumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The label in force.
    pub accepted: Option<Label>,
    /// The label that waits.
    pub pending: Option<Label>,
    /// Consecutive rows the change was seen on.
    pub count: u32,
}

/// What became of the raw label of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The row has none: nothing changes.
    NoLabel,
    /// The first of all: accepted.
    First,
    /// It is the label in force; what was pending is dropped.
    Same,
    /// Another one, and nothing is held: accepted.
    NotHeld,
    /// It reduces risk: accepted at once.
    Tightens,
    /// It waits, seen on so many rows.
    Waits(u32),
    /// It was seen on so many rows: accepted.
    SeenEnough(u32),
}

impl State {
    /// Takes the raw label of the next row and gives the accepted one ([`State::decide`]).
    pub fn step(
        &mut self,
        raw: Option<Label>,
        mode: Mode,
        hold: u32,
        tightens: impl FnOnce(Label, Label) -> bool,
    ) -> Option<Label> {
        self.decide(raw, mode, hold, tightens);
        self.accepted
    }

    /// Takes the raw label of the next row and tells what becomes of it.
    ///
    /// `hold` is the number of consecutive rows a held change must be seen on; 0 accepts all.
    /// `tightens(old, new)` says whether a change reduces risk; it is asked in asymmetric mode only.
    /// A row without a label changes nothing.
    pub fn decide(
        &mut self,
        raw: Option<Label>,
        mode: Mode,
        hold: u32,
        tightens: impl FnOnce(Label, Label) -> bool,
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

    fn accept(&mut self, label: Label) {
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
