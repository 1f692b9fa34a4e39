//! `regime_teardown` and `regime_move`: taking away what setting up made in a target schema, or moving it to another one.

use std::collections::BTreeSet;

use pgrx::prelude::*;

use crate::output::own::Own;
use crate::output::set_up::{create_work_schema, rename_work_schema, set_up};
use crate::output::system::System;
use crate::pg::{
    Action, Db, Error, Outcome, Result, Row, Sees, arg, attempt, check_schema, citus, extension_schema,
    insufficient_privilege, invalid_parameter, lock, no_data_found, qualified, quote_literal, quoted,
    syscache::{kind_in_words, relation_oid},
    work_schema,
};
use crate::source::connect::record::Record;
use crate::systems::registry::systems;
use crate::systems::tracking;
use crate::track::triggers;

/// Removes the triggers, the working tables and the views of all systems; with `keep_rows`, the output tables stay. The last
/// action is the statement that removes the extension.
///
/// # Errors
/// Where a table belongs to another role, or something of the user's depends on it.
pub fn tear_down(db: Db, schema: &str, keep_rows: bool) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    let again = format!("SELECT * FROM {}.regime_teardown(keep_rows => {keep_rows});", extension_schema(db)?);
    check_owned(db, schema, &again)?;
    let mut actions = tracking::track(db, schema, false, None)?;
    lock::lock_schema(db, schema)?;
    // Only now: while another session held the lock, the schema may have been renamed, and another may have its name.
    let own = extension_schema(db)?;
    let outputs = existing(tables(schema));
    // Views go before the tables that they read.
    let dropped = existing(all_own(schema));
    for Existing { kind, relation, .. } in dropped.iter().chain(outputs.iter().filter(|_| !keep_rows)) {
        db.execute(&format!("DROP {kind} {relation}"), &[])?;
        actions.push(did(relation.clone(), "dropped"));
    }
    actions.extend(drop_empty(db, &work_schema(schema))?);
    let kept = outputs.into_iter().filter(|_| keep_rows);
    actions.extend(kept.map(|output| did(output.relation, "kept")));
    actions.extend(disconnect_all(db, &own)?);
    actions.push(did("pg_regime".to_owned(), "to remove the extension: DROP EXTENSION pg_regime;"));
    Ok(actions)
}

/// Moves the tables and views of all systems to another schema, and tracks again what was tracked. The last action is the
/// statement that makes the schema that of every session.
///
/// # Errors
/// A schema that cannot be a target schema or already has such a relation, and a relation of another role.
pub fn relocate(db: Db, from: &str, to: &str) -> Result<Vec<Action>> {
    check_move(db, from, to)?;
    hold_alone(db, from, to)?;
    let moved = existing(tables(from).into_iter().chain(all_own(from)));
    if moved.is_empty() {
        return Err(no_data_found(format!("schema {} has no table of pg_regime", quoted(from)))
            .detail("The tables are moved from pg_regime.target_schema.")
            .hint(find_tables()));
    }
    let target = |of: &Existing| if of.schema == from { to.to_owned() } else { work_schema(to) };
    moved.iter().try_for_each(|of| check_free(db, of, &target(of)))?;
    let mut tracked = Vec::new();
    for system in systems().into_iter().filter(|system| system.marks.is_some()) {
        let name = Some(system.name.to_owned());
        if !tracking::track(db, from, false, Some(std::slice::from_ref(&name)))?.is_empty() {
            tracked.push(name);
        }
    }
    let is_renamed = rename_work_schema(db, from, to)?;
    if !is_renamed {
        create_work_schema(db, to)?;
    }
    let mut actions = Vec::new();
    if is_renamed {
        let [work, there] = [from, to].map(|target| quoted(work_schema(target)));
        actions.push(did(work, &format!("renamed to {there}")));
    }
    for of in &moved {
        let target = target(of);
        // A schema is renamed with its tables.
        let parts = if is_renamed && of.schema != from { Vec::new() } else { parts(db, of)? };
        for part in parts {
            let part = qualified(&of.schema, &part);
            db.execute(&format!("ALTER {} {part} SET SCHEMA {}", of.kind, quoted(&target)), &[])?;
        }
        actions.push(did(of.relation.clone(), &format!("moved to {}", qualified(&target, of.name))));
    }
    actions.extend(drop_empty(db, &work_schema(from))?);
    let is_moved = |system: &&System| moved.iter().any(|of| of.name == system.name);
    set_up(db, to, &systems().into_iter().filter(is_moved).collect::<Vec<_>>())?;
    if !tracked.is_empty() {
        let tracked = tracking::track(db, to, true, Some(&tracked))?;
        actions.extend(tracked.into_iter().filter(|a| a.action != Outcome::Unchanged));
    }
    actions.push(to_use(db, to)?);
    Ok(actions)
}

