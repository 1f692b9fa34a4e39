//! `regime_check_inputs`: faults of the source map, bars and EMAs.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, timestamp};
use crate::systems::cmc_regimes::assets;
use crate::systems::cmc_regimes::check::inputs;

/// The faults of the source map, bars and EMAs, the worst first. Specification 1, section 1.
#[pg_extern(stable, parallel_restricted)]
fn regime_check_inputs(
    ids: default!(Option<Vec<Option<i32>>>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(asset, Option<i32>),
        name!(layer, Option<&'static str>),
        name!(problem, String),
        name!(n, Option<i64>),
        name!(first, Option<TimestampWithTimeZone>),
        name!(command, String),
    )>,
> {
    let ids = ids.map(assets::sorted_ids).transpose()?;
    let complaints = inputs::check(ids, cal_scheme)?;
    Ok(TableIterator::new(complaints.into_iter().map(|c| {
        let layer = c.layer;
        (c.severity.as_str(), c.asset, layer, c.problem, c.n, c.first.and_then(timestamp), c.command)
    })))
}
