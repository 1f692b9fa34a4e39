//! Steps 1 to 3: the bar and its gates, the metrics and their terms, the price levels.

use regime_core::market_states::{Gate, Note, Side, Term};
use regime_core::math::number::plain;

use crate::output::told::{Line, line};
use crate::pg::{moment, plural, utc};
use crate::systems::market_states::explain::{Step, Told, short};
use crate::systems::market_states::tables::MARKET_STATES;

/// The lines of these steps.
pub fn tell(told: &Told) -> Vec<Line> {
    let mut lines = the_bar(told);
    lines.extend(gates(told));
    lines.extend(metrics(told));
    lines.extend(side(told, "supports", &told.made.row.metrics.supports));
    lines.extend(side(told, "resistances", &told.made.row.metrics.resistances));
    lines
}

fn the_bar(told: &Told) -> Vec<Line> {
    let asked = match told.at {
        Some(at) => format!("the newest row at or before {}", moment(at)),
        None => "the newest row".to_owned(),
    };
    let place = format!("{asked}: bar {} of {}, counted from 0", told.i, told.series.name());
    let bar = told.bar;
    let [open, high, low, volume] = [bar.open, bar.high, bar.low, bar.volume].map(plain);
    let mut lines = vec![
        line(Step::Bar, "row", utc(told.ts), place),
        line(
            Step::Bar,
            "close",
            plain(bar.close),
            format!("open {open}, high {high}, low {low}, volume {volume}"),
        ),
    ];
    lines.extend(told.notes.of("bar").filter_map(|note| match note {
        Note::Value(name, value) => {
            let means = match *name {
                "A" => "ATR: mean true range of 20 bars",
                "E20" => "exponential mean of the close, span 20",
                "E100" => "exponential mean of the close, span 100",
                "S20" => "standard deviation of 20 logarithmic returns",
                _ => "",
            };
            Some(line(Step::Bar, *name, short(*value), means))
        }
        _ => None,
    }));
    lines
}

/// The metrics whose gate this metric has too.
const SHARED: [(&str, &[&str]); 4] = [
    ("volatility_score", &["volatility_label", "volatility_trend"]),
    ("breakout_up", &["breakout_down"]),
    ("momentum_score", &["impulse_intensity", "momentum_state"]),
    ("liquidity_score", &["liquidity_label", "liquidity_trend"]),
];

/// The columns of the metrics, in order.
fn columns() -> impl Iterator<Item = (usize, &'static str)> {
    let columns = MARKET_STATES.values.iter().map(|column| column.name).enumerate();
    columns.skip_while(|(_, name)| *name != "market_bias").take_while(|(_, name)| *name != "supports")
}

/// Whether the gate of a metric is open.
fn is_open(told: &Told, metric: &str) -> bool {
    let gate_of = SHARED.iter().find(|(_, others)| others.contains(&metric)).map_or(metric, |(of, _)| of);
    told.notes.of(gate_of).any(|note| matches!(note, Note::Gate(_, true)))
}

fn gates(told: &Told) -> Vec<Line> {
    let of_gate = |(_, metric): (usize, &'static str)| {
        told.notes.of(metric).find_map(|note| match note {
            Note::Gate(gate, is_open) => {
                let value = if *is_open { "open" } else { "closed" };
                Some(line(Step::Bar, "gate", value, needs(metric, *gate)).of(metric))
            }
            _ => None,
        })
    };
    columns().filter_map(of_gate).collect()
}

fn needs(metric: &str, gate: Gate) -> String {
    let mut needs = Vec::new();
    if gate.bar > 0 {
        needs.push(format!("bar {} or later", gate.bar));
    }
    if gate.atr {
        needs.push("A known and not 0".to_owned());
    }
    if gate.deviation {
        needs.push("S20 known and not 0".to_owned());
    }
    let also = SHARED.iter().find(|(of, _)| *of == metric);
    let also = also.map_or(String::new(), |(_, others)| format!("; also that of {}", others.join(" and ")));
    format!("needs {}{also}", needs.join(", "))
}

