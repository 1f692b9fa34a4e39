//! Knowing what changed: which source tables have triggers that mark assets and series.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use regime_core::cmc_regimes::fingerprint::of_texts;

use crate::output::set_up;
use crate::output::set_up::Action;
use crate::pg::cache::known;
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees, arg, readable};
use crate::source::candles::series_key;
use crate::source::map::Source;
use crate::source::{candles, map};
use crate::systems::cmc_regimes::refresh::state::hex;
use crate::systems::cmc_regimes::tables::{CMC, MARKET, System};
use crate::track::marks::{ASSETS, Marks, SERIES};
use crate::track::triggers;
use crate::track::triggers::Watched;

/// The relations of sources, each once.
fn bars<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Watched> {
    let mut all: Vec<Watched> = Vec::new();
    for relation in sources.into_iter().flat_map(|source| [&source.bars, &source.ema]) {
        if !all.iter().any(|watched| watched.relation == relation.sql) {
            let (key, ts) = (relation.id.clone(), relation.columns[0].clone());
            all.push(Watched { marks: &ASSETS, relation: relation.sql.clone(), key, ts });
        }
    }
    all
}

/// The relation of candles.
fn candles(source: &candles::Source) -> Watched {
    let [symbol, timeframe, _] = &source.key;
    Watched {
        marks: &SERIES,
        relation: source.relation.sql.clone(),
        key: series_key(symbol, timeframe),
        ts: source.relation.columns[0].clone(),
    }
}

/// The fingerprint of the triggers on the tables of these sources: as long as it is the same, every change
/// has been marked. `None` if some source is not tracked.
pub fn fingerprint(db: Db, schema: &str, sources: &[Option<Source>; 4]) -> Result<Option<String>> {
    fingerprint_of(db, schema, (&CMC, &ASSETS), &bars(sources.iter().flatten()))
}

/// [`fingerprint`] of candles.
pub fn fingerprint_of_candles(db: Db, schema: &str, source: &candles::Source) -> Result<Option<String>> {
    fingerprint_of(db, schema, (&MARKET, &SERIES), &[candles(source)])
}

fn fingerprint_of(
    db: Db,
    schema: &str,
    (system, marks): (&System, &Marks),
    all: &[Watched],
) -> Result<Option<String>> {
    let definitions: Vec<String> = all.iter().map(|watched| watched.definition(schema)).collect();
    let name = format!("tracking {} {schema} {definitions:?}", system.name);
    let find = || {
        let mut texts = Vec::new();
        for watched in all {
            match triggers::of(db, schema, watched)? {
                Some(of_relation) => texts.push(of_relation),
                None => return Ok(None),
            }
        }
        texts.extend(outputs(db, schema, system, marks)?);
        Ok(Some(hex(of_texts(texts.iter().map(String::as_str)))))
    };
    Ok(known(&name, find)?.as_ref().clone())
}

/// The output tables and those of the marks, with their files, which are others after a TRUNCATE.
fn outputs(db: Db, schema: &str, system: &System, marks: &Marks) -> Result<Option<String>> {
    let sql = "WITH RECURSIVE part AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) \
           UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid) \
         SELECT string_agg(c.oid::text || ' ' || c.relfilenode::text, ',' ORDER BY c.oid) FROM part JOIN pg_catalog.pg_class c USING (oid)";
    let names: Vec<&str> = system.tables.iter().map(|table| table.name).chain(marks.tables()).collect();
    Ok(db.first(sql, &[arg(schema), arg(names)], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten())
}

/// Those of the relations of these sources that are not tracked.
pub fn untracked(db: Db, schema: &str, sources: &[Option<Source>; 4]) -> Result<Vec<String>> {
    let mut untracked = Vec::new();
    for watched in bars(sources.iter().flatten()) {
        if triggers::of(db, schema, &watched)?.is_none() {
            untracked.push(watched.relation);
        }
    }
    Ok(untracked)
}

/// An error for those who ask for what changed where nobody marks it.
pub fn not_tracked(db: Db) -> Result<Error> {
    let schema = map::extension_schema(db)?;
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "only_dirty needs tracking, and not every source is tracked",
    )
    .detail("Changes of an untracked source leave no mark, so that its assets would stay as they are.")
    .hint(format!("SELECT * FROM {schema}.regime_track(); or leave only_dirty out.")))
}

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
    set_up::lock_schema(db, schema)?;
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

/// The candles, where there are any. A table of other columns that only happens to have the name that is mapped
/// before anyone has said where candles are is none of them.
fn find_candles(db: Db, schema: &str) -> Result<Option<candles::Source>> {
    match candles::Source::find(db) {
        Err(_) if !candles::is_mapped(db)? && !set_up::is_set_up(db, schema, &MARKET)? => Ok(None),
        found => found,
    }
}

/// The error with a hint where the caller lacks a privilege.
pub fn explained(error: Error) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE {
        return error;
    }
    error.hint("Let the owner of the source tables call it, who needs CREATE on the target schema and SELECT and INSERT on cmc_regime_dirty and cmc_regime_dirty_many, or for candles market_regime_dirty and market_regime_dirty_many: SET ROLE …; SELECT * FROM regime_track();")
}
