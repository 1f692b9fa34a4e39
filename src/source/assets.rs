//! Asset ids: from `dim_assets`, else from the daily bars.

use pgrx::prelude::*;

use crate::pg::{Db, Error, Result, Sees, arg, citus, extension_schema};
use crate::source::dim_assets::DimAssets;
use crate::source::map::Source;

/// SQL: the distinct ids in a relation as `int8`, in ascending order.
pub fn distinct_ids(relation: &str, id: &str, condition: &str) -> String {
    distinct_values(relation, id, condition, "int8")
}

/// SQL: the distinct values of a column as a type, in ascending order, found by steps along the key; by reading all rows
/// where Citus is loaded, which refuses recursive queries.
pub fn distinct_values(relation: &str, id: &str, condition: &str, of_type: &str) -> String {
    if citus::is_loaded() {
        return format!(
            "SELECT DISTINCT pg_regime_rel.{id}::{of_type} FROM {relation} AS pg_regime_rel WHERE {condition} \
             AND pg_regime_rel.{id} IS NOT NULL ORDER BY 1"
        );
    }
    // The prefix pg_regime_ keeps the aliases apart from the names of mapped relations and columns.
    let next = |after: &str| {
        format!(
            "(SELECT pg_regime_rel.{id} AS pg_regime_id FROM {relation} AS pg_regime_rel WHERE {condition}{after} \
             ORDER BY pg_regime_rel.{id} LIMIT 1)"
        )
    };
    format!(
        "WITH RECURSIVE pg_regime_ids AS ({} UNION ALL SELECT n.pg_regime_id FROM pg_regime_ids AS seen, LATERAL {} AS n) \
         SELECT pg_regime_id::{of_type} FROM pg_regime_ids WHERE pg_regime_id IS NOT NULL ORDER BY pg_regime_id",
        next(""),
        next(&format!(" AND pg_regime_rel.{id} > seen.pg_regime_id"))
    )
}

/// The ids of all active assets in ascending order (on a worker of Citus, those whose bars are on it), and whether `dim_assets` lists them.
///
/// # Errors
/// Where `dim_assets` or the daily bars may not be read, a value of `is_active` is neither true nor false, or an id is
/// outside the range of `int`.
pub fn ids_of(db: Db, daily: &Source) -> Result<(Vec<i32>, bool)> {
    let listed = DimAssets::find(db, &daily.bars_schema, Sees::Now)?
        .filter(|dim| dim.id.is_some() && dim.is_active.is_some())
        // Bars that name assets by ids have nothing to do with the symbols of others.
        .filter(|dim| !dim.is_made || daily.bars.symbols.is_some());
    let mut ids = Vec::new();
    let mut take = |id| {
        match i32::try_from(id) {
            Ok(id) => ids.push(id),
            Err(_) => return Err(too_large(db, id)?),
        }
        Ok(())
    };
    match &listed {
        Some(dim) => dim.active(db, take)?,
        None => {
            let sql = daily.bars.ids();
            db.doing("list assets")
                .rows(&sql, &[arg(daily.tf.as_deref())], Sees::Now, |row| take(row.only()?))?;
        }
    }
    Ok((citus::of_this_node(db, &daily.bars.sql, ids)?, listed.is_some()))
}

/// The error for an asset id outside the range of `int`, the type of ids in output rows.
pub fn too_large(db: Db, id: i64) -> Result<Error> {
    let schema = extension_schema(db)?;
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
        format!("asset id {id} is outside the range of int"),
    )
    .hint(format!(
        "Name the assets to refresh: SELECT * FROM {schema}.refresh_cmc_regimes(assets => '{{1,2}}');"
    )))
}
