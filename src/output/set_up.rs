//! Setting up the output tables and the working tables: whether they exist, and creating what is missing.

use std::rc::Rc;

use regime_core::hash::of_texts;

use crate::output::adopt::{adopt, adopt_own, check_no_duplicates, check_own};
use crate::output::mend::{self, Output};
use crate::output::own::Own;
use crate::output::shape::{self, Declared, Shape, set_up_again, shape_of};
use crate::output::system::System;
use crate::pg::{
    Action, Db, Error, Outcome, Result, Row, Sees, arg, block, check_may_create, check_schema,
    check_writable, citus, current_user, fill, idle_or, insufficient_privilege, known, lock_schema,
    not_in_prerequisite_state, owner, qualified, quote_literal, quoted, settings, syscache::relation_oid,
    work_schema, wrong_object_type,
};
use crate::source::map;
use crate::sync::table::Table;

/// What the catalogs say of the relations of a system.
struct Facts {
    flaw: Option<Flaw>,
    /// The numbers of the columns of output tables that are not at their place in CREATE TABLE.
    columns: String,
}

/// What keeps the relations of a system from being used as they are.
#[derive(Clone)]
pub enum Flaw {
    /// A relation, a column of an output table or a key is missing, which setting up adds.
    Missing,
    /// A column was altered, or is of another version: setting up refuses with this error too.
    Altered(Error),
}

/// Whether every table and view of a system exists, with all its columns as they should be, and its key.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn is_set_up(db: Db, schema: &str, system: &System) -> Result<bool> {
    Ok(flaw(db, schema, system)?.is_none())
}

/// What is wrong with the relations of a system, if anything is.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn flaw(db: Db, schema: &str, system: &System) -> Result<Option<Flaw>> {
    Ok(facts(db, schema, system)?.flaw.clone())
}

/// The fingerprint of sources together with that of the columns of the output tables: a column that was dropped and
/// added has lost the values of all rows, which are computed again as with other sources. The two are parted by a blank.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn with_columns(db: Db, schema: &str, system: &System, sources: &str) -> Result<String> {
    let columns = &facts(db, schema, system)?.columns;
    let gap = if columns.is_empty() { "" } else { " " };
    Ok(format!("{sources}{gap}{columns}"))
}

/// A fingerprint by [`with_columns`] together with that of the symbol that names the rows of a subject.
pub fn with_symbol(sources: &str, symbol: Option<&str>) -> String {
    format!("{sources} @{}", symbol.map(|symbol| of_texts([symbol]).to_string()).unwrap_or_default())
}

/// Why rows are computed again whose stored fingerprint by [`with_columns`] is not the one of now; `None` if it is.
pub fn other_sources(stored: &str, now: &str) -> Option<Other> {
    fn of_sources(print: &str) -> &str {
        print.split(' ').next().unwrap_or_default()
    }
    fn but_symbol(print: &str) -> &str {
        print.rsplit_once(" @").map_or(print, |(print, _)| print)
    }
    if stored == now {
        None
    } else if but_symbol(stored) == but_symbol(now) {
        Some(Other { what: "symbol", reason: "symbol changed" })
    } else if of_sources(stored) == of_sources(now) {
        Some(Other { what: "output columns", reason: "output columns changed" })
    } else {
        Some(Other { what: "sources", reason: "source map changed" })
    }
}

/// What differs where a fingerprint by [`with_columns`] is not the one of now.
pub struct Other {
    /// What has changed, after "the".
    pub what: &'static str,
    /// Why all rows are computed.
    pub reason: &'static str,
}

fn facts(db: Db, schema: &str, system: &System) -> Result<Rc<Facts>> {
    known("set up", &(system.name, schema.to_owned()), || find_facts(db, schema, system))
}

fn find_facts(db: Db, schema: &str, system: &System) -> Result<Facts> {
    let mut columns = Vec::new();
    let templates = system.templates();
    let (mut relations, mut wanted) = (Vec::new(), Vec::new());
    let (mut is_missing, mut altered) = (false, None);
    let mut want = |schema: String, name, want| match relation_oid(&schema, name) {
        Some(oid) => {
            relations.push(oid);
            wanted.push((qualified(&schema, name), want));
        }
        None => is_missing = true,
    };
    system.tables.iter().for_each(|table| want(schema.to_owned(), table.name, Want::Output(table)));
    for own in system.all_own() {
        want(own.schema(schema), own.name, Want::Own(own));
    }
    let shapes = Shape::of(db, &relations)?;
    let mut outputs = Vec::new();
    for ((shape, (relation, want)), oid) in shapes.iter().zip(&wanted).zip(&relations) {
        let (checked, key) = match want {
            Want::Output(table) => {
                is_missing |= table.columns().any(|name| shape.column(name).is_none());
                columns.extend(shape.moved(table));
                outputs.push(Output { oid: *oid, relation, table, shape });
                (Ok(()), shape::key(table))
            }
            Want::Own(own) => {
                let template = template(&templates, &own.placeholder());
                let declared = (!own.is_view()).then(|| Declared::parse(template));
                let key = declared.as_ref().map_or(Vec::new(), |declared| declared.key().to_vec());
                (check_own(db, schema, relation, own, declared.as_ref(), shape), key)
            }
        };
        altered = altered.or(checked.err());
        // Only tables have keys; a view of the same columns is read and written like a table.
        is_missing |= shape.is_table && !key.is_empty() && !shape.has_key(&key);
    }
    let altered = mend::check(db, schema, &outputs)?.or(altered);
    let missing = is_missing.then_some(Flaw::Missing);
    Ok(Facts { flaw: altered.map(Flaw::Altered).or(missing), columns: columns.join(",") })
}

