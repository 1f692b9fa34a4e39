//! Laws of a whole asset: rows against the specification read naively, and what must hold of them.

use std::borrow::Cow;

use crate::common::plan::{Asset, Plan, plan};
use crate::common::synthetic::{DAY, until};
use crate::common::{cases, naive, policy};
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::fingerprint::Print;
use regime_core::cmc_regimes::labeller::{How, label_bars};
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::{Params, SourceParams};
use regime_core::cmc_regimes::pipeline::{
    Given, Outcome, budget, budgeted_labels, raw_labels, resume, run, young_until,
};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable, Risk};
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::cmc_regimes::series::Series;
use regime_core::math::flips::Flip;
use regime_core::{Budget, Label, Layer, PerLayer, Tier};

type Labels = PerLayer<Option<Label>>;

fn outcome(asset: &Asset, policy: &Policy) -> Outcome {
    run(asset.series(), asset.proxy.as_ref(), policy, &asset.params)
}

/// Specification 1, section 3.
fn naive_budget(asset: &Asset) -> Budget {
    let count = |layer: Layer| asset.series[layer].as_ref().map_or(0, |s| s.close.len());
    let enabled =
        PerLayer::from_fn(|l| asset.series[l].is_some() && count(l) >= asset.params.layers[l].min_bars);
    let full =
        count(Layer::L1) >= 100 && count(Layer::L2) >= 250 && (count(Layer::L0) >= 60 || !enabled[Layer::L0]);
    let is_ranked = |layer: Layer| {
        let window = asset.params.config.vol_windows[layer];
        full && enabled[layer] && window.is_some_and(|window| count(layer) >= window)
    };
    let ranked = PerLayer::from_fn(is_ranked);
    Budget { tier: if full { Tier::Full } else { Tier::Lite }, enabled, ranked }
}

/// How the bars of a layer are labelled.
fn how(asset: &Asset, layer: Layer) -> How<'_> {
    let floor = asset.params.layers[layer].source.as_ref().and_then(|s| s.adx_floor);
    How { layer, config: &asset.params.config, adx_floor: floor.unwrap_or(0.0) }
}

/// Raw labels of each daily row.
fn raw_rows(asset: &Asset) -> Vec<Labels> {
    let budget = naive_budget(asset);
    let of_layer = |layer: Layer| {
        let series = asset.series[layer].as_ref().filter(|_| budget.enabled[layer])?;
        Some((series, label_bars(&series.bars(), &how(asset, layer), budget.tier)))
    };
    let layers = PerLayer::from_fn(of_layer);
    let at = |ts: i64| {
        layers.each_ref().map(|layer| {
            let (series, labels) = layer.as_ref()?;
            naive::as_of(ts, &series.ts).map(|i| labels[i])
        })
    };
    asset.series[Layer::L2].iter().flat_map(|daily| daily.ts.iter().map(|ts| at(*ts))).collect()
}

/// What labels do alone, worked out once.
struct Alone<'a> {
    table: &'a PolicyTable,
    risk: Vec<Risk>,
}

impl<'a> Alone<'a> {
    fn new(table: &'a PolicyTable) -> Self {
        let risk = Label::all().map(|l| naive::tightened(table, naive::START, l.as_str())).collect();
        Self { table, risk }
    }

    fn tightens(&self, old: Label, new: Label) -> bool {
        let (old, new) = (self.risk[old.index()], self.risk[new.index()]);
        new.size_mult < old.size_mult || (new.size_mult == old.size_mult && new.stop_mult > old.stop_mult)
    }

    /// The five fields by these labels and L4, in any order.
    fn resolved(&self, labels: impl IntoIterator<Item = Option<Label>>, l4: Option<&str>) -> Risk {
        let given = labels.into_iter().flatten().map(|l| self.risk[l.index()]);
        let given: Vec<Risk> =
            given.chain(l4.map(|text| naive::tightened(self.table, naive::START, text))).collect();
        match &given[..] {
            [] => naive::tightened(self.table, naive::START, "Unknown"),
            given => given.iter().copied().fold(naive::START, naive::both),
        }
    }
}

