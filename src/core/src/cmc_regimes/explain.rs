//! Why one row says what it says. The row is made by [`pipeline::resume`]; its reasons come from the same
//! functions, called once more for that row.

use crate::cmc_regimes::budget::Budget;
use crate::cmc_regimes::facts::{self, Facts};
use crate::cmc_regimes::hysteresis::{Decision, State};
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::memory::Memory;
use crate::cmc_regimes::outside::{OutsideFacts, PerOutside};
use crate::cmc_regimes::pipeline::{self, Given};
use crate::cmc_regimes::policy::{Part, Policy, Risk, UNKNOWN};
use crate::cmc_regimes::restraint::{Beside, RowInputs, Source, in_force, restraints};
use crate::cmc_regimes::row::Row;
use crate::cmc_regimes::series::Series;

/// One row and its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Index of the daily row, from 0.
    pub index: usize,
    /// Time of the row, in microseconds.
    pub ts: i64,
    /// Tier and enabled layers of the row.
    pub budget: Budget,
    /// Reasons for the label of each layer; `None` where the layer is disabled or has no bar yet.
    pub layers: PerLayer<Option<LayerFacts>>,
    /// Reasons for labels from elsewhere; `None` without such a layer, and before its first label.
    pub outside: PerOutside<Option<OutsideFacts>>,
    /// Closing time of the market proxy's weekly bar in force, in microseconds, and whether the market was
    /// supportive; `None` without a proxy or without such a bar.
    pub proxy: Option<(i64, bool)>,
    /// All that tightens the row, in order: the first starts from [`Risk::START`], each further one from the
    /// risk after the one before, and the last ends at the row's risk.
    pub tightenings: Vec<Tightening>,
    /// The label whose rule gives the setups: the first in force of L2, L1, L0, L3, L4; `None` if there is
    /// none, so that the setups are those of `Unknown`.
    pub setups_by: Option<Source>,
    /// The row itself.
    pub row: Row,
}

/// The reasons for a layer's label on a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFacts {
    /// Index of the bar in force, the latest at or before the row, from 0.
    pub bar: usize,
    /// Closing time of that bar, in microseconds.
    pub ts: i64,
    /// Closing times, in microseconds, latest first, of the bars before that must agree with the trend.
    pub ts_before: Vec<i64>,
    /// The raw label and its reasons.
    pub facts: Facts,
    /// Hysteresis before the row.
    pub before: State,
    /// What hysteresis did with the raw label.
    pub decision: Decision,
    /// Hysteresis after the row.
    pub after: State,
}

/// One restraint on a row's risk.
#[derive(Clone, Debug, PartialEq)]
pub struct Tightening {
    /// What tightens.
    pub source: Source,
    /// The label that tightens; `None` for caps by the market proxy.
    pub label: Option<String>,
    /// The part of the policy table that acts; `None` for caps by the market proxy.
    pub part: Option<Part>,
    /// The restraint; neutral in the fields that it leaves as they are.
    pub asks: Risk,
    /// The risk before the restraint.
    pub before: Risk,
    /// The risk under the restraint.
    pub after: Risk,
}

