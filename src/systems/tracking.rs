//! `regime_track`: creating and dropping the triggers on the source tables of all systems.

use pgrx::prelude::*;

use crate::output::series::marks::OF_SYSTEMS;
use crate::output::set_up;
use crate::output::shape::set_up_again;
use crate::pg::{
    Action, Db, Error, Outcome, Result, Row, Sees, arg, attempt, attempt_unless_cancelled, check_may_create,
    check_schema, current_user, extension_schema, idle_or, insufficient_privilege, lock,
    not_in_prerequisite_state, owner, quoted, settings, spi, work_relation, work_schema,
};
use crate::source::map;
use crate::systems::registered::Registered;
use crate::systems::registry::{self, ALL, systems};
use crate::track::function;
use crate::track::marks::Marks;
use crate::track::triggers::{self, TRACKED};
use crate::track::watched::Watched;

/// Creates triggers on every table that is mapped for the systems of these names, or for all, or drops them; gives what was done
/// with each table. Nothing is done if nothing has changed since every table was tracked.
///
/// # Errors
/// An unknown system, and where the current role may not create triggers on a table, or the tables of marks.
pub fn track(db: Db, schema: &str, enable: bool, systems: Option<&[Option<String>]>) -> Result<Vec<Action>> {
    let of = match systems {
        Some(names) => registry::chosen(names)?,
        None => ALL.to_vec(),
    };
    if !enable {
        return untrack(db, schema, &of);
    }
    let names: Vec<&str> = of.iter().map(|registered| registered.system.name).collect();
    let key = (schema.to_owned(), names, map::versions(db)?);
    let is_idle = |done: &Tracked| done.is_of_all && done.actions.iter().all(is_tracked);
    Ok(idle_or("tracked", &key, || put_all(db, schema, &of, true), is_idle)?.actions.clone())
}