/// Accepted labels of each row.
fn accepted_rows(asset: &Asset, raw: &[Labels], alone: &Alone) -> Vec<Labels> {
    let layers = PerLayer::from_fn(|l| {
        let hold = asset.params.hold as usize;
        let accepted = |raw: &[Option<Label>]| {
            naive::accepted(raw, asset.params.mode, hold, |old, new| alone.tightens(old, new))
        };
        let Some(intraday) =
            asset.series[l].as_ref().filter(|_| l == Layer::L3 && naive_budget(asset).enabled[l])
        else {
            return accepted(&raw.iter().map(|row| row[l]).collect::<Vec<_>>());
        };
        // Hysteresis of intraday bars counts these.
        let labels = label_bars(&intraday.bars(), &how(asset, l), naive_budget(asset).tier);
        let accepted = accepted(&labels.into_iter().map(Some).collect::<Vec<_>>());
        let daily = asset.series[Layer::L2].as_ref().map_or(&[][..], |daily| &daily.ts);
        let at = |ts: &i64| naive::as_of(*ts, &intraday.ts).and_then(|bar| accepted[bar]);
        daily.iter().map(at).collect()
    });
    (0..raw.len()).map(|t| layers.each_ref().map(|layer| layer[t])).collect()
}

/// Whether the market is known and not supportive as of a time.
fn unsupportive(asset: &Asset, ts: i64) -> bool {
    let Some(weekly) = &asset.proxy_weekly else { return false };
    let [fast, mid, slow] = &weekly.ema;
    naive::as_of(ts, &weekly.ts).is_some_and(|i| !(weekly.close[i] > slow[i] && fast[i] > mid[i]))
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn rows_are_those_of_the_naive_reading(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let got = outcome(&asset, &policy);
        let budget = naive_budget(&asset);
        prop_assert_eq!(got.budget, budget);
        let alone = Alone::new(policy.table());
        let raw = raw_rows(&asset);
        let accepted = accepted_rows(&asset, &raw, &alone);
        prop_assert_eq!(got.row.len(), raw.len());
        for (t, labels) in accepted.iter().enumerate() {
            let row = &got.rows[got.row[t] as usize];
            prop_assert_eq!(&row.labels, labels, "row {}", t);
            let key = labels[Layer::L2].or(labels[Layer::L1]).or(labels[Layer::L0]);
            prop_assert_eq!(row.key, key);
            prop_assert_eq!(row.key_text(), key.map_or("Unknown".to_owned(), |l| l.to_string()));
            let l4 = asset.params.l4_label.as_deref();
            let mut risk = alone.resolved(labels.iter().chain(&raw[t]).copied(), l4);
            if key.is_none() {
                // A row without a key is never resolved by an L3 or L4 label alone.
                risk = naive::both(risk, naive::tightened(policy.table(), naive::START, "Unknown"));
            }
            if unsupportive(&asset, got.ts[t]) {
                let [monthly, weekly] = [Layer::L0, Layer::L1].map(|layer| budget.enabled[layer]);
                risk.gross_cap = if monthly { risk.gross_cap } else { risk.gross_cap.min(0.7) };
                risk.size_mult = if weekly { risk.size_mult } else { risk.size_mult.min(0.7) };
            }
            prop_assert_eq!(row.risk, risk, "row {}: {:?}, raw {:?}", t, labels, raw[t]);
        }
    }

    /// A label that waits is risk, and no tactics: setups follow the accepted labels.
    #[test]
    fn setups_are_those_of_the_accepted_labels(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        for row in outcome(&asset, &policy).rows {
            let [l0, l1, l2, l3] = row.labels.map(|l| l.map(Label::as_str)).into_array();
            let labels = [l0, l1, l2, l3, asset.params.l4_label.as_deref()];
            prop_assert_eq!(row.setups, naive::resolve(policy.table(), labels).1);
        }
    }

    #[test]
    fn no_row_is_looser_than_its_raw_labels(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let got = outcome(&asset, &policy);
        for (t, raw) in raw_rows(&asset).into_iter().enumerate() {
            let [l0, l1, l2, l3] = raw.map(|l| l.map(Label::as_str)).into_array();
            let (alone, _) = policy.resolve([l0, l1, l2, l3, asset.params.l4_label.as_deref()]);
            let risk = got.rows[got.row[t] as usize].risk;
            prop_assert_eq!(naive::looser(risk, alone), Vec::<&str>::new(), "row {}: {:?}", t, raw);
        }
    }

    #[test]
    fn no_label_is_shown_before_it_was_seen(plan in plan(), policy in policy()) {
        let asset = plan.asset();
        let (got, raw) = (outcome(&asset, &policy), raw_rows(&asset));
        for layer in Layer::ALL {
            let mut seen = vec![None];
            for (t, raw) in raw.iter().enumerate() {
                seen.push(raw[layer]);
                // A row sees the labels of all intraday bars before it, not of the latest alone.
                if let Some(intraday) = asset.series[layer].as_ref().filter(|_| layer == Layer::L3) {
                    let bars = label_bars(&intraday.bars(), &how(&asset, layer), got.budget.tier);
                    seen.extend(bars.into_iter().take(intraday.until(got.ts[t])).map(Some));
                }
                let shown = got.rows[got.row[t] as usize].labels[layer];
                prop_assert!(seen.contains(&shown) && shown.is_some() == raw[layer].is_some(), "row {}", t);
            }
        }
    }

    /// A part, its memory stored and read again, and the rest in as many further parts as one likes.
    #[test]
    fn parts_give_what_the_whole_gives(
        plan in long_plan(),
        mut cuts in proptest::collection::vec(1i64..80, 1..5),
        point_in_time in any::<bool>(),
        policy in policy(),
    ) {
        let mut asset = plan.asset();
        asset.params.point_in_time = point_in_time;
        let whole = outcome(&asset, &policy);
        cuts.sort_unstable();
        let ends: Vec<i64> = cuts.iter().rev().map(|days| -days * DAY).chain([i64::MAX]).collect();
        let emas = asset.series[Layer::L2].as_ref().map(|daily| daily.ema.clone()).unwrap_or_default();
        let given =
            Given { budget: whole.budget, proxy: asset.proxy.as_ref(), policy: &policy, params: &asset.params, outside: [None; 2], look: || () };
        let mut memory = Memory::default();
        let mut prints: PerLayer<Vec<Print>> = PerLayer::default();
        let (mut rows, mut flips) = (Vec::new(), Vec::new());
        for end in ends {
            // What closed after the newest row, as far as it is there yet.
            let tail = asset.series.each_ref().map(|s| {
                s.as_ref().map(|s| until(&s.since(memory.newest.map_or(0, |ts| s.until(ts))), end))
            });
            let before = memory.rows as usize;
            let known = before + tail[Layer::L2].as_ref().map_or(0, |daily| daily.ts.len());
            let emas = emas.each_ref().map(|ema| &ema[..known]);
            let part = resume(memory, tail.each_ref().map(Option::as_ref), emas, &given);
            rows.extend(part.row.iter().map(|r| part.rows[*r as usize].clone()));
            flips.extend(part.flips.into_iter().map(|(layer, flip)| (layer, Flip { row: flip.row + before, ..flip })));
            for (all, touched) in prints.iter_mut().zip(part.prints) {
                if touched.first().is_some_and(|t| all.last().is_some_and(|last| last.first == t.first)) {
                    all.pop();
                }
                all.extend(touched);
            }
            prop_assert_eq!(part.memory.rows as usize, known);
            if end == i64::MAX {
                prop_assert_eq!(&part.stats, &whole.stats);
                prop_assert_eq!(&part.comovement, &whole.comovement);
                prop_assert_eq!(part.memory.encode(), whole.memory.encode());
            }
            memory = Memory::decode(&part.memory.encode()).expect("a memory");
        }
        let expected: Vec<_> = whole.row.iter().map(|r| whole.rows[*r as usize].clone()).collect();
        prop_assert_eq!(rows, expected);
        let in_order = |mut flips: Vec<(FlipLayer, Flip<Cow<'static, str>>)>| {
            flips.sort_by_key(|(layer, flip)| (flip.row, layer.as_str()));
            flips
        };
        prop_assert_eq!(in_order(flips), in_order(whole.flips));
        prop_assert_eq!(prints, whole.prints);
    }

    #[test]
    fn later_bars_change_no_row(plan in long_plan(), dropped in 1i64..40, policy in policy()) {
        let asset = plan.asset();
        let whole = outcome(&asset, &policy);
        let part = outcome(&first_part(&asset, dropped), &policy);
        prop_assert_eq!(part.budget, whole.budget, "the budget must be the same");
        prop_assert!(!part.ts.is_empty() && part.ts.len() < whole.ts.len());
        for t in 0..part.ts.len() {
            prop_assert_eq!(part.ts[t], whole.ts[t]);
            let rows = (&part.rows[part.row[t] as usize], &whole.rows[whole.row[t] as usize]);
            prop_assert_eq!(rows.0, rows.1, "row {}", t);
        }
        let before = whole.flips.iter().filter(|(_, flip)| flip.row < part.ts.len());
        prop_assert_eq!(part.flips.iter().collect::<Vec<_>>(), before.collect::<Vec<_>>());
    }

    /// Whatever comes later: rows made point in time stay as they were, also where tier or layers change.
    #[test]
    fn rows_made_point_in_time_never_change(plan in plan(), dropped in 0i64..700, policy in policy()) {
        let mut asset = plan.asset();
        asset.params.point_in_time = true;
        let whole = outcome(&asset, &policy);
        let part = outcome(&first_part(&asset, dropped), &policy);
        let rows = |of: &Outcome| of.row.iter().map(|r| of.rows[*r as usize].clone()).collect::<Vec<_>>();
        prop_assert_eq!(&rows(&whole)[..part.row.len()], &rows(&part)[..]);
        let before = whole.flips.iter().filter(|(_, flip)| flip.row < part.ts.len());
        prop_assert_eq!(part.flips.iter().collect::<Vec<_>>(), before.collect::<Vec<_>>());
        if let Some(last) = rows(&part).last() {
            prop_assert_eq!(last.budget, naive_budget(&upto_last_row(&first_part(&asset, dropped))));
        }
    }

    /// Where the budget is the same for all rows, point in time or not makes no difference.
    #[test]
    fn rows_differ_from_those_point_in_time_by_the_budget_alone(plan in plan(), policy in policy()) {
        let mut asset = plan.asset();
        asset.params.layers.iter_mut().for_each(|layer| layer.min_bars = 0);
        // Without weekly bars the tier is lite throughout.
        asset.series[Layer::L1] = None;
        let rows = |of: &Outcome| of.row.iter().map(|r| of.rows[*r as usize].clone()).collect::<Vec<_>>();
        let usual = rows(&outcome(&asset, &policy));
        asset.params.point_in_time = true;
        prop_assert_eq!(usual, rows(&outcome(&asset, &policy)));
    }

    #[test]
    fn the_market_proxy_only_caps(plan in plan(), policy in policy()) {
        let mut asset = plan.asset();
        let capped = outcome(&asset, &policy);
        asset.proxy = None;
        let free = outcome(&asset, &policy);
        for t in 0..free.ts.len() {
            let (capped, free) = (&capped.rows[capped.row[t] as usize], &free.rows[free.row[t] as usize]);
            prop_assert_eq!(naive::looser(capped.risk, free.risk), Vec::<&str>::new());
            let rest = |risk: Risk| (risk.stop_mult, risk.orders, risk.pyramids);
            prop_assert_eq!(rest(capped.risk), rest(free.risk));
            prop_assert_eq!((capped.key, &capped.setups), (free.key, &free.setups));
        }
    }

    #[test]
    fn labels_under_the_budget_of_their_time_are_those_of_the_rows(
        plan in plan(),
        dropped in 0i64..700,
        policy in policy(),
    ) {
        let mut asset = plan.asset();
        asset.params.point_in_time = true;
        asset.params.hold = 0;
        let earlier = first_part(&asset, dropped);
        for layer in Layer::ALL {
            let all = budgeted_labels(layer, asset.series(), &asset.params);
            let before = budgeted_labels(layer, earlier.series(), &asset.params);
            prop_assert_eq!(&before[..], &all[..before.len()], "later bars change no label");
        }
        let got = outcome(&asset, &policy);
        let rows: Vec<_> = got.row.iter().map(|row| got.rows[*row as usize].labels[Layer::L2]).collect();
        prop_assert_eq!(budgeted_labels(Layer::L2, asset.series(), &asset.params), rows);
    }

    #[test]
    fn labels_under_the_budget_of_the_whole_history_are_of_one_tier(plan in plan()) {
        let mut asset = plan.asset();
        asset.params.point_in_time = false;
        let budget = naive_budget(&asset);
        for layer in Layer::ALL {
            let Some(series) = &asset.series[layer] else { continue };
            let raw = raw_labels(layer, series, budget.tier, &asset.params).into_iter();
            let expected: Vec<_> = raw.map(|label| budget.enabled[layer].then_some(label)).collect();
            prop_assert_eq!(budgeted_labels(layer, asset.series(), &asset.params), expected);
        }
    }

    #[test]
    fn young_rows_are_told_from_the_times_of_bars(plan in plan(), point_in_time in any::<bool>(), policy in policy()) {
        let mut asset = plan.asset();
        asset.params.point_in_time = point_in_time;
        let got = outcome(&asset, &policy);
        let is_young = |row: &u32| got.rows[*row as usize].budget.is_young();
        let times = asset.series().map(|s| s.map(|s| &s.ts[..]));
        let last = got.row.iter().rposition(is_young).map(|t| got.ts[t]);
        prop_assert_eq!(young_until(times, &asset.params), last);
        prop_assert_eq!(got.memory.young_until, last);
    }

    #[test]
    fn labels_of_a_layer_are_as_its_source_says(plan in plan(), tier in select(vec![Tier::Full, Tier::Lite])) {
        let asset = plan.asset();
        prop_assert_eq!(budget(asset.series(), &asset.params), naive_budget(&asset));
        for layer in Layer::ALL {
            let Some(series) = &asset.series[layer] else { continue };
            let expected = label_bars(&series.bars(), &how(&asset, layer), tier);
            prop_assert_eq!(raw_labels(layer, series, tier, &asset.params), expected);
        }
    }
}

