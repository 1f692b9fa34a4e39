//! Rows as the executor gives them: nothing is copied, nothing is kept, and no datum is looked at
//! before its type is known to be the one it is read as.

use std::cell::{Cell, RefCell};

use pgrx::pg_sys;
use pgrx::prelude::*;

use regime_core::math::numeric::nearest;

use crate::pg::error::{Error, Result};

/// Takes rows straight from the executor: nothing is copied, nothing is kept.
#[repr(C)]
pub struct Receiver<'a> {
    /// First, so that PostgreSQL finds its own part.
    base: pg_sys::DestReceiver,
    types: Vec<pg_sys::Oid>,
    each: &'a mut dyn FnMut(&Row) -> Result<()>,
    error: Option<Error>,
}

impl<'a> Receiver<'a> {
    /// A receiver that gives each row to `each`, until that fails.
    pub fn new(each: &'a mut dyn FnMut(&Row) -> Result<()>) -> Self {
        let base = pg_sys::DestReceiver {
            receiveSlot: Some(receive),
            rStartup: Some(start),
            rShutdown: Some(ignore),
            rDestroy: Some(ignore),
            mydest: pg_sys::CommandDest::DestNone,
        };
        Self { base, types: Vec::new(), each, error: None }
    }
}

impl Receiver<'_> {
    /// As PostgreSQL knows it. To be used while this is where it is.
    pub fn as_dest(&mut self) -> *mut pg_sys::DestReceiver {
        (&raw mut *self).cast()
    }

    /// Why it stopped, if it did.
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
    // SAFETY: the receiver is the one that its user passed, and the slot holds a row, whose
    // values stay where they are until this returns.
    let (receiver, values, nulls) = unsafe {
        pg_sys::slot_getallattrs(slot);
        let columns = (*slot).tts_nvalid as usize;
        (
            &mut *receiver.cast::<Receiver>(),
            std::slice::from_raw_parts((*slot).tts_values, columns),
            std::slice::from_raw_parts((*slot).tts_isnull, columns),
        )
    };
    let tuple = Row {
        values,
        nulls,
        types: &receiver.types,
        mistyped: Cell::new(None),
        detoasted: RefCell::new(Vec::new()),
    };
    let result = (receiver.each)(&tuple);
    let error = tuple.mistyped.get().map(mistyped);
    drop(tuple);
    receiver.error = error.or(result.err());
    receiver.error.is_none()
}

/// A column is of another type than it is read as: a table was altered, or a name means something
/// else than it should.
fn mistyped((column, wanted): (usize, &'static str)) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column {} of a query is not of type {wanted}", column + 1),
    )
    .detail("A table that is read has a column of another type than it should have.")
    .hint("SELECT * FROM regime_setup(); checks the output tables; regime_source says which source tables are read.")
}

/// Called before the first row, with the types of the columns.
#[pg_guard]
unsafe extern "C-unwind" fn start(
    receiver: *mut pg_sys::DestReceiver,
    _operation: i32,
    row: pg_sys::TupleDesc,
) {
    // SAFETY: the receiver is the one that its user passed; the descriptor is valid here.
    unsafe { (*receiver.cast::<Receiver>()).types = types(row) }
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

/// A row. Columns are counted from 0; the statement says their types.
pub struct Row<'a> {
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
    types: &'a [pg_sys::Oid],
    /// The first column that was read as a type it is not of; nothing of it is looked at.
    mistyped: Cell<Option<(usize, &'static str)>>,
    detoasted: RefCell<Vec<*mut pg_sys::varlena>>,
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        for copy in self.detoasted.borrow_mut().drain(..) {
            // SAFETY: made by detoasting in `bytes`, freed once, no borrow of it is left.
            unsafe { pg_sys::pfree(copy.cast()) };
        }
    }
}

