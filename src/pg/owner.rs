//! Whose a schema or table is, and whether the current user may run what its owner attaches to it.
//!
//! A statement that writes to a table runs the triggers, defaults and checks of the table with the rights of the current
//! user. A table is therefore written to only if its owner gains nothing thereby: the owner is the current user, has all
//! rights of the current user, or is a superuser. The owner of the database counts too, unless the current user is a
//! superuser. It is not enough that the current user is a member of the owner: up to PostgreSQL 15 every role may make
//! any other role its member.

use std::ffi::CStr;
use std::rc::Rc;

use pgrx::pg_sys;

use crate::pg::arg::arg;
use crate::pg::cache::{known, state};
use crate::pg::catalog::qualified;
use crate::pg::environment::quoted;
use crate::pg::error::{Error, Result, insufficient_privilege};
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};
use crate::pg::syscache::{relation_oid, schema_oid};

/// Something that belongs to a role by which the current user must not be led.
struct Foreign {
    /// The thing and the role, as the message has it.
    what: String,
    /// What the role could do.
    why: &'static str,
    owner: pg_sys::Oid,
    /// Whether all of it can be taken over, or left to its owner.
    is_whole: bool,
    /// A statement that removes the cause.
    remedy: String,
}

impl Foreign {
    fn error(self) -> Error {
        let Self { what, why, owner, is_whole, remedy } = self;
        let (user, owner) = (current_user(), name_of(owner));
        // Not SET ROLE, which code of that role can undo.
        let instead = match is_whole {
            true => format!(" Connect as role {owner} to work with its tables, or take them over."),
            false => String::new(),
        };
        insufficient_privilege(format!("{what} belongs to role {owner}"))
            .detail(format!("{why} would run with the rights of role {user}.{instead}"))
            .hint(remedy)
    }
}

const TRIGGERS: &str = "Triggers and defaults that this role attaches to tables";

/// Locks tables, given as schema and name, until the transaction ends, so that nobody else attaches a trigger or gives a
/// table away, and then checks the tables as [`check_tables`] does. To be called before a statement writes to the tables:
/// a check before the lock says nothing about what is committed while the statement waits.
///
/// # Errors
/// As [`check_tables`], and where a lock cannot be had.
pub fn hold_for_writing(db: Db, tables: &[(String, &str)]) -> Result<()> {
    hold(|| known_tables(db, tables)).map(|_| ())
}

/// [`hold_for_writing`] of the tables that `check` gives, which does what [`check_tables`] does and what is known until the
/// catalogs change ([`known`]). Gives all tables that are locked.
///
/// # Errors
/// Those of `check`, and where a lock cannot be had.
pub fn hold(check: impl Fn() -> Result<Rc<Vec<pg_sys::Oid>>>) -> Result<Rc<Vec<pg_sys::Oid>>> {
    let mut held: Rc<Vec<pg_sys::Oid>> = Rc::default();
    loop {
        let before = state();
        // A table of another role is refused before the wait for a lock that this role may hold.
        let found = check()?;
        if found.iter().all(|oid| held.contains(oid)) {
            return Ok(found);
        }
        found.iter().for_each(|oid| lock_for_writing(*oid));
        if state() == before {
            return Ok(found);
        }
        held = found;
    }
}

/// [`check_tables`], unless nothing has changed since the last time.
///
/// # Errors
/// As [`check_tables`].
pub fn check_known(db: Db, tables: &[(String, &str)]) -> Result<()> {
    known_tables(db, tables).map(|_| ())
}

fn known_tables(db: Db, tables: &[(String, &str)]) -> Result<Rc<Vec<pg_sys::Oid>>> {
    // No name contains a NUL byte.
    let mut key = String::with_capacity(64 * tables.len());
    tables.iter().for_each(|(schema, name)| key.extend([schema, "\0", name, "\0"]));
    known("owners", &key, || check_tables(db, tables))
}

/// Checks that writing to these tables, given as schema and name, runs no code of a role that has not the rights of the
/// current user; missing tables are skipped. Functions and types that the tables use count as the tables do. Gives every
/// table that is written to with these tables: partitions, and tables whose foreign keys follow the rows.
///
/// # Errors
/// Where a schema, a table, a partition, a function or a type belongs to another role.
pub fn check_tables(db: Db, tables: &[(String, &str)]) -> Result<Vec<pg_sys::Oid>> {
    // A trigger fires as soon as it is committed, also in a transaction whose own snapshot is older.
    db.with_latest_snapshot(|| {
        let oids = owned(db, tables)?;
        check_used(db, oids.clone())?;
        referring(db, oids)
    })
}

