//! What PostgreSQL does otherwise where Citus is loaded, which plans statements and carries DDL to other nodes.

use std::ffi::CStr;

use pgrx::prelude::*;

use crate::pg::environment::Scope;

const CARRIES_DDL: &CStr = c"citus.enable_ddl_propagation";

/// Whether Citus is loaded. The libraries that a server preloads stay the same for the life of a session.
pub fn is_loaded() -> bool {
    thread_local! {
        // SAFETY: looks a setting up by its name; a null pointer if there is none.
        static LOADED: bool = unsafe { !pg_sys::GetConfigOption(CARRIES_DDL.as_ptr(), true, false).is_null() };
    }
    LOADED.with(|loaded| *loaded)
}

/// Runs `work`, whose DDL concerns this node alone: on a worker, Citus refuses DDL that it would carry to other nodes.
pub fn on_this_node<R>(work: impl FnOnce() -> R) -> R {
    let _scope = is_loaded().then(|| Scope::new([(CARRIES_DDL, c"off")].into_iter()));
    work()
}
