//! `regime_chart_svg` and `regime_timeline`: the part of an asset's history that is shown.

use pgrx::prelude::*;

use regime_core::Label;
use regime_core::calendar::civil::date;
use regime_core::cmc_regimes::label::{Trend, Vol};
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::cmc_regimes::strip;
use regime_core::cmc_regimes::strip::glyph;

use crate::output::picture::svg::one_line;
use crate::output::relation::output_relation;
use crate::pg::{Db, Error, Result, check_range, extension_schema, invalid_parameter, utc};
use crate::source::names;
use crate::systems::cmc_regimes::read::chart::{Chart, svg};
use crate::systems::cmc_regimes::read::history::{Closes, History};
use crate::systems::cmc_regimes::tables::REGIMES;

/// What is drawn.
pub struct Wanted {
    pub asset: i32,
    pub layer: FlipLayer,
    /// The first and the last moment, in microseconds since 2000; `None` is no limit.
    pub span: [Option<i64>; 2],
    /// Width and height, in pixels; `None` is the default.
    pub size: [Option<i32>; 2],
    /// Whether the axis of prices is logarithmic.
    pub log: bool,
}

/// The picture as SVG.
///
/// # Errors
/// Where an argument is out of range, and where the span has no rows or no known close.
pub fn chart(db: Db, wanted: &Wanted) -> Result<String> {
    let [width, height] = wanted.size;
    let width = check_range("width", width, 200, 10_000)?.unwrap_or(1200) as u32;
    let height = check_range("height", height, 200, 10_000)?.unwrap_or(500) as u32;
    if let [Some(from), Some(to)] = wanted.span
        && from >= to
    {
        let message = format!("from_ts {} is not before to_ts {}", utc(from), utc(to));
        return Err(invalid_parameter(message)
            .hint("Pass from_ts => a moment before to_ts, or leave one of them out."));
    }
    let history = History::read(db, wanted.asset, wanted.layer, wanted.span)?;
    if history.ts.is_empty() {
        return Err(no_rows(db, wanted)?);
    }
    svg(&Chart {
        symbol: names::symbol_of(db, wanted.asset, None)?,
        asset: names::in_words(db, wanted.asset, None)?,
        layer: wanted.layer.as_str(),
        close: history.closes(&Closes::read(db, wanted.asset)?),
        labels: history.labels(),
        history,
        size: [width, height],
        log: wanted.log,
    })
}

/// The span has no rows: the rows there are, and how to see or make them.
fn no_rows(db: Db, wanted: &Wanted) -> Result<Error> {
    let regimes = output_relation(db, &REGIMES)?;
    let asset = wanted.asset;
    let whose = names::in_words(db, asset, None)?;
    let all = History::read(db, asset, wanted.layer, [None; 2])?;
    let error = |message| Error::new(PgSqlErrorCode::ERRCODE_NO_DATA_FOUND, message);
    let Some((first, last)) = all.ts.first().zip(all.ts.last()) else {
        return Ok(error(format!("{whose} has no rows in {regimes}"))
            .hint(format!("SELECT * FROM {}.refresh_cmc_regimes({asset});", extension_schema(db)?)));
    };
    let limits = ["from", "to"].into_iter().zip(wanted.span);
    let limits: Vec<String> = limits.filter_map(|(name, at)| Some(format!(" {name} {}", utc(at?)))).collect();
    Ok(error(format!("{whose} has no rows in {regimes}{}", limits.concat()))
        .detail(format!("Its rows range from {} to {}.", utc(*first), utc(*last)))
        .hint(format!(
            "SELECT {}.regime_chart_svg({asset}, from_ts => '{}');",
            extension_schema(db)?,
            utc(*first)
        )))
}

/// The history as a line of characters, its dates, and what the characters mean; `None` without rows. `width` is in
/// characters.
///
/// # Errors
/// Where the width is out of range, and where the table cannot be read.
pub fn timeline(db: Db, asset: i32, layer: FlipLayer, width: Option<i32>) -> Result<Option<String>> {
    let width = check_range("width", width, 10, 1000)?.unwrap_or(80) as usize;
    let history = History::read(db, asset, layer, [None; 2])?;
    let Some((first, last)) = history.ts.first().zip(history.ts.last()) else { return Ok(None) };
    let labels = history.labels();
    let (first, last) = (date(*first), date(*last));
    let mut dates =
        format!("{first}{last:>rest$}", rest = width.saturating_sub(first.len()).max(last.len() + 1));
    if let Some(symbol) = names::symbol_of(db, asset, None)?.map(|symbol| one_line(&symbol)) {
        // Between the dates, where there is room.
        let (letters, room) = (symbol.chars().count(), dates.len() - first.len() - last.len());
        if letters + 2 <= room {
            let at = first.len() + (room - letters) / 2;
            dates.replace_range(at..at + letters, &symbol);
        }
    }
    Ok(Some(format!("{}\n{dates}\n{}", strip::line(&labels, width), key(&labels, width))))
}

fn key(labels: &[Option<Label>], width: usize) -> String {
    let of = |trend: Trend| -> String { Vol::ALL.iter().map(|vol| glyph(Some((trend, *vol)))).collect() };
    let trends: Vec<String> =
        Trend::ALL.iter().map(|trend| format!("{} {}", of(*trend), trend.as_str())).collect();
    let unknown =
        if labels.contains(&None) { format!("; {} no label", strip::UNKNOWN) } else { String::new() };
    let rows = labels.len() as f64 / width as f64;
    format!("{} in low, normal, high volatility{unknown}; {rows:.1} days a character", trends.join(", "))
}
