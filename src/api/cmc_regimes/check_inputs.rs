//! `regime_check_inputs`: faults of the source map, bars and EMAs.

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, timestamp};
use crate::pg::asset::Asset;
use crate::systems::cmc_regimes::check::inputs;

/// The faults of the source map, bars and EMAs, the worst first. Specification 1, section 1.
#[pg_extern(stable, parallel_restricted)]
fn regime_check_inputs(
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
        name!(command, String),
    )>,
> {
    let ids = names::list(assets, cal_scheme.as_deref())?;
    let complaints = inputs::check(ids, cal_scheme)?;
    let symbols = names::symbols(complaints.iter().filter_map(|c| c.asset));
    Ok(TableIterator::new(complaints.into_iter().map(move |c| {
        let (layer, symbol) = (c.layer, c.asset.and_then(|id| symbols.get(&id).cloned()));
        (c.severity.as_str(), c.asset, symbol, layer, c.problem, c.n, c.first.and_then(timestamp), c.command)
    })))
}