impl Row<'_> {
    /// Whether a column holds a value of one of these types.
    fn holds(&self, column: usize, types: &[pg_sys::Oid], name: &'static str) -> bool {
        if types.contains(&self.types[column]) {
            return !self.nulls[column];
        }
        self.mistyped.set(self.mistyped.get().or(Some((column, name))));
        false
    }

    fn get<T: FromDatum>(&self, column: usize, of: pg_sys::Oid, name: &'static str) -> Option<T> {
        if !self.holds(column, &[of], name) {
            return None;
        }
        // SAFETY: the datum is of this row, which is alive, and of the type that `T` is read from.
        unsafe { T::from_datum(self.values[column], false) }
    }

    /// Whether a column is NULL.
    pub fn is_null(&self, column: usize) -> bool {
        self.nulls[column]
    }

    /// An `int4`.
    pub fn int(&self, column: usize) -> Option<i32> {
        self.get(column, pg_sys::INT4OID, "int")
    }

    /// An `int8`.
    pub fn long(&self, column: usize) -> Option<i64> {
        self.get(column, pg_sys::INT8OID, "bigint")
    }

    /// A `float8`.
    pub fn float(&self, column: usize) -> Option<f64> {
        self.get(column, pg_sys::FLOAT8OID, "float8")
    }

    /// A `float8`, NaN where it is NULL or infinite.
    pub fn known(&self, column: usize) -> f64 {
        self.float(column).filter(|v| v.is_finite()).unwrap_or(f64::NAN)
    }

    /// A `float8`, or a `numeric` as the `float8` nearest to it; NaN where it is NULL, infinite or out of range.
    pub fn price(&self, column: usize) -> f64 {
        if self.types[column] != pg_sys::NUMERICOID {
            return self.known(column);
        }
        let value = self.bytes(column).map_or(f64::NAN, nearest);
        if value.is_finite() { value } else { f64::NAN }
    }

    /// A `bool`.
    pub fn bool(&self, column: usize) -> Option<bool> {
        self.get(column, pg_sys::BOOLOID, "boolean")
    }

    /// A `timestamptz`, in microseconds since 2000.
    pub fn micros(&self, column: usize) -> Option<i64> {
        self.holds(column, &[pg_sys::TIMESTAMPTZOID], "timestamptz")
            .then(|| self.values[column].value() as i64)
    }

    /// A `date`, in days since 2000.
    pub fn date(&self, column: usize) -> Option<i32> {
        self.holds(column, &[pg_sys::DATEOID], "date").then(|| self.values[column].value() as i32)
    }

    /// A `text`.
    pub fn text(&self, column: usize) -> Option<&str> {
        if !self.holds(column, &[pg_sys::TEXTOID], "text") {
            return None;
        }
        self.bytes(column).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// An owned `text`.
    pub fn string(&self, column: usize) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    /// An `int4[]`, without its NULLs.
    pub fn ints(&self, column: usize) -> Option<Vec<i32>> {
        let elements: Vec<Option<i32>> = self.get(column, pg_sys::INT4ARRAYOID, "int[]")?;
        Some(elements.into_iter().flatten().collect())
    }

    /// An `int4[]`.
    pub fn optional_ints(&self, column: usize) -> Option<Vec<Option<i32>>> {
        self.get(column, pg_sys::INT4ARRAYOID, "int[]")
    }

    /// A `bytea`.
    pub fn bytes_at(&self, column: usize) -> Option<&[u8]> {
        if self.holds(column, &[pg_sys::BYTEAOID], "bytea") { self.bytes(column) } else { None }
    }

    /// A `text[]`, without its NULLs.
    pub fn strings(&self, column: usize) -> Option<Vec<String>> {
        let elements: Vec<Option<String>> = self.get(column, pg_sys::TEXTARRAYOID, "text[]")?;
        Some(elements.into_iter().flatten().collect())
    }

    /// The stored form of a `text[]`, as [`varlena_of`] gives it.
    pub fn stored_strings(&self, column: usize) -> Option<&[u8]> {
        if self.holds(column, &[pg_sys::TEXTARRAYOID], "text[]") { self.bytes(column) } else { None }
    }

    /// The content of a variable-length value, without its header.
    fn bytes(&self, column: usize) -> Option<&[u8]> {
        if self.nulls[column] {
            return None;
        }
        // SAFETY: the column is a varlena of a row that is alive; a copy that detoasting made lives
        // as long as this.
        unsafe {
            let stored = self.values[column].cast_mut_ptr::<pg_sys::varlena>();
            let plain = pg_sys::pg_detoast_datum_packed(stored);
            if plain != stored {
                self.detoasted.borrow_mut().push(plain);
            }
            Some(pgrx::varlena_to_byte_slice(plain))
        }
    }
}

/// The content of a value's own datum, without its header: what [`Row::stored_strings`] gives for a
/// stored copy of it.
pub fn varlena_of<T: IntoDatum>(value: T) -> Option<Vec<u8>> {
    let datum = value.into_datum()?;
    // SAFETY: `T` becomes a freshly built, plain varlena.
    Some(unsafe { pgrx::varlena_to_byte_slice(datum.cast_mut_ptr()) }.to_vec())
}