/// Waits until no other session uses what is to be moved or tracks it, and keeps it so until the transaction ends. Nothing is held
/// during the wait: taken one after another, the locks of tables would meet those of a refresh in a circle.
fn hold_alone(db: Db, from: &str, to: &str) -> Result<()> {
    loop {
        let is_table = |of: &Existing| of.kind == "TABLE";
        let mut tables: Vec<String> = existing(tables(from).into_iter().chain(all_own(from)))
            .into_iter()
            .filter(is_table)
            .map(|of| of.relation)
            .collect();
        for marks in systems().into_iter().filter_map(|system| system.marks) {
            tables.extend(triggers::tracked(db, from, marks)?);
        }
        let lock = |table: &str, how: &str| {
            db.execute(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE{how}"), &[]).map(|_| ())
        };
        let all = || {
            let is_free = lock::try_lock_schema(db, from)? && lock::try_lock_schema(db, to)?;
            let busy = || Error::new(PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE, "tables are being made");
            if !is_free {
                return Err(busy());
            }
            tables.iter().try_for_each(|table| lock(table, " NOWAIT"))
        };
        match attempt(all) {
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE => {}
            done => return done,
        }
        // Each lock is waited for alone, and given back.
        let wait = |wait: &dyn Fn() -> Result<()>| {
            let mut is_had = false;
            let waited = attempt(|| {
                wait()?;
                is_had = true;
                Err(Error::new(PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE, "given back"))
            });
            if is_had { Ok(()) } else { waited }
        };
        for schema in [from, to] {
            wait(&|| lock::lock_schema(db, schema))?;
        }
        for table in &tables {
            wait(&|| lock(table, ""))?;
        }
    }
}

/// Checks the two schemas, and that the tables of the first belong to the current role.
fn check_move(db: Db, from: &str, to: &str) -> Result<()> {
    check_schema(db, from)?;
    if to.is_empty() {
        return Err(invalid_parameter("to_schema is empty").hint("Pass the name of the schema to move to."));
    }
    check_schema(db, to)?;
    if from == to {
        return Err(invalid_parameter(format!("the tables are in schema {} already", quoted(to)))
            .detail("The tables are moved from pg_regime.target_schema.")
            .hint(find_tables()));
    }
    let own = extension_schema(db)?;
    check_owned(db, from, &format!("SELECT * FROM {own}.regime_move({});", quote_literal(to)))
}

/// The statement that finds the schemas with output tables.
fn find_tables() -> String {
    let names = systems().map(|system| quote_literal(system.name)).join(", ");
    format!("SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE tablename IN ({names});")
}

/// Checks that no relation of the target schema has the name of a table or view to move, of a partition or of an index.
fn check_free(db: Db, of: &Existing, target: &str) -> Result<()> {
    let mut moved = parts(db, of)?;
    let sql = "SELECT DISTINCT i.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_index x ON x.indrelid = c.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
         WHERE n.nspname = $1::name AND c.relname::text = ANY ($2) ORDER BY 1";
    moved.extend(
        db.all(sql, &[arg(of.schema.as_str()), arg(moved.clone())], Sees::Now, |row| row.only::<String>())?,
    );
    let Some((name, kind)) =
        moved.iter().find_map(|name| relation_oid(target, name).map(|oid| (name, kind_in_words(oid))))
    else {
        return Ok(());
    };
    let there = qualified(target, name);
    let error = format!("{there} exists already, so that {} cannot be moved there", of.relation);
    let another = quoted(format!("{}_before", name.chars().take(50).collect::<String>()));
    let rename = format!("ALTER {kind} {there} RENAME TO {another};");
    Err(Error::new(PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE, error).hint(rename))
}

/// The statement that makes a schema that of every session.
fn to_use(db: Db, schema: &str) -> Result<Action> {
    let setting = format!("SET pg_regime.target_schema = {};", quote_literal(schema));
    let database: String =
        db.one("SELECT quote_ident(current_database()::text)", &[], Sees::Now, |row| row.only())?;
    let statements = format!("to use the schema: ALTER DATABASE {database} {setting} {setting}");
    Ok(did("pg_regime".to_owned(), &statements))
}

/// Takes away what connected prices need, unless another target schema has output tables.
fn disconnect_all(db: Db, own: &str) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    let sql = "SELECT true FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'r' AND c.relname = ANY ($1::text[]::name[]) AND n.nspname ~ '(^|_)regime_work$' LIMIT 1";
    let states: Vec<&str> =
        systems().into_iter().filter_map(|system| system.marks).map(|marks| marks.state).collect();
    let is_used = db.first(sql, &[arg(states)], Sees::Now, |_| Ok(()))?.is_some();
    for record in Record::all(db, own)? {
        match is_used {
            true => actions.push(did(record.relation(), "still connected: another target schema may use it")),
            false => actions.extend(record.take_away(db, own)?),
        }
    }
    Ok(actions)
}

