//! pg_regime: market regimes and a tighten-only risk policy, computed next to the price bars.
//!
//! The mathematics is in the crate `regime_core`; here are the SQL functions (`api`), the refresh of
//! one asset (`refresh`), and what reads from and writes to tables (`read`, `write`).

use pgrx::prelude::*;

mod api;
mod as_of;
mod asset;
mod cache;
mod candles;
mod chart;
mod columns;
mod compute;
mod content;
mod db;
mod demo;
mod dim_assets;
mod dirty;
mod entry;
mod error;
mod explain;
mod fresh;
mod gate;
mod guc;
mod health;
mod history;
mod inputs;
mod json;
mod latest;
mod lock;
mod mapping;
mod mark_function;
mod market;
mod market_history;
mod market_label;
mod marks;
mod names;
mod notify;
mod output;
mod params;
mod picture;
mod policy_lint;
mod preflight;
mod preflight_layer;
mod raw;
mod read;
mod refresh;
mod repaint;
mod row;
mod run_log;
mod simulate;
mod source;
mod span;
mod state;
mod statement;
mod statistics;
mod status;
mod subxact;
mod system;
mod tag;
mod tracking;
mod triggers;
mod tuples;
mod work;
mod write;

pgrx::pg_module_magic!(name, version);

extension_sql_file!("../sql/tables.sql", name = "tables", bootstrap);
extension_sql_file!(
    "../sql/procedures.sql",
    name = "procedures",
    requires = [
        "tables",
        regime_round_begin,
        regime_round_next,
        regime_round_end,
        market_regime_backfill_begin,
        market_regime_backfill_next,
        market_regime_backfill_end
    ]
);
extension_sql_file!("../sql/periods.sql", name = "periods", requires = [regime_assets, regime_periods]);
extension_sql_file!(
    "../sql/symbols.sql",
    name = "symbols",
    requires = [
        regime_asset,
        refresh_assets,
        refresh_asset,
        regime_compute,
        regime_repaint_check,
        regime_at,
        regime_gate,
        regime_explain,
        regime_label_monthly,
        regime_label_weekly,
        regime_label_daily,
        regime_label_intraday,
        regime_transitions,
        regime_durations,
        regime_periods,
        regime_forward_returns,
        regime_chart_svg,
        regime_timeline
    ]
);
extension_sql_file!(
    "../sql/views.sql",
    name = "views",
    requires = [regime_status, regime_latest, regime_systems]
);
extension_sql_file!("../sql/comments.sql", name = "comments", finalize);

#[pg_guard]
#[allow(unsafe_code, non_snake_case)]
extern "C-unwind" fn _PG_init() {
    guc::define();
    cache::watch();
    notify::watch();
}
