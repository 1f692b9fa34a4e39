//! Labels from elsewhere: never seen before they were known, the same in parts as at once, tightening alone.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::outside::{OutsideLabels, OutsideParams, Prepared, Told};
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::{Given, Outcome, budget, resume, whole};
use regime_core::cmc_regimes::policy::Policy;
use regime_core::cmc_regimes::series::Series;
use regime_core::math::flips::Flip;
use regime_core::{Layer, PerLayer};

use crate::common::{Within, cases, mode, naive, policy};

/// Labels of a few times and moments, so that labels are late, early and revised; no two of one time and moment.
fn told() -> impl Strategy<Value = Vec<Told>> {
    let texts = ["Up-Low-Normal", "Down-High-Stressed", "RiskOff", "RiskOn", "x-RiskOff-y"];
    vec((0i64..12, 0i64..12, select(texts.to_vec())), 0..14).prop_map(|all| {
        let mut all: Vec<Told> = all
            .into_iter()
            .map(|(ts, known, label)| Told { ts: ts * 10, known: known * 10, label: label.to_owned() })
            .collect();
        all.sort_by_key(|told| (told.ts, told.known));
        all.dedup_by_key(|told| (told.ts, told.known));
        all
    })
}

fn labels(told: &[Told]) -> OutsideLabels {
    OutsideLabels::of(told.to_vec()).expect("labels of different times")
}

/// The label in force at a moment: of those known, the one of the latest time, and of these the one known last.
fn at(told: &[Told], moment: i64) -> Option<&Told> {
    told.iter().filter(|t| t.ts <= moment && t.known <= moment).max_by_key(|t| (t.ts, t.known))
}

/// A row before each moment at which a label may change, at the moment, and after it.
fn rows() -> Vec<i64> {
    (0..13).flat_map(|n| [n * 10 - 1, n * 10, n * 10 + 1]).collect()
}

fn daily(rows: &[i64]) -> Series {
    let flat = vec![1.0; rows.len()];
    Series {
        ts: rows.to_vec(),
        close: flat.clone(),
        ema: [(); 3].map(|()| flat.clone()),
        ..Series::default()
    }
}

fn params(holds: [u32; 2], mode: regime_core::cmc_regimes::hysteresis::Mode) -> Params {
    let mut params = Params { mode, ..Params::default() };
    params.outside = holds.map(|hold| Some(OutsideParams { hold, known: true }));
    params
}

