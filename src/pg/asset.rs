//! An argument that names an asset: the SQL type `regime_asset_ref`, which is declared in `sql/install/asset_ref.sql`.
//!
//! One argument takes ids and symbols: integers and texts are cast to the type without being asked. A value is stored as a
//! text: the symbol, or the id behind a byte that no symbol has, so that no symbol is taken for an id.

use std::fmt::{self, Display, Formatter};

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::{Datum, FromDatum, UnboxDatum};
use pgrx::nullable::Nullable;
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};

/// The byte before an id.
const OF_ID: char = '\u{1}';

/// An asset as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asset {
    /// Its id, which may be outside the range of int.
    Id(i64),
    /// Its symbol, or its id as text.
    Name(String),
}

impl Asset {
    /// The text that the type stores of an id.
    pub fn of_id(id: i64) -> String {
        format!("{OF_ID}{id}")
    }

    fn from_stored(text: &str) -> Self {
        match text.strip_prefix(OF_ID).and_then(|id| id.parse().ok()) {
            Some(id) => Self::Id(id),
            None => Self::Name(text.to_owned()),
        }
    }
}

impl Display for Asset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

// SAFETY: the type is declared before every function that takes it.
unsafe impl SqlTranslatable for Asset {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Asset);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("regime_asset_ref"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("regime_asset_ref")));
}

impl FromDatum for Asset {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, of: pg_sys::Oid) -> Option<Self> {
        // SAFETY: the type is stored as text is.
        let text = unsafe { <&str>::from_polymorphic_datum(datum, is_null, of) }?;
        Some(Self::from_stored(text))
    }
}

// SAFETY: an element of an array is stored as the value alone is.
unsafe impl UnboxDatum for Asset {
    type As<'src> = Self;

    unsafe fn unbox<'src>(datum: Datum<'src>) -> Self
    where
        Self: 'src,
    {
        // SAFETY: as FromDatum.
        Self::from_stored(unsafe { <&str>::unbox(datum) })
    }
}

// SAFETY: the argument is read by FromDatum above.
unsafe impl<'fcx> ArgAbi<'fcx> for Asset {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above. Every argument of this type is declared as one that may be NULL.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self::Name(String::new()))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: as above.
        unsafe { arg.unbox_arg_using_from_datum() }.into()
    }
}
