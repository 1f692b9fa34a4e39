//! Reading stored rows: the one in force at a moment, the newest of each asset.

use std::borrow::Cow;

use pgrx::datum::Interval;
use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::cmc_regimes::row::{returns_rows, row_of};
use crate::api::{Result, TableIterator, micros, required, timestamp};
use crate::output::fresh::Because;
use crate::pg::asset::Asset;
use crate::pg::{spi, time};
use crate::systems::cmc_regimes::read::as_of::{Columns, InForce, Stale};
use crate::systems::cmc_regimes::read::board::Line;
use crate::systems::cmc_regimes::read::latest::Latest;
use crate::systems::cmc_regimes::read::{as_of, board, latest};
use crate::systems::cmc_regimes::row::Stored;
use crate::systems::cmc_regimes::tables::TF;

returns_rows! {
    /// The row in force at a moment, or the tightest policy where there is no usable row. Specification 2, section
    /// Reading.
    fn regime_at(
        asset: Option<Asset>,
        at: Option<TimestampWithTimeZone>,
        max_age: default!(Option<Interval>, "NULL"),
    ) plus [] [
        name!(is_stale, bool),
        name!(stale_because, Option<&'static str>),
        name!(age, Option<Interval>),
    ] {
        let (asset, at) = (names::one(asset, None)?, micros(required("at", at)?));
        let limit = as_of::limit(max_age)?;
        let InForce { row, stale, age, .. } =
            spi::connect_as_caller(|db| as_of::at(db, asset, at, limit, Columns::All))?;
        let because = stale.map(Stale::as_str);
        Ok(TableIterator::once(row_of!(row, [] [stale.is_some(), because, age.and_then(time::interval)])))
    }
}

returns_rows! {
    /// The newest row of each asset, and whether it is out of date. Specification 2, section Reading.
    fn regime_latest() plus [name!(symbol, Option<String>),] [
        name!(is_stale, Option<bool>),
        name!(stale_because, Option<&'static str>),
        name!(age, Option<Interval>),
        name!(newest_bar, Option<TimestampWithTimeZone>),
    ] {
        let rows = spi::connect(latest::all)?;
        let symbols = names::symbols(rows.iter().map(|latest| latest.stored.id));
        Ok(TableIterator::new(rows.into_iter().map(move |latest| {
            let Latest { stored, age, newest_bar, is_stale, because } = latest;
            let symbol = symbols.get(&stored.id).cloned();
            let because = because.map(Because::as_str);
            row_of!(stored, [symbol] [is_stale, because, age.and_then(time::interval), newest_bar.and_then(timestamp)])
        })))
    }
}

/// The newest row of each asset in a line that fits a terminal: figures rounded, days without times.
#[pg_extern(stable, parallel_restricted)]
fn regime_board() -> Result<
    TableIterator<(
        name!(symbol, String),
        name!(day, Option<Date>),
        name!(regime, Option<String>),
        name!(since, Option<Date>),
        name!(size, Option<f64>),
        name!(stop, Option<f64>),
        name!(orders, Option<String>),
        name!(stale, Option<bool>),
    )>,
> {
    let lines = spi::connect(board::all)?;
    let symbols = names::symbols(lines.iter().map(|line| line.latest.stored.id));
    let date = |day: Option<i32>| day.map(Date::saturating_from_raw);
    let rounded = |value: Option<f64>| value.map(|value| (value * 100.0).round() / 100.0);
    let text = |text: Option<Cow<'static, str>>| text.map(Cow::into_owned);
    Ok(TableIterator::new(lines.into_iter().map(move |Line { latest, day, since }| {
        let Stored { id, row, .. } = latest.stored;
        (
            symbols.get(&id).cloned().unwrap_or_else(|| id.to_string()),
            date(day),
            text(row.regime_key),
            date(since),
            rounded(row.size_mult),
            rounded(row.stop_mult),
            text(row.orders),
            latest.is_stale,
        )
    })))
}
