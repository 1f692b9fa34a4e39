//! Which assets a call refreshes.

use std::rc::Rc;

use regime_core::Layer;

use crate::output::set_up;
use crate::pg::{Db, Result, Sees, arg, attempt_unless_cancelled, null_argument, work_relation};
use crate::source::assets::ids_of;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::tables::{CMC, TF};
use crate::systems::cmc_regimes::{params, tables};

/// The ids of a caller, ascending, each once.
///
/// # Errors
/// An id that is NULL.
pub fn sorted_ids(ids: Vec<Option<i32>>) -> Result<Vec<i32>> {
    let mut ids: Vec<i32> = ids.into_iter().collect::<Option<_>>().ok_or_else(|| {
        null_argument("an asset")
            .hint("Give each asset by its id or symbol: array_remove(…, NULL) leaves out those without.")
    })?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Every active asset of the `dim_assets` in the schema of the daily bars; without that table or its column
/// `is_active`, every id with daily bars. Ascending.
///
/// # Errors
/// A table that cannot be read, or an id outside the range of int.
pub fn all_ids(db: Db, setup: &params::Setup) -> Result<Vec<i32>> {
    match &setup.sources[Layer::L2] {
        Some(daily) => Ok(ids_of(db, daily)?.0),
        None => Ok(Vec::new()),
    }
}

/// [`all_ids`] of the calendar schemes of all profiles that are used, and of these parameters; each scheme gives those of its
/// profiles. A profile that cannot be used gives the assets that it is assigned to.
///
/// # Errors
/// As [`all_ids`], parameters that cannot be used, and symbols that cannot be read.
pub fn all_of(db: Db, profiles: &Profiles, given: &Given) -> Result<Vec<i32>> {
    let of = |given: &Given| all_ids(db, &profiles.parameters(db, given, None)?.setup_of_bars(db, given)?);
    let mut ids = of(given)?;
    for profile in profiles.rows.used() {
        let own = Some(Rc::clone(profile));
        let found = match attempt_unless_cancelled(|| of(&profiles.given(&own))) {
            Ok(found) => found,
            Err(_) => profiles.assigned(db, profile)?,
        };
        let of_profile = profiles.of(db, &found)?;
        let is_own = |id: &i32| of_profile.get(id).is_some_and(|found| found.name == profile.name);
        ids.extend(found.into_iter().filter(is_own));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// [`all_ids`] of an engine; where no table lists the assets, also those that were computed from the same sources and
/// have no bars any more.
///
/// # Errors
/// As [`all_ids`].
pub fn ids_to_refresh(db: Db, engine: &Engine, schema: &str, basis: &Basis) -> Result<Vec<i32>> {
    let Some(daily) = engine.reader(Layer::L2) else { return Ok(Vec::new()) };
    let (mut ids, is_listed) = ids_of(db, daily.source())?;
    if !is_listed && set_up::is_set_up(db, schema, &CMC)? {
        let sql = format!(
            "SELECT id FROM {} WHERE tf = $1 AND pg_catalog.split_part(sources, ' ', 1) = pg_catalog.split_part($2, ' ', 1)",
            work_relation(schema, tables::STATE)
        );
        let args = [arg(TF), arg(basis.sources.as_str())];
        ids.extend(db.anew().all(&sql, &args, Sees::Now, |row| row.get::<i32>("id"))?);
        ids.sort_unstable();
        ids.dedup();
    }
    Ok(ids)
}
