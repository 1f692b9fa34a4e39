//! Errors that a user can cause, each with an SQLSTATE, the values in the message, and a hint that runs as it
//! stands. One small function for each precondition that is checked in more than one place.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::pg::environment::quoted;
use crate::pg::text::shortened;

/// An error on its way to the user.
#[derive(Clone, Debug)]
pub struct Error(Box<Report>);

/// Most bytes of a message. Names that users give may be of any length.
const MOST_OF_MESSAGE: usize = 1000;

/// Most bytes of a DETAIL, which may list twenty subjects, and of a HINT.
const MOST_OF_DETAIL: usize = 10_000;

/// The parts of an error, as the client receives them.
#[derive(Clone, Debug)]
pub struct Report {
    /// The SQLSTATE.
    pub code: PgSqlErrorCode,
    /// In lower case, without a full stop.
    pub message: String,
    /// One or more sentences.
    pub detail: Option<String>,
    /// One or more sentences, or a statement that runs as it stands.
    pub hint: Option<String>,
    /// Whether the hint is of code that is not ours, such as a view's: nothing that may be shown as a statement to run.
    pub is_foreign: bool,
}

/// The result of an operation that can fail with an error for the user.
pub type Result<T> = std::result::Result<T, Error>;

impl Report {
    /// The hint, if it is ours.
    pub fn own_hint(&self) -> Option<&str> {
        self.hint.as_deref().filter(|_| !self.is_foreign)
    }
}

impl Error {
    /// An error without DETAIL and HINT. Of a long message the middle is left out, as of a long DETAIL.
    pub fn new(code: PgSqlErrorCode, message: impl Into<String>) -> Self {
        let message = shortened(message.into(), MOST_OF_MESSAGE);
        Self(Box::new(Report { code, message, detail: None, hint: None, is_foreign: false }))
    }

    /// The same error with this DETAIL.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(shortened(detail.into(), MOST_OF_DETAIL));
        self
    }

    /// The same error with this HINT. One that is too long is left out: a part of a statement is none.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into()).filter(|hint| hint.len() <= MOST_OF_DETAIL);
        self.0.is_foreign = false;
        self
    }

    /// The same error, with its hint as one of code that is not ours.
    pub fn foreign(mut self) -> Self {
        self.0.is_foreign = true;
        self
    }

    /// The parts of the error.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// Sends the error to the client and the log at this level, a NOTICE or WARNING: the work goes on.
    pub fn report_as(self, level: PgLogLevel) {
        ErrorReport::from(self).report(level);
    }
}

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let Report { code, message, detail, hint, .. } = *error.0;
        let mut report = ErrorReport::new(code, message, "pg_regime");
        if let Some(detail) = detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = hint {
            report = report.set_hint(hint);
        }
        report
    }
}

