//! Knowing what changed: triggers on the source tables that mark assets.

use pgrx::prelude::*;
use pgrx::spi::{quote_identifier as quoted, quote_literal};

use regime_core::fingerprint::of_texts;

use crate::cache::known;
use crate::db::{Db, Sees, arg, readable};
use crate::error::{Error, Result};
use crate::mark_function::{self, EVENTS};
use crate::marks::ASSETS;
use crate::output::{self, Action};
use crate::source::{self, Relation, Source};
use crate::state::hex;
use crate::system::CMC;

/// Names of the functions behind the triggers, as a pattern.
const FUNCTION: &str = "^cmc_regime_mark_[0-9a-f]{8}$";

/// The relations of sources, each once.
fn relations<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<&'a Relation> {
    let mut relations: Vec<&Relation> = Vec::new();
    for relation in sources.into_iter().flat_map(|source| [&source.bars, &source.ema]) {
        if !relations.iter().any(|r| r.sql == relation.sql) {
            relations.push(relation);
        }
    }
    relations
}

/// What a trigger's marks depend on; stands in the trigger as its argument.
fn definition(schema: &str, relation: &Relation) -> String {
    hex(of_texts([mark_function::VERSION, schema, &relation.sql, &relation.id, &relation.columns[0]]))
}

/// The tables whose rows a relation has: itself and its partitions.
const TABLES: &str = "WITH RECURSIVE part AS (SELECT to_regclass($1)::oid AS oid \
     UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid)";

/// The fingerprint of the triggers on the tables of these sources: as long as it is the same, every change
/// has been marked. `None` if some source is not tracked.
pub fn fingerprint(db: Db, schema: &str, sources: &[Option<Source>; 4]) -> Result<Option<String>> {
    let relations = relations(sources.iter().flatten());
    let definitions: Vec<String> = relations.iter().map(|r| definition(schema, r)).collect();
    let name = format!("tracking {schema} {definitions:?}");
    let find = || {
        let mut all = Vec::new();
        for (relation, definition) in relations.iter().zip(&definitions) {
            match triggers(db, relation, definition)? {
                Some(of_relation) => all.push(of_relation),
                None => return Ok(None),
            }
        }
        all.extend(outputs(db, schema)?);
        Ok(Some(hex(of_texts(all.iter().map(String::as_str)))))
    };
    Ok(known(&name, find)?.as_ref().clone())
}

/// The output tables and those of the marks, with their files, which are others after a TRUNCATE.
fn outputs(db: Db, schema: &str) -> Result<Option<String>> {
    let sql = "WITH RECURSIVE part AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = $1::name AND c.relname = ANY ($2::name[]) \
           UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid) \
         SELECT string_agg(c.oid::text || ' ' || c.relfilenode::text, ',' ORDER BY c.oid) FROM part JOIN pg_catalog.pg_class c USING (oid)";
    let names: Vec<&str> = CMC.tables.iter().map(|table| table.name).chain(ASSETS.tables()).collect();
    Ok(db.first(sql, &[arg(schema), arg(names)], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten())
}

/// Those of the relations of these sources that are not tracked.
pub fn untracked(db: Db, schema: &str, sources: &[Option<Source>; 4]) -> Result<Vec<String>> {
    let mut untracked = Vec::new();
    for relation in relations(sources.iter().flatten()) {
        if triggers(db, relation, &definition(schema, relation))?.is_none() {
            untracked.push(relation.sql.clone());
        }
    }
    Ok(untracked)
}

/// The triggers of one relation; `None` if one is missing, off or of another definition, or if rows come
/// by logical replication, whose apply fires no statement triggers. With the row versions of triggers and
/// columns: switching a trigger off and on again, or changing a column's type, leaves no other trace.
fn triggers(db: Db, relation: &Relation, definition: &str) -> Result<Option<String>> {
    let sql = format!(
        "{TABLES} SELECT count(*) FILTER (WHERE t.oid IS NOT NULL) = 4 * pg_catalog.count(DISTINCT p.oid) \
         AND NOT EXISTS (SELECT FROM part p JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = p.oid), \
         string_agg(p.oid::text || ' ' || t.oid::text || ' ' || t.xmin::text, ',' ORDER BY p.oid, t.oid) \
         || (SELECT string_agg(a.attnum::text || ' ' || a.xmin::text, ',' ORDER BY a.attrelid, a.attnum) FROM part p \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = p.oid AND a.attnum > 0) \
         FROM part p LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = p.oid AND t.tgname = ANY ($2::name[]) \
         AND t.tgenabled = 'A' AND encode(t.tgargs, 'escape') = $3 || '\\000'"
    );
    let names: Vec<String> = trigger_names().collect();
    let args = [arg(relation.sql.as_str()), arg(names), arg(definition)];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.bool(0), row.string(1))))?;
    Ok(found.filter(|(complete, _)| *complete == Some(true)).and_then(|(_, triggers)| triggers))
}

