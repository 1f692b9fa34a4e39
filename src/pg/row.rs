//! Rows as the executor gives them: a column is read by its name, or by its index where that is done for every row of a
//! large table. A datum is read only after a check of its type.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::quote_literal;

use regime_core::math::numeric::nearest;

use crate::pg::error::{Error, Result, datatype_mismatch, internal};

/// A `timestamptz`, in microseconds since 2000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// A `date`, in days since 2000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(pub i32);

/// Which column of a statement: its name, or its index from 0. A name is looked for in each row, so in a loop
/// over many rows the index is better: a constant beside the statement.
pub trait Column: Copy {
    /// The index of the column, counted from 0; `None` where the statement has no such column.
    fn index(self, row: &Row) -> Option<usize>;

    /// The column, as an error names it.
    fn shown(self) -> String;
}

impl Column for usize {
    fn index(self, row: &Row) -> Option<usize> {
        (self < row.types.len()).then_some(self)
    }

    fn shown(self) -> String {
        format!("column {}", self + 1)
    }
}

impl Column for &'static str {
    fn index(self, row: &Row) -> Option<usize> {
        let (names, next) = (row.names(), row.next.get());
        // Columns are mostly read in their order.
        let found = match names.get(next) {
            Some(name) if name == self => Some(next),
            _ => names.iter().position(|name| name == self),
        };
        row.next.set(found.map_or(0, |found| found + 1));
        found
    }

    fn shown(self) -> String {
        format!("column {self}")
    }
}

/// A type to read a column as where the column is not NULL.
pub trait Plain<'r>: Sized {
    /// The types of the column, and what errors call them.
    const OF: (&'static [pg_sys::Oid], &'static str);

    /// The value of a column; `None` where `Self` cannot hold the value, such as an array with a NULL.
    ///
    /// # Safety
    /// The column is of a type in `OF` and not NULL.
    unsafe fn read(row: &'r Row, column: usize) -> Option<Self>;
}

/// A type to read a column as: a plain type, or an `Option` of a plain type for a column that may be NULL.
pub trait Read<'r>: Sized {
    /// The value of a column.
    ///
    /// # Errors
    /// Where the column is of another type, or NULL although `Self` is not an `Option`.
    fn read(row: &'r Row, column: usize) -> Result<Self>;
}

impl<'r, T: Plain<'r>> Read<'r> for Option<T> {
    fn read(row: &'r Row, column: usize) -> Result<Self> {
        let (types, name) = T::OF;
        if !types.contains(&row.types[column]) {
            return Err(row.not_of_type(column, name));
        }
        if row.nulls[column] {
            return Ok(None);
        }
        // SAFETY: the type and the value were looked at just now.
        match unsafe { T::read(row, column) } {
            None => {
                Err(internal(format!("column {} of a query cannot be read as {name}", row.names()[column])))
            }
            value => Ok(value),
        }
    }
}

impl<'r, T: Plain<'r>> Read<'r> for T {
    fn read(row: &'r Row, column: usize) -> Result<Self> {
        let value: Option<T> = Read::read(row, column)?;
        value.ok_or_else(|| internal(format!("column {} of a query is NULL", row.names()[column])))
    }
}

/// Types that pgrx reads.
macro_rules! plain {
    ($($type:ty = $oid:ident $name:literal),* $(,)?) => { $(
        impl Plain<'_> for $type {
            const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::$oid], $name);

            unsafe fn read(row: &Row, column: usize) -> Option<Self> {
                // SAFETY: the datum is of this row, which is alive, and of the type that this is read from.
                unsafe { FromDatum::from_datum(row.values[column], false) }
            }
        }
    )* };
}

plain! {
    bool = BOOLOID "boolean",
    i32 = INT4OID "int",
    i64 = INT8OID "bigint",
    f64 = FLOAT8OID "float8",
    pg_sys::Oid = OIDOID "oid",
    Vec<Option<f64>> = FLOAT8ARRAYOID "float8[]",
    Vec<Option<i32>> = INT4ARRAYOID "int[]",
    Vec<Option<String>> = TEXTARRAYOID "text[]",
}

impl Plain<'_> for Micros {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::TIMESTAMPTZOID], "timestamptz");

    unsafe fn read(row: &Row, column: usize) -> Option<Self> {
        Some(Self(row.values[column].value() as i64))
    }
}

impl Plain<'_> for Days {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::DATEOID], "date");

    unsafe fn read(row: &Row, column: usize) -> Option<Self> {
        Some(Self(row.values[column].value() as i32))
    }
}

