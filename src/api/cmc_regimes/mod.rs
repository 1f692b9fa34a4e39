//! The SQL functions of the layered regimes of assets.

mod backtest;
mod check_inputs;
mod compute;
mod explain;
mod labels;
pub mod names;
mod nodes;
mod policy;
mod read;
mod refresh;
mod repaint_check;
mod report;
mod rounds;
mod row;
mod signals;
mod simulate;
mod statistics;

use serde_json::Value;

use crate::pg::{Result, json::JsonText};
use crate::systems::cmc_regimes::params::{Given, Hysteresis};

/// The document of an argument `config`, whose keys are checked where the parameters are.
///
/// # Errors
/// A document that is nested too deeply.
fn config_of(config: Option<JsonText>) -> Result<Option<Value>> {
    config.map(|document| document.parse_as("{\"vol_window_l2\": 120}")).transpose()
}

/// The label parameters of a call: calendar scheme, policy and label of L4 first.
///
/// # Errors
/// As [`config_of`].
fn given(
    [cal_scheme, policy, l4_label]: [Option<String>; 3],
    hysteresis: Hysteresis,
    min_bars: [Option<i32>; 3],
    point_in_time: Option<bool>,
    config: Option<JsonText>,
) -> Result<Given> {
    let config = config_of(config)?;
    Ok(Given {
        cal_scheme,
        policy,
        hysteresis,
        min_bars,
        l4_label,
        point_in_time,
        config,
        ..Given::default()
    })
}
