//! What a long call is at, for other sessions to see: in `application_name` of `pg_stat_activity`, behind the name that the session has
//! given itself. The setting `application_name` stays what it is.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

/// Most bytes of a name that `pg_stat_activity` shows.
const MOST: usize = pg_sys::NAMEDATALEN as usize - 1;

/// A call whose progress is shown; what is shown goes when this is dropped.
pub struct Progress(());

impl Progress {
    /// Of a call that is beginning.
    pub fn begin() -> Self {
        Self(())
    }

    /// Shows `at`, which is short.
    pub fn show(&self, at: &str) {
        report(&shown(own_name().to_bytes(), at));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        report(own_name());
    }
}

/// The name of the session, as far as there is room for it, and what the call is at.
fn shown(name: &[u8], at: &str) -> CString {
    let room = MOST.saturating_sub(at.len() + 2);
    // PostgreSQL has replaced what is not ASCII.
    let name = &name[..name.len().min(room)];
    let parts: [&[u8]; 3] = [name, if name.is_empty() { b"" } else { b": " }, at.as_bytes()];
    CString::new(parts.concat()).unwrap_or_default()
}

fn own_name() -> &'static CStr {
    // SAFETY: a setting of this session, which has a value from its beginning; it is copied before it can change.
    unsafe { if pg_sys::application_name.is_null() { c"" } else { CStr::from_ptr(pg_sys::application_name) } }
}

fn report(name: &CStr) {
    // SAFETY: writes this session's own entry of pg_stat_activity, if it has one; the name is copied.
    unsafe { pg_sys::pgstat_report_appname(name.as_ptr()) };
}
