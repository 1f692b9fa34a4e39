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
    /// Names of the columns, once a column was asked for by its name.
    names: OnceCell<Vec<String>>,
    /// The descriptor of the statement, valid while it runs. That of a slot may be of a part of the statement, as of the
    /// first query of a UNION ALL, and name columns otherwise.
    descriptor: pg_sys::TupleDesc,
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
        let descriptor = std::ptr::null_mut();
        Self { base, types: Vec::new(), names: OnceCell::new(), descriptor, each, error: None }
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

/// Called with each row; false ends the statement.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the receiver is the one that its user passed, and the slot holds a row, whose values stay
    // where they are until this function returns.
    let (receiver, values, nulls) = unsafe {
        pg_sys::slot_getallattrs(slot);
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
    // SAFETY: the receiver is the one that its user passed; the descriptor is valid here.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver>();
        receiver.types = types(row);
        receiver.names = OnceCell::new();
        receiver.descriptor = row;
    }
}

/// The types of a row's columns. SPI_gettypeid, since where a descriptor keeps its columns changed
/// in PostgreSQL 18.
///
/// # Safety
/// The descriptor is valid.
pub unsafe fn types(row: pg_sys::TupleDesc) -> Vec<pg_sys::Oid> {
    // SAFETY: as the caller says; the numbers are those of the columns.
    unsafe { (1..=(*row).natts).map(|number| pg_sys::SPI_gettypeid(row, number)).collect() }
}

unsafe extern "C-unwind" fn ignore(_: *mut pg_sys::DestReceiver) {}
