//! The computation of one asset: bars of every layer in; rows, flips, statistics and comovement out.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::cmc_regimes::align::as_of;
use crate::cmc_regimes::budget::{Budget, Tier};
use crate::cmc_regimes::comovement::{Comovement, comovements, push_rows};
use crate::cmc_regimes::fingerprint::{Print, prints};
use crate::cmc_regimes::hysteresis::State;
use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::labeller::{self, label_bars};
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::memory::{Last, LayerMemory, Memory};
use crate::cmc_regimes::outside::{OutsideLabels, OutsideLayer, Pair, Pairs, PerOutside, Prepared};
use crate::cmc_regimes::params::Params;
use crate::cmc_regimes::policy::{Orders, Policy, Risk};
use crate::cmc_regimes::proxy::Proxy;
use crate::cmc_regimes::restraint::{Beside, RowInputs, in_force, key, restraints};
use crate::cmc_regimes::row::{FlipLayer, Row, key_text};
use crate::cmc_regimes::series::Series;
use crate::math::flips::{Flip, flips_after};
use crate::math::stats::ReturnStats;

/// The results for one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Tier and enabled layers of the newest row; without new rows, those given.
    pub budget: Budget,
    /// Times of the new daily rows, in microseconds, ascending.
    pub ts: Vec<i64>,
    /// The index in `rows` of each new daily row.
    pub row: Vec<u32>,
    /// The contents of the new rows, each different content once.
    pub rows: Vec<Row>,
    /// Flips of the labels of all layers and of the key, as texts, among the new rows.
    pub flips: Vec<(FlipLayer, Flip<Cow<'static, str>>)>,
    /// Return statistics per key over all rows, in the order of the key's text.
    pub stats: Vec<(&'static str, ReturnStats)>,
    /// Comovement of pairs of daily EMAs over all rows, by their index (0 is the fastest).
    pub comovement: Vec<([usize; 2], Comovement)>,
    /// Fingerprints of the bars taken in, from the first block on that was not full before.
    pub prints: PerLayer<Vec<Print>>,
    /// The state from which further rows can be computed.
    pub memory: Memory,
}

/// Computes an asset from all its bars (specification 1).
///
/// `series` are the bars of each layer, `None` where a layer has no source; `proxy` is `None` for the market
/// proxy itself. Never fails: the caller refuses bars without a positive finite close.
pub fn run(
    series: PerLayer<Option<&Series>>,
    proxy: Option<&Proxy>,
    policy: &Policy,
    params: &Params,
) -> Outcome {
    let budget = budget(series, params);
    whole(series, &Given { budget, proxy, policy, params, outside: [None; 2], look: || () })
}

/// [`run`] with the budget and the parameters given.
pub fn whole(series: PerLayer<Option<&Series>>, given: &Given) -> Outcome {
    let none = Default::default();
    let emas = series[Layer::L2].map_or(&none, |daily| &daily.ema);
    resume(Memory::default(), series, emas.each_ref().map(Vec::as_slice), given)
}

/// What rows are computed with, beside the bars.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The budget of all bars; not used for rows computed point in time.
    pub budget: Budget,
    /// The market proxy, `None` for the market proxy itself.
    pub proxy: Option<&'a Proxy>,
    /// The compiled policy.
    pub policy: &'a Policy,
    /// All further parameters.
    pub params: &'a Params,
    /// The labels from elsewhere, all that are known now.
    pub outside: PerOutside<Option<&'a OutsideLabels>>,
    /// Called between the parts of the work; may unwind to cancel the work.
    pub look: fn(),
}

impl Given<'_> {
    /// The labels from elsewhere with what they do.
    pub(crate) fn prepared(&self) -> PerOutside<Option<Prepared<'_>>> {
        std::array::from_fn(|n| {
            let hold = self.params.held_outside(n);
            self.outside[n].map(|labels| Prepared::new(labels, self.policy, self.params.mode, hold))
        })
    }
}

