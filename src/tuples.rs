//! Rows of a set-returning function, written straight into the tuplestore that its caller reads: no
//! iterator, no value of Rust's for each field, no allocation a row.
//!
//! A function that uses this takes a [`Caller`] as its first argument, returns nothing or an error, and
//! is declared by hand: `#[pg_extern(sql = "CREATE FUNCTION … RETURNS TABLE (…) …")]`.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::marker::PhantomData;

use pgrx::callconv::{Arg as PgArg, ArgAbi};
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::prelude::*;
use pgrx::{PgMemoryContexts, pg_sys};

use crate::db::{Arg, Db, Sees};
use crate::error::{Error, Result};
use crate::row::mistyped;

/// Rows between two looks at whether the statement was cancelled.
const INTERRUPT_EVERY: u64 = 4096;

/// Most bytes of a text, as PostgreSQL limits them.
const MOST_BYTES: usize = (1 << 30) - 5;

/// The call of a function that returns rows. It is no argument of SQL's, and lasts as long as the call.
pub struct Caller<'c>(pg_sys::FunctionCallInfo, PhantomData<&'c ()>);

// SAFETY: never an argument or a result in SQL.
unsafe impl SqlTranslatable for Caller<'_> {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Caller<'_>);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::Skip);
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::Skip));
}

// SAFETY: what pgrx gives a function that asks for its call information, unchanged.
unsafe impl<'c> ArgAbi<'c> for Caller<'c> {
    unsafe fn unbox_arg_unchecked(arg: PgArg<'_, 'c>) -> Self {
        // SAFETY: passed on as received.
        Self(unsafe { pg_sys::FunctionCallInfo::unbox_arg_unchecked(arg) }, PhantomData)
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

/// A text, built once for any number of rows: a varlena in memory of Rust's.
pub struct Text(Box<[u32]>);

impl Text {
    pub fn new(text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(MOST_BYTES)];
        let length = size_of::<u32>() + bytes.len();
        let mut words = vec![0; length.div_ceil(size_of::<u32>())].into_boxed_slice();
        let start: *mut u32 = words.as_mut_ptr();
        // SAFETY: the words are aligned as a varlena's header must be, and hold it and the bytes behind it.
        unsafe {
            pgrx::set_varsize_4b(start.cast(), length as i32);
            start.add(1).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        Self(words)
    }
}

/// A field of a row: a value with its type.
#[derive(Clone, Copy)]
pub struct Field<'t> {
    datum: Option<pg_sys::Datum>,
    oid: pg_sys::Oid,
    text: PhantomData<&'t Text>,
}

impl<'t> Field<'t> {
    fn of<T: Into<pg_sys::Datum>>(value: T, oid: pg_sys::Oid) -> Self {
        Self { datum: Some(value.into()), oid, text: PhantomData }
    }

    /// NULL, of any type.
    pub const NULL: Self = Self { datum: None, oid: pg_sys::InvalidOid, text: PhantomData };

    /// A `bool` that is false.
    pub const FALSE: Self =
        Self { datum: Some(pg_sys::Datum::null()), oid: pg_sys::BOOLOID, text: PhantomData };

    /// An `int4`.
    #[allow(dead_code, reason = "for the functions of stored regimes")]
    pub fn int(value: i32) -> Self {
        Self::of(value, pg_sys::INT4OID)
    }

    /// An `int8`.
    pub fn long(value: i64) -> Self {
        Self::of(value, pg_sys::INT8OID)
    }

    /// A `float8`.
    pub fn float(value: f64) -> Self {
        Self::of(value.to_bits(), pg_sys::FLOAT8OID)
    }

    /// A `float8`, NULL where it is NaN.
    pub fn number(value: f64) -> Self {
        if value.is_nan() { Self::NULL } else { Self::float(value) }
    }

    /// A `date`, in days since 2000.
    pub fn date(days: i32) -> Self {
        Self::of(days, pg_sys::DATEOID)
    }

    /// A `bool`.
    pub fn bool(value: bool) -> Self {
        Self::of(value, pg_sys::BOOLOID)
    }

    /// A `timestamptz`, in microseconds since 2000.
    pub fn timestamp(micros: i64) -> Self {
        Self::of(micros, pg_sys::TIMESTAMPTZOID)
    }

    /// A `text`.
    pub fn text(value: &'t Text) -> Self {
        Self::of(pg_sys::Datum::from(value.0.as_ptr()), pg_sys::TEXTOID)
    }

    fn fits(&self, oid: pg_sys::Oid) -> bool {
        self.datum.is_none() || self.oid == oid
    }
}

/// The rows of a call.
pub struct Rows<'c> {
    store: *mut pg_sys::Tuplestorestate,
    row: pg_sys::TupleDesc,
    /// Of the columns.
    types: Vec<pg_sys::Oid>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    pushed: u64,
    call: PhantomData<&'c ()>,
}

