//! What an outcome puts into each output table.

use regime_core::Layer;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::Outcome;

use crate::sync::content::{Content, Value};
use crate::systems::cmc_regimes::row::Row;

/// What the rows of an outcome say, one element for each of its different rows.
pub fn said(outcome: &Outcome, params: &Params, version_hash: &str) -> Vec<Row> {
    let row = |row| Row::computed(row, params.l4_label.as_deref(), version_hash);
    outcome.rows.iter().map(row).collect()
}

/// The rows of one of the output tables, by its place in [`TABLES`](crate::systems::cmc_regimes::tables::TABLES), from what they
/// say; `names` are those of the EMAs.
pub fn of<'a>(table: usize, outcome: &'a Outcome, said: &'a [Row], names: &'a [String; 3]) -> Content<'a> {
    match table {
        0 => regimes(outcome, said),
        1 => flips(outcome),
        2 => stats(outcome),
        _ => comovement(outcome, names),
    }
}

/// Rows of `cmc_regimes`, from what they say.
fn regimes<'a>(outcome: &Outcome, said: &'a [Row]) -> Content<'a> {
    Content {
        keys: outcome.ts.iter().map(|ts| Value::Micros(*ts)).collect(),
        entry: outcome.row.clone(),
        entries: said.iter().flat_map(Row::values).collect(),
    }
}

/// Rows of `cmc_regime_flips`.
pub fn flips(outcome: &Outcome) -> Content<'_> {
    let mut flips: Vec<_> = outcome.flips.iter().collect();
    flips.sort_by_key(|(layer, flip)| (flip.row, layer.as_str()));
    let mut content = Content::default();
    for (n, (layer, flip)) in flips.into_iter().enumerate() {
        content.keys.extend([Value::Micros(outcome.ts[flip.row]), Value::Text(layer.as_str())]);
        content.entry.push(n as u32);
        content.entries.extend([
            Value::text(flip.old.as_deref()),
            Value::Text(&flip.new),
            Value::int(flip.duration.map(|rows| rows as i32)),
        ]);
    }
    content
}

/// Rows of `cmc_regime_stats`.
pub fn stats(outcome: &Outcome) -> Content<'_> {
    let all = outcome.memory.rows as f64;
    let mut content = Content::default();
    for (n, (key, stats)) in outcome.stats.iter().enumerate() {
        content.keys.push(Value::Text(key));
        content.entry.push(n as u32);
        content.entries.extend([
            Value::Int(stats.rows as i32),
            Value::Float(stats.rows as f64 / all),
            Value::float(stats.mean()),
            Value::float(stats.std()),
        ]);
    }
    content
}

/// Names of the daily EMAs by their periods, as `cmc_regime_comovement` calls them.
pub fn ema_names(params: &Params) -> [String; 3] {
    let periods = params.layers[Layer::L2].source.as_ref().map_or([0; 3], |s| s.periods);
    periods.map(|period| format!("close_ema_{period}"))
}

/// Rows of `cmc_regime_comovement`.
fn comovement<'a>(outcome: &Outcome, names: &'a [String; 3]) -> Content<'a> {
    let mut pairs: Vec<_> = outcome.comovement.iter().collect();
    pairs.sort_by_key(|([a, b], _)| (&names[*a], &names[*b]));
    let mut content = Content::default();
    for (n, ([a, b], c)) in pairs.into_iter().enumerate() {
        content.keys.extend([Value::Text(&names[*a]), Value::Text(&names[*b])]);
        content.entry.push(n as u32);
        content.entries.extend([
            Value::float(c.correlation),
            Value::float(c.sign_agree_rate),
            Value::int(c.best_lead_lag),
            Value::float(c.best_lead_lag_corr),
            Value::Int(c.n_obs as i32),
        ]);
    }
    content
}
