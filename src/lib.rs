//! pg_regime: market regimes and a tighten-only risk policy, computed next to the price bars.
//!
//! `api` asks a system; a system (`systems`) reads a `source`, computes in the crate `regime_core`, and brings its
//! `output` to what was computed, which `sync` does row by row; the marks of `track` say what changed. All of it speaks
//! to PostgreSQL through `pg`. Imports run down only: api, systems, output, track, source, sync, pg.

mod api;
mod output;
mod pg;
mod source;
mod sync;
mod systems;
mod track;

use pgrx::prelude::*;

use crate::pg::{at_commit, cache, environment, error, session, settings};

pgrx::pg_module_magic!(name, version);

extension_sql_file!("../sql/install/asset_ref.sql", name = "asset_ref", bootstrap);
extension_sql_file!("../sql/install/source_map_and_policies.sql", name = "tables", requires = ["asset_ref"]);
extension_sql_file!(
    "../sql/install/procedures.sql",
    name = "procedures",
    requires = [
        "tables",
        regime_round_begin,
        regime_round_next,
        regime_round_end,
        market_regime_backfill_begin,
        market_regime_backfill_next,
        market_regime_backfill_end,
        market_regimes_round_begin,
        market_regimes_round_next,
        market_regimes_round_end,
        market_states_round_begin,
        market_states_round_next,
        market_states_round_end
    ]
);
extension_sql_file!(
    "../sql/install/views.sql",
    name = "views",
    requires = [regime_status, regime_latest, regime_board, regime_systems, regime_assets, regime_periods]
);
extension_sql_file!("../sql/install/compare.sql", name = "compare", requires = ["tables"]);
extension_sql_file!("../sql/install/connect.sql", name = "connect", requires = ["tables"]);
extension_sql_file!("../sql/install/cmc_regimes.sql", name = "cmc_regimes", requires = ["tables"]);
extension_sql_file!("../sql/install/market_regimes.sql", name = "market_regimes", requires = ["tables"]);
extension_sql_file!(
    "../sql/install/market_regime_history.sql",
    name = "market_regime_history",
    requires = ["tables"]
);
extension_sql_file!("../sql/install/market_states.sql", name = "market_states", requires = ["tables"]);
extension_sql_file!(
    "../sql/install/market_states_after.sql",
    name = "market_states_after",
    requires = ["tables"]
);
extension_sql_file!("../sql/install/comments.sql", name = "comments", finalize);

#[pg_guard]
#[allow(non_snake_case)]
extern "C-unwind" fn _PG_init() {
    error::refuse_backtraces();
    session::outside_parallel_mode(settings::define);
    cache::watch();
    environment::watch();
    at_commit::watch(&systems::cmc_regimes::refresh::notify::CALLBACKS);
}