impl<'c> Rows<'c> {
    /// No rows yet. What a call that fails later leaves behind is freed with the calling query.
    pub fn begin(caller: Caller<'c>) -> Result<Self> {
        // SAFETY: the call information is that of the call that is running, and so is what the caller says
        // in it of the set that it takes; its descriptor of the rows is valid as long.
        unsafe {
            let set = (*caller.0).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            if set.is_null() || (*set).type_ != pg_sys::NodeTag::T_ReturnSetInfo {
                return Err(no_set("set-valued function called in context that cannot accept a set"));
            }
            let modes = (*set).allowedModes as u32;
            if modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize == 0 || (*set).expectedDesc.is_null() {
                return Err(no_set("materialize mode required, but it is not allowed in this context"));
            }
            let (store, row) =
                PgMemoryContexts::For((*(*set).econtext).ecxt_per_query_memory).switch_to(|_| {
                    let any_order = modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random != 0;
                    (
                        pg_sys::tuplestore_begin_heap(any_order, false, pg_sys::work_mem),
                        pg_sys::CreateTupleDescCopy((*set).expectedDesc),
                    )
                });
            (*set).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            (*set).setResult = store;
            (*set).setDesc = row;
            Ok(Self {
                store,
                row,
                types: types(row),
                values: Vec::new(),
                nulls: Vec::new(),
                pushed: 0,
                call: PhantomData,
            })
        }
    }

    /// Adds a row, one field a column.
    pub fn push(&mut self, fields: &[Field]) -> Result<()> {
        let fit = fields.iter().zip(&self.types).all(|(field, oid)| field.fits(*oid));
        if !fit || fields.len() != self.types.len() {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                "the columns of the function are not those that the library returns",
            )
            .hint("ALTER EXTENSION pg_regime UPDATE;"));
        }
        self.values.clear();
        self.values.extend(fields.iter().map(|f| f.datum.unwrap_or(pg_sys::Datum::null())));
        self.nulls.clear();
        self.nulls.extend(fields.iter().map(|f| f.datum.is_none()));
        // SAFETY: the store and the descriptor are of this call; there is a value of its type for each
        // column, and the row is copied.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.row,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
        self.pushed += 1;
        if self.pushed.is_multiple_of(INTERRUPT_EVERY) {
            pg_sys::check_for_interrupts!();
        }
        Ok(())
    }

    /// Adds all rows of a statement as they are; gives how many. Its columns have the types of the
    /// function's.
    pub fn query(&mut self, db: Db, sql: &str, args: &[Arg]) -> Result<u64> {
        let mut receiver = Receiver {
            base: pg_sys::DestReceiver {
                receiveSlot: Some(receive),
                rStartup: Some(start),
                rShutdown: Some(ignore),
                rDestroy: Some(ignore),
                mydest: pg_sys::CommandDest::DestNone,
            },
            rows: self,
            received: 0,
            error: None,
        };
        // SAFETY: the receiver stays where it is until the statement has ended.
        let ran = unsafe { db.rows_into(sql, args, Sees::Snapshot, (&raw mut receiver).cast()) };
        match receiver.error {
            Some(error) => Err(error),
            None => ran.map(|()| receiver.received),
        }
    }
}

/// Puts the rows of a statement into a store.
#[repr(C)]
struct Receiver<'a, 'c> {
    /// First, so that PostgreSQL finds its own part.
    base: pg_sys::DestReceiver,
    rows: &'a Rows<'c>,
    received: u64,
    error: Option<Error>,
}

/// Called with each row; false ends the statement.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the receiver is the one that was passed, and its store is open; the slot holds a row, which
    // is copied.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver>();
        if receiver.error.is_none() {
            pg_sys::tuplestore_puttupleslot(receiver.rows.store, slot);
            receiver.received += 1;
        }
        receiver.error.is_none()
    }
}

/// Called before the first row, with the types of the columns.
#[pg_guard]
unsafe extern "C-unwind" fn start(
    receiver: *mut pg_sys::DestReceiver,
    _operation: i32,
    row: pg_sys::TupleDesc,
) {
    // SAFETY: the receiver is the one that was passed; the descriptor is valid here.
    let (receiver, found) = unsafe { (&mut *receiver.cast::<Receiver>(), types(row)) };
    let wanted = &receiver.rows.types;
    let differs = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
    receiver.error = match differs.and_then(|at| Some((at, wanted.get(at)?))) {
        Some((at, oid)) => Some(mistyped((at, &type_name(*oid)))),
        None if found.len() != wanted.len() => Some(Error::new(
            PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            format!("{} columns of a query, {} of the function", found.len(), wanted.len()),
        )),
        None => None,
    };
}

unsafe extern "C-unwind" fn ignore(_: *mut pg_sys::DestReceiver) {}

/// The types of a row's columns.
///
/// # Safety
/// The descriptor is valid.
unsafe fn types(row: pg_sys::TupleDesc) -> Vec<pg_sys::Oid> {
    // SAFETY: as the caller says.
    unsafe { (*row).attrs.as_slice((*row).natts as usize).iter().map(|c| c.atttypid).collect() }
}

fn type_name(oid: pg_sys::Oid) -> String {
    // SAFETY: gives a NUL-terminated string for any number, which is copied at once.
    unsafe { CStr::from_ptr(pg_sys::format_type_be(oid)).to_string_lossy().into_owned() }
}

fn no_set(message: &str) -> Error {
    Error::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
        .hint("Call the function in FROM: SELECT * FROM function(…);")
}
