//! What an outcome puts into each output table.

use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::row::Row;
use regime_core::{Label, Layer};

use crate::sync::content::{Content, Value};

/// Rows of `cmc_regimes`.
pub fn regimes<'a>(outcome: &'a Outcome, params: &'a Params, version_hash: &'a str) -> Content<'a> {
    Content {
        keys: outcome.ts.iter().map(|ts| Value::Micros(*ts)).collect(),
        entry: outcome.row.clone(),
        entries: outcome.rows.iter().flat_map(|row| regime(row, params, version_hash)).collect(),
    }
}

fn regime<'a>(row: &'a Row, params: &'a Params, version_hash: &'a str) -> [Value<'a>; 17] {
    let label = |l| Value::text(row.labels[l].map(Label::as_str));
    let [l0, l1, l2, _] = row.budget.enabled.map(Value::Bool).into_array();
    [
        label(Layer::L0),
        label(Layer::L1),
        label(Layer::L2),
        label(Layer::L3),
        Value::text(params.l4_label.as_deref()),
        Value::Text(row.key_text()),
        Value::Float(row.risk.size_mult),
        Value::Float(row.risk.stop_mult),
        Value::Text(row.risk.orders.as_str()),
        Value::Float(row.risk.gross_cap),
        Value::Bool(row.risk.pyramids),
        row.setups.as_deref().map_or(Value::Null, Value::Texts),
        Value::Text(row.budget.tier.as_str()),
        l0,
        l1,
        l2,
        Value::Text(version_hash),
    ]
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
            Value::text(flip.old),
            Value::Text(flip.new),
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
pub fn comovement<'a>(outcome: &Outcome, names: &'a [String; 3]) -> Content<'a> {
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