/// Computes further rows of an asset: one for each daily bar in `series`.
///
/// The bars of all layers must have closed after the memory's newest row. `emas` are the daily EMAs (fast,
/// mid, slow) of all rows, earlier rows included. Budget, proxy up to the newest row, policy and parameters
/// must be those with which the memory was made, and so must labels from elsewhere up to the newest row; then the results are those of all bars at once.
pub fn resume(
    mut memory: Memory,
    series: PerLayer<Option<&Series>>,
    emas: [&[f64]; 3],
    given: &Given,
) -> Outcome {
    let Given { budget, look, .. } = *given;
    let empty = Series::default();
    let daily = series[Layer::L2].unwrap_or(&empty);
    let (labelled, prints) = label_rows(&mut memory.layers, series, &daily.ts, given);
    let capped = capped(&daily.ts, given.proxy, &labelled.budgets);
    look();
    let outside = given.prepared();
    let from_elsewhere = outside.each_ref().map(|labels| labels.as_ref().map(|labels| labels.on(&daily.ts)));
    let (row, rows) = resolve_rows(&labelled, &capped, (&outside, &from_elsewhere), given);
    let keys = || row.iter().map(|r| rows[*r as usize].key);
    look();
    let mut flips = outside_flips(&mut memory, &outside, from_elsewhere);
    flips.extend(all_flips(&mut memory, &labelled.accepted, keys()));
    let stats = stats_by_key(&mut memory, keys(), &daily.close);
    if !daily.ts.is_empty() {
        push_rows(&mut memory.pairs, daily.ema.each_ref().map(Vec::as_slice));
    }
    let young = labelled.budgets.iter().rposition(|budget| budget.is_young());
    memory.young_until = young.map(|t| daily.ts[t]).or(memory.young_until);
    memory.newest = daily.ts.last().copied().or(memory.newest);
    for (own, labels) in memory.outside.iter_mut().zip(given.outside) {
        own.prints =
            labels.zip(memory.newest).map_or_else(Vec::new, |(labels, newest)| labels.prints(newest));
    }
    memory.rows += daily.ts.len() as u64;
    memory.flips += flips.len() as u64;
    Outcome {
        flips,
        stats,
        comovement: comovements(&memory.pairs, emas, look),
        budget: labelled.budgets.last().copied().unwrap_or(budget),
        ts: daily.ts.clone(),
        row,
        rows,
        prints,
        memory,
    }
}

/// Budgets and labels of new rows: one element a row in each vector.
struct Labelled {
    budgets: Vec<Budget>,
    raw: PerLayer<Vec<Option<Label>>>,
    accepted: PerLayer<Vec<Option<Label>>>,
}

/// Takes the bars up to the last of these rows into the memory and labels the rows; returns also the
/// fingerprints of the bars, by layer.
fn label_rows(
    memory: &mut PerLayer<LayerMemory>,
    series: PerLayer<Option<&Series>>,
    rows: &[i64],
    given: &Given,
) -> (Labelled, PerLayer<Vec<Print>>) {
    let Given { budget, policy, params, look, .. } = *given;
    let mut blocks: PerLayer<Vec<Print>> = PerLayer::default();
    let taken = PerLayer::from_fn(|layer| {
        look();
        take_bars(&mut memory[layer], layer, series[layer], rows, params, &mut blocks[layer])
    });
    let budgets: Vec<Budget> = match params.point_in_time {
        true => (0..rows.len())
            .map(|t| budget_of(PerLayer::from_fn(|l| series[l].map(|_| taken[l].bars_at(t))), params))
            .collect(),
        false => vec![budget; rows.len()],
    };
    let raw = PerLayer::from_fn(|l| {
        let at =
            |t: usize| if budgets[t].enabled[l] { taken[l].label_at(t, budgets[t].ranked[l]) } else { None };
        (0..rows.len()).map(at).collect::<Vec<_>>()
    });
    let accepted = PerLayer::from_fn(|l| {
        let tightens = |old, new| policy.tightens(old, new);
        let state = &mut memory[l].hysteresis;
        look();
        if l.holds_own_bars() {
            return taken[l].accepted(state, l, (&budgets, params), tightens);
        }
        raw[l].iter().map(|label| state.step(*label, params.mode, params.hold, tightens)).collect()
    });
    (Labelled { budgets, raw, accepted }, blocks)
}

