//! Why one row says what it says. The row itself is made by [`pipeline::resume`]; what it follows from comes
//! from the functions that it was made with, asked once more about that row.

use crate::cmc_regimes::budget::Budget;
use crate::cmc_regimes::hysteresis::{Decision, State};
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::labeller::Facts;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::memory::Memory;
use crate::cmc_regimes::pipeline::Given;
use crate::cmc_regimes::policy::{Part, Policy, Risk, UNKNOWN};
use crate::cmc_regimes::restraint::{RowInputs, Source, in_force, restraints};
use crate::cmc_regimes::row::Row;
use crate::cmc_regimes::series::Series;
use crate::cmc_regimes::{labeller, pipeline};

/// One row, and what it follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Which daily row it is, counted from 0.
    pub index: usize,
    /// Its time, in microseconds.
    pub ts: i64,
    /// Tier and enabled layers.
    pub budget: Budget,
    /// By layer; `None` where it is disabled or has no bar yet.
    pub layers: PerLayer<Option<LayerFacts>>,
    /// When the market proxy's weekly bar in force closed, and whether the market was supportive; `None` without
    /// a proxy or such a bar.
    pub proxy: Option<(i64, bool)>,
    /// All that tightens the row, in the order in which `before` and `after` follow from each other: the first
    /// starts from [`Risk::START`], the last one ends at the row's risk.
    pub tightenings: Vec<Tightening>,
    /// The label whose rule gives the setups: that in force of the first of L2, L1, L0, L3, else L4; `None` if
    /// there is none of all these, and they are those of `Unknown`.
    pub setups_by: Option<Source>,
    /// The row.
    pub row: Row,
}

/// What a layer's label on a row follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFacts {
    /// The bar in force, the latest at or before the row, counted from 0.
    pub bar: usize,
    /// When it closed, in microseconds.
    pub ts: i64,
    /// When the bars before it closed that have to agree with its trend, the latest first.
    pub ts_before: Vec<i64>,
    /// The raw label, and why.
    pub facts: Facts,
    /// Hysteresis before the row.
    pub before: State,
    /// What became of the raw label.
    pub decision: Decision,
    /// Hysteresis after the row.
    pub after: State,
}

/// One thing that acts on a row's risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tightening {
    /// What it is of.
    pub source: Source,
    /// What of the policy table it is; `None` for caps by the market proxy.
    pub part: Option<Part>,
    /// What it asks for, neutral where it asks for nothing.
    pub asks: Risk,
    /// The risk before it.
    pub before: Risk,
    /// The risk with it.
    pub after: Risk,
}

/// Explains the daily row of this index, `None` if there is none. `series` and `given` are those that rows are
/// computed with ([`pipeline::run`]).
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
    // Its own budget, which point in time is that of the bars at or before it.
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
    let (window, floor) = pipeline::labelling(layer, given);
    let facts = labeller::facts(&series.first_bars(bars), layer, window, floor)?;
    let mut after = before;
    let tightens = |old, new| given.policy.tightens(old, new);
    let decision = after.decide(Some(facts.label), given.params.mode, given.params.hold, tightens);
    let bar = bars - 1;
    let ts_before = (bars.saturating_sub(layer.confirm_bars())..bar).rev().map(|i| series.ts[i]).collect();
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
