//! The label parameters of a call: spelled as arguments, and kept with an asset, so that a command repeats the last refresh
//! of the asset and rewrites nothing by other parameters.

use serde_json::{Map, Value};

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::params::Params;
use regime_core::{Layer, PerLayer};

use crate::pg::{quote_literal, settings};
use crate::systems::cmc_regimes::params::{Given, Hysteresis};
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;

/// The label parameters given, as further arguments of a call, each after a comma.
pub fn arguments(given: &Given) -> String {
    let Given {
        cal_scheme,
        policy,
        hysteresis,
        min_bars,
        l4_label,
        point_in_time,
        config,
        market_proxy_id: _,
        missing: _,
    } = given;
    let Hysteresis { on, mode, min_hold_bars } = hysteresis;
    let text = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| format!(", {name} => {}", quote_literal(text)))
    };
    let number = |name: String, number: Option<i32>| number.map(|n| format!(", {name} => {n}"));
    let mut all = vec![
        text(CAL_SCHEME, cal_scheme),
        text(POLICY, policy),
        on.map(|on| format!(", hysteresis => {on}")),
        text(MODE, mode),
        number(MIN_HOLD_BARS.to_owned(), *min_hold_bars),
    ];
    all.extend(LAYERS.into_iter().zip(min_bars).map(|(layer, bars)| number(min_bars_of(layer), *bars)));
    all.push(text(L4_LABEL, l4_label));
    all.push(point_in_time.map(|on| format!(", {POINT_IN_TIME} => {on}")));
    all.push(config.as_ref().map(|config| format!(", {CONFIG} => {}", quote_literal(config.to_string()))));
    all.into_iter().flatten().collect()
}

/// Names of the arguments that a setting stands in for: these are kept with every asset, as the setting may change.
const CAL_SCHEME: &str = "cal_scheme";
const MIN_HOLD_BARS: &str = "min_hold_bars";
const POINT_IN_TIME: &str = "point_in_time";
/// Names of the other arguments.
const POLICY: &str = "policy";
const MODE: &str = "hysteresis_mode";
const L4_LABEL: &str = "l4_label";
const CONFIG: &str = "config";

/// The layers whose fewest bars are an argument, in the order of [`Given::min_bars`].
const LAYERS: [Layer; 3] = [Layer::L0, Layer::L1, Layer::L2];

/// The name of the argument of a layer's fewest bars.
fn min_bars_of(layer: Layer) -> String {
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
        keep(POLICY, policy.into());
    }
    if params.mode != Mode::Asymmetric {
        keep(MODE, params.mode.as_str().into());
    }
    for layer in LAYERS {
        let bars = params.layers[layer].min_bars;
        if bars != defaults[layer] {
            keep(&min_bars_of(layer), bars.into());
        }
    }
    if let Some(label) = &params.l4_label {
        keep(L4_LABEL, label.as_str().into());
    }
    let config = params.config.differing();
    if !config.is_empty() {
        keep(CONFIG, config.into());
    }
    Value::Object(all).to_string()
}

/// The mark of parameters that a profile gave, and no call.
const OF_PROFILE: &str = "profile";

/// What an asset keeps, marked as given by its profile.
pub fn kept_of_profile(kept: &str) -> String {
    let mut all: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    all.insert(OF_PROFILE.to_owned(), true.into());
    Value::Object(all).to_string()
}

/// Whether a profile gave what an asset keeps, so that a call without the profile has nothing to repeat.
pub fn is_of_profile(kept: &str) -> bool {
    let all: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    all.contains_key(OF_PROFILE)
}

/// The parameters that an asset keeps; a text that [`kept`] has not made stands for the defaults.
pub fn given(kept: &str) -> Given {
    let all: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| all.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    Given {
        cal_scheme: text(CAL_SCHEME),
        policy: text(POLICY),
        hysteresis: Hysteresis { on: None, mode: text(MODE), min_hold_bars: number(MIN_HOLD_BARS) },
        min_bars: LAYERS.map(|layer| number(&min_bars_of(layer))),
        l4_label: text(L4_LABEL),
        point_in_time: all.get(POINT_IN_TIME).and_then(Value::as_bool),
        config: all.get(CONFIG).cloned(),
        market_proxy_id: None,
        missing: None,
    }
}

