//! `regime_asset`: the id of an asset by its symbol.

use pgrx::prelude::*;

use crate::api::{Result, required};
use crate::pg::{self, spi};
use crate::source::names;

/// The id of an asset by its symbol in `dim_assets`, or by its id as text (docs/refreshing.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_asset(asset: Option<&str>, cal_scheme: default!(Option<&str>, "NULL")) -> Result<i32> {
    let asset = required("asset", asset)?;
    Ok(spi::connect(|db| names::id_of(db, asset, cal_scheme))?)
}

/// The id of the asset of a name, where there is one: NULL is passed on, to mean what it means as an id.
///
/// # Errors
/// As [`names::id_of`].
pub fn named(symbol: Option<&str>) -> pg::Result<Option<i32>> {
    symbol.map(|symbol| spi::connect(|db| names::id_of(db, symbol, None))).transpose()
}
