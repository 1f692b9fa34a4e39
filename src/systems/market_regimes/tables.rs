//! The tables of the regimes of candles.

use regime_core::market_regimes::Config;

use crate::output::own::work;
use crate::output::series::marks::OF_SYSTEMS;
use crate::output::series::reference::reference;
use crate::output::series::state::Basis;
use crate::output::series::{Again, OfSeries};
use crate::output::system::System;
use crate::pg::quote_literal;
use crate::source::candles::Reads;
use crate::sync::table::{Index, OnChange, Table, Type, column};
use crate::track::marks::Marks;

/// The three-axis regimes of candles.
pub const MARKET: System = System {
    name: MARKET_REGIMES.name,
    subject: ["series", "series"],
    tables: &[&MARKET_REGIMES],
    state: &[work(STATE, &["symbol", "timeframe", "newest", "config", "tracking", "memory"])],
    calls: &[],
    members: &[],
    marks: Some(SERIES),
    ddl: include_str!("../../../sql/set_up/market_regimes.sql"),
    finish: Some(|db, relation| reference(db, MARKET_REGIMES.name, relation)),
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
    by_time: true,
    words: &[],
};

/// The table of the state of each series.
pub const STATE: &str = SERIES.state;

/// The marks of series.
pub const SERIES: &Marks = &OF_SYSTEMS[0];

/// The series of candles with three-axis regimes.
pub const OF_SERIES: OfSeries = OfSeries {
    system: &MARKET,
    table: &MARKET_REGIMES,
    marks: SERIES,
    reads: Reads::Prices,
    // Whatever of the configuration changes a row changes the version too.
    basis: Basis {
        column: "config",
        kind: "jsonb",
        reason: "",
        what: "",
        changed: |_, _, _| Ok(None),
        of_rows: |_, _, _| Ok(None),
    },
    again: |state| {
        let config = Config::parse(&state.basis).ok()?;
        let version = config.version();
        let arguments = match version == Config::default().version() {
            true => String::new(),
            false => format!(", config => {}", quote_literal(&state.basis)),
        };
        Some(Again { version, arguments })
    },
    is_default: |version| version == Config::default().version(),
    more: &[],
};
