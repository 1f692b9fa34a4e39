//! Lookups in the system caches: relations by name and privileges on them, without a statement.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use crate::pg::citus;
use crate::pg::error::{Result, internal};

/// Kinds of relations that rows can be read from, as `pg_class.relkind` has them: tables, partitioned tables, views,
/// materialized views, foreign tables.
const WITH_ROWS: &[u8] = b"rpvmf";

/// Whether the current user may delete from a table.
pub fn may_delete(schema: &str, name: &str) -> bool {
    relation_oid(schema, name).is_some_and(|relation| has_privilege(relation, pg_sys::ACL_DELETE))
}

/// Whether the current user may insert, update and delete rows of a table.
pub fn may_write(schema: &str, name: &str) -> bool {
    let all = [pg_sys::ACL_INSERT, pg_sys::ACL_UPDATE, pg_sys::ACL_DELETE];
    relation_oid(schema, name).is_some_and(|relation| all.into_iter().all(|one| has_privilege(relation, one)))
}

fn has_privilege(relation: pg_sys::Oid, privilege: u32) -> bool {
    // SAFETY: looks up privileges and changes nothing.
    let found =
        unsafe { pg_sys::pg_class_aclcheck(relation, pg_sys::GetUserId(), privilege as pg_sys::AclMode) };
    found == pg_sys::AclResult::ACLCHECK_OK
}

/// The table of this name in this schema, and whether the current user may read it; `None` if there is none. Reads the
/// system caches, which is cheap enough for each row of a query.
pub fn readable(schema: &str, name: &str) -> Option<bool> {
    let relation = relation_oid(schema, name)?;
    Some(has_privilege(relation, pg_sys::ACL_SELECT) && may_use(schema))
}

/// The schema of this name; `None` if there is none.
pub fn schema_oid(schema: &str) -> Option<pg_sys::Oid> {
    let name = CString::new(schema).ok()?;
    // SAFETY: the string is NUL-terminated; the function looks up a name and changes nothing.
    let oid = unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether the current user may use what is in a schema, if there is one of this name.
pub fn may_use(schema: &str) -> bool {
    let Ok(name) = CString::new(schema) else { return false };
    // SAFETY: the string is NUL-terminated; the functions look up a name and privileges and change nothing.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(name.as_ptr(), true);
        let args = [namespace.into_datum(), "USAGE".into_datum()];
        pgrx::direct_function_call(pg_sys::has_schema_privilege_id, &args) == Some(true)
    }
}

/// The relation of this name in this schema that rows can be read from; `None` if there is none.
pub fn source_oid(schema: &str, name: &str) -> Option<pg_sys::Oid> {
    relation_oid(schema, name).filter(|oid| WITH_ROWS.contains(&kind(*oid)))
}

/// Whether a relation is a table, partitioned or not.
pub fn is_table(oid: pg_sys::Oid) -> bool {
    matches!(kind(oid), b'r' | b'p')
}

/// The kind of a relation, as `pg_class.relkind` has it; 0 where there is no such relation.
fn kind(oid: pg_sys::Oid) -> u8 {
    // SAFETY: looks up a system cache.
    unsafe { pg_sys::get_rel_relkind(oid) as u8 }
}

/// What DROP and ALTER call a relation: TABLE, VIEW, INDEX and so on.
pub fn kind_in_words(oid: pg_sys::Oid) -> &'static str {
    match kind(oid) {
        b'v' => "VIEW",
        b'm' => "MATERIALIZED VIEW",
        b'f' => "FOREIGN TABLE",
        b'i' | b'I' => "INDEX",
        b'S' => "SEQUENCE",
        b'c' => "TYPE",
        _ => "TABLE",
    }
}

/// Whether a relation has, or has had, triggers, rules, partitions or children.
pub fn may_change_writes(oid: pg_sys::Oid) -> bool {
    of_relation(oid, |row| row.relhastriggers || row.relhasrules || row.relhassubclass)
}

/// Whether a relation has, or has had, partitions or children, such as the chunks of a hypertable.
pub fn has_children(oid: pg_sys::Oid) -> bool {
    of_relation(oid, |row| row.relhassubclass)
}

/// What the row of `pg_class` says of a relation; false where there is no such relation.
fn of_relation(oid: pg_sys::Oid, says: impl FnOnce(&pg_sys::FormData_pg_class) -> bool) -> bool {
    // SAFETY: the entry of the relation cache is valid until it is closed, and null where there is no such relation.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(oid);
        if relation.is_null() {
            return false;
        }
        let says = says(&*(*relation).rd_rel);
        pg_sys::RelationClose(relation);
        says
    }
}

/// Whether a relation is a partitioned table.
pub fn is_partitioned(oid: pg_sys::Oid) -> bool {
    kind(oid) == b'p'
}

/// Whether a type is PostgreSQL's own, or a domain over such a type.
pub fn is_own(oid: pg_sys::Oid) -> bool {
    base_type(oid).to_u32() < pg_sys::FirstNormalObjectId
}

/// The type under a domain; any other type itself.
pub fn base_type(oid: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: looks up a system cache.
    unsafe { pg_sys::getBaseType(oid) }
}

/// Whether a type is an enum, or a domain over one.
pub fn is_enum(oid: pg_sys::Oid) -> bool {
    // SAFETY: looks up a system cache.
    unsafe { pg_sys::type_is_enum(base_type(oid)) }
}

/// The relation of this name, given as SQL.
///
/// # Errors
/// Where there is none, or the current role may not use its schema.
pub fn oid_of(relation: &str) -> Result<pg_sys::Oid> {
    let name =
        CString::new(relation).map_err(|_| internal(format!("invalid name of a relation: {relation}")))?;
    // SAFETY: the string is NUL-terminated; the function looks up a name and changes nothing.
    let oid = unsafe { pgrx::direct_function_call(pg_sys::regclassin, &[name.as_c_str().into_datum()]) };
    oid.ok_or_else(|| internal(format!("relation {relation} has no oid")))
}

/// The relation of this name in this schema, whatever its kind; `None` if there is none.
pub fn relation_oid(schema: &str, name: &str) -> Option<pg_sys::Oid> {
    let (schema, name) = (CString::new(schema).ok()?, CString::new(name).ok()?);
    // SAFETY: both strings are NUL-terminated; the functions look names up and change nothing.
    let oid = unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        pg_sys::get_relname_relid(name.as_ptr(), namespace)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether there is a function of this name without arguments in this schema.
pub fn has_function(schema: &str, name: &str) -> bool {
    let (Ok(schema), Ok(name)) = (CString::new(schema), CString::new(name)) else { return false };
    // SAFETY: both strings are NUL-terminated; the functions look names up and change nothing.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let no_arguments = pg_sys::buildoidvector(std::ptr::null(), 0);
        pg_sys::SearchSysCacheExists(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP as i32,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(no_arguments),
            pg_sys::Datum::from(namespace),
            pg_sys::Datum::null(),
        )
    }
}

/// Whether a table has no block, and therefore no row: seen without a statement. `false` where Citus may keep the rows in
/// another table.
pub fn is_blank(schema: &str, name: &str) -> bool {
    let Some(oid) = relation_oid(schema, name).filter(|_| !citus::is_loaded()) else { return false };
    let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
    // SAFETY: in a transaction; the relation is closed again, and is NULL where it is gone.
    unsafe {
        let relation = pg_sys::try_relation_open(oid, lock);
        if relation.is_null() {
            return false;
        }
        let blocks = pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::relation_close(relation, lock);
        blocks == 0
    }
}
