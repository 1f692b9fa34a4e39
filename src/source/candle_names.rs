//! Series of candles by symbol and timeframe, and the errors for unknown names.

use crate::pg::{Db, Error, Result, quote_literal, undefined_object};
use crate::source::candles::{Reads, Source};
use crate::source::names;
use crate::source::nearest::nearest;
use crate::source::series::Series;

/// The series of a symbol, of one timeframe or all. If there are none, the series of the asset that has this name in
/// `dim_assets`, whose candles may be stored under its symbol or its id.
///
/// # Errors
/// Where the relation cannot be read.
pub fn of_symbol(db: Db, source: &Source, symbol: &str, timeframe: Option<&str>) -> Result<Vec<Series>> {
    let mut all = source.series(db, Some(symbol), None)?;
    if all.is_empty() {
        for name in of_asset(db, symbol)? {
            all.extend(source.series(db, Some(&name), None)?);
        }
    }
    all.retain(|series| timeframe.is_none_or(|timeframe| series.timeframe == timeframe));
    Ok(all)
}

/// The names under which candles of the asset of this name may be stored: its symbol and its id.
fn of_asset(db: Db, name: &str) -> Result<Vec<String>> {
    let Some(id) = names::id_if_known(db, name)? else { return Ok(Vec::new()) };
    Ok(names::symbol_of(db, id, None)?.into_iter().chain([id.to_string()]).collect())
}

/// The names under which rows of the asset of this name may be stored, where no rows are stored under the name itself; none
/// where there are candles of the name itself.
///
/// # Errors
/// Where the candles or `dim_assets` cannot be read.
pub fn others(db: Db, symbol: &str) -> Result<Vec<String>> {
    // Rows can be read without their source.
    if let Ok(Some(source)) = Source::find(db, Reads::Prices)
        && source.has_symbol(db, symbol)?
    {
        return Ok(Vec::new());
    }
    of_asset(db, symbol)
}

/// The series of a symbol and a timeframe.
///
/// # Errors
/// Where there is no such series.
pub fn named(db: Db, source: &Source, symbol: &str, timeframe: &str) -> Result<Series> {
    match of_symbol(db, source, symbol, Some(timeframe))?.into_iter().next() {
        Some(series) => Ok(series),
        None => Err(unknown(db, source, symbol, Some(timeframe))?),
    }
}

/// The error for a symbol that has no candles, or none of this timeframe.
///
/// # Errors
/// Where the relation cannot be read.
pub fn unknown(db: Db, source: &Source, symbol: &str, timeframe: Option<&str>) -> Result<Error> {
    let of_symbol = of_symbol(db, source, symbol, None)?;
    let error = |message| undefined_object(message);
    let [symbol_column, timeframe_column, _] = &source.key;
    let relation = &source.relation.sql;
    if let (Some(timeframe), false) = (timeframe, of_symbol.is_empty()) {
        let known: Vec<&str> = of_symbol.iter().map(|series| series.timeframe.as_str()).collect();
        return Ok(error(format!("symbol \"{symbol}\" has no candles of timeframe \"{timeframe}\""))
            .detail(format!("Timeframes of the symbol in {relation}: {}.", known.join(", ")))
            .hint(format!("Pass timeframe => {}.", quote_literal(known[0]))));
    }
    let mut symbols: Vec<String> = source.series(db, None, None)?.into_iter().map(|s| s.symbol).collect();
    symbols.dedup();
    let known = match symbols.len() {
        0 => format!("{relation} holds no candles."),
        1 => format!("{relation} has candles of one symbol."),
        n => format!("{relation} has candles of {n} symbols."),
    };
    let list = format!("SELECT DISTINCT {symbol_column}, {timeframe_column} FROM {relation} ORDER BY 1, 2;");
    Ok(error(format!("unknown symbol \"{symbol}\"")).detail(known).hint(
        match nearest(symbol, symbols.iter()) {
            Some(near) => format!("Did you mean {}? {list}", quote_literal(near)),
            None => list,
        },
    ))
}

/// The error for a timeframe of which no symbol has candles.
///
/// # Errors
/// Where the relation cannot be read.
pub fn unknown_timeframe(db: Db, source: &Source, timeframe: &str) -> Result<Error> {
    let mut known: Vec<String> = source.series(db, None, None)?.into_iter().map(|s| s.timeframe).collect();
    known.sort_unstable();
    known.dedup();
    let [_, timeframe_column, _] = &source.key;
    let relation = &source.relation.sql;
    Ok(undefined_object(format!("unknown timeframe \"{timeframe}\""))
        .detail(format!("Timeframes in {relation}: {}.", known.join(", ")))
        .hint(format!("SELECT DISTINCT {timeframe_column} FROM {relation} ORDER BY 1;")))
}
