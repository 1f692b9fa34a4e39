//! The systems: what families of output tables there are, and what their tables are like. Each is refreshed by
//! itself; reading, writing, the run log, locks and setting up are the same for all.

use regime_core::market_regimes::Config;

use crate::output::fresh::Fresh;
use crate::output::run_log::RUN_LOG;
use crate::pg::error::Result;
use crate::pg::spi::Db;
use crate::sync::{Column, Index, OnChange, Table, Type, finished};
use crate::systems::cmc_regimes::refresh::rounds::WORK;
use crate::systems::cmc_regimes::refresh::state::{INPUTS, STATE};
use crate::systems::cmc_regimes::{params, status};
use crate::systems::market_regime_history::days;
use crate::systems::market_regimes::refresh;
use crate::systems::{market_regime_history, market_regimes};
use crate::track::marks::{ASSETS, SERIES};

/// A family of output tables that one refresh writes.
pub struct System {
    /// Also the name of its main table.
    pub name: &'static str,
    /// What it is refreshed by: one, many.
    pub subject: [&'static str; 2],
    pub tables: &'static [&'static Table],
    /// Relations that nobody but refresh writes, with the columns that tell that they are of this version.
    pub own: &'static [Own],
    /// What each row is made of: one, many.
    pub made_of: [&'static str; 2],
    /// What regime_health calls a subject whose refresh failed, and one whose rows are old.
    pub failing: &'static str,
    pub stale: &'static str,
    /// What each refresh reads all rows of where sources are not tracked, and what else that means.
    pub untracked: &'static str,
    /// Those relations it reads that are not tracked; `None` if it has none to read, or need not know.
    pub source: fn(Db) -> Result<Option<Vec<String>>>,
    /// How fresh its subjects are.
    pub fresh: fn(Db) -> Result<Vec<Fresh>>,
    /// What rows would be computed with now.
    pub version: fn(Db) -> Result<String>,
}

/// A table or view of refresh's own.
pub struct Own {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub is_view: bool,
}

const fn own(name: &'static str, columns: &'static [&'static str]) -> Own {
    Own { name, columns, is_view: false }
}

impl System {
    /// Every table that a refresh uses.
    pub fn table_names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.own.iter().filter(|own| !own.is_view).map(|own| own.name);
        self.tables.iter().map(|table| table.name).chain(own)
    }
}

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

/// The three-axis regimes of candles.
pub const MARKET: System = System {
    name: MARKET_REGIMES.name,
    subject: ["series", "series"],
    tables: &[&MARKET_REGIMES],
    own: &[
        own(refresh::STATE, &["symbol", "timeframe", "newest", "config", "tracking", "memory"]),
        own(SERIES.few, &["series", "mark", "source", "since", "of_many"]),
        own(SERIES.many, &["mark", "source", "series_list", "sinces", "number", "first", "last"]),
        own(SERIES.done, &["mark", "series"]),
        LOG,
        Own { name: "market_regime_marks", columns: &["symbol", "timeframe", "since"], is_view: true },
    ],
    made_of: ["candle", "candles"],
    failing: "failing series",
    stale: "stale series",
    untracked: "a series",
    source: market_regimes::fresh::untracked,
    fresh: market_regimes::fresh::all,
    version: |_| Ok(Config::default().version()),
};

/// The bull, bear, volatile and transitioning days of a market.
pub const HISTORY: System = System {
    name: MARKET_REGIME_HISTORY.name,
    subject: ["batch", "batches"],
    tables: &[&MARKET_REGIME_HISTORY],
    own: &[
        LOG,
        own(
            days::BACKFILLS,
            &["backfill", "market_symbol", "worker", "status", "next_day", "failures", "differing"],
        ),
        Own { name: "market_regime_progress", columns: &["backfill"], is_view: true },
    ],
    made_of: ["daily bar", "daily bars"],
    failing: "failing history",
    stale: "stale history",
    untracked: "a symbol",
    // A backfill skips the days that are there, tracked or not.
    source: |_| Ok(None),
    fresh: market_regime_history::fresh::all,
    version: |_| Ok(regime_core::market_regime_history::VERSION.to_owned()),
};

pub const SYSTEMS: [&System; 3] = [&CMC, &MARKET, &HISTORY];

const LOG: Own = own(
    RUN_LOG,
    &["id", "run", "system", "subject", "mode", "reason", "rows_read", "sqlstate", "hint", "run_by"],
);

/// The output tables of [`CMC`].
pub const TABLES: [&Table; 4] = [&REGIMES, &FLIPS, &STATS, &COMOVEMENT];

const fn column(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: false }
}

const fn nullable(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: true }
}

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

pub const MARKET_REGIMES: Table = Table {
    name: "market_regimes",
    scope: &[column("symbol", Type::Text), column("timeframe", Type::Text)],
    key: &[column("open_time", Type::Timestamptz)],
    values: &[
        column("trend_state", Type::Text),
        column("volatility_state", Type::Text),
        column("momentum_state", Type::Text),
        column("full_regime", Type::Text),
        column("simplified_regime", Type::Text),
        column("confidence", Type::Float),
        column("classifier_version", Type::Text),
        column("warmup", Type::Bool),
    ],
    stamp: "created_at",
    on_change: OnChange::Update,
    indexes: &[
        Index {
            on: "(simplified_regime, open_time DESC)",
            columns: &["simplified_regime", "open_time"],
            partial: false,
        },
        Index {
            on: "(symbol, timeframe, open_time) WHERE confidence > 0.7",
            columns: &["symbol", "timeframe", "open_time"],
            partial: true,
        },
    ],
    finish: crate::systems::market_regimes::reference::reference,
};

pub const MARKET_REGIME_HISTORY: Table = Table {
    name: "market_regime_history",
    scope: &[column("market_symbol", Type::Text)],
    key: &[column("date", Type::Date)],
    values: &[
        column("regime", Type::Text),
        column("confidence", Type::Float),
        nullable("volatility_percentile", Type::Float),
        nullable("trend_strength", Type::Float),
        nullable("momentum_score", Type::Float),
        nullable("drawdown_severity", Type::Float),
        nullable("volume_anomaly", Type::Float),
        column("description", Type::Text),
    ],
    stamp: "created_at",
    on_change: OnChange::Update,
    indexes: &[],
    finish: finished,
};