/// Explains the daily row with this index (from 0), `None` if there is none. `series` and `given` are the
/// arguments with which the rows are computed ([`pipeline::whole`]).
pub fn explain(index: usize, series: PerLayer<Option<&Series>>, given: &Given) -> Option<Explanation> {
    let daily = series[Layer::L2]?;
    let ts = *daily.ts.get(index)?;
    let until = |rows: usize| daily.ema.each_ref().map(|ema| &ema[..rows]);
    let part = |from: usize, to: usize| {
        let mut part = series.map(|s| s.cloned());
        part[Layer::L2] = Some(daily.part(from..to));
        part
    };
    let start = part(0, index);
    let start =
        pipeline::resume(Memory::default(), start.each_ref().map(Option::as_ref), until(index), given);
    let before = start.memory.layers.each_ref().map(|layer| layer.hysteresis);
    let mut rest = part(index, index + 1);
    if let Some(newest) = start.memory.newest {
        for layer in [Layer::L0, Layer::L1, Layer::L3] {
            rest[layer] = rest[layer].as_ref().map(|s| s.since(s.until(newest)));
        }
    }
    let outcome =
        pipeline::resume(start.memory, rest.each_ref().map(Option::as_ref), until(index + 1), given);
    let row = outcome.rows.get(*outcome.row.first()? as usize)?.clone();
    // The row's own budget: point in time, that of the bars at or before the row.
    let given = &Given { budget: row.budget, ..*given };

    let layers = PerLayer::from_fn(|layer| {
        let series = series[layer].filter(|_| given.budget.enabled[layer])?;
        let before = if layer.holds_own_bars() { held(layer, series, ts, given) } else { before[layer] };
        layer_facts(layer, series, ts, before, given)
    });
    let raw = layers.each_ref().map(|layer| layer.as_ref().map(|layer| layer.facts.label));
    let capped = *pipeline::capped(&[ts], given.proxy, &[row.budget]).first()?;
    let l4 = given.params.l4_label.as_deref();
    let effect = l4.map(|text| given.policy.effect_of(text));
    let prepared = given.prepared();
    let beside = Beside { given: effect.as_ref(), outside: &prepared };
    let pairs = prepared.each_ref().map(|labels| labels.as_ref()?.on(&[ts])[0]);
    let inputs = (row.labels, raw, capped, pairs);
    let setups_by = in_force(given.policy, beside, row.labels, pairs).next().map(|(source, _)| source);
    Some(Explanation {
        index,
        ts,
        budget: given.budget,
        proxy: given.proxy.and_then(|proxy| proxy.at(ts)),
        tightenings: tightenings(given.policy, l4, beside, inputs),
        outside: prepared.each_ref().map(|labels| labels.as_ref()?.facts(ts)),
        setups_by,
        layers,
        row,
    })
}

/// Hysteresis before the latest bar at or before a row, of a layer whose hysteresis counts bars.
fn held(layer: Layer, series: &Series, row: i64, given: &Given) -> State {
    let Given { params, policy, .. } = *given;
    let bars = series.first(series.until(row).saturating_sub(1));
    let labels = pipeline::raw_labels(layer, &bars, given.budget.tier, params);
    let unlabelled = if params.point_in_time { params.layers[layer].min_bars.saturating_sub(1) } else { 0 };
    let mut state = State::default();
    for label in labels.into_iter().skip(unlabelled) {
        state.step(Some(label), params.mode, params.hold, |old, new| policy.tightens(old, new));
    }
    state
}

fn layer_facts(layer: Layer, series: &Series, row: i64, before: State, given: &Given) -> Option<LayerFacts> {
    let bars = series.until(row);
    let how = given.params.labelling(layer);
    let window = how.config.vol_windows[layer].filter(|_| given.budget.ranked[layer]);
    let facts = facts::facts(&series.first_bars(bars), &how, window)?;
    let mut after = before;
    let tightens = |old, new| given.policy.tightens(old, new);
    let decision = after.decide(Some(facts.label), given.params.mode, given.params.hold, tightens);
    let bar = bars - 1;
    let ts_before = (bars.saturating_sub(facts.confirm_bars)..bar).rev().map(|i| series.ts[i]).collect();
    Some(LayerFacts { bar, ts: series.ts[bar], ts_before, facts, before, decision, after })
}

/// All that tightens a row, label by label, rule by rule.
fn tightenings(policy: &Policy, l4: Option<&str>, beside: Beside, inputs: RowInputs) -> Vec<Tightening> {
    let mut risk = Risk::START;
    let mut all = Vec::new();
    for (source, restraint) in restraints(policy, beside, inputs) {
        let label = |label: Label| Some(label.as_str());
        let text = match source {
            Source::InForce(_, own) | Source::Waiting(_, own) => label(own),
            Source::Given => l4,
            Source::Outside(layer, name) | Source::OutsideWaiting(layer, name) => {
                beside.outside[layer as usize].as_ref().map(|labels| labels.text(name))
            }
            Source::NoKey => Some(UNKNOWN),
            Source::ProxyGrossCap | Source::ProxySize => None,
        };
        let parts = match text {
            Some(text) => policy.parts_of(text).into_iter().map(|(part, asks)| (Some(part), asks)).collect(),
            None => vec![(None, restraint)],
        };
        for (part, asks) in parts {
            let before = risk;
            risk = risk.tighten(asks);
            all.push(Tightening { source, label: text.map(str::to_owned), part, asks, before, after: risk });
        }
    }
    all
}
