//! `regime_chart_svg` and `regime_timeline`: pictures of a history.

use pgrx::prelude::*;

use crate::api::{Result, micros, required};
use crate::output::picture::Shown;
use crate::output::picture::chart::{Size, svg};
use crate::output::picture::timeline::{characters, timeline};
use crate::pg::spi;
use crate::systems::cmc_regimes::read::history::flip_layer;
use crate::systems::cmc_regimes::read::picture;

/// The closes of an asset over bands of its regimes, as SVG.
#[pg_extern(stable, parallel_restricted)]
fn regime_chart_svg(
    asset_id: Option<i32>,
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
    width: default!(Option<i32>, "1200"),
    height: default!(Option<i32>, "500"),
    log_scale: default!(Option<bool>, "true"),
) -> Result<String> {
    let asset = required("asset_id", asset_id)?;
    let (layer, size) = (flip_layer(layer)?, Size::check(width, height, log_scale)?);
    let shown = Shown::chart([from_ts, to_ts].map(|at| at.map(micros)))?;
    Ok(svg(&spi::connect(|db| picture::history(db, asset, layer, shown))?, size))
}

/// The regimes of an asset as a line of characters, with its dates and its key.
#[pg_extern(stable, parallel_restricted)]
fn regime_timeline(
    asset_id: Option<i32>,
    width: default!(Option<i32>, "80"),
    layer: default!(Option<&str>, "'composite'"),
) -> Result<Option<String>> {
    let (asset, layer) = (required("asset_id", asset_id)?, flip_layer(layer)?);
    let width = characters(width)?;
    Ok(timeline(&spi::connect(|db| picture::history(db, asset, layer, Shown::LABELS))?, width))
}
