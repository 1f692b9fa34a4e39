//! Laws of explaining a row: it says what the row says, and the facts are those of the specification read naively.

use crate::common::plan::{Asset, plan};
use crate::common::{Within, cases, naive, policy};
use proptest::prelude::*;

use regime_core::cmc_regimes::explain::{Explanation, LayerFacts, explain};
use regime_core::cmc_regimes::facts::Volatility;
use regime_core::cmc_regimes::hysteresis::Decision;
use regime_core::cmc_regimes::labeller::{atrp, raw_trend};
use regime_core::cmc_regimes::pipeline::{Given, Outcome, raw_labels, run};
use regime_core::cmc_regimes::policy::{Part, Policy, Risk};
use regime_core::cmc_regimes::restraint::Source;
use regime_core::cmc_regimes::row::Row;
use regime_core::cmc_regimes::series::Series;
use regime_core::{Budget, Layer, Liq, Trend, Vol};

fn given<'a>(asset: &'a Asset, policy: &'a Policy, budget: Budget) -> Given<'a> {
    Given {
        budget,
        proxy: asset.proxy.as_ref(),
        policy,
        params: &asset.params,
        outside: [None; 2],
        look: || (),
    }
}

/// Some rows: the first, the last, those where the first percentile is known (of an ATR, of returns), and any
/// between.
fn rows(all: usize, picks: &[prop::sample::Index]) -> Vec<usize> {
    if all == 0 {
        return Vec::new();
    }
    let special = [0, 82, 96, all - 1].into_iter().filter(|t| *t < all);
    special.chain(picks.iter().map(|pick| pick.index(all))).collect()
}

fn picks() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 4)
}

fn row(outcome: &Outcome, t: usize) -> &Row {
    &outcome.rows[outcome.row[t] as usize]
}

/// Runs a check on some rows of an asset.
fn each(
    asset: &Asset,
    policy: &Policy,
    picks: &[prop::sample::Index],
    check: impl Fn(usize, &Explanation, &Outcome) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let outcome = run(asset.series(), asset.proxy.as_ref(), policy, &asset.params);
    let given = given(asset, policy, outcome.budget);
    for t in rows(outcome.ts.len(), picks) {
        let explained = explain(t, asset.series(), &given).expect("a row");
        check(t, &explained, &outcome)?;
    }
    prop_assert_eq!(explain(outcome.ts.len(), asset.series(), &given), None);
    Ok(())
}

