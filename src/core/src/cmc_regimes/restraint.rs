//! All that tightens one row, in the order in which it is explained: labels in force, waiting labels, a
//! missing key, the market proxy (specification 1, sections 4 and 5).

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::outside::{OutsideLayer, Pair, PerOutside, Prepared};
use crate::cmc_regimes::policy::{Effect, Policy, Risk};
use crate::cmc_regimes::proxy::PROXY_CAP;

/// The inputs of a row: accepted labels, raw labels, whether the market proxy caps gross exposure and size, and labels from
/// elsewhere.
pub type RowInputs = (PerLayer<Option<Label>>, PerLayer<Option<Label>>, [bool; 2], PerOutside<Option<Pair>>);

/// What labels beside those of bars do: that of L4 which the caller gives, and those from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The effect of the L4 label given.
    pub given: Option<&'a Effect>,
    /// The labels from elsewhere.
    pub outside: &'a PerOutside<Option<Prepared<'a>>>,
}

/// What tightens a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The label in force of a layer.
    InForce(Layer, Label),
    /// The L4 label that the caller gives.
    Given,
    /// The label from elsewhere in force of a layer.
    Outside(OutsideLayer, u32),
    /// The newest label from elsewhere of a layer, which waits to be accepted.
    OutsideWaiting(OutsideLayer, u32),
    /// The raw label of a layer that waits to be accepted.
    Waiting(Layer, Label),
    /// The lack of a label that makes the key.
    NoKey,
    /// The market proxy, since the monthly layer is disabled.
    ProxyGrossCap,
    /// The market proxy, since the weekly layer is disabled.
    ProxySize,
}

/// The labels in force with their effects, the label of the key first: L2, L1, L0, L3, L4.
pub fn in_force<'a>(
    policy: &'a Policy,
    beside: Beside<'a>,
    accepted: PerLayer<Option<Label>>,
    outside: PerOutside<Option<Pair>>,
) -> impl Iterator<Item = (Source, &'a Effect)> + Clone {
    let layers = [Layer::L2, Layer::L1, Layer::L0, Layer::L3].into_iter();
    let of_layer = move |layer: Layer| {
        let label = accepted[layer]?;
        Some((Source::InForce(layer, label), policy.effect(label)))
    };
    let from_elsewhere = OutsideLayer::ALL.iter().zip(outside).zip(beside.outside);
    let from_elsewhere = from_elsewhere.filter_map(|((layer, pair), labels)| {
        let accepted = pair?.accepted;
        Some((Source::Outside(*layer, accepted), labels.as_ref()?.effect(accepted)))
    });
    let given = beside.given.map(|effect| (Source::Given, effect));
    layers.filter_map(of_layer).chain(from_elsewhere).chain(given)
}

/// The label that makes the key, the first accepted of L2, L1, L0; `None` for `Unknown`. Specification 1,
/// section 4.
pub fn key(accepted: PerLayer<Option<Label>>) -> Option<Label> {
    accepted[Layer::L2].or(accepted[Layer::L1]).or(accepted[Layer::L0])
}

/// All that tightens a row, with its restraint; tightening [`Risk::START`] by all, in any order, gives the
/// row's risk. Specification 1, sections 4 and 5.
pub fn restraints<'a>(
    policy: &'a Policy,
    beside: Beside<'a>,
    (accepted, raw, [caps_gross, caps_size], outside): RowInputs,
) -> impl Iterator<Item = (Source, Risk)> {
    // A waiting change already tightens risk; setups follow the labels in force.
    let waiting = Layer::ALL.into_iter().filter(move |l| raw[*l] != accepted[*l]);
    let waiting = waiting.filter_map(move |layer| {
        let label = raw[layer]?;
        Some((Source::Waiting(layer, label), policy.effect(label).risk))
    });
    let waits = OutsideLayer::ALL.iter().zip(outside).zip(beside.outside);
    let waits = waits.filter_map(|((layer, pair), labels)| {
        let Pair { accepted, raw } = pair?;
        let effect = labels.as_ref()?.effect(raw);
        (raw != accepted).then_some((Source::OutsideWaiting(*layer, raw), effect.risk))
    });
    // An L3 or L4 label makes no key: it only tightens further.
    let no_key = key(accepted).is_none().then(|| (Source::NoKey, policy.unknown().risk));
    let gross = Risk { gross_cap: PROXY_CAP, ..Risk::NEUTRAL };
    let size = Risk { size_mult: PROXY_CAP, ..Risk::NEUTRAL };
    in_force(policy, beside, accepted, outside)
        .map(|(source, effect)| (source, effect.risk))
        .chain(waiting)
        .chain(waits)
        .chain(no_key)
        .chain(caps_gross.then_some((Source::ProxyGrossCap, gross)))
        .chain(caps_size.then_some((Source::ProxySize, size)))
}
