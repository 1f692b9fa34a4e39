//! What a statement's text means: the settings under which statements of pg_regime are analysed, whatever the session's.
//!
//! An operator, a function or a type is looked for along `search_path`, and an exact match in any of its schemas is
//! preferred to PostgreSQL's own inexact match: with the path of a caller, whoever may create in a schema of the path
//! could have code run as the caller. For the length of every call, the path therefore offers nothing but
//! `pg_catalog`, and the settings that change how a statement is read have their defaults. What belongs to users (the
//! functions behind triggers, views, policies) runs under the settings of the caller, as it does for a statement that the
//! caller types.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::prelude::*;

use crate::pg::receiver::is_ours;

/// A setting that changes what a statement means, or how a value is spelled in one.
struct Setting {
    name: &'static CStr,
    /// The value for statements of pg_regime.
    ours: &'static CStr,
    /// Whether the session has another value.
    differs: fn() -> bool,
}

/// All but `search_path`, which is always set.
// SAFETY of each: reads a global of this backend.
const SETTINGS: [Setting; 7] = [
    Setting {
        name: c"standard_conforming_strings",
        ours: c"on",
        differs: || unsafe { !pg_sys::standard_conforming_strings },
    },
    Setting {
        name: c"quote_all_identifiers",
        ours: c"off",
        differs: || unsafe { pg_sys::quote_all_identifiers },
    },
    Setting {
        name: c"transform_null_equals",
        ours: c"off",
        differs: || unsafe { pg_sys::Transform_null_equals },
    },
    Setting { name: c"array_nulls", ours: c"on", differs: || unsafe { !pg_sys::Array_nulls } },
    Setting {
        name: c"extra_float_digits",
        ours: c"1",
        differs: || unsafe { pg_sys::extra_float_digits < 1 },
    },
    Setting {
        name: c"DateStyle",
        ours: c"ISO, YMD",
        differs: || unsafe { pg_sys::DateStyle as u32 != pg_sys::USE_ISO_DATES },
    },
    Setting {
        name: c"IntervalStyle",
        ours: c"postgres",
        differs: || unsafe { pg_sys::IntervalStyle as u32 != pg_sys::INTSTYLE_POSTGRES },
    },
];

const SEARCH_PATH: &CStr = c"search_path";
const OURS: &CStr = c"pg_catalog, pg_temp";

/// The settings of a caller that a call has changed, by name.
type Callers = Vec<(&'static CStr, CString)>;

thread_local! {
    /// Of the calls that run in this session, the innermost last.
    static CALLS: RefCell<Vec<Callers>> = const { RefCell::new(Vec::new()) };
    /// Whether the innermost call has handed over to code of users.
    static IN_USERS_CODE: Cell<bool> = const { Cell::new(false) };
}

/// Settings that last until dropped. After an error, PostgreSQL puts settings back with the (sub)transaction that is
/// rolled back.
pub(super) struct Scope(i32);

impl Scope {
    pub(super) fn new<'a>(settings: impl Iterator<Item = (&'a CStr, &'a CStr)>) -> Self {
        // SAFETY: opens a level of settings and sets some; all strings are NUL-terminated.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in settings {
                pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                    pg_sys::GucAction::GUC_ACTION_SAVE,
                    true,
                    0,
                    false,
                );
            }
            Self(level)
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: closes the level that `new` has opened.
            unsafe { pg_sys::AtEOXact_GUC(true, self.0) };
        }
    }
}

/// Runs `work` at the end of which `undo` runs, also after a panic.
fn then<R>(work: impl FnOnce() -> R, undo: impl FnMut()) -> R {
    struct Undo<F: FnMut()>(F);
    impl<F: FnMut()> Drop for Undo<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let _undo = Undo(undo);
    work()
}

/// The value of a setting.
fn value(name: &CStr) -> CString {
    // SAFETY: the name is that of a setting; the value is copied at once.
    unsafe { CStr::from_ptr(pg_sys::GetConfigOption(name.as_ptr(), false, false)).to_owned() }
}

/// Runs `work`, whose statements are analysed under settings of pg_regime.
pub fn ours<R>(work: impl FnOnce() -> R) -> R {
    if !IN_USERS_CODE.get() && CALLS.with_borrow(|calls| !calls.is_empty()) {
        return work();
    }
    // SAFETY: a global of this backend, NUL-terminated.
    let path = unsafe { CStr::from_ptr(pg_sys::namespace_search_path) }.to_owned();
    let mut callers = vec![(SEARCH_PATH, path)];
    let differing = SETTINGS.iter().filter(|setting| (setting.differs)());
    let ours: Vec<_> = std::iter::once((SEARCH_PATH, OURS))
        .chain(differing.map(|setting| {
            callers.push((setting.name, value(setting.name)));
            (setting.name, setting.ours)
        }))
        .collect();
    let (was_in_users_code, calls) = (IN_USERS_CODE.replace(false), CALLS.with_borrow(Vec::len));
    CALLS.with_borrow_mut(|all| all.push(callers));
    let undo = || {
        CALLS.with_borrow_mut(|all| all.truncate(calls));
        IN_USERS_CODE.set(was_in_users_code);
    };
    then(
        || {
            let _scope = Scope::new(ours.into_iter());
            work()
        },
        undo,
    )
}

