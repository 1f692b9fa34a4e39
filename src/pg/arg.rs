//! Parameters of statements.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// A parameter of a statement.
pub struct Arg {
    pub(super) datum: Option<pg_sys::Datum>,
    pub(super) oid: pg_sys::Oid,
}

/// A value as a statement's parameter.
pub fn arg<T: IntoDatum>(value: T) -> Arg {
    Arg { oid: T::type_oid(), datum: value.into_datum() }
}

/// A `timestamptz` parameter, in microseconds since 2000.
pub fn timestamp_arg(micros: Option<i64>) -> Arg {
    Arg { oid: pg_sys::TIMESTAMPTZOID, datum: micros.and_then(IntoDatum::into_datum) }
}

/// A `date` parameter, in days since 2000; the ends of the range are infinite.
pub fn date_arg(days: i32) -> Arg {
    arg(Date::saturating_from_raw(days))
}

/// A `timestamptz[]` parameter, in microseconds since 2000.
pub fn timestamps_arg(micros: Vec<Option<i64>>) -> Arg {
    let typed: Vec<Option<TimestampWithTimeZone>> =
        micros.into_iter().map(|m| m.and_then(|m| TimestampWithTimeZone::try_from(m).ok())).collect();
    arg(typed)
}
