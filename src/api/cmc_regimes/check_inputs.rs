//! `regime_check_inputs` and `regime_check_inputs_details`: faults of the source map, bars and EMAs.

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, timestamp};
use crate::output::finding::MOST_NAMED;
use crate::pg::asset::Asset;
use crate::source::names::told;
use crate::systems::cmc_regimes::check::inputs;

/// The faults of the source map, bars and EMAs summed up, the worst first: a row for each severity, layer and kind.
/// Specification 1, section 1.
#[pg_extern(stable, parallel_restricted)]
fn regime_check_inputs(
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(layer, Option<&'static str>),
        name!(problem, String),
        name!(n_assets, i64),
        name!(subjects, Option<Vec<String>>),
        name!(n, Option<i64>),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    let ids = names::list(assets, cal_scheme.as_deref())?;
    let all = inputs::check(ids, cal_scheme)?;
    let named = |who: &[i32]| -> Vec<i32> { who.iter().take(MOST_NAMED).copied().collect() };
    let symbols = names::symbols(all.iter().flat_map(|summary| named(&summary.who)));
    Ok(TableIterator::new(all.into_iter().map(move |summary| {
        let told = |id: &i32| told(*id, symbols.get(id).map(String::as_str));
        let subjects: Vec<String> = named(&summary.who).iter().map(told).collect();
        (
            summary.severity.as_str(),
            summary.place,
            summary.problem,
            summary.who.len() as i64,
            (!subjects.is_empty()).then_some(subjects),
            summary.n,
            summary.first.and_then(timestamp),
            summary.command,
            summary.advice,
        )
    })))
}

/// The faults of the source map, bars and EMAs, the worst first: a row for each asset, layer and problem.
#[pg_extern(stable, parallel_restricted)]
fn regime_check_inputs_details(
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(id, Option<i32>),
        name!(symbol, Option<String>),
        name!(layer, Option<&'static str>),
        name!(problem, String),
        name!(n, Option<i64>),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(command, Option<String>),
        name!(advice, Option<String>),
    )>,
> {
    let ids = names::list(assets, cal_scheme.as_deref())?;
    let complaints = inputs::details(ids, cal_scheme)?;
    let symbols = names::symbols(complaints.iter().filter_map(|c| c.who));
    Ok(TableIterator::new(complaints.into_iter().map(move |c| {
        let (problem, symbol) = (c.problem(), c.who.and_then(|id| symbols.get(&id).cloned()));
        let first = c.first.and_then(timestamp);
        (c.severity.as_str(), c.who, symbol, c.place, problem, c.n, first, c.command, c.advice)
    })))
}