fn metrics(told: &Told) -> Vec<Line> {
    let values = told.made.values();
    let mut lines = Vec::new();
    for (place, metric) in columns() {
        let is_open = is_open(told, metric);
        let detail = if is_open { words(metric) } else { "the gate is closed" };
        let value = values[place].shown().unwrap_or_default();
        lines.push(line(Step::Metrics, "value", value, detail).of(metric));
        if is_open {
            let terms = told.notes.of(metric).flat_map(|note| terms(Step::Metrics, note));
            lines.extend(terms.map(|line| line.of(metric)));
        }
    }
    lines
}

/// How a label follows from its number, or a metric from its parts. Specification 5, section 2.
fn words(metric: &str) -> &'static str {
    match metric {
        "market_bias" => "the hyperbolic tangent of the sum",
        "volatility_label" => {
            "of volatility_score: CALM below 0.25, NORMAL below 0.45, ELEVATED below 0.7, else STRESSED"
        }
        "volatility_trend" => "of the change: RISING from 0.03, FALLING to -0.03, else FLAT",
        "breakout_up" | "breakout_down" => "nearness · readiness · room",
        "downside_shock_risk" => "risk · factor",
        "efficiency_ratio" => "net move / path of 20 bars",
        "impulse_intensity" => "|momentum_score| · efficiency · one-sidedness",
        "momentum_state" => {
            "STRONG where |momentum_score| is 0.55 or more and impulse_intensity 0.5 or more; DRIFT where they are 0.2 or more and below 0.5"
        }
        "liquidity_label" => "of liquidity_score: DEEP from 0.7, NORMAL from 0.4, else THIN",
        "liquidity_trend" => "of the difference: IMPROVING from 0.05, DETERIORATING to -0.05, else STABLE",
        "asymmetry" => "lean, times factor where lean is below 0",
        _ => "the sum of the terms, within its range",
    }
}

/// A noted value or sum as lines.
pub fn terms(step: Step, note: &Note) -> Vec<Line> {
    match note {
        Note::Value(name, value) if !name.is_empty() => vec![line(step, *name, short(*value), "")],
        Note::Sum(name, terms) => {
            let mut lines = Vec::new();
            if !name.is_empty() {
                let sum = terms.iter().map(Term::contribution).sum();
                lines.push(line(step, *name, short(sum), "the sum of the terms that follow"));
            }
            lines.extend(terms.iter().map(|term| {
                let what = match (*name, term.name) {
                    ("", term) => term.to_owned(),
                    (sum, "") => format!("{sum}: constant"),
                    (sum, term) => format!("{sum}: {term}"),
                };
                let contribution = short(term.contribution());
                let detail = format!("weight {}, contribution {contribution}", short(term.weight));
                line(step, what, short(term.value), detail)
            }));
            lines
        }
        _ => Vec::new(),
    }
}

/// The ATR of the bar; `None` where it is unknown or 0.
fn atr(told: &Told) -> Option<f64> {
    told.notes.of("bar").find_map(|note| match note {
        Note::Value("A", value) if *value > 0.0 => Some(*value),
        _ => None,
    })
}

/// The levels of a side.
fn side(told: &Told, name: &'static str, side: &Side) -> Vec<Line> {
    if side.is_empty() {
        let why = match atr(told) {
            _ if told.i < 249 => format!("levels need 250 bars, and there are {}", told.i + 1),
            None => "no ATR: A is 0".to_owned(),
            Some(_) => {
                let place = if name == "supports" { "below" } else { "above" };
                format!("no cluster of candidates {place} the close has a strength of 0.35 or more")
            }
        };
        return vec![line(Step::Levels, "level", "none", why).of(name)];
    }
    let level = |(place, level): (usize, &regime_core::market_states::Level)| {
        let [pivots, bins, round] = level.candidates;
        let many = |n: u32, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
        let detail = format!(
            "strength {}, from {} {}, {}, {}",
            short(level.strength),
            pivots,
            plural(u64::from(pivots), "pivot"),
            many(bins, "bin of volume at price", "bins of volume at price"),
            many(round, "round number", "round numbers"),
        );
        line(Step::Levels, format!("level {}", place + 1), plain(level.price), detail).of(name)
    };
    side.iter().enumerate().map(level).collect()
}