fn layers<'a>(
    asset: &'a Asset,
    explained: &'a Explanation,
) -> impl Iterator<Item = (Layer, &'a Series, &'a LayerFacts)> {
    Layer::ALL.into_iter().filter_map(|layer| {
        let facts = explained.layers[layer].as_ref()?;
        Some((layer, asset.series[layer].as_ref()?, facts))
    })
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn the_row_is_that_of_the_pipeline(plan in plan(), policy in policy(), picks in picks()) {
        let asset = plan.asset();
        each(&asset, &policy, &picks, |t, explained, outcome| {
            prop_assert_eq!(&explained.row, row(outcome, t));
            prop_assert_eq!((explained.index, explained.ts), (t, outcome.ts[t]));
            prop_assert_eq!(explained.budget, outcome.budget);
            if t + 1 == outcome.ts.len() {
                for layer in Layer::ALL {
                    let after = explained.layers[layer].as_ref().map(|l| l.after).unwrap_or_default();
                    prop_assert_eq!(after, outcome.memory.layers[layer].hysteresis);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn labels_are_those_of_the_bar_in_force(plan in plan(), policy in policy(), picks in picks()) {
        let asset = plan.asset();
        each(&asset, &policy, &picks, |t, explained, outcome| {
            for layer in Layer::ALL {
                let facts = explained.layers[layer].as_ref();
                let series = asset.series[layer].as_ref().filter(|_| outcome.budget.enabled[layer]);
                let bar = series.and_then(|s| naive::as_of(outcome.ts[t], &s.ts));
                prop_assert_eq!(facts.map(|f| f.bar), bar);
                let (Some(facts), Some(series), Some(bar)) = (facts, series, bar) else {
                    prop_assert_eq!(explained.row.labels[layer], None);
                    continue;
                };
                prop_assert_eq!(facts.ts, series.ts[bar]);
                let raw = raw_labels(layer, series, outcome.budget.tier, &asset.params)[bar];
                prop_assert_eq!(facts.facts.label, raw);
                prop_assert_eq!(facts.after.accepted, explained.row.labels[layer]);
                let waits = facts.after.accepted != Some(raw);
                prop_assert_eq!(waits, matches!(facts.decision, Decision::Waits(_)));
                prop_assert_eq!(facts.after.pending, waits.then_some(raw));
                if let Decision::Waits(rows) = facts.decision {
                    prop_assert!(rows == facts.after.count && rows >= 1 && rows < asset.params.hold);
                }
                prop_assert_eq!(facts.decision == Decision::First, facts.before.accepted.is_none());
            }
            Ok(())
        })?;
    }

    #[test]
    fn facts_make_the_label(plan in plan(), policy in policy(), picks in picks()) {
        let asset = plan.asset();
        each(&asset, &policy, &picks, |_, explained, _| {
            for (layer, series, of_layer) in layers(&asset, explained) {
                let (bar, facts) = (of_layer.bar, &of_layer.facts);
                let ema = |bar: usize| series.ema.each_ref().map(|ema| ema[bar]);
                prop_assert_eq!(facts.close.to_bits(), series.close[bar].to_bits());
                prop_assert_eq!(facts.ema.map(f64::to_bits), ema(bar).map(f64::to_bits));
                // Trend: as many equal raw trends as have to agree.
                let config = &asset.params.config;
                prop_assert_eq!(facts.confirm_bars, config.confirm_bars[layer]);
                prop_assert_eq!(of_layer.ts_before.len() + 1, facts.raw_trends.len());
                for (i, raw) in facts.raw_trends.iter().enumerate() {
                    prop_assert_eq!(*raw, raw_trend(series.close[bar - i], ema(bar - i)));
                    prop_assert!(i == 0 || of_layer.ts_before[i - 1] == series.ts[bar - i]);
                }
                let agree = facts.raw_trends.len() == facts.confirm_bars && facts.raw_trends.iter().all(|r| *r == facts.raw_trends[0]);
                prop_assert_eq!(facts.confirmed, if agree { facts.raw_trends[0] } else { Trend::Sideways });
                let floored = facts.adx.is_some_and(|[adx, floor]| adx <= floor);
                prop_assert_eq!(facts.label.trend(), if floored { Trend::Sideways } else { facts.confirmed });
                // Volatility.
                let all = atrp(&series.bars(), config);
                prop_assert_eq!(facts.atrp.to_bits(), all[bar].to_bits());
                let vol = match facts.volatility {
                    Volatility::Ranked { window, standing } => {
                        let expected = naive::percentile(&all, bar, window, (window / 3).max(20));
                        let got = standing.percentile();
                        prop_assert_eq!((!got.is_nan()).then_some(got), expected);
                        prop_assert_eq!(standing.n, naive::trailing(&all, bar, window).len());
                        prop_assert_eq!(standing.known, naive::known(naive::trailing(&all, bar, window)).len());
                        let cuts = [config.vol_low_percentile, config.vol_high_percentile];
                        prop_assert_eq!(Some(window), config.vol_windows[layer]);
                        if got < cuts[0] { Vol::Low } else if got < cuts[1] { Vol::Normal } else { Vol::High }
                    }
                    Volatility::CutOffs if facts.atrp < config.atrp_low => Vol::Low,
                    Volatility::CutOffs if facts.atrp > config.atrp_high => Vol::High,
                    Volatility::CutOffs => Vol::Normal,
                };
                prop_assert_eq!(facts.label.vol(), vol);
                // Liquidity.
                let mut liq = Liq::Normal;
                if let Some(costs) = &facts.costs {
                    let stored = series.costs.as_ref().expect("costs");
                    for (side, [value, median]) in costs.iter().enumerate() {
                        prop_assert_eq!(value.to_bits(), stored[side][bar].to_bits());
                        let expected = naive::median(&stored[side], bar, config.liq_window, (config.liq_window / 3).max(10));
                        prop_assert_eq!((!median.is_nan()).then_some(*median), expected);
                    }
                    if costs.iter().all(|[value, median]| *value < config.liq_easy * median) {
                        liq = Liq::Easy;
                    } else if costs.iter().any(|[value, median]| *value > config.liq_stressed * median) {
                        liq = Liq::Stressed;
                    }
                }
                prop_assert_eq!((facts.label.liq(), facts.costs.is_some()), (liq, series.costs.is_some()));
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_chain_of_rules_ends_at_the_rows_risk(plan in plan(), policy in policy(), picks in picks()) {
        let asset = plan.asset();
        each(&asset, &policy, &picks, |_, explained, outcome| {
            let mut risk = Risk::START;
            for step in &explained.tightenings {
                prop_assert_eq!(step.before, risk);
                prop_assert_eq!(step.after, naive::both(risk, step.asks));
                prop_assert!(step.after.is_within(risk));
                risk = step.after;
                // What a rule asks for is what stands in the table.
                let table = policy.table();
                let rule = match step.part {
                    Some(Part::Rule(i)) => &table.rules()[i],
                    Some(Part::Fallback) => table.fallback(),
                    Some(Part::Stressed) | None => continue,
                };
                let text = match step.source {
                    Source::InForce(_, label) | Source::Waiting(_, label) => label.to_string(),
                    Source::Given => asset.params.l4_label.clone().expect("a label"),
                    _ => "Unknown".to_owned(),
                };
                prop_assert!(naive::applying(table, &text).contains(&rule), "{} by {}", text, rule.match_text());
                prop_assert_eq!(rule.size_mult.unwrap_or(f64::INFINITY), step.asks.size_mult);
                prop_assert_eq!(rule.stop_mult.unwrap_or(0.0), step.asks.stop_mult);
            }
            prop_assert_eq!(risk, explained.row.risk);
            // Every rule that applies is there, once a label.
            for layer in Layer::ALL {
                let Some(label) = explained.row.labels[layer] else { continue };
                let rules = explained.tightenings.iter().filter(|step| {
                    step.source == Source::InForce(layer, label) && step.part != Some(Part::Stressed)
                });
                prop_assert_eq!(rules.count(), naive::applying(policy.table(), label.as_str()).len());
            }
            // Caps are those of the market proxy.
            let capped = |source| explained.tightenings.iter().any(|step| step.source == source);
            let unsupportive = explained.proxy.is_some_and(|(_, supportive)| !supportive);
            let enabled = outcome.budget.enabled;
            prop_assert_eq!(capped(Source::ProxyGrossCap), unsupportive && !enabled[Layer::L0]);
            prop_assert_eq!(capped(Source::ProxySize), unsupportive && !enabled[Layer::L1]);
            Ok(())
        })?;
    }
}