/// Drops the triggers of these systems. Where the triggers leave the marks of another system too, that system gets triggers of its
/// own.
fn untrack(db: Db, schema: &str, of: &[&'static Registered]) -> Result<Vec<Action>> {
    let is_in = |of: &[&Marks], registered: &Registered| {
        registered.system.marks.is_some_and(|marks| of.iter().any(|one| one.few == marks.few))
    };
    let chosen: Vec<&Marks> = of.iter().filter_map(|registered| registered.system.marks).collect();
    let pair = OF_SYSTEMS.each_ref();
    let left: Vec<&Registered> =
        ALL.into_iter().filter(|other| is_in(&pair, other) && !is_in(&chosen, other)).collect();
    if left.len() != 1 || !triggers::are_shared(db, schema, pair[0])? {
        return Ok(put_all(db, schema, of, false)?.actions);
    }
    let actions = put_all(db, schema, &[of, &left].concat(), false)?.actions;
    if set_up::is_set_up(db, schema, left[0].system)? {
        put_all(db, schema, &left, true)?;
    }
    Ok(actions)
}

/// The relations with the triggers that they are to have: the same triggers for both systems of a pair where both are wanted,
/// or where there are such triggers already.
fn sharing(db: Db, schema: &str, wanted: Vec<Watched>) -> Result<Vec<Watched>> {
    let mut all: Vec<Watched> = Vec::new();
    for watched in &wanted {
        let Some(shared) = watched.shared() else {
            all.push(watched.clone());
            continue;
        };
        let definition = shared.definition(schema);
        if all.iter().any(|other| other.definition(schema) == definition) {
            continue;
        }
        let of_both =
            wanted.iter().filter_map(Watched::shared).filter(|other| other.definition(schema) == definition);
        let is_kept = of_both.count() == 2 || triggers::of_these(db, schema, &shared)?.is_some();
        all.push(if is_kept { shared } else { watched.clone() });
    }
    Ok(all)
}

/// What [`put_all`] did.
struct Tracked {
    actions: Vec<Action>,
    /// Whether every chosen system with marks has tables that are watched: without any, rows decide whether there will be some.
    is_of_all: bool,
}

fn put_all(db: Db, schema: &str, of: &[&'static Registered], enable: bool) -> Result<Tracked> {
    let (mut actions, mut wanted) = (Vec::new(), Vec::new());
    if enable {
        let watched: Vec<(&Registered, Vec<Watched>)> = of
            .iter()
            .map(|registered| Ok((*registered, (registered.watched)(db, schema)?)))
            .collect::<Result<_>>()?;
        let none = watched.iter().all(|(_, watched)| watched.is_empty());
        // Only systems with source tables need their tables of marks; without any, the default system.
        let mut needed = Vec::new();
        for (registered, watched) in &watched {
            let system = registered.system;
            let is_needed = !watched.is_empty() || (none && registered.is_default);
            if is_needed && !set_up::is_set_up(db, schema, system)? {
                needed.push(system);
            }
        }
        wanted.extend(watched.into_iter().flat_map(|(_, watched)| watched));
        check_schema(db, schema)?;
        let made = if needed.is_empty() { Vec::new() } else { set_up::set_up(db, schema, &needed)? };
        actions.extend(made.into_iter().filter(|action| action.action != Outcome::Unchanged));
    }
    lock::lock_schema(db, schema)?;
    let mut needed: Vec<&Marks> = wanted.iter().map(|watched| watched.marks).collect();
    needed.dedup_by_key(|marks| marks.few);
    for marks in &needed {
        owner::check_owned(db, &marks.used(schema)).map_err(|error| with_move(error, schema, marks))?;
    }
    // The triggers that the current user creates will run with the rights of this user.
    let used: Vec<_> = needed.iter().flat_map(|marks| marks.used(schema)).collect();
    owner::check_known(db, &used)?;
    for marks in &needed {
        lossy(db, schema, marks)?.map_or(Ok(()), Err)?;
    }
    let wanted = sharing(db, schema, wanted)?;
    let mut marking: Vec<(String, String)> = Vec::new();
    for watched in &wanted {
        let action = triggers::put(db, schema, watched, &mut marking)?;
        note(&mut actions, Action { relation: watched.relation.clone(), action });
    }
    powerless(db, schema, &wanted)?.map_or(Ok(()), Err)?;
    let all: Vec<&Marks> = of.iter().filter_map(|registered| registered.system.marks).collect();
    for action in triggers::remove(db, schema, &all, &marking)? {
        note(&mut actions, action);
    }
    triggers::drop_functions(db, schema, &all)?;
    let is_of_all = all
        .iter()
        .all(|marks| wanted.iter().any(|watched| watched.all_marks().any(|of| of.few == marks.few)));
    Ok(Tracked { actions, is_of_all })
}

/// Drops the triggers on a relation that no system reads any more, given as SQL; gives what was done.
///
/// # Errors
/// Where the current role does not own the relation.
pub fn forget(db: Db, relation: &str) -> Result<Option<Action>> {
    let schema = settings::target_schema();
    for registered in ALL {
        // Where it cannot be told what is read, the triggers stay.
        let Ok(watched) = attempt_unless_cancelled(|| (registered.watched)(db, &schema)) else {
            return Ok(None);
        };
        if watched.iter().any(|watched| watched.relation == relation) {
            return Ok(None);
        }
    }
    let mut is_dropped = false;
    let all: Vec<&Marks> = systems().into_iter().filter_map(|system| system.marks).collect();
    for marks in &all {
        is_dropped |= triggers::drop_triggers(db, relation, marks)?;
    }
    triggers::drop_functions(db, &schema, &all)?;
    let action = Outcome::Did("no longer tracked".to_owned());
    Ok(is_dropped.then(|| Action { relation: relation.to_owned(), action }))
}

/// Whether a relation was tracked before.
fn is_tracked(action: &Action) -> bool {
    action.action == Outcome::Did(TRACKED.to_owned())
}

/// Adds what was done with a relation. Of a relation that several systems read, one line is enough: the one that says more
/// than that the relation is tracked.
fn note(actions: &mut Vec<Action>, new: Action) {
    let is_covered = |action: &Action| action.action == new.action || is_tracked(&new);
    let mut known = actions.iter_mut().filter(|action| action.relation == new.relation);
    match known.find(|action| is_covered(action) || is_tracked(action)) {
        Some(action) if is_covered(action) => {}
        Some(action) => *action = new,
        None => actions.push(new),
    }
}

/// The error of working tables that could lose marks, with the statements that make these tables anew; `None` without such
/// a table.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn lossy(db: Db, schema: &str, marks: &Marks) -> Result<Option<Error>> {
    let tables = function::refusing(db, schema, marks)?.join(", ");
    if tables.is_empty() {
        return Ok(None);
    }
    let (own, set_up) = (extension_schema(db)?, set_up_again(db, schema)?);
    Ok(Some(
        not_in_prerequisite_state(format!("changes cannot be marked in {tables}"))
        .detail(format!(
            "A constraint, a trigger, a rule or row-level security could keep rows out of {tables}, or a crash empty an unlogged table."
        ))
        .hint(format!("DROP TABLE {tables} CASCADE; {set_up} SELECT * FROM {own}.regime_track();")),
    ))
}

/// The error of triggers on these relations whose function runs as a role that may not write marks, with the grants that the
/// role lacks; `None` where there is no such function.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn powerless(db: Db, schema: &str, all: &[Watched]) -> Result<Option<Error>> {
    let sql = include_str!("../../sql/read/powerless_owners.sql");
    for watched in all.iter().flat_map(|watched| [watched.shared(), Some(watched.clone())]).flatten() {
        let tables = watched.all_marks().flat_map(|marks| [marks.few, marks.many, marks.state]);
        let states = watched.all_marks().map(|marks| marks.state);
        let args = [
            arg(work_schema(schema)),
            arg(function::name(schema, &watched)),
            arg(tables.collect::<Vec<_>>()),
            arg(states.collect::<Vec<_>>()),
        ];
        let found = db.once().first(sql, &args, Sees::Now, |row| {
            let role: String = row.get("role")?;
            let mut grants = Vec::new();
            if !row.get::<bool>("may_use")? {
                grants.push(format!("GRANT USAGE ON SCHEMA {} TO {role};", row.get::<String>("work")?));
            }
            for (tables, privileges) in [("written", "SELECT, INSERT"), ("read", "SELECT")] {
                if let Some(tables) = row.get::<Option<String>>(tables)? {
                    grants.push(format!("GRANT {privileges} ON {tables} TO {role};"));
                }
            }
            Ok((role, grants.join(" ")))
        })?;
        let Some((role, grants)) = found.filter(|(_, grants)| !grants.is_empty()) else { continue };
        let error =
            insufficient_privilege(format!("role {role} may not mark changes of {}", watched.relation));
        let detail = format!(
            "The triggers on {} run as role {role}, which lacks privileges on the tables of marks.",
            watched.relation
        );
        return Ok(Some(error.detail(detail).hint(grants)));
    }
    Ok(None)
}

