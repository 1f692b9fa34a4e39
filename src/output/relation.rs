//! Output relations by name.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::pg::error::{Error, Result, no_privilege, no_usage};
use crate::pg::spi::Db;
use crate::pg::{catalog, session, settings, syscache};

/// A relation of the target schema, quoted, that is there and may be read.
pub fn output_relation(db: Db, name: &str) -> Result<String> {
    let schema = settings::target_schema();
    let relation = format!("{}.{name}", quoted(&schema));
    match syscache::readable(&schema, name) {
        Some(true) => Ok(relation),
        Some(false) if !syscache::may_use(&schema) => Err(no_usage(&schema, &session::current_user())),
        Some(false) => Err(no_privilege(&relation, "SELECT", &session::current_user())),
        None => Err(Error::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("output table {relation} does not exist"),
        )
        .hint(format!(
            "SELECT {}.regime_setup({}); or name the schema it is in: SET pg_regime.target_schema = '…';",
            catalog::extension_schema(db)?,
            pgrx::spi::quote_literal(&schema)
        ))),
    }
}
