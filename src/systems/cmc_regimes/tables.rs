//! The tables of the layered regimes of assets.

use crate::output::own::{view, work};
use crate::output::system::System;
use crate::sync::table::{Column, Index, OnChange, Table, Type, column, nullable};
use crate::track::marks::Marks;

/// The layered regimes of assets.
pub const CMC: System = System {
    name: REGIMES.name,
    subject: ["asset", "assets"],
    tables: &TABLES,
    state: &[
        work(STATE, &["id", "sources", "arguments", "tracking", "proxy", "memory"]),
        work(INPUTS, &["id", "layer", "block", "print", "emas"]),
    ],
    calls: &[
        work(WORK, &["id", "round", "place", "task", "started_at", "status", "worker"]),
        view("cmc_regime_progress", &["round"]),
    ],
    members: &[],
    marks: Some(&ASSETS),
    ddl: include_str!("../../../sql/set_up/cmc_regimes.sql"),
    finish: None,
};

/// The output tables of [`CMC`].
pub const TABLES: [&Table; 4] = [&REGIMES, &FLIPS, &STATS, &COMOVEMENT];

/// The columns that the rows of an asset share.
const SCOPE: &[Column] = &[column("id", Type::Int), Column { before: Some(TF), ..column("tf", Type::Text) }];

/// A row for each daily bar.
pub const REGIMES: Table = Table {
    name: "cmc_regimes",
    scope: SCOPE,
    key: &[column("ts", Type::Timestamptz)],
    values: &[
        nullable("l0_label", Type::Text),
        nullable("l1_label", Type::Text),
        nullable("l2_label", Type::Text),
        nullable("l3_label", Type::Text),
        nullable("l4_label", Type::Text),
        column("regime_key", Type::Text),
        column("size_mult", Type::Float),
        column("stop_mult", Type::Float),
        column("orders", Type::Text),
        column("gross_cap", Type::Float),
        column("pyramids", Type::Bool),
        nullable("setups", Type::TextArray),
        column("feature_tier", Type::Text),
        column("l0_enabled", Type::Bool),
        column("l1_enabled", Type::Bool),
        column("l2_enabled", Type::Bool),
        column("regime_version_hash", Type::Text),
    ],
    stamp: "updated_at",
    on_change: OnChange::Update,
    indexes: &[Index { on: "(regime_key, ts)", columns: &["regime_key", "ts"], partial: false }],
    by_time: true,
    words: &[("tf", &[TF]), ("feature_tier", &["full", "lite"])],
};

/// A row for each change of a label or of the key.
pub const FLIPS: Table = Table {
    name: "cmc_regime_flips",
    scope: SCOPE,
    key: &[column("ts", Type::Timestamptz), column("layer", Type::Text)],
    values: &[
        nullable("old_regime", Type::Text),
        column("new_regime", Type::Text),
        nullable("duration_bars", Type::Int),
    ],
    stamp: "updated_at",
    by_time: true,
    words: &[("tf", &[TF]), ("layer", &["L0", "L1", "L2", "L3", "L4", "composite"])],
    ..Table::NEW
};

/// A row for each key of an asset.
pub const STATS: Table = Table {
    name: "cmc_regime_stats",
    scope: SCOPE,
    key: &[column("regime_key", Type::Text)],
    values: &[
        column("n_bars", Type::Int),
        column("pct_of_history", Type::Float),
        nullable("avg_ret_1d", Type::Float),
        nullable("std_ret_1d", Type::Float),
    ],
    stamp: "computed_at",
    ..Table::NEW
};

/// A row for each pair of daily EMAs.
pub const COMOVEMENT: Table = Table {
    name: "cmc_regime_comovement",
    scope: SCOPE,
    key: &[column("ema_a", Type::Text), column("ema_b", Type::Text)],
    values: &[
        nullable("correlation", Type::Float),
        nullable("sign_agree_rate", Type::Float),
        nullable("best_lead_lag", Type::Int),
        nullable("best_lead_lag_corr", Type::Float),
        column("n_obs", Type::Int),
    ],
    stamp: "computed_at",
    on_change: OnChange::ReplaceAll,
    ..Table::NEW
};

/// The timeframe of all output rows.
pub const TF: &str = "1D";

/// The assets of each round of `refresh_all_cmc_regimes`.
pub const WORK: &str = "cmc_regime_work";

/// The state of each asset between refreshes.
pub const STATE: &str = "cmc_regime_state";

/// Fingerprints of the bars that rows were computed from.
pub const INPUTS: &str = "cmc_regime_inputs";

/// The marks of assets.
pub const ASSETS: Marks = Marks {
    few: "cmc_regime_dirty",
    many: "cmc_regime_dirty_many",
    done: "cmc_regime_dirty_done",
    key: "id",
    keys: "ids",
    kind: "int",
    valid: "BETWEEN -2147483648 AND 2147483647",
    state: STATE,
    of_state: "s.id",
    view: "cmc_regime_marks",
    shown: "a.id",
    collation: "",
    key_is: "Asset; below 0 the hash of a symbol, where bars name assets by symbols",
    subjects: ["an asset", "assets"],
    function: "cmc_regime_mark",
    trigger: "pg_regime",
};
