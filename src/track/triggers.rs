//! Triggers on a source relation: whether they exist, creating them, dropping them.

use pgrx::prelude::*;

use crate::pg::{
    Action, Db, Error, Outcome, Result, Sees, arg, attempt, internal, owner, quote_literal, session,
    syscache, timescale, trusting_functions, work_relation, work_schema,
};
use crate::track::function::{self, EVENTS, Event, Function, Functions, TRANSITION};
use crate::track::marks::Marks;
use crate::track::parts::{Part, parts, tables};
use crate::track::untrackable::{Untrackable, untrackable, warn_untrackable};
use crate::track::watched::Watched;

/// What [`put`] says of a relation whose triggers are there already.
pub const TRACKED: &str = "tracked";

/// What [`put`] says of a relation whose triggers are new.
const NOW_TRACKED: &str = "now tracked";

/// SQL: whether a name is that of a function behind triggers of these systems, or of one that checks whether these may write
/// marks, where the names begin with `may_`: a condition for each system, which an index of names answers.
fn is_of(all: &[&Marks], name: &str, begin: &str) -> String {
    let is_of = |marks: &&Marks| format!("{name} ~ '^{begin}{}_[0-9a-f]{{8}}$'", marks.function);
    let conditions: Vec<String> = std::iter::once("false".to_owned()).chain(all.iter().map(is_of)).collect();
    format!("({})", conditions.join(" OR "))
}

/// SQL: the functions `h` that check whether the function `f` may write marks.
const CHECKS: &str = "pg_catalog.pg_proc h WHERE h.pronamespace = f.pronamespace AND h.proname = 'may_' || f.proname::text AND h.proowner = f.proowner";

/// The names of the triggers on a table.
fn names(marks: &Marks) -> Vec<String> {
    let events = EVENTS.iter().map(|event| event.name).chain(["truncate", "replicated"]);
    events.map(|event| format!("{}_{event}", marks.trigger)).collect()
}

/// The triggers on a relation that is tracked.
pub struct Triggers {
    /// Changes with the triggers, the columns and the files.
    pub text: String,
    /// The relation and its partitions.
    pub tables: Vec<pg_sys::Oid>,
    /// Whether a change in this transaction could not be marked: of further such changes the function leaves no trace.
    pub has_failed: bool,
    /// Whether the triggers fire in sessions that are replicas, too.
    are_always_on: bool,
}

