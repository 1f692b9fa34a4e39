//! The session and its transaction: the user, the clock, whether anything may be written or committed.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::pg::error::{Error, Result, read_only_transaction};

/// The transaction may write.
pub fn check_writable(function: &str) -> Result<()> {
    if transaction_is_read_only() { Err(read_only_transaction(function)) } else { Ok(()) }
}

/// Nothing can be committed on the way in a transaction that the user began; `instead` is the hint.
pub fn check_no_block(procedure: &str, instead: &str) -> Result<()> {
    if !in_transaction_block() {
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_ACTIVE_SQL_TRANSACTION,
        format!("{procedure} cannot run inside a transaction block"),
    )
    .detail("It commits after each batch.")
    .hint(instead))
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

/// The time now, in microseconds since 2000.
pub fn clock() -> i64 {
    // SAFETY: reads the clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// Whether the user began the transaction, so that nothing can be committed on the way.
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

/// The subtransaction that runs.
pub fn subtransaction() -> pg_sys::SubTransactionId {
    // SAFETY: reads the state of this backend, which is in a transaction.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

/// Notifies the listeners of a channel when the transaction has committed; to be called before it does.
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
