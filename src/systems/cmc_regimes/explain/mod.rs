//! Explaining a row: which row is meant, and its facts, which `regime_core::cmc_regimes::explain` finds. The other
//! files put the steps into words.

pub mod labels;
pub mod outside;
pub mod policy;
pub mod stored;
pub mod told;

use regime_core::Layer;
use regime_core::cmc_regimes::explain::explain as explain_row;
use regime_core::cmc_regimes::pipeline;

use crate::output::told::Line;
use crate::pg::{Db, Error, Result, extension_schema, moment, no_data_found, spi, utc};
use crate::source::bars::Span;
use crate::source::names;
use crate::systems::cmc_regimes::arguments::arguments;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::explain::told::Told;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;
use crate::systems::cmc_regimes::profiles::{Profiles, of_profile};

/// The steps of an explanation, in reading order.
#[derive(Clone, Copy)]
pub enum Step {
    Row = 1,
    Budget,
    Labels,
    Hysteresis,
    Key,
    Policy,
    Proxy,
    Result,
    Stored,
}

impl From<Step> for i32 {
    fn from(step: Step) -> Self {
        step as i32
    }
}

/// Explains the newest row of an asset at or before a moment, in microseconds since 2000, or the newest of all.
///
/// # Errors
/// Where there is no such row, where a parameter is out of range, and where tables or sources cannot be read.
pub fn explain(asset: i32, at: Option<i64>, given: &Given) -> Result<Vec<Line>> {
    spi::connect(|db| of(db, asset, at, given))
}

/// [`explain`] with a connection.
///
/// # Errors
/// As [`explain`].
pub fn of(db: Db, asset: i32, at: Option<i64>, given: &Given) -> Result<Vec<Line>> {
    let profiles = Profiles::now(db, given)?;
    let profile = profiles.of_asset(db, asset)?;
    let (asked, given) = (given, &profiles.given(&profile));
    let setup = profiles.parameters(db, given, None).and_then(|parameters| parameters.setup(db, given));
    let setup = setup.map_err(|error| of_profile(&profile, error))?;
    let engine = Engine::new(db, setup, None);
    let own = extension_schema(db)?;
    let (series, from_elsewhere) = (engine.series(asset)?, engine.labels(asset, None)?);
    let layers = series.each_ref().map(Option::as_ref);
    let daily = layers[Layer::L2].map_or(&[][..], |daily| &daily.ts);
    let rows = at.map_or(daily.len(), |at| daily.partition_point(|ts| *ts <= at));
    let Some(index) = rows.checked_sub(1) else {
        return Err(no_row(db, &engine, asset, [daily.first().copied(), at], &own, [asked, given])?);
    };
    let proxy = engine.proxy_of(asset, layers)?;
    let given_rows =
        engine.given(proxy.as_deref(), pipeline::budget(layers, &engine.params), &from_elsewhere);
    let Some(row) = explain_row(index, layers, &given_rows) else {
        return Err(no_row(db, &engine, asset, [None, at], &own, [asked, given])?);
    };
    let proxy = match (given_rows.proxy, engine.reader(Layer::L1), engine.params.market_proxy_id) {
        (Some(_), Some(weekly), Some(id)) => Some(weekly.series(id, Span::Until(Some(row.ts)))?),
        _ => None,
    };
    let told = Told {
        db,
        engine: &engine,
        asset,
        name: names::in_words(db, asset, given.cal_scheme.as_deref())?,
        at,
        policy_name: given.policy.as_deref().unwrap_or(DEFAULT_POLICY),
        arguments: if profile.is_some() { String::new() } else { arguments(asked) },
        profiles: &profiles,
        profile: &profile,
        policy: given_rows.policy,
        series: &series,
        labels: &from_elsewhere,
        row: &row,
        proxy,
        own: &own,
    };
    let mut lines = labels::tell(&told);
    lines.extend(policy::tell(&told));
    lines.extend(stored::tell(&told)?);
    Ok(lines)
}

/// The asset has no daily bar at all, or none so early.
fn no_row(
    db: Db,
    engine: &Engine,
    asset: i32,
    [first, at]: [Option<i64>; 2],
    own: &str,
    [asked, given]: [&Given; 2],
) -> Result<Error> {
    let of = |message: String| no_data_found(message);
    let whose = names::in_words(db, asset, given.cal_scheme.as_deref())?;
    Ok(match (first, at) {
        (Some(first), Some(at)) => of(format!("{whose} has no daily bar at or before {}", moment(at)))
            .detail(format!("The first daily bar closed at {}.", utc(first)))
            .hint(format!(
                "SELECT * FROM {own}.regime_explain({asset}, '{}'{});",
                utc(first),
                arguments(asked)
            )),
        _ => {
            let error = of(format!("{whose} has no daily bars"));
            let Some(daily) = engine.reader(Layer::L2).map(|reader| reader.source()) else {
                return Ok(error);
            };
            error
                .detail(format!(
                    "Daily bars are read from {} WHERE {}.",
                    daily.bars.sql,
                    daily.bars.condition_of(asset, daily.tf.as_deref())
                ))
                .hint(format!(
                    "Load daily bars, or pass an asset that has some: SELECT DISTINCT {} FROM {} ORDER BY 1; if the bars are elsewhere, correct the L2 row of {own}.regime_source.",
                    daily.bars.id, daily.bars.sql
                ))
        }
    })
}
