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
use pgrx::pg_sys::submodules::panic::pgrx_extern_c_guard;

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
    /// Whether statements are analysed for a call, which has not handed over to code of users.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
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
pub(super) fn then<R>(work: impl FnOnce() -> R, undo: impl FnMut()) -> R {
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

/// A name as an identifier, quoted where SQL needs that, also under `quote_all_identifiers`: texts that hold names are kept,
/// and shown to other sessions.
pub fn quoted(name: impl AsRef<str>) -> String {
    // SAFETY: a global of this backend, which is put back before anything else reads it.
    let all = unsafe { std::ptr::replace(&raw mut pg_sys::quote_all_identifiers, false) };
    // SAFETY: as above.
    then(|| pgrx::spi::quote_identifier(name), || unsafe { pg_sys::quote_all_identifiers = all })
}

/// Runs `work`, whose statements are analysed under settings of pg_regime.
pub fn ours<R>(work: impl FnOnce() -> R) -> R {
    if IS_OURS.get() {
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
    let calls = CALLS.with_borrow(Vec::len);
    CALLS.with_borrow_mut(|all| all.push(callers));
    IS_OURS.set(true);
    let undo = || {
        CALLS.with_borrow_mut(|all| all.truncate(calls));
        IS_OURS.set(false);
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
    let was_ours = IS_OURS.replace(false);
    then(
        || {
            let _scope = Scope::new(settings.iter().map(|(name, value)| (*name, value.as_c_str())));
            work()
        },
        || IS_OURS.set(was_ours),
    )
}

/// Sets the path anew for the rest of the call where code of users has set another: a plain `SET search_path` in a trigger
/// outlasts the trigger. The caller finds that path afterwards, as after a statement of the caller.
pub fn keep() {
    // SAFETY: a global of this backend, NUL-terminated.
    if IS_OURS.get() && unsafe { CStr::from_ptr(pg_sys::namespace_search_path) } != OURS {
        // Ends with the settings of the call or of the subtransaction, which lie around these.
        std::mem::forget(Scope::new(std::iter::once((SEARCH_PATH, OURS))));
    }
}

/// Whether a statement of pg_regime may run code of users, and so is to run under the settings of the caller.
///
/// # Safety
/// The query is valid, and its executor was started.
unsafe fn runs_for_callers(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says.
    unsafe { IS_OURS.get() && is_ours((*query).dest) && may_run_users_code(query) }
}

/// Whether what a statement of pg_regime ends with, AFTER triggers, may run code of users.
///
/// # Safety
/// As of [`runs_for_callers`].
unsafe fn ends_for_callers(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        IS_OURS.get()
            && is_ours((*query).dest)
            && ((*(*query).plannedstmt).hasModifyingCTE
                || may_any_result(query, |result| has_users_triggers(result)))
    }
}

/// Whether a statement writes to a table that has code of users, or reads a view, or is subject to row-level security.
///
/// # Safety
/// As of [`runs_for_callers`].
unsafe fn may_run_users_code(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        let statement = (*query).plannedstmt;
        if (*statement).dependsOnRole || (*statement).hasModifyingCTE || reads_view(statement) {
            return true;
        }
        // The planner notes every function and domain that is not PostgreSQL's own, those of defaults among them.
        let writes = (*statement).commandType != pg_sys::CmdType::CMD_SELECT;
        writes
            && (!(*statement).invalItems.is_null() || may_any_result(query, |result| has_users_code(result)))
    }
}

/// Whether a statement names a view.
///
/// # Safety
/// The statement is valid.
unsafe fn reads_view(statement: *const pg_sys::PlannedStmt) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        let Some(relations) = (*statement).rtable.as_ref() else { return false };
        (0..relations.length as usize).any(|place| {
            let entry = (*relations.elements.add(place)).ptr_value.cast::<pg_sys::RangeTblEntry>();
            (*entry).relkind as u8 == pg_sys::RELKIND_VIEW
        })
    }
}