/// Runs `work`, which is code of users, under the settings of the caller.
pub fn callers<R>(work: impl FnOnce() -> R) -> R {
    let settings = CALLS.with_borrow(|calls| calls.last().cloned()).unwrap_or_default();
    let was_in_users_code = IN_USERS_CODE.replace(true);
    then(
        || {
            let _scope = Scope::new(settings.iter().map(|(name, value)| (*name, value.as_c_str())));
            work()
        },
        || IN_USERS_CODE.set(was_in_users_code),
    )
}

/// Sets the path anew for the rest of the call where code of users has set another: a plain `SET search_path` in a trigger
/// outlasts the trigger. The caller finds that path afterwards, as after a statement of the caller.
pub fn keep() {
    let is_ours = !IN_USERS_CODE.get() && CALLS.with_borrow(|calls| !calls.is_empty());
    // SAFETY: a global of this backend, NUL-terminated.
    if is_ours && unsafe { CStr::from_ptr(pg_sys::namespace_search_path) } != OURS {
        // Ends with the settings of the call or of the subtransaction, which lie around these.
        std::mem::forget(Scope::new(std::iter::once((SEARCH_PATH, OURS))));
    }
}

/// Runs the executor on a statement: under the settings of the caller if it is a statement of pg_regime that may run code
/// of users.
unsafe fn executing(query: *mut pg_sys::QueryDesc, work: impl FnOnce()) {
    let analysed_by_us = || !IN_USERS_CODE.get() && CALLS.with_borrow(|calls| !calls.is_empty());
    // SAFETY: PostgreSQL calls the hooks below with a valid query.
    if unsafe { is_ours((*query).dest) && analysed_by_us() && may_run_users_code((*query).plannedstmt) } {
        callers(work);
    } else {
        work();
    }
}

/// Whether a statement writes, which may fire triggers, or reads a view, or is subject to row-level security.
///
/// # Safety
/// The statement is valid.
unsafe fn may_run_users_code(statement: *const pg_sys::PlannedStmt) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        if (*statement).commandType != pg_sys::CmdType::CMD_SELECT || (*statement).dependsOnRole {
            return true;
        }
        let relations = pgrx::PgList::<pg_sys::RangeTblEntry>::from_pg((*statement).rtable);
        relations.iter_ptr().any(|entry| (*entry).relkind as u8 == pg_sys::RELKIND_VIEW)
    }
}

static mut NEXT_RUN: pg_sys::ExecutorRun_hook_type = None;
static mut NEXT_FINISH: pg_sys::ExecutorFinish_hook_type = None;

/// Has the executor hand code of users over to the settings of the caller. To be called once, when the library is
/// loaded.
pub fn watch() {
    // SAFETY: called from _PG_init; the hooks live as long as the library, which is never unloaded.
    unsafe {
        NEXT_RUN = pg_sys::ExecutorRun_hook;
        pg_sys::ExecutorRun_hook = Some(run);
        NEXT_FINISH = pg_sys::ExecutorFinish_hook;
        pg_sys::ExecutorFinish_hook = Some(finish);
    }
}

#[cfg(not(feature = "pg18"))]
#[pg_guard]
unsafe extern "C-unwind" fn run(
    query: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: pg_sys::uint64,
    once: bool,
) {
    // SAFETY: hands on what PostgreSQL has passed.
    unsafe {
        executing(query, || match NEXT_RUN {
            Some(next) => pg_guard_ffi_boundary(|| next(query, direction, count, once)),
            None => pg_sys::standard_ExecutorRun(query, direction, count, once),
        });
    }
}

#[cfg(feature = "pg18")]
#[pg_guard]
unsafe extern "C-unwind" fn run(
    query: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: pg_sys::uint64,
) {
    // SAFETY: hands on what PostgreSQL has passed.
    unsafe {
        executing(query, || match NEXT_RUN {
            Some(next) => pg_guard_ffi_boundary(|| next(query, direction, count)),
            None => pg_sys::standard_ExecutorRun(query, direction, count),
        });
    }
}

/// Fires AFTER triggers.
#[pg_guard]
unsafe extern "C-unwind" fn finish(query: *mut pg_sys::QueryDesc) {
    // SAFETY: hands on what PostgreSQL has passed.
    unsafe {
        executing(query, || match NEXT_FINISH {
            Some(next) => pg_guard_ffi_boundary(|| next(query)),
            None => pg_sys::standard_ExecutorFinish(query),
        });
    }
}
