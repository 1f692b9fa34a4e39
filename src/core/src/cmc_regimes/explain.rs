//! Why one row says what it says. The row is made by [`pipeline::resume`]; its reasons come from the same
//! functions, called once more for that row.

use crate::cmc_regimes::budget::Budget;
use crate::cmc_regimes::facts::{self, Facts};
use crate::cmc_regimes::hysteresis::{Decision, State};
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::memory::Memory;
use crate::cmc_regimes::pipeline::{self, Given};
use crate::cmc_regimes::policy::{Part, Policy, Risk, UNKNOWN};
use crate::cmc_regimes::restraint::{RowInputs, Source, in_force, restraints};
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tightening {
    /// What tightens.
    pub source: Source,
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
        layer_facts(layer, series, ts, before[layer], given)
    });
    let raw = layers.each_ref().map(|layer| layer.as_ref().map(|layer| layer.facts.label));
    let capped = *pipeline::capped(&[ts], given.proxy, &[row.budget]).first()?;
    let l4 = given.params.l4_label.as_deref();
    let effect = l4.map(|text| given.policy.effect_of(text));
    let setups_by = in_force(given.policy, effect.as_ref(), row.labels).next().map(|(source, _)| source);
    Some(Explanation {
        index,
        ts,
        budget: given.budget,
        proxy: given.proxy.and_then(|proxy| proxy.at(ts)),
        tightenings: tightenings(given.policy, l4, (row.labels, raw, capped)),
        setups_by,
        layers,
        row,
    })
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
fn tightenings(policy: &Policy, l4: Option<&str>, inputs: RowInputs) -> Vec<Tightening> {
    let effect = l4.map(|text| policy.effect_of(text));
    let mut risk = Risk::START;
    let mut all = Vec::new();
    for (source, restraint) in restraints(policy, effect.as_ref(), inputs) {
        let label = |label: Label| Some(label.as_str());
        let text = match source {
            Source::InForce(_, own) | Source::Waiting(_, own) => label(own),
            Source::Given => l4,
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
            all.push(Tightening { source, part, asks, before, after: risk });
        }
    }
    all
}
