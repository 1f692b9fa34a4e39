//! Takes rows straight from the executor: nothing is copied, nothing is kept.

use std::cell::OnceCell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::error::{Error, Result};
use crate::pg::row::Row;

/// A destination of a statement's rows.
#[repr(C)]
pub struct Receiver<'a> {
    /// First, so that PostgreSQL finds its own part.
    base: pg_sys::DestReceiver,
    types: Vec<pg_sys::Oid>,
    /// The result's columns. The slot of a row may be that of a partition, whose columns have no names.
    descriptor: pg_sys::TupleDesc,
    /// Names of the columns, once a column was asked for by its name.
    names: OnceCell<Vec<String>>,
    each: &'a mut dyn FnMut(&Row) -> Result<()>,
    error: Option<Error>,
}

impl<'a> Receiver<'a> {
    /// A receiver that hands each row to `each`, until `each` fails.
    pub fn new(each: &'a mut dyn FnMut(&Row) -> Result<()>) -> Self {
        let base = pg_sys::DestReceiver {
            receiveSlot: Some(receive),
            rStartup: Some(start),
            rShutdown: Some(ignore),
            rDestroy: Some(ignore),
            mydest: pg_sys::CommandDest::DestNone,
        };
        Self {
            base,
            types: Vec::new(),
            descriptor: std::ptr::null_mut(),
            names: OnceCell::new(),
            each,
            error: None,
        }
    }
}

impl Receiver<'_> {
    /// The receiver as PostgreSQL knows it; valid as long as the receiver is not moved.
    pub fn as_dest(&mut self) -> *mut pg_sys::DestReceiver {
        (&raw mut *self).cast()
    }

    /// The error that ended the statement early, if one did.
    pub fn error(&mut self) -> Option<Error> {
        self.error.take()
    }
}

/// Whether a statement was begun by pg_regime, as the destination of its rows tells.
///
/// # Safety
/// The destination is valid or null.
pub unsafe fn is_ours(dest: *const pg_sys::DestReceiver) -> bool {
    // SAFETY: as the caller says.
    unsafe { dest.as_ref() }.and_then(|dest| dest.rStartup).is_some_and(|function| {
        std::ptr::fn_addr_eq(
            function,
            start as unsafe extern "C-unwind" fn(*mut pg_sys::DestReceiver, i32, pg_sys::TupleDesc),
        )
    })
}

/// Called with each row; false ends the statement.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the receiver is the one that its user passed, and the slot holds a row, whose values stay where they are
    // until this function returns.
    let (receiver, values, nulls) = unsafe {
        // Rows that are computed have all their values; the call for those that are not costs as much as reading a row.
        if i32::from((*slot).tts_nvalid) < (*(*slot).tts_tupleDescriptor).natts {
            pg_sys::slot_getallattrs(slot);
        }
        let columns = (*slot).tts_nvalid as usize;
        (
            &mut *receiver.cast::<Receiver>(),
            std::slice::from_raw_parts((*slot).tts_values, columns),
            std::slice::from_raw_parts((*slot).tts_isnull, columns),
        )
    };
    let row = Row::new(values, nulls, &receiver.types, &receiver.names, receiver.descriptor);
    let result = (receiver.each)(&row);
    let error = row.mistyped();
    drop(row);
    receiver.error = error.or(result.err());
    receiver.error.is_none()
}

/// Called before the first row, with the types of the columns.
#[pg_guard]
unsafe extern "C-unwind" fn start(
    receiver: *mut pg_sys::DestReceiver,
    _operation: i32,
    row: pg_sys::TupleDesc,
) {
    // SAFETY: the receiver is the one that its user passed; the descriptor is valid until the statement ends.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver>();
        receiver.types = types(row);
        receiver.descriptor = row;
        receiver.names = OnceCell::new();
    }
}

/// The types of a row's columns. SPI_gettypeid, since where a descriptor keeps its columns changed
/// in PostgreSQL 18; without pgrx's guard, which costs a multiple, since the function raises no error.
///
/// # Safety
/// The descriptor is valid.
pub unsafe fn types(row: pg_sys::TupleDesc) -> Vec<pg_sys::Oid> {
    unsafe extern "C-unwind" {
        fn SPI_gettypeid(row: pg_sys::TupleDesc, number: i32) -> pg_sys::Oid;
    }
    // SAFETY: as the caller says; the numbers are those of the columns.
    unsafe { (1..=(*row).natts).map(|number| SPI_gettypeid(row, number)).collect() }
}

unsafe extern "C-unwind" fn ignore(_: *mut pg_sys::DestReceiver) {}