/// The error of marks that belong to another role, with the statements that make them the caller's and let that role
/// refresh as before.
fn with_move(error: Error, schema: &str, marks: &Marks) -> Error {
    let Some(owner) = owner::of_table(&work_schema(schema), marks.few) else { return error };
    let (work, user) = (quoted(work_schema(schema)), current_user());
    let [few, many, done] = marks.relations(schema);
    let state = work_relation(schema, marks.state);
    let tables = [few, many, done, state];
    let alter = tables.each_ref().map(|table| format!("ALTER TABLE {table} OWNER TO {user};"));
    error.hint(format!(
        "ALTER SCHEMA {work} OWNER TO {user}; {} GRANT USAGE, CREATE ON SCHEMA {work} TO {owner}; GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {owner};",
        alter.join(" "),
        tables.join(", "),
    ))
}

/// The error with a hint where the caller lacks a privilege: who is to call the function, or what the owner of the source tables
/// is to be granted.
pub fn explained(error: Error, schema: &str) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE {
        return error;
    }
    match attempt(|| spi::connect(|db| of_owner(db, schema))) {
        Ok(Some((relation, hint))) => error
            .detail(format!("The owner of the source tables, such as {relation}, calls regime_track."))
            .hint(hint),
        _ => {
            let may_create = || spi::connect(|db| check_may_create(db, &work_schema(schema)));
            let hint = attempt(may_create).err().and_then(|lack| lack.report().hint.clone());
            hint.into_iter().fold(error, Error::hint)
        }
    }
}

/// The first source table that the current role does not own, and the call for its owner.
fn of_owner(db: Db, schema: &str) -> Result<Option<(String, String)>> {
    let own = extension_schema(db)?;
    let sql = "SELECT pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'MEMBER') AS may_become \
         FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1) AND NOT pg_has_role(c.relowner, 'USAGE')";
    for registered in ALL {
        for watched in (registered.watched)(db, schema)? {
            let read = |row: &Row| Ok((quoted(row.get::<String>("owner")?), row.get::<bool>("may_become")?));
            let found = db.first(sql, &[arg(watched.relation.as_str())], Sees::Now, read)?;
            let Some((owner, may_become)) = found else { continue };
            let before = if may_become { format!("SET ROLE {owner};") } else { format!("As role {owner}:") };
            return Ok(Some((watched.relation, format!("{before} SELECT * FROM {own}.regime_track();"))));
        }
    }
    Ok(None)
}