/// The statement that finds the triggers of a relation, those of all its parts.
fn statement_of(watched: &Watched, is_hypertable: bool) -> String {
    // Statements on a chunk itself, and dropping one, fire no trigger of the hypertable. TimescaleDB copies the trigger of
    // rows to each chunk.
    let chunks = match is_hypertable {
        true => format!(
            "SELECT coalesce(string_agg(i.inhrelid::text, ' ' ORDER BY i.inhrelid), '') AS list, \
             coalesce(bool_and(EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN found ON found.proc = t.tgfoid AND found.tgtype = t.tgtype AND found.tgargs = t.tgargs \
               WHERE t.tgrelid = i.inhrelid AND t.tgtype = {DELETE_OF_ROWS} AND t.tgenabled IN ('O', 'A'))), true) AS complete \
             FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid"
        ),
        false => "SELECT '' AS list, true AS complete".to_owned(),
    };
    format!(
        "{tables}, found AS (SELECT c.oid AS table_oid, c.relkind, c.relpersistence, c.relfilenode, t.* \
         FROM part p CROSS JOIN LATERAL (SELECT r.* FROM pg_catalog.pg_class r WHERE r.oid = p.oid OFFSET 0) AS c LEFT JOIN LATERAL ( \
           SELECT t.oid, t.xmin::text, t.tgtype, t.tgargs, t.tgenabled, f.oid AS proc, pg_catalog.concat_ws(' ', f.oid, f.xmin, (SELECT string_agg(pg_catalog.concat_ws(' ', h.oid, h.xmin), ' ' ORDER BY h.oid) FROM {CHECKS})) AS function, f.proowner, \
             f.xmin::text AS function_xmin, f.procost = {unmarked}::float4 AS has_failed \
           FROM pg_catalog.pg_trigger t JOIN ({triggers}) AS w (name, type, enabled, old, new) \
             ON w.name = t.tgname AND w.type = t.tgtype AND w.enabled = t.tgenabled \
             AND t.tgoldtable IS NOT DISTINCT FROM w.old AND t.tgnewtable IS NOT DISTINCT FROM w.new \
           JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace \
           WHERE t.tgrelid = c.oid AND encode(t.tgargs, 'escape') = $2 || '\\000' AND t.tgqual IS NULL AND t.tgattr::text = '' \
             AND n.nspname = $3::name AND f.proname = $4::name AND f.prosecdef AND {without_oids_f} = $5 \
             AND f.proconfig::text[] = ARRAY['search_path=pg_catalog, pg_temp', 'enable_seqscan=off'] \
             AND (SELECT pg_catalog.count(*) = 2 FROM {CHECKS} AND {without_oids_h} = ANY ($6) AND NOT h.prosecdef \
               AND h.proconfig::text[] = ARRAY['search_path=pg_catalog, pg_temp']) OFFSET 0) AS t ON true), chunks AS ({chunks}) \
         SELECT {are_all} \
         AND bool_and(t.relpersistence = 'p') AND NOT bool_or(pg_catalog.row_security_active(t.table_oid)) \
         AND (SELECT bool_and({may_mark}) FROM (SELECT DISTINCT found.proowner FROM found WHERE found.proowner IS NOT NULL) AS f) \
         AND (SELECT chunks.complete FROM chunks) AS complete, coalesce(bool_or(t.tgenabled = 'A'), false) AS are_always_on, \
         pg_catalog.array_agg(DISTINCT t.function_xmin) FILTER (WHERE t.has_failed) AS failed_xmins, \
         pg_catalog.array_agg(DISTINCT t.table_oid::text) AS tables, pg_catalog.array_agg(DISTINCT t.xmin) AS xmins, \
         string_agg(pg_catalog.concat_ws(' ', t.table_oid, t.relfilenode, t.oid, t.xmin, t.function), ',' ORDER BY t.table_oid, t.oid) \
         || (SELECT string_agg(of_part.columns, ',' ORDER BY p.oid) FROM part p CROSS JOIN LATERAL ( \
               SELECT string_agg(a.attnum::text || ' ' || a.xmin::text, ',' ORDER BY a.attnum) AS columns \
               FROM pg_catalog.pg_attribute a WHERE a.attrelid = p.oid AND a.attnum > 0) AS of_part) \
         || (SELECT chunks.list FROM chunks) AS triggers \
         FROM found t",
        tables = tables(is_hypertable),
        are_all = are_all(is_hypertable),
        triggers = definitions(watched.marks, is_hypertable),
        unmarked = function::UNMARKED,
        without_oids_f = without_oids("f"),
        without_oids_h = without_oids("h"),
        may_mark = function::may_mark(watched, "$3::name", "f.proowner", "u.oid = f.proowner")
    )
}

/// The triggers of one relation; `None` if a trigger is missing, disabled or of another definition, if its function is not
/// the one of `regime_track` or could not write marks, if a crash would empty a table of the relation, if row-level
/// security may hide rows of a table from the current role, or if the
/// transaction has created a trigger after its snapshot. The text has the row versions of triggers, functions and columns,
/// and the files: disabling and enabling a trigger, changing a column's type, or having been an unlogged table leaves no
/// other trace.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn of(db: Db, schema: &str, watched: &Watched) -> Result<Option<Triggers>> {
    match watched.shared().map_or(Ok(None), |shared| of_these(db, schema, &shared))? {
        None => of_these(db, schema, watched),
        found => Ok(found),
    }
}

/// The relation with the triggers that it may have: those that leave the marks of both systems of its pair, if there are such.
pub fn kept(schema: &str, watched: &Watched) -> Watched {
    let is_there =
        |shared: &Watched| syscache::has_function(&work_schema(schema), &function::name(schema, shared));
    watched.shared().filter(is_there).unwrap_or_else(|| watched.clone())
}