impl<'r> Plain<'r> for &'r [u8] {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::BYTEAOID], "bytea");

    unsafe fn read(row: &'r Row, column: usize) -> Option<Self> {
        row.bytes(column)
    }
}

impl<'r> Plain<'r> for &'r str {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::TEXTOID], "text");

    unsafe fn read(row: &'r Row, column: usize) -> Option<Self> {
        std::str::from_utf8(row.bytes(column)?).ok()
    }
}

impl<'r> Plain<'r> for String {
    const OF: (&'static [pg_sys::Oid], &'static str) = <&str>::OF;

    unsafe fn read(row: &'r Row, column: usize) -> Option<Self> {
        // SAFETY: as the caller says.
        unsafe { <&str as Plain>::read(row, column) }.map(str::to_owned)
    }
}

/// Arrays without NULL.
macro_rules! without_null {
    ($($type:ty),*) => { $(
        impl<'r> Plain<'r> for Vec<$type> {
            const OF: (&'static [pg_sys::Oid], &'static str) = <Vec<Option<$type>>>::OF;

            unsafe fn read(row: &'r Row, column: usize) -> Option<Self> {
                // SAFETY: as the caller says.
                unsafe { <Vec<Option<$type>> as Plain>::read(row, column) }?.into_iter().collect()
            }
        }
    )* };
}

without_null!(i32, f64, String);

/// A version of a row of a table, by its `ctid` and `xmin`: an update makes another. While the relation cache announces no
/// change of the table, the place of a version is taken by no version of the same transaction, since a version that the
/// transaction itself has deleted is removed only after the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowVersion {
    place: (u32, u16),
    xmin: u32,
}

impl RowVersion {
    /// The columns that [`RowVersion::read`] reads.
    pub const COLUMNS: &str = "ctid, xmin";

    /// The version of a row with [`RowVersion::COLUMNS`].
    ///
    /// # Errors
    /// A column that is missing or of another type.
    pub fn read(row: &Row) -> Result<Self> {
        let (Place(place), Xid(xmin)) = (row.get("ctid")?, row.get("xmin")?);
        Ok(Self { place, xmin })
    }
}

/// A `tid`: block and item.
struct Place((u32, u16));

impl Plain<'_> for Place {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::TIDOID], "tid");

    unsafe fn read(row: &Row, column: usize) -> Option<Self> {
        // SAFETY: the datum of a tid points to one, in a row that is alive.
        let tid = unsafe { row.values[column].cast_mut_ptr::<pg_sys::ItemPointerData>().read_unaligned() };
        Some(Self(pgrx::itemptr::item_pointer_get_both(tid)))
    }
}

/// An `xid`.
struct Xid(u32);

impl Plain<'_> for Xid {
    const OF: (&'static [pg_sys::Oid], &'static str) = (&[pg_sys::XIDOID], "xid");

    unsafe fn read(row: &Row, column: usize) -> Option<Self> {
        Some(Self(row.values[column].value() as u32))
    }
}

/// The name that PostgreSQL gives to a column without a name.
const UNNAMED: &str = "?column?";

/// A row of a statement.
pub struct Row<'a> {
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
    types: &'a [pg_sys::Oid],
    names: &'a OnceCell<Vec<String>>,
    descriptor: pg_sys::TupleDesc,
    /// The column behind the one that was read last.
    next: Cell<usize>,
    /// The first column that was read as another type than its own; its value was not touched.
    mistyped: Cell<Option<(usize, &'static str)>>,
    detoasted: RefCell<Vec<*mut pg_sys::varlena>>,
}

impl Drop for Row<'_> {
    #[inline]
    fn drop(&mut self) {
        // Mostly there is none, and this is done for every row that is read.
        let copies = self.detoasted.get_mut();
        if !copies.is_empty() {
            for copy in copies.drain(..) {
                // SAFETY: made by detoasting in `bytes`, freed once, no borrow of it is left.
                unsafe { pg_sys::pfree(copy.cast()) };
            }
        }
    }
}

impl<'a> Row<'a> {
    /// A row of these values. The types, the names (once they were asked for) and the descriptor are those of
    /// the statement's columns.
    pub(super) fn new(
        values: &'a [pg_sys::Datum],
        nulls: &'a [bool],
        types: &'a [pg_sys::Oid],
        names: &'a OnceCell<Vec<String>>,
        descriptor: pg_sys::TupleDesc,
    ) -> Self {
        let (next, mistyped, detoasted) = (Cell::new(0), Cell::new(None), RefCell::default());
        Self { values, nulls, types, names, descriptor, next, mistyped, detoasted }
    }
}

