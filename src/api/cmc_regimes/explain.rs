//! `regime_explain`: the reasons for a row.

use pgrx::prelude::*;

use crate::api::cmc_regimes::{given, names};
use crate::api::{Result, TableIterator, micros};
use crate::output::told::Line;
use crate::pg::asset::Asset;
use crate::pg::json::JsonText;
use crate::systems::cmc_regimes::explain::explain;
use crate::systems::cmc_regimes::params::Hysteresis;

/// The reasons for a row, step by step, and whether the stored row is the same. Specification 2, section Reading.
#[pg_extern(stable, parallel_restricted)]
fn regime_explain(
    asset: Option<Asset>,
    at: default!(Option<TimestampWithTimeZone>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    policy: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(step, i32),
        name!(layer, Option<&'static str>),
        name!(what, String),
        name!(value, String),
        name!(detail, String),
    )>,
> {
    let asset = names::one(asset, cal_scheme.as_deref())?;
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    let lines = explain(asset, at.map(micros), &given)?;
    Ok(TableIterator::new(lines.into_iter().map(row)))
}

fn row(line: Line) -> (i32, Option<&'static str>, String, String, String) {
    (line.step, line.about, line.what, line.value, line.detail)
}