/// What rows of flat prices and these labels give.
fn outcome(rows: &[i64], told: [&[Told]; 2], params: &Params, policy: &Policy) -> Outcome {
    let (daily, labels) = (daily(rows), told.map(labels));
    let series = PerLayer::only(Layer::L2, Some(&daily));
    let outside = labels.each_ref().map(Some);
    whole(
        series,
        &Given { budget: budget(series, params), proxy: None, policy, params, outside, look: || () },
    )
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn labels_are_those_of_the_naive_reading(told in told(), hold in 0u32..4, mode in mode(), policy in policy()) {
        let labels = labels(&told);
        let prepared = Prepared::new(&labels, &policy, mode, hold);
        // One step of hysteresis for each label that comes into force.
        let mut moments: Vec<i64> = told.iter().map(Told::from).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut steps: Vec<(i64, &Told)> = moments.iter().filter_map(|m| Some((*m, at(&told, *m)?))).collect();
        steps.dedup_by_key(|(_, told)| (told.ts, told.known));
        let raw: Vec<Option<&str>> = steps.iter().map(|(_, told)| Some(told.label.as_str())).collect();
        let tightens = |old: &str, new: &str| {
            let [old, new] = [old, new].map(|text| naive::tightened(policy.table(), naive::START, text));
            new.size_mult < old.size_mult || (new.size_mult == old.size_mult && new.stop_mult > old.stop_mult)
        };
        let accepted = naive::accepted(&raw, mode, hold as usize, tightens);
        let rows = rows();
        for (row, pair) in rows.iter().zip(prepared.on(&rows)) {
            let expected = at(&told, *row);
            prop_assert_eq!(labels.at(*row), expected);
            prop_assert_eq!(pair.map(|pair| prepared.text(pair.raw)), expected.map(|told| told.label.as_str()));
            let step = steps.iter().rposition(|(moment, _)| moment <= row);
            prop_assert_eq!(pair.map(|pair| prepared.text(pair.accepted)), step.and_then(|step| accepted[step]));
            let facts = prepared.facts(*row);
            prop_assert_eq!(facts.as_ref().map(|facts| &facts.told), expected);
            prop_assert_eq!(facts.as_ref().map(|f| f.accepted.as_str()), pair.map(|pair| prepared.text(pair.accepted)));
        }
    }

    /// A row is what it was before any later label was known.
    #[test]
    fn no_label_is_seen_before_it_was_known(l3 in told(), l4 in told(), hold in 0u32..4, mode in mode(), policy in policy()) {
        let (rows, params) = (rows(), params([hold, 0], mode));
        let all = outcome(&rows, [&l3, &l4], &params, &policy);
        for (t, now) in rows.iter().enumerate() {
            let known = [&l3, &l4].map(|told| told.iter().filter(|told| told.known <= *now).cloned().collect::<Vec<_>>());
            let then = outcome(&rows[..=t], [&known[0], &known[1]], &params, &policy);
            let of = |outcome: &Outcome, t: usize| outcome.rows[outcome.row[t] as usize].clone();
            prop_assert_eq!(of(&all, t), of(&then, t), "row {}", now);
        }
    }

    #[test]
    fn in_parts_as_at_once(l3 in told(), l4 in told(), cut in 0usize..39, hold in 0u32..4, mode in mode(), policy in policy()) {
        let (rows, params) = (rows(), params([0, hold], mode));
        let expected = outcome(&rows, [&l3, &l4], &params, &policy);
        let whole = daily(&rows);
        let labels = [labels(&l3), labels(&l4)];
        let series = PerLayer::only(Layer::L2, Some(&whole));
        let given = Given {
            budget: budget(series, &params), proxy: None, policy: &policy, params: &params,
            outside: labels.each_ref().map(Some), look: || (),
        };
        let (first, rest) = (whole.first(cut), whole.since(cut));
        let emas = |n: usize| whole.ema.each_ref().map(|ema| &ema[..n]);
        let first = resume(Memory::default(), PerLayer::only(Layer::L2, Some(&first)), emas(cut), &given);
        let mut flips = first.flips.clone();
        let memory = Memory::decode(&first.memory.encode()).expect("a memory");
        let second = resume(memory, PerLayer::only(Layer::L2, Some(&rest)), emas(rows.len()), &given);
        flips.extend(second.flips.iter().map(|(l, flip)| (*l, Flip { row: flip.row + cut, ..flip.clone() })));
        let all = |o: &Outcome| o.row.iter().map(|r| o.rows[*r as usize].clone()).collect::<Vec<_>>();
        prop_assert_eq!([all(&first), all(&second)].concat(), all(&expected));
        let sorted = |mut flips: Vec<(regime_core::cmc_regimes::row::FlipLayer, Flip<_>)>| {
            flips.sort_by_key(|(layer, flip)| (flip.row, layer.as_str()));
            flips
        };
        prop_assert_eq!(sorted(flips), sorted(expected.flips));
        prop_assert_eq!(second.memory.encode(), expected.memory.encode());
        for (own, labels) in second.memory.outside.iter().zip(&labels) {
            prop_assert_eq!(&own.prints, &labels.prints(rows[rows.len() - 1]));
        }
    }

    #[test]
    fn a_further_layer_only_tightens(l3 in told(), l4 in told(), policy in policy()) {
        let (rows, params) = (rows(), params([0, 0], regime_core::cmc_regimes::hysteresis::Mode::Asymmetric));
        let [without, with] = [&[][..], &l4].map(|l4| outcome(&rows, [&l3, l4], &params, &policy));
        for t in 0..rows.len() {
            let of = |outcome: &Outcome| outcome.rows[outcome.row[t] as usize].risk;
            prop_assert!(of(&with).is_within(of(&without)));
        }
    }
}
