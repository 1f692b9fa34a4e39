//! `regime_backtest`, `regime_backtest_equity`.

use pgrx::prelude::*;

use regime_core::cmc_regimes::backtest::{Bar, summary};
use regime_core::math::performance::Performance;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, micros, timestamp};
use crate::pg::asset::Asset;
use crate::pg::{Result as Checked, spi};
use crate::systems::cmc_regimes::policy::backtest::{Asked, backtest, per_year};

/// Declares a form of `regime_backtest`: its first argument, and the ids that the argument stands for.
macro_rules! backtests {
    ($(#[$attribute:meta])* fn $name:ident($of:ident: $($kind:tt)+) $ids:expr) => {
        $(#[$attribute])*
        #[pg_extern(name = "regime_backtest", stable, parallel_restricted)]
        fn $name(
            $of: $($kind)+,
            policies: default!(Option<Vec<Option<String>>>, "NULL"),
            from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
            to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
            cost_bps: default!(Option<f64>, "0"),
            bars_per_year: default!(Option<f64>, "NULL"),
        ) -> Result<
            TableIterator<(
                name!(id, i32),
                name!(symbol, Option<String>),
                name!(policy, String),
                name!(first_ts, Option<TimestampWithTimeZone>),
                name!(last_ts, Option<TimestampWithTimeZone>),
                name!(n, i64),
                name!(n_missing, i64),
                name!(bars_per_year, Option<f64>),
                name!(yearly_return, Option<f64>),
                name!(yearly_return_plain, Option<f64>),
                name!(volatility, Option<f64>),
                name!(volatility_plain, Option<f64>),
                name!(sharpe, Option<f64>),
                name!(sharpe_plain, Option<f64>),
                name!(max_drawdown, Option<f64>),
                name!(max_drawdown_plain, Option<f64>),
                name!(time_in_market, Option<f64>),
                name!(mean_size, Option<f64>),
                name!(turnover, Option<f64>),
                name!(cost, Option<f64>),
            )>,
        > {
            let asked = asked(($ids)($of)?, policies, [from_ts, to_ts], cost_bps)?;
            let given = per_year(bars_per_year)?;
            let mut rows = Vec::new();
            spi::connect(|db| {
                backtest(db, &asked, |of| {
                    let per_year = given.or(of.per_year);
                    let found = per_year.and_then(|per_year| summary(&of.bars, per_year, asked.cost_bps));
                    let span = [of.known().next(), of.known().next_back()].map(|row| row.map(|row| of.ts[row]));
                    let missing = of.close.len() - of.known().count();
                    rows.push((of.id, of.policy, span, of.bars.len(), missing, per_year, found));
                })
            })?;
            let symbols = names::symbols(rows.iter().map(|(id, ..)| *id));
            Ok(TableIterator::new(rows.into_iter().map(move |(id, policy, span, n, missing, per_year, found)| {
                let [first, last] = span.map(|ts| ts.and_then(timestamp));
                let of_both = |of: fn(&Performance, f64) -> f64| match (&found, per_year) {
                    (Some(found), Some(per_year)) => found.performance.map(|p| known(of(&p, per_year))),
                    _ => [None; 2],
                };
                let [yearly_return, yearly_return_plain] = of_both(|p, per_year| p.yearly_return(per_year));
                let [volatility, volatility_plain] = of_both(|p, _| p.volatility);
                let [sharpe, sharpe_plain] = of_both(|p, _| p.sharpe);
                let [max_drawdown, max_drawdown_plain] = of_both(|p, _| p.max_drawdown);
                (
                    id,
                    symbols.get(&id).cloned(),
                    policy,
                    first,
                    last,
                    n as i64,
                    missing as i64,
                    per_year,
                    yearly_return,
                    yearly_return_plain,
                    volatility,
                    volatility_plain,
                    sharpe,
                    sharpe_plain,
                    max_drawdown,
                    max_drawdown_plain,
                    found.as_ref().map(|found| found.time_in_market),
                    found.as_ref().map(|found| found.mean_size),
                    found.as_ref().and_then(|found| known(found.turnover)),
                    found.as_ref().and_then(|found| known(found.cost)),
                )
            })))
        }
    };
}

/// Declares a form of `regime_backtest_equity`, as [`backtests`] does.
macro_rules! equities {
    ($(#[$attribute:meta])* fn $name:ident($of:ident: $($kind:tt)+) $ids:expr) => {
        $(#[$attribute])*
        #[pg_extern(name = "regime_backtest_equity", stable, parallel_restricted)]
        fn $name(
            $of: $($kind)+,
            policies: default!(Option<Vec<Option<String>>>, "NULL"),
            from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
            to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
            cost_bps: default!(Option<f64>, "0"),
        ) -> Result<
            TableIterator<(
                name!(id, i32),
                name!(symbol, Option<String>),
                name!(policy, String),
                name!(ts, TimestampWithTimeZone),
                name!(close, f64),
                name!(size, Option<f64>),
                name!(bar_return, Option<f64>),
                name!(bar_return_plain, Option<f64>),
                name!(traded, Option<f64>),
                name!(equity, Option<f64>),
                name!(equity_plain, Option<f64>),
                name!(drawdown, Option<f64>),
                name!(drawdown_plain, Option<f64>),
            )>,
        > {
            let asked = asked(($ids)($of)?, policies, [from_ts, to_ts], cost_bps)?;
            let mut rows = Vec::new();
            spi::connect(|db| {
                backtest(db, &asked, |of| {
                    let start = of.known().next().map(|row| (row, None));
                    let bars = of.bars.iter().map(|bar| (bar.row, Some(*bar)));
                    rows.extend(
                        start
                            .into_iter()
                            .chain(bars)
                            .map(|(row, bar)| (of.id, of.policy.clone(), of.ts[row], of.close[row], bar)),
                    );
                })
            })?;
            let symbols = names::symbols(rows.iter().map(|(id, ..)| *id));
            Ok(TableIterator::new(rows.into_iter().filter_map(move |(id, policy, ts, close, bar)| {
                // At the first close, nothing has been earned.
                let of_both = |of: fn(&Bar) -> [f64; 2], first: Option<f64>| {
                    bar.as_ref().map_or([first; 2], |bar| of(bar).map(known))
                };
                let [bar_return, bar_return_plain] = of_both(|bar| bar.returns, None);
                let [equity, equity_plain] = of_both(|bar| bar.equity, Some(1.0));
                let [drawdown, drawdown_plain] = of_both(|bar| bar.drawdown, Some(0.0));
                Some((
                    id,
                    symbols.get(&id).cloned(),
                    policy,
                    timestamp(ts)?,
                    close,
                    bar.as_ref().map(|bar| bar.size),
                    bar_return,
                    bar_return_plain,
                    bar.as_ref().map(|bar| bar.traded),
                    equity,
                    equity_plain,
                    drawdown,
                    drawdown_plain,
                ))
            })))
        }
    };
}

backtests! {
    /// What each asset would have earned with yesterday's size, by policy, beside the asset held whole (docs/statistics.md).
    fn backtest_assets(assets: default!(Option<Vec<Option<Asset>>>, "NULL")) |assets| names::list(assets, None)
}

// Forms of their own for an integer and a text, as of refresh_cmc_regimes.
backtests! {
    /// [`backtest_assets`] of one id.
    fn backtest_asset(asset: Option<i64>) |id: Option<i64>| one(id.map(Asset::Id))
}

backtests! {
    /// [`backtest_assets`] of the asset of a name.
    fn backtest_named(asset: Option<String>) |asset: Option<String>| one(asset.map(Asset::Name))
}

equities! {
    /// The equity of [`backtest_assets`] at each close (docs/statistics.md).
    fn equity_of_assets(assets: default!(Option<Vec<Option<Asset>>>, "NULL")) |assets| names::list(assets, None)
}

equities! {
    /// [`equity_of_assets`] of one id.
    fn equity_of_asset(asset: Option<i64>) |id: Option<i64>| one(id.map(Asset::Id))
}

equities! {
    /// [`equity_of_assets`] of the asset of a name.
    fn equity_of_named(asset: Option<String>) |asset: Option<String>| one(asset.map(Asset::Name))
}

/// The list of one asset. NULL is an asset that a join has not found, not all assets.
fn one(asset: Option<Asset>) -> Checked<Option<Vec<i32>>> {
    Ok(Some(vec![names::one(asset, None)?]))
}

fn asked(
    ids: Option<Vec<i32>>,
    policies: Option<Vec<Option<String>>>,
    span: [Option<TimestampWithTimeZone>; 2],
    cost_bps: Option<f64>,
) -> Checked<Asked> {
    Asked::new(ids, policies, span.map(|moment| moment.map(micros)), cost_bps)
}

/// A figure; `None` where it is undefined or beyond all numbers.
fn known(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}
