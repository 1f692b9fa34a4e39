//! What each rule tightened, the market proxy, the result.

use regime_core::Layer;
use regime_core::cmc_regimes::explain::Tightening;
use regime_core::cmc_regimes::policy::{Align, Part, Risk, Rule, STAND_DOWN, STRESSED};
use regime_core::cmc_regimes::proxy::PROXY_CAP;
use regime_core::cmc_regimes::restraint::Source;
use regime_core::math::number::plain;

use crate::output::told::{Line, line};
use crate::pg::utc;
use crate::sync::content::braced;
use crate::systems::cmc_regimes::explain::Step;
use crate::systems::cmc_regimes::explain::labels::comparisons;
use crate::systems::cmc_regimes::explain::told::Told;

/// The lines of these steps.
pub fn tell(told: &Told) -> Vec<Line> {
    let mut lines = policy(told);
    lines.extend(proxy(told));
    lines.extend(result(told));
    lines
}

/// The rule that a tightening comes from; `None` for stress and caps.
fn rule_of<'a>(told: &'a Told, step: &Tightening) -> Option<&'a Rule> {
    let table = told.policy.table();
    match step.part? {
        Part::Rule(i) => Some(&table.rules()[i]),
        Part::Fallback => Some(table.fallback()),
        Part::Stressed => None,
    }
}

/// The layer that a source of restraint belongs to.
fn layer_of(source: Source) -> Option<&'static str> {
    match source {
        Source::InForce(layer, _) | Source::Waiting(layer, _) => Some(layer.as_str()),
        Source::Given => Some("L4"),
        Source::Outside(layer, _) | Source::OutsideWaiting(layer, _) => Some(layer.as_str()),
        Source::NoKey => None,
        Source::ProxyGrossCap => Some("L0"),
        Source::ProxySize => Some("L1"),
    }
}

/// The name of what tightens, as the result refers to it.
fn name_of(told: &Told, step: &Tightening) -> String {
    let part = match (step.part, rule_of(told, step)) {
        (Some(Part::Rule(_)), Some(rule)) => {
            let kind = if rule.pattern.align() == Align::Right { "override" } else { "rule" };
            format!("{kind} \"{}\"", rule.match_text())
        }
        (Some(Part::Stressed), _) => format!("place \"{STRESSED}\""),
        (Some(_), _) => "fallback".to_owned(),
        (None, _) => "proxy cap".to_owned(),
    };
    if matches!(step.source, Source::Waiting(..) | Source::OutsideWaiting(..)) {
        format!("waiting {part}")
    } else {
        part
    }
}

fn policy(told: &Told) -> Vec<Line> {
    let start = Risk::START;
    let risk = format!(
        "size {}, stop {}, orders {}",
        plain(start.size_mult),
        plain(start.stop_mult),
        start.orders.as_str()
    );
    let detail = format!(
        "and gross cap {}, pyramids {}: every row starts from these, and the rules of policy {} only tighten them",
        plain(start.gross_cap),
        start.pyramids,
        told.policy_name
    );
    let mut lines = vec![line(Step::Policy, "start", risk, detail)];
    for step in told.row.tightenings.iter().filter(|step| step.part.is_some()) {
        let label = match (step.source, &step.label) {
            (Source::NoKey, _) | (_, None) => {
                "no label makes a key, so the row counts as Unknown: ".to_owned()
            }
            (Source::Waiting(..) | Source::OutsideWaiting(..), Some(label)) => {
                format!("{label} waits, but its rule already applies: ")
            }
            (_, Some(label)) => format!("{label}: "),
        };
        let detail = label + &gives(told, step);
        let rule = line(Step::Policy, name_of(told, step), changes(step), detail);
        lines.push(rule.of(layer_of(step.source)));
    }
    lines
}

/// What the rule of a tightening asks for.
fn gives(told: &Told, step: &Tightening) -> String {
    let Some(rule) = rule_of(told, step) else {
        return format!("{STRESSED} in any place makes orders passive");
    };
    let from = match step.part {
        Some(Part::Rule(i)) => format!("{} rule {} gives", rule.origin.as_str(), i + 1),
        _ => "no rule matches, so the fallback gives".to_owned(),
    };
    let number = |name: &str, value: Option<f64>| value.map(|v| format!("{name} {}", plain(v)));
    let fields = [
        number("size", rule.size_mult),
        number("stop", rule.stop_mult),
        rule.orders.map(|orders| format!("orders {}", orders.as_str())),
        number("gross cap", rule.gross_cap),
        rule.pyramids.map(|pyramids| format!("pyramids {pyramids}")),
        rule.setups.as_deref().map(|setups| format!("setups {}", braced(setups))),
    ];
    let fields: Vec<String> = fields.into_iter().flatten().collect();
    if fields.is_empty() { format!("{from} nothing") } else { format!("{from} {}", fields.join(", ")) }
}

/// The fields that a tightening changed, with both values.
fn changes(step: &Tightening) -> String {
    let fields = fields(step.before).into_iter().zip(fields(step.after));
    let changed: Vec<String> = fields
        .filter(|((_, before), (_, after))| before != after)
        .map(|((name, before), (_, after))| format!("{} {before} -> {after}", short(name)))
        .collect();
    if changed.is_empty() { "tightens nothing".to_owned() } else { changed.join(", ") }
}

