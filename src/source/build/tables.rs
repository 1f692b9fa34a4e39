//! The tables of the source shape that are built: their columns, and the rows that they are to hold.

use regime_core::calendar::DailyBars;
use regime_core::math::ema::ema;

use crate::sync::content::{Content, Value};
use crate::sync::table::{Column, OnChange, Table, Type, column};

/// The statement that makes a table of each kind, after a line `--; KIND`.
pub const DDL: &str = include_str!("../../../sql/set_up/source_tables.sql");

/// The comment of a table that is filled here: its rows may be replaced.
pub const BUILT: &str = "Built from daily bars by pg_regime; its rows are replaced when it is built again";

/// Bars. A row is replaced, not updated: `bar_seq` numbers the bars, a unique key that an update of many rows would
/// violate midway.
pub const BARS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text)],
    key: &[column("time_close", Type::Timestamptz)],
    values: &[
        column("bar_seq", Type::Int),
        column("tf_days", Type::Int),
        column("open", Type::Float),
        column("high", Type::Float),
        column("low", Type::Float),
        column("close", Type::Float),
        column("volume", Type::Float),
        column("market_cap", Type::Float),
    ],
    stamp: "ingested_at",
    on_change: OnChange::Replace,
    name: "bars",
    ..Table::NEW
};

/// Candles. A row is updated in place: deleting it would delete the rows of output tables that refer to it.
pub const CANDLES: Table = Table {
    scope: &[column("symbol", Type::Text), column("timeframe", Type::Text)],
    key: &[column("open_time", Type::Timestamptz)],
    values: &[
        column("open", Type::Float),
        column("high", Type::Float),
        column("low", Type::Float),
        column("close", Type::Float),
        column("volume", Type::Float),
    ],
    name: "candles",
    ..Table::NEW
};

/// Key and values of both tables of EMAs.
const EMA_KEY: &[Column] = &[column("ts", Type::Timestamptz), column("period", Type::Int)];
const EMA_VALUES: &[Column] = &[column("ema", Type::Float), column("tf_days", Type::Int)];

/// EMAs over weekly and monthly bars.
pub const CALENDAR_EMAS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text), column("roll", Type::Bool)],
    key: EMA_KEY,
    values: EMA_VALUES,
    stamp: "ingested_at",
    name: "calendar emas",
    ..Table::NEW
};

/// EMAs over daily bars.
pub const DAILY_EMAS: Table = Table {
    scope: &[column("id", Type::Int), column("tf", Type::Text), column("alignment_source", Type::Text)],
    key: EMA_KEY,
    values: EMA_VALUES,
    stamp: "ingested_at",
    name: "daily emas",
    ..Table::NEW
};

/// Rows of a table of bars that last `tf_days` days each; a number that is not finite is NULL.
pub fn bars_content(bars: &DailyBars, tf_days: i32) -> Content<'static> {
    let known = |value: f64| Value::float(Some(value).filter(|v| v.is_finite()));
    let mut content = Content::default();
    for i in 0..bars.ts.len() {
        content.keys.push(Value::Micros(bars.ts[i]));
        content.entry.push(i as u32);
        content.entries.extend([
            Value::Int(i as i32 + 1),
            Value::Int(tf_days),
            known(bars.open[i]),
            known(bars.high[i]),
            known(bars.low[i]),
            known(bars.close[i]),
            known(bars.volume[i]),
            known(bars.market_cap[i]),
        ]);
    }
    content
}

/// Rows of a table of EMAs, by time and period: the EMA of the closes for each of the periods, given in bars.
pub fn ema_content(bars: &DailyBars, mut periods: [u32; 3], tf_days: i32) -> Content<'static> {
    periods.sort_unstable();
    let emas = periods.map(|period| ema(&bars.close, period));
    let mut content = Content::default();
    for (i, ts) in bars.ts.iter().enumerate() {
        for (p, period) in periods.iter().enumerate() {
            let repeated = p > 0 && periods[p - 1] == *period;
            if repeated || !emas[p][i].is_finite() {
                continue;
            }
            content.keys.extend([Value::Micros(*ts), Value::Int(*period as i32)]);
            content.entry.push(content.entry.len() as u32);
            content.entries.extend([Value::Float(emas[p][i]), Value::Int(tf_days)]);
        }
    }
    content
}
