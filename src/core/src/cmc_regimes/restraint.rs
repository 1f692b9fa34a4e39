//! All that tightens one row, in the order in which it is explained: labels in force, waiting labels, a
//! missing key, the market proxy (specification 1, sections 4 and 5).

use crate::cmc_regimes::label::Label;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::policy::{Effect, Policy, Risk};
use crate::cmc_regimes::proxy::PROXY_CAP;

/// The inputs of a row: accepted labels, raw labels, and whether the market proxy caps gross exposure and
/// size.
pub type RowInputs = (PerLayer<Option<Label>>, PerLayer<Option<Label>>, [bool; 2]);

/// What tightens a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The label in force of a layer.
    InForce(Layer, Label),
    /// The L4 label.
    Given,
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
    l4: Option<&'a Effect>,
    accepted: PerLayer<Option<Label>>,
) -> impl Iterator<Item = (Source, &'a Effect)> + Clone {
    let layers = [Layer::L2, Layer::L1, Layer::L0, Layer::L3].into_iter();
    let of_layer = move |layer: Layer| {
        let label = accepted[layer]?;
        Some((Source::InForce(layer, label), policy.effect(label)))
    };
    layers.filter_map(of_layer).chain(l4.map(|effect| (Source::Given, effect)))
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
    l4: Option<&'a Effect>,
    (accepted, raw, [caps_gross, caps_size]): RowInputs,
) -> impl Iterator<Item = (Source, Risk)> {
    // A waiting change already tightens risk; setups follow the labels in force.
    let waiting = Layer::ALL.into_iter().filter(move |l| raw[*l] != accepted[*l]);
    let waiting = waiting.filter_map(move |layer| {
        let label = raw[layer]?;
        Some((Source::Waiting(layer, label), policy.effect(label).risk))
    });
    // An L3 or L4 label makes no key: it only tightens further.
    let no_key = key(accepted).is_none().then(|| (Source::NoKey, policy.unknown().risk));
    let gross = Risk { gross_cap: PROXY_CAP, ..Risk::NEUTRAL };
    let size = Risk { size_mult: PROXY_CAP, ..Risk::NEUTRAL };
    in_force(policy, l4, accepted)
        .map(|(source, effect)| (source, effect.risk))
        .chain(waiting)
        .chain(no_key)
        .chain(caps_gross.then_some((Source::ProxyGrossCap, gross)))
        .chain(caps_size.then_some((Source::ProxySize, size)))
}
