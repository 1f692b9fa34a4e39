//! The session and its transaction: the user, the clock, whether anything may be written or committed.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::environment::quoted;
use crate::pg::error::{Error, Result, read_only_transaction};

/// Checks that the transaction may write.
///
/// # Errors
/// Where it is read-only.
pub fn check_writable(function: &str) -> Result<()> {
    if transaction_is_read_only() { Err(read_only_transaction(function)) } else { Ok(()) }
}

/// Checks that a procedure, by its name, can commit; `call` is the CALL for the hint, and `elsewhere` a sentence on what
/// runs where nothing can commit.
///
/// # Errors
/// Where the user began the transaction, or the procedure was called by something that cannot commit.
pub fn check_can_commit(procedure: &str, call: &str, elsewhere: &str) -> Result<()> {
    let (code, message, before) = if in_transaction_block() {
        (
            PgSqlErrorCode::ERRCODE_ACTIVE_SQL_TRANSACTION,
            "cannot run inside a transaction block",
            "ROLLBACK; ",
        )
    } else if is_called_without_commit() {
        let code = PgSqlErrorCode::ERRCODE_INVALID_TRANSACTION_TERMINATION;
        (code, "cannot commit where it was called", "")
    } else {
        return Ok(());
    };
    Err(Error::new(code, format!("{procedure} {message}"))
        .detail(format!(
            "{procedure} commits after each batch, which PostgreSQL allows outside transaction blocks, functions, blocks \
             with EXCEPTION, and procedures with SECURITY DEFINER or SET. {elsewhere}"
        ))
        .hint(format!("{before}{call}")))
}

/// Whether the current function was called by a statement of a function or procedure that cannot commit.
fn is_called_without_commit() -> bool {
    // SAFETY: looks at the state of this backend, and for a relation of this name among those of the calling function,
    // which there is not.
    unsafe {
        let is_called_by_sql =
            pg_sys::SPI_unregister_relation(c"pg_regime".as_ptr()) != pg_sys::SPI_ERROR_UNCONNECTED;
        is_called_by_sql && !pg_sys::SPI_inside_nonatomic_context()
    }
}

/// The name of the current user, not quoted.
pub fn user_name() -> String {
    // SAFETY: the current user exists while its session lasts, or the call gives null; the name is
    // copied at once.
    unsafe {
        let name = pg_sys::GetUserNameFromId(pg_sys::GetUserId(), true);
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
    }
}

/// The current time, in microseconds since 2000; it advances within a transaction.
pub fn clock() -> i64 {
    // SAFETY: reads the clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// When the transaction began, in microseconds since 2000: `now()`.
pub fn now() -> i64 {
    // SAFETY: reads a global of this backend.
    unsafe { pg_sys::GetCurrentTransactionStartTimestamp() }
}

/// Whether the user began the transaction, so that a procedure cannot commit.
pub fn in_transaction_block() -> bool {
    // SAFETY: reads the state of this backend.
    unsafe { pg_sys::IsTransactionBlock() }
}

/// Whether the transaction may not write.
pub fn transaction_is_read_only() -> bool {
    // SAFETY: reads a global of this backend.
    unsafe { pg_sys::XactReadOnly }
}

/// The name of the current user, quoted where SQL needs it.
pub fn current_user() -> String {
    quoted(user_name())
}

/// The name of this database, quoted.
pub fn current_database() -> String {
    // SAFETY: in a transaction; the name is copied.
    let name = unsafe {
        let name = pg_sys::get_database_name(pg_sys::MyDatabaseId);
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
    };
    quoted(name)
}

/// Whether the whole transaction uses one snapshot, of its beginning.
pub fn keeps_its_snapshot() -> bool {
    // SAFETY: reads a global of this backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// Whether a row version with this `xmin` is of the current transaction or of a part of it.
pub fn is_of_transaction(xmin: &str) -> bool {
    // SAFETY: compares with the ids of this backend's transaction.
    xmin.parse().is_ok_and(|id| unsafe {
        pg_sys::TransactionIdIsCurrentTransactionId(pg_sys::TransactionId::from_inner(id))
    })
}

/// The id of the current subtransaction.
pub fn subtransaction() -> pg_sys::SubTransactionId {
    // SAFETY: reads the state of this backend, which is in a transaction.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

/// Notifies the listeners of a channel once the transaction has committed. To be called before the commit.
pub fn notify(channel: &str, payload: &str) {
    let text = |text: &str| text.into_datum().unwrap_or(pg_sys::Datum::null());
    // SAFETY: pg_notify(text, text) takes two texts; a transaction that is about to commit may notify.
    unsafe {
        pg_sys::OidFunctionCall2Coll(
            pg_sys::Oid::from(pg_sys::F_PG_NOTIFY),
            pg_sys::InvalidOid,
            text(channel),
            text(payload),
        );
    }
}

/// Does what PostgreSQL refuses during a parallel operation. Where the first call of a session is part of one, settings that
/// were made before the library was loaded, as by ALTER ROLE … SET, could not be taken over, and the session would go on without
/// them.
pub fn outside_parallel_mode(work: impl FnOnce()) {
    let mut levels = 0;
    // SAFETY: the mode is a counter of this backend, which has the same value again afterwards; `work` defines settings, which
    // touches nothing that parallel workers share.
    unsafe {
        while pg_sys::IsInParallelMode() {
            pg_sys::ExitParallelMode();
            levels += 1;
        }
        work();
        for _ in 0..levels {
            pg_sys::EnterParallelMode();
        }
    }
}