/// What rows with these labels say, each different row once, and for each row its index there.
fn resolve_rows(
    labelled: &Labelled,
    capped: &[[bool; 2]],
    (outside, pairs): (&PerOutside<Option<Prepared>>, &PerOutside<Option<Pairs>>),
    given: &Given,
) -> (Vec<u32>, Vec<Row>) {
    let Labelled { budgets, raw, accepted } = labelled;
    let l4 = given.params.l4_label.as_deref().map(|text| given.policy.effect_of(text));
    let mut resolver = Resolver::new(given.policy, Beside { given: l4.as_ref(), outside });
    let row = (0..budgets.len())
        .map(|t| {
            let at = |labels: &PerLayer<Vec<Option<Label>>>| labels.each_ref().map(|labels| labels[t]);
            let pair = pairs.each_ref().map(|pairs| pairs.as_ref().and_then(|pairs| pairs[t]));
            resolver.resolve(((at(accepted), at(raw), capped[t], pair), budgets[t]))
        })
        .collect();
    (row, resolver.rows)
}

/// For each row, by time, whether the market proxy caps gross exposure and size. Specification 1, section 5.
pub(crate) fn capped(rows: &[i64], proxy: Option<&Proxy>, budgets: &[Budget]) -> Vec<[bool; 2]> {
    let Some(proxy) = proxy else { return vec![[false; 2]; rows.len()] };
    let off = |budget: &Budget| [Layer::L0, Layer::L1].map(|layer| !budget.enabled[layer]);
    let rows = proxy.unsupportive(rows).into_iter().zip(budgets);
    rows.map(|(against, budget)| off(budget).map(|off| against && off)).collect()
}

/// The budget of all bars of these series, `None` where a layer has no source. Specification 1, section 3.
pub fn budget(series: PerLayer<Option<&Series>>, params: &Params) -> Budget {
    budget_of(series.map(|s| s.map(|s| s.close.len())), params)
}

/// The time of the last daily row that the market proxy may cap, of an asset with bars at these times (microseconds, ascending,
/// by layer; `None` where a layer has no source); `None` without such a row. Once a layer is enabled, it stays enabled.
/// Specification 1, section 5.
pub fn young_until(times: PerLayer<Option<&[i64]>>, params: &Params) -> Option<i64> {
    let rows = times[Layer::L2].unwrap_or_default();
    let all = || budget_of(times.map(|ts| ts.map(<[i64]>::len)), params);
    let young = match params.point_in_time {
        true => rows.partition_point(|row| budget_at(times, *row, params).is_young()),
        false if all().is_young() => rows.len(),
        false => 0,
    };
    rows[..young].last().copied()
}

/// The budget at a moment, in microseconds, of bars at these times. Specification 1, section 3.
fn budget_at(times: PerLayer<Option<&[i64]>>, moment: i64, params: &Params) -> Budget {
    budget_of(times.map(|ts| ts.map(|ts| ts.partition_point(|bar| *bar <= moment))), params)
}

/// The budget of these numbers of bars, `None` where a layer has no source. Specification 1, section 3.
pub fn budget_of(bars: PerLayer<Option<usize>>, params: &Params) -> Budget {
    // A layer without a source is disabled however few bars would enable it.
    let min_bars = |l| if bars[l].is_some() { params.layers[l].min_bars } else { usize::MAX };
    Budget::of(bars.map(Option::unwrap_or_default), PerLayer::from_fn(min_bars), &params.config)
}

/// Raw labels of a layer's bars, one per bar. Specification 1, section 2.
pub fn raw_labels(layer: Layer, series: &Series, tier: Tier, params: &Params) -> Vec<Label> {
    label_bars(&series.bars(), &params.labelling(layer), tier)
}

/// Raw labels of a layer's bars under the data budget: that of each bar's own time, or that of all bars where the
/// parameters ask for the whole history. One element per bar; `None` where the layer is disabled. Specification 1,
/// section 3.
pub fn budgeted_labels(
    layer: Layer,
    series: PerLayer<Option<&Series>>,
    params: &Params,
) -> Vec<Option<Label>> {
    let Some(own) = series[layer] else { return Vec::new() };
    let whole = budget(series, params);
    let times = series.map(|s| s.map(|s| &s.ts[..]));
    let at = |ts| if params.point_in_time { budget_at(times, ts, params) } else { whole };
    let [ranked, fixed] = labeller::Memory::default().label(&own.bars(), &params.labelling(layer));
    let label = |(bar, ts): (usize, &i64)| {
        let budget = at(*ts);
        let labels = if budget.ranked[layer] { &ranked } else { &fixed };
        budget.enabled[layer].then(|| labels[bar])
    };
    own.ts.iter().enumerate().map(label).collect()
}

