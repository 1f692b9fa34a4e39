//! Laws of hysteresis for any series of labels and any order of tightness.

use crate::common::{cases, label, mode, naive};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use regime_core::Label;
use regime_core::cmc_regimes::hysteresis::{Mode, State};

/// Few labels, so that they come back, often a few rows in a row, some rows without one.
fn raw() -> impl Strategy<Value = Vec<Option<Label>>> {
    let stretch = (option::weighted(0.9, 0usize..4), 1usize..5);
    vec(stretch, 0..25).prop_map(|stretches| {
        let label = |i| Label::all().nth(i * 8).expect("index");
        stretches.into_iter().flat_map(|(i, n)| vec![i.map(label); n]).collect()
    })
}

/// How tight each label is: any order, ties included.
fn tightness() -> impl Strategy<Value = [u8; Label::COUNT]> {
    any::<[u8; Label::COUNT]>().prop_map(|ranks| ranks.map(|r| r % 5))
}

fn run(
    state: &mut State,
    raw: &[Option<Label>],
    mode: Mode,
    hold: u32,
    tightness: &[u8; Label::COUNT],
) -> Vec<Option<Label>> {
    let tightens = |old: Label, new: Label| tightness[new.index()] > tightness[old.index()];
    raw.iter().map(|label| state.step(*label, mode, hold, tightens)).collect()
}

/// A state as it comes back from storage, where labels are texts.
fn stored(state: State) -> State {
    let text = |label: Option<Label>| label.map(|l| l.to_string());
    let back = |text: Option<String>| text.map(|t| Label::parse(&t).expect("a label"));
    State {
        accepted: back(text(state.accepted)),
        pending: back(text(state.pending)),
        count: state.count.to_string().parse().expect("a count"),
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn accepted_labels_are_those_of_the_naive_reading(
        raw in raw(), mode in mode(), hold in 0u32..6, tightness in tightness(),
    ) {
        let got = run(&mut State::default(), &raw, mode, hold, &tightness);
        let tightens = |old: Label, new: Label| tightness[new.index()] > tightness[old.index()];
        prop_assert_eq!(got, naive::accepted(&raw, mode, hold as usize, tightens));
    }

    #[test]
    fn two_parts_give_what_one_gives(
        raw in raw(), mode in mode(), hold in 0u32..6, tightness in tightness(),
    ) {
        let mut whole = State::default();
        let labels = run(&mut whole, &raw, mode, hold, &tightness);
        for at in 0..=raw.len() {
            let mut state = State::default();
            let mut parts = run(&mut state, &raw[..at], mode, hold, &tightness);
            state = stored(state);
            parts.extend(run(&mut state, &raw[at..], mode, hold, &tightness));
            prop_assert_eq!((&parts, state), (&labels, whole), "in two at {}", at);
        }
    }

    #[test]
    fn only_what_was_proposed_is_shown(
        raw in raw(), mode in mode(), hold in 0u32..6, tightness in tightness(),
    ) {
        let accepted = run(&mut State::default(), &raw, mode, hold, &tightness);
        for t in 0..raw.len() {
            let before = if t == 0 { None } else { accepted[t - 1] };
            prop_assert!(raw[..=t].contains(&accepted[t]), "row {}", t);
            // A change is always to the label of the row itself.
            prop_assert!(accepted[t] == before || accepted[t] == raw[t], "row {}", t);
        }
        let first = raw.iter().flatten().next();
        prop_assert_eq!(accepted.iter().flatten().next(), first);
    }

    #[test]
    fn a_tightening_is_never_held_back(
        raw in raw(), hold in 0u32..6, tightness in tightness(), tighter in label(),
    ) {
        let mut state = State::default();
        for (t, accepted) in run(&mut state, &raw, Mode::Asymmetric, hold, &tightness).into_iter().enumerate() {
            if let (Some(accepted), Some(raw)) = (accepted, raw[t]) {
                prop_assert!(tightness[accepted.index()] >= tightness[raw.index()], "row {}", t);
            }
        }
        // Whatever is pending, a label that is tighter than all others is taken at once.
        prop_assert_eq!(state.step(Some(tighter), Mode::Asymmetric, hold, |_, _| true), Some(tighter));
        prop_assert_eq!((state.pending, state.count), (None, 0));
    }

    #[test]
    fn a_hold_of_0_or_1_is_raw(
        raw in raw(), mode in mode(), hold in 0u32..2, tightness in tightness(),
    ) {
        let got = run(&mut State::default(), &raw, mode, hold, &tightness);
        for (t, got) in got.into_iter().enumerate() {
            prop_assert!(got == raw[t] || raw[t].is_none(), "row {}", t);
        }
    }

    #[test]
    fn rows_without_a_label_change_nothing(
        raw in raw(), mode in mode(), hold in 0u32..6, tightness in tightness(),
    ) {
        let dense: Vec<Option<Label>> = raw.iter().copied().filter(Option::is_some).collect();
        let (mut state, mut dense_state) = (State::default(), State::default());
        let sparse = run(&mut state, &raw, mode, hold, &tightness);
        let kept: Vec<_> = (0..raw.len()).filter(|t| raw[*t].is_some()).map(|t| sparse[t]).collect();
        prop_assert_eq!(kept, run(&mut dense_state, &dense, mode, hold, &tightness));
        prop_assert_eq!(state, dense_state);
        for t in (0..raw.len()).filter(|t| raw[*t].is_none()) {
            prop_assert_eq!(sparse[t], if t == 0 { None } else { sparse[t - 1] }, "row {}", t);
        }
    }

    /// The number of rows that an accepted label stands, in symmetric mode.
    #[test]
    fn symmetric_changes_are_a_hold_apart(raw in raw(), hold in 1u32..6, tightness in tightness()) {
        let accepted = run(&mut State::default(), &raw, Mode::Symmetric, hold, &tightness);
        let (mut last, mut differing) = (None, 0);
        for (accepted, raw) in accepted.into_iter().zip(&raw) {
            let Some(raw) = *raw else { continue };
            differing = if last.is_none_or(|l| l == raw) { 0 } else { differing + 1 };
            prop_assert_eq!(last.is_some_and(|l| Some(l) != accepted), differing == hold);
            if last != accepted {
                differing = 0;
            }
            last = accepted;
        }
    }

    #[test]
    fn what_is_pending_is_a_change_that_waits(
        raw in raw(), mode in mode(), hold in 0u32..6, tightness in tightness(),
    ) {
        let mut state = State::default();
        for label in &raw {
            run(&mut state, &[*label], mode, hold, &tightness);
            prop_assert_eq!(state.pending.is_some(), state.count > 0);
            prop_assert!(state.count < hold.max(1));
            prop_assert!(state.pending.is_none() || state.pending != state.accepted);
            prop_assert!(label.is_none() || *label == state.accepted || *label == state.pending);
        }
    }
}

#[test]
fn modes_are_read_by_their_names() {
    for mode in [Mode::Asymmetric, Mode::Symmetric] {
        assert_eq!(Mode::parse(mode.as_str()), Some(mode));
    }
    assert_eq!((Mode::parse("symmetric"), Mode::parse("")), (Some(Mode::Symmetric), None));
}
