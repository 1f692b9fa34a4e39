//! What the lint of a policy says to its author: how bad, what, and what to do.

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

/// Remarks on a table, the worst first, else in the order of the rules.
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
    let (short, detail) = words(table, &problem);
    // Nobody can be blamed for a built-in rule, nor need every key have a rule of its own.
    let is_users = own.is_some_and(|rule| rule.origin == Origin::Overlay);
    Remark {
        severity: if is_users { Severity::Warning } else { Severity::Info },
        rule: rule.map(|index| index as i32 + 1),
        text,
        problem: short,
        detail,
    }
}

fn words(table: &PolicyTable, problem: &Problem) -> (&'static str, String) {
    let quoted = |index: &usize| format!("\"{}\"", table.rules()[*index].match_text());
    match problem {
        Problem::ShadowedBy(earlier) => (
            "never reached",
            format!("{} before it matches the same keys: put this rule before that one, or drop it.", quoted(earlier)),
        ),
        Problem::TakenBy(earlier) => (
            "never reached",
            format!(
                "{} before it match all labels that it does: put this rule before them, or drop it. Only an l4_label could reach it.",
                earlier.iter().map(quoted).collect::<Vec<_>>().join(", ")
            ),
        ),
        Problem::NoLabel => (
            "matches no label",
            "No label computed from bars matches it: check spelling and order of trend (Up, Sideways, Down), volatility (Low, Normal, High), liquidity (Easy, Normal, Stressed). Only an l4_label could match.".to_owned(),
        ),
        Problem::ChangesNothing => (
            "changes nothing",
            "Without this rule every label computed from bars would resolve to the same: drop it, or say what it should change.".to_owned(),
        ),
        Problem::SizeNotLetThrough(size) => (
            "size never let through",
            format!("Resolving starts from size_mult 1 and only tightens: {size} acts as 1."),
        ),
        Problem::StopNotLetThrough(stop) => (
            "stop never let through",
            format!("Resolving starts from stop_mult 1.5 and only widens stops: {stop} acts as 1.5."),
        ),
        Problem::CapNotLetThrough(cap) => (
            "gross cap never let through",
            format!("Resolving starts from gross_cap 1 and only tightens: {cap} acts as 1."),
        ),
        Problem::OrdersNotLetThrough(orders) => (
            "orders never let through",
            format!("Any label with Stressed makes orders passive: {} acts as passive.", orders.as_str()),
        ),
        Problem::SetupsOfOverride(setups) => (
            "setups never used",
            format!(
                "A match that starts with a hyphen is an override, of whose setups only stand_down counts: {} is left out. Setups are those of the rule that it acts on top of.",
                setups.join(", ")
            ),
        ),
        Problem::StandsDownAt(size) => (
            "setups contradict size",
            format!("It lists stand_down at size_mult {size}: lower the size (0 is out), or take stand_down away."),
        ),
        Problem::NothingToHold(field) => (
            "setups contradict size",
            format!("{field} is 0, but setups are allowed: list stand_down alone, or raise {field}."),
        ),
        Problem::NoSetup(size) => (
            "setups contradict size",
            format!("The list of setups is empty, so that none is allowed, at size_mult {size}: leave setups out to restrict nothing, or list stand_down."),
        ),
        Problem::Hole(hole) => ("falls to the fallback", of_hole(table, hole)),
    }
}

fn of_hole(table: &PolicyTable, hole: &Hole) -> String {
    let fallback = table.fallback();
    let given = |name, value: Option<f64>| value.map(|value| format!("{name} {value}"));
    let values = [given("size_mult", fallback.size_mult), given("stop_mult", fallback.stop_mult)];
    let values: Vec<String> = values.into_iter().flatten().collect();
    format!(
        "No rule is for {}: {}. To say otherwise append a rule with this match.",
        hole.keys.join(", "),
        values.join(", ")
    )
}
