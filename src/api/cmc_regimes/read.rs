//! Reading stored rows: the one in force at a moment, the newest of each asset.

use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::api::{RegimeRow, micros, timestamp};
use crate::pg::error::null_argument;
use crate::pg::spi::Row;
use crate::pg::{spi, time};
use crate::systems::cmc_regimes::read::as_of::{InForce, Rest};
use crate::systems::cmc_regimes::read::latest::Latest;
use crate::systems::cmc_regimes::read::{as_of, latest};
use crate::systems::cmc_regimes::tables::TF;

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::type_complexity)]
fn regime_at(
    asset_id: Option<i32>,
    at: Option<TimestampWithTimeZone>,
    max_age: default!(Option<Interval>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(id, i32),
            name!(ts, Option<TimestampWithTimeZone>),
            name!(tf, &'static str),
            name!(l0_label, Option<String>),
            name!(l1_label, Option<String>),
            name!(l2_label, Option<String>),
            name!(l3_label, Option<String>),
            name!(l4_label, Option<String>),
            name!(regime_key, String),
            name!(size_mult, f64),
            name!(stop_mult, f64),
            name!(orders, &'static str),
            name!(gross_cap, f64),
            name!(pyramids, bool),
            name!(setups, Option<Vec<String>>),
            name!(feature_tier, Option<String>),
            name!(l0_enabled, Option<bool>),
            name!(l1_enabled, Option<bool>),
            name!(l2_enabled, Option<bool>),
            name!(regime_version_hash, Option<String>),
            name!(updated_at, Option<TimestampWithTimeZone>),
            name!(stale, bool),
            name!(age, Option<Interval>),
        ),
    >,
    ErrorReport,
> {
    let asset = asset_id.ok_or_else(|| null_argument("asset_id"))?;
    let at = micros(at.ok_or_else(|| null_argument("at"))?);
    let limit = as_of::limit(max_age)?;
    let InForce { ts, age, stale, regime_key, risk, setups, rest } =
        spi::connect(|db| as_of::at::<Beside>(db, asset, at, limit))?;
    let Beside { labels: [l0, l1, l2, l3, l4], feature_tier, enabled: [e0, e1, e2], hash, updated_at } =
        rest.unwrap_or_default();
    Ok(TableIterator::once((
        asset,
        ts.and_then(timestamp),
        TF,
        l0,
        l1,
        l2,
        l3,
        l4,
        regime_key,
        risk.size_mult,
        risk.stop_mult,
        risk.orders.as_str(),
        risk.gross_cap,
        risk.pyramids,
        setups,
        feature_tier,
        e0,
        e1,
        e2,
        hash,
        updated_at.and_then(timestamp),
        stale.is_some(),
        age.and_then(time::interval),
    )))
}

/// What a row of `cmc_regimes` holds beside its key and its policy.
#[derive(Default)]
struct Beside {
    labels: [Option<String>; 5],
    feature_tier: Option<String>,
    enabled: [Option<bool>; 3],
    hash: Option<String>,
    updated_at: Option<i64>,
}

impl Rest for Beside {
    const COLUMNS: &'static str = ", l0_label::text, l1_label::text, l2_label::text, l3_label::text, l4_label::text, \
         feature_tier::text, l0_enabled::bool, l1_enabled::bool, l2_enabled::bool, regime_version_hash::text, \
         updated_at::timestamptz";

    fn read(row: &Row, from: usize) -> Self {
        Self {
            labels: [0, 1, 2, 3, 4].map(|l| row.string(from + l)),
            feature_tier: row.string(from + 5),
            enabled: [6, 7, 8].map(|l| row.bool(from + l)),
            hash: row.string(from + 9),
            updated_at: row.micros(from + 10),
        }
    }
}

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::type_complexity)]
fn regime_latest() -> Result<
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
            name!(age, Option<Interval>),
            name!(newest_bar, Option<TimestampWithTimeZone>),
            name!(is_stale, Option<bool>),
        ),
    >,
    ErrorReport,
> {
    let rows = spi::connect(|db| latest::all(db, stored))?;
    Ok(TableIterator::new(rows.into_iter().map(|Latest { row, age, newest_bar, is_stale }| {
        let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u) = row;
        let age = age.and_then(time::interval);
        let newest_bar = newest_bar.and_then(timestamp);
        (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, age, newest_bar, is_stale)
    })))
}

fn stored(row: &Row) -> Option<RegimeRow> {
    Some((
        row.int(0)?,
        timestamp(row.micros(1)?)?,
        row.string(2)?,
        row.string(3),
        row.string(4),
        row.string(5),
        row.string(6),
        row.string(7),
        row.string(8),
        row.float(9),
        row.float(10),
        row.string(11),
        row.float(12),
        row.bool(13),
        row.strings(14),
        row.string(15),
        row.bool(16),
        row.bool(17),
        row.bool(18),
        row.string(19),
        row.micros(20).and_then(timestamp),
    ))
}
