//! Generators, and the specification read naively: slowly, and by other means than the crate.

pub mod market;
pub mod naive;
pub mod plan;
pub mod states;
pub mod synthetic;

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::policy::{Policy, PolicyTable, Risk, Rule, parse_rules};
use regime_core::{Label, PerLayer};

use serde_json::{Map, Value, json};

/// So many cases, or `PROPTEST_CASES`; a failure is shrunk and shown, not stored.
pub fn cases(cases: u32) -> ProptestConfig {
    let own = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { own } else { ProptestConfig { cases, ..own } }
}

/// How one risk compares with another.
pub trait Within {
    /// Whether each field is at least as tight as in `other`.
    fn is_within(&self, other: Risk) -> bool;
}

impl Within for Risk {
    fn is_within(&self, other: Risk) -> bool {
        self.tighten(other) == *self
    }
}

pub const TRENDS: [&str; 3] = ["Up", "Sideways", "Down"];
pub const VOLS: [&str; 3] = ["Low", "Normal", "High"];
pub const LIQS: [&str; 3] = ["Easy", "Normal", "Stressed"];

/// Numbers that a table may hold and no market would, and some that it would.
pub const ODD: [f64; 11] =
    [1.0, 1.0, 1.0, 2.0, 0.0, -0.0, -1.0, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

pub fn label() -> impl Strategy<Value = Label> {
    (0..Label::COUNT).prop_map(|i| Label::all().nth(i).expect("index"))
}

/// A label, `Unknown`, or what a caller may pass as L4.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => label().prop_map(|l| l.to_string()),
        1 => Just("Unknown".to_owned()),
        3 => vec(select(vec!["Up", "RiskOff", "Stressed", "NotStressed", "High", "", "Größe"]), 1..5)
            .prop_map(|pieces| pieces.join("-")),
        1 => "\\PC{0,6}",
    ]
}

