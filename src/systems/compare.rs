//! `regime_compare`: rows of others beside the stored rows of the output table that they fit, of any system.

use pgrx::pg_sys;

use crate::output::compare::{self, Compared, Line};
use crate::pg::{Db, Result};
use crate::systems::registry::ALL;

/// Compares a relation with the stored rows of an output table: of the one that is named, or that its columns fit.
///
/// # Errors
/// Where the relation or the output table cannot be read or told, and as [`compare::compare`].
pub fn compare(
    db: Db,
    relation: pg_sys::Oid,
    with_table: Option<&str>,
    assets: Option<Vec<i32>>,
) -> Result<Vec<Line>> {
    let all: Vec<&Compared> = ALL.iter().flat_map(|registered| registered.compared).collect();
    let theirs = compare::choose(db, relation, with_table, &all)?;
    compare::compare(db, &theirs, assets)
}