/// Functions that make an error of an SQLSTATE from a message.
macro_rules! errors {
    ($($(#[$doc:meta])+ $name:ident = $code:ident;)+) => { $(
        $(#[$doc])+
        pub fn $name(message: impl Into<String>) -> Error {
            Error::new(PgSqlErrorCode::$code, message)
        }
    )+ };
}

errors! {
    /// An error that only a mistake in this library can cause.
    internal = ERRCODE_INTERNAL_ERROR;
    /// The error for a parameter whose value is not allowed.
    invalid_parameter = ERRCODE_INVALID_PARAMETER_VALUE;
    /// The error for an object that is not in the state that the work needs.
    not_in_prerequisite_state = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    /// The error for a role that lacks a privilege.
    insufficient_privilege = ERRCODE_INSUFFICIENT_PRIVILEGE;
    /// The error for rows that do not exist.
    no_data_found = ERRCODE_NO_DATA_FOUND;
    /// The error for a value that cannot be worked with.
    data_exception = ERRCODE_DATA_EXCEPTION;
    /// The error for a column of another type.
    datatype_mismatch = ERRCODE_DATATYPE_MISMATCH;
    /// The error for a column that does not exist.
    undefined_column = ERRCODE_UNDEFINED_COLUMN;
    /// The error for a table or view that does not exist.
    undefined_table = ERRCODE_UNDEFINED_TABLE;
    /// The error for a name that nothing has.
    undefined_object = ERRCODE_UNDEFINED_OBJECT;
    /// The error for a table that is not as it should be.
    invalid_table_definition = ERRCODE_INVALID_TABLE_DEFINITION;
    /// The error for what is there more than once.
    cardinality_violation = ERRCODE_CARDINALITY_VIOLATION;
    /// The error for rows that have NULL where a value is needed.
    not_null_violation = ERRCODE_NOT_NULL_VIOLATION;
    /// The error for a collation by which different texts can be equal.
    indeterminate_collation = ERRCODE_INDETERMINATE_COLLATION;
    /// What a caller should know although the work goes on.
    warning = ERRCODE_WARNING;
    /// What a caller may like to know.
    remark = ERRCODE_SUCCESSFUL_COMPLETION;
    /// The error for a relation that is not of the kind that the work needs.
    wrong_object_type = ERRCODE_WRONG_OBJECT_TYPE;
}

/// The error for a required argument that is NULL.
pub fn null_argument(name: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED, format!("{name} must not be NULL"))
        .hint(format!("Give {name} a value."))
}

/// The error for a function that writes, called in a read-only transaction.
pub fn read_only_transaction(function: &str) -> Error {
    // SAFETY: reads the state of this backend.
    let (on_standby, by_default, in_block) =
        unsafe { (pg_sys::RecoveryInProgress(), pg_sys::DefaultXactReadOnly, pg_sys::IsTransactionBlock()) };
    let hint = match (on_standby, by_default, in_block) {
        (true, ..) => format!("Call {function} on the primary."),
        (_, true, false) => "SET default_transaction_read_only = off;".to_owned(),
        (_, true, true) => "ROLLBACK; SET default_transaction_read_only = off;".to_owned(),
        (_, false, _) => "ROLLBACK; BEGIN READ WRITE;".to_owned(),
    };
    Error::new(
        PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION,
        format!("cannot execute {function} in a read-only transaction"),
    )
    .hint(hint)
}

/// Has pgrx add no backtrace of a Rust panic to the DETAIL of an error, whatever `RUST_BACKTRACE` of the server says. To be
/// called once, when the library is loaded: the standard library looks at the environment when it first captures a
/// backtrace.
pub fn refuse_backtraces() {
    const NAME: &str = "RUST_LIB_BACKTRACE";
    let before = std::env::var_os(NAME);
    // SAFETY: called from _PG_init, in a process of one thread; the environment is as before afterwards.
    unsafe {
        std::env::set_var(NAME, "0");
        drop(std::backtrace::Backtrace::capture());
        match before {
            Some(before) => std::env::set_var(NAME, before),
            None => std::env::remove_var(NAME),
        }
    }
}

/// The error for a privilege on a relation that the current user lacks; relation, privileges and user are
/// given as SQL.
pub fn no_privilege(relation: &str, privileges: &str, user: &str) -> Error {
    insufficient_privilege(format!("permission denied for table {relation}"))
        .hint(format!("GRANT {privileges} ON {relation} TO {user};"))
}

/// The error for the USAGE privilege on a schema that the current user lacks; the user is given as SQL.
pub fn no_usage(schema: &str, user: &str) -> Error {
    let schema = quoted(schema);
    insufficient_privilege(format!("permission denied for schema {schema}"))
        .hint(format!("GRANT USAGE ON SCHEMA {schema} TO {user};"))
}

/// Checks that a parameter, where it is given, lies in a range; both ends belong to the range.
///
/// # Errors
/// Where the value lies outside.
pub fn check_range(name: &str, value: Option<i32>, least: i32, most: i32) -> Result<Option<i32>> {
    match value {
        Some(v) if !(least..=most).contains(&v) => {
            Err(invalid_parameter(format!("{name} is {v}, outside {least} to {most}"))
                .hint(format!("Pass {name} => a number from {least} to {most}, or leave it out.")))
        }
        value => Ok(value),
    }
}

/// Checks that the limits of a range, where both are given, are in order; both ends belong to the range. `shown` gives
/// a limit as messages name it.
///
/// # Errors
/// Where the first limit is after the second.
pub fn check_order<T: Copy + PartialOrd>(
    [from_name, to_name]: [&str; 2],
    [from, to]: [Option<T>; 2],
    shown: impl Fn(T) -> String,
) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(invalid_parameter(format!("{from_name} {} is after {to_name} {}", shown(from), shown(to)))
                .hint(format!("Pass the earlier of the two as {from_name}; both are included.")))
        }
        _ => Ok(()),
    }
}

/// Sends a message to the client, as a NOTICE.
pub fn notice(message: impl Into<String>) {
    remark(message).report_as(PgLogLevel::NOTICE);
}

/// Reports the failure of one subject as a WARNING; the work on other subjects goes on.
pub fn warn(what: &str, error: &Error) {
    report_warning(what, error, Some("Its earlier rows are kept."));
}

/// Reports an error as a WARNING: the failure of one subject, or of a task beside the work.
pub fn report_warning(what: &str, error: &Error, consequence: Option<&str>) {
    let report = error.report();
    let details: Vec<&str> = report.detail.as_deref().into_iter().chain(consequence).collect();
    let mut warning = Error::new(report.code, format!("{what}: {}", report.message));
    if !details.is_empty() {
        warning = warning.detail(details.join(" "));
    }
    if let Some(hint) = &report.hint {
        warning = warning.hint(hint);
    }
    warning.report_as(PgLogLevel::WARNING);
}

/// Bits of a character in a packed SQLSTATE, as `MAKE_SQLSTATE` of PostgreSQL packs five of them.
const SIX_BITS: i32 = 0x3f;

/// The five characters of an SQLSTATE.
pub fn sqlstate(code: PgSqlErrorCode) -> String {
    let packed = code as i32;
    (0..5).map(|i| char::from(((packed >> (6 * i)) & SIX_BITS) as u8 + b'0')).collect()
}

/// The SQLSTATE of these five characters: the inverse of [`sqlstate`]. pgrx knows the codes that PostgreSQL lists; any other, which the code
/// of a user has chosen, becomes P0001.
pub fn error_code(text: &str) -> PgSqlErrorCode {
    let six_bits = |(i, c): (usize, u8)| ((i32::from(c) - i32::from(b'0')) & SIX_BITS) << (6 * i);
    match PgSqlErrorCode::from(text.bytes().take(5).enumerate().map(six_bits).sum::<i32>()) {
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR if text != "XX000" => PgSqlErrorCode::ERRCODE_RAISE_EXCEPTION,
        code => code,
    }
}

/// Whether a text is the SQLSTATE of an error, not of success (class 00), a warning (01) or no data (02).
pub fn is_error_code(text: &str) -> bool {
    text.len() == 5
        && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && !["00", "01", "02"].contains(&&text[..2])
}
