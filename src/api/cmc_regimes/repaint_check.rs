//! `regime_repaint_check`: stored rows against what was knowable when they closed.

use pgrx::prelude::*;

use crate::api::cmc_regimes::{given, names};
use crate::api::{Result, TableIterator, timestamp};
use crate::pg::asset::Asset;
use crate::pg::{json::JsonText, spi};
use crate::systems::cmc_regimes::check::repaint::{self, Difference};
use crate::systems::cmc_regimes::params::Hysteresis;

/// Each column of stored rows compared with what could be computed when the rows closed. Specification 1, section 3.
#[pg_extern(stable, parallel_restricted)]
fn regime_repaint_check(
    asset: Option<Asset>,
    sample: default!(Option<i32>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    policy: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(column_name, &'static str),
        name!(n, i64),
        name!(n_differ, i64),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(stored, Option<String>),
        name!(knowable, Option<String>),
    )>,
> {
    let asset = names::one(asset, cal_scheme.as_deref())?;
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, None, config)?;
    let compared = spi::connect(|db| repaint::check(db, asset, sample, &given))?;
    Ok(TableIterator::new(compared.into_iter().map(|c| {
        let (first, stored, knowable) = match c.first {
            Some(Difference { ts, stored, knowable }) => (timestamp(ts), stored, knowable),
            None => (None, None, None),
        };
        (c.column, c.rows, c.differ, first, stored, knowable)
    })))
}
