//! `regime_now`, `regime_breadth`, `regime_portfolio`: what a desk looks at in the morning.

use std::collections::BTreeMap;

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, micros, required, timestamp};
use crate::output::desk::{Days, Line, Run};
use crate::pg::asset::Asset;
use crate::pg::{self, session, spi};
use crate::systems::cmc_regimes::read::portfolio::{Position, portfolio, weights};
use crate::systems::desk;

/// The regime of each subject: its current run beside past ones, what it says, what waits to change.
#[pg_extern(stable, parallel_restricted)]
fn regime_now(
    asset: default!(Option<Asset>, "NULL"),
    system: default!(Option<&str>, "'cmc_regimes'"),
) -> Result<
    TableIterator<(
        name!(symbol, Option<String>),
        name!(timeframe, Option<String>),
        name!(regime, Option<String>),
        name!(since, Option<TimestampWithTimeZone>),
        name!(bars, Option<i32>),
        name!(percentile, Option<f64>),
        name!(return_since, Option<f64>),
        name!(in_force, Option<String>),
        name!(waiting, Option<String>),
        name!(missing_bars, Option<i32>),
        name!(is_stale, Option<bool>),
        name!(id, Option<i32>),
        name!(system, &'static str),
    )>,
> {
    let lines = spi::connect(|db| desk::now(db, system, asset.as_ref()))?;
    let symbols = names::symbols(lines.iter().filter_map(|(_, line)| line.id));
    let rows = |bars: Option<u32>| bars.and_then(|bars| i32::try_from(bars).ok());
    Ok(TableIterator::new(lines.into_iter().map(move |(system, line)| {
        let Line { id, symbol, timeframe, run, in_force, waiting, missing_bars, is_stale } = line;
        let symbol = symbol.or_else(|| symbols.get(&id?).cloned());
        let (since, bars) = (run.as_ref().map(|run| run.since), run.as_ref().and_then(|run| run.bars));
        let figure = |of: fn(&Run) -> Option<f64>| run.as_ref().and_then(of);
        let (percentile, return_since) = (figure(|run| run.percentile), figure(|run| run.return_since));
        (
            symbol,
            timeframe,
            run.map(|run| run.regime),
            since.and_then(timestamp),
            rows(bars),
            percentile,
            return_since,
            in_force,
            waiting,
            rows(missing_bars),
            is_stale,
            id,
            system,
        )
    })))
}

/// How many subjects were in which regime on each day, and their share.
#[pg_extern(stable, parallel_restricted)]
fn regime_breadth(
    from_date: default!(Option<Date>, "NULL"),
    to_date: default!(Option<Date>, "NULL"),
    system: default!(Option<&str>, "'cmc_regimes'"),
    timeframe: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<(name!(day, Date), name!(regime, String), name!(n, i64), name!(share, f64))>> {
    let days = Days { span: [from_date, to_date].map(|day| day.map(Date::into_inner)), timeframe }.check()?;
    let system = required("system", system)?;
    let found = spi::connect(|db| desk::breadth(db, system, days))?;
    let mut of_day = BTreeMap::<i32, i64>::new();
    for ((day, _), n) in &found {
        *of_day.entry(*day).or_default() += n;
    }
    Ok(TableIterator::new(found.into_iter().map(move |((day, regime), n)| {
        (Date::saturating_from_raw(day), regime, n, n as f64 / of_day[&day] as f64)
    })))
}

/// What the regimes in force make of weights of assets, a row each, and the whole last.
#[pg_extern(stable, parallel_restricted)]
fn regime_portfolio(
    assets: Option<Vec<Option<Asset>>>,
    weights: Option<Vec<Option<f64>>>,
    at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<
    TableIterator<(
        name!(symbol, Option<String>),
        name!(weight, f64),
        name!(regime, Option<String>),
        name!(size_mult, Option<f64>),
        name!(exposure, f64),
        name!(gross, f64),
        name!(gross_cap, Option<f64>),
        name!(stop_mult, Option<f64>),
        name!(orders, Option<&'static str>),
        name!(pyramids, Option<bool>),
        name!(setups, Option<Vec<String>>),
        name!(is_stale, bool),
        name!(id, Option<i32>),
    )>,
> {
    let assets = required("assets", assets)?;
    let weights = self::weights(weights, assets.len())?;
    let ids = assets.into_iter().map(|asset| names::one(asset, None)).collect::<pg::Result<Vec<_>>>()?;
    let at = at.map_or_else(session::now, micros);
    let positions: Vec<(i32, f64)> = ids.iter().copied().zip(weights).collect();
    let all = spi::connect(|db| portfolio(db, &positions, at))?;
    let symbols = names::symbols(ids.into_iter());
    Ok(TableIterator::new(all.into_iter().map(move |position| {
        let Position { id, weight, regime_key, exposure, gross, risk, setups, is_stale } = position;
        (
            id.and_then(|id| symbols.get(&id).cloned()),
            weight,
            regime_key,
            risk.as_ref().map(|risk| risk.size_mult),
            exposure,
            gross,
            risk.as_ref().map(|risk| risk.gross_cap),
            risk.as_ref().map(|risk| risk.stop_mult),
            risk.as_ref().map(|risk| risk.orders.as_str()),
            risk.as_ref().map(|risk| risk.pyramids),
            setups,
            is_stale,
            id,
        )
    })))
}
