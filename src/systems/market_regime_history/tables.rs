//! The tables of the market regime history.

use crate::output::own::{view, work};
use crate::output::system::System;
use crate::sync::table::{Table, Type, column, nullable};

/// The bull, bear, volatile and transitioning days of a market.
pub const HISTORY: System = System {
    name: MARKET_REGIME_HISTORY.name,
    subject: ["batch", "batches"],
    tables: &[&MARKET_REGIME_HISTORY],
    state: &[],
    calls: &[
        work(
            BACKFILLS,
            &["backfill", "market_symbol", "worker", "status", "next_day", "failures", "differing"],
        ),
        view("market_regime_progress", &["backfill"]),
    ],
    members: &[],
    marks: None,
    ddl: include_str!("../../../sql/set_up/market_regime_history.sql"),
    finish: None,
};

/// The table of the calls of the backfill.
pub const BACKFILLS: &str = "market_regime_backfills";

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
    ..Table::NEW
};
