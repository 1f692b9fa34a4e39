//! The version hash: a fingerprint of all that labels and policies are computed with (specification 1,
//! section 6).

use serde_json::{Value, json};

use crate::cmc_regimes::config::Config;
use crate::cmc_regimes::layer::Layer;
use crate::cmc_regimes::outside::{OutsideLayer, OutsideParams};
use crate::cmc_regimes::params::Params;
use crate::cmc_regimes::policy::{PolicyTable, Rule};
use crate::hash::of_json;

/// Version of the code; changed whenever the same inputs and parameters give another label or policy.
pub const LABEL_VERSION: u32 = 1;

/// The version hash: the first 16 hex digits of the SHA-256 of a canonical JSON text (keys sorted, no white
/// space, shortest round-trip numbers) of the label version, every rule with its values, and every parameter
/// that can change a label. Parameters with the same effect, such as no hysteresis in either mode, hash
/// alike. Specification 1, section 6.
pub fn version_hash(table: &PolicyTable, params: &Params) -> String {
    of_json(&canonical(table, params))
}

/// The hash of the policy's rules alone, 16 hex digits, which tells a changed policy from changed parameters.
pub fn policy_hash(table: &PolicyTable) -> String {
    of_json(&json!([table.rules().iter().map(rule).collect::<Vec<_>>(), rule(table.fallback())]))
}

fn canonical(table: &PolicyTable, params: &Params) -> Value {
    let hysteresis = match params.hold {
        0 => Value::Null,
        hold => json!({"mode": params.mode.as_str(), "hold": hold}),
    };
    let (config, default) = (&params.config, Config::default());
    let mut all = json!({
        "label_version": LABEL_VERSION,
        "rules": table.rules().iter().map(rule).collect::<Vec<_>>(),
        "fallback": rule(table.fallback()),
        "hysteresis": hysteresis,
        "cal_scheme": params.cal_scheme,
        "market_proxy_id": params.market_proxy_id.unwrap_or(0),
        "l4_label": params.l4_label,
        "layers": Layer::ALL.map(|layer| layer_parameters(layer, params)),
        "thresholds": [config.vol_low_percentile, config.vol_high_percentile, config.atrp_low, config.atrp_high,
                       config.liq_easy, config.liq_stressed],
    });
    // What was no parameter at first counts where it is not the default, so that hashes stay.
    if config.atrp_bars != default.atrp_bars {
        all["atrp_bars"] = config.atrp_bars.into();
    }
    if config.liq_window != default.liq_window {
        all["liq_window"] = config.liq_window.into();
    }
    // Where intraday bars are read: their hysteresis counted daily rows at first.
    if params.layers[Layer::L3].source.is_some() {
        all["l3_holds"] = "bars".into();
    }
    for (n, (layer, own)) in OutsideLayer::ALL.iter().zip(params.outside).enumerate() {
        if let Some(OutsideParams { known, .. }) = own {
            let hold = params.held_outside(n);
            let mode = (hold > 0).then_some(params.mode.as_str());
            all["outside"][layer.as_str()] = json!({"hold": hold, "mode": mode, "known": known});
        }
    }
    if params.point_in_time {
        all["point_in_time"] = Value::Bool(true);
    }
    all
}

fn layer_parameters(layer: Layer, params: &Params) -> Value {
    let own = &params.layers[layer];
    json!({
        "min_bars": own.min_bars,
        "confirm_bars": params.config.confirm_bars[layer],
        "vol_window": params.config.vol_windows[layer],
        "source": own.source.as_ref().map(|s| json!({
            "periods": s.periods,
            "atr": s.atr,
            "adx_floor": s.adx_floor.filter(|f| *f > 0.0),
            "costs": s.costs,
        })),
    })
}

fn rule(rule: &Rule) -> Value {
    json!([
        rule.match_text(),
        rule.size_mult,
        rule.stop_mult,
        rule.orders.map(|o| o.as_str()),
        rule.setups,
        rule.gross_cap,
        rule.pyramids,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmc_regimes::hysteresis::Mode;
    use crate::cmc_regimes::policy::parse_rules;

    #[test]
    fn every_value_of_a_rule_and_every_parameter_counts() {
        let base = Params::default();
        let hash = |p: &Params| version_hash(&PolicyTable::built_in(), p);
        let original = hash(&base);
        assert_eq!(original.len(), 16);
        let changed = [
            Params { hold: 4, ..base.clone() },
            Params { mode: Mode::Symmetric, ..base.clone() },
            Params { cal_scheme: "us".to_owned(), ..base.clone() },
            Params { market_proxy_id: None, ..base.clone() },
            Params { market_proxy_id: Some(2), ..base.clone() },
            Params { l4_label: Some("x".to_owned()), ..base.clone() },
        ];
        for params in &changed {
            assert_ne!(hash(params), original, "{params:?}");
        }
        let overlay = parse_rules(&json!([{"match": "Down-", "size_mult": 0.6, "stop_mult": 1.6,
            "setups": ["hedge", "short_rallies"], "orders": "mixed"}]))
        .expect("rules");
        let same = PolicyTable::built_in().overlay(overlay.clone());
        assert_eq!(version_hash(&same, &base), original, "an overlay that changes nothing hashes alike");
        let mut other = overlay;
        other[0].stop_mult = Some(1.61);
        assert_ne!(version_hash(&PolicyTable::built_in().overlay(other), &base), original);
    }

    #[test]
    fn no_hold_hashes_alike_in_both_modes() {
        let off = |mode| Params { hold: 0, mode, ..Params::default() };
        let table = PolicyTable::built_in();
        assert_eq!(version_hash(&table, &off(Mode::Symmetric)), version_hash(&table, &off(Mode::Asymmetric)));
    }
}
