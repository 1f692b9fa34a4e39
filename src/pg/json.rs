//! A `jsonb` argument as its text.
//!
//! pgrx's own `JsonB` panics on what jsonb holds and serde_json refuses, such as deep nesting; here
//! parsing is a step of its own, with an error for the user.

use std::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::FromDatum;
use pgrx::nullable::Nullable;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{direct_function_call, pg_sys};
use serde_json::Value;

use crate::pg::error::{Result, invalid_parameter};

/// The text of a `jsonb`.
pub struct JsonText(String);

impl JsonText {
    /// The text of the document, as `jsonb` prints it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document.
    ///
    /// # Errors
    /// Where serde_json refuses what jsonb holds, such as deep nesting.
    pub fn parse(&self) -> Result<Value> {
        parse(&self.0)
    }

    /// The document; `example` is one that the hint shows.
    ///
    /// # Errors
    /// As [`JsonText::parse`].
    pub fn parse_as(&self, example: &str) -> Result<Value> {
        serde_json::from_str(&self.0).map_err(|error| {
            invalid_parameter(format!("could not read the JSON document: {error}"))
                .hint(format!("Give a flat object: {example}."))
        })
    }
}

/// A JSON document from its text.
///
/// # Errors
/// Where serde_json refuses the text.
pub fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        invalid_parameter(format!("could not read the JSON document: {error}"))
            .hint("Give an array of flat rules: [{\"match\": \"Down-\", \"size_mult\": 0.5}].")
    })
}

// SAFETY: the type is SQL's jsonb, which exists before the extension does.
unsafe impl SqlTranslatable for JsonText {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(JsonText);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> =
        Ok(SqlMappingRef::literal("jsonb"));
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("jsonb")));
}

impl FromDatum for JsonText {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the datum is a jsonb; its output function returns a NUL-terminated string.
        let text = unsafe { direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]) }?;
        Some(Self(text.to_string_lossy().into_owned()))
    }
}

// SAFETY: the argument is read by FromDatum above, as for pgrx's own JsonB.
unsafe impl<'fcx> ArgAbi<'fcx> for JsonText {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above. Every argument of this type is declared as one that may be NULL.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(String::new()))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: as above.
        unsafe { arg.unbox_arg_using_from_datum() }.into()
    }
}