/// [`check_tables`] without the functions and types.
///
/// # Errors
/// Where a schema, a table or a partition belongs to another role.
pub fn check_owned(db: Db, tables: &[(String, &str)]) -> Result<()> {
    db.with_latest_snapshot(|| owned(db, tables).map(|_| ()))
}

/// Checks these tables and their partitions, and gives the oids.
fn owned(db: Db, tables: &[(String, &str)]) -> Result<Vec<pg_sys::Oid>> {
    let mut oids = Vec::new();
    let mut seen: Option<&str> = None;
    for (schema, name) in tables {
        if seen != Some(schema) {
            check_schema_owner(schema)?;
            seen = Some(schema);
        }
        if let Some(oid) = relation_oid(schema, name) {
            check_owner(oid, || qualified(schema, name))?;
            oids.push(oid);
        }
    }
    with_children(db, oids)
}

/// Checks that a schema belongs to a role that could replace its tables to no gain; a missing schema passes.
///
/// # Errors
/// Where the schema belongs to another role.
pub fn check_schema_owner(schema: &str) -> Result<()> {
    let Some(owner) = schema_oid(schema).and_then(owner_of_schema) else { return Ok(()) };
    // The owner of the database has the schema public, also where the current user is a superuser.
    if is_trusted(owner) || is_database_owner(owner) {
        return Ok(());
    }
    let schema = quoted(schema);
    let remedy = format!("ALTER SCHEMA {schema} OWNER TO {};", current_user());
    Err(Foreign { what: format!("schema {schema}"), why: TRIGGERS, owner, is_whole: true, remedy }.error())
}

fn check_owner(oid: pg_sys::Oid, relation: impl Fn() -> String) -> Result<()> {
    let Some(owner) = owner_of_relation(oid).filter(|owner| !is_trusted(*owner)) else { return Ok(()) };
    let relation = relation();
    let remedy = format!("ALTER TABLE {relation} OWNER TO {};", current_user());
    Err(Foreign { what: format!("table {relation}"), why: TRIGGERS, owner, is_whole: true, remedy }.error())
}

/// These tables, their partitions, and the relations beneath views that are written to as tables are; all are checked.
fn with_children(db: Db, tables: Vec<pg_sys::Oid>) -> Result<Vec<pg_sys::Oid>> {
    let sql = include_str!("../../sql/read/tables_with_children.sql");
    db.once().all(sql, &[arg(tables)], Sees::Snapshot, |row| {
        let (oid, relation) = (oid(row.get("oid")?), row.get::<String>("relation")?);
        check_owner(oid, || relation.clone()).map(|()| oid)
    })
}

/// SQL: a recursive query `referring` of the tables `$1` and of those whose foreign keys change rows with the rows of these
/// tables.
const REFERRING: &str = "referring AS (SELECT t.oid FROM pg_catalog.unnest($1) AS t (oid) \
     UNION SELECT k.conrelid FROM referring r JOIN pg_catalog.pg_constraint k ON k.confrelid = r.oid AND k.contype = 'f' \
     AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')))";

/// These tables, and those whose foreign keys change rows with the rows of these tables.
fn referring(db: Db, tables: Vec<pg_sys::Oid>) -> Result<Vec<pg_sys::Oid>> {
    let sql = format!("WITH RECURSIVE {REFERRING} SELECT oid::int8 AS oid FROM referring ORDER BY 1");
    db.once().all(&sql, &[arg(tables)], Sees::Snapshot, |row| row.get("oid").map(oid))
}

/// Checks what tables use in triggers, defaults, constraints, indexes and policies: functions, operators and types; the
/// domains of their columns; and the tables whose foreign keys change rows when rows of these tables change.
fn check_used(db: Db, tables: Vec<pg_sys::Oid>) -> Result<()> {
    let sql = format!("WITH RECURSIVE {REFERRING}, {USED}");
    db.once().rows(&sql, &[arg(tables)], Sees::Snapshot, |row| {
        let owner = oid(row.get("owner")?);
        if is_trusted(owner) {
            return Ok(());
        }
        let (what, remedy) = (row.get("what")?, row.get("remedy")?);
        Err(Foreign { what, why: "The code of this role", owner, is_whole: false, remedy }.error())
    })
}

/// SQL: what the tables `referring` use that is not PostgreSQL's own, with its owner and what removes it.
const USED: &str = include_str!("../../sql/read/used_by_tables.sql");

fn lock_for_writing(table: pg_sys::Oid) {
    // SAFETY: in a transaction, which releases the lock at its end; a table that is gone by now may be locked too.
    unsafe { pg_sys::LockRelationOid(table, pg_sys::RowExclusiveLock as i32) };
}

