//! `regime_gate` and `regime_tag_signals`: regimes beside trading signals.

use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::api::micros;
use crate::pg::error::null_argument;
use crate::pg::session::check_writable;
use crate::pg::spi;
use crate::systems::cmc_regimes::read::gate::{Signal, Verdict};
use crate::systems::cmc_regimes::read::tag::Names;
use crate::systems::cmc_regimes::read::{as_of, gate, tag};

/// Whether a setup may trade at a moment, at which size and limits (docs/signals.md).
#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::type_complexity)]
fn regime_gate(
    asset_id: Option<i32>,
    at: Option<TimestampWithTimeZone>,
    setup: Option<&str>,
    base_size: Option<f64>,
    regime_enabled: default!(Option<bool>, "true"),
    max_age: default!(Option<Interval>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(allowed, bool),
            name!(size, f64),
            name!(stop_mult, f64),
            name!(orders, &'static str),
            name!(gross_cap, f64),
            name!(pyramids, bool),
            name!(regime_key, Option<String>),
            name!(reason, String),
        ),
    >,
    ErrorReport,
> {
    let asset = asset_id.ok_or_else(|| null_argument("asset_id"))?;
    let at = micros(at.ok_or_else(|| null_argument("at"))?);
    let base_size = gate::check_size(base_size)?;
    let limit = as_of::limit(max_age)?;
    // NULL does not exempt a signal from its regime.
    let Verdict { allowed, size, risk, regime_key, reason } = match regime_enabled {
        Some(false) => gate::without_regime(base_size),
        _ => spi::connect(|db| gate::judge(db, &Signal { asset, at, setup, base_size }, limit))?,
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

/// Writes into each row of a table the key in force at its time; returns the rows changed (docs/signals.md).
// The SQL is written out because an oid would have to be typed as a number.
#[pg_extern(
    volatile,
    parallel_unsafe,
    sql = r#"
CREATE FUNCTION regime_tag_signals(relation regclass, asset_column text DEFAULT 'id', ts_column text DEFAULT 'ts',
    key_column text DEFAULT 'regime_key')
RETURNS bigint VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#
)]
fn regime_tag_signals(
    relation: Option<pg_sys::Oid>,
    asset_column: default!(Option<&str>, "'id'"),
    ts_column: default!(Option<&str>, "'ts'"),
    key_column: default!(Option<&str>, "'regime_key'"),
) -> Result<i64, ErrorReport> {
    let relation = relation.ok_or_else(|| null_argument("relation"))?;
    let names = Names {
        asset: asset_column.ok_or_else(|| null_argument("asset_column"))?,
        ts: ts_column.ok_or_else(|| null_argument("ts_column"))?,
        key: key_column.ok_or_else(|| null_argument("key_column"))?,
    };
    check_writable("regime_tag_signals()")?;
    Ok(spi::connect(|db| tag::tag(db, relation, &names))?)
}
