//! The steps of `refresh_all_cmc_regimes`, which commits between them.

use pgrx::prelude::*;

use crate::api::cmc_regimes::given;
use crate::api::{Result, micros, required};
use crate::pg::asset::Asset;
use crate::pg::json::JsonText;
use crate::systems::cmc_regimes::params::Hysteresis;
use crate::systems::cmc_regimes::refresh::rounds::{self, Asked};

/// Finds the unfinished round for these arguments, or begins one; returns its number, or NULL in a transaction that keeps
/// its snapshot.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_round_begin(
    only_dirty: default!(Option<bool>, "false"),
    batch_size: default!(Option<i32>, "50"),
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
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    force: default!(Option<bool>, "false"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<Option<i64>> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    let [only_dirty, force] = [only_dirty, force].map(|on| on == Some(true));
    Ok(rounds::begin(&Asked { given: &given, only_dirty, assets, force }, batch_size)?)
}

/// Refreshes the next batch of a round; returns whether more may be left to do.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_round_next(
    round: Option<i64>,
    batch_size: default!(Option<i32>, "50"),
    deadline: default!(Option<TimestampWithTimeZone>, "NULL"),
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
    force: default!(Option<bool>, "false"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<bool> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    let force = force == Some(true);
    Ok(rounds::next(&given, force, required("round", round)?, batch_size, deadline.map(micros))?)
}

/// Fails if assets of the round failed.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_round_end(round: Option<i64>) -> Result<()> {
    Ok(rounds::end(required("round", round)?)?)
}
