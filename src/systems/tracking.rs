//! Knowing what changed: which source tables have triggers that mark assets and series.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::output::set_up::{self, Action};
use crate::pg::error::{Error, Result};
use crate::pg::lock;
use crate::pg::spi::Db;
use crate::pg::syscache::readable;
use crate::source::map;
use crate::systems::cmc_regimes::tables::{ASSETS, CMC};
use crate::systems::cmc_regimes::tracked::bars;
use crate::systems::market_regimes::marks::{candles, find_candles};
use crate::systems::market_regimes::tables::{MARKET, SERIES};
use crate::track::triggers;

/// Puts triggers on every mapped table, or takes them away.
pub fn track(db: Db, schema: &str, enable: bool) -> Result<Vec<Action>> {
    let (mut actions, mut wanted) = (Vec::new(), Vec::new());
    if enable {
        wanted = bars(&map::all(db)?);
        let candles = find_candles(db, schema)?.as_ref().map(candles);
        // Who has candles alone need not have the tables of the other.
        let mut systems = Vec::new();
        if candles.is_none() || !wanted.is_empty() {
            systems.push(&CMC);
        }
        if candles.is_some() && !set_up::is_set_up(db, schema, &MARKET)? {
            systems.push(&MARKET);
        }
        wanted.extend(candles);
        let made = set_up::set_up(db, schema, &systems)?;
        actions.extend(made.into_iter().filter(|action| action.action != set_up::UNCHANGED));
    }
    lock::lock_schema(db, schema)?;
    let mut marking: Vec<(String, String)> = Vec::new();
    for watched in &wanted {
        let action = triggers::put(db, schema, watched, &mut marking)?.to_owned();
        actions.push(Action { relation: watched.relation.clone(), action });
    }
    for marks in [&ASSETS, &SERIES] {
        actions.extend(triggers::remove(db, schema, marks, &marking)?);
        triggers::drop_functions(db, schema, marks)?;
        for table in marks.tables().into_iter().filter(|table| !enable && readable(schema, table).is_some()) {
            db.execute(&format!("DELETE FROM {}.{table}", quoted(schema)), &[])?;
        }
    }
    Ok(actions)
}

/// The error with a hint where the caller lacks a privilege.
pub fn explained(error: Error) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE {
        return error;
    }
    error.hint("Let the owner of the source tables call it, who needs CREATE on the target schema and SELECT and INSERT on cmc_regime_dirty and cmc_regime_dirty_many, or for candles market_regime_dirty and market_regime_dirty_many: SET ROLE …; SELECT * FROM regime_track();")
}
