//! Laws of the version hash: equal for equal inputs, different for any input that can change a row.

use crate::common::{cases, config, mode, rules};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::outside::OutsideParams;
use regime_core::cmc_regimes::params::{LayerParams, Params, SourceParams};
use regime_core::cmc_regimes::policy::{Orders, PolicyTable, Rule};
use regime_core::cmc_regimes::version::version_hash;
use regime_core::{Layer, PerLayer};

fn hash(rules: &[Rule], params: &Params) -> String {
    version_hash(&PolicyTable::built_in().overlay(rules.to_vec()), params)
}

fn params() -> impl Strategy<Value = Params> {
    let source = || {
        (any::<[u8; 3]>(), any::<bool>(), option::of(1.0..50.0), any::<bool>()).prop_map(
            |(periods, atr, adx_floor, costs)| SourceParams {
                periods: periods.map(u32::from),
                atr,
                adx_floor,
                costs,
            },
        )
    };
    let layer = || {
        (0usize..400, option::weighted(0.8, source()))
            .prop_map(|(min_bars, source)| LayerParams { min_bars, source })
    };
    let layers = [(); 4].map(|()| layer());
    let rest = (option::of("[a-z]{1,3}"), any::<bool>(), option::of(1i32..4), config());
    (select(vec!["iso", "us"]), mode(), 1u32..9, layers, rest).prop_map(
        |(cal_scheme, mode, hold, layers, (l4_label, point_in_time, market_proxy_id, config))| Params {
            cal_scheme: cal_scheme.to_owned(),
            mode,
            hold,
            layers: PerLayer::new(layers),
            config,
            l4_label,
            point_in_time,
            market_proxy_id,
            outside: [None, point_in_time.then_some(OutsideParams { hold: 2, known: false })],
        },
    )
}

/// Given or not, the other way.
fn toggled(value: Option<f64>) -> Option<f64> {
    if value.is_some() { None } else { Some(0.125) }
}

/// Given, and a little more than before.
fn nudged(value: Option<f64>) -> Option<f64> {
    Some(value.map_or(0.125, |v| v + 1e-9))
}

/// Every way to change one value of a rule.
fn rule_changes() -> Vec<fn(&mut Rule)> {
    vec![
        |r| r.size_mult = toggled(r.size_mult),
        |r| r.size_mult = nudged(r.size_mult),
        |r| r.stop_mult = toggled(r.stop_mult),
        |r| r.stop_mult = nudged(r.stop_mult),
        |r| r.gross_cap = toggled(r.gross_cap),
        |r| r.gross_cap = nudged(r.gross_cap),
        |r| r.orders = if r.orders == Some(Orders::Passive) { None } else { Some(Orders::Passive) },
        |r| {
            r.orders =
                if r.orders == Some(Orders::Mixed) { Some(Orders::Conservative) } else { Some(Orders::Mixed) }
        },
        |r| r.pyramids = if r.pyramids == Some(true) { Some(false) } else { Some(true) },
        |r| r.pyramids = if r.pyramids.is_none() { Some(false) } else { None },
        |r| r.setups.get_or_insert_default().push("x".to_owned()),
        |r| r.setups = if r.setups.is_none() { Some(Vec::new()) } else { None },
    ]
}

type ParamChange = Box<dyn Fn(&mut Params)>;

