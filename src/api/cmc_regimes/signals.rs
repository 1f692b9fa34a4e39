//! `regime_gate` and `regime_tag_signals`: the regime in force for trading signals.

use pgrx::datum::Interval;
use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, micros, required};
use crate::pg::asset::Asset;
use crate::pg::{check_writable, spi};
use crate::systems::cmc_regimes::read::gate::{Signal, Verdict};
use crate::systems::cmc_regimes::read::tag::Names;
use crate::systems::cmc_regimes::read::{as_of, gate, tag};

/// The verdict of the regime in force on one signal. Specification 1, section 5.
#[pg_extern(stable, parallel_restricted)]
fn regime_gate(
    asset: Option<Asset>,
    at: Option<TimestampWithTimeZone>,
    setup: Option<&str>,
    base_size: Option<f64>,
    regime_enabled: default!(Option<bool>, "true"),
    max_age: default!(Option<Interval>, "NULL"),
) -> Result<
    TableIterator<(
        name!(allowed, bool),
        name!(size, f64),
        name!(stop_mult, f64),
        name!(orders, &'static str),
        name!(gross_cap, f64),
        name!(pyramids, bool),
        name!(regime_key, Option<String>),
        name!(reason, String),
    )>,
> {
    let asset = names::one(asset, None)?;
    let at = micros(required("at", at)?);
    let base_size = gate::check_size(base_size)?;
    let limit = as_of::limit(max_age)?;
    // NULL does not free a signal from its regime.
    let Verdict { allowed, size, risk, regime_key, reason } = match regime_enabled {
        Some(false) => gate::without_regime(base_size),
        _ => spi::connect_as_caller(|db| gate::judge(db, &Signal { asset, at, setup, base_size }, limit))?,
    };
    Ok(TableIterator::once((
        allowed,
        size,
        risk.stop_mult,
        risk.orders.as_str(),
        risk.gross_cap,
        risk.pyramids,
        regime_key,
        reason,
    )))
}

/// Writes the regime key in force into the rows of a table of signals.
// Declared in sql/install/cmc_regimes.sql.
#[pg_extern(sql = false)]
fn regime_tag_signals(
    relation: Option<pg_sys::Oid>,
    asset_column: default!(Option<&str>, "'id'"),
    ts_column: default!(Option<&str>, "'ts'"),
    key_column: default!(Option<&str>, "'regime_key'"),
) -> Result<i64> {
    let relation = required("relation", relation)?;
    let names = Names {
        asset: required("asset_column", asset_column)?,
        ts: required("ts_column", ts_column)?,
        key: required("key_column", key_column)?,
    };
    check_writable("regime_tag_signals()")?;
    Ok(spi::connect(|db| tag::tag(db, relation, &names))?)
}
