//! What this session has read from the catalogs, for as long as they do not change: every call would
//! otherwise check the same tables and columns again, which costs more than a new bar does.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::prelude::*;

use crate::pg::error::Result;

/// Facts by name, and the generation that they are of.
type Facts = (u64, HashMap<String, Rc<dyn Any>>);

thread_local! {
    /// Counts what PostgreSQL said about changes of relations, schemas and roles.
    static GENERATION: Cell<u64> = const { Cell::new(0) };
    static KNOWN: RefCell<Facts> = RefCell::default();
}

/// Most facts kept.
const MOST: usize = 100;

/// Asks PostgreSQL to be told of changes; called once when the library is loaded.
pub fn watch() {
    let none = pg_sys::Datum::null();
    let caches = [
        pg_sys::SysCacheIdentifier::NAMESPACEOID,
        pg_sys::SysCacheIdentifier::AUTHOID,
        pg_sys::SysCacheIdentifier::AUTHMEMMEMROLE,
    ];
    // SAFETY: called from _PG_init; the functions have the types that PostgreSQL calls them with and
    // live as long as the library, which is never unloaded.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), none);
        for cache in caches {
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(catalog_changed), none);
        }
    }
}

unsafe extern "C-unwind" fn relation_changed(_: pg_sys::Datum, _: pg_sys::Oid) {
    changed();
}

unsafe extern "C-unwind" fn catalog_changed(_: pg_sys::Datum, _: i32, _: u32) {
    changed();
}

fn changed() {
    GENERATION.set(GENERATION.get().wrapping_add(1));
}

/// Stands for all that facts depend on: while it is equal, so are they. For those who are called too often
/// to look a fact up by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u64, pg_sys::Oid);

/// The state now.
pub fn state() -> State {
    // SAFETY: in a transaction; takes note of what was announced, and reads the current role.
    let role = unsafe {
        pg_sys::AcceptInvalidationMessages();
        pg_sys::GetUserId()
    };
    State(GENERATION.get(), role)
}

/// The fact of this name, found out unless it is known since the last change. Facts may depend on the
/// catalogs and the current role alone.
pub fn known<T: 'static>(name: &str, find: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
    // SAFETY: reads the current role.
    let name = format!("{} {name}", unsafe { pg_sys::GetUserId() }.to_u32());
    // What was announced before a lock was given counts from now on.
    // SAFETY: in a transaction.
    unsafe { pg_sys::AcceptInvalidationMessages() };
    let generation = GENERATION.get();
    let found = KNOWN.with_borrow(|(of, facts)| facts.get(&name).filter(|_| *of == generation).cloned());
    if let Some(fact) = found.and_then(|fact| fact.downcast::<T>().ok()) {
        return Ok(fact);
    }
    let fact = Rc::new(find()?);
    // Not kept if something changed meanwhile: it may have been seen as it was before.
    if GENERATION.get() == generation {
        KNOWN.with_borrow_mut(|(of, facts)| {
            if *of != generation || facts.len() >= MOST {
                facts.clear();
            }
            *of = generation;
            facts.insert(name, Rc::clone(&fact) as Rc<dyn Any>);
        });
    }
    Ok(fact)
}
