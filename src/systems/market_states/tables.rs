//! The tables of market states.

use regime_core::market_states::CLASSIFIER_VERSION;

use crate::output::own::work;
use crate::output::series::marks::OF_SYSTEMS;
use crate::output::series::reference::reference;
use crate::output::series::state::Basis;
use crate::output::series::{Again, OfSeries};
use crate::output::system::System;
use crate::source::candles::Reads;
use crate::sync::table::{Index, OnChange, Table, Type, column, nullable};
use crate::systems::market_states::state;
use crate::track::marks::Marks;

/// The states of bars.
pub const STATES: System = System {
    name: MARKET_STATES.name,
    subject: ["series", "series"],
    tables: &[&MARKET_STATES],
    state: &[
        work(STATE, &["symbol", "timeframe", "newest", "eras", "tracking", "memory"]),
        work(RANKS, &["symbol", "timeframe", "tree", "node", "content"]),
    ],
    calls: &[],
    members: &[ERAS],
    marks: Some(SERIES),
    ddl: include_str!("../../../sql/set_up/market_states.sql"),
    finish: Some(|db, relation| reference(db, MARKET_STATES.name, relation)),
};

pub const MARKET_STATES: Table = Table {
    name: "market_states",
    scope: &[column("symbol", Type::Text), column("timeframe", Type::Text)],
    key: &[column("open_time", Type::Timestamptz)],
    values: &[
        column("state_label", Type::Text),
        column("confidence", Type::Float),
        column("bias", Type::Text),
        column("risk_posture", Type::Text),
        column("market_bias", Type::Float),
        column("risk_level", Type::Float),
        column("volatility_score", Type::Float),
        column("volatility_label", Type::Text),
        column("volatility_trend", Type::Text),
        column("breakout_up", Type::Float),
        column("breakout_down", Type::Float),
        column("downside_shock_risk", Type::Float),
        column("efficiency_ratio", Type::Float),
        column("structural_score", Type::Float),
        column("momentum_score", Type::Float),
        column("impulse_intensity", Type::Float),
        column("momentum_state", Type::Text),
        column("liquidity_score", Type::Float),
        column("liquidity_label", Type::Text),
        column("liquidity_trend", Type::Text),
        column("instability_index", Type::Float),
        column("asymmetry", Type::Float),
        column("supports", Type::FloatArray),
        column("support_strengths", Type::FloatArray),
        column("resistances", Type::FloatArray),
        column("resistance_strengths", Type::FloatArray),
        nullable("escalation", Type::Float),
        nullable("era_start", Type::Timestamptz),
        nullable("era_confidence", Type::Float),
        nullable("escalation_percentile", Type::Float),
        nullable("escalation_bucket", Type::Text),
        nullable("escalation_action", Type::Text),
        column("warmup", Type::Bool),
        column("classifier_version", Type::Text),
    ],
    stamp: "created_at",
    on_change: OnChange::Update,
    indexes: &[
        Index { on: "(state_label, open_time DESC)", columns: &["state_label", "open_time"], partial: false },
        Index {
            on: "(symbol, timeframe, open_time) WHERE escalation_bucket = 'HIGH'",
            columns: &["symbol", "timeframe", "open_time"],
            partial: true,
        },
    ],
    by_time: true,
    words: &[],
};

/// The member table of eras.
pub const ERAS: &str = "regime_eras";

/// The table of the state of each series.
pub const STATE: &str = SERIES.state;

/// The table of the nodes of each series.
pub const RANKS: &str = "market_state_ranks";

/// The marks of series.
pub const SERIES: &Marks = &OF_SYSTEMS[1];

/// The series of candles with market states.
pub const OF_SERIES: OfSeries = OfSeries {
    system: &STATES,
    table: &MARKET_STATES,
    marks: SERIES,
    reads: Reads::All,
    basis: Basis {
        column: "eras",
        kind: "text",
        reason: "eras changed",
        what: "eras",
        changed: state::changed,
        of_rows: state::changed_of_rows,
    },
    again: |_| Some(Again { version: CLASSIFIER_VERSION.to_owned(), arguments: String::new() }),
    // There are no parameters.
    is_default: |_| true,
    more: &[RANKS],
};