/// A layer's bars up to the last row, as the rows see them.
struct Taken {
    /// For each row, the index of its latest bar.
    bar: Vec<Option<usize>>,
    /// Raw labels of the bars, by percentile and by fixed cut-offs.
    labels: [Vec<Label>; 2],
    /// Raw labels of the last bar before these bars.
    before: [Option<Label>; 2],
    /// Number of bars before these bars.
    bars_before: u64,
}

impl Taken {
    /// Number of bars at or before a row.
    fn bars_at(&self, row: usize) -> usize {
        self.bars_before as usize + self.bar[row].map_or(0, |bar| bar + 1)
    }

    /// The label in force on each row of a layer whose hysteresis counts bars: it begins with the first bar that enables the
    /// layer.
    fn accepted(
        &self,
        state: &mut State,
        layer: Layer,
        (budgets, params): (&[Budget], &Params),
        tightens: impl Fn(Label, Label) -> bool + Copy,
    ) -> Vec<Option<Label>> {
        let mut next = 0;
        let row = |(budget, bar): (&Budget, &Option<usize>)| {
            let labels = &self.labels[if budget.ranked[layer] { 0 } else { 1 }];
            while bar.is_some_and(|bar| next <= bar) {
                let bars = self.bars_before as usize + next + 1;
                let is_enabled = match params.point_in_time {
                    true => bars >= params.layers[layer].min_bars,
                    false => budget.enabled[layer],
                };
                let label = is_enabled.then(|| labels[next]);
                state.step(label, params.mode, params.hold, tightens);
                next += 1;
            }
            state.accepted.filter(|_| budget.enabled[layer])
        };
        budgets.iter().zip(&self.bar).map(row).collect()
    }

    /// The raw label of the latest bar at or before a row, with volatility ranked or by fixed cut-offs.
    fn label_at(&self, row: usize, ranked: bool) -> Option<Label> {
        let how = if ranked { 0 } else { 1 };
        self.bar[row].map_or(self.before[how], |bar| Some(self.labels[how][bar]))
    }
}

/// Takes the bars of a layer up to the last row into its memory.
fn take_bars(
    own: &mut LayerMemory,
    layer: Layer,
    series: Option<&Series>,
    rows: &[i64],
    params: &Params,
    blocks: &mut Vec<Print>,
) -> Taken {
    let mut taken = Taken {
        bar: vec![None; rows.len()],
        labels: Default::default(),
        before: own.raw,
        bars_before: own.bars,
    };
    let (Some(series), Some(last_row)) = (series, rows.last()) else { return taken };
    let bars = series.until(*last_row);
    *blocks = prints(own.print, series, bars);
    own.print = blocks.last().copied().or(own.print);
    own.bars += bars as u64;
    taken.labels = own.labels.label(&series.first_bars(bars), &params.labelling(layer));
    for (raw, labels) in own.raw.iter_mut().zip(&taken.labels) {
        *raw = labels.last().copied().or(*raw);
    }
    taken.bar = as_of(rows, &series.ts);
    taken
}

/// What tells rows apart; setups follow from the labels.
type RowContent = (PerLayer<Option<Label>>, PerOutside<Option<u32>>, [u64; 3], Orders, bool, Budget);

/// Resolves rows into policies: each combination of inputs is resolved once, and rows with equal content
/// share it.
struct Resolver<'a> {
    policy: &'a Policy,
    beside: Beside<'a>,
    seen: HashMap<(RowInputs, Budget), u32>,
    by_content: HashMap<RowContent, u32>,
    last: Option<((RowInputs, Budget), u32)>,
    rows: Vec<Row>,
}

impl<'a> Resolver<'a> {
    fn new(policy: &'a Policy, beside: Beside<'a>) -> Self {
        Self {
            policy,
            beside,
            seen: HashMap::new(),
            by_content: HashMap::new(),
            last: None,
            rows: Vec::new(),
        }
    }