/// Plans with bars to spare above the thresholds of either tier, so that a part has the same budget.
fn long_plan() -> impl Strategy<Value = Plan> {
    let enough = select(vec![
        [Some(90), Some(130), Some(310), Some(600)],
        [None, Some(130), Some(310), None],
        // Weekly bars that never make the tier full.
        [Some(90), Some(70), Some(220), Some(600)],
        [Some(90), None, Some(310), None],
    ]);
    (plan(), enough).prop_map(|(plan, bars)| {
        let min_bars = PerLayer::new([20, 20, 60, 300]);
        let shift = plan.shift.min(0);
        Plan { bars: PerLayer::new(bars), min_bars, shift, proxy: plan.proxy.map(|_| 150), ..plan }
    })
}

/// The asset as it was some days ago.
fn first_part(asset: &Asset, days: i64) -> Asset {
    let end = -days * DAY;
    let cut = |s: &Option<Series>| s.as_ref().map(|s| until(s, end));
    let proxy_weekly = cut(&asset.proxy_weekly);
    Asset {
        series: asset.series.each_ref().map(cut),
        proxy: proxy_weekly.as_ref().map(regime_core::cmc_regimes::proxy::Proxy::new),
        proxy_weekly,
        params: asset.params.clone(),
    }
}

/// The asset without what closed after its last daily bar, which no row has seen.
fn upto_last_row(asset: &Asset) -> Asset {
    let end = asset.series[Layer::L2].as_ref().and_then(|daily| daily.ts.last().copied()).unwrap_or(i64::MAX);
    Asset {
        series: asset.series.each_ref().map(|s| s.as_ref().map(|s| until(s, end))),
        proxy: asset.proxy.clone(),
        proxy_weekly: asset.proxy_weekly.clone(),
        params: asset.params.clone(),
    }
}

