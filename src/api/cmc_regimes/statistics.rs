//! `regime_transition_matrix`, `regime_durations`, `regime_assets`, `regime_periods`, `regime_forward_returns`, `regime_flips`,
//! `regime_stats`.

use pgrx::datum::{Range, RangeBound};
use pgrx::prelude::*;

use regime_core::math::periods::{durations, transitions};

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, micros, timestamp};
use crate::output::desk::newest;
use crate::pg::asset::Asset;
use crate::pg::spi;
use crate::systems::cmc_regimes::read::history::{assets, flip_layer};
use crate::systems::cmc_regimes::read::statistics::{self, PeriodRow};
use crate::systems::cmc_regimes::read::stored::{self, Flip, OfRegime};

/// How often each regime of a layer followed each other one, and with which probability, of one asset or of all. Specification 1, section 6.
#[pg_extern(stable, parallel_restricted)]
fn regime_transition_matrix(
    asset: default!(Option<Asset>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
) -> Result<
    TableIterator<(
        name!(from_regime, String),
        name!(to_regime, String),
        name!(n, i64),
        name!(probability, f64),
    )>,
> {
    let (asset, layer) = (names::some(asset, None)?, flip_layer(layer)?);
    let found = transitions(&spi::connect(|db| statistics::periods_of(db, asset, layer))?);
    Ok(TableIterator::new(found.into_iter().map(|t| (t.from, t.to, t.n as i64, t.probability))))
}

/// How many daily rows the periods of each regime last, of one asset or of all. Specification 1, section 6.
#[pg_extern(stable, parallel_restricted)]
fn regime_durations(
    asset: default!(Option<Asset>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
) -> Result<
    TableIterator<(
        name!(regime, String),
        name!(n, i64),
        name!(mean_bars, Option<f64>),
        name!(median_bars, Option<f64>),
        name!(longest_bars, Option<i32>),
        name!(current_bars, Option<i32>),
        name!(current_percentile, Option<f64>),
    )>,
> {
    let (asset, layer) = (names::some(asset, None)?, flip_layer(layer)?);
    let is_of_one = asset.is_some();
    let found = durations(&spi::connect(|db| statistics::periods_of(db, asset, layer))?);
    let rows = |bars: Option<u32>| bars.and_then(|bars| i32::try_from(bars).ok());
    Ok(TableIterator::new(found.into_iter().map(move |d| {
        // Of all assets, no run is the current one.
        let (current, percentile) =
            if is_of_one { (d.current, d.current_percentile()) } else { (None, None) };
        let (mean, median) = (d.mean(), d.median());
        let (n, longest) = (d.runs.len() as i64, rows(d.longest()));
        (d.regime, n, mean, median, longest, rows(current), percentile)
    })))
}

/// The assets that have stored rows.
#[pg_extern(stable, parallel_restricted)]
fn regime_assets() -> Result<TableIterator<(name!(id, i32), name!(symbol, Option<String>))>> {
    let ids = spi::connect_as_caller(assets)?;
    let symbols = names::symbols(ids.iter().copied());
    Ok(TableIterator::new(ids.into_iter().map(move |id| (id, symbols.get(&id).cloned()))))
}

/// The periods of each regime of a layer, of one asset or of all, with their returns. Specification 1, section 6.
#[pg_extern(stable, parallel_restricted)]
fn regime_periods(
    asset: default!(Option<Asset>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(regime, String),
        name!(valid, Range<TimestampWithTimeZone>),
        name!(bars, Option<i32>),
        name!(return_over_period, Option<f64>),
    )>,
> {
    let (asset, layer) = (names::some(asset, None)?, flip_layer(layer)?);
    let found = spi::connect(|db| statistics::of_assets(db, asset, layer))?;
    let symbols = names::symbols(found.iter().map(|row| row.id));
    Ok(TableIterator::new(found.into_iter().filter_map(move |PeriodRow { id, period, return_over }| {
        let upper = match period.to {
            Some(to) => RangeBound::Exclusive(timestamp(to)?),
            None => RangeBound::Infinite,
        };
        let valid = Range::new(RangeBound::Inclusive(timestamp(period.from)?), upper);
        Some((
            id,
            symbols.get(&id).cloned(),
            period.regime,
            valid,
            period.bars.and_then(|bars| i32::try_from(bars).ok()),
            return_over,
        ))
    })))
}

/// Returns over the next daily rows by regime and horizon, against those of all rows, of one asset or of all (docs/statistics.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_forward_returns(
    asset: default!(Option<Asset>, "NULL"),
    horizons: default!(Option<Vec<Option<i32>>>, "'{1,5,20}'"),
    layer: default!(Option<&str>, "'composite'"),
) -> Result<
    TableIterator<(
        name!(regime, String),
        name!(horizon, i32),
        name!(n, i64),
        name!(n_windows, i64),
        name!(mean_return, Option<f64>),
        name!(std_return, Option<f64>),
        name!(mean_all, Option<f64>),
        name!(difference, Option<f64>),
        name!(std_error, Option<f64>),
        name!(t, Option<f64>),
        name!(hit_rate, Option<f64>),
        name!(worst_return, Option<f64>),
    )>,
> {
    let (asset, layer) = (names::some(asset, None)?, flip_layer(layer)?);
    let horizons = statistics::horizons(horizons)?;
    let found = spi::connect(|db| statistics::forward(db, asset, layer, &horizons))?;
    let rows = found.into_iter().map(|((regime, horizon), f)| {
        (
            regime.to_string(),
            horizon as i32,
            f.n() as i64,
            f.windows as i64,
            f.mean(),
            f.std(),
            f.mean_all,
            f.difference,
            f.std_error,
            f.t(),
            f.hit_rate(),
            f.worst(),
        )
    });
    Ok(TableIterator::new(rows.collect::<Vec<_>>()))
}

/// The stored changes of a layer, of one asset or of all. Specification 1, section 6.
#[pg_extern(stable, parallel_restricted)]
fn regime_flips(
    asset: default!(Option<Asset>, "NULL"),
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    layer: default!(Option<&str>, "'composite'"),
    n: default!(Option<i32>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(ts, Option<TimestampWithTimeZone>),
        name!(from_regime, Option<String>),
        name!(to_regime, Option<String>),
        name!(duration_bars, Option<i32>),
        name!(return_since, Option<f64>),
    )>,
> {
    let (asset, layer) = (names::some(asset, None)?, flip_layer(layer)?);
    let (span, n) = ([from_ts, to_ts].map(|at| at.map(micros)), newest(n)?);
    let found = spi::connect(|db| stored::flips(db, asset, layer, span, n))?;
    let symbols = names::symbols(found.iter().map(|flip| flip.id));
    Ok(TableIterator::new(found.into_iter().map(move |Flip { id, ts, regimes, bars, return_since }| {
        let [from, to] = regimes;
        (id, symbols.get(&id).cloned(), timestamp(ts), from, to, bars, return_since)
    })))
}

/// The stored statistics of each regime, of one asset or of all. Specification 1, section 6.
#[pg_extern(stable, parallel_restricted)]
fn regime_stats(
    asset: default!(Option<Asset>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(regime_key, Option<String>),
        name!(n, Option<i64>),
        name!(share, Option<f64>),
        name!(mean_return, Option<f64>),
        name!(std_return, Option<f64>),
    )>,
> {
    let asset = names::some(asset, None)?;
    let found = spi::connect(|db| stored::statistics(db, asset))?;
    let symbols = names::symbols(found.iter().map(|row| row.id));
    Ok(TableIterator::new(found.into_iter().map(move |OfRegime { id, regime_key, n, share, mean, std }| {
        (id, symbols.get(&id).cloned(), regime_key, n, share, mean, std)
    })))
}
