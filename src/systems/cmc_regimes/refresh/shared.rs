//! What the refreshes of the assets of a call share, and what each tells.

use std::collections::HashMap;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;

use crate::output::entry::{Done, Mode};
use crate::pg::{Db, Micros, Result, Sees, arg, quoted};
use crate::source::build::Inputs;
use crate::source::symbols::Named;
use crate::sync::compare::Written;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::refresh::groups::Ready;
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// How to refresh assets.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub dry_run: bool,
    /// Compute all rows, whether their inputs changed or not.
    pub full_refresh: bool,
    /// Only assets whose rows a refresh would change.
    pub only_dirty: bool,
    /// Compute assets with the arguments of the call also where these are not what the profile of an asset says.
    pub force: bool,
    /// End the call with an error if an asset failed.
    pub strict: bool,
}

/// What the refreshes of a call share.
#[derive(Clone, Copy)]
pub struct Call<'a, 'c> {
    pub db: Db<'c>,
    pub engine: &'a Engine<'c>,
    /// The target schema.
    pub schema: &'a str,
    pub basis: &'a Basis,
    /// The symbol by which bars name the asset, if they do.
    pub named: Option<&'a Named>,
    /// Whether every change of the sources has been marked.
    pub is_marked: bool,
    /// The inputs that are built before they are read.
    pub inputs: Option<&'a Inputs<'c>>,
    pub full_refresh: bool,
    pub dry_run: bool,
}

/// What a refresh tells of an asset, beside what it tells of any subject.
pub struct OfAsset {
    /// Rows in the output tables, in the order of [`TABLES`].
    pub rows: [i64; 4],
    pub feature_tier: &'static str,
    /// The key of the newest row before the refresh.
    pub before: Option<String>,
    /// The key of the newest row after the refresh.
    pub after: Option<String>,
    /// The time of the newest row after the refresh, in microseconds since 2000.
    pub newest: Option<i64>,
}

/// The newest stored row.
pub(super) struct Newest {
    /// In microseconds since 2000.
    pub ts: i64,
    /// NULL only in adopted rows not yet refreshed, like the version.
    pub key: Option<String>,
    pub version_hash: Option<String>,
}

impl<'a, 'c> Call<'a, 'c> {
    /// What the refreshes of a group share, of assets whose bars name them by their ids; the target schema is `schema`.
    pub fn of(db: Db<'c>, schema: &'a str, ready: &'a Ready<'c>, how: How) -> Self {
        let Ready { engine, basis, is_marked, inputs } = ready;
        let (is_marked, inputs) = (*is_marked, inputs.as_ref());
        let How { full_refresh, dry_run, .. } = how;
        Self { db, engine, schema, basis, named: None, is_marked, inputs, full_refresh, dry_run }
    }
}

impl Call<'_, '_> {
    /// The newest stored row of each asset that has one.
    pub(super) fn newest(&self, ids: &[i32]) -> Result<HashMap<i32, Newest>> {
        let relation = self.relation(REGIMES.name);
        let newest = |id: &str| {
            format!(
                "SELECT id::int AS id, ts::timestamptz AS ts, regime_key::text AS regime_key, regime_version_hash::text AS regime_version_hash \
                 FROM {relation} AS r WHERE r.id = {id} AND r.tf = $2 ORDER BY r.ts DESC LIMIT 1"
            )
        };
        // Citus takes no lateral join with a distributed table.
        let (sql, of) = match ids {
            [id] => (newest("$1"), arg(*id)),
            _ => {
                let each = newest("a.id");
                (
                    format!(
                        "SELECT r.* FROM pg_catalog.unnest($1) AS a (id) CROSS JOIN LATERAL ({each}) AS r"
                    ),
                    arg(ids.to_vec()),
                )
            }
        };
        let all = self.db.of_each(&relation)?.doing("read newest rows").all(
            &sql,
            &[of, arg(TF)],
            Sees::Snapshot,
            |row| {
                let newest = Newest {
                    ts: row.get::<Micros>("ts")?.0,
                    key: row.get("regime_key")?,
                    version_hash: row.get("regime_version_hash")?,
                };
                Ok((row.get("id")?, newest))
            },
        )?;
        Ok(all.into_iter().collect())
    }

    pub(super) fn relation(&self, table: &str) -> String {
        format!("{}.{table}", quoted(self.schema))
    }
}

/// What was done with an asset.
pub(super) fn done(memory: &Memory, budget: Budget, written: Written, mode: Mode) -> Done<OfAsset> {
    let rows = memory.output_rows().map(|n| n as i64);
    let [regimes, ..] = rows;
    let after = memory.newest_key().map(str::to_owned);
    let more =
        OfAsset { rows, feature_tier: budget.tier.as_str(), before: None, after, newest: memory.newest };
    Done { rows: regimes, written, mode, reason: None, of_many: Vec::new(), more }
}
