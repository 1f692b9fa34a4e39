//! `regime_chart_svg` and `regime_timeline`: the part of an asset's history that is shown, and how its labels look.

use regime_core::Label;
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::strip::{Cell, changes};

use crate::output::picture::svg::{Colour, DOWN, SIDEWAYS, Shade, UP};
use crate::output::picture::{self, Band, Group, Look, Shown, Wanted};
use crate::output::relation::output_relation;
use crate::pg::{Db, Error, Result, extension_schema, invalid_parameter, no_data_found, quote_literal, utc};
use crate::source::names;
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles;
use crate::systems::cmc_regimes::read::history::{Closes, History, flip_layer};
use crate::systems::cmc_regimes::tables::REGIMES;

/// Trends by volatility.
const LOOK: Look = Look {
    groups: &[
        Group { name: "Up", degrees: &degrees(UP, ['▵', '▴', '▲']) },
        Group { name: "Sideways", degrees: &degrees(SIDEWAYS, ['·', '─', '━']) },
        Group { name: "Down", degrees: &degrees(DOWN, ['▿', '▾', '▼']) },
    ],
    degrees: Some("low, normal, high volatility"),
    rows: "days",
};
/// The strength of a trend's colour by volatility.
const fn degrees(colour: Colour, [low, normal, high]: [char; 3]) -> [Band; 3] {
    [
        Band { shade: Shade(colour, 0.2), glyph: low },
        Band { shade: Shade(colour, 0.4), glyph: normal },
        Band { shade: Shade(colour, 0.66), glyph: high },
    ]
}

fn cell(label: Label) -> Cell {
    (label.trend() as u8, label.vol() as u8)
}

/// The rows of an asset, with those that a picture of them shows; without rows, that is an error only where closes are wanted.
/// `function` is the one that is called.
///
/// # Errors
/// Where the span has no rows or no known close, and where the tables cannot be read.
pub fn history(
    db: Db,
    function: &str,
    asset: i32,
    layer: FlipLayer,
    wanted: Shown,
) -> Result<(History, picture::History)> {
    let history = History::read(db, asset, layer, wanted.span)?;
    let close = match wanted.closes {
        true if history.ts.is_empty() => return Err(no_rows(db, function, asset, layer, wanted.span)?),
        true => history.closes(&Closes::read(db, asset)?),
        false => Vec::new(),
    };
    if wanted.closes && close.iter().all(|close| close.is_nan()) {
        return Err(no_closes(db, asset)?);
    }
    let shown = picture::History {
        subject: names::symbol_of(db, asset, None)?,
        whose: names::in_words(db, asset, None)?,
        what: match layer {
            FlipLayer::Composite => "regime".to_owned(),
            layer => format!("{} regime", layer.as_str()),
        },
        cells: history.labels().into_iter().map(|label| label.map(cell)).collect(),
        changes: changes(history.label.iter().map(Option::as_deref)),
        ts: history.ts.clone(),
        close,
        gauge: None,
        look: &LOOK,
    };
    Ok((history, shown))
}

/// [`history`] as a caller asks for it.
///
/// # Errors
/// Where there is no such asset or layer, where a timeframe is asked for, and as [`history`].
pub fn wanted(db: Db, wanted: &Wanted) -> Result<picture::History> {
    if let Some(timeframe) = wanted.timeframe {
        return Err(only_days(timeframe));
    }
    let asset = names::id(db, wanted.asset, None)?;
    Ok(history(db, "regime_chart_svg", asset, flip_layer(wanted.layer)?, wanted.shown)?.1)
}

/// The error for a timeframe.
pub fn only_days(timeframe: &str) -> Error {
    invalid_parameter(format!("timeframe is \"{timeframe}\", but cmc_regimes has days"))
        .hint("Leave timeframe out, or pass system => 'market_states' or another system of candles.")
}

/// The rows have no bars: the bars were deleted, or are of another calendar scheme.
fn no_closes(db: Db, asset: i32) -> Result<Error> {
    let (schema, whose) = (extension_schema(db)?, names::in_words(db, asset, None)?);
    Ok(no_data_found(format!("{whose} has rows, but no daily bar at the time of any of them has a usable close"))
    .detail(format!(
        "The bars are those of calendar scheme {} in regime_source. The rows may be of another scheme, which is then to be \
         given to the profile of the asset, or to pg_regime.cal_scheme.",
        quote_literal(profiles::of_asset(db, asset, &NOTHING)?.scheme())
    ))
    .hint(format!("SELECT cal_scheme, bars_schema, bars_table FROM {schema}.regime_source WHERE layer = 'L2';")))
}

/// The span has no rows: the rows there are, and how to see or make them.
fn no_rows(db: Db, function: &str, asset: i32, layer: FlipLayer, span: [Option<i64>; 2]) -> Result<Error> {
    let regimes = output_relation(db, &REGIMES)?;
    let whose = names::in_words(db, asset, None)?;
    let all = History::read(db, asset, layer, [None; 2])?;
    let error = |message| no_data_found(message);
    let Some((first, last)) = all.ts.first().zip(all.ts.last()) else {
        return Ok(error(format!("{whose} has no rows in {regimes}"))
            .hint(format!("SELECT * FROM {}.refresh_cmc_regimes({asset});", extension_schema(db)?)));
    };
    let limits = ["from", "to"].into_iter().zip(span);
    let limits: Vec<String> = limits.filter_map(|(name, at)| Some(format!(" {name} {}", utc(at?)))).collect();
    Ok(error(format!("{whose} has no rows in {regimes}{}", limits.concat()))
        .detail(format!("Its rows range from {} to {}.", utc(*first), utc(*last)))
        .hint(format!("SELECT {}.{function}({asset}, from_ts => '{}');", extension_schema(db)?, utc(*first))))
}
