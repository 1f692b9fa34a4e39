//! The tables of the regimes of candles.

use crate::output::own::work;
use crate::output::system::System;
use crate::sync::table::{Index, OnChange, Table, Type, column};
use crate::systems::market_regimes::reference;
use crate::track::marks::Marks;

/// The three-axis regimes of candles.
pub const MARKET: System = System {
    name: MARKET_REGIMES.name,
    subject: ["series", "series"],
    tables: &[&MARKET_REGIMES],
    state: &[work(STATE, &["symbol", "timeframe", "newest", "config", "tracking", "memory"])],
    calls: &[],
    marks: Some(&SERIES),
    ddl: include_str!("../../../sql/set_up/market_regimes.sql"),
    finish: Some(reference::reference),
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
};

/// The table of the state of each series.
pub const STATE: &str = "market_regime_state";

/// The marks of series. A key is symbol and timeframe as the text of an array, `{BTCUSDT,1h}`, in the order of
/// its bytes, whatever collations the columns have.
pub const SERIES: Marks = Marks {
    few: "market_regime_dirty",
    many: "market_regime_dirty_many",
    done: "market_regime_dirty_done",
    key: "series",
    keys: "series_list",
    kind: "text",
    valid: "IS NOT NULL",
    state: STATE,
    of_state: "(ARRAY[s.symbol, s.timeframe]::text COLLATE \"C\")",
    view: "market_regime_marks",
    shown: "(a.series::text[])[1] AS symbol, (a.series::text[])[2] AS timeframe",
    collation: " COLLATE \"C\"",
    key_is: "Symbol and timeframe: {BTCUSDT,1h}",
    subjects: ["a series", "series"],
    function: "market_regime_mark",
    trigger: "pg_regime_candles",
};