/// [`of`] these triggers alone, not those that leave the marks of both systems of a pair.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn of_these(db: Db, schema: &str, watched: &Watched) -> Result<Option<Triggers>> {
    // Tells of most relations without triggers that they have none.
    if !syscache::has_function(&work_schema(schema), &function::name(schema, watched)) {
        return Ok(None);
    }
    let is_hypertable = timescale::is_hypertable(db, &watched.relation)?;
    let sql = statement_of(watched, is_hypertable);
    let functions = function::functions(schema, watched);
    let args = [
        arg(watched.relation.as_str()),
        arg(watched.definition(schema)),
        arg(work_schema(schema)),
        arg(function::name(schema, watched)),
        arg(functions.mark.body(0)),
        arg(functions.checks.map(|check| check.body(0)).to_vec()),
    ];
    // NULL where the relation does not exist.
    db.once().one(&sql, &args, Sees::Snapshot, |row| {
        let is_complete = row.get::<Option<bool>>("complete")? == Some(true);
        let own = |xmins: Vec<String>| xmins.iter().any(|xmin| session::is_of_transaction(xmin));
        // With a snapshot from before the triggers, a refresh may miss what others have changed in between.
        let is_too_late = || Ok::<_, Error>(session::keeps_its_snapshot() && own(row.get("xmins")?));
        if !is_complete || is_too_late()? {
            return Ok(None);
        }
        let tables = row.get::<Vec<String>>("tables")?;
        let tables = tables.iter().filter_map(|oid| oid.parse().ok().map(pg_sys::Oid::from_u32));
        let has_failed = own(row.get::<Option<_>>("failed_xmins")?.unwrap_or_default());
        let are_always_on = row.get("are_always_on")?;
        Ok(Some(Triggers { text: row.get("triggers")?, tables: tables.collect(), has_failed, are_always_on }))
    })
}

/// SQL: whether the triggers `t` are all that the tables need. TimescaleDB may refuse to make the triggers of a hypertable fire
/// in sessions that are replicas.
fn are_all(is_hypertable: bool) -> &'static str {
    match is_hypertable {
        true => {
            "CASE WHEN bool_or(t.tgenabled = 'A') THEN pg_catalog.count(t.oid) = 5 AND pg_catalog.count(*) FILTER (WHERE t.tgenabled = 'A') = 3 \
             ELSE pg_catalog.count(t.oid) = 4 END"
        }
        false => {
            "pg_catalog.count(t.oid) = 4 * pg_catalog.count(DISTINCT t.table_oid) + pg_catalog.count(DISTINCT t.table_oid) FILTER (WHERE t.relkind <> 'p')"
        }
    }
}

/// `tgtype` of a trigger of rows after DELETE.
const DELETE_OF_ROWS: i16 = 1 + 8;

/// SQL: the text of a function of `pg_proc`, with 0 for the oids of other functions: after a restore, these are others.
fn without_oids(function: &str) -> String {
    format!("regexp_replace({function}.prosrc, '::oid = [0-9]+::oid', '::oid = 0::oid', 'g')")
}

/// SQL: the triggers of a table as `pg_trigger` has them: name, type, when enabled, transition tables.
fn definitions(marks: &Marks, is_hypertable: bool) -> String {
    /// The bits of `tgtype` for TRUNCATE, and for a trigger of rows after INSERT, UPDATE or DELETE.
    const OTHERS: [(&str, i16, char); 2] = [("truncate", 32, 'A'), ("replicated", 1 + 4 + 8 + 16, 'R')];
    let table = |event: &Event, name| match event.referencing.contains(name) {
        true => format!("'{name}'::name"),
        false => "NULL::name".to_owned(),
    };
    let events = EVENTS.iter().map(|event| {
        let tables = TRANSITION.map(|name| table(event, name)).join(", ");
        match is_hypertable && event.name == "delete" {
            true => (event.name, DELETE_OF_ROWS, 'O', "NULL::name, NULL::name".to_owned()),
            false => (event.name, event.bit, 'A', tables),
        }
    });
    let [truncate, mut replicated] = OTHERS;
    if is_hypertable {
        replicated.1 = 8;
    }
    let others =
        [truncate, replicated].map(|(name, bits, enabled)| (name, bits, enabled, "NULL, NULL".to_owned()));
    let rows = events.chain(others).flat_map(|(name, bits, enabled, tables)| {
        let row =
            |enabled| format!("('{}_{name}'::name, {bits}, '{enabled}'::\"char\", {tables})", marks.trigger);
        [Some(row(enabled)), (is_hypertable && enabled == 'A').then(|| row('O'))]
    });
    format!("VALUES {}", rows.flatten().collect::<Vec<_>>().join(", "))
}

