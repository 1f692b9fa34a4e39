//! `regime_compare`: rows of others beside the stored rows.

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, required, timestamp};
use crate::pg::asset::Asset;
use crate::pg::spi;
use crate::systems::compare::compare;

/// Compares a relation of the columns of an output table with the stored rows of the table, asset by asset and column by column.
// Declared in sql/install/compare.sql.
#[pg_extern(sql = false)]
fn regime_compare(
    relation: Option<pg_sys::Oid>,
    with_table: default!(Option<String>, "NULL"),
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, Option<i32>),
        name!(symbol, Option<String>),
        name!(timeframe, Option<String>),
        name!(column_name, Option<&'static str>),
        name!(n, i64),
        name!(n_agree, Option<i64>),
        name!(n_differ, Option<i64>),
        name!(n_only_theirs, Option<i64>),
        name!(n_only_ours, Option<i64>),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(first_key, Option<String>),
        name!(theirs, Option<String>),
        name!(ours, Option<String>),
        name!(difference, Option<i32>),
        name!(explanation, Option<&'static str>),
    )>,
> {
    let relation = required("relation", relation)?;
    let assets = names::list(assets, None)?;
    let lines = spi::connect(|db| compare(db, relation, with_table.as_deref(), assets))?;
    Ok(TableIterator::new(lines.into_iter().map(|line| {
        (
            line.id,
            line.symbol,
            line.timeframe,
            line.column,
            line.n,
            line.agree,
            line.differ,
            line.only_theirs,
            line.only_ours,
            line.first.and_then(timestamp),
            line.first_key,
            line.theirs,
            line.ours,
            line.difference.map(|number| number as i32),
            line.explanation,
        )
    })))
}