/// What a relation has to be.
enum Want<'a> {
    Output(&'a Table),
    Own(Own),
}

/// The statements that create a relation, as the templates name it.
fn template<'a>(templates: &'a [String], placeholder: &str) -> &'a str {
    let blocks = templates.iter().map(|template| block(template, placeholder));
    blocks.into_iter().find(|block| !block.is_empty()).unwrap_or_default()
}

/// Keeps every table that a refresh of a system uses from being altered until the transaction ends, and checks that no
/// other session has altered one before, and that the tables may be written to unless the call only reads.
///
/// # Errors
/// Where a lock cannot be had, and where a table is not as it should be.
pub fn hold(db: Db, schema: &str, system: &System, dry_run: bool) -> Result<()> {
    system.hold(db, schema, dry_run)?;
    match flaw(db, schema, system)? {
        None => Ok(()),
        Some(Flaw::Altered(error)) => Err(error),
        Some(Flaw::Missing) => Err(not_in_prerequisite_state(format!(
            "tables of {} in schema {} are not complete",
            system.name,
            quoted(schema)
        ))
        .detail("A table, a column or a key was dropped while the refresh ran.")
        .hint(set_up_again(db, schema)?)),
    }
}

/// Creates the relations of systems that are missing, and checks and completes the existing ones: all of it only if something
/// has changed since all was as it should be.
///
/// # Errors
/// Where an existing relation cannot serve, or the current role lacks a privilege to create what is missing.
pub fn set_up(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    // The map and the setting decide what tables refer to.
    let names: Vec<&str> = systems.iter().map(|system| system.name).collect();
    let key = (schema.to_owned(), names, map::versions(db)?, settings::candle_key());
    let is_idle = |actions: &Vec<Action>| actions.iter().all(|action| action.action == Outcome::Unchanged);
    Ok(idle_or("nothing to set up", &key, || complete(db, schema, systems), is_idle)?.as_ref().clone())
}

/// [`set_up`], whatever is known.
fn complete(db: Db, schema: &str, systems: &[&System]) -> Result<Vec<Action>> {
    check_schema(db, schema)?;
    lock_schema(db, schema)?;
    owner::check_schema_owner(&work_schema(schema))?;
    systems.iter().try_for_each(|system| owner::hold_for_writing(db, &system.everything(schema)))?;
    check_outputs(db, schema, systems)?;
    let mut actions = vec![create_work_schema(db, schema)?];
    for system in systems {
        let setup = Setup { db, system, target: schema, templates: system.templates() };
        for (i, table) in system.tables.iter().enumerate() {
            let relation = qualified(schema, table.name);
            let mut action = match kind(db, schema, table.name)?.as_deref() {
                None => {
                    setup.create(schema, &format!("{{schema}}.{}", table.name))?;
                    Outcome::Created
                }
                Some("r" | "p") => adopt(db, schema, table)?,
                Some(_) => return Err(wrong_kind(schema, table.name, "table")),
            };
            let finish = system.finish.filter(|_| i == 0);
            if let Some(further) = finish.map_or(Ok(None), |finish| finish(db, &relation))? {
                action = Outcome::Did(match action {
                    Outcome::Unchanged => further,
                    before => format!("{before}; {further}"),
                });
            }
            actions.push(Action { relation, action });
        }
        for own in system.all_own() {
            let action = setup.own(&own)?;
            // The run log belongs to every system.
            if !actions.iter().any(|before| before.relation == action.relation) {
                actions.push(action);
            }
        }
    }
    Ok(actions)
}

