//! `regime_build_inputs` and `regime_demo`: creating and filling source tables.

use pgrx::prelude::*;

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator};
use crate::pg::asset::Asset;
use crate::pg::{check_writable, settings, spi};
use crate::source::build::target::Built;
use crate::source::build::{build, demo};

/// Builds the bar and EMA tables of the longer layers from daily bars; a row for each table. Specification 1, section 1.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_build_inputs(
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    target_schema: default!(Option<&str>, "NULL"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String), name!(rows_written, i64))>> {
    check_writable("regime_build_inputs()")?;
    let ids = names::list(assets, cal_scheme.as_deref())?;
    let cal_scheme = cal_scheme.unwrap_or_else(settings::cal_scheme);
    let schema = target_schema.map_or_else(settings::target_schema, str::to_owned);
    let built = spi::connect(|db| build(db, ids, &cal_scheme, &schema))?;
    Ok(TableIterator::new(built.into_iter().map(row)))
}

/// Fills the source tables with an invented market, the same for the same arguments; a row for each table.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_demo(
    n_assets: default!(Option<i32>, "5"),
    days: default!(Option<i32>, "3000"),
    seed: default!(Option<i32>, "42"),
) -> Result<TableIterator<(name!(relation, String), name!(action, String), name!(rows_written, i64))>> {
    check_writable("regime_demo()")?;
    let loaded =
        spi::connect(|db| demo::load(db, n_assets.unwrap_or(5), days.unwrap_or(3000), seed.unwrap_or(42)))?;
    Ok(TableIterator::new(loaded.into_iter().map(row)))
}

fn row(built: Built) -> (String, String, i64) {
    (built.relation, built.action.to_string(), built.written.total() as i64)
}