/// Puts triggers on a relation and its partitions; says what was done. `marking` takes the functions and tables
/// of the triggers that are wanted.
///
/// # Errors
/// Where the current role may not create a trigger on a table, or the function in the working schema.
pub fn put(db: Db, schema: &str, watched: &Watched, marking: &mut Vec<(String, String)>) -> Result<Outcome> {
    let is_hypertable = timescale::is_hypertable(db, &watched.relation)?;
    let parts = parts(db, watched, is_hypertable)?;
    if let Some(Untrackable { what, why, hint, action, .. }) = untrackable(db, watched, &parts)? {
        warn_untrackable(&what, why, &hint, watched.marks);
        return Ok(did(action));
    }
    let definition = watched.definition(schema);
    let function = function::name(schema, watched);
    let before = marking.len();
    marking.extend(parts.iter().map(|part| (function.clone(), part.table.clone())));
    if let Some(found) = of_these(db, schema, watched)? {
        renew_functions(db, schema, watched)?;
        let call = format!("{}('{definition}')", work_relation(schema, &function));
        let keep_on = || parts.iter().try_for_each(|part| keep_on(db, part, watched.marks, &call, true));
        // Another version of TimescaleDB may not refuse this any more.
        let is_new = is_hypertable && !found.are_always_on && attempt(keep_on).is_ok();
        return Ok(did(if is_new { NOW_TRACKED } else { TRACKED }));
    }
    let create = || {
        let function = create_functions(db, schema, watched)?;
        let call = format!("{function}('{definition}')");
        parts.iter().try_for_each(|part| create_triggers(db, part, watched, &call, is_hypertable))
    };
    match attempt(create) {
        // A table that takes no such triggers keeps no other from being tracked.
        Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED => {
            let why = format!("Its triggers are refused: {}. ", error.report().message.trim_end_matches('.'));
            let what = format!("{} takes no triggers", watched.relation);
            warn_untrackable(&what, &why, error.report().hint.as_deref().unwrap_or_default(), watched.marks);
            marking.truncate(before);
            Ok(did("triggers are refused: cannot be tracked"))
        }
        created => created.map(|()| did(NOW_TRACKED)),
    }
}

fn did(what: &str) -> Outcome {
    Outcome::Did(what.to_owned())
}

/// Creates the functions that the triggers need; gives the name of the one to execute, as SQL.
fn create_functions(db: Db, schema: &str, watched: &Watched) -> Result<String> {
    let Watched { marks, relation, .. } = watched;
    // What the triggers will do must not fail when rows come.
    for marks in watched.all_marks() {
        let [few, ..] = marks.relations(schema);
        db.execute(&format!("SELECT FROM {few} LIMIT 0"), &[])?;
    }
    let name = function::name(schema, watched);
    let may = |when: &str| format!("Whether {name} may write marks until something changes, for {when}");
    let marks_what = format!("Marks the {} whose rows of {relation} change", marks.subjects[1]);
    let Functions { checks: [now, lasting], mark } = function::functions(schema, watched);
    let mut oid = 0;
    for (function, what) in [(now, may("a caller")), (lasting, may("the planner")), (mark, marks_what)] {
        oid = create(db, &function, oid, &what)?;
    }
    Ok(work_relation(schema, &name))
}

/// Creates a function that calls the one of this oid, or replaces one that belongs to no other role; gives its oid.
fn create(db: Db, function: &Function, calls: u32, what: &str) -> Result<u32> {
    let signature = &function.signature;
    // A function that is replaced keeps its owner, who could replace the function again.
    if let Some(found) = oid_of(db, signature)? {
        owner::check_function(pg_sys::Oid::from(found), signature)?;
    }
    let comment = quote_literal(format!("{what}; made by regime_track"));
    trusting_functions(|| db.execute(&function.ddl(calls), &[]))?;
    db.execute(&format!("REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"), &[])?;
    db.execute(&format!("COMMENT ON FUNCTION {signature} IS {comment}"), &[])?;
    oid_of(db, signature)?.ok_or_else(|| internal(format!("function {signature} was not created")))
}

fn oid_of(db: Db, signature: &str) -> Result<Option<u32>> {
    let sql = "SELECT to_regprocedure($1)::oid::int8";
    let found: Option<i64> = db.once().one(sql, &[arg(signature)], Sees::Now, |row| row.only())?;
    Ok(found.map(|oid| oid as u32))
}

/// Creates the functions anew whose oids are not those that they were made with, as after a restore, if the current role
/// may.
fn renew_functions(db: Db, schema: &str, watched: &Watched) -> Result<()> {
    let Functions { checks: [_, lasting], mark } = function::functions(schema, watched);
    let sql = "SELECT true FROM pg_catalog.pg_proc WHERE oid = to_regprocedure($1) AND prosrc <> $2 AND pg_has_role(proowner, 'USAGE')";
    let body = mark.body(oid_of(db, &lasting.signature)?.unwrap_or_default());
    match db.once().first(sql, &[arg(mark.signature), arg(body)], Sees::Now, |_| Ok(()))? {
        Some(()) => create_functions(db, schema, watched).map(|_| ()),
        None => Ok(()),
    }
}

