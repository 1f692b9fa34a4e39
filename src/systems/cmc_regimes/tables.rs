//! The systems: what families of output tables there are, and what their tables are like. Each is refreshed by
//! itself; reading, writing, the run log, locks and setting up are the same for all.

use crate::output::run_log::LOG;
use crate::output::system::{Own, System, own};
use crate::sync::table::{Column, Index, OnChange, Table, Type, column, finished, nullable};
use crate::systems::cmc_regimes::{params, status};
use crate::track::marks::Marks;

/// The layered regimes of assets.
pub const CMC: System = System {
    name: REGIMES.name,
    subject: ["asset", "assets"],
    tables: &TABLES,
    own: &[
        own(STATE, &["id", "sources", "tracking", "proxy", "memory"]),
        own(INPUTS, &["id", "layer", "block", "print", "emas"]),
        own(ASSETS.few, &["id", "mark", "source", "since", "of_many"]),
        own(ASSETS.many, &["mark", "source", "ids", "sinces", "number", "first", "last"]),
        own(ASSETS.done, &["mark", "id"]),
        LOG,
        own(WORK, &["id", "round", "place", "task", "began", "status", "worker"]),
        Own { name: "cmc_regime_marks", columns: &["since"], is_view: true },
        Own { name: "cmc_regime_progress", columns: &["round"], is_view: true },
    ],
    made_of: ["daily bar", "daily bars"],
    failing: "failing asset",
    stale: "stale asset",
    untracked: "an asset, and only_dirty is refused",
    source: status::untracked,
    fresh: status::fresh,
    version: params::version,
};

/// The output tables of [`CMC`].
pub const TABLES: [&Table; 4] = [&REGIMES, &FLIPS, &STATS, &COMOVEMENT];

const SCOPE: &[Column] = &[column("id", Type::Int), column("tf", Type::Text)];

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
    finish: finished,
};

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
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
};

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
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
};

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
    indexes: &[],
    finish: finished,
};

/// The timeframe of all output rows.
pub const TF: &str = "1D";

pub const WORK: &str = "cmc_regime_work";

pub const STATE: &str = "cmc_regime_state";

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
    subjects: ["an asset", "assets"],
    function: "cmc_regime_mark",
    trigger: "pg_regime",
};
