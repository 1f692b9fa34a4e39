//! Steps 4 and 5: the terms of the state, confidence, and the rules up to the one that holds.

use regime_core::market_states::{Note, StateLabel};
use regime_core::math::number::{plain, rounded};

use crate::output::told::{Line, line};
use crate::systems::market_states::explain::measured::terms;
use crate::systems::market_states::explain::{Step, Told, short};

/// The lines of these steps.
pub fn tell(told: &Told) -> Vec<Line> {
    let mut lines: Vec<Line> =
        ["agree", "mom", "liq", "vol", "str"].into_iter().flat_map(|term| of_term(told, term)).collect();
    let confidence = told.made.row.verdict.confidence;
    let detail = "the sum of the terms, times factor, within 0 to 1";
    lines.push(line(Step::Terms, "value", plain(confidence), detail).of("confidence"));
    let parts = told.notes.of("confidence").flat_map(|note| terms(Step::Terms, note));
    lines.extend(parts.map(|line| line.of("confidence")));
    lines.extend(label(told));
    lines.extend(bias_and_posture(told));
    lines
}

/// A term of the state: its value, then its parts.
fn of_term(told: &Told, term: &'static str) -> Vec<Line> {
    let means = match term {
        "agree" => "agreement of the votes: 1 all alike, 0.6 two against one, 0.4 one against one, 0.35 none",
        "mom" => "momentum",
        "liq" => "liquidity",
        "vol" => "calm",
        _ => "strength of direction",
    };
    let value = told.notes.of(term).find_map(|note| match note {
        Note::Value("", value) => Some(short(*value)),
        _ => None,
    });
    let mut lines = vec![line(Step::Terms, "value", value.unwrap_or_default(), means).of(term)];
    let parts = told.notes.of(term).flat_map(|note| terms(Step::Terms, note));
    lines.extend(parts.map(|line| line.of(term)));
    lines
}

fn label(told: &Told) -> Vec<Line> {
    let mut lines = rules(told, "state_label");
    let verdict = told.made.row.verdict;
    let detail =
        last_rule(told, "state_label").map_or("no rule holds".to_owned(), |rule| format!("by {rule}"));
    lines.push(line(Step::Rules, "value", verdict.label.as_str(), detail).of("state_label"));
    lines
}

fn bias_and_posture(told: &Told) -> Vec<Line> {
    let verdict = told.made.row.verdict;
    let by_label = match (verdict.label, last_rule(told, "state_label")) {
        (StateLabel::Shock, _) => Some("SHOCK overrules"),
        (_, Some(rule)) if rule.starts_with("rule 5") => Some("rule 5 of state_label overrules"),
        _ => None,
    };
    let mut lines = Vec::new();
    for (column, value) in [("bias", verdict.bias.as_str()), ("risk_posture", verdict.posture.as_str())] {
        lines.extend(rules(told, column));
        let detail = by_label.unwrap_or("the first rule that holds, or else NEUTRAL");
        lines.push(line(Step::Rules, "value", value, detail).of(column));
    }
    lines
}

/// The last rule that holds.
fn last_rule(told: &Told, column: &str) -> Option<&'static str> {
    let holding = told.notes.of(column).filter_map(|note| match note {
        Note::Rule(rule, true) => Some(rule.name),
        _ => None,
    });
    holding.last()
}

/// The rules of a column that were tried, each before its comparisons.
fn rules(told: &Told, column: &'static str) -> Vec<Line> {
    let says = |holds: bool| if holds { "holds" } else { "does not hold" };
    let (mut lines, mut comparisons) = (Vec::new(), Vec::new());
    for note in told.notes.of(column) {
        match note {
            Note::Compared(name, value, is, limit, holds) => {
                let sign = is.as_str();
                let numbers = format!("{} {sign} {}", rounded(*value, 7, &[*limit]), plain(*limit));
                comparisons.push(line(Step::Rules, *name, numbers, says(*holds)).of(column));
            }
            Note::Rule(rule, holds) => {
                let needs = match (rule.needs, comparisons.len()) {
                    (_, 1) => "needs one comparison".to_owned(),
                    ("all", 2) => "needs both comparisons".to_owned(),
                    ("all", n) => format!("needs all {n} comparisons"),
                    ("one", n) => format!("needs one of {n} comparisons"),
                    (which, n) => format!("of {n} comparisons, needs {which}"),
                };
                lines.push(line(Step::Rules, rule.name, says(*holds), needs).of(column));
                lines.append(&mut comparisons);
            }
            _ => {}
        }
    }
    lines
}
