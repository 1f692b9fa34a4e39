//! Triggers on a relation: whether they are there, putting them there, taking them away.

use pgrx::prelude::*;
use pgrx::spi::{quote_identifier as quoted, quote_literal};

use crate::pg::arg::arg;
use crate::pg::catalog::{Action, extension_schema, work_schema};
use crate::pg::error::{Error, Result};
use crate::pg::spi::{Db, Sees};
use crate::track::function::{self, EVENTS};
use crate::track::marks::Marks;
use crate::track::watched::Watched;

/// Names of the functions behind triggers, as a pattern.
fn functions(marks: &Marks) -> String {
    format!("^{}_[0-9a-f]{{8}}$", marks.function)
}

fn names(marks: &Marks) -> Vec<String> {
    let events = EVENTS.iter().map(|event| event.name).chain(["truncate", "replicated"]);
    events.map(|event| format!("{}_{event}", marks.trigger)).collect()
}

/// The tables whose rows a relation has: itself and its partitions.
const TABLES: &str = "WITH RECURSIVE part AS (SELECT to_regclass($1)::oid AS oid \
     UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid)";

/// The triggers of one relation; `None` if one is missing, off or of another definition, or if a crash would empty
/// a table of it. With the row versions of triggers and columns, and the files: switching a trigger off and on
/// again, changing a column's type, or a time as an unlogged table leaves no other trace.
pub fn of(db: Db, schema: &str, watched: &Watched) -> Result<Option<String>> {
    let sql = format!(
        "{TABLES} SELECT pg_catalog.count(t.oid) = 4 * pg_catalog.count(DISTINCT c.oid) + pg_catalog.count(DISTINCT c.oid) FILTER (WHERE c.relkind <> 'p') \
         AND bool_and(c.relpersistence = 'p'), \
         string_agg(pg_catalog.concat_ws(' ', c.oid, c.relfilenode, t.oid, t.xmin), ',' ORDER BY c.oid, t.oid) \
         || (SELECT string_agg(a.attnum::text || ' ' || a.xmin::text, ',' ORDER BY a.attrelid, a.attnum) FROM part p \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = p.oid AND a.attnum > 0) \
         FROM part p JOIN pg_catalog.pg_class c USING (oid) LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid \
         AND t.tgname = ANY ($2::name[]) AND encode(t.tgargs, 'escape') = $3 || '\\000' \
         AND t.tgenabled = CASE t.tgtype & 1 WHEN 1 THEN 'R'::\"char\" ELSE 'A' END"
    );
    let args = [arg(watched.relation.as_str()), arg(names(watched.marks)), arg(watched.definition(schema))];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.bool(0), row.string(1))))?;
    Ok(found.filter(|(complete, _)| *complete == Some(true)).and_then(|(_, triggers)| triggers))
}

/// Puts triggers on a relation and its partitions; says what was done. `marking` takes the functions and tables
/// of the triggers that are wanted.
pub fn put(
    db: Db,
    schema: &str,
    watched: &Watched,
    marking: &mut Vec<(String, String)>,
) -> Result<&'static str> {
    let Watched { marks, relation, .. } = watched;
    let definition = watched.definition(schema);
    let function = format!("{}_{}", marks.function, definition.get(..8).unwrap_or_default());
    let kinds = format!(
        "{TABLES} SELECT p.oid::regclass::text, c.relkind::text, c.relpersistence::text \
         FROM part p JOIN pg_catalog.pg_class c USING (oid)"
    );
    let mut tables = Vec::new();
    db.rows(&kinds, &[arg(relation.as_str())], Sees::Now, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        tables.push((text(0), text(1), text(2)));
        Ok(())
    })?;
    for (table, kind, persistence) in &tables {
        if !matches!(kind.as_str(), "r" | "p") {
            let hint =
                "Map the table beneath it in regime_source, with a filter in bars_filter or ema_filter.";
            warn_untrackable(&format!("{table} is not a table"), "", hint, marks);
            return Ok("not a table: cannot be tracked");
        }
        if persistence != "p" {
            let hint = match persistence.as_str() {
                "u" => format!(
                    "ALTER TABLE {table} SET LOGGED; SELECT * FROM {}.regime_track();",
                    extension_schema(db)?
                ),
                _ => "Map a permanent table in regime_source.".to_owned(),
            };
            warn_untrackable(
                &format!("{table} is not a permanent table"),
                "No trigger says so when a crash empties it. ",
                &hint,
                marks,
            );
            return Ok("not permanent: cannot be tracked");
        }
    }
    if marks_need_virtual(db, watched)? {
        let what = format!("{relation} has virtual columns as key or time");
        warn_untrackable(&what, "", "Make these columns STORED ones.", marks);
        return Ok("virtual columns: cannot be tracked");
    }
    marking.extend(tables.iter().map(|(table, ..)| (function.clone(), table.clone())));
    if of(db, schema, watched)?.is_some() {
        return Ok("tracked");
    }
    // What the triggers will do must not fail when rows come.
    let [few, ..] = marks.relations(schema);
    db.execute(&format!("SELECT FROM {few} LIMIT 0"), &[])?;
    db.execute(&function::ddl(schema, &function, watched), &[])?;
    let (function, trigger) = (format!("{}.{function}", quoted(work_schema(schema))), marks.trigger);
    db.execute(&format!("REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"), &[])?;
    db.execute(
        &format!(
            "COMMENT ON FUNCTION {function}() IS {}",
            quote_literal(format!(
                "Marks the {} whose rows of {relation} change; made by regime_track",
                marks.subjects[1]
            ))
        ),
        &[],
    )?;
    for (table, kind, _) in &tables {
        drop_triggers(db, table, marks)?;
        let events = EVENTS.iter().map(|event| (event.name, format!("REFERENCING {}", event.referencing)));
        for (event, referencing) in events.chain([("truncate", String::new())]) {
            db.execute(
                &format!("CREATE TRIGGER {trigger}_{event} AFTER {event} ON {table} {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {function}('{definition}')"),
                &[],
            )?;
            // Also for what is loaded with session_replication_role = replica.
            db.execute(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}_{event}"), &[])?;
        }
        // Logical replication applies rows one by one, to the tables that hold them, and fires no triggers of
        // statements. Elsewhere this one is off.
        if kind == "r" {
            for ddl in [
                format!(
                    "CREATE TRIGGER {trigger}_replicated AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}('{definition}')"
                ),
                format!("ALTER TABLE {table} ENABLE REPLICA TRIGGER {trigger}_replicated"),
            ] {
                db.execute(&ddl, &[])?;
            }
        }
    }
    Ok("now tracked")
}

