//! One piece of work in a subtransaction: it happens whole, or it leaves no trace and says why.
#![allow(unsafe_code)]

use std::panic::AssertUnwindSafe;
use std::ptr;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::prelude::*;

use crate::error::{Error, Result};

/// Runs `work` in a subtransaction. An error rolls it back and is given to the caller, unless it is
/// one that the whole transaction must end with: a cancel or shutdown, a serialization failure, a
/// deadlock, a lack of resources.
pub fn attempt<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    // Classes: 40 transaction rollback, 53 insufficient resources, 57 operator intervention,
    // 58 system error.
    attempt_but(&["40", "53", "57", "58"], work)
}

/// [`attempt`] that gives the caller every error but a cancel or shutdown.
pub fn attempt_unless_cancelled<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    attempt_but(&["57"], work)
}

fn attempt_but<R>(fatal: &[&str], work: impl FnOnce() -> Result<R>) -> Result<R> {
    // SAFETY: begun here and either released or rolled back below, with memory context and
    // resource owner put back as PL/pgSQL does for a block with an EXCEPTION clause.
    let (context, owner) = unsafe {
        let before = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(ptr::null());
        pg_sys::MemoryContextSwitchTo(before.0);
        before
    };
    let result = PgTryBuilder::new(AssertUnwindSafe(|| work().map_err(Caught::Ours)))
        .catch_others(|error| Err(Caught::Raised(Box::new(error))))
        .execute();
    // SAFETY: as above; the subtransaction begun here is the innermost one again.
    unsafe {
        match &result {
            Ok(_) => pg_sys::ReleaseCurrentSubTransaction(),
            Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
    }
    match result {
        Ok(value) => Ok(value),
        Err(Caught::Ours(error)) => Err(error),
        Err(Caught::Raised(error)) => match described(&error, fatal) {
            Some(error) => Err(error),
            None => error.rethrow(),
        },
    }
}

enum Caught {
    Ours(Error),
    Raised(Box<CaughtError>),
}

/// The error as our own, or `None` where it is of a class that the transaction must end with.
fn described(caught: &CaughtError, fatal: &[&str]) -> Option<Error> {
    let report = match caught {
        CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => report,
        CaughtError::RustPanic { ereport, .. } => ereport,
    };
    let code = report.sql_error_code();
    if sqlstate(code).get(..2).is_some_and(|class| fatal.contains(&class)) {
        return None;
    }
    let mut error = Error::new(code, report.message());
    if let Some(detail) = report.detail() {
        error = error.detail(detail);
    }
    if let Some(hint) = report.hint() {
        error = error.hint(hint);
    }
    Some(error)
}

/// The five characters of an error code.
pub fn sqlstate(code: PgSqlErrorCode) -> String {
    let packed = code as i32;
    (0..5).map(|i| char::from((((packed >> (6 * i)) & 0x3f) as u8) + b'0')).collect()
}
