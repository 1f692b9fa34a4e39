//! `regime_compute`: the rows that a refresh would write, without writing.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::{Label, Layer};

use crate::api::{RegimeRow, micros, timestamp};
use crate::pg::error::null_argument;
use crate::pg::json::JsonText;
use crate::pg::spi;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given, Hysteresis};
use crate::systems::cmc_regimes::tables::TF;

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
fn regime_compute(
    asset_id: Option<i32>,
    cal_scheme: default!(Option<String>, "NULL"),
    policy: default!(Option<String>, "'default'"),
    hysteresis: default!(Option<bool>, "true"),
    hysteresis_mode: default!(Option<String>, "'asymmetric'"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
    rules: default!(Option<JsonText>, "NULL"),
    point_in_time: default!(Option<bool>, "false"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(id, i32),
            name!(ts, TimestampWithTimeZone),
            name!(tf, String),
            name!(l0_label, Option<String>),
            name!(l1_label, Option<String>),
            name!(l2_label, Option<String>),
            name!(l3_label, Option<String>),
            name!(l4_label, Option<String>),
            name!(regime_key, Option<String>),
            name!(size_mult, Option<f64>),
            name!(stop_mult, Option<f64>),
            name!(orders, Option<String>),
            name!(gross_cap, Option<f64>),
            name!(pyramids, Option<bool>),
            name!(setups, Option<Vec<String>>),
            name!(feature_tier, Option<String>),
            name!(l0_enabled, Option<bool>),
            name!(l1_enabled, Option<bool>),
            name!(l2_enabled, Option<bool>),
            name!(regime_version_hash, Option<String>),
            name!(updated_at, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let asset = asset_id.ok_or_else(|| null_argument("asset_id"))?;
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = Given { cal_scheme, policy, hysteresis, min_bars, l4_label, point_in_time };
    let rules = rules.map(|r| r.parse()).transpose()?;
    let (outcome, hash) = spi::connect(|db| {
        let setup = params::load(db, &given, rules.as_ref())?;
        let engine = Engine::new(db, setup, as_of.map(micros));
        Ok((engine.compute(asset)?, engine.version_hash().to_owned()))
    })?;
    let now = now();
    let rows = (0..outcome.ts.len()).filter_map(move |t| row(&outcome, t, asset, &given, &hash, now));
    Ok(TableIterator::new(rows))
}

fn row(
    outcome: &Outcome,
    t: usize,
    asset: i32,
    given: &Given,
    hash: &str,
    now: TimestampWithTimeZone,
) -> Option<RegimeRow> {
    let row = &outcome.rows[outcome.row[t] as usize];
    let label = |l| row.labels[l].map(|label: Label| label.as_str().to_owned());
    let [l0, l1, l2, _] = row.budget.enabled.into_array();
    Some((
        asset,
        timestamp(outcome.ts[t])?,
        TF.to_owned(),
        label(Layer::L0),
        label(Layer::L1),
        label(Layer::L2),
        label(Layer::L3),
        given.l4_label.clone(),
        Some(row.key_text().to_owned()),
        Some(row.risk.size_mult),
        Some(row.risk.stop_mult),
        Some(row.risk.orders.as_str().to_owned()),
        Some(row.risk.gross_cap),
        Some(row.risk.pyramids),
        row.setups.clone(),
        Some(row.budget.tier.as_str().to_owned()),
        Some(l0),
        Some(l1),
        Some(l2),
        Some(hash.to_owned()),
        Some(now),
    ))
}
