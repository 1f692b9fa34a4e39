//! The tables of the market regime history.

use crate::output::run_log::LOG;
use crate::output::system::{Own, System, own};
use crate::sync::table::{OnChange, Table, Type, column, finished, nullable};
use crate::systems::market_regime_history::{days, fresh};

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
    fresh: fresh::all,
    version: |_| Ok(regime_core::market_regime_history::VERSION.to_owned()),
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