fn oid(number: i64) -> pg_sys::Oid {
    pg_sys::Oid::from(number as u32)
}

/// SQL: what [`is_trusted`] tells, of the table owner and the role whose oids and name these expressions give; `is_role` tells
/// whether `u` of `pg_roles` is the role.
pub fn trusted(owner: &str, role: &str, is_role: &str) -> String {
    format!(
        "(pg_has_role({owner}, {role}, 'USAGE') OR {} AND NOT (SELECT u.rolsuper FROM pg_catalog.pg_roles AS u WHERE {is_role}))",
        database_owner(owner)
    )
}

/// SQL: what [`check_schema_owner`] asks of the owner of a schema.
pub fn trusted_with_schema(owner: &str, role: &str) -> String {
    format!("(pg_has_role({owner}, {role}, 'USAGE') OR {})", database_owner(owner))
}

fn database_owner(owner: &str) -> String {
    format!(
        "{owner} IN ({PG_DATABASE_OWNER}::oid, (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))"
    )
}

/// Whether a role gains nothing if its code runs with the rights of the current user.
fn is_trusted(owner: pg_sys::Oid) -> bool {
    // SAFETY: looks up two roles and changes nothing.
    unsafe {
        let user = pg_sys::GetUserId();
        pg_sys::has_privs_of_role(owner, user) || !pg_sys::superuser_arg(user) && is_database_owner(owner)
    }
}

/// `pg_database_owner`, of which the owner of the database is the only member.
const PG_DATABASE_OWNER: u32 = 6171;

fn is_database_owner(role: pg_sys::Oid) -> bool {
    // SAFETY: the tuple is read before it is released; the cache is that of the tuple's type.
    let owner = unsafe {
        owner_in(pg_sys::SysCacheIdentifier::DATABASEOID, pg_sys::MyDatabaseId, |tuple| {
            (*tuple.cast::<pg_sys::FormData_pg_database>()).datdba
        })
    };
    role.to_u32() == PG_DATABASE_OWNER || owner == Some(role)
}

/// The owner of a table, quoted where SQL needs it; `None` if there is no such table.
pub fn of_table(schema: &str, name: &str) -> Option<String> {
    relation_oid(schema, name).and_then(owner_of_relation).map(name_of)
}

/// Whether the function of this oid belongs to a role by which the current user gains and loses nothing; the error names
/// the owner.
///
/// # Errors
/// Where the function belongs to another role.
pub fn check_function(function: pg_sys::Oid, sql: &str) -> Result<()> {
    // SAFETY: as below.
    let owner = unsafe {
        owner_in(pg_sys::SysCacheIdentifier::PROCOID, function, |tuple| {
            (*tuple.cast::<pg_sys::FormData_pg_proc>()).proowner
        })
    };
    let Some(owner) = owner.filter(|owner| !is_trusted(*owner)) else { return Ok(()) };
    let remedy = format!("DROP FUNCTION {sql} CASCADE;");
    Err(Foreign {
        what: format!("function {sql}"),
        why: "The code of this role",
        owner,
        is_whole: false,
        remedy,
    }
    .error())
}

fn owner_of_schema(schema: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: as above.
    unsafe {
        owner_in(pg_sys::SysCacheIdentifier::NAMESPACEOID, schema, |tuple| {
            (*tuple.cast::<pg_sys::FormData_pg_namespace>()).nspowner
        })
    }
}

fn owner_of_relation(relation: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: as above.
    unsafe {
        owner_in(pg_sys::SysCacheIdentifier::RELOID, relation, |tuple| {
            (*tuple.cast::<pg_sys::FormData_pg_class>()).relowner
        })
    }
}

/// The owner of an object of a system cache, which shows the present state to a transaction with an old snapshot too.
///
/// # Safety
/// `read` takes the tuples of this cache.
unsafe fn owner_in(
    cache: pg_sys::SysCacheIdentifier::Type,
    oid: pg_sys::Oid,
    read: unsafe fn(*mut std::os::raw::c_char) -> pg_sys::Oid,
) -> Option<pg_sys::Oid> {
    // SAFETY: the tuple is released after it was read.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(cache as i32, pg_sys::Datum::from(oid));
        if tuple.is_null() {
            return None;
        }
        let owner = read(pg_sys::GETSTRUCT(tuple));
        pg_sys::ReleaseSysCache(tuple);
        Some(owner)
    }
}

/// The name of a role, quoted where SQL needs it.
fn name_of(role: pg_sys::Oid) -> String {
    // SAFETY: the name is null or NUL-terminated, and copied at once.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        if name.is_null() {
            role.to_u32().to_string()
        } else {
            quoted(CStr::from_ptr(name).to_string_lossy().as_ref())
        }
    }
}
