//! The assets that arguments name, and `regime_asset`: the id of an asset by its symbol.

use std::collections::HashMap;
use std::ffi::CString;

use pgrx::prelude::*;

use crate::api::{Result, required};
use crate::pg::asset::Asset;
use crate::pg::{self, spi};
use crate::source::names;
use crate::systems::cmc_regimes::assets::sorted_ids;

/// The id of an asset by its symbol in `dim_assets`, or by its id as text (docs/refreshing.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_asset(asset: Option<&str>, cal_scheme: default!(Option<&str>, "NULL")) -> Result<i32> {
    let asset = required("asset", asset)?;
    Ok(spi::connect_as_caller(|db| names::id_of(db, asset, cal_scheme))?)
}

/// Output of `regime_asset_ref`: the id or the symbol as text, which is read as a symbol or as an id.
// Declared in sql/install/asset_ref.sql, as the casts below.
#[pg_extern(sql = false)]
fn asset_ref_out(asset: Asset) -> CString {
    // A text that PostgreSQL stores has no byte of zero.
    CString::new(asset.to_string()).unwrap_or_default()
}

/// Cast of an id to `regime_asset_ref`.
#[pg_extern(sql = false)]
fn asset_of_int2(id: i16) -> String {
    Asset::of_id(id.into())
}

/// Cast of an id to `regime_asset_ref`.
#[pg_extern(sql = false)]
fn asset_of_int4(id: i32) -> String {
    Asset::of_id(id.into())
}

/// Cast of an id to `regime_asset_ref`.
#[pg_extern(sql = false)]
fn asset_of_int8(id: i64) -> String {
    Asset::of_id(id)
}

/// The id of the asset that an argument names, which must not be NULL.
///
/// # Errors
/// NULL, and as [`names::id`].
pub fn one(asset: Option<Asset>, cal_scheme: Option<&str>) -> pg::Result<i32> {
    required("asset", some(asset, cal_scheme)?)
}

/// The id of the asset that an argument names; NULL is passed on.
///
/// # Errors
/// As [`names::id`].
pub fn some(asset: Option<Asset>, cal_scheme: Option<&str>) -> pg::Result<Option<i32>> {
    match asset {
        None => Ok(None),
        Some(Asset::Id(id)) if i32::try_from(id).is_ok() => Ok(Some(id as i32)),
        Some(asset) => spi::connect_as_caller(|db| names::id(db, &asset, cal_scheme)).map(Some),
    }
}

/// The ids of the assets that an argument lists, ascending, each once; NULL is passed on.
///
/// # Errors
/// An asset that is NULL, and as [`names::id`].
pub fn list(assets: Option<Vec<Option<Asset>>>, cal_scheme: Option<&str>) -> pg::Result<Option<Vec<i32>>> {
    let Some(assets) = assets else { return Ok(None) };
    let ids = assets.into_iter().map(|asset| some(asset, cal_scheme)).collect::<pg::Result<_>>()?;
    sorted_ids(ids).map(Some)
}

/// The symbols of assets, as far as they have some that can be read.
pub fn symbols(ids: impl Iterator<Item = i32>) -> HashMap<i32, String> {
    let mut ids: Vec<i32> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    pg::attempt_unless_cancelled(|| spi::connect_as_caller(|db| names::symbols_of(db, &ids, None)))
        .unwrap_or_default()
}