/// The parameters that an asset keeps, without those that a call has now by itself: by what `profile` gives, and by settings
/// and defaults.
pub fn beside(kept: &str, profile: &Given) -> Given {
    let mut given = given(kept);
    given.cal_scheme = given.cal_scheme.filter(|scheme| *scheme != profile.scheme());
    let text = |kept: Option<String>, now: &Option<String>, default: &str| {
        let kept = kept.unwrap_or_else(|| default.to_owned());
        (kept != now.as_deref().unwrap_or(default)).then_some(kept)
    };
    given.policy = text(given.policy, &profile.policy, DEFAULT_POLICY);
    given.l4_label = text(given.l4_label, &profile.l4_label, "");
    let (own, now) = (&mut given.hysteresis, &profile.hysteresis);
    own.mode = text(own.mode.take(), &now.mode, Mode::Asymmetric.as_str());
    let is_off = now.on == Some(false);
    let hold = if is_off { 0 } else { now.min_hold_bars.unwrap_or_else(settings::min_hold_bars) };
    own.min_hold_bars = own.min_hold_bars.filter(|bars| *bars != hold);
    own.on = (is_off && own.min_hold_bars.is_some()).then_some(true);
    for (n, layer) in LAYERS.into_iter().enumerate() {
        let default = layer.default_min_bars() as i32;
        let kept = given.min_bars[n].unwrap_or(default);
        given.min_bars[n] = (kept != profile.min_bars[n].unwrap_or(default)).then_some(kept);
    }
    let point_in_time = profile.point_in_time.unwrap_or_else(settings::point_in_time);
    given.point_in_time = given.point_in_time.filter(|on| *on != point_in_time);
    given.config = config_beside(given.config.as_ref(), profile.config.as_ref());
    given
}

/// The keys of a configuration whose values are not those of another, of which the defaults are part of either.
fn config_beside(kept: Option<&Value>, now: Option<&Value>) -> Option<Value> {
    let keys = |config: Option<&Value>| config.and_then(Value::as_object).cloned().unwrap_or_default();
    let [kept, now] = [kept, now].map(keys);
    let value = |config: &Map<String, Value>, key: &String| {
        config.get(key).cloned().or_else(|| Config::default_of(key))
    };
    let mut beside = Map::new();
    for key in kept.keys().chain(now.keys()) {
        let [kept, now] = [&kept, &now].map(|config| value(config, key));
        if let Some(kept) = kept.filter(|kept| kept.as_f64() != now.and_then(|now| now.as_f64())) {
            beside.insert(key.clone(), kept);
        }
    }
    (!beside.is_empty()).then_some(Value::Object(beside))
}

/// What differs between the parameters that two calls keep ([`kept`]), in words: of each, the value here and the value
/// there.
pub fn differing(here: &str, there: &str) -> Vec<String> {
    let all = |kept: &str| serde_json::from_str::<Map<String, Value>>(kept).unwrap_or_default();
    let [here, there] = [all(here), all(there)];
    let mut names: Vec<&String> = here.keys().chain(there.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let default = |name: &str| match name {
        POLICY => DEFAULT_POLICY.to_owned(),
        MODE => Mode::Asymmetric.as_str().to_owned(),
        L4_LABEL => "none".to_owned(),
        CONFIG => "{}".to_owned(),
        _ => {
            let layer = LAYERS.into_iter().find(|layer| min_bars_of(*layer) == name);
            layer.map_or_else(String::new, |layer| layer.default_min_bars().to_string())
        }
    };
    let shown = |all: &Map<String, Value>, name: &String| match all.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => default(name),
    };
    let differing = names.into_iter().map(|name| (name, shown(&here, name), shown(&there, name)));
    differing.filter(|(_, a, b)| a != b).map(|(name, a, b)| format!("{name} {a} instead of {b}")).collect()
}