fn trigger_names() -> impl Iterator<Item = String> {
    EVENTS.iter().map(|(event, ..)| *event).chain(["truncate"]).map(|event| format!("pg_regime_{event}"))
}

/// An error for those who ask for what changed where nobody marks it.
pub fn not_tracked(db: Db) -> Result<Error> {
    let schema = source::extension_schema(db)?;
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "only_dirty needs tracking, and not every source is tracked",
    )
    .detail("Changes of an untracked source leave no mark, so that its assets would stay as they are.")
    .hint(format!("SELECT * FROM {schema}.regime_track(); or leave only_dirty out.")))
}

/// Puts triggers on every mapped table, or takes them away.
pub fn track(db: Db, schema: &str, enable: bool) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    if enable {
        actions.extend(
            output::set_up(db, schema, &[&CMC])?.into_iter().filter(|a| a.action != output::UNCHANGED),
        );
    }
    output::lock_schema(db, schema)?;
    let mut marking: Vec<(String, String)> = Vec::new();
    if enable {
        for relation in relations(&source::all(db)?) {
            let action = put(db, schema, relation, &mut marking)?.to_owned();
            actions.push(Action { relation: relation.sql.clone(), action });
        }
    }
    actions.extend(remove(db, schema, &marking)?);
    drop_functions(db, schema)?;
    for table in ASSETS.tables().into_iter().filter(|table| !enable && readable(schema, table).is_some()) {
        db.execute(&format!("DELETE FROM {}.{table}", quoted(schema)), &[])?;
    }
    Ok(actions)
}

/// `marking` takes the functions and tables of the triggers that are wanted.
fn put(
    db: Db,
    schema: &str,
    relation: &Relation,
    marking: &mut Vec<(String, String)>,
) -> Result<&'static str> {
    let definition = definition(schema, relation);
    let function = format!("cmc_regime_mark_{}", &definition[..8]);
    let kinds = format!(
        "{TABLES} SELECT p.oid::regclass::text, c.relkind::text FROM part p JOIN pg_catalog.pg_class c USING (oid)"
    );
    let mut tables = Vec::new();
    db.rows(&kinds, &[arg(relation.sql.as_str())], Sees::Now, |row| {
        tables.push((row.string(0).unwrap_or_default(), row.string(1).unwrap_or_default()));
        Ok(())
    })?;
    if let Some((table, _)) = tables.iter().find(|(_, kind)| !matches!(kind.as_str(), "r" | "p")) {
        warn_untrackable(table);
        return Ok("not a table: cannot be tracked");
    }
    marking.extend(tables.iter().map(|(table, _)| (function.clone(), table.clone())));
    if triggers(db, relation, &definition)?.is_some() {
        return Ok("tracked");
    }
    db.execute(&mark_function::ddl(&ASSETS, schema, &function, relation), &[])?;
    let function = format!("{}.{function}", quoted(schema));
    db.execute(&format!("REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"), &[])?;
    db.execute(
        &format!(
            "COMMENT ON FUNCTION {function}() IS {}",
            quote_literal(format!(
                "Marks the assets whose rows of {} change; made by regime_track",
                relation.sql
            ))
        ),
        &[],
    )?;
    for (table, _) in &tables {
        drop_triggers(db, table)?;
        let events =
            EVENTS.iter().map(|(event, transition, _)| (*event, format!("REFERENCING {transition}")));
        for (event, referencing) in events.chain([("truncate", String::new())]) {
            db.execute(
                &format!("CREATE TRIGGER pg_regime_{event} AFTER {event} ON {table} {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {function}('{definition}')"),
                &[],
            )?;
            // Also for what is loaded with session_replication_role = replica.
            db.execute(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER pg_regime_{event}"), &[])?;
        }
    }
    Ok("now tracked")
}

