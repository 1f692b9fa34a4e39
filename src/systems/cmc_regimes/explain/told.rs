//! What is told about a row.

use regime_core::cmc_regimes::explain::Explanation;
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::policy::Policy;
use regime_core::cmc_regimes::series::Series;

use crate::pg::{Db, quote_literal};
use crate::systems::cmc_regimes::engine::{Engine, Layers};
use crate::systems::cmc_regimes::params::{Given, Hysteresis};
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;

/// Everything that is told about a row.
pub struct Told<'a, 'c> {
    pub db: Db<'c>,
    pub engine: &'a Engine<'c>,
    pub asset: i32,
    /// The asset as messages name it.
    pub name: String,
    /// The moment asked for, in microseconds since 2000; `None` is the newest row.
    pub at: Option<i64>,
    pub policy_name: &'a str,
    /// The label parameters other than the defaults, as further arguments of a call.
    pub arguments: String,
    pub policy: &'a Policy,
    pub series: &'a Layers,
    pub row: &'a Explanation,
    /// The market proxy's weekly bars up to the row, where the proxy applies.
    pub proxy: Option<Series>,
    /// The extension's schema, quoted.
    pub own: &'a str,
}

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
    all.push(point_in_time.filter(|on| *on).map(|_| ", point_in_time => true".to_owned()));
    all.into_iter().flatten().collect()
}