/// One `match` text: places from the left, places from the right, or a glob. Most match some label.
pub fn match_text() -> impl Strategy<Value = String> {
    let place = |values: [&'static str; 3]| prop_oneof![3 => select(values.to_vec()), 3 => Just(""), 1 => Just("RiskOff")];
    let left = (place(TRENDS), place(VOLS), place(LIQS), 1usize..4)
        .prop_map(|(trend, vol, liq, places)| [trend, vol, liq][..places].join("-"));
    let right = (place(TRENDS), place(VOLS), place(LIQS), 0usize..3)
        .prop_map(|(trend, vol, liq, from)| format!("-{}", [trend, vol, liq][from..].join("-")));
    let free = key().prop_map(|text| text.replace('[', ""));
    prop_oneof![4 => left, 2 => right, 2 => glob(), 1 => free]
}

/// A glob of few pieces, so that the naive matcher's backtracking stays short.
pub fn glob() -> impl Strategy<Value = String> {
    let atoms = vec![
        "*", "*", "?", "-", "Up", "Down", "Low", "Normal", "High", "Stressed", "RiskOff", "[A-S]", "[!U]",
        "[]p-]", "[!a-z]", "p", "[a-cn-z]",
    ];
    (vec(select(atoms), 0..6), 0usize..6).prop_map(|(mut pieces, at)| {
        let at = at.min(pieces.len());
        pieces.insert(at, "*");
        pieces.concat()
    })
}

/// A rule as a user writes it.
pub fn rule() -> impl Strategy<Value = Value> {
    let size = || option::of(select(vec![0.0, 0.3, 0.5, 0.8, 1.0, 1.1, 10.0]));
    let stop = option::of(select(vec![0.5, 1.25, 1.5, 1.75, 2.0, 100.0]));
    let setups = proptest::sample::subsequence(vec!["pullback", "hedge", "stand_down"], 0..=3);
    let orders = option::of(select(vec!["mixed", "conservative", "passive"]));
    (match_text(), size(), stop, orders, option::of(setups), size(), option::of(any::<bool>())).prop_map(
        |(text, size, stop, orders, setups, gross, pyramids)| {
            // A glob may not go above 1.
            let most = if text.contains(['*', '?', '[']) { 1.0 } else { 10.0 };
            let mut rule = Map::new();
            let mut set = |field: &str, value: Option<Value>| {
                value.and_then(|value| rule.insert(field.to_owned(), value));
            };
            set("match", Some(json!(text)));
            set("size_mult", size.map(|v: f64| json!(v.min(most))));
            set("stop_mult", stop.map(|v| json!(v)));
            set("orders", orders.map(|v| json!(v)));
            set("setups", setups.map(|v| json!(v)));
            set("gross_cap", gross.map(|v: f64| json!(v.min(most))));
            set("pyramids", pyramids.map(|v| json!(v)));
            // A rule without any field is refused; this field leaves a policy as it is.
            if rule.len() == 1 {
                rule.insert("pyramids".to_owned(), json!(true));
            }
            Value::Object(rule)
        },
    )
}

/// Rules with different `match` texts.
pub fn rules(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Rule>> {
    vec(rule(), count).prop_map(|mut rules| {
        let mut seen = HashSet::new();
        rules.retain(|rule| seen.insert(rule["match"].as_str().map(|text| text.trim().to_owned())));
        parse_rules(&json!(rules)).expect("generated rules are valid")
    })
}

/// Any policy: rules over the built-in ones, which they replace now and then.
pub fn policy() -> impl Strategy<Value = Policy> {
    let built_in = PolicyTable::built_in();
    let over = (rules(0..8), vec(option::weighted(0.3, rule()), built_in.rules().len()));
    over.prop_map(move |(appended, replaced)| {
        let replaced = built_in.rules().iter().zip(replaced).filter_map(|(old, new)| {
            let mut new = new?;
            new["match"] = json!(old.match_text());
            Some(new)
        });
        let replaced = parse_rules(&json!(replaced.collect::<Vec<_>>())).expect("rules");
        Policy::new(PolicyTable::built_in().overlay(replaced).overlay(appended))
    })
}

/// The default, or any other configuration. No window is as long as a history of `long_plan` that may lose its end.
pub fn config() -> impl Strategy<Value = Config> {
    let window = |bars: &[usize]| select(bars.to_vec()).prop_map(Some);
    let windows =
        (window(&[20, 33, 60, 400]), window(&[20, 70, 100, 400]), window(&[20, 100, 250, 400]), Just(None));
    let cuts = || (0.0..=1.0, 0.0..=1.0).prop_map(|(a, b): (f64, f64)| [a.min(b), a.max(b)]);
    let any = ([(); 4].map(|()| 1usize..5), windows, [1usize..20, 10..90], [cuts(), cuts(), cuts()])
        .prop_map(
            |(confirm_bars, (l0, l1, l2, l3), [atrp_bars, liq_window], [percentiles, cut_offs, factors])| {
                Config {
                    confirm_bars: PerLayer::new(confirm_bars),
                    vol_windows: PerLayer::new([l0, l1, l2, l3]),
                    vol_low_percentile: percentiles[0] * 100.0,
                    vol_high_percentile: percentiles[1] * 100.0,
                    atrp_bars,
                    atrp_low: cut_offs[0] * 0.05,
                    atrp_high: cut_offs[1] * 0.05,
                    liq_window,
                    liq_easy: factors[0] * 2.0,
                    liq_stressed: factors[1] * 2.0,
                }
            },
        );
    prop_oneof![Just(Config::default()), any]
}

pub fn mode() -> impl Strategy<Value = Mode> {
    select(vec![Mode::Asymmetric, Mode::Symmetric])
}

/// Numbers as they come from a table: mostly ordinary and often equal, now and then unknown.
pub fn values(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        6 => (-6i32..7).prop_map(|i| f64::from(i) / 4.0),
        4 => -1e3..1e3,
        1 => select(vec![f64::NAN, f64::NAN, -0.0]),
    ];
    vec(value, count)
}