    /// The index of the content of a row with these inputs.
    fn resolve(&mut self, inputs: (RowInputs, Budget)) -> u32 {
        if let Some((same, index)) = self.last
            && same == inputs
        {
            return index;
        }
        let index = *self.seen.entry(inputs).or_insert_with(|| {
            let ((.., pairs), _) = inputs;
            let row = compute_row(self.policy, self.beside, inputs);
            *self.by_content.entry(content(&row, pairs)).or_insert_with(|| {
                self.rows.push(row);
                self.rows.len() as u32 - 1
            })
        });
        self.last = Some((inputs, index));
        index
    }
}

fn content(row: &Row, outside: PerOutside<Option<Pair>>) -> RowContent {
    let Risk { size_mult, stop_mult, orders, gross_cap, pyramids } = row.risk;
    let outside = outside.map(|pair| pair.map(|pair| pair.accepted));
    (row.labels, outside, [size_mult, stop_mult, gross_cap].map(f64::to_bits), orders, pyramids, row.budget)
}

fn compute_row(policy: &Policy, beside: Beside, (inputs, budget): (RowInputs, Budget)) -> Row {
    let (accepted, .., pairs) = inputs;
    let risk =
        restraints(policy, beside, inputs).fold(Risk::START, |risk, (_, restraint)| risk.tighten(restraint));
    let setups = policy.setups(in_force(policy, beside, accepted, pairs).map(|(_, effect)| effect));
    let text = |n: usize| Some(beside.outside[n].as_ref()?.text(pairs[n]?.accepted).to_owned());
    Row { labels: accepted, outside: [text(0), text(1)], key: key(accepted), risk, setups, budget }
}

/// Flips of labels from elsewhere.
fn outside_flips(
    memory: &mut Memory,
    outside: &PerOutside<Option<Prepared>>,
    rows: PerOutside<Option<Pairs>>,
) -> Vec<(FlipLayer, Flip<Cow<'static, str>>)> {
    let mut all = Vec::new();
    let of_layers = OutsideLayer::ALL.iter().zip(&mut memory.outside).zip(outside.iter().zip(rows));
    for ((layer, own), (labels, rows)) in of_layers {
        let (Some(labels), Some(rows)) = (labels, rows) else { continue };
        let texts = rows.into_iter().map(|pair| pair.map(|pair| labels.text(pair.accepted).to_owned()));
        let flips = flips_after(&mut own.run, texts);
        all.extend(flips.into_iter().map(|flip| (FlipLayer::Outside(*layer), flip.map(Cow::Owned))));
    }
    all
}

fn all_flips(
    memory: &mut Memory,
    accepted: &PerLayer<Vec<Option<Label>>>,
    keys: impl Iterator<Item = Option<Label>>,
) -> Vec<(FlipLayer, Flip<Cow<'static, str>>)> {
    let mut all = Vec::new();
    for layer in Layer::ALL {
        let run = &mut memory.layers[layer].run;
        let flips = flips_after(run, accepted[layer].iter().copied());
        all.extend(
            flips.into_iter().map(|flip| {
                (FlipLayer::Layer(layer), flip.map(|label: Label| Cow::Borrowed(label.as_str())))
            }),
        );
    }
    let flips = flips_after(&mut memory.composite, keys.map(Some));
    all.extend(
        flips.into_iter().map(|flip| (FlipLayer::Composite, flip.map(|key| Cow::Borrowed(key_text(key))))),
    );
    all
}

fn stats_by_key(
    memory: &mut Memory,
    keys: impl Iterator<Item = Option<Label>>,
    close: &[f64],
) -> Vec<(&'static str, ReturnStats)> {
    let index = |key: Option<Label>| key.map_or(Label::COUNT, Label::index);
    memory.stats.resize(Label::COUNT + 1, ReturnStats::default());
    for (key, close) in keys.zip(close) {
        if let Some(before) = memory.last.replace(Last { key, close: *close }) {
            memory.stats[index(before.key)].push(close / before.close - 1.0);
        }
    }
    let mut by_key = memory.stats.clone();
    if let Some(newest) = memory.last {
        by_key[index(newest.key)].push(f64::NAN);
    }
    let keys = Label::all().map(Some).chain([None]).map(key_text);
    let mut stats: Vec<_> = keys.zip(by_key).filter(|(_, stats)| stats.rows > 0).collect();
    stats.sort_unstable_by_key(|(key, _)| *key);
    stats
}
