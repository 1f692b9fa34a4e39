//! Reading stored rows.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{RegimeRow, micros, timestamp};
use crate::db::{self, Sees, Tuple, arg, timestamp_arg};
use crate::error::null_argument;
use crate::output::REGIMES;
use crate::refresh::{TF, output_relation};

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::type_complexity)]
fn regime_at(
    asset_id: Option<i32>,
    at: Option<TimestampWithTimeZone>,
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
    let at = at.ok_or_else(|| null_argument("at"))?;
    let found = db::connect(|db| {
        let sql = format!(
            "SELECT id::int, ts::timestamptz, tf::text, l0_label::text, l1_label::text, l2_label::text, l3_label::text, \
             l4_label::text, regime_key::text, size_mult::float8, stop_mult::float8, orders::text, gross_cap::float8, \
             pyramids::bool, setups::text[], feature_tier::text, l0_enabled::bool, l1_enabled::bool, l2_enabled::bool, \
             regime_version_hash::text, updated_at::timestamptz \
             FROM {} WHERE id = $1 AND tf = $2 AND ts <= $3 ORDER BY ts DESC LIMIT 1",
            output_relation(db, REGIMES.name)?
        );
        let args = [arg(asset), arg(TF), timestamp_arg(Some(micros(at)))];
        db.first(&sql, &args, Sees::Snapshot, |row| Ok(stored(row)))
    })?;
    Ok(TableIterator::new(found.flatten()))
}

fn stored(row: &Tuple) -> Option<RegimeRow> {
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
