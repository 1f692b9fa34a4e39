//! `regime_chart_svg` and `regime_timeline` of a symbol: pictures of the history of any system. Those of an id are in
//! `cmc_regimes`, the one system that has ids.

use pgrx::prelude::*;

use crate::api::{Result, micros, required};
use crate::output::picture::chart::{Size, svg};
use crate::output::picture::timeline::{characters, timeline};
use crate::output::picture::{Shown, Wanted};
use crate::pg::spi;
use crate::systems::picture;

/// The system that is shown where none is given.
const DEFAULT: &str = "cmc_regimes";

/// The closes of a symbol over bands of its labels, as SVG.
#[pg_extern(stable, parallel_restricted, name = "regime_chart_svg")]
fn regime_chart_svg_of_symbol(
    symbol: Option<&str>,
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
    width: default!(Option<i32>, "1200"),
    height: default!(Option<i32>, "500"),
    log_scale: default!(Option<bool>, "true"),
    system: default!(Option<&str>, "'cmc_regimes'"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<String> {
    let symbol = required("symbol", symbol)?;
    let size = Size::check(width, height, log_scale)?;
    let shown = Shown::chart([from_ts, to_ts].map(|at| at.map(micros)))?;
    let wanted = Wanted { symbol, timeframe, layer, shown };
    let history = spi::connect(|db| picture::history(db, system.unwrap_or(DEFAULT), &wanted))?;
    Ok(svg(&history, size))
}

/// The labels of a symbol as a line of characters, with its dates and its key.
#[pg_extern(stable, parallel_restricted, name = "regime_timeline")]
fn regime_timeline_of_symbol(
    symbol: Option<&str>,
    width: default!(Option<i32>, "80"),
    layer: default!(Option<&str>, "'composite'"),
    system: default!(Option<&str>, "'cmc_regimes'"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<Option<String>> {
    let (symbol, width) = (required("symbol", symbol)?, characters(width)?);
    let wanted = Wanted { symbol, timeframe, layer, shown: Shown::LABELS };
    let history = spi::connect(|db| picture::history(db, system.unwrap_or(DEFAULT), &wanted))?;
    Ok(timeline(&history, width))
}
