//! `regime_report_html`: a page about an asset.

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, micros};
use crate::pg::asset::Asset;
use crate::pg::spi;
use crate::systems::cmc_regimes::report::report;

/// The regimes of an asset as a page of HTML that needs nothing else (docs/desk.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_report_html(
    asset: Option<Asset>,
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<String> {
    let asset = names::one(asset, None)?;
    Ok(spi::connect(|db| report(db, asset, [from_ts, to_ts].map(|at| at.map(micros))))?)
}
