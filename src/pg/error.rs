//! The errors a user can cause, each with an SQLSTATE, the values in the message, and a hint that
//! can be typed. One small function per precondition that is checked in more than one place.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use regime_core::cmc_regimes::policy::PolicyError;
use regime_core::market_regimes::ConfigError;

/// An error on its way to the user.
#[derive(Clone, Debug)]
pub struct Error(Box<Report>);

/// What the user reads.
#[derive(Clone, Debug)]
pub struct Report {
    pub code: PgSqlErrorCode,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(code: PgSqlErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Report { code, message: message.into(), detail: None, hint: None }))
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let Report { code, message, detail, hint } = *error.0;
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

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Error::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, error.to_string()).hint(error.hint())
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Error::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, error.to_string()).hint(error.hint())
    }
}

/// An error that only a mistake in this library can cause.
pub fn internal(message: impl Into<String>) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message)
}

/// A parameter has a value it cannot have.
pub fn invalid_parameter(message: impl Into<String>) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
}

/// A required argument is NULL.
pub fn null_argument(name: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED, format!("{name} must not be NULL"))
        .hint(format!("Give {name} a value."))
}

/// A write was asked for where none is possible.
pub fn read_only_transaction(function: &str) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION,
        format!("cannot execute {function} in a read-only transaction"),
    )
    .hint("Call it on the primary, in a read-write transaction: SET transaction_read_only = off;")
}

/// The current user lacks a privilege on a relation; both are given as SQL.
pub fn no_privilege(relation: &str, privileges: &str, user: &str) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {relation}"),
    )
    .hint(format!("GRANT {privileges} ON {relation} TO {user};"))
}

/// The current user, given as SQL, may not use what is in a schema.
pub fn no_usage(schema: &str, user: &str) -> Error {
    let schema = pgrx::spi::quote_identifier(schema);
    Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for schema {schema}"),
    )
    .hint(format!("GRANT USAGE ON SCHEMA {schema} TO {user};"))
}

/// Stops at a parameter outside its range.
pub fn check_range(name: &str, value: Option<i32>, least: i32, most: i32) -> Result<Option<i32>> {
    match value {
        Some(v) if !(least..=most).contains(&v) => {
            Err(invalid_parameter(format!("{name} is {v}, outside {least} to {most}"))
                .hint(format!("Pass {name} => a number from {least} to {most}, or leave it out.")))
        }
        value => Ok(value),
    }
}

/// Tells what was not done for one subject, and why; the others go on.
pub fn warn(what: &str, error: &Error) {
    report_warning(what, error, Some("Its earlier rows are kept."));
}

/// An error of one subject, or of what comes beside, as a WARNING.
pub fn report_warning(what: &str, error: &Error, consequence: Option<&str>) {
    let report = error.report();
    let mut warning =
        pg_sys::panic::ErrorReport::new(report.code, format!("{what}: {}", report.message), "pg_regime");
    let details: Vec<&str> = report.detail.as_deref().into_iter().chain(consequence).collect();
    if !details.is_empty() {
        warning = warning.set_detail(details.join(" "));
    }
    if let Some(hint) = &report.hint {
        warning = warning.set_hint(hint);
    }
    warning.report(PgLogLevel::WARNING);
}

/// The five characters of an error code.
pub fn sqlstate(code: PgSqlErrorCode) -> String {
    let packed = code as i32;
    (0..5).map(|i| char::from((((packed >> (6 * i)) & 0x3f) as u8) + b'0')).collect()
}

/// The code of the first failure, or a general one where it is not one of ours.
pub fn error_code(text: &str) -> PgSqlErrorCode {
    let known = [
        PgSqlErrorCode::ERRCODE_DATA_EXCEPTION,
        PgSqlErrorCode::ERRCODE_CARDINALITY_VIOLATION,
        PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        PgSqlErrorCode::ERRCODE_CHECK_VIOLATION,
    ];
    known.into_iter().find(|code| sqlstate(*code) == text).unwrap_or(PgSqlErrorCode::ERRCODE_RAISE_EXCEPTION)
}
