//! `refresh_cmc_regimes` of assets, of one id, and of one name.

use pgrx::prelude::*;

use crate::api::cmc_regimes::given;
use crate::api::{Result, TableIterator};
use crate::output::entry::{Entry, Mode};
use crate::pg::asset::Asset;
use crate::pg::{self, json::JsonText, settings, spi};
use crate::source::names;
use crate::systems::cmc_regimes::params::Hysteresis;
use crate::systems::cmc_regimes::refresh::call::{Summary, refresh};
use crate::systems::cmc_regimes::refresh::shared::How;

/// Declares a form of `refresh_cmc_regimes`: its first argument, and the ids that the argument stands for.
macro_rules! refreshes {
    ($(#[$attribute:meta])* fn $name:ident($of:ident: $($kind:tt)+) $ids:expr) => {
        $(#[$attribute])*
        #[pg_extern(name = "refresh_cmc_regimes", volatile, parallel_unsafe)]
        fn $name(
            $of: $($kind)+,
            cal_scheme: default!(Option<String>, "NULL"),
            policy: default!(Option<String>, "NULL"),
            hysteresis: default!(Option<bool>, "NULL"),
            hysteresis_mode: default!(Option<String>, "NULL"),
            min_hold_bars: default!(Option<i32>, "NULL"),
            min_bars_l0: default!(Option<i32>, "NULL"),
            min_bars_l1: default!(Option<i32>, "NULL"),
            min_bars_l2: default!(Option<i32>, "NULL"),
            l4_label: default!(Option<String>, "NULL"),
            dry_run: default!(Option<bool>, "false"),
            full_refresh: default!(Option<bool>, "false"),
            only_dirty: default!(Option<bool>, "false"),
            point_in_time: default!(Option<bool>, "NULL"),
            force: default!(Option<bool>, "false"),
            strict: default!(Option<bool>, "NULL"),
            config: default!(Option<JsonText>, "NULL"),
        ) -> Result<
            TableIterator<(
                    name!(id, i32),
                    name!(symbol, Option<String>),
                    name!(status, &'static str),
                    name!(regime_rows, Option<i64>),
                    name!(flip_rows, Option<i64>),
                    name!(stat_rows, Option<i64>),
                    name!(comovement_rows, Option<i64>),
                    name!(rows_written, i64),
                    name!(feature_tier, Option<&'static str>),
                    name!(regime_version_hash, String),
                    name!(elapsed_ms, f64),
                    name!(message, Option<String>),
                    name!(mode, Option<&'static str>),
                    name!(reason, Option<String>),
                ),
            >,
        > {
            let ids: pg::Result<Option<Vec<Option<i32>>>> = ($ids)($of, cal_scheme.as_deref());
            let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
            let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
            let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
            let [dry_run, full_refresh, only_dirty, force] =
                [dry_run, full_refresh, only_dirty, force].map(|on| on == Some(true));
            let how = How { dry_run, full_refresh, only_dirty, force, strict: settings::strict(strict) };
            Ok(TableIterator::new(refresh(ids?, &given, how)?.into_iter().map(
                |Summary { id, entry, rows, feature_tier }| {
                    let [regimes, flips, stats, comovement] = rows.map_or([None; 4], |rows| rows.map(Some));
                    let Entry { name, status, written, version, elapsed_ms, message, mode, reason, .. } = entry;
                    (
                        id,
                        name,
                        status.as_str(),
                        regimes,
                        flips,
                        stats,
                        comovement,
                        written.total() as i64,
                        feature_tier,
                        version,
                        elapsed_ms,
                        message,
                        mode.map(Mode::as_str),
                        reason,
                    )
                },
            )))
        }
    };
}

refreshes! {
    /// Refreshes assets and returns a summary of each (specification 2, Refresh).
    fn refresh_assets(assets: default!(Option<Vec<Option<Asset>>>, "NULL")) |assets: Option<Vec<Option<Asset>>>, cal_scheme| {
        let id = |asset: Option<Asset>| asset.map(|asset| id_new(&asset, cal_scheme)).transpose();
        assets.map(|assets| assets.into_iter().map(id).collect()).transpose()
    }
}

// Forms of their own for an integer and a text, not one of the type of arguments that name an asset: a function that Citus
// distributes by a column of integers takes an integer, and beside such a form it would be open which one a smallint is for.
// All integers are cast to bigint without being asked.
refreshes! {
    /// [`refresh_assets`] of one id.
    fn refresh_asset(asset: Option<i64>) |id: Option<i64>, cal_scheme| {
        one(id.map(Asset::Id), cal_scheme)
    }
}

refreshes! {
    /// [`refresh_assets`] of the asset of a name. A NULL without a type comes here, too.
    fn refresh_named(asset: Option<String>) |asset: Option<String>, cal_scheme| {
        one(asset.map(Asset::Name), cal_scheme)
    }
}

/// The id of one asset. NULL is an asset that a join has not found, as likely as every asset is, which a list of NULL means.
fn one(asset: Option<Asset>, cal_scheme: Option<&str>) -> pg::Result<Option<Vec<Option<i32>>>> {
    match asset {
        Some(asset) => Ok(Some(vec![Some(id_new(&asset, cal_scheme)?)])),
        None => {
            let own = spi::connect(pg::extension_schema)?;
            Err(pg::null_argument("asset").hint(format!(
                "Every active asset: SELECT * FROM {own}.refresh_cmc_regimes(assets => NULL);"
            )))
        }
    }
}

/// The id of an asset that a refresh names.
fn id_new(asset: &Asset, cal_scheme: Option<&str>) -> pg::Result<i32> {
    match *asset {
        Asset::Id(id) if i32::try_from(id).is_ok() => Ok(id as i32),
        _ => spi::connect(|db| names::id_new(db, asset, cal_scheme)),
    }
}
