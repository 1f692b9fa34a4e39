//! Reading stored rows: the one in force at a moment, the newest of each asset.

use std::borrow::Cow;

use pgrx::datum::Interval;
use pgrx::prelude::*;

use crate::api::cmc_regimes::names::named;
use crate::api::cmc_regimes::row::{returns_rows, row_of};
use crate::api::{Result, TableIterator, micros, required, timestamp};
use crate::pg::{citus, spi, time};
use crate::systems::cmc_regimes::read::as_of::{Columns, InForce};
use crate::systems::cmc_regimes::read::latest::Latest;
use crate::systems::cmc_regimes::read::{as_of, latest};
use crate::systems::cmc_regimes::row::Stored;
use crate::systems::cmc_regimes::tables::TF;

returns_rows! {
    /// The row in force at a moment, or the tightest policy where there is no usable row. Specification 2, section
    /// Reading.
    fn regime_at(
        asset_id: Option<i32>,
        at: Option<TimestampWithTimeZone>,
        max_age: default!(Option<Interval>, "NULL"),
    ) plus (name!(stale, bool), name!(age, Option<Interval>)) {
        let (asset, at) = (required("asset_id", asset_id)?, micros(required("at", at)?));
        let limit = as_of::limit(max_age)?;
        let InForce { row, stale, age, .. } = citus::on_shards("regime_at()", || {
            spi::connect_as_caller(|db| as_of::at(db, asset, at, limit, Columns::All))
        })?;
        Ok(TableIterator::once(row_of!(row, stale.is_some(), age.and_then(time::interval))))
    }
}

returns_rows! {
    /// [`regime_at`] for the asset of a name.
    fn regime_at_of_name as "regime_at" (
        symbol: Option<&str>,
        at: Option<TimestampWithTimeZone>,
        max_age: default!(Option<Interval>, "NULL"),
    ) plus (name!(stale, bool), name!(age, Option<Interval>)) {
        regime_at(named(symbol)?, at, max_age)
    }
}

returns_rows! {
    /// The newest row of each asset, and whether it is out of date. Specification 2, section Reading.
    fn regime_latest() plus (
        name!(age, Option<Interval>),
        name!(newest_bar, Option<TimestampWithTimeZone>),
        name!(is_stale, Option<bool>)
    ) {
        let rows = spi::connect(latest::all)?;
        Ok(TableIterator::new(rows.into_iter().map(|Latest { stored, age, newest_bar, is_stale }| {
            row_of!(stored, age.and_then(time::interval), newest_bar.and_then(timestamp), is_stale)
        })))
    }
}