fn drop_triggers(db: Db, table: &str, marks: &Marks) -> Result<()> {
    let sql = "SELECT tgname::text FROM pg_catalog.pg_trigger WHERE tgrelid = $1::regclass AND tgname = ANY ($2::name[])";
    let mut found = Vec::new();
    db.rows(sql, &[arg(table), arg(names(marks))], Sees::Now, |row| {
        found.extend(row.string(0));
        Ok(())
    })?;
    for trigger in found {
        db.execute(&format!("DROP TRIGGER {trigger} ON {table}"), &[])?;
    }
    Ok(())
}

/// Drops the triggers that call functions of the working schema, but for those that are wanted: also those of tables
/// that were renamed, detached, or are not mapped any more.
pub fn remove(db: Db, schema: &str, marks: &Marks, wanted: &[(String, String)]) -> Result<Vec<Action>> {
    let sql = format!(
        "SELECT DISTINCT p.proname::text, t.tgrelid::regclass::text, quote_ident(s.nspname::text) || '.' || quote_ident(c.relname::text) \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND p.proname ~ '{}' AND NOT t.tgisinternal ORDER BY 3",
        functions(marks)
    );
    let mut found = Vec::new();
    db.rows(&sql, &[arg(work_schema(schema))], Sees::Now, |row| {
        let text = |column| row.string(column).unwrap_or_default();
        found.push(((text(0), text(1)), text(2)));
        Ok(())
    })?;
    let mut actions = Vec::new();
    for ((_, table), relation) in found.into_iter().filter(|(trigger, _)| !wanted.contains(trigger)) {
        drop_triggers(db, &table, marks)?;
        actions.push(Action { relation, action: "no longer tracked".to_owned() });
    }
    Ok(actions)
}

/// Drops the functions that no trigger needs any more.
pub fn drop_functions(db: Db, schema: &str, marks: &Marks) -> Result<()> {
    let sql = format!(
        "SELECT p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND p.proname ~ '{}' \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid)",
        functions(marks)
    );
    let mut unused = Vec::new();
    db.rows(&sql, &[arg(work_schema(schema))], Sees::Now, |row| {
        unused.extend(row.string(0));
        Ok(())
    })?;
    for function in unused {
        db.execute(&format!("DROP FUNCTION {}.{function}()", quoted(work_schema(schema))), &[])?;
    }
    Ok(())
}

/// Whether a column of the key or the time is a virtual one, which PostgreSQL has since 18 and does not compute in
/// transition tables: reading it there fails, and with that whatever statement set the trigger off.
fn marks_need_virtual(db: Db, watched: &Watched) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attgenerated = 'v' \
         AND $2 ~ ('(^|[ ([])' || regexp_replace(quote_ident(attname), '(\\W)', '\\\\\\1', 'g') || '($|[ :])')";
    let args = [arg(watched.relation.as_str()), arg(format!("{} {}", watched.key, watched.ts))];
    Ok(db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_some())
}

fn warn_untrackable(what: &str, why: &str, hint: &str, marks: &Marks) {
    Error::new(PgSqlErrorCode::ERRCODE_WARNING, format!("{what} and cannot be tracked"))
        .detail(format!(
            "{why}Without tracking, a refresh finds late and corrected rows by itself, by reading all rows of {}.",
            marks.subjects[0]
        ))
        .hint(hint)
        .report_as(PgLogLevel::WARNING);
}
