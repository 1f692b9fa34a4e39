//! The newest row of each asset, and whether it may still be trusted.

use regime_core::{Layer, PerLayer};

use crate::output::relation::output_relation;
use crate::pg::arg::arg;
use crate::pg::catalog::work_schema;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Row, Sees};
use crate::pg::{catalog, settings, syscache};
use crate::source::map::{self, Source};
use crate::systems::cmc_regimes::read::as_of;
use crate::systems::cmc_regimes::tables::{ASSETS, REGIMES, TF};

/// The newest row of an asset. Times are microseconds, moments since 2000.
pub struct Latest<R> {
    pub row: R,
    pub age: Option<i64>,
    /// `None` also where the source may not be read or is not there.
    pub newest_bar: Option<i64>,
    /// Whether the row is not that of the newest bar, was marked, or is older than the setting allows;
    /// `None` where that cannot be known.
    pub is_stale: Option<bool>,
}

/// The newest row of each asset that has one. `read` makes it of the columns of `cmc_regimes`, in their
/// order.
pub fn all<R>(db: Db, read: impl Fn(&Row) -> Option<R>) -> Result<Vec<Latest<R>>> {
    let regimes = output_relation(db, REGIMES.name)?;
    // Whoever may read the outputs alone still gets the rows; a source that is gone is for regime_health.
    let daily = daily(db).ok().flatten();
    let schema = settings::target_schema();
    let work = work_schema(&schema);
    let may_see_marks = ASSETS.tables().iter().all(|table| syscache::readable(&work, table) == Some(true));
    let marked = may_see_marks.then(|| ASSETS.is_marked(&schema, "asset_.id"));
    let limit = as_of::limit(None)?;
    let mut found = Vec::new();
    let sql = sql(&regimes, daily.as_ref(), marked.as_deref().unwrap_or("NULL::bool"));
    let tf = daily.as_ref().and_then(|source| source.tf.clone());
    db.rows(&sql, &[arg(tf)], Sees::Snapshot, |row| {
        let Some(kept) = read(row) else { return Ok(()) };
        let (ts, now, newest_bar, marked) = (row.micros(1), row.micros(21), row.micros(22), row.bool(23));
        let age = ts.zip(now).and_then(|(ts, now)| now.checked_sub(ts));
        let is_old = limit.is_some_and(|limit| age.is_none_or(|age| age > limit));
        let other_bar = daily.as_ref().map(|_| newest_bar != ts);
        found.push(Latest { row: kept, age, newest_bar, is_stale: any([Some(is_old), other_bar, marked]) });
        Ok(())
    })?;
    Ok(found)
}

/// Where the daily bars of the settings' calendar scheme are.
fn daily(db: Db) -> Result<Option<Source>> {
    let mut map = map::map(db, &settings::cal_scheme(), &catalog::extension_schema(db)?)?;
    let daily = PerLayer::only(Layer::L2, map[Layer::L2].take());
    Ok(map::check(db, daily)?[Layer::L2].take())
}

/// True if one is, else unknown if one is.
fn any(reasons: [Option<bool>; 3]) -> Option<bool> {
    if reasons.contains(&Some(true)) {
        Some(true)
    } else {
        reasons.iter().all(Option::is_some).then_some(false)
    }
}

/// Steps from asset to asset along the key, and takes the newest row and the newest bar of each from
/// their indexes.
fn sql(regimes: &str, daily: Option<&Source>, marked: &str) -> String {
    let newest_bar = match daily {
        Some(Source { bars, .. }) => format!(
            "(SELECT {ts} FROM {relation} WHERE {id} = asset_.id AND {condition} ORDER BY 1 DESC NULLS LAST LIMIT 1)",
            ts = bars.columns[0],
            relation = bars.sql,
            id = bars.id,
            condition = bars.shared_condition
        ),
        None => "NULL::timestamptz".to_owned(),
    };
    format!(
        "WITH RECURSIVE asset_ AS ( \
           (SELECT id FROM {regimes} ORDER BY id LIMIT 1) \
           UNION ALL \
           SELECT (SELECT r.id FROM {regimes} r WHERE r.id > asset_.id ORDER BY r.id LIMIT 1) FROM asset_ WHERE asset_.id IS NOT NULL) \
         SELECT r.id::int, r.ts::timestamptz, r.tf::text, r.l0_label::text, r.l1_label::text, r.l2_label::text, \
           r.l3_label::text, r.l4_label::text, r.regime_key::text, r.size_mult::float8, r.stop_mult::float8, \
           r.orders::text, r.gross_cap::float8, r.pyramids::bool, r.setups::text[], r.feature_tier::text, \
           r.l0_enabled::bool, r.l1_enabled::bool, r.l2_enabled::bool, r.regime_version_hash::text, \
           r.updated_at::timestamptz, now(), {newest_bar}, {marked} \
         FROM asset_ CROSS JOIN LATERAL \
           (SELECT * FROM {regimes} n WHERE n.id = asset_.id AND n.tf = '{TF}' ORDER BY n.ts DESC LIMIT 1) AS r \
         WHERE $1::text IS NULL OR true"
    )
}