#[test]
fn defaults_are_those_of_the_specification() {
    let Params { cal_scheme, mode, hold, layers, config, l4_label, outside, point_in_time, market_proxy_id } =
        Params::default();
    let expected = Config {
        confirm_bars: PerLayer::new([2, 2, 2, 1]),
        vol_windows: PerLayer::new([Some(60), Some(100), Some(250), None]),
        vol_low_percentile: 33.0,
        vol_high_percentile: 67.0,
        atrp_bars: 14,
        atrp_low: 0.015,
        atrp_high: 0.04,
        liq_window: 60,
        liq_easy: 0.8,
        liq_stressed: 2.0,
    };
    assert_eq!(config, expected);
    assert_eq!((cal_scheme.as_str(), mode.as_str(), hold), ("iso", "asymmetric", 3));
    assert_eq!((l4_label, outside, point_in_time, market_proxy_id), (None, [None; 2], true, Some(1)));
    assert_eq!(layers.each_ref().map(|l| l.min_bars), PerLayer::new([60, 52, 120, 300]));
    let periods = layers.each_ref().map(|l| l.source.as_ref().map(|s| s.periods));
    let expected = [Some([12, 24, 48]), Some([20, 50, 200]), Some([20, 50, 100]), None];
    assert_eq!(periods, PerLayer::new(expected));
    let plain = |s: &SourceParams| (s.atr, s.adx_floor, s.costs) == (false, None, false);
    assert!(layers.iter().flat_map(|l| &l.source).all(plain));
}

/// A layer without a source is disabled, however few bars would enable it.
#[test]
fn a_missing_monthly_layer_does_not_cost_the_tier() {
    let long = |bars| Series { close: vec![1.0; bars], ..Series::default() };
    let (weekly, daily) = (long(100), long(250));
    let mut params = Params::default();
    params.layers[Layer::L0].min_bars = 0;
    let budget = budget(PerLayer::new([None, Some(&weekly), Some(&daily), None]), &params);
    let enabled = PerLayer::new([false, true, true, false]);
    assert_eq!(budget, Budget { tier: Tier::Full, enabled, ranked: enabled });
}
