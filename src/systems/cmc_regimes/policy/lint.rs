//! What the lint of a policy tells its author: how severe a problem is, what it is, and what to do.

use regime_core::cmc_regimes::policy::{Hole, Lint, Origin, PolicyTable, Problem};

use crate::output::finding::Severity;

/// One remark on a policy.
pub struct Remark {
    pub severity: Severity,
    /// Number of the rule, from 1.
    pub rule: Option<i32>,
    /// The rule's `match`, or that of a rule that would fill a hole.
    pub text: String,
    pub problem: &'static str,
    pub detail: String,
}

/// The remarks on a table, the most severe first, otherwise in the order of the rules.
pub fn remarks(table: &PolicyTable) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = table.lint().into_iter().map(|lint| remark(table, lint)).collect();
    remarks.sort_by_key(|remark| remark.severity);
    remarks
}

fn remark(table: &PolicyTable, Lint { rule, problem }: Lint) -> Remark {
    let own = rule.map(|index| &table.rules()[index]);
    let text = match (&problem, own) {
        (Problem::Hole(hole), _) => hole.fill.clone(),
        (_, Some(rule)) => rule.match_text().to_owned(),
        _ => String::new(),
    };
    // Built-in rules are not the author's, and not every key needs a rule of its own.
    let is_users = own.is_some_and(|rule| rule.origin == Origin::Overlay);
    Remark {
        severity: if is_users { Severity::Warning } else { Severity::Info },
        rule: rule.map(|index| index as i32 + 1),
        text,
        problem: short(&problem),
        detail: detail(table, &problem),
    }
}

const fn short(problem: &Problem) -> &'static str {
    match problem {
        Problem::ShadowedBy(_) | Problem::TakenBy(_) => "never reached",
        Problem::NoLabel => "matches no label",
        Problem::ChangesNothing => "changes nothing",
        Problem::SizeNotLetThrough(_) => "size never let through",
        Problem::StopNotLetThrough(_) => "stop never let through",
        Problem::CapNotLetThrough(_) => "gross cap never let through",
        Problem::OrdersNotLetThrough(_) => "orders never let through",
        Problem::SetupsOfOverride(_) => "setups never used",
        Problem::StandsDownAt(_) | Problem::NothingToHold(_) | Problem::NoSetup(_) => {
            "setups contradict size"
        }
        Problem::Hole(_) => "falls to the fallback",
    }
}

/// What is wrong, and what to do.
fn detail(table: &PolicyTable, problem: &Problem) -> String {
    let quoted = |index: &usize| format!("\"{}\"", table.rules()[*index].match_text());
    match problem {
        Problem::ShadowedBy(earlier) => format!(
            "The earlier rule {} matches the same keys: put this rule before it, or drop this rule.",
            quoted(earlier)
        ),
        Problem::TakenBy(earlier) => format!(
            "The earlier rules {} match all labels that this rule matches: put this rule before them, or drop it. Only an l4_label could reach it.",
            earlier.iter().map(quoted).collect::<Vec<_>>().join(", ")
        ),
        Problem::NoLabel => "No label computed from bars matches: check the spelling and the order of trend (Up, Sideways, Down), volatility (Low, Normal, High), liquidity (Easy, Normal, Stressed). Only an l4_label could match.".to_owned(),
        Problem::ChangesNothing => "Without this rule, every label computed from bars would resolve to the same values: drop the rule, or give the field that it should change.".to_owned(),
        Problem::SizeNotLetThrough(size) => {
            format!("Resolving starts from size_mult 1 and only tightens: {size} acts as 1.")
        }
        Problem::StopNotLetThrough(stop) => {
            format!("Resolving starts from stop_mult 1.5 and only widens stops: {stop} acts as 1.5.")
        }
        Problem::CapNotLetThrough(cap) => {
            format!("Resolving starts from gross_cap 1 and only tightens: {cap} acts as 1.")
        }
        Problem::OrdersNotLetThrough(orders) => {
            format!("Any label with Stressed makes orders passive: {} acts as passive.", orders.as_str())
        }
        Problem::SetupsOfOverride(setups) => format!(
            "An override, whose match starts with a hyphen, uses no setup but stand_down: {} is ignored. The setups are those of the rule that the override acts on.",
            setups.join(", ")
        ),
        Problem::StandsDownAt(size) => {
            format!("The rule lists stand_down at size_mult {size}: lower the size (0 is flat), or remove stand_down.")
        }
        Problem::NothingToHold(field) => {
            format!("{field} is 0, but setups are allowed: list stand_down alone, or raise {field}.")
        }
        Problem::NoSetup(size) => format!(
            "The list of setups is empty, which allows none, at size_mult {size}: leave setups out to restrict nothing, or list stand_down."
        ),
        Problem::Hole(hole) => of_hole(table, hole),
    }
}

fn of_hole(table: &PolicyTable, hole: &Hole) -> String {
    let fallback = table.fallback();
    let given = |name, value: Option<f64>| value.map(|value| format!("{name} {value}"));
    let values = [given("size_mult", fallback.size_mult), given("stop_mult", fallback.stop_mult)];
    let values: Vec<String> = values.into_iter().flatten().collect();
    format!(
        "No rule matches {}, so the fallback applies: {}. To change that, append a rule with this match.",
        hole.keys.join(", "),
        values.join(", ")
    )
}