/// A table or view that exists.
struct Existing {
    schema: String,
    name: &'static str,
    /// As DROP and ALTER name it.
    kind: &'static str,
    /// As SQL.
    relation: String,
}

/// Those of these relations that exist: schema and name of each.
fn existing(all: impl IntoIterator<Item = (String, &'static str)>) -> Vec<Existing> {
    let find = |(schema, name): (String, _)| {
        let relation = qualified(&schema, name);
        relation_oid(&schema, name).map(|oid| Existing { schema, name, kind: kind_in_words(oid), relation })
    };
    all.into_iter().filter_map(find).collect()
}

/// The output tables of all systems.
fn tables(schema: &str) -> Vec<(String, &'static str)> {
    let tables = systems().into_iter().flat_map(|system| system.tables);
    tables.map(|table| (schema.to_owned(), table.name)).collect()
}

/// The views of all systems, then their working tables, each once.
fn all_own(schema: &str) -> Vec<(String, &'static str)> {
    let mut seen = BTreeSet::new();
    let all = systems().into_iter().flat_map(System::all_own);
    let (views, tables): (Vec<Own>, Vec<Own>) = all.partition(Own::is_view);
    let each = views.iter().chain(&tables).filter(|own| seen.insert((own.is_view(), own.name)));
    each.map(|own| (own.schema(schema), own.name)).collect()
}

/// Checks that the current role has the rights of the owner of each table and view; `call` is for that owner.
fn check_owned(db: Db, schema: &str, call: &str) -> Result<()> {
    let sql = "SELECT pg_get_userbyid(c.relowner)::text AS owner FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1) \
         AND NOT pg_has_role(c.relowner, 'USAGE')";
    for Existing { relation, kind, .. } in existing(tables(schema).into_iter().chain(all_own(schema))) {
        let owner = |row: &Row| row.get::<String>("owner").map(quoted);
        if let Some(owner) = db.first(sql, &[arg(relation.as_str())], Sees::Now, owner)? {
            let kind = kind.to_lowercase();
            return Err(insufficient_privilege(format!("{kind} {relation} belongs to role {owner}"))
                .hint(format!("SET ROLE {owner}; {call}")));
        }
    }
    Ok(())
}

/// The names of a relation and of its partitions in the same schema.
fn parts(db: Db, of: &Existing) -> Result<Vec<String>> {
    let sql = "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND (c.relname = $2::name \
         OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($3)))) ORDER BY c.relname <> $2::name, 1";
    let args = [arg(of.schema.as_str()), arg(of.name), arg(of.relation.as_str())];
    db.all(sql, &args, Sees::Now, |row| row.only())
}

/// Drops a working schema of the current role in which nothing is left.
fn drop_empty(db: Db, schema: &str) -> Result<Option<Action>> {
    let sql = "SELECT true FROM pg_catalog.pg_namespace n WHERE n.nspname = $1::name AND pg_has_role(n.nspowner, 'USAGE') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid)";
    if db.first(sql, &[arg(schema)], Sees::Now, |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    let schema = quoted(schema);
    // Citus carries the statement to workers, whose schema still has marks, rounds and the run log of their own.
    let cascade = if citus::kept_schema(db, &schema)? { " CASCADE" } else { "" };
    db.execute(&format!("DROP SCHEMA {schema}{cascade}"), &[])?;
    Ok(Some(did(schema, "dropped")))
}

fn did(relation: String, what: &str) -> Action {
    Action { relation, action: Outcome::Did(what.to_owned()) }
}
