//! Knowing which candles changed since a series was refreshed.

use crate::candles::{Series, Source};
use crate::db::Db;
use crate::error::Result;

/// The marks of a series.
pub struct Marks;

impl Marks {
    /// The earliest change.
    pub fn since(&self) -> Option<i64> {
        None
    }
}

/// The fingerprint of the triggers on the candles; `None` if they are not tracked.
pub fn fingerprint(_: Db, _: &str, _: &Source) -> Result<Option<String>> {
    Ok(None)
}

/// The marks of a series.
pub fn of(_: Db, _: &str, _: &Series) -> Result<Marks> {
    Ok(Marks)
}

/// Removes these marks, and none that came later.
pub fn clear(_: Db, _: &str, _: &Series, _: &Marks) -> Result<()> {
    Ok(())
}
