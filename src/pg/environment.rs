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

/// A call: the role that it runs as, and the settings of its caller.
#[derive(Clone)]
struct Call {
    role: pg_sys::Oid,
    callers: Callers,
}

thread_local! {
    /// Of the calls that run in this session, the innermost last.
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
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

/// Whether what runs now is part of the innermost call: its role, and the path of pg_regime. A function of a user that
/// PostgreSQL runs without handing over, as when a plan is made, may be a call of its own, with another role or path.
fn is_within_call(role: pg_sys::Oid, path: &CStr) -> bool {
    IS_OURS.get()
        && path == OURS
        && CALLS.with_borrow(|calls| calls.last().is_some_and(|call| call.role == role))
}

/// Runs `work`, whose statements are analysed under settings of pg_regime.
pub fn ours<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: globals of this backend, the path NUL-terminated.
    let (role, path) = unsafe { (pg_sys::GetUserId(), CStr::from_ptr(pg_sys::namespace_search_path)) };
    if is_within_call(role, path) {
        return work();
    }
    let path = path.to_owned();
    let mut callers = vec![(SEARCH_PATH, path)];
    let differing = SETTINGS.iter().filter(|setting| (setting.differs)());
    let ours: Vec<_> = std::iter::once((SEARCH_PATH, OURS))
        .chain(differing.map(|setting| {
            callers.push((setting.name, value(setting.name)));
            (setting.name, setting.ours)
        }))
        .collect();
    let calls = CALLS.with_borrow(Vec::len);
    CALLS.with_borrow_mut(|all| all.push(Call { role, callers }));
    let was_ours = IS_OURS.replace(true);
    let undo = || {
        CALLS.with_borrow_mut(|all| all.truncate(calls));
        IS_OURS.set(was_ours);
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
    let settings =
        CALLS.with_borrow(|calls| calls.last().map(|call| call.callers.clone())).unwrap_or_default();
    let was_ours = IS_OURS.replace(false);
    then(
        || {
            let _scope = Scope::new(settings.iter().map(|(name, value)| (*name, value.as_c_str())));
            work()
        },
        || IS_OURS.set(was_ours),
    )
}

/// Runs `work`, which creates functions whose texts are taken as they are: to check that a text is well-formed, PostgreSQL would
/// compile it, which takes longer than all else.
pub fn trusting_functions<R>(work: impl FnOnce() -> R) -> R {
    let _scope = Scope::new(std::iter::once((c"check_function_bodies", c"off")));
    work()
}

/// Whether statements are analysed under settings of pg_regime.
pub fn are_ours() -> bool {
    IS_OURS.get()
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
/// The query is valid.
unsafe fn is_for_callers(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says.
    unsafe { IS_OURS.get() && is_ours((*query).dest) && may_run_users_code((*query).plannedstmt) }
}

/// [`is_for_callers`] of the end of a statement, at which AFTER triggers fire: few tables of pg_regime have any.
///
/// # Safety
/// The query is valid, and has been started.
unsafe fn ends_for_callers(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says.
    unsafe { is_for_callers(query) && may_fire_triggers(query) }
}

/// Whether code of users may run at the end of a statement: a table that the statement writes to, or a partition of it, has triggers,
/// foreign keys included; parts of the statement that write and are not read are yet to be run; or an extension, by a node
/// of its own, may write to tables that PostgreSQL does not list, as to the chunks of a hypertable.
///
/// # Safety
/// The query is valid, and has been started.
unsafe fn may_fire_triggers(query: *const pg_sys::QueryDesc) -> bool {
    // SAFETY: as the caller says; the lists are NULL or hold relations of the statement.
    unsafe {
        let state = &*(*query).estate;
        let is_of_extension = (*query).operation != pg_sys::CmdType::CMD_SELECT
            && !pgrx::is_a((*query).planstate.cast(), pg_sys::NodeTag::T_ModifyTableState);
        let written = [
            state.es_opened_result_relations,
            state.es_tuple_routing_result_relations,
            state.es_trig_target_relations,
        ];
        let has_triggers = |relations| {
            pgrx::PgList::<pg_sys::ResultRelInfo>::from_pg(relations)
                .iter_ptr()
                .any(|relation| !(*relation).ri_TrigDesc.is_null())
        };
        is_of_extension || !state.es_auxmodifytables.is_null() || written.into_iter().any(has_triggers)
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
        let Some(relations) = (*statement).rtable.as_ref() else { return false };
        (0..relations.length as usize).any(|place| {
            let entry = (*relations.elements.add(place)).ptr_value.cast::<pg_sys::RangeTblEntry>();
            (*entry).relkind as u8 == pg_sys::RELKIND_VIEW
        })
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
    ($hook:ident($($argument:ident: $kind:ty),*), $next:ident, $standard:ident, $is_for_callers:ident) => {
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
hook!(run(direction: pg_sys::ScanDirection::Type, count: pg_sys::uint64, once: bool), NEXT_RUN, standard_ExecutorRun, is_for_callers);
#[cfg(feature = "pg18")]
hook!(run(direction: pg_sys::ScanDirection::Type, count: pg_sys::uint64), NEXT_RUN, standard_ExecutorRun, is_for_callers);
// Fires AFTER triggers.
hook!(finish(), NEXT_FINISH, standard_ExecutorFinish, ends_for_callers);
