//! The SQL functions of the layered regimes of assets.

mod check_inputs;
mod compute;
mod explain;
mod labels;
mod names;
mod nodes;
mod picture;
mod policy;
mod read;
mod refresh;
mod repaint_check;
mod rounds;
mod row;
mod signals;
mod simulate;
mod statistics;

use serde_json::Value;

use crate::pg::{Result, json::JsonText};

/// The document of an argument `config`, whose keys are checked where the parameters are.
///
/// # Errors
/// A document that is nested too deeply.
fn config_of(config: Option<JsonText>) -> Result<Option<Value>> {
    config.map(|document| document.parse_as("{\"vol_window_l2\": 120}")).transpose()
}