/// Every way to change one parameter.
fn param_changes(layer: Layer) -> Vec<ParamChange> {
    fn source(p: &mut Params, layer: Layer) -> &mut SourceParams {
        p.layers[layer].source.get_or_insert(SourceParams {
            periods: [1, 2, 3],
            atr: false,
            adx_floor: None,
            costs: false,
        })
    }
    let mut all: Vec<ParamChange> = vec![
        Box::new(|p| p.hold += 1),
        Box::new(|p| p.hold = 0),
        Box::new(|p| {
            p.mode = if p.mode == Mode::Symmetric { Mode::Asymmetric } else { Mode::Symmetric };
        }),
        Box::new(|p| p.cal_scheme.push('x')),
        Box::new(|p| p.market_proxy_id = p.market_proxy_id.map_or(Some(1), |id| Some(id + 1))),
        Box::new(move |p| p.config.confirm_bars[layer] += 1),
        Box::new(move |p| {
            p.config.vol_windows[layer] = Some(p.config.vol_windows[layer].map_or(20, |w| w + 1))
        }),
        Box::new(|p| p.config.vol_low_percentile += 0.125),
        Box::new(|p| p.config.vol_high_percentile += 0.125),
        Box::new(|p| p.config.atrp_bars += 1),
        Box::new(|p| p.config.atrp_low += 0.125),
        Box::new(|p| p.config.atrp_high += 0.125),
        Box::new(|p| p.config.liq_window += 1),
        Box::new(|p| p.config.liq_easy += 0.125),
        Box::new(|p| p.config.liq_stressed += 0.125),
        Box::new(|p| p.point_in_time = !p.point_in_time),
        Box::new(|p| p.l4_label = p.l4_label.take().is_none().then(|| "x".to_owned())),
        Box::new(|p| p.outside[0] = p.outside[0].is_none().then(OutsideParams::default)),
        Box::new(|p| p.outside[1] = p.outside[1].is_none().then(OutsideParams::default)),
        Box::new(|p| p.outside[1].get_or_insert_default().hold += 1),
        Box::new(|p| p.outside[0].get_or_insert_default().known ^= true),
        Box::new(|p| p.l4_label.get_or_insert_default().push('x')),
        Box::new(move |p| p.layers[layer].min_bars += 1),
        Box::new(move |p| {
            if p.layers[layer].source.take().is_none() {
                source(p, layer);
            }
        }),
        Box::new(move |p| source(p, layer).atr ^= true),
        Box::new(move |p| source(p, layer).costs ^= true),
        Box::new(move |p| source(p, layer).adx_floor = toggled(source(p, layer).adx_floor)),
        Box::new(move |p| source(p, layer).adx_floor = nudged(source(p, layer).adx_floor)),
    ];
    for period in 0..3 {
        all.push(Box::new(move |p| source(p, layer).periods[period] += 1));
    }
    all
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn equal_inputs_hash_alike(rules in rules(0..6), params in params()) {
        let one = hash(&rules, &params);
        prop_assert_eq!(one.len(), 16);
        prop_assert!(one.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)));
        prop_assert_eq!(&hash(&rules.clone(), &params.clone()), &one);
        // An overlay over itself is the same table.
        let twice = PolicyTable::built_in().overlay(rules.clone()).overlay(rules);
        prop_assert_eq!(&version_hash(&twice, &params), &one);
    }

    #[test]
    fn any_value_of_any_rule_counts(rules in rules(1..6), at in 0usize..6, params in params()) {
        let at = at % rules.len();
        let original = hash(&rules, &params);
        for change in rule_changes() {
            let mut other = rules.clone();
            change(&mut other[at]);
            prop_assert_ne!(&other[at], &rules[at], "the change must be one");
            prop_assert_ne!(&hash(&other, &params), &original, "{:?} and {:?}", other[at], rules[at]);
        }
        let built_in = PolicyTable::built_in();
        let replaces = built_in.rules().iter().any(|r| r.match_text() == rules[at].match_text());
        if !replaces {
            let mut fewer = rules.clone();
            fewer.remove(at);
            prop_assert_ne!(&hash(&fewer, &params), &original);
        }
    }

    #[test]
    fn the_order_of_rules_counts(rules in rules(2..6), params in params()) {
        let built_in = PolicyTable::built_in();
        let mut turned = rules.clone();
        turned.reverse();
        let (one, other) = (built_in.clone().overlay(rules), built_in.overlay(turned));
        prop_assert_eq!(version_hash(&one, &params) == version_hash(&other, &params), one == other);
    }

    #[test]
    fn any_parameter_counts(rules in rules(0..3), params in params(), layer in select(Layer::ALL.to_vec())) {
        let original = hash(&rules, &params);
        for change in param_changes(layer) {
            let mut other = params.clone();
            change(&mut other);
            prop_assert_ne!(&other, &params, "the change must be one");
            prop_assert_ne!(&hash(&rules, &other), &original, "{:?} and {:?}", other, params);
        }
    }

    #[test]
    fn parameters_that_act_alike_hash_alike(rules in rules(0..3), params in params(), layer in select(Layer::ALL.to_vec())) {
        let off = |mode| Params { hold: 0, mode, ..params.clone() };
        prop_assert_eq!(hash(&rules, &off(Mode::Symmetric)), hash(&rules, &off(Mode::Asymmetric)));
        let floor = |floor| {
            let mut params = params.clone();
            if let Some(source) = &mut params.layers[layer].source {
                source.adx_floor = floor;
            }
            hash(&rules, &params)
        };
        prop_assert_eq!(floor(None), floor(Some(0.0)));
    }
}