/// Replaces the triggers on a table by triggers that execute `call`.
fn create_triggers(db: Db, part: &Part, watched: &Watched, call: &str, is_hypertable: bool) -> Result<()> {
    let (Part { table, .. }, marks) = (part, watched.marks);
    let trigger = marks.trigger;
    for marks in watched.all_marks() {
        drop_triggers(db, table, marks)?;
    }
    let events = EVENTS.iter().map(|event| (event.name, format!("REFERENCING {}", event.referencing)));
    for (event, referencing) in events.chain([("truncate", String::new())]) {
        // Hypertables with compressed chunks take no transition table of a DELETE.
        let (referencing, each) = match is_hypertable && event == "delete" {
            true => (String::new(), "ROW"),
            false => (referencing, "STATEMENT"),
        };
        let sql = format!(
            "CREATE OR REPLACE TRIGGER {trigger}_{event} AFTER {event} ON {table} {referencing} FOR EACH {each} EXECUTE FUNCTION {call}"
        );
        db.execute(&sql, &[])?;
    }
    if !is_hypertable {
        return keep_on(db, part, marks, call, is_hypertable);
    }
    match attempt(|| keep_on(db, part, marks, call, is_hypertable)) {
        Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED => {
            let message = format!("changes of {table} in sessions that are replicas will leave no mark");
            let detail = format!(
                "TimescaleDB refuses to keep triggers of a hypertable on where session_replication_role is replica: {}. \
                 Refresh with full_refresh => true after such a session.",
                error.report().message.trim_end_matches('.')
            );
            Error::new(PgSqlErrorCode::ERRCODE_WARNING, message)
                .detail(detail)
                .report_as(PgLogLevel::WARNING);
            Ok(())
        }
        kept => kept,
    }
}

/// Lets the triggers on a table fire in sessions that are replicas, too.
fn keep_on(db: Db, part: &Part, marks: &Marks, call: &str, is_hypertable: bool) -> Result<()> {
    let (Part { table, kind, .. }, trigger) = (part, marks.trigger);
    // Also for rows that are loaded with session_replication_role = replica.
    let mut always: Vec<&str> = EVENTS.iter().map(|event| event.name).chain(["truncate"]).collect();
    // Logical replication applies rows one by one, to the tables that hold them, and fires no triggers of
    // statements. In other sessions this trigger is off.
    let mut replicated = (kind == "r").then_some("INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW");
    if is_hypertable {
        // The triggers of chunks are off there: the statement marks every key.
        always.retain(|event| *event != "delete");
        replicated = Some("DELETE ON {table} FOR EACH STATEMENT");
    }
    let mut changes: Vec<String> =
        always.iter().map(|event| format!("ENABLE ALWAYS TRIGGER {trigger}_{event}")).collect();
    if let Some(replicated) = replicated {
        let after = replicated.replace("{table}", table);
        db.execute(
            &format!("CREATE OR REPLACE TRIGGER {trigger}_replicated AFTER {after} EXECUTE FUNCTION {call}"),
            &[],
        )?;
        changes.push(format!("ENABLE REPLICA TRIGGER {trigger}_replicated"));
    }
    db.execute(&format!("ALTER TABLE {table} {}", changes.join(", ")), &[]).map(|_| ())
}

/// Drops the triggers on a table, given as SQL; gives whether there were any.
///
/// # Errors
/// Where the current role does not own the table.
pub fn drop_triggers(db: Db, table: &str, marks: &Marks) -> Result<bool> {
    let sql = "SELECT tgname::text FROM pg_catalog.pg_trigger WHERE tgrelid = $1::regclass AND tgname = ANY ($2::name[])";
    let found: Vec<String> =
        db.once().all(sql, &[arg(table), arg(names(marks))], Sees::Now, |row| row.get("tgname"))?;
    for trigger in &found {
        db.execute(&format!("DROP TRIGGER {trigger} ON {table}"), &[])?;
    }
    Ok(!found.is_empty())
}