/// A field's name in a sentence.
fn short(name: &str) -> &str {
    match name {
        "size_mult" => "size",
        "stop_mult" => "stop",
        "gross_cap" => "gross cap",
        name => name,
    }
}

/// The five risk fields by their column.
pub fn fields(risk: Risk) -> [(&'static str, String); 5] {
    [
        ("size_mult", plain(risk.size_mult)),
        ("stop_mult", plain(risk.stop_mult)),
        ("orders", risk.orders.as_str().to_owned()),
        ("gross_cap", plain(risk.gross_cap)),
        ("pyramids", risk.pyramids.to_string()),
    ]
}

fn proxy(told: &Told) -> Vec<Line> {
    let params = &told.engine.params;
    let off: Vec<&str> = [Layer::L0, Layer::L1]
        .into_iter()
        .filter(|layer| !told.row.budget.enabled[*layer])
        .map(Layer::as_str)
        .collect();
    let does_not = |why: String| vec![line(Step::Proxy, "market proxy", "does not apply", why)];
    if off.is_empty() {
        return does_not("L0 and L1 are on; only assets without one of them are capped".to_owned());
    }
    let off = format!("{} {} off", off.join(" and "), if off.len() == 1 { "is" } else { "are" });
    let Some(id) = params.market_proxy_id else {
        return does_not(format!("{off}, but no asset stands for the market: no cap"));
    };
    if told.asset == id {
        return does_not(format!("{} is the market proxy itself", told.name));
    }
    let Some((ts, supportive)) = told.row.proxy else {
        return does_not(format!("{off}, but asset {id} has no weekly bar at or before this row: no cap"));
    };
    let detail = format!("{off}; this is the newest weekly bar of asset {id}, the market proxy");
    let mut lines = vec![line(Step::Proxy, "market proxy", utc(ts), detail)];
    let periods = params.layers[Layer::L1].source.as_ref().map_or([0; 3], |s| s.periods);
    if let Some((weekly, last)) = told.proxy.as_ref().and_then(|w| Some((w, w.ts.len().checked_sub(1)?))) {
        let ema = weekly.ema.each_ref().map(|ema| ema[last]);
        lines.extend(comparisons(Step::Proxy, weekly.close[last], ema, periods));
    }
    let (value, detail) = if supportive {
        ("yes", "both up: the market is supportive, nothing is capped".to_owned())
    } else {
        (
            "no",
            format!("not both up: without L0 the gross cap and without L1 the size is at most {PROXY_CAP}"),
        )
    };
    lines.push(line(Step::Proxy, "supportive", value, detail));
    for step in told.row.tightenings.iter().filter(|step| step.part.is_none()) {
        let layer = layer_of(step.source);
        let detail = format!("{} is off and the market is not supportive", layer.unwrap_or_default());
        lines.push(line(Step::Proxy, "cap", changes(step), detail).of(layer));
    }
    lines
}

fn result(told: &Told) -> Vec<Line> {
    let row = &told.row.row;
    let mut lines: Vec<Line> = fields(row.risk)
        .into_iter()
        .enumerate()
        .map(|(i, (name, value))| {
            let field = |risk: Risk| fields(risk)[i].1.clone();
            let last = told.row.tightenings.iter().rfind(|step| field(step.before) != field(step.after));
            let detail = match last {
                None => "the start value: no rule tightened it".to_owned(),
                Some(step) => {
                    let layer = layer_of(step.source).filter(|_| step.part.is_some());
                    let of = layer.map_or("the ".to_owned(), |layer| format!("{layer} "));
                    format!("by {of}{}", name_of(told, step))
                }
            };
            line(Step::Result, name, value, detail)
        })
        .collect();
    let setups = row.setups.as_deref().map_or("unrestricted".to_owned(), braced);
    lines.push(line(Step::Result, "setups", setups, setups_by(told)));
    lines
}

fn setups_by(told: &Told) -> String {
    let steps = || told.row.tightenings.iter();
    let base = |step: &&Tightening| matches!(step.part, Some(Part::Rule(_) | Part::Fallback));
    let key = steps().filter(base).find(|step| told.row.setups_by.is_none_or(|source| step.source == source));
    let Some(key) = key else { return String::new() };
    let of = layer_of(key.source).map_or("the ".to_owned(), |layer| format!("{layer} "));
    let by_key = rule_of(told, key).and_then(|rule| rule.setups.as_ref());
    let says = if by_key.is_some() { "those of" } else { "not restricted by" };
    let mut text = format!("{says} {of}{}", name_of(told, key));
    // Only labels in force restrict setups; waiting labels restrict risk alone.
    let in_force =
        |step: &&Tightening| matches!(step.source, Source::InForce(..) | Source::Outside(..) | Source::Given);
    let listing: Vec<String> = steps()
        .filter(in_force)
        .filter(|step| {
            let setups = rule_of(told, step).and_then(|rule| rule.setups.as_ref());
            setups.into_iter().flatten().any(|setup| setup == STAND_DOWN) && *step != key
        })
        .map(|step| format!("{} {}", layer_of(step.source).unwrap_or_default(), name_of(told, step)))
        .collect();
    if !listing.is_empty() {
        text += &format!("; {STAND_DOWN} by {}", listing.join(", "));
    }
    text
}
