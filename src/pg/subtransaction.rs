//! A piece of work in a subtransaction: it happens whole, or leaves no trace and an error.

use std::panic::AssertUnwindSafe;
use std::ptr;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::{CaughtError, ErrorReport};
use pgrx::prelude::*;

use crate::pg::error::{Error, Result, sqlstate};
use crate::pg::session::keeps_its_snapshot;

/// Runs `work` in a subtransaction, which an error rolls back. An error that must end the whole transaction
/// is raised again: a cancel or shutdown, a serialization failure, a deadlock, a lack of resources.
///
/// # Errors
/// Every other error of `work`, whether returned or raised.
pub fn attempt<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    // Classes: 40 transaction rollback, 53 insufficient resources, 57 operator intervention,
    // 58 system error.
    attempt_but(&["40", "53", "57", "58"], work)
}

/// [`attempt`] that raises again only a cancel or shutdown.
///
/// # Errors
/// Every other error of `work`, whether returned or raised.
pub fn attempt_unless_cancelled<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    attempt_but(&["57"], work)
}

/// Whether an error that is raised can be caught: not beside parallel workers.
pub fn can_catch() -> bool {
    // SAFETY: reads the state of this backend.
    unsafe { !pg_sys::IsInParallelMode() }
}

fn attempt_but<R>(fatal: &[&str], work: impl FnOnce() -> Result<R>) -> Result<R> {
    if !can_catch() {
        // Beside parallel workers there are no subtransactions up to PostgreSQL 16, and nothing is written that could be
        // rolled back. An error that is raised ends the statement.
        return work();
    }
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
        Err(Caught::Raised(caught)) => {
            let (error, is_ours) = described(&caught);
            match fatal.contains(&&sqlstate(error.report().code)[..2]) {
                false => Err(error),
                true if is_ours => raise(error),
                true => caught.rethrow(),
            }
        }
    }
}

enum Caught {
    Ours(Error),
    Raised(Box<CaughtError>),
}

/// The error as an [`Error`], and whether its code differs from that of the caught error.
fn described(caught: &CaughtError) -> (Error, bool) {
    let report = match caught {
        CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => report,
        CaughtError::RustPanic { ereport, .. } => ereport,
    };
    let code = report.sql_error_code();
    if code == PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION && keeps_its_snapshot() {
        // Only rows missing in the snapshot are inserted: another session has inserted them since.
        let error = Error::new(
            PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
            "could not serialize access: another session has written the same rows since this transaction began",
        )
        .detail(report.message())
        .hint("ROLLBACK, then repeat the call; in READ COMMITTED, the call waits for the other session and sees its rows.");
        return (error, true);
    }
    let mut error = Error::new(code, report.message());
    if let Some(detail) = report.detail() {
        error = error.detail(detail);
    }
    if let Some(hint) = report.hint() {
        error = error.hint(hint);
    }
    if let CaughtError::PostgresError(_) = caught {
        error = error.foreign();
    }
    (error, false)
}

/// Raises an error as PostgreSQL does, where it must not be returned.
pub fn raise(error: Error) -> ! {
    ErrorReport::from(error).report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not come back")
}