fn drop_triggers(db: Db, table: &str) -> Result<()> {
    let sql = "SELECT tgname::text FROM pg_catalog.pg_trigger WHERE tgrelid = $1::regclass AND tgname = ANY ($2::name[])";
    let mut found = Vec::new();
    db.rows(sql, &[arg(table), arg(trigger_names().collect::<Vec<_>>())], Sees::Now, |row| {
        found.extend(row.string(0));
        Ok(())
    })?;
    for trigger in found {
        db.execute(&format!("DROP TRIGGER {trigger} ON {table}"), &[])?;
    }
    Ok(())
}

/// Drops the triggers that call functions of this schema, but for those that are wanted: also those of tables
/// that were renamed, detached, or are not mapped any more.
fn remove(db: Db, schema: &str, wanted: &[(String, String)]) -> Result<Vec<Action>> {
    let sql = format!(
        "SELECT DISTINCT p.proname::text, t.tgrelid::regclass::text, quote_ident(s.nspname::text) || '.' || quote_ident(c.relname::text) \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND p.proname ~ '{FUNCTION}' AND NOT t.tgisinternal ORDER BY 3"
    );
    let mut found = Vec::new();
    db.rows(&sql, &[arg(schema)], Sees::Now, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        found.push(((text(0), text(1)), text(2)));
        Ok(())
    })?;
    let mut actions = Vec::new();
    for ((_, table), relation) in found.into_iter().filter(|(trigger, _)| !wanted.contains(trigger)) {
        drop_triggers(db, &table)?;
        actions.push(Action { relation, action: "no longer tracked".to_owned() });
    }
    Ok(actions)
}

/// Drops the functions that no trigger needs any more.
fn drop_functions(db: Db, schema: &str) -> Result<()> {
    let sql = format!(
        "SELECT p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND p.proname ~ '{FUNCTION}' \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid)"
    );
    let mut unused = Vec::new();
    db.rows(&sql, &[arg(schema)], Sees::Now, |row| {
        unused.extend(row.string(0));
        Ok(())
    })?;
    for function in unused {
        db.execute(&format!("DROP FUNCTION {}.{function}()", quoted(schema)), &[])?;
    }
    Ok(())
}

/// The error with a hint where the caller lacks a privilege.
pub fn explained(error: Error) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE {
        return error;
    }
    error.hint("Let the owner of the source tables call it, who needs CREATE on the target schema and INSERT on cmc_regime_dirty and cmc_regime_dirty_many: SET ROLE …; SELECT * FROM regime_track();")
}

fn warn_untrackable(relation: &str) {
    pg_sys::panic::ErrorReport::new(
        PgSqlErrorCode::ERRCODE_WARNING,
        format!("{relation} is not a table and cannot be tracked"),
        "pg_regime",
    )
    .set_detail("Without tracking, a refresh finds late and corrected rows by itself, by reading all rows of an asset.")
    .set_hint("Map the table beneath it in regime_source, with a filter in bars_filter or ema_filter.")
    .report(PgLogLevel::WARNING);
}