/// Whether something holds of a table that a statement writes to; also where it is unknown which tables these are.
///
/// # Safety
/// As of [`runs_for_callers`].
unsafe fn may_any_result(
    query: *const pg_sys::QueryDesc,
    holds: impl Fn(*const pg_sys::ResultRelInfo) -> bool,
) -> bool {
    // SAFETY: as the caller says: the list holds what its name says.
    unsafe {
        let Some(opened) = (*(*query).estate).es_opened_result_relations.as_ref() else {
            return (*(*query).plannedstmt).commandType != pg_sys::CmdType::CMD_SELECT;
        };
        (0..opened.length as usize).any(|place| holds((*opened.elements.add(place)).ptr_value.cast()))
    }
}

/// Whether writing to a table may run code of users beside defaults: triggers, checks, generated columns, expressions of
/// indexes; or if it is no plain table, whose partitions may have such code.
///
/// # Safety
/// The table was opened by the executor.
unsafe fn has_users_code(result: *const pg_sys::ResultRelInfo) -> bool {
    // SAFETY: as the caller says; there is an entry for each index.
    unsafe {
        let relation = (*result).ri_RelationDesc;
        let constraints = (*(*relation).rd_att).constr.as_ref();
        has_users_triggers(result)
            || (*(*relation).rd_rel).relkind as u8 != pg_sys::RELKIND_RELATION
            || constraints.is_some_and(|all| all.num_check > 0 || all.has_generated_stored)
            || (0..(*result).ri_NumIndices as usize).any(|place| {
                let index = *(*result).ri_IndexRelationInfo.add(place);
                !(*index).ii_Expressions.is_null() || !(*index).ii_Predicate.is_null()
            })
    }
}

/// The functions behind triggers that look a row up where a foreign key refers to, and do nothing else:
/// `RI_FKey_check_ins`, `RI_FKey_check_upd`.
const LOOKUPS: [u32; 2] = [1644, 1645];

/// Whether a table has triggers beside those that look up what its rows refer to.
///
/// # Safety
/// The table was opened by the executor.
unsafe fn has_users_triggers(result: *const pg_sys::ResultRelInfo) -> bool {
    // SAFETY: as the caller says; there are as many triggers as are counted.
    unsafe {
        let Some(all) = (*result).ri_TrigDesc.as_ref() else { return false };
        (0..all.numtriggers as usize)
            .any(|place| !LOOKUPS.contains(&(*all.triggers.add(place)).tgfoid.to_u32()))
    }
}

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

static mut NEXT_RUN: pg_sys::ExecutorRun_hook_type = None;
static mut NEXT_FINISH: pg_sys::ExecutorFinish_hook_type = None;

/// A hook of the executor. Every statement of a session passes here, so that only those for the settings of the caller pay
/// for being guarded: an error that the others raise passes over a frame that holds nothing.
macro_rules! hook {
    ($hook:ident($($argument:ident: $kind:ty),*), $is_for_callers:ident, $next:ident, $standard:ident) => {
        unsafe extern "C-unwind" fn $hook(query: *mut pg_sys::QueryDesc, $($argument: $kind),*) {
            unsafe extern "C-unwind" {
                fn $standard(query: *mut pg_sys::QueryDesc, $($argument: $kind),*);
            }
            // SAFETY: hands on what PostgreSQL has passed.
            unsafe {
                let next = $next.unwrap_or($standard);
                if $is_for_callers(query) {
                    pgrx_extern_c_guard(|| callers(|| pg_guard_ffi_boundary(|| next(query, $($argument),*))));
                } else {
                    next(query, $($argument),*);
                }
            }
        }
    };
}

#[cfg(not(feature = "pg18"))]
hook!(run(direction: pg_sys::ScanDirection::Type, count: pg_sys::uint64, once: bool), runs_for_callers, NEXT_RUN, standard_ExecutorRun);
#[cfg(feature = "pg18")]
hook!(run(direction: pg_sys::ScanDirection::Type, count: pg_sys::uint64), runs_for_callers, NEXT_RUN, standard_ExecutorRun);
// Fires AFTER triggers.
hook!(finish(), ends_for_callers, NEXT_FINISH, standard_ExecutorFinish);
