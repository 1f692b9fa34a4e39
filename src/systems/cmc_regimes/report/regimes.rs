//! What a report says of each regime: how long it lasts, what follows it, what the price did afterwards.

use std::rc::Rc;

use regime_core::Label;
use regime_core::math::number::rounded;
use regime_core::math::periods::{Durations, durations, transitions};

use crate::pg::plural;
use crate::systems::cmc_regimes::report::facts::{Facts, HORIZONS};

/// The sign of a number below 0.
const MINUS: &str = "\u{2212}";

/// A regime, as tables show it.
pub struct Regime {
    pub name: String,
    pub trend: &'static str,
    /// Whether it is that of the newest row.
    pub is_current: bool,
    pub share: String,
    pub runs: usize,
    pub median: String,
    pub longest: String,
    /// Length of the current run.
    pub current: String,
    /// Of each horizon.
    pub outcomes: Vec<Outcome>,
}

/// What the price did after rows of a regime, against all rows.
pub struct Outcome {
    /// The difference of the means in percent; empty where unknown.
    pub difference: String,
    /// The standard error, and the t statistic, with the number of windows.
    pub error: String,
    /// Whether the difference is more than two standard errors.
    pub is_beyond: bool,
    /// Where the difference and an interval of two standard errors around it begin and end, in percent of the
    /// width of the cell.
    pub interval: Option<[String; 3]>,
}

/// How often regimes followed each other.
pub struct Matrix {
    /// The regimes of rows and columns.
    pub names: Vec<String>,
    /// Of each regime, what followed it.
    pub rows: Vec<Vec<Followed>>,
}

/// A cell of the matrix: the probability in percent, empty where there was no such change; its strength, from 0 to 1;
/// the number of changes.
pub struct Followed {
    pub text: String,
    pub strength: String,
    pub n: u64,
}

/// The class that gives the colour of a label.
pub fn trend(label: &str) -> &'static str {
    match Label::parse(label).map(|label| label.trend() as u8) {
        Some(0) => "up",
        Some(1) => "sideways",
        Some(_) => "down",
        None => "other",
    }
}

/// A number with so many decimals; 0 has no sign.
pub fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    if value < 0.0 && is_above_zero(&text) { format!("{MINUS}{text}") } else { text }
}

/// A share as percent with its sign, which 0 has not.
pub fn percent(share: f64, decimals: usize) -> String {
    let text = decimal(share * 100.0, decimals);
    if share > 0.0 && is_above_zero(&text) { format!("+{text} %") } else { format!("{text} %") }
}

fn is_above_zero(text: &str) -> bool {
    text.contains(|c| ('1'..='9').contains(&c))
}

/// The regimes of the span, the most frequent first.
pub fn regimes(facts: &Facts) -> Vec<Regime> {
    let lasting = durations(&facts.periods);
    let of = |label: &str| lasting.iter().find(|lasting| &*lasting.regime == label);
    let current = facts.periods.last().map(|period| &period.regime);
    let widest = HORIZONS.map(|horizon| widest(facts, horizon));
    facts
        .frequent
        .iter()
        .map(|(name, n)| {
            let lasting = of(name);
            let rows = |rows: Option<f64>| rows.map_or(String::new(), |rows| rounded(rows, 3, &[]));
            let of_horizon = |(horizon, widest): (&usize, &f64)| outcome(facts, name, *horizon, *widest);
            Regime {
                name: name.to_string(),
                trend: trend(name),
                is_current: current == Some(name),
                share: format!("{:.0} %", *n as f64 / facts.labelled as f64 * 100.0),
                runs: lasting
                    .map_or(0, |lasting| lasting.runs.len() + usize::from(lasting.current.is_some())),
                median: rows(lasting.and_then(Durations::median)),
                longest: rows(lasting.and_then(Durations::longest).map(f64::from)),
                current: rows(lasting.and_then(|lasting| lasting.current).map(f64::from)),
                outcomes: HORIZONS.iter().zip(&widest).map(of_horizon).collect(),
            }
        })
        .collect()
}

/// The farthest end of the intervals of a horizon from 0.
fn widest(facts: &Facts, horizon: usize) -> f64 {
    let end = |(name, _): &(Rc<str>, usize)| {
        let found = facts.forward.get(&(Rc::clone(name), horizon))?;
        Some(found.difference?.abs() + 2.0 * found.std_error?)
    };
    facts.frequent.iter().filter_map(end).fold(0.0, f64::max)
}

fn outcome(facts: &Facts, name: &Rc<str>, horizon: usize, widest: f64) -> Outcome {
    let found = facts.forward.get(&(Rc::clone(name), horizon)).copied().unwrap_or_default();
    let windows = format!("{} {}", found.windows, plural(found.windows, "window"));
    let error = found.std_error.zip(found.t()).map_or_else(String::new, |(error, t)| {
        format!("\u{b1} {}, t {}, ", decimal(error * 100.0, 2), decimal(t, 1))
    });
    let interval = found.difference.zip(found.std_error).filter(|_| widest > 0.0).map(|(mid, error)| {
        [mid - 2.0 * error, mid, mid + 2.0 * error].map(|at| format!("{:.1}", 50.0 + 48.0 * at / widest))
    });
    Outcome {
        difference: found.difference.map_or(String::new(), |difference| percent(difference, 2)),
        error: error + &windows,
        is_beyond: found.t().is_some_and(|t| t.abs() >= 2.0),
        interval,
    }
}

/// What followed each of the regimes of tables; changes from or to others are left out of the columns, not of the
/// probabilities.
pub fn matrix(facts: &Facts, regimes: &[Regime]) -> Matrix {
    let found = transitions(&facts.periods);
    let cell = |from: &str, to: &str| {
        let followed = found.iter().find(|found| &*found.from == from && &*found.to == to);
        Followed {
            text: followed.map_or(String::new(), |followed| format!("{:.0}", followed.probability * 100.0)),
            strength: followed
                .map_or_else(|| "0".to_owned(), |followed| format!("{:.2}", followed.probability)),
            n: followed.map_or(0, |followed| followed.n),
        }
    };
    let names: Vec<String> = regimes.iter().map(|regime| regime.name.clone()).collect();
    let rows = names.iter().map(|from| names.iter().map(|to| cell(from, to)).collect()).collect();
    Matrix { names, rows }
}
