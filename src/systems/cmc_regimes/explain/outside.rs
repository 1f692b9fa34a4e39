//! Labels from elsewhere: which label of which time, when it was known, and what hysteresis did with the label.

use regime_core::cmc_regimes::hysteresis::{Decision, Mode};
use regime_core::cmc_regimes::outside::OutsideLayer;

use crate::output::told::{Line, line};
use crate::pg::{plural, utc};
use crate::source::outside::LabelSource;
use crate::systems::cmc_regimes::explain::Step;
use crate::systems::cmc_regimes::explain::told::Told;

/// The relation of the labels of a layer.
fn source<'a>(told: &'a Told, layer: OutsideLayer) -> Option<&'a LabelSource> {
    let daily = told.engine.reader(regime_core::Layer::L2)?.source();
    daily.labels[layer as usize].as_ref()
}

/// The line of the newest label that was known on the row; `None` where the layer has no such labels.
pub fn label(told: &Told, layer: OutsideLayer) -> Option<Line> {
    told.labels[layer as usize].as_ref()?;
    let relation = source(told, layer).map_or("", |source| source.relation.sql.as_str());
    let Some(facts) = &told.row.outside[layer as usize] else {
        let detail = format!("{relation} has no label that was known at the time of this row");
        return Some(line(Step::Labels, "label", "none yet", detail).of(layer.as_str()));
    };
    let (of, known) = (utc(facts.told.ts), utc(facts.told.known));
    let when =
        if of == known { format!("of {of}, known then") } else { format!("of {of}, known at {known}") };
    let detail = format!("{when}: the newest in {relation} that was known at the time of this row");
    Some(line(Step::Labels, "label", facts.told.label.as_str(), detail).of(layer.as_str()))
}

/// The lines of what hysteresis did, which counts labels.
pub fn hysteresis(told: &Told, layer: OutsideLayer) -> Vec<Line> {
    let n = layer as usize;
    let Some(facts) = &told.row.outside[n] else { return Vec::new() };
    let hold = told.engine.params.held_outside(n);
    let from = facts.before.as_deref().unwrap_or_default();
    let detail = match facts.decision {
        Decision::NoLabel | Decision::First => "the first label of this layer: accepted".to_owned(),
        Decision::Same => "the newest label is the one in force".to_owned(),
        Decision::NotHeld => format!("changed from {from} at once: every label counts, label_hold is 0"),
        Decision::Tightens => format!("changed from {from} at once, since it reduces risk"),
        Decision::SeenEnough(n) => {
            format!("changed from {from}: the change was seen on {n} {} in a row", plural(n.into(), "label"))
        }
        Decision::Waits(_) => {
            let why = match told.engine.params.mode {
                Mode::Symmetric => "symmetric mode holds every change",
                Mode::Asymmetric => "it does not reduce risk",
            };
            format!("kept: {} waits, since {why}", facts.told.label)
        }
    };
    let mut lines =
        vec![line(Step::Hysteresis, "accepted label", facts.accepted.as_str(), detail).of(layer.as_str())];
    if let (Decision::Waits(seen), Some(pending)) = (facts.decision, &facts.pending) {
        let detail = format!("seen on {seen} of {hold} labels in a row");
        lines.push(line(Step::Hysteresis, "pending label", pending.as_str(), detail).of(layer.as_str()));
    }
    lines
}
