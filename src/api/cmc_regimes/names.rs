//! `regime_asset`: the id of an asset by its symbol.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::pg::error::null_argument;
use crate::pg::spi;
use crate::source::names;

#[pg_extern(stable, parallel_restricted)]
fn regime_asset(asset: Option<&str>, cal_scheme: default!(Option<&str>, "NULL")) -> Result<i32, ErrorReport> {
    let asset = asset.ok_or_else(|| null_argument("asset"))?;
    Ok(spi::connect(|db| names::id_of(db, asset, cal_scheme))?)
}