/// Checks the output tables of systems that exist, so that one HINT mends all of them.
fn check_outputs(db: Db, schema: &str, systems: &[&System]) -> Result<()> {
    let tables = systems.iter().flat_map(|system| system.tables.iter());
    let found = tables.filter_map(|table| relation_oid(schema, table.name).map(|oid| (*table, oid)));
    let (tables, oids): (Vec<&Table>, Vec<_>) = found.unzip();
    let relations: Vec<String> = tables.iter().map(|table| qualified(schema, table.name)).collect();
    let shapes = Shape::of(db, &oids)?;
    let outputs: Vec<Output> = (tables.iter().zip(&oids).zip(&relations).zip(&shapes))
        .filter(|(_, shape)| shape.is_table)
        .map(|(((table, oid), relation), shape)| Output { oid: *oid, relation, table, shape })
        .collect();
    mend::check(db, schema, &outputs)?.map_or(Ok(()), Err)
}

/// The setting up of one system.
struct Setup<'a, 'c> {
    db: Db<'c>,
    system: &'a System,
    /// The target schema.
    target: &'a str,
    templates: Vec<String>,
}

impl Setup<'_, '_> {
    fn own(&self, own: &Own) -> Result<Action> {
        let schema = own.schema(self.target);
        let relation = qualified(&schema, own.name);
        let create = || self.create(&schema, &own.placeholder());
        let action = match (kind(self.db, &schema, own.name)?.as_deref(), own.is_view()) {
            (None, _) => create().map(|()| Outcome::Created)?,
            (Some("v"), true) => {
                check_own(
                    self.db,
                    self.target,
                    &relation,
                    own,
                    None,
                    &shape_of(self.db, &schema, own.name)?,
                )?;
                match self.reads_others(own)? {
                    false => Outcome::Unchanged,
                    true => create().map(|()| Outcome::Replaced)?,
                }
            }
            (Some("r" | "p"), false) => {
                let declared = Declared::parse(template(&self.templates, &own.placeholder()));
                adopt_own(self.db, self.target, &relation, own, &declared)?
            }
            _ => return Err(wrong_kind(&schema, own.name, own.noun())),
        };
        Ok(Action { relation, action })
    }

    /// Whether a view reads other tables than the working tables: tables that were renamed and created anew since.
    fn reads_others(&self, view: &Own) -> Result<bool> {
        let sql = include_str!("../../sql/read/other_tables_of_view.sql");
        let own = self.system.all_own().into_iter().filter(|own| !own.is_view());
        let tables: Vec<&str> = own.map(|own| own.name).collect();
        let args = [arg(self.target), arg(view.name), arg(work_schema(self.target)), arg(tables)];
        Ok(self.db.first(sql, &args, Sees::Now, |_| Ok(()))?.is_some())
    }

    /// Runs the statements that create and describe a relation of a schema, which is given as the templates name it.
    fn create(&self, schema: &str, placeholder: &str) -> Result<()> {
        check_may_create(self.db, schema)?;
        let (target, work) = (quoted(self.target), quoted(work_schema(self.target)));
        let statements = template(&self.templates, placeholder);
        let statements = fill(statements, &[("schema", &target), ("work", &work)]);
        citus::on_this_node(|| self.db.execute(&statements, &[])).map(|_| ())
    }
}

/// Creates the relations that a refresh misses; a dry run, which needs none, only checks the schema.
///
/// # Errors
/// As [`set_up`].
pub fn prepare(db: Db, schema: &str, system: &System, dry_run: bool) -> Result<()> {
    // Before a table is looked at more closely: whose it is.
    if !dry_run {
        system.check_owners(db, schema)?;
    }
    match flaw(db, schema, system)? {
        None => return Ok(()),
        Some(Flaw::Altered(error)) => return Err(error),
        Some(Flaw::Missing) => {}
    }
    check_schema(db, schema)?;
    check_none_gone(db, schema, system)?;
    if !dry_run {
        set_up(db, schema, &[system])?;
    }
    Ok(())
}

