//! Lookups in the system caches: relations by name and privileges on them, at no cost per row.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;
/// Whether the current user may delete from a table.
pub fn may_delete(schema: &str, name: &str) -> bool {
    let Some(relation) = relation_oid(schema, name) else { return false };
    // SAFETY: looks up privileges and changes nothing.
    let allowed = unsafe {
        pg_sys::pg_class_aclcheck(relation, pg_sys::GetUserId(), pg_sys::ACL_DELETE as pg_sys::AclMode)
    };
    allowed == pg_sys::AclResult::ACLCHECK_OK
}

/// The table of this name in this schema, and whether the current user may read it; `None` if there
/// is none. From the system caches, so that it costs nothing per row of a query.
pub fn readable(schema: &str, name: &str) -> Option<bool> {
    let relation = relation_oid(schema, name)?;
    // SAFETY: looks up privileges and changes nothing.
    let allowed = unsafe {
        pg_sys::pg_class_aclcheck(relation, pg_sys::GetUserId(), pg_sys::ACL_SELECT as pg_sys::AclMode)
    };
    Some(allowed == pg_sys::AclResult::ACLCHECK_OK && may_use(schema))
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

pub fn relation_oid(schema: &str, name: &str) -> Option<pg_sys::Oid> {
    let (schema, name) = (CString::new(schema).ok()?, CString::new(name).ok()?);
    // SAFETY: both strings are NUL-terminated; the functions look names up and change nothing.
    let oid = unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        pg_sys::get_relname_relid(name.as_ptr(), namespace)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}