impl Row<'_> {
    /// The value of a column; as an `Option` where the column may be NULL.
    ///
    /// # Errors
    /// Where there is no such column, where it is of another type, and where it is NULL or an array with a NULL
    /// although `T` cannot say so.
    pub fn get<'r, T: Read<'r>>(&'r self, column: impl Column) -> Result<T> {
        match column.index(self) {
            Some(index) => T::read(self, index),
            None => Err(internal(format!("a query has no {}", column.shown()))),
        }
    }

    /// The values of several columns.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn each<'r, T: Read<'r>, const N: usize>(&'r self, columns: [&'static str; N]) -> Result<[T; N]> {
        let values: Vec<T> = columns.into_iter().map(|column| self.get(column)).collect::<Result<_>>()?;
        values.try_into().map_err(|_| internal("a column of a query was not read"))
    }

    /// The value of the only column of a statement.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn only<'r, T: Read<'r>>(&'r self) -> Result<T> {
        self.get(0)
    }

    /// The names of the columns.
    fn names(&self) -> &[String] {
        self.names.get_or_init(|| {
            let name = |number| {
                // SAFETY: the descriptor is that of the statement, which runs, and the number one of its columns;
                // the name is a copy, freed when it was copied once more.
                unsafe {
                    let name = pg_sys::SPI_fname(self.descriptor, number);
                    let owned = CStr::from_ptr(name).to_string_lossy().into_owned();
                    pg_sys::pfree(name.cast());
                    owned
                }
            };
            (1..=self.types.len() as i32).map(name).collect()
        })
    }

    /// The error for a column that is read as another type than its own: a table was altered, or a name resolves to an
    /// unexpected object.
    fn not_of_type(&self, column: usize, wanted: &str) -> Error {
        let error = |name: &str| {
            let message = format!("column {name} of a query is not of type {wanted}");
            datatype_mismatch(message).detail("A column of a table that is read is not of the expected type.")
        };
        match self.names()[column].as_str() {
            UNNAMED => error(&(column + 1).to_string()),
            name => error(name).hint(format!(
                "SELECT attrelid::regclass, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = {};",
                quote_literal(name)
            )),
        }
    }

    /// The error of the first column that was read as another type than its own by a function that returns no `Result`.
    pub(super) fn mistyped(&self) -> Option<Error> {
        self.mistyped.get().map(|(column, wanted)| self.not_of_type(column, wanted))
    }

    /// Whether a column holds a value of one of these types.
    fn holds(&self, column: usize, types: &[pg_sys::Oid], name: &'static str) -> bool {
        if types.contains(&self.types[column]) {
            return !self.nulls[column];
        }
        self.mistyped.set(self.mistyped.get().or(Some((column, name))));
        false
    }

    /// Whether a column is NULL.
    pub fn is_null(&self, column: usize) -> bool {
        self.nulls[column]
    }

    /// A `float8`.
    pub fn float(&self, column: usize) -> Option<f64> {
        if !self.holds(column, &[pg_sys::FLOAT8OID], "float8") {
            return None;
        }
        // SAFETY: the datum is of this row, which is alive, and a float8.
        unsafe { f64::from_datum(self.values[column], false) }
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

    /// The stored form of a `text[]` or `float8[]`, as [`varlena_of`] gives it.
    pub fn stored_array(&self, column: usize) -> Option<&[u8]> {
        let arrays = &[pg_sys::TEXTARRAYOID, pg_sys::FLOAT8ARRAYOID];
        if self.holds(column, arrays, "text[] or float8[]") { self.bytes(column) } else { None }
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
            // Mostly neither compressed nor out of line, which is seen without a call of PostgreSQL.
            if pgrx::varatt_is_4b_u(stored) || pgrx::varatt_is_1b(stored) && !pgrx::varatt_is_1b_e(stored) {
                return Some(pgrx::varlena_to_byte_slice(stored));
            }
            let plain = pg_sys::pg_detoast_datum_packed(stored);
            self.detoasted.borrow_mut().push(plain);
            Some(pgrx::varlena_to_byte_slice(plain))
        }
    }
}

/// The content of a value's own datum, without its header: what [`Row::stored_array`] gives for a
/// stored copy of it.
pub fn varlena_of<T: IntoDatum>(value: T) -> Option<Vec<u8>> {
    let datum = value.into_datum()?;
    // SAFETY: `T` becomes a freshly built, plain varlena.
    Some(unsafe { pgrx::varlena_to_byte_slice(datum.cast_mut_ptr()) }.to_vec())
}
