//! The label parameters of a call: spelled as arguments, and kept with an asset, so that a command repeats the last refresh
//! of the asset and rewrites nothing by other parameters.

use serde_json::{Map, Value};

use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::params::Params;
use regime_core::{Layer, PerLayer};

use crate::pg::{quote_literal, settings};
use crate::systems::cmc_regimes::params::{Given, Hysteresis};
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;

/// The label parameters given that are not the defaults, as further arguments of a call, each after a comma.
pub fn arguments(given: &Given) -> String {
    let Given { cal_scheme, policy, hysteresis, min_bars, l4_label, point_in_time } = given;
    let Hysteresis { on, mode, min_hold_bars } = hysteresis;
    let text = |name: &str, text: &Option<String>, default: &str| {
        let text = text.as_deref().filter(|text| *text != default)?;
        Some(format!(", {name} => {}", quote_literal(text)))
    };
    let number = |name: String, number: Option<i32>| number.map(|n| format!(", {name} => {n}"));
    let mut all = vec![
        text("cal_scheme", cal_scheme, ""),
        text("policy", policy, DEFAULT_POLICY),
        on.filter(|on| !on).map(|_| ", hysteresis => false".to_owned()),
        text("hysteresis_mode", mode, Mode::Asymmetric.as_str()),
        number("min_hold_bars".to_owned(), *min_hold_bars),
    ];
    all.extend(min_bars.iter().enumerate().map(|(l, bars)| number(format!("min_bars_l{l}"), *bars)));
    all.push(text("l4_label", l4_label, ""));
    all.push(point_in_time.map(|on| format!(", {POINT_IN_TIME} => {on}")));
    all.into_iter().flatten().collect()
}

/// Names of the arguments that a setting stands in for: these are kept with every asset, as the setting may change.
const CAL_SCHEME: &str = "cal_scheme";
const MIN_HOLD_BARS: &str = "min_hold_bars";
const POINT_IN_TIME: &str = "point_in_time";

/// The layers whose fewest bars are an argument, in the order of [`Given::min_bars`].
const LAYERS: [Layer; 3] = [Layer::L0, Layer::L1, Layer::L2];

/// The name of the argument of a layer's fewest bars.
fn min_bars(layer: Layer) -> String {
    format!("min_bars_{}", layer.as_str().to_lowercase())
}

/// The parameters and the name of the policy as an asset keeps them: an object of JSON, in which defaults are left out.
pub fn kept(params: &Params, policy: Option<&str>) -> String {
    let defaults = PerLayer::from_fn(Layer::default_min_bars);
    let mut all = Map::new();
    let mut keep = |name: &str, value: Value| all.insert(name.to_owned(), value);
    keep(CAL_SCHEME, params.cal_scheme.as_str().into());
    keep(MIN_HOLD_BARS, params.hold.into());
    keep(POINT_IN_TIME, params.point_in_time.into());
    if let Some(policy) = policy.filter(|name| *name != DEFAULT_POLICY) {
        keep("policy", policy.into());
    }
    if params.mode != Mode::Asymmetric {
        keep("hysteresis_mode", params.mode.as_str().into());
    }
    for layer in LAYERS {
        let bars = params.layers[layer].min_bars;
        if bars != defaults[layer] {
            keep(&min_bars(layer), bars.into());
        }
    }
    if let Some(label) = &params.l4_label {
        keep("l4_label", label.as_str().into());
    }
    Value::Object(all).to_string()
}

/// The parameters that an asset keeps; a text that [`kept`] has not made stands for the defaults.
pub fn given(kept: &str) -> Given {
    let all: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| all.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    Given {
        cal_scheme: text(CAL_SCHEME),
        policy: text("policy"),
        hysteresis: Hysteresis {
            on: None,
            mode: text("hysteresis_mode"),
            min_hold_bars: number(MIN_HOLD_BARS),
        },
        min_bars: LAYERS.map(|layer| number(&min_bars(layer))),
        l4_label: text("l4_label"),
        point_in_time: all.get(POINT_IN_TIME).and_then(Value::as_bool),
    }
}

/// The parameters that an asset keeps, without those that the settings now give.
pub fn beside_settings(kept: &str) -> Given {
    let mut given = given(kept);
    given.cal_scheme = given.cal_scheme.filter(|scheme| *scheme != settings::cal_scheme());
    let hold = &mut given.hysteresis.min_hold_bars;
    *hold = hold.filter(|bars| *bars != settings::min_hold_bars());
    given.point_in_time = given.point_in_time.filter(|on| *on != settings::point_in_time());
    given
}

/// The parameters that an asset keeps, as further arguments of a call.
pub fn repeated(kept: &str) -> String {
    arguments(&beside_settings(kept))
}