/// Drops the triggers that call functions of the working schema, except the wanted ones, which are pairs of function and
/// table: also those on tables that were renamed, detached, or are no longer mapped. Triggers on a table of another role
/// that call a function of another role are left alone, and so are those of chunks, which TimescaleDB creates and drops.
///
/// # Errors
/// Where the current role does not own a table.
pub fn remove(db: Db, schema: &str, all: &[&Marks], wanted: &[(String, String)]) -> Result<Vec<Action>> {
    let sql = format!(
        "SELECT DISTINCT p.proname::text, t.tgrelid::regclass::text, quote_ident(s.nspname::text) || '.' || quote_ident(c.relname::text) AS relation \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND {} AND NOT t.tgisinternal \
         AND (pg_has_role(p.proowner, 'USAGE') OR pg_has_role(c.relowner, 'USAGE')) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = ANY ($2)) ORDER BY 3",
        is_of(all, "p.proname", "")
    );
    let found: Vec<((String, String), String)> = db.once().all(
        &sql,
        &[arg(work_schema(schema)), arg(timescale::hypertables(db)?)],
        Sees::Now,
        |row| Ok(((row.get("proname")?, row.get("tgrelid")?), row.get("relation")?)),
    )?;
    let mut actions = Vec::new();
    for marks in all {
        let has_function =
            |name: &str| name.rsplit_once('_').is_some_and(|(function, _)| function == marks.function);
        let unwanted = |(trigger, _): &&((String, String), String)| {
            has_function(&trigger.0) && !wanted.contains(trigger)
        };
        for ((_, table), relation) in found.iter().filter(unwanted) {
            drop_triggers(db, table, marks)?;
            actions.push(Action { relation: relation.clone(), action: did("no longer tracked") });
        }
    }
    Ok(actions)
}

/// Whether triggers of a system leave the marks of another too: what checks whether they may is given the tables of both.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn are_shared(db: Db, schema: &str, marks: &Marks) -> Result<bool> {
    let sql = format!(
        "SELECT true FROM pg_catalog.pg_proc h JOIN pg_catalog.pg_namespace n ON n.oid = h.pronamespace \
         WHERE n.nspname = $1::name AND {} AND h.pronargs = 7 LIMIT 1",
        is_of(&[marks], "h.proname", "may_")
    );
    Ok(db.once().first(&sql, &[arg(work_schema(schema))], Sees::Now, |_| Ok(()))?.is_some())
}

/// The tables with triggers that call functions of the working schema, as SQL, as far as [`remove`] drops these triggers.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn tracked(db: Db, schema: &str, marks: &Marks) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT DISTINCT quote_ident(s.nspname::text) || '.' || quote_ident(c.relname::text) AS relation \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = $1::name AND {} AND NOT t.tgisinternal AND pg_has_role(c.relowner, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = ANY ($2)) ORDER BY 1",
        is_of(&[marks], "p.proname", "")
    );
    let args = [arg(work_schema(schema)), arg(timescale::hypertables(db)?)];
    db.once().all(&sql, &args, Sees::Now, |row| row.get("relation"))
}

/// Drops the functions that no trigger calls any more, except those of other roles.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn drop_functions(db: Db, schema: &str, all: &[&Marks]) -> Result<()> {
    let sql = format!(
        "SELECT f.oid::regprocedure::text AS function FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace \
         WHERE n.nspname = $1::name AND {} AND f.pronargs = 0 AND pg_has_role(f.proowner, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = f.oid)",
        is_of(all, "f.proname", "")
    );
    // What checked whether a function that is gone may write marks.
    let checks = format!(
        "SELECT h.oid::regprocedure::text AS function FROM pg_catalog.pg_proc h JOIN pg_catalog.pg_namespace n ON n.oid = h.pronamespace \
         WHERE n.nspname = $1::name AND {} AND h.pronargs IN (0, 3, 4, 7) AND pg_has_role(h.proowner, 'USAGE') \
         AND (SELECT true FROM pg_catalog.pg_proc f WHERE f.pronamespace = h.pronamespace AND f.proname = pg_catalog.substr(h.proname::text, 5)::name LIMIT 1) IS NULL",
        is_of(all, "h.proname", "may_")
    );
    for sql in [sql, checks] {
        let unused: Vec<String> =
            db.once().all(&sql, &[arg(work_schema(schema))], Sees::Now, |row| row.get("function"))?;
        for function in unused {
            db.execute(&format!("DROP FUNCTION {function}"), &[])?;
        }
    }
    Ok(())
}
