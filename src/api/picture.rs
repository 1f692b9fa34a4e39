//! `regime_chart_svg` and `regime_timeline`: pictures of the history of any system.

use pgrx::prelude::*;

use crate::api::{Result, micros, required};
use crate::output::picture::chart::{Size, svg};
use crate::output::picture::timeline::{characters, timeline};
use crate::output::picture::{Shown, Wanted};
use crate::pg::asset::Asset;
use crate::pg::spi;
use crate::systems::picture;

/// The system that is shown where none is given.
const DEFAULT: &str = "cmc_regimes";

/// The closes of an asset over bands of its labels, as SVG.
#[pg_extern(stable, parallel_restricted)]
fn regime_chart_svg(
    asset: Option<Asset>,
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
    width: default!(Option<i32>, "1200"),
    height: default!(Option<i32>, "500"),
    log_scale: default!(Option<bool>, "true"),
    system: default!(Option<&str>, "'cmc_regimes'"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<String> {
    let asset = &required("asset", asset)?;
    let size = Size::check(width, height, log_scale)?;
    let shown = Shown::chart([from_ts, to_ts].map(|at| at.map(micros)))?;
    let wanted = Wanted { asset, timeframe, layer, shown };
    let history = spi::connect(|db| picture::history(db, system.unwrap_or(DEFAULT), &wanted))?;
    Ok(svg(&history, size))
}

/// The labels of an asset as a line of characters, with its dates and its key.
#[pg_extern(stable, parallel_restricted)]
fn regime_timeline(
    asset: Option<Asset>,
    width: default!(Option<i32>, "80"),
    layer: default!(Option<&str>, "'composite'"),
    system: default!(Option<&str>, "'cmc_regimes'"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<Option<String>> {
    let (asset, width) = (&required("asset", asset)?, characters(width)?);
    let wanted = Wanted { asset, timeframe, layer, shown: Shown::LABELS };
    let history = spi::connect(|db| picture::history(db, system.unwrap_or(DEFAULT), &wanted))?;
    Ok(timeline(&history, width))
}
