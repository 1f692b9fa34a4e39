//! Deleting the rows of a series.

use crate::output::grants::with_grants;
use crate::output::relation::output_relation;
use crate::output::series::read::stored_otherwise;
use crate::output::series::{OfSeries, state};
use crate::pg::{
    Db, Result, announce, arg, attempt, lock, session, settings, spi, syscache, timescale, work_schema,
};
use crate::source::series::Series;

/// Deletes the rows and the state of a series; gives the number of rows deleted.
///
/// # Errors
/// Where the transaction is read-only, and where the table does not exist or the user may not write to the table.
pub fn delete(of: &'static OfSeries, symbol: &str, timeframe: &str) -> Result<i64> {
    let system = of.system;
    session::check_writable(&format!("delete_{}()", system.name))?;
    let delete = |db: Db| {
        let schema = settings::target_schema();
        let relation = output_relation(db, of.table)?;
        let sql = format!("DELETE FROM {relation} WHERE symbol = $1 AND timeframe = $2");
        let delete_of = |symbol: &str| {
            let series = Series { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() };
            lock(db, &of.lock_name(&schema, &series))?;
            system.hold(db, &schema, false)?;
            let deleted = db.to_write(&relation)?.execute_small(&sql, &[arg(symbol), arg(timeframe)])?;
            state::forget(db, of, &schema, &series)?;
            let states = syscache::relation_oid(&work_schema(&schema), of.marks.state);
            if let Some(states) =
                states.filter(|_| timescale::hypertables(db).is_ok_and(|all| !all.is_empty()))
            {
                announce(states);
            }
            Ok(deleted as i64)
        };
        // Only a symbol without rows, and without series of other timeframes, may be one that is spelled otherwise.
        match delete_of(symbol)? {
            0 if state::is_of_symbol(db, of, &schema, symbol)? => Ok(0),
            0 => match stored_otherwise(db, &relation, symbol, Some(timeframe))? {
                Some(stored) if stored != symbol => delete_of(&stored),
                _ => Ok(0),
            },
            deleted => Ok(deleted),
        }
    };
    attempt(|| spi::connect(delete)).map_err(|error| with_grants(error, system, &settings::target_schema()))
}