/// Refuses an output table that is gone while the state of its rows is kept: a second table would take the place of one that
/// was renamed or moved.
fn check_none_gone(db: Db, schema: &str, system: &System) -> Result<()> {
    let gone = system.tables.iter().find(|table| relation_oid(schema, table.name).is_none());
    let (Some(gone), Some(state)) = (gone, system.state.first()) else { return Ok(()) };
    let place = state.schema(schema);
    let relation = qualified(&place, state.name);
    let any = format!("SELECT true FROM {relation} LIMIT 1");
    if relation_oid(&place, state.name).is_none() || db.first(&any, &[], Sees::Now, |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let gone = qualified(schema, gone.name);
    Err(not_in_prerequisite_state(format!("table {gone} is gone, and {relation} keeps the state of its rows"))
        .detail("A table that was renamed or moved to another schema is not followed. The statement of the hint makes a new table.")
        .hint(set_up_again(db, schema)?))
}

/// Creates the working schema unless it exists.
///
/// # Errors
/// Where the current role may not create schemas.
pub fn create_work_schema(db: Db, schema: &str) -> Result<Action> {
    let relation = quoted(work_schema(schema));
    if has_work_schema(db, schema)? {
        return Ok(Action { relation, action: Outcome::Unchanged });
    }
    let statements = format!("CREATE SCHEMA {relation}; {}", comment_of_work(schema));
    citus::on_this_node(|| db.execute(&statements, &[]))?;
    Ok(Action { relation, action: Outcome::Created })
}

/// The statement that says what a working schema is for.
fn comment_of_work(target: &str) -> String {
    let comment = quote_literal(format!(
        "Working tables of pg_regime for the output tables in schema {target}: states, marks, rounds, the run log"
    ));
    format!("COMMENT ON SCHEMA {} IS {comment}", quoted(work_schema(target)))
}

/// Makes the working schema of one target schema that of another, with its privileges; `false` where that one has a working
/// schema already, or this one none.
///
/// # Errors
/// Where the schema belongs to another role, or the current role may not create schemas.
pub fn rename_work_schema(db: Db, from: &str, to: &str) -> Result<bool> {
    let [from, there] = [from, to].map(|target| quoted(work_schema(target)));
    let sql = "SELECT pg_catalog.to_regnamespace($1) IS NOT NULL AND pg_catalog.to_regnamespace($2) IS NULL";
    if !db.one(sql, &[arg(from.as_str()), arg(there.as_str())], Sees::Now, |row| row.only())? {
        return Ok(false);
    }
    let statements = format!("ALTER SCHEMA {from} RENAME TO {there}; {}", comment_of_work(to));
    db.execute(&statements, &[])?;
    Ok(true)
}

/// Whether the working schema exists.
///
/// # Errors
/// Where the schema does not exist and the current role may not create schemas.
fn has_work_schema(db: Db, schema: &str) -> Result<bool> {
    let work = work_schema(schema);
    let relation = quoted(&work);
    let sql = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database()::text, 'CREATE') AS may_create, \
         EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1::name) AS exists";
    let read = |row: &Row| Ok((row.get::<bool>("exists")?, row.get::<bool>("may_create")?));
    match db.one(sql, &[arg(work)], Sees::Now, read)? {
        (true, _) => Ok(true),
        (false, true) => Ok(false),
        (false, false) => {
            Err(insufficient_privilege(format!("permission denied to create schema {relation}"))
                .detail(
                    "The schema holds the working tables of refreshes: states, marks, rounds, the run log.",
                )
                .hint(format!("CREATE SCHEMA {relation} AUTHORIZATION {};", current_user())))
        }
    }
}

/// Checks that [`set_up`] would not refuse to create what is missing of a system, as far as a reader can tell.
///
/// # Errors
/// As [`set_up`].
pub fn check_may_set_up(db: Db, schema: &str, system: &System) -> Result<()> {
    check_writable("regime_setup()")?;
    check_schema(db, schema)?;
    let work = work_schema(schema);
    owner::check_schema_owner(&work)?;
    owner::check_tables(db, &system.everything(schema))?;
    if let Some(Flaw::Altered(error)) = flaw(db, schema, system)? {
        return Err(error);
    }
    for table in system.tables {
        let (key, found) = (shape::key(table), shape_of(db, schema, table.name)?);
        if found.is_table && !found.has_key(&key) && key.iter().all(|name| found.column(name).is_some()) {
            check_no_duplicates(db, &qualified(schema, table.name), &key)?;
        }
    }
    let has_work = has_work_schema(db, schema)?;
    let tables = system.tables.iter().map(|table| (schema.to_owned(), table.name, "table", false));
    let own =
        system.all_own().into_iter().map(|own| (own.schema(schema), own.name, own.noun(), own.is_view()));
    for (schema, name, noun, is_view) in tables.chain(own) {
        match (kind(db, &schema, name)?.as_deref(), is_view) {
            (None, _) if schema != work || has_work => check_may_create(db, &schema)?,
            (None, _) | (Some("v"), true) | (Some("r" | "p"), false) => {}
            _ => return Err(wrong_kind(&schema, name, noun)),
        }
    }
    Ok(())
}

/// The kind of a relation, as `pg_class` has it.
fn kind(db: Db, schema: &str, name: &str) -> Result<Option<String>> {
    let sql = "SELECT c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1::name AND c.relname = $2::name";
    db.first(sql, &[arg(schema), arg(name)], Sees::Now, |row| row.get("relkind"))
}

fn wrong_kind(schema: &str, name: &str, wanted: &str) -> Error {
    let relation = qualified(schema, name);
    wrong_object_type(format!("{relation} is not a {wanted}"))
        .detail("A table or view of pg_regime is to have this name; in another pg_regime.target_schema, the name is free.")
        .hint(format!("ALTER TABLE {relation} RENAME TO {name}_before;"))
}
